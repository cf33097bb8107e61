/* Helpers of the readers: names, extents, quoting. */
#include "compiler/import/reader.h"

#include <string.h>

enum {
    COPY_RATIO = 4, /* bytes copied for each byte of the file, and for small files */
    COPY_BASE = 64 << 20,
    QUOTE_LIMIT = 80,
    OVERLAP_LIMIT = 1 << 24 /* elements that a tensor with overlapping elements may have */
};

uint64_t little_endian(const unsigned char *p, int bytes)
{
    uint64_t n = 0;
    for (int i = 0; i < bytes; i++)
        n |= (uint64_t)p[i] << (8 * i);
    return n;
}

int64_t checked_product(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? -1 : product;
}

const char *quote_text(Arena *a, const char *text, size_t length)
{
    size_t shown = length < QUOTE_LIMIT ? length : QUOTE_LIMIT, n = 0;
    while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
        shown--;
    char *out = arena_alloc(a, 4 * shown + 8);
    out[n++] = '\'';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c != 127) {
            out[n++] = (char)c;
            continue;
        }
        static const char hex[] = "0123456789abcdef";
        const char escape[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
        memcpy(out + n, escape, sizeof escape);
        n += sizeof escape;
    }
    strcpy(out + n, shown < length ? "...'" : "'");
    return out;
}

const char *reader_stem(const Reader *r)
{
    const char *base = path_base(r->file), *dot = strrchr(base, '.');
    size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    return arena_strndup(r->arena, base, length);
}

const char *reader_add(Reader *r, const char *text, size_t length, WeightTensor **tensor)
{
    if (length == 0)
        return "a tensor has an empty name";
    if (length > READER_NAME_LIMIT)
        return arena_printf(r->arena, "the tensor name %s has %zu bytes, more than %d (the limit)",
                            quote_text(r->arena, text, length), length, READER_NAME_LIMIT);
    if (memchr(text, 0, length))
        return arena_printf(r->arena, "the tensor name %s contains a zero byte",
                            quote_text(r->arena, text, length));
    WeightTensor *t = arena_new_of(r->arena, WeightTensor);
    t->name = arena_strndup(r->arena, text, length);
    t->file = r->file;
    vec_push(r->arena, &r->tensors, t);
    *tensor = t;
    return NULL;
}

const char *reader_charge(Reader *r, uint64_t bytes)
{
    uint64_t limit = COPY_BASE + (uint64_t)r->length * COPY_RATIO;
    r->copied += bytes;
    if (r->copied <= limit)
        return NULL;
    return arena_printf(r->arena, "its arrays take more than %llu bytes (the limit for its %zu)",
                        (unsigned long long)limit, r->length);
}

void tensor_set_strides(WeightTensor *t, int fortran_order)
{
    int64_t step = 1;
    for (int i = 0; i < t->rank; i++) {
        int axis = fortran_order ? i : t->rank - 1 - i;
        t->stride[axis] = step;
        /* Where this wraps around, the tensor is larger than any file and will be refused. */
        step = (int64_t)((uint64_t)step * (uint64_t)(t->dim[axis] > 0 ? t->dim[axis] : 1));
    }
}

/* Index of the last element relative to the first; -1 where it exceeds INT64_MAX. */
static int64_t last_element(const WeightTensor *t)
{
    int64_t last = 0;
    for (int i = 0; i < t->rank; i++) {
        int64_t step = checked_product(t->dim[i] - 1, t->stride[i]);
        if (step < 0 || __builtin_add_overflow(last, step, &last))
            return -1;
    }
    return last;
}

const char *reader_check_extent(Reader *r, const char *what, const WeightTensor *t, int64_t room)
{
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] == 0)
            return NULL;
    for (int i = 0; i < t->rank && count >= 0; i++)
        count = checked_product(count, t->dim[i]);
    int64_t last = last_element(t);
    if (last < 0 || last >= room)
        return arena_printf(r->arena, "%s reaches beyond the %lld elements that are there", what,
                            (long long)room);
    if (count < 0 || (count > room && count > OVERLAP_LIMIT))
        return arena_printf(r->arena,
                            "%s repeats %lld stored elements more than %d times (the limit)", what,
                            (long long)room, OVERLAP_LIMIT);
    return NULL;
}
