/* Reading the .npy format, versions 1 to 3: magic, header length, a Python dictionary literal, raw
 * elements. The dictionary is read by a small parser for exactly the three keys that the format
 * has. */
#include "runtime/npy.h"

#include "runtime/bytes.h"

#include <stdlib.h>
#include <string.h>

typedef struct Header {
    const char *at, *end;
    char descr[16];
    int fortran_order;
    int rank;
    int64_t dim[NPY_MAX_RANK];
    int seen; /* bits: descr, fortran_order, shape */
    Reason *why;
} Header;

static void skip_space(Header *h)
{
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\n' || *h->at == '\t'))
        h->at++;
}

static int accept(Header *h, const char *word)
{
    const size_t n = strlen(word);

    skip_space(h);
    if ((size_t)(h->end - h->at) < n || memcmp(h->at, word, n) != 0)
        return 0;
    h->at += n;
    return 1;
}

static int malformed(Header *h, const char *expected)
{
    return reason_set(h->why, "its header is malformed: %s expected", expected);
}

static int read_string(Header *h, char *out, size_t room)
{
    const int quote = accept(h, "'") ? '\'' : accept(h, "\"") ? '"' : 0;
    size_t n = 0;

    if (!quote)
        return malformed(h, "a string");
    while (h->at < h->end && *h->at != quote && n + 1 < room)
        out[n++] = *h->at++;
    out[n] = 0;
    if (h->at == h->end || *h->at != quote)
        return malformed(h, "the end of a string");
    h->at++;
    return 1;
}

static int read_dimension(Header *h, int64_t *value)
{
    const char *start;

    skip_space(h);
    start = h->at;
    for (*value = 0; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++) {
        if (*value > INT64_MAX / 10 - 1)
            return reason_set(h->why, "its shape is too large");
        *value = *value * 10 + (*h->at - '0');
    }
    if (h->at == start)
        return malformed(h, "a dimension");
    accept(h, "L"); /* Python 2 wrote 2L */
    return 1;
}

static int read_shape(Header *h)
{
    if (!accept(h, "("))
        return malformed(h, "a shape");
    for (h->rank = 0; !accept(h, ")"); h->rank++) {
        if (h->rank == NPY_MAX_RANK)
            return reason_set(h->why, "it has more than %d dimensions", NPY_MAX_RANK);
        if (!read_dimension(h, &h->dim[h->rank]))
            return 0;
        if (!accept(h, ",") && (h->at == h->end || *h->at != ')'))
            return malformed(h, "a comma");
    }
    return 1;
}

static int read_value(Header *h, const char *key)
{
    if (strcmp(key, "descr") == 0) {
        h->seen |= 1;
        skip_space(h);
        if (h->at < h->end && *h->at == '[')
            return reason_set(h->why, "it holds records, float32 is expected");
        return read_string(h, h->descr, sizeof h->descr);
    }
    if (strcmp(key, "fortran_order") == 0) {
        h->seen |= 2;
        h->fortran_order = accept(h, "True");
        return h->fortran_order || accept(h, "False") ? 1 : malformed(h, "True or False");
    }
    if (strcmp(key, "shape") == 0) {
        h->seen |= 4;
        return read_shape(h);
    }
    return reason_set(h->why, "its header has an unknown key '%s'", key);
}

static int read_dictionary(Header *h)
{
    char key[32];

    if (!accept(h, "{"))
        return malformed(h, "a dictionary");
    while (!accept(h, "}")) {
        if (!read_string(h, key, sizeof key))
            return 0;
        if (!accept(h, ":"))
            return malformed(h, "a colon");
        if (!read_value(h, key))
            return 0;
        if (!accept(h, ",") && (h->at == h->end || *h->at != '}'))
            return malformed(h, "a comma");
    }
    return h->seen == 7 ? 1 : malformed(h, "descr, fortran_order and shape");
}

/* Finds where the header's text and the elements begin. */
static int find_header(const uint8_t *bytes, size_t length, Header *h, size_t *data)
{
    size_t start, count;

    if (length < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return reason_set(h->why, "not a .npy file");
    if (bytes[6] < 1 || bytes[6] > 3)
        return reason_set(h->why, "version %d of the .npy format is not supported", bytes[6]);
    start = bytes[6] == 1 ? 10 : 12;
    if (length < start)
        return reason_set(h->why, "the file is truncated in its header");
    count = bytes[6] == 1 ? bytes_u16(bytes + 8) : bytes_u32(bytes + 8);
    if (length - start < count)
        return reason_set(h->why, "the file is truncated in its header");
    h->at = (const char *)bytes + start;
    h->end = h->at + count;
    *data = start + count;
    return 1;
}

static int count_elements(const Header *h, size_t available, size_t *count)
{
    size_t n = 1;

    for (int i = 0; i < h->rank; i++) {
        if (h->dim[i] == 0) {
            n = 0;
            break;
        }
        if ((uint64_t)h->dim[i] > SIZE_MAX / 4 / n)
            return reason_set(h->why, "its shape is too large");
        n *= (size_t)h->dim[i];
    }
    if (n * 4 != available)
        return reason_set(h->why, "its shape needs %zu bytes of elements, the file has %zu", n * 4,
                          available);
    *count = n;
    return 1;
}

static void copy_elements(const uint8_t *p, size_t count, int big_endian, float *out)
{
    for (size_t i = 0; i < count; i++, p += 4)
        out[i] = kiln_from_bits(big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                                                 (uint32_t)p[2] << 8 | p[3]
                                           : bytes_u32(p));
}

int npy_array_parse(const uint8_t *bytes, size_t length, NpyArray *array, Reason *why)
{
    Header h = { .why = why };
    size_t data = 0;

    memset(array, 0, sizeof *array);
    if (!find_header(bytes, length, &h, &data) || !read_dictionary(&h))
        return 0;
    if (strcmp(h.descr, "<f4") != 0 && strcmp(h.descr, ">f4") != 0)
        return reason_set(why, "its elements are '%s', float32 ('<f4') is expected", h.descr);
    if (h.fortran_order && h.rank > 1)
        return reason_set(why, "it is in Fortran order, C order is expected");
    if (!count_elements(&h, length - data, &array->count))
        return 0;
    array->rank = h.rank;
    memcpy(array->dim, h.dim, sizeof h.dim);
    array->data = malloc(array->count ? array->count * sizeof(float) : 1);
    if (!array->data)
        return reason_set(why, "out of memory");
    copy_elements(bytes + data, array->count, h.descr[0] == '>', array->data);
    return 1;
}

int npy_array_load(const char *path, NpyArray *array, Reason *why)
{
    Bytes bytes;
    int ok;

    memset(array, 0, sizeof *array);
    if (!bytes_read(path, &bytes, why))
        return 0;
    ok = npy_array_parse(bytes.at, bytes.length, array, why);
    bytes_free(&bytes);
    return ok;
}

void npy_array_free(NpyArray *array)
{
    free(array->data);
    array->data = NULL;
}
