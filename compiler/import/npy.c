/* .npy files: "\x93NUMPY", version (major, minor), length of the header (16 bits in version 1, else
 * 32), the header (a Python dictionary with descr, fortran_order and shape), the elements. The
 * format is described in numpy/lib/format.py. */
#include "compiler/import/numpy.h"

#include <string.h>

enum { PREFIX_BYTES = 8 };

/* The header's text, read from left to right. */
typedef struct Cursor {
    Arena *arena;
    const char *text;
    size_t length, at;
} Cursor;

static void skip_blanks(Cursor *c)
{
    while (c->at < c->length && memchr(" \t\r\n", c->text[c->at], 4))
        c->at++;
}

static int accept(Cursor *c, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(c);
    if (c->length - c->at < n || memcmp(c->text + c->at, word, n) != 0)
        return 0;
    c->at += n;
    return 1;
}

static const char *malformed(Cursor *c, const char *expected)
{
    size_t at = c->at < c->length ? c->at : c->length, rest = c->length - at;
    return arena_printf(c->arena, "the .npy header is malformed: expected %s instead of %s",
                        expected, quote_text(c->arena, c->text + at, rest < 20 ? rest : 20));
}

/* A quoted string without escapes. */
static int read_string(Cursor *c, const char **text, size_t *length)
{
    char quote = accept(c, "'") ? '\'' : accept(c, "\"") ? '"' : 0;
    if (!quote)
        return 0;
    const char *end = memchr(c->text + c->at, quote, c->length - c->at);
    if (!end)
        return 0;
    *text = c->text + c->at;
    *length = (size_t)(end - *text);
    c->at += *length + 1;
    return 1;
}

/* Digits, perhaps with the L that Python 2 put behind them; 0 where there are none or too many. */
static int read_count(Cursor *c, int64_t *n)
{
    size_t from = c->at;
    *n = 0;
    for (; c->at < c->length && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++)
        if (__builtin_mul_overflow(*n, 10, n) ||
            __builtin_add_overflow(*n, c->text[c->at] - '0', n))
            return 0;
    int any = c->at > from;
    accept(c, "L");
    return any;
}

/* An element type that kiln has not is no error until the tensor is asked for. */
static void read_descr(Cursor *c, WeightTensor *t, int *big_endian)
{
    const char *text;
    size_t length;
    if (!read_string(c, &text, &length))
        t->problem = "it is a NumPy array of structured elements";
    else if (!numpy_element_type(text, length, &t->dtype, big_endian))
        t->problem = arena_printf(c->arena, "its elements are of type %s, which kiln cannot use",
                                  quote_text(c->arena, text, length));
}

static const char *read_shape(Cursor *c, WeightTensor *t)
{
    if (!accept(c, "("))
        return malformed(c, "'('");
    while (!accept(c, ")")) {
        if (t->rank == WEIGHT_MAX_RANK)
            return arena_printf(c->arena, "its shape has more than %d dimensions", WEIGHT_MAX_RANK);
        if (!read_count(c, &t->dim[t->rank]))
            return malformed(c, "a dimension");
        t->rank++;
        if (accept(c, ","))
            continue;
        if (!accept(c, ")"))
            return malformed(c, "')'");
        break;
    }
    return NULL;
}

enum { HAS_DESCR = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

static const char *read_entry(Cursor *c, WeightTensor *t, int *seen, int *fortran, int *big_endian)
{
    const char *key;
    size_t length;
    if (!read_string(c, &key, &length) || !accept(c, ":"))
        return malformed(c, "a key and ':'");
    int bit = length == 5 && memcmp(key, "descr", 5) == 0             ? HAS_DESCR
              : length == 13 && memcmp(key, "fortran_order", 13) == 0 ? HAS_ORDER
              : length == 5 && memcmp(key, "shape", 5) == 0           ? HAS_SHAPE
                                                                      : 0;
    if (!bit || *seen & bit)
        return arena_printf(c->arena, "the .npy header has %s key %s",
                            bit ? "twice the" : "an unknown", quote_text(c->arena, key, length));
    *seen |= bit;
    if (bit == HAS_DESCR) {
        read_descr(c, t, big_endian);
        return NULL;
    }
    if (bit == HAS_SHAPE)
        return read_shape(c, t);
    *fortran = accept(c, "True");
    return *fortran || accept(c, "False") ? NULL : malformed(c, "True or False");
}

static const char *read_header(Cursor *c, WeightTensor *t, int *big_endian)
{
    int seen = 0, fortran = 0;
    if (!accept(c, "{"))
        return malformed(c, "'{'");
    while (!accept(c, "}")) {
        const char *error = read_entry(c, t, &seen, &fortran, big_endian);
        if (error || t->problem)
            return error;
        if (accept(c, ","))
            continue;
        if (!accept(c, "}"))
            return malformed(c, "'}'");
        break;
    }
    skip_blanks(c);
    if (c->at != c->length)
        return malformed(c, "nothing");
    if (seen != HAS_ALL)
        return "the .npy header lacks one of descr, fortran_order and shape";
    tensor_set_strides(t, fortran);
    return NULL;
}

const char *numpy_read_file(Reader *r, const unsigned char *bytes, size_t length, WeightTensor *t)
{
    if (length < PREFIX_BYTES + 2 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return "it does not begin as a .npy file";
    int major = bytes[6], size_bytes = major == 1 ? 2 : 4;
    if (major < 1 || major > 3)
        return arena_printf(r->arena, "its .npy version is %d, but versions end at 3", major);
    size_t begin = PREFIX_BYTES + (size_t)size_bytes;
    if (length < begin)
        return "the file ends within the .npy header";
    uint64_t header = little_endian(bytes + PREFIX_BYTES, size_bytes);
    if (header > length - begin)
        return arena_printf(r->arena, "the .npy header has %llu bytes, but only %zu follow",
                            (unsigned long long)header, length - begin);
    Cursor c = { r->arena, (const char *)bytes + begin, (size_t)header, 0 };
    int big_endian = 0;
    const char *error = read_header(&c, t, &big_endian);
    begin += (size_t)header;
    if (error || t->problem)
        return error;
    return numpy_place(r, t, bytes + begin, length - begin, big_endian);
}

const char *npy_read(Reader *r)
{
    const char *stem = reader_stem(r);
    WeightTensor *t;
    const char *error = reader_add(r, stem, strlen(stem), &t);
    return error ? error : numpy_read_file(r, r->bytes, r->length, t);
}
