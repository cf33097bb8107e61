/* Reads Keras's HDF5 files and shows their tensors as kiln's parameters.
 *
 * libhdf5 does not stand up to damaged files: a wrong byte makes it allocate terabytes, or die. So
 * it works in a process of its own, which sends what it found: for each tensor its name, layer,
 * type and shape, and where its elements are in the file or, where they had to be unpacked, the
 * elements. What arrives is checked like a file. */
#include "compiler/import/keras.h"

#include "compiler/import/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE_LIMIT = 4096, SECONDS_LIMIT = 120 };

/* What precedes each tensor in the stream; then come its name, its layer, its elements. */
typedef struct Record {
    enum { RECORD_END, RECORD_ERROR, RECORD_TENSOR } kind;
    int rank;
    DType dtype;
    int is_inline;        /* the elements follow */
    uint32_t name, layer; /* lengths; of an error: the text's */
    int64_t dim[WEIGHT_MAX_RANK];
    uint64_t at, bytes; /* of the elements in the file */
} Record;

/* --- the child ------------------------------------------------------------------------------ */

static bool is_mapped(const Reader *r, const WeightTensor *t)
{
    const unsigned char *p = t->bytes;
    return p >= r->bytes && p <= r->bytes + r->length;
}

static void send_tensor(const Reader *r, const WeightTensor *t, FILE *out)
{
    Record record = { .kind = RECORD_TENSOR,
                      .rank = t->rank,
                      .dtype = t->dtype,
                      .is_inline = !is_mapped(r, t),
                      .name = (uint32_t)strlen(t->name),
                      .layer = (uint32_t)strlen(t->keras_layer),
                      .bytes = (uint64_t)weight_count(t) * dtype_bytes(t->dtype) };
    memcpy(record.dim, t->dim, sizeof record.dim);
    if (!record.is_inline)
        record.at = (uint64_t)((const unsigned char *)t->bytes - r->bytes);
    fwrite(&record, sizeof record, 1, out);
    fwrite(t->name, 1, record.name, out);
    fwrite(t->keras_layer, 1, record.layer, out);
    if (record.is_inline)
        fwrite(t->bytes, 1, record.bytes, out);
}

/* Never returns. Whatever libhdf5 or the C library says about the file is not for the user. */
static void run_child(Reader *r, int fd)
{
    int null = open("/dev/null", O_WRONLY);
    struct rlimit none = { 0, 0 }, seconds = { SECONDS_LIMIT, SECONDS_LIMIT };
    dup2(null, STDERR_FILENO);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &seconds);
    FILE *out = fdopen(fd, "wb");
    const char *error = keras_hdf5_list(r);
    Record end = { .kind = RECORD_END };
    if (error) {
        end.kind = RECORD_ERROR;
        end.name = (uint32_t)strnlen(error, MESSAGE_LIMIT);
    }
    for (int i = 0; i < r->tensors.count && !error; i++)
        send_tensor(r, r->tensors.at[i], out);
    fwrite(&end, sizeof end, 1, out);
    if (error)
        fwrite(error, 1, end.name, out);
    fflush(out);
    _exit(0);
}

/* --- the parent ----------------------------------------------------------------------------- */

static const char broken[] = "is a damaged HDF5 file: libhdf5 fails on it";

/* `length` bytes of text as a string; NULL: they do not come. */
static char *receive_text(Reader *r, FILE *in, size_t length, size_t limit)
{
    char *text = length <= limit ? arena_alloc(r->arena, length + 1) : NULL;
    return text && fread(text, 1, length, in) == length ? text : NULL;
}

static const char *receive_elements(Reader *r, FILE *in, const Record *record, WeightTensor *t)
{
    if (!record->is_inline) {
        t->bytes = r->bytes + record->at;
        bool inside = record->at <= r->length && record->bytes <= r->length - record->at;
        return inside ? NULL : broken;
    }
    const char *error = reader_charge(r, record->bytes);
    if (error)
        return error;
    void *bytes = arena_alloc(r->arena, record->bytes);
    t->bytes = bytes;
    return fread(bytes, 1, record->bytes, in) == record->bytes ? NULL : broken;
}

static const char *receive_tensor(Reader *r, FILE *in, const Record *record)
{
    WeightTensor *t;
    const char *name = receive_text(r, in, record->name, READER_NAME_LIMIT);
    const char *layer = receive_text(r, in, record->layer, MESSAGE_LIMIT);
    if (!name || !layer || record->rank < 0 || record->rank > WEIGHT_MAX_RANK ||
        record->dtype >= DTYPE_COUNT)
        return broken;
    const char *error = reader_add(r, name, record->name, &t);
    if (error)
        return error;
    t->keras_layer = layer;
    t->dtype = record->dtype;
    t->rank = record->rank;
    int64_t bytes = (int64_t)dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank; i++) {
        t->dim[i] = record->dim[i];
        bytes = bytes >= 0 && t->dim[i] >= 0 ? checked_product(bytes, t->dim[i]) : -1;
    }
    tensor_set_strides(t, 0);
    return bytes >= 0 && (uint64_t)bytes == record->bytes ? receive_elements(r, in, record, t)
                                                          : broken;
}

static const char *receive(Reader *r, FILE *in)
{
    for (;;) {
        Record record;
        if (fread(&record, sizeof record, 1, in) != 1)
            return broken;
        if (record.kind == RECORD_END)
            return NULL;
        if (record.kind == RECORD_ERROR) {
            const char *text = receive_text(r, in, record.name, MESSAGE_LIMIT);
            return text ? text : broken;
        }
        const char *error = receive_tensor(r, in, &record);
        if (error)
            return error;
    }
}

static const char *no_process(Reader *r)
{
    return arena_printf(r->arena, "no process can be started to read it: %s", strerror(errno));
}

const char *keras_read(Reader *r)
{
    int fd[2];
    if (pipe(fd) != 0)
        return no_process(r);
    pid_t child = fork();
    if (child == 0) {
        close(fd[0]);
        run_child(r, fd[1]);
    }
    close(fd[1]);
    FILE *in = child > 0 ? fdopen(fd[0], "rb") : NULL;
    const char *error = in ? receive(r, in) : no_process(r);
    if (in)
        fclose(in);
    else
        close(fd[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return error;
}

/* --- as kiln's parameters ------------------------------------------------------------------- */

static void permute(const WeightTensor *t, const int *order, WeightTensor *view)
{
    for (int i = 0; i < t->rank; i++) {
        view->dim[i] = t->dim[order[i]];
        view->stride[i] = t->stride[order[i]];
    }
}

/* [h, w, channels, multiplier]: outputs are numbered channel by channel, and the file is C-ordered,
 * so the last two are one dimension. */
static void as_depthwise(const WeightTensor *t, WeightTensor *view)
{
    permute(t, (const int[]){ 2, 3, 0, 1 }, view);
    view->dim[0] *= view->dim[1];
    view->stride[0] = t->stride[3];
    view->dim[1] = 1;
}

static bool is_separable(Arena *a, const WeightStore *s, const char *layer)
{
    return map_get(&s->tensors, arena_printf(a, "%s/pointwise_kernel:0", layer)) != NULL;
}

WeightTensor keras_view(Arena *a, const WeightStore *s, const WeightTensor *t)
{
    static const struct {
        const char *keras, *name;
        bool of_pointwise; /* of the second operation of a separable convolution */
    } rows[] = { { "kernel:0", "weight", false },
                 { "depthwise_kernel:0", "weight", false },
                 { "pointwise_kernel:0", "weight", true },
                 { "bias:0", "bias", true },
                 { "gamma:0", "weight", false },
                 { "beta:0", "bias", false },
                 { "moving_mean:0", "running_mean", false },
                 { "moving_variance:0", "running_var", false } };
    WeightTensor view = *t;
    const char *slash = strrchr(t->name, '/');
    if (!t->keras_layer || !slash)
        return view;
    const char *layer = arena_strndup(a, t->name, (size_t)(slash - t->name));
    int i = 0;
    while (i < COUNT_OF(rows) && strcmp(slash + 1, rows[i].keras) != 0)
        i++;
    if (i == COUNT_OF(rows))
        return view;
    const char *half = !is_separable(a, s, layer) ? ""
                       : rows[i].of_pointwise     ? ".pointwise"
                                                  : ".depthwise";
    view.name = arena_printf(a, "%s%s.%s", layer, half, rows[i].name);
    if (t->rank == 4 && strcmp(rows[i].keras, "depthwise_kernel:0") == 0)
        as_depthwise(t, &view);
    else if (t->rank == 4)
        permute(t, (const int[]){ 3, 2, 0, 1 }, &view);
    else if (t->rank == 2)
        permute(t, (const int[]){ 1, 0 }, &view);
    return view;
}

size_t keras_layer_stem(const char *layer, size_t length, int64_t *number)
{
    size_t at = length;
    while (at > 0 && layer[at - 1] >= '0' && layer[at - 1] <= '9')
        at--;
    *number = 0;
    if (at == length || at < 2 || layer[at - 1] != '_' || length - at > 9)
        return length;
    for (size_t i = at; i < length; i++)
        *number = 10 * *number + (layer[i] - '0');
    return at - 1;
}
