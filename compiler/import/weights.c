/* The store of weights: recognises a file by its first bytes, lets the format's reader list its
 * tensors and takes them over if no name is taken twice. Elements are converted when asked for. */
#include "compiler/import/weights.h"

#include "compiler/import/reader.h"

#include <string.h>

/* --- formats ---------------------------------------------------------------------------------- */

typedef struct Format {
    const char *name;
    size_t at; /* where `magic` is expected */
    const char *magic;
    size_t length;
    const char *(*read)(Reader *r); /* NULL: known, but not read */
} Format;

#define MAGIC(text) (text), sizeof(text) - 1

/* Each format by the bytes that identify it. Order matters where one begins like another. */
static const Format formats[] = {
    { "zip", 0, MAGIC("PK\3\4"), torch_zip_or_npz_read },
    { "zip", 0, MAGIC("PK\5\6"), torch_zip_or_npz_read },
    { "npy", 0, MAGIC("\x93NUMPY"), npy_read },
    { "pickle", 0, MAGIC("\x80\2"), torch_stream_read },
    { "pickle", 0, MAGIC("\x80\3"), torch_stream_read },
    { "pickle", 0, MAGIC("\x80\4"), torch_stream_read },
    { "pickle", 0, MAGIC("\x80\5"), torch_stream_read },
    { "HDF5", 0, MAGIC("\x89HDF\r\n\x1a\n"), keras_read },
    { "TensorFlow Lite", 4, MAGIC("TFL3"), NULL },
    { "gzip", 0, MAGIC("\x1f\x8b"), NULL },
    { "tar", 257, MAGIC("ustar"), NULL },
    { "libsvm", 0, MAGIC("svm_type "), libsvm_read },
    { "safetensors", 8, MAGIC("{"), safetensors_read },
};

static const char *unknown_format(Reader *r)
{
    if (r->length == 0)
        return "is empty";
    size_t shown = r->length < 8 ? r->length : 8;
    return arena_printf(
        r->arena,
        "is no weight file: it begins with %s, and neither a PyTorch checkpoint nor "
        "safetensors, HDF5, .npy or .npz begins so",
        quote_text(r->arena, (const char *)r->bytes, shown));
}

static const char *read_format(Reader *r)
{
    for (int i = 0; i < COUNT_OF(formats); i++) {
        const Format *f = &formats[i];
        if (r->length < f->at + f->length || memcmp(r->bytes + f->at, f->magic, f->length) != 0)
            continue;
        if (!f->read)
            return arena_printf(r->arena, "is a %s file, which is not read here", f->name);
        return f->read(r);
    }
    return unknown_format(r);
}

/* --- the store -------------------------------------------------------------------------------- */

static const char *name_taken(WeightStore *s, const WeightTensor *t, const WeightTensor *before)
{
    const char *name = quote_text(s->arena, t->name, strlen(t->name));
    if (before->file == t->file)
        return arena_printf(s->arena, "the tensor %s occurs twice", name);
    return arena_printf(s->arena, "the tensor %s is already given by %s", name, before->file);
}

const char *weights_read_bytes(WeightStore *s, const char *file, const void *bytes, size_t length)
{
    Reader r = {
        .arena = s->arena, .file = arena_strdup(s->arena, file), .bytes = bytes, .length = length
    };
    const char *error = read_format(&r);
    if (error)
        return error;
    for_each_vec(WeightTensor *, t, &r.tensors) {
        const WeightTensor *before = map_get(&s->tensors, (*t)->name);
        if (before)
            return name_taken(s, *t, before);
        map_set(s->arena, &s->tensors, (*t)->name, *t);
    }
    return NULL;
}

const char *weights_read_file(WeightStore *s, const char *path)
{
    FileMap map;
    const char *error = file_map(s->arena, path, &map);
    if (!error)
        error = weights_read_bytes(s, path, map.bytes, map.length);
    return error;
}

/* --- elements --------------------------------------------------------------------------------- */

int64_t weight_count(const WeightTensor *t)
{
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->dim[i];
    return count;
}

static int is_contiguous(const WeightTensor *t)
{
    int64_t step = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dim[i] != 1 && t->stride[i] != step)
            return 0;
        step *= t->dim[i];
    }
    return 1;
}

/* Where the element with C-order index `i` lies, in elements from the first. */
static int64_t element_offset(const WeightTensor *t, int64_t i)
{
    int64_t offset = 0;
    for (int axis = t->rank - 1; axis >= 0; axis--) {
        offset += i % t->dim[axis] * t->stride[axis];
        i /= t->dim[axis];
    }
    return offset;
}

static int host_is_little_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one;
}

void weight_read(const WeightTensor *t, int64_t first, int64_t count, float *out)
{
    const unsigned char *bytes = t->bytes;
    int64_t step = (int64_t)dtype_bytes(t->dtype);
    if (count <= 0)
        return;
    if (!is_contiguous(t)) {
        for (int64_t i = 0; i < count; i++)
            dtype_to_float(t->dtype, bytes + element_offset(t, first + i) * step, 1, out + i);
    } else if (t->dtype == DTYPE_F32 && host_is_little_endian()) {
        memcpy(out, bytes + first * step, (size_t)count * sizeof *out);
    } else {
        dtype_to_float(t->dtype, bytes + first * step, (size_t)count, out);
    }
}

static double double_at(const unsigned char *p)
{
    uint64_t bits = little_endian(p, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void weight_read_doubles(const WeightTensor *t, double *out)
{
    int64_t count = weight_count(t), step = (int64_t)dtype_bytes(t->dtype);
    for (int64_t i = 0; i < count; i++) {
        float narrow;
        const unsigned char *at = (const unsigned char *)t->bytes + element_offset(t, i) * step;
        if (t->dtype == DTYPE_F64) {
            out[i] = double_at(at);
            continue;
        }
        dtype_to_float(t->dtype, at, 1, &narrow);
        out[i] = (double)narrow;
    }
}

const float *weight_floats(Arena *arena, const WeightTensor *t)
{
    int aligned = (uintptr_t)t->bytes % _Alignof(float) == 0;
    if (t->dtype == DTYPE_F32 && aligned && is_contiguous(t) && host_is_little_endian())
        return t->bytes;
    int64_t count = weight_count(t);
    float *out = arena_new_array(arena, float, count);
    weight_read(t, 0, count, out);
    return out;
}
