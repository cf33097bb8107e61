/* The table of `kiln weights`: a line for each tensor, columns as wide as their widest entry.
 * Values that are not finite are counted and left out of the rest. */
#include "compiler/import/reader.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 4096, WIDEST_NAME = 72 };

typedef struct Row {
    const char *name, *shape;
    const WeightTensor *tensor;
} Row;

typedef struct Widths {
    int name, shape;
} Widths;

/* Of the finite elements. */
typedef struct Range {
    double min, max, sum;
    int64_t not_finite;
} Range;

static Range tensor_range(const WeightTensor *t)
{
    Range r = { .min = INFINITY, .max = -INFINITY };
    float chunk[CHUNK];
    int64_t count = weight_count(t);
    for (int64_t at = 0; at < count; at += CHUNK) {
        int64_t n = count - at < CHUNK ? count - at : CHUNK;
        weight_read(t, at, n, chunk);
        for (int64_t i = 0; i < n; i++) {
            if (!isfinite(chunk[i])) {
                r.not_finite++;
                continue;
            }
            r.min = chunk[i] < r.min ? chunk[i] : r.min;
            r.max = chunk[i] > r.max ? chunk[i] : r.max;
            r.sum += chunk[i];
        }
    }
    return r;
}

static const char *shape_text(Arena *a, const WeightTensor *t)
{
    Text text = { .arena = a };
    text_puts(&text, "[");
    for (int i = 0; i < t->rank; i++)
        text_printf(&text, "%s%lld", i ? ", " : "", (long long)t->dim[i]);
    text_puts(&text, "]");
    return text_string(&text);
}

/* Names are printed as they are unless a terminal could take offence. */
static const char *printable_name(Arena *a, const char *name)
{
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            return quote_text(a, name, strlen(name));
    return name;
}

static void put_values(Text *out, const WeightTensor *t)
{
    Range r = tensor_range(t);
    int64_t count = weight_count(t) - r.not_finite;
    if (count)
        text_printf(out, "  %12.6g  %12.6g  %12.6g", r.min, r.max, r.sum / (double)count);
    if (r.not_finite)
        text_printf(out, "  (%lld not finite)", (long long)r.not_finite);
    else if (!count)
        text_puts(out, "  (no elements)");
    text_puts(out, "\n");
}

static void put_row(Text *out, const Row *row, Widths w)
{
    text_printf(out, "%-*s  ", w.name, row->name);
    if (row->tensor->problem) {
        text_printf(out, "(%s)\n", row->tensor->problem);
        return;
    }
    text_printf(out, "%-5s  %-*s", dtype_name(row->tensor->dtype), w.shape, row->shape);
    put_values(out, row->tensor);
}

static int wider(int width, const char *text, int limit)
{
    int n = (int)strlen(text);
    return n > limit ? width : n > width ? n : width;
}

void weights_list(const WeightStore *s, Text *out)
{
    int count = s->tensors.count;
    Row *rows = arena_new_array(out->arena, Row, count);
    Widths w = { 4, 5 };
    for (int i = 0; i < count; i++) {
        const WeightTensor *t = s->tensors.entry[i].value;
        rows[i] = (Row){ printable_name(out->arena, t->name), shape_text(out->arena, t), t };
        w.name = wider(w.name, rows[i].name, WIDEST_NAME);
        w.shape = wider(w.shape, rows[i].shape, WIDEST_NAME);
    }
    text_printf(out, "%-*s  %-5s  %-*s  %12s  %12s  %12s\n", w.name, "name", "dtype", w.shape,
                "shape", "min", "max", "mean");
    for (int i = 0; i < count; i++)
        put_row(out, &rows[i], w);
}
