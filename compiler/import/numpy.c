/* Element types and byte order of NumPy, and the arrays in pickles:
 *
 *   _reconstruct(ndarray, (0,), b'b')  then BUILD with (version, shape, dtype, fortran, bytes)
 *   _frombuffer(bytes, dtype, shape, 'C' | 'F')
 *   scalar(dtype, bytes)
 *
 * where dtype is the record dtype('f4', False, True), then BUILD with (version, '<', ...), and
 * bytes may be the record _codecs.encode(text, 'latin1') that protocol 2 writes for them. */
#include "compiler/import/numpy.h"

#include <string.h>

static const struct {
    const char *name;
    DType type;
} element_types[] = {
    { "f4", DTYPE_F32 }, { "f8", DTYPE_F64 }, { "f2", DTYPE_F16 },
    { "i1", DTYPE_I8 },  { "u1", DTYPE_U8 },  { "i2", DTYPE_I16 },
    { "i4", DTYPE_I32 }, { "i8", DTYPE_I64 }, { "b1", DTYPE_BOOL },
};

static int element_type(const char *text, size_t length, DType *type)
{
    for (int i = 0; i < COUNT_OF(element_types); i++)
        if (length == 2 && memcmp(text, element_types[i].name, 2) == 0) {
            *type = element_types[i].type;
            return 1;
        }
    return 0;
}

int numpy_element_type(const char *text, size_t length, DType *type, int *big_endian)
{
    if (length != 3 || !memchr("<>|=", text[0], 4))
        return 0;
    *big_endian = text[0] == '>';
    return element_type(text + 1, 2, type);
}

static const unsigned char *swap_bytes(Arena *a, const unsigned char *bytes, size_t length,
                                       size_t step)
{
    unsigned char *out = arena_alloc(a, length);
    for (size_t i = 0; i < length; i++)
        out[i] = bytes[i - i % step + step - 1 - i % step];
    return out;
}

const char *numpy_place(Reader *r, WeightTensor *t, const unsigned char *bytes, size_t length,
                        int big_endian)
{
    int64_t expected = (int64_t)dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank && expected >= 0; i++)
        expected = checked_product(expected, t->dim[i]);
    const char *name = quote_text(r->arena, t->name, strlen(t->name));
    if (expected < 0)
        return arena_printf(r->arena,
                            "the array %s holds %zu bytes, but its shape needs more than %lld",
                            name, length, (long long)INT64_MAX);
    if ((uint64_t)expected != length)
        return arena_printf(r->arena, "the array %s holds %zu bytes, but its shape needs %lld",
                            name, length, (long long)expected);
    size_t step = dtype_bytes(t->dtype);
    t->bytes = bytes;
    if (!big_endian || step == 1)
        return NULL;
    const char *error = reader_charge(r, length);
    if (!error)
        t->bytes = swap_bytes(r->arena, bytes, length, step);
    return error;
}

/* --- arrays in pickles ------------------------------------------------------------------------ */

static const PickleItems *arguments(const PickleValue *v)
{
    static const PickleItems none;
    int has = v->kind == PICKLE_RECORD && v->record->arguments->kind == PICKLE_TUPLE;
    return has ? &v->record->arguments->items : &none;
}

/* UTF-8 whose code points are all below 256, as one byte each; NULL if there are others. */
static const unsigned char *latin1_bytes(Arena *a, const char *text, size_t length, size_t *count)
{
    unsigned char *out = arena_alloc(a, length + 1);
    *count = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80) {
            if ((c != 0xC2 && c != 0xC3) || i + 1 == length)
                return NULL;
            c = (unsigned char)(c << 6 | ((unsigned char)text[++i] & 0x3F));
        }
        out[(*count)++] = c;
    }
    return out;
}

/* How much byte_string() will copy. */
static size_t text_length(const PickleValue *v)
{
    const PickleItems *arg = arguments(v);
    return arg->count > 0 && arg->at[0]->kind == PICKLE_STRING ? arg->at[0]->length : 0;
}

static const unsigned char *byte_string(Arena *a, const PickleValue *v, size_t *length)
{
    const PickleItems *arg = arguments(v);
    if (v->kind == PICKLE_BYTES || v->kind == PICKLE_STRING) {
        *length = v->length;
        return (const unsigned char *)v->text;
    }
    if (arg->count == 2 && pickle_is_global(v->record->callable, "_codecs", "encode") &&
        arg->at[0]->kind == PICKLE_STRING && pickle_is_text(arg->at[1], "latin1"))
        return latin1_bytes(a, arg->at[0]->text, arg->at[0]->length, length);
    int is_builder = v->kind == PICKLE_RECORD &&
                     (pickle_is_global(v->record->callable, "builtins", "bytearray") ||
                      pickle_is_global(v->record->callable, "__builtin__", "bytes"));
    if (is_builder && arg->count == 0)
        return *length = 0, (const unsigned char *)"";
    if (is_builder && arg->count == 1 && arg->at[0]->kind == PICKLE_BYTES)
        return byte_string(a, arg->at[0], length);
    return NULL;
}

/* A dtype record; 0 where it is none or kiln has no such type. */
static int read_dtype(const PickleValue *v, DType *type, int *big_endian)
{
    const PickleItems *arg = arguments(v);
    if (arg->count < 1 || arg->at[0]->kind != PICKLE_STRING ||
        !pickle_is_global(v->record->callable, "numpy", "dtype"))
        return 0;
    const PickleValue *state = v->record->state;
    *big_endian = state && state->kind == PICKLE_TUPLE && state->items.count > 1 &&
                  pickle_is_text(state->items.at[1], ">");
    return element_type(arg->at[0]->text, arg->at[0]->length, type);
}

static int read_shape(const PickleValue *v, WeightTensor *t)
{
    if (v->kind != PICKLE_TUPLE || v->items.count > WEIGHT_MAX_RANK)
        return 0;
    t->rank = v->items.count;
    for (int i = 0; i < t->rank; i++) {
        if (v->items.at[i]->kind != PICKLE_INT || v->items.at[i]->integer < 0)
            return 0;
        t->dim[i] = v->items.at[i]->integer;
    }
    return 1;
}

/* The parts of an array wherever its record keeps them; NULL where it has none. */
typedef struct ArrayParts {
    const PickleValue *dtype, *shape, *bytes;
    int fortran_order;
} ArrayParts;

static ArrayParts array_parts(const PickleValue *v)
{
    const PickleValue *state = v->record->state;
    const PickleItems *arg = arguments(v);
    const PickleValue *name = v->record->callable->name;
    if (pickle_is_text(name, "scalar") && arg->count == 2)
        return (ArrayParts){ .dtype = arg->at[0], .bytes = arg->at[1] };
    if (pickle_is_text(name, "_frombuffer") && arg->count == 4)
        return (ArrayParts){ arg->at[1], arg->at[2], arg->at[0], pickle_is_text(arg->at[3], "F") };
    if (pickle_is_text(name, "_reconstruct") && state && state->kind == PICKLE_TUPLE &&
        state->items.count == 5) {
        const PickleValue *const *part = state->items.at;
        int fortran = part[3]->kind == PICKLE_BOOL && part[3]->integer;
        return (ArrayParts){ part[2], part[1], part[4], fortran };
    }
    return (ArrayParts){ 0 };
}

const char *numpy_array(Reader *r, const PickleValue *record, WeightTensor *t)
{
    ArrayParts p = array_parts(record);
    int big_endian;
    size_t length;
    if (!p.dtype || (p.shape && !read_shape(p.shape, t))) {
        t->problem = "it is a NumPy array of a form that kiln does not know";
        return NULL;
    }
    if (!read_dtype(p.dtype, &t->dtype, &big_endian)) {
        t->problem = "it is a NumPy array of elements that kiln cannot use";
        return NULL;
    }
    const char *error = reader_charge(r, text_length(p.bytes));
    if (error)
        return error;
    const unsigned char *bytes = byte_string(r->arena, p.bytes, &length);
    if (!bytes) {
        t->problem = "it is a NumPy array whose bytes are not in the file as such";
        return NULL;
    }
    tensor_set_strides(t, p.fortran_order);
    return numpy_place(r, t, bytes, length, big_endian);
}
