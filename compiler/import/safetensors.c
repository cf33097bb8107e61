/* safetensors: a 64-bit little-endian length, a JSON header of that many bytes,
 *
 *   {"__metadata__": {...}, "NAME": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, ...}
 *
 * then the elements, which the tensors must cover exactly: no gap, no overlap, nothing behind. The
 * elements stay where they are. cJSON reads the header; it accepts more than the format allows
 * (repeated keys, fractions for integers), so what is used is checked here. */
#include "compiler/import/reader.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_BYTES = 8, HEADER_LIMIT = 16 << 20 };

/* Where a tensor's bytes lie behind the header. */
typedef struct Span {
    uint64_t begin, end;
    const WeightTensor *tensor;
} Span;

typedef struct Header {
    Reader *reader;
    const unsigned char *data;
    uint64_t data_bytes;
    Vec(Span) spans;
} Header;

static const char *quoted(Reader *r, const char *text)
{
    return quote_text(r->arena, text, strlen(text));
}

/* A whole number from 0 to 2^53, within which a double holds it exactly. */
static int read_whole(const cJSON *item, uint64_t *n)
{
    double d = item->valuedouble;
    if (!cJSON_IsNumber(item) || !(d >= 0 && d <= 0x1p53) || d != (double)(uint64_t)d)
        return 0;
    *n = (uint64_t)d;
    return 1;
}

static const char *read_shape(Reader *r, const cJSON *list, WeightTensor *t)
{
    if (!cJSON_IsArray(list))
        return arena_printf(r->arena, "the shape of %s is no list", quoted(r, t->name));
    for (const cJSON *item = list->child; item; item = item->next) {
        uint64_t n;
        if (t->rank == WEIGHT_MAX_RANK)
            return arena_printf(r->arena, "the shape of %s has more than %d dimensions",
                                quoted(r, t->name), WEIGHT_MAX_RANK);
        if (!read_whole(item, &n))
            return arena_printf(r->arena, "the shape of %s holds something else than whole numbers",
                                quoted(r, t->name));
        t->dim[t->rank++] = (int64_t)n;
    }
    tensor_set_strides(t, 0);
    return NULL;
}

static const char *read_type(Reader *r, const cJSON *item, WeightTensor *t)
{
    if (!cJSON_IsString(item))
        return arena_printf(r->arena, "the dtype of %s is no string", quoted(r, t->name));
    if (dtype_from_name(item->valuestring, &t->dtype))
        return NULL;
    return arena_printf(r->arena, "the dtype of %s is %s, which kiln cannot use",
                        quoted(r, t->name), quoted(r, item->valuestring));
}

static const char *read_offsets(Header *h, const cJSON *list, WeightTensor *t)
{
    Reader *r = h->reader;
    Span s = { .tensor = t };
    const cJSON *first = cJSON_IsArray(list) ? list->child : NULL,
                *second = first ? first->next : NULL;
    if (!second || second->next || !read_whole(first, &s.begin) || !read_whole(second, &s.end))
        return arena_printf(r->arena, "the data_offsets of %s are not two whole numbers",
                            quoted(r, t->name));
    if (s.begin > s.end || s.end > h->data_bytes)
        return arena_printf(r->arena,
                            "the data_offsets of %s are %llu to %llu, but there are %llu bytes",
                            quoted(r, t->name), (unsigned long long)s.begin,
                            (unsigned long long)s.end, (unsigned long long)h->data_bytes);
    t->bytes = h->data + s.begin;
    vec_push(r->arena, &h->spans, s);
    return NULL;
}

static const char *check_size(Reader *r, const WeightTensor *t, uint64_t bytes)
{
    int64_t expected = (int64_t)dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] == 0)
            expected = 0;
    for (int i = 0; i < t->rank && expected >= 0; i++)
        expected = checked_product(expected, t->dim[i]);
    if (expected >= 0 && (uint64_t)expected == bytes)
        return NULL;
    return arena_printf(r->arena, "%s has %llu bytes, but its shape and dtype need %s%lld",
                        quoted(r, t->name), (unsigned long long)bytes,
                        expected < 0 ? "more than " : "",
                        expected < 0 ? (long long)INT64_MAX : (long long)expected);
}

/* The three values of a tensor's entry, each exactly once. */
static const char *entry_fields(Reader *r, const cJSON *entry, const cJSON *field[3])
{
    static const char *const names[] = { "dtype", "shape", "data_offsets" };
    for (const cJSON *item = entry->child; item; item = item->next) {
        int i = 0;
        while (i < COUNT_OF(names) && strcmp(item->string, names[i]) != 0)
            i++;
        if (i == COUNT_OF(names))
            return arena_printf(r->arena, "%s has an unknown key %s", quoted(r, entry->string),
                                quoted(r, item->string));
        if (field[i])
            return arena_printf(r->arena, "%s has twice the key %s", quoted(r, entry->string),
                                names[i]);
        field[i] = item;
    }
    for (int i = 0; i < COUNT_OF(names); i++)
        if (!field[i])
            return arena_printf(r->arena, "%s has no %s", quoted(r, entry->string), names[i]);
    return NULL;
}

static const char *read_entry(Header *h, const cJSON *entry)
{
    Reader *r = h->reader;
    const cJSON *field[3] = { NULL };
    WeightTensor *t;
    if (!cJSON_IsObject(entry))
        return arena_printf(r->arena, "the header's entry %s is no object",
                            quoted(r, entry->string));
    const char *error = entry_fields(r, entry, field);
    if (!error)
        error = reader_add(r, entry->string, strlen(entry->string), &t);
    if (!error)
        error = read_type(r, field[0], t);
    if (!error)
        error = read_shape(r, field[1], t);
    if (!error)
        error = read_offsets(h, field[2], t);
    return error ? error : check_size(r, t, vec_last(&h->spans).end - vec_last(&h->spans).begin);
}

static int compare_spans(const void *a, const void *b)
{
    const Span *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static const char *check_coverage(Header *h)
{
    Reader *r = h->reader;
    uint64_t at = 0;
    if (h->spans.count)
        qsort(h->spans.at, (size_t)h->spans.count, sizeof *h->spans.at, compare_spans);
    for_each_vec(Span, s, &h->spans) {
        if (s->begin < at)
            return arena_printf(r->arena, "the bytes of %s and of %s overlap",
                                quoted(r, s[-1].tensor->name), quoted(r, s->tensor->name));
        if (s->begin > at)
            return arena_printf(r->arena, "%llu bytes before %s belong to no tensor",
                                (unsigned long long)(s->begin - at), quoted(r, s->tensor->name));
        at = s->end;
    }
    if (at < h->data_bytes)
        return arena_printf(r->arena, "the last %llu of %llu bytes belong to no tensor",
                            (unsigned long long)(h->data_bytes - at),
                            (unsigned long long)h->data_bytes);
    return NULL;
}

static const char *read_entries(Header *h, const cJSON *root)
{
    int metadata = 0;
    for (const cJSON *entry = root->child; entry; entry = entry->next) {
        const char *error = NULL;
        if (strcmp(entry->string, "__metadata__") != 0)
            error = read_entry(h, entry);
        else if (metadata++)
            error = "the header has twice the key '__metadata__'";
        if (error)
            return error;
    }
    return check_coverage(h);
}

/* cJSON would end a string at the zero that the escape stands for. */
static const char *check_escapes(const char *text, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (text[i] != '\\')
            continue;
        if (length - i >= 6 && memcmp(text + i + 1, "u0000", 5) == 0)
            return "the header contains the character \\u0000";
        i++;
    }
    return memchr(text, 0, length) ? "the header contains a zero byte" : NULL;
}

static const char *parse_header(Header *h, const char *text, size_t length)
{
    Reader *r = h->reader;
    const char *end = NULL, *error = check_escapes(text, length);
    if (error)
        return error;
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!root)
        error = arena_printf(
            r->arena, "the header is no JSON near byte %zu, %s",
            (size_t)(end - text) + PREFIX_BYTES,
            quote_text(r->arena, end, strnlen(end, (size_t)(text + length - end))));
    for (; !error && end < text + length; end++)
        if (!strchr(" \t\r\n", *end))
            error = arena_printf(r->arena, "the header goes on behind its JSON, at byte %zu",
                                 (size_t)(end - text) + PREFIX_BYTES);
    if (!error)
        error = cJSON_IsObject(root) ? read_entries(h, root) : "the header is no JSON object";
    cJSON_Delete(root);
    return error;
}

const char *safetensors_read(Reader *r)
{
    uint64_t length = little_endian(r->bytes, PREFIX_BYTES);
    if (length > r->length - PREFIX_BYTES)
        return arena_printf(r->arena, "the safetensors header has %llu bytes, but only %zu follow",
                            (unsigned long long)length, r->length - PREFIX_BYTES);
    if (length > HEADER_LIMIT)
        return arena_printf(r->arena,
                            "the safetensors header has %llu bytes, more than %d (the limit)",
                            (unsigned long long)length, HEADER_LIMIT);
    Header h = { .reader = r,
                 .data = r->bytes + PREFIX_BYTES + length,
                 .data_bytes = r->length - PREFIX_BYTES - length };
    return parse_header(&h, (const char *)r->bytes + PREFIX_BYTES, (size_t)length);
}
