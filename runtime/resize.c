/* Resampling as Pillow does it (its Resample.c and Geometry.c describe the arithmetic): a filter
 * whose support grows with the reduction, weights normalised in double and rounded to 22 fractional
 * bits, first along x, rounded to 8 bits, then along y. Results must equal Pillow's bit for bit:
 * sums are exact integers, so their order is free, but each weight is computed exactly as written
 * here.
 *
 * Along x, LANES rows are worked on together, interleaved, so that both passes have the same inner
 * loop: consecutive bytes times one weight, added to consecutive 32-bit sums. */
#include "runtime/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

KILN_NO_CONTRACTION

enum { FRACTION_BITS = 22, LANES = 16, LANE_BYTES = LANES * 3 };

#define PI 3.14159265358979323846

/* --- filters -------------------------------------------------------------------------------- */

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double hamming(double x)
{
    x = fabs(x);
    if (x == 0.0)
        return 1.0;
    if (x >= 1.0)
        return 0.0;
    x *= PI;
    return sin(x) / x * ((double)0.54f + (double)0.46f * cos(x));
}

static double cubic(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x > -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

static const struct {
    double (*weight)(double x);
    double radius;
} filters[KILN_FILTER_COUNT] = {
    [KILN_FILTER_BOX] = { box, 0.5 },         [KILN_FILTER_BILINEAR] = { triangle, 1.0 },
    [KILN_FILTER_HAMMING] = { hamming, 1.0 }, [KILN_FILTER_BICUBIC] = { cubic, 2.0 },
    [KILN_FILTER_LANCZOS] = { lanczos, 3.0 },
};

/* --- weights along one axis ------------------------------------------------------------------ */

/* Output i reads source pixels first[i] .. first[i] + count[i] - 1 with weight[i * room ...]. */
typedef struct Taps {
    int outputs, room;
    int *first, *count;
    int32_t *weight;
    double *exact; /* [room], scratch */
} Taps;

static void taps_free(Taps *t)
{
    free(t->first);
    free(t->count);
    free(t->weight);
    free(t->exact);
}

static int taps_alloc(Taps *t, int outputs, int room)
{
    memset(t, 0, sizeof *t);
    t->outputs = outputs;
    t->room = room;
    t->first = malloc((size_t)outputs * sizeof *t->first);
    t->count = malloc((size_t)outputs * sizeof *t->count);
    t->weight = malloc((size_t)outputs * (size_t)room * sizeof *t->weight);
    t->exact = malloc((size_t)room * sizeof *t->exact);
    return t->first && t->count && t->weight && t->exact;
}

static int32_t to_fixed(double w)
{
    const double scaled = w * (1 << FRACTION_BITS);
    return (int32_t)(w < 0 ? scaled - 0.5 : scaled + 0.5);
}

static void fill_output(Taps *t, int i, double center, double radius, double stretch, int source,
                        double (*weight)(double))
{
    const double inverse = 1.0 / stretch;
    int first = (int)(center - radius + 0.5), end = (int)(center + radius + 0.5);
    double sum = 0.0;

    first = first < 0 ? 0 : first;
    end = end > source ? source : end;
    t->first[i] = first;
    t->count[i] = end - first;
    for (int j = 0; j < end - first; j++) {
        t->exact[j] = weight((j + first - center + 0.5) * inverse);
        sum += t->exact[j];
    }
    for (int j = 0; j < end - first; j++)
        t->weight[(size_t)i * (size_t)t->room + (size_t)j] = to_fixed(sum != 0.0 ? t->exact[j] / sum
                                                                                 : t->exact[j]);
}

/* The taps of outputs start .. start + count - 1 of `size`, from `source` pixels. */
static int taps_make(Taps *t, int source, int size, int start, int count, enum kiln_filter filter)
{
    const double scale = (double)source / size, stretch = scale < 1.0 ? 1.0 : scale;
    const double radius = filters[filter].radius * stretch;

    if (!taps_alloc(t, count, (int)ceil(radius) * 2 + 1))
        return 0;
    for (int i = 0; i < count; i++)
        fill_output(t, i, (start + i + 0.5) * scale, radius, stretch, source,
                    filters[filter].weight);
    return 1;
}

/* --- the two passes -------------------------------------------------------------------------- */

static inline uint8_t to_byte(int32_t sum)
{
    const int32_t v = sum >> FRACTION_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* out[b] = Σ_k weight[k] in[k stride + b], for LANE_BYTES consecutive bytes. */
static void weigh_lanes(const uint8_t *in, size_t stride, const int32_t *weight, int count,
                        uint8_t *out)
{
    int32_t sum[LANE_BYTES];

    for (int b = 0; b < LANE_BYTES; b++)
        sum[b] = 1 << (FRACTION_BITS - 1);
    for (int k = 0; k < count; k++, in += stride)
        for (int b = 0; b < LANE_BYTES; b++)
            sum[b] += in[b] * weight[k];
    for (int b = 0; b < LANE_BYTES; b++)
        out[b] = to_byte(sum[b]);
}

/* The same for a number of bytes below LANE_BYTES. */
static void weigh_rest(const uint8_t *in, size_t stride, const int32_t *weight, int count,
                       uint8_t *out, size_t bytes)
{
    for (size_t b = 0; b < bytes; b++) {
        int32_t sum = 1 << (FRACTION_BITS - 1);
        for (int k = 0; k < count; k++)
            sum += in[(size_t)k * stride + b] * weight[k];
        out[b] = to_byte(sum);
    }
}

/* lanes[x][row][3] = the pixels first .. first + count - 1 of `rows` consecutive rows. */
static void interleave(const uint8_t *in, size_t stride, int count, int rows, uint8_t *lanes)
{
    for (int r = 0; r < rows; r++)
        for (int x = 0; x < count; x++)
            memcpy(lanes + (size_t)x * LANE_BYTES + 3 * r, in + (size_t)r * stride + 3 * x, 3);
}

/* Resizes rows top .. of `in` along x into all rows of `out`. `lanes` holds a strip of the source
 * and one output. */
static void resize_rows(const Image *in, int top, const Taps *t, uint8_t *lanes, Image *out)
{
    const int left = t->first[0];
    const int span = t->first[t->outputs - 1] + t->count[t->outputs - 1] - left;
    const size_t in_stride = (size_t)in->width * 3, out_stride = (size_t)out->width * 3;
    uint8_t sums[LANE_BYTES];

    for (int y = 0; y < out->height; y += LANES) {
        const int rows = out->height - y < LANES ? out->height - y : LANES;
        interleave(in->rgb + (size_t)(top + y) * in_stride + (size_t)left * 3, in_stride, span,
                   rows, lanes);
        for (int i = 0; i < t->outputs; i++) {
            weigh_lanes(lanes + (size_t)(t->first[i] - left) * LANE_BYTES, LANE_BYTES,
                        t->weight + (size_t)i * (size_t)t->room, t->count[i], sums);
            for (int r = 0; r < rows; r++)
                memcpy(out->rgb + (size_t)(y + r) * out_stride + 3 * (size_t)i, sums + 3 * r, 3);
        }
    }
}

static int resize_along_x(const Image *in, int top, int rows, const Taps *t, Image *out,
                          Reason *why)
{
    const int span = t->first[t->outputs - 1] + t->count[t->outputs - 1] - t->first[0];
    uint8_t *lanes = calloc((size_t)span, LANE_BYTES);

    if (!lanes)
        return reason_set(why, "out of memory");
    if (!image_new(out, t->outputs, rows, why)) {
        free(lanes);
        return 0;
    }
    resize_rows(in, top, t, lanes, out);
    free(lanes);
    return 1;
}

/* Row 0 of `in` is row `top` of the picture that the taps count in. */
static int resize_along_y(const Image *in, int top, const Taps *t, Image *out, Reason *why)
{
    const size_t stride = (size_t)in->width * 3;

    if (!image_new(out, in->width, t->outputs, why))
        return 0;
    for (int i = 0; i < t->outputs; i++) {
        const uint8_t *from = in->rgb + (size_t)(t->first[i] - top) * stride;
        const int32_t *weight = t->weight + (size_t)i * (size_t)t->room;
        uint8_t *to = out->rgb + (size_t)i * stride;
        size_t b = 0;
        for (; b + LANE_BYTES <= stride; b += LANE_BYTES)
            weigh_lanes(from + b, stride, weight, t->count[i], to + b);
        weigh_rest(from + b, stride, weight, t->count[i], to + b, stride - b);
    }
    return 1;
}

static int copy_part(const Image *in, Box part, Image *out, Reason *why)
{
    const size_t stride = (size_t)part.width * 3;

    if (!image_new(out, part.width, part.height, why))
        return 0;
    for (int y = 0; y < part.height; y++)
        memcpy(out->rgb + (size_t)y * stride,
               in->rgb + ((size_t)(part.top + y) * (size_t)in->width + (size_t)part.left) * 3,
               stride);
    return 1;
}

/* Along y only the rows that the taps read go through the pass along x. */
static int resize_both(const Image *in, const Taps *x, const Taps *y, Image *out, Reason *why)
{
    const int top = y->first[0];
    const int rows = y->first[y->outputs - 1] + y->count[y->outputs - 1] - top;
    Image narrow;
    int ok;

    if (!resize_along_x(in, top, rows, x, &narrow, why))
        return 0;
    ok = resize_along_y(&narrow, top, y, out, why);
    image_free(&narrow);
    return ok;
}

static int resize_filtered(const Image *in, int width, int height, Box part,
                           enum kiln_filter filter, Image *out, Reason *why)
{
    Taps x = { 0 }, y = { 0 };
    int ok;

    if (taps_make(&x, in->width, width, part.left, part.width, filter) &&
        taps_make(&y, in->height, height, part.top, part.height, filter))
        ok = resize_both(in, &x, &y, out, why);
    else
        ok = reason_set(why, "out of memory");
    taps_free(&x);
    taps_free(&y);
    return ok;
}

/* --- nearest --------------------------------------------------------------------------------- */

/* Positions are added up, not multiplied, because Pillow's rounding errors add up, too. */
static void nearest_positions(int source, int size, int start, int count, int *position)
{
    const double scale = (double)source / size;
    double at = scale * 0.5;

    for (int i = 0; i < start + count; i++, at += scale)
        if (i >= start)
            position[i - start] = (int)at < source ? (int)at : source - 1;
}

static int resize_nearest(const Image *in, int width, int height, Box part, Image *out, Reason *why)
{
    int *x = malloc(((size_t)part.width + (size_t)part.height) * sizeof *x), *y;
    uint8_t *to;

    if (!x)
        return reason_set(why, "out of memory");
    y = x + part.width;
    if (!image_new(out, part.width, part.height, why)) {
        free(x);
        return 0;
    }
    nearest_positions(in->width, width, part.left, part.width, x);
    nearest_positions(in->height, height, part.top, part.height, y);
    to = out->rgb;
    for (int r = 0; r < part.height; r++)
        for (int c = 0; c < part.width; c++, to += 3)
            memcpy(to, in->rgb + ((size_t)y[r] * (size_t)in->width + (size_t)x[c]) * 3, 3);
    free(x);
    return 1;
}

int resize_part(const Image *in, int width, int height, Box part, enum kiln_filter filter,
                Image *out, Reason *why)
{
    if (width == in->width && height == in->height)
        return copy_part(in, part, out, why);
    if (filter == KILN_FILTER_NEAREST)
        return resize_nearest(in, width, height, part, out, why);
    return resize_filtered(in, width, height, part, filter, out, why);
}
