/* Resampling as cv2.resize() does it (OpenCV 4.6's resize.cpp describes the arithmetic), bit for
 * bit on 8-bit pixels: no antialiasing but in "area", positions in float, weights of 11 fractional
 * bits, x first.
 *
 * "cubic" is the odd one: that library adds the columns of most values in float, and of the last
 * few of every row, which do not fill a vector, in integers. Results differ by one, rarely. */
#include "runtime/resize.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

KILN_NO_CONTRACTION

enum { MAX_TAPS = 8, WEIGHT_ONE = 2048, VECTOR = 8 };

#define PI 3.1415926535897932384626433832795

static double step_of(int source, int size)
{
    return 1.0 / ((double)size / source);
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

static uint8_t to_byte(int64_t v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* --- weights --------------------------------------------------------------------------------- */

static void linear_weights(float f, float *c)
{
    c[0] = 1.0f - f;
    c[1] = f;
}

static float near_cubic(float x)
{
    const float a = -0.75f;
    return ((a + 2) * x - (a + 3)) * x * x + 1;
}

static void cubic_weights(float f, float *c)
{
    const float a = -0.75f, g = f + 1;

    c[0] = ((a * g - 5 * a) * g + 8 * a) * g - 4 * a;
    c[1] = near_cubic(f);
    c[2] = near_cubic(1 - f);
    c[3] = 1.0f - c[0] - c[1] - c[2];
}

static void lanczos_weights(float f, float *c)
{
    static const double q = 0.70710678118654752440084436210485;
    const double turn[8][2] = { { 1, 0 },  { -q, -q }, { 0, 1 },  { q, -q },
                                { -1, 0 }, { q, q },   { 0, -1 }, { -q, q } };
    const double y0 = -(f + 3) * PI * 0.25, sine = sin(y0), cosine = cos(y0);
    float sum = 0;

    for (int k = 0; k < 8; k++) {
        const float at = f + 3 - (float)k;
        const double y = -at * PI * 0.25;
        c[k] = fabsf(at) < 1e-6f ? 1e30f
                                 : (float)((turn[k][0] * sine + turn[k][1] * cosine) / (y * y));
        sum += c[k];
    }
    sum = 1.0f / sum;
    for (int k = 0; k < 8; k++)
        c[k] *= sum;
}

/* --- a fixed number of taps ------------------------------------------------------------------ */

typedef struct Axis {
    int taps, count;
    int *source; /* [count][taps], inside the picture */
    int *weight; /* [count][taps] */
} Axis;

static void axis_free(Axis *a)
{
    free(a->source);
    free(a->weight);
}

static int axis_alloc(Axis *a, int taps, int count)
{
    const size_t bytes = (size_t)taps * (size_t)count * sizeof(int);

    a->taps = taps;
    a->count = count;
    a->source = malloc(bytes);
    a->weight = malloc(bytes);
    return a->source && a->weight;
}

/* Where output d looks: the pixel at or before it, and how far behind that it is. */
static int find_position(int source, int size, int d, int is_area, float *f)
{
    const double step = step_of(source, size);
    float p;
    int i;

    if (is_area) {
        i = (int)floor(d * step);
        *f = (float)((d + 1) - (i + 1) * ((double)size / source));
        *f = *f <= 0 ? 0.0f : *f - floorf(*f);
        return i;
    }
    p = (float)((d + 0.5) * step - 0.5);
    i = (int)floorf(p);
    *f = p - (float)i;
    return i;
}

typedef struct Kind {
    int taps;
    void (*weights)(float f, float *c);
} Kind;

/* Along x, two taps do not reach over the border. */
static void fill_axis(Axis *a, const Kind *kind, int source, int size, int start, int is_area,
                      int is_x)
{
    for (int k = 0; k < a->count; k++) {
        float f, c[MAX_TAPS];
        int i = find_position(source, size, start + k, is_area, &f);
        if (is_x && a->taps == 2 && (i < 0 || i >= source - 1)) {
            f = 0;
            i = clamp(i, 0, source - 1);
        }
        kind->weights(f, c);
        for (int t = 0; t < a->taps; t++) {
            a->source[k * a->taps + t] = clamp(i - a->taps / 2 + 1 + t, 0, source - 1);
            a->weight[k * a->taps + t] = (int)rintf(c[t] * WEIGHT_ONE);
        }
    }
}

static void resize_row(const Axis *x, const uint8_t *in, int *out)
{
    for (int i = 0; i < x->count; i++, out += 3) {
        const int *source = x->source + i * x->taps, *weight = x->weight + i * x->taps;
        int sum[3] = { 0, 0, 0 };
        for (int t = 0; t < x->taps; t++) {
            const uint8_t *p = in + 3 * (size_t)source[t];
            for (int c = 0; c < 3; c++)
                sum[c] += p[c] * weight[t];
        }
        memcpy(out, sum, sizeof sum);
    }
}

static void add_two_rows(int *const *row, const int *w, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] =
            (uint8_t)(((w[0] * (row[0][i] >> 4) >> 16) + (w[1] * (row[1][i] >> 4) >> 16) + 2) >> 2);
}

static void add_rows(int *const *row, const int *w, int taps, size_t start, size_t end,
                     uint8_t *out)
{
    for (size_t i = start; i < end; i++) {
        int64_t sum = 1 << 21;
        for (int t = 0; t < taps; t++)
            sum += (int64_t)w[t] * row[t][i];
        out[i] = to_byte(sum >> 22);
    }
}

static void add_rows_in_float(int *const *row, const int *w, size_t count, uint8_t *out)
{
    float b[4];

    for (int t = 0; t < 4; t++)
        b[t] = (float)w[t] * (1.0f / (1 << 22));
    for (size_t i = 0; i < count; i++) {
        float sum = (float)row[3][i] * b[3];
        sum = (float)row[2][i] * b[2] + sum;
        sum = (float)row[1][i] * b[1] + sum;
        sum = (float)row[0][i] * b[0] + sum;
        out[i] = to_byte((int64_t)rintf(sum));
    }
}

/* Of the `count` values from `first` on in a row of `whole` values, how many that library adds in
 * vectors. */
static size_t vector_values(size_t whole, size_t first, size_t count)
{
    const size_t end = whole - whole % VECTOR;
    return first >= end ? 0 : first + count <= end ? count : end - first;
}

static void add_columns(const ResizePlan *p, int *const *row, const int *w, int taps, int is_gray,
                        uint8_t *out)
{
    const size_t count = (size_t)p->part.width * 3;
    size_t done;

    if (taps == 2) {
        add_two_rows(row, w, count, out);
        return;
    }
    if (is_gray) /* one value a pixel there, three here */
        done = 3 * vector_values((size_t)p->width, (size_t)p->part.left, (size_t)p->part.width);
    else
        done = vector_values((size_t)p->width * 3, (size_t)p->part.left * 3, count);
    done = taps == 4 ? done : 0;
    add_rows_in_float(row, w, done, out);
    add_rows(row, w, taps, done, count, out);
}

/* Rows after the pass along x are kept: consecutive ones lie in different slots. */
static int resize_with_axes(const Image *in, const ResizePlan *p, const Axis *x, const Axis *y,
                            Image *out, Reason *why)
{
    const size_t stride = (size_t)p->part.width * 3;
    int *memory = malloc(MAX_TAPS * stride * sizeof *memory), kept[MAX_TAPS];

    if (!memory)
        return reason_set(why, "out of memory");
    memset(kept, -1, sizeof kept);
    for (int i = 0; i < y->count; i++) {
        int *row[MAX_TAPS];
        for (int t = 0; t < y->taps; t++) {
            const int source = y->source[i * y->taps + t], slot = source % MAX_TAPS;
            row[t] = memory + (size_t)slot * stride;
            if (kept[slot] != source)
                resize_row(x, in->rgb + (size_t)source * (size_t)in->width * 3, row[t]);
            kept[slot] = source;
        }
        add_columns(p, row, y->weight + i * y->taps, y->taps, in->order == KILN_COLOR_GRAY,
                    out->rgb + (size_t)i * stride);
    }
    free(memory);
    return 1;
}

static int resize_interpolated(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    static const Kind kinds[KILN_FILTER_COUNT] = {
        [KILN_FILTER_OPENCV_LINEAR] = { 2, linear_weights },
        [KILN_FILTER_OPENCV_AREA] = { 2, linear_weights },
        [KILN_FILTER_OPENCV_CUBIC] = { 4, cubic_weights },
        [KILN_FILTER_OPENCV_LANCZOS4] = { 8, lanczos_weights },
    };
    const Kind *kind = &kinds[p->filter];
    const int is_area = p->filter == KILN_FILTER_OPENCV_AREA;
    Axis x = { 0 }, y = { 0 };
    int ok;

    if (axis_alloc(&x, kind->taps, p->part.width) && axis_alloc(&y, kind->taps, p->part.height)) {
        fill_axis(&x, kind, in->width, p->width, p->part.left, is_area, 1);
        fill_axis(&y, kind, in->height, p->height, p->part.top, is_area, 0);
        ok = resize_with_axes(in, p, &x, &y, out, why);
    } else {
        ok = reason_set(why, "out of memory");
    }
    axis_free(&x);
    axis_free(&y);
    return ok;
}

/* --- area ------------------------------------------------------------------------------------ */

/* Whether each result is the mean of a block of whole pixels. */
static int is_whole(double step)
{
    return fabs(step - rint(step)) < DBL_EPSILON;
}

static void mean_of_blocks(const Image *in, const ResizePlan *p, int across, int down, Image *out)
{
    const size_t stride = (size_t)in->width * 3;
    const float scale = (float)(1.0 / (across * down));
    const int is_two = across == 2 && down == 2;
    uint8_t *to = out->rgb;

    for (int y = p->part.top; y < p->part.top + p->part.height; y++)
        for (int x = 3 * p->part.left; x < 3 * (p->part.left + p->part.width); x++) {
            const uint8_t *from = in->rgb + (size_t)(y * down) * stride + x / 3 * 3 * across +
                                  x % 3;
            int sum = 0;
            for (int v = 0; v < down; v++)
                for (int u = 0; u < across; u++)
                    sum += from[(size_t)v * stride + 3 * (size_t)u];
            *to++ = is_two ? (uint8_t)((sum + 2) >> 2)
                           : to_byte((int64_t)rintf((float)sum * scale));
        }
}

/* Output d is the weighted sum of pixels first .. first + count - 1. */
typedef struct Cell {
    int first, count;
    float *weight;
} Cell;

/* The pixels under [d step, (d + 1) step); returns how many weights it wrote. */
static int fill_cell(Cell *cell, int source, double step, int d, float *weight)
{
    const double a = d * step, end = a + step;
    const double width = step < source - a ? step : source - a;
    int first = (int)ceil(a), last = (int)floor(end), count = 0;

    last = last < source - 1 ? last : source - 1;
    first = first < last ? first : last;
    cell->first = first;
    cell->weight = weight;
    if (first - a > 1e-3) {
        cell->first--;
        weight[count++] = (float)((first - a) / width);
    }
    for (int i = first; i < last; i++)
        weight[count++] = (float)(1.0 / width);
    if (end - last > 1e-3) {
        const double rest = end - last < 1.0 ? end - last : 1.0;
        weight[count++] = (float)((rest < width ? rest : width) / width);
    }
    return cell->count = count;
}

/* The cells of one axis and, behind them, their weights. */
static Cell *new_cells(int source, int size, int start, int count)
{
    const double step = step_of(source, size);
    const size_t room = (size_t)step + 3;
    Cell *cells = malloc((size_t)count * (sizeof *cells + room * sizeof(float)));
    float *weight = cells ? (float *)(void *)(cells + count) : NULL;

    for (int k = 0; cells && k < count; k++)
        fill_cell(&cells[k], source, step, start + k, weight + (size_t)k * room);
    return cells;
}

static void sum_row(const Cell *cells, int count, const uint8_t *in, float *out)
{
    for (int i = 0; i < count; i++, out += 3) {
        const uint8_t *p = in + 3 * (size_t)cells[i].first;
        float sum[3] = { 0, 0, 0 };
        for (int t = 0; t < cells[i].count; t++, p += 3)
            for (int c = 0; c < 3; c++)
                sum[c] += p[c] * cells[i].weight[t];
        memcpy(out, sum, sizeof sum);
    }
}

/* sum = weight row, or sum += weight row */
static void add_row(float *sum, const float *row, float weight, size_t count, int is_first)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = is_first ? weight * row[i] : sum[i] + weight * row[i];
}

/* The last row of a cell may be the first of the next one. */
static void sum_cells(const Image *in, const Cell *x, const Cell *y, float *memory, Image *out)
{
    const size_t stride = (size_t)out->width * 3;
    float *row = memory, *sum = memory + stride;
    int kept = -1;

    for (int i = 0; i < out->height; i++) {
        for (int t = 0; t < y[i].count; t++) {
            const int source = y[i].first + t;
            if (source != kept)
                sum_row(x, out->width, in->rgb + (size_t)source * (size_t)in->width * 3, row);
            kept = source;
            add_row(sum, row, y[i].weight[t], stride, t == 0);
        }
        for (size_t b = 0; b < stride; b++)
            out->rgb[(size_t)i * stride + b] = to_byte((int64_t)rintf(sum[b]));
    }
}

static int resize_cells(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    Cell *x = new_cells(in->width, p->width, p->part.left, p->part.width);
    Cell *y = new_cells(in->height, p->height, p->part.top, p->part.height);
    float *memory = malloc(2 * 3 * (size_t)p->part.width * sizeof *memory);
    const int ok = x && y && memory;

    if (ok)
        sum_cells(in, x, y, memory, out);
    free(x);
    free(y);
    free(memory);
    return ok ? 1 : reason_set(why, "out of memory");
}

int resize_opencv(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    const double across = step_of(in->width, p->width), down = step_of(in->height, p->height);
    const int is_whole_block = is_whole(across) && is_whole(down);
    const int is_half = is_whole_block && rint(across) == 2.0 && rint(down) == 2.0;
    const int shrinks = across >= 1.0 && down >= 1.0;
    const int is_area = p->filter == KILN_FILTER_OPENCV_AREA;

    if (!image_new(out, p->part.width, p->part.height, why))
        return 0;
    if ((is_area && shrinks && is_whole_block) ||
        (p->filter == KILN_FILTER_OPENCV_LINEAR && is_half)) {
        mean_of_blocks(in, p, (int)rint(across), (int)rint(down), out);
        return 1;
    }
    return (is_area && shrinks ? resize_cells : resize_interpolated)(in, p, out, why);
}
