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

#ifdef __SSE2__
#include <emmintrin.h>
#endif

KILN_NO_CONTRACTION

enum { FRACTION_BITS = 22, LANES = 16, LANE_BYTES = LANES * 3, BLOCK = 16, LOW_BITS = 11 };

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

static uint8_t to_byte(int32_t sum)
{
    const int32_t v = sum >> FRACTION_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* weigh_block(): out[b] = Σ_k weight[k] in[k stride + b], for BLOCK consecutive bytes. */

#ifdef __SSE2__

typedef struct Block {
    __m128i low[4], high[4]; /* sums of 16 bytes' products with the low and high bits of weights */
} Block;

/* Adds the products of eight pairs of bytes, one of each of two taps. */
static inline void add_pairs(Block *s, int at, __m128i pairs, __m128i low, __m128i high)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i first = _mm_unpacklo_epi8(pairs, zero), second = _mm_unpackhi_epi8(pairs, zero);

    s->low[at] = _mm_add_epi32(s->low[at], _mm_madd_epi16(first, low));
    s->high[at] = _mm_add_epi32(s->high[at], _mm_madd_epi16(first, high));
    s->low[at + 1] = _mm_add_epi32(s->low[at + 1], _mm_madd_epi16(second, low));
    s->high[at + 1] = _mm_add_epi32(s->high[at + 1], _mm_madd_epi16(second, high));
}

static inline __m128i block_sum(const Block *s, int at)
{
    const __m128i half = _mm_set1_epi32(1 << (FRACTION_BITS - 1));
    const __m128i sum = _mm_add_epi32(s->low[at], _mm_slli_epi32(s->high[at], LOW_BITS));
    return _mm_srai_epi32(_mm_add_epi32(sum, half), FRACTION_BITS);
}

/* Weights are cut into their low LOW_BITS bits and the rest, which makes both fit the
 * multiplication of 16-bit integers that adds two products. */
static inline __m128i weight_pair(int32_t a, int32_t b)
{
    return _mm_set1_epi32((int32_t)((uint32_t)b << 16 | ((uint32_t)a & 0xffff)));
}

static void weigh_block(const uint8_t *in, size_t stride, const int32_t *weight, int count,
                        uint8_t *out)
{
    enum { MASK = (1 << LOW_BITS) - 1 };
    Block s;

    memset(&s, 0, sizeof s);
    for (int k = 0; k < count; k += 2, in += 2 * stride) {
        const int32_t w = weight[k], v = k + 1 < count ? weight[k + 1] : 0;
        const __m128i low = weight_pair(w & MASK, v & MASK);
        const __m128i high = weight_pair(w >> LOW_BITS, v >> LOW_BITS);
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)in);
        const __m128i b = k + 1 < count
                              ? _mm_loadu_si128((const __m128i *)(const void *)(in + stride))
                              : a;
        add_pairs(&s, 0, _mm_unpacklo_epi8(a, b), low, high);
        add_pairs(&s, 2, _mm_unpackhi_epi8(a, b), low, high);
    }
    _mm_storeu_si128((__m128i *)(void *)out,
                     _mm_packus_epi16(_mm_packs_epi32(block_sum(&s, 0), block_sum(&s, 1)),
                                      _mm_packs_epi32(block_sum(&s, 2), block_sum(&s, 3))));
}

#else

static void weigh_block(const uint8_t *in, size_t stride, const int32_t *weight, int count,
                        uint8_t *out)
{
    int32_t sum[BLOCK];

    for (int b = 0; b < BLOCK; b++)
        sum[b] = 1 << (FRACTION_BITS - 1);
    for (int k = 0; k < count; k++, in += stride)
        for (int b = 0; b < BLOCK; b++)
            sum[b] += in[b] * weight[k];
    for (int b = 0; b < BLOCK; b++)
        out[b] = to_byte(sum[b]);
}

#endif

/* The same for a number of bytes below BLOCK. */
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

/* lanes[x][row][3] = pixel x of `rows` consecutive rows. Four bytes are moved at a time where the
 * last of them is overwritten by the next row. */
static void interleave(const uint8_t *in, size_t stride, int count, int rows, uint8_t *lanes)
{
    for (int r = 0; r < rows; r++, in += stride, lanes += 3) {
        const int whole = r + 1 < rows ? count - 1 : 0; /* no byte behind the row is read */
        for (int x = 0; x < whole; x++)
            memcpy(lanes + (size_t)x * LANE_BYTES, in + 3 * x, 4);
        for (int x = whole; x < count; x++)
            memcpy(lanes + (size_t)x * LANE_BYTES, in + 3 * x, 3);
    }
}

/* Source pixels that the taps read. */
static int taps_span(const Taps *t)
{
    return t->first[t->outputs - 1] + t->count[t->outputs - 1] - t->first[0];
}

/* Resizes up to LANES rows of `in` along x. */
static void resize_rows(const Taps *t, const uint8_t *in, size_t in_stride, int rows,
                        uint8_t *lanes, uint8_t *out)
{
    const int left = t->first[0];
    const size_t out_stride = (size_t)t->outputs * 3;
    uint8_t sums[LANE_BYTES];

    interleave(in + (size_t)left * 3, in_stride, taps_span(t), rows, lanes);
    for (int i = 0; i < t->outputs; i++) {
        for (size_t b = 0; b < LANE_BYTES; b += BLOCK)
            weigh_block(lanes + (size_t)(t->first[i] - left) * LANE_BYTES + b, LANE_BYTES,
                        t->weight + (size_t)i * (size_t)t->room, t->count[i], sums + b);
        for (int r = 0; r < rows; r++)
            memcpy(out + (size_t)r * out_stride + 3 * (size_t)i, sums + 3 * r, 3);
    }
}

/* Row i of `out` from the rows of `in` that start with the one that output 0 reads. */
static void resize_columns(const Taps *t, const Image *in, int i, uint8_t *out)
{
    const size_t stride = (size_t)in->width * 3;
    const uint8_t *from = in->rgb + (size_t)(t->first[i] - t->first[0]) * stride;
    const int32_t *weight = t->weight + (size_t)i * (size_t)t->room;
    size_t b = 0;

    for (; b + BLOCK <= stride; b += BLOCK)
        weigh_block(from + b, stride, weight, t->count[i], out + b);
    weigh_rest(from + b, stride, weight, t->count[i], out + b, stride - b);
}

/* --- row by row ------------------------------------------------------------------------------ */

struct Resizer {
    Taps x, y;
    size_t stride;  /* of source rows */
    int top, end;   /* the source rows that are read */
    int filled;     /* rows of the strip that were handed out */
    int finished;   /* rows of `narrow` */
    uint8_t *strip; /* [LANES] source rows */
    uint8_t *lanes; /* a strip, interleaved */
    Image narrow;   /* rows top .. end - 1 after the pass along x */
};

void resizer_free(Resizer *r)
{
    if (!r)
        return;
    taps_free(&r->x);
    taps_free(&r->y);
    image_free(&r->narrow);
    free(r->strip);
    free(r->lanes);
    free(r);
}

static int fill_resizer(Resizer *r, const ResizePlan *p, Reason *why)
{
    if (!taps_make(&r->x, p->in_width, p->width, p->part.left, p->part.width, p->filter) ||
        !taps_make(&r->y, p->in_height, p->height, p->part.top, p->part.height, p->filter))
        return reason_set(why, "out of memory");
    r->stride = (size_t)p->in_width * 3;
    r->top = r->y.first[0];
    r->end = r->top + taps_span(&r->y);
    r->lanes = calloc((size_t)taps_span(&r->x), LANE_BYTES);
    r->strip = malloc(LANES * r->stride);
    if (!r->lanes || !r->strip)
        return reason_set(why, "out of memory");
    return image_new(&r->narrow, r->x.outputs, r->end - r->top, why);
}

Resizer *resizer_new(const ResizePlan *plan, Reason *why)
{
    Resizer *r = calloc(1, sizeof *r);

    if (!r) {
        reason_write(why, "out of memory");
        return NULL;
    }
    if (fill_resizer(r, plan, why))
        return r;
    resizer_free(r);
    return NULL;
}

/* The next `rows` of the rows that are read, at most LANES. */
static void narrow_rows(Resizer *r, const uint8_t *in, int rows)
{
    resize_rows(&r->x, in, r->stride, rows, r->lanes,
                r->narrow.rgb + (size_t)r->finished * (size_t)r->narrow.width * 3);
    r->finished += rows;
}

static void narrow_strip(Resizer *r)
{
    narrow_rows(r, r->strip, r->filled);
    r->filled = 0;
}

Box resizer_source(const Resizer *r)
{
    const Box box = { r->x.first[0], r->top, taps_span(&r->x), r->end - r->top };
    return box;
}

uint8_t *resizer_next_row(Resizer *r)
{
    if (r->filled == LANES)
        narrow_strip(r);
    return r->strip + (size_t)r->filled++ * r->stride;
}

static int resize_along_y(const Resizer *r, Image *out, Reason *why)
{
    if (!image_new(out, r->narrow.width, r->y.outputs, why))
        return 0;
    for (int i = 0; i < r->y.outputs; i++)
        resize_columns(&r->y, &r->narrow, i, out->rgb + (size_t)i * (size_t)out->width * 3);
    return 1;
}

int resizer_finish(Resizer *r, Image *out, Reason *why)
{
    narrow_strip(r);
    return resize_along_y(r, out, why);
}

/* --- whole pictures -------------------------------------------------------------------------- */

static int resize_filtered(const Image *in, const ResizePlan *plan, Image *out, Reason *why)
{
    Resizer *r = resizer_new(plan, why);
    int ok;

    if (!r)
        return 0;
    for (int y = r->top; y < r->end; y += LANES)
        narrow_rows(r, in->rgb + (size_t)y * r->stride, r->end - y < LANES ? r->end - y : LANES);
    ok = resize_along_y(r, out, why);
    resizer_free(r);
    return ok;
}

/* The identity, of any picture. */
static int copy_part(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    ResizePlan same = *p;
    same.filter = KILN_FILTER_OPENCV_NEAREST;
    return resize_nearest(in, &same, out, why);
}

static int is_nearest(enum kiln_filter filter)
{
    return filter == KILN_FILTER_NEAREST || filter == KILN_FILTER_OPENCV_NEAREST ||
           filter == KILN_FILTER_TENSORFLOW_NEAREST;
}

int resize_is_streamed(const ResizePlan *p)
{
    return p->filter > KILN_FILTER_NEAREST && p->filter <= KILN_FILTER_LANCZOS &&
           (p->width != p->in_width || p->height != p->in_height);
}

static int resize(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    if (p->filter == KILN_FILTER_TENSORFLOW_BILINEAR)
        return resize_tensorflow(in, p, out, why);
    if (p->width == in->width && p->height == in->height)
        return copy_part(in, p, out, why);
    if (in->kind != IMAGE_PLAIN)
        return resize_own(in, p, out, why);
    if (is_nearest(p->filter))
        return resize_nearest(in, p, out, why);
    return (p->filter > KILN_FILTER_LANCZOS ? resize_opencv : resize_filtered)(in, p, out, why);
}

int resize_picture(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    if (!resize(in, p, out, why))
        return 0;
    image_inherit(out, in);
    return 1;
}
