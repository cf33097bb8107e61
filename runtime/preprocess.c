/* The interpreter of preprocessing steps. Those on 8-bit pixels come first in every list, so that
 * the steps on floats see only 256 different values a channel and become a table of them.
 *
 * A resize and the crop behind it run as one: pixels that are cropped away are not computed. */
#include "runtime/preprocess.h"

#include "runtime/move.h"
#include "runtime/resize.h"

#include <string.h>

int preprocess_is_on_floats(int op)
{
    return op == KILN_STEP_SCALE || op == KILN_STEP_NORMALIZE;
}

/* --- 8-bit pixels ---------------------------------------------------------------------------- */

/* Half of the difference, halves to even, as Python's round() does. */
static int half_to_even(int difference)
{
    const int half = difference / 2;
    return difference % 2 == 0 ? half : half + (half % 2 != 0);
}

typedef struct Size {
    int width, height;
} Size;

/* The size after a resize step; a shorter side of given length, the other one rounded down. */
static int resized_size(const kiln_step *step, Size in, Size *size, Reason *why)
{
    const int64_t w = in.width, h = in.height, side = step->n[0];
    int64_t width = step->n[1], height = step->n[0];

    if (step->op == KILN_STEP_RESIZE_SHORTER) {
        width = w <= h ? side : side * w / h;
        height = w <= h ? side * h / w : side;
    }
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE || width * height > IMAGE_MAX_PIXELS)
        return reason_set(why, "%d x %d pixels would be resized to %lld x %lld, beyond the limit",
                          in.width, in.height, (long long)width, (long long)height);
    size->width = (int)width;
    size->height = (int)height;
    return 1;
}

/* A resize, and the crop behind it where *fused. */
static int plan_resize(const kiln_step *step, const kiln_step *next, Size in, int *fused,
                       ResizePlan *plan, Reason *why)
{
    Size size;
    Box *part = &plan->part;

    if (!resized_size(step, in, &size, why))
        return 0;
    *fused = next && next->op == KILN_STEP_CENTER_CROP && next->n[0] <= size.height &&
             next->n[1] <= size.width;
    plan->in_width = in.width;
    plan->in_height = in.height;
    plan->width = size.width;
    plan->height = size.height;
    plan->filter = (enum kiln_filter)step->method;
    part->width = *fused ? next->n[1] : size.width;
    part->height = *fused ? next->n[0] : size.height;
    part->left = half_to_even(size.width - part->width);
    part->top = half_to_even(size.height - part->height);
    return 1;
}

static int resize(const kiln_step *step, const kiln_step *next, const Image *in, int *fused,
                  Image *out, Reason *why)
{
    const Size size = { in->width, in->height };
    ResizePlan plan;

    return plan_resize(step, next, size, fused, &plan, why) && resize_picture(in, &plan, out, why);
}

static uint8_t to_byte(double v)
{
    return (uint8_t)(v <= 0.0 ? 0.0 : v >= 255.0 ? 255.0 : v + 0.5);
}

/* Lays `in` with its upper left corner at (left, top), which may be negative, on a canvas. */
static int lay_on(const Image *in, int left, int top, Size canvas, const double fill[3], Image *out,
                  Reason *why)
{
    const uint8_t color[3] = { to_byte(fill[0]), to_byte(fill[1]), to_byte(fill[2]) };
    uint8_t *to;

    if (!image_new(out, canvas.width, canvas.height, why))
        return 0;
    to = out->rgb;
    for (int y = -top; y < canvas.height - top; y++)
        for (int x = -left; x < canvas.width - left; x++, to += 3) {
            const int inside = x >= 0 && y >= 0 && x < in->width && y < in->height;
            memcpy(to, inside ? in->rgb + ((size_t)y * (size_t)in->width + (size_t)x) * 3 : color,
                   3);
        }
    return 1;
}

/* As torchvision: a side that is too short is first padded, half of it (rounded down) in front. */
static int crop_start(int size, int wanted)
{
    return size >= wanted ? half_to_even(size - wanted) : -((wanted - size) / 2);
}

static int center_crop(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const Size canvas = { step->n[1], step->n[0] };

    return lay_on(in, -crop_start(in->width, canvas.width), -crop_start(in->height, canvas.height),
                  canvas, step->v, out, why);
}

static int pad(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const Size canvas = { in->width + step->n[1] + step->n[3],
                          in->height + step->n[0] + step->n[2] };

    return lay_on(in, step->n[1], step->n[0], canvas, step->v, out, why);
}

/* Grey is Pillow's L, in all three channels. */
static void recolor_pixel(int color, const uint8_t *in, uint8_t *out)
{
    const int r = in[0], g = in[1], b = in[2];
    const int gray = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;

    out[0] = (uint8_t)(color == KILN_COLOR_GRAY ? gray : color == KILN_COLOR_BGR ? b : r);
    out[1] = (uint8_t)(color == KILN_COLOR_GRAY ? gray : g);
    out[2] = (uint8_t)(color == KILN_COLOR_GRAY ? gray : color == KILN_COLOR_BGR ? r : b);
}

static int recolor(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const size_t pixels = (size_t)in->width * (size_t)in->height;

    if (!image_new(out, in->width, in->height, why))
        return 0;
    for (size_t i = 0; i < pixels; i++)
        recolor_pixel(step->method, in->rgb + 3 * i, out->rgb + 3 * i);
    return 1;
}

static int run_step(const kiln_step *step, const kiln_step *next, const Image *in, int *fused,
                    Image *out, Reason *why)
{
    if (move_is_step(step->op))
        return move_picture(step, in, out, why);
    switch (step->op) {
    case KILN_STEP_COLOR:
        return recolor(step, in, out, why);
    case KILN_STEP_RESIZE:
    case KILN_STEP_RESIZE_SHORTER:
        return resize(step, next, in, fused, out, why);
    case KILN_STEP_CENTER_CROP:
        return center_crop(step, in, out, why);
    case KILN_STEP_PAD:
        return pad(step, in, out, why);
    default:
        return reason_set(why, "preprocessing step %d is unknown to this program", step->op);
    }
}

/* Pictures are RGB already: that step would only copy. */
static int does_nothing(const kiln_step *step)
{
    return step->op == KILN_STEP_COLOR && step->method == KILN_COLOR_RGB;
}

static int is_resize(const kiln_step *step)
{
    return step->op == KILN_STEP_RESIZE || step->op == KILN_STEP_RESIZE_SHORTER;
}

static const kiln_step *step_after(const kiln_member *member, int i)
{
    return i + 1 < member->step_count ? &member->steps[i + 1] : NULL;
}

/* Runs the steps on pixels from step `first`. */
static int run_from(const kiln_member *member, int first, const Image *in, Image *out, Reason *why)
{
    const kiln_step *steps = member->steps;
    Image now = *in;

    for (int i = first; i < member->step_count && !preprocess_is_on_floats(steps[i].op); i++) {
        int fused = 0, ok;
        if (does_nothing(&steps[i]))
            continue;
        ok = run_step(&steps[i], step_after(member, i), &now, &fused, out, why);
        if (now.rgb != in->rgb)
            image_free(&now);
        if (!ok)
            return 0;
        now = *out;
        i += fused;
    }
    *out = now;
    if (now.rgb != in->rgb)
        return 1;
    if (!image_new(out, in->width, in->height, why))
        return 0;
    memcpy(out->rgb, in->rgb, (size_t)in->width * (size_t)in->height * 3);
    return 1;
}

int preprocess_pixels(const kiln_member *member, const Image *in, Image *out, Reason *why)
{
    return run_from(member, 0, in, out, why);
}

/* --- floats ---------------------------------------------------------------------------------- */

static float run_on_float(const kiln_member *member, float x, int channel)
{
    for (int i = 0; i < member->step_count; i++) {
        const kiln_step *step = &member->steps[i];
        if (step->op == KILN_STEP_SCALE)
            x = (float)((double)x * step->v[0]);
        else if (step->op == KILN_STEP_NORMALIZE)
            x = (x - (float)step->v[channel]) / (float)step->v[4 + channel];
    }
    return x;
}

int preprocess_floats(const kiln_member *member, const Image *image, float *input, Reason *why)
{
    const int *dim = member->network->input.dim;
    const size_t channels = (size_t)dim[0], pixels = (size_t)dim[1] * (size_t)dim[2];
    float table[3][256];

    if (image->width != dim[2] || image->height != dim[1])
        return reason_set(why, "%d x %d pixels after preprocessing, the network expects %d x %d",
                          image->width, image->height, dim[2], dim[1]);
    for (size_t c = 0; c < channels; c++)
        for (int v = 0; v < 256; v++)
            table[c][v] = run_on_float(member, (float)v, (int)c);
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            input[i * channels + c] = table[c][image->rgb[3 * i + c]];
    return 1;
}

static int finish_from(const kiln_member *member, int first, const Image *in, float *input,
                       Reason *why)
{
    Image pixels = { 0, 0, NULL };
    int ok;

    if (!run_from(member, first, in, &pixels, why))
        return 0;
    ok = preprocess_floats(member, &pixels, input, why);
    image_free(&pixels);
    return ok;
}

int preprocess_picture(const kiln_member *member, const Image *in, float *input, Reason *why)
{
    return finish_from(member, 0, in, input, why);
}

/* --- while decoding -------------------------------------------------------------------------- */

typedef struct Stream {
    const kiln_member *member;
    int step; /* the resize */
    int next; /* the step after what the resizer does */
    Resizer *resizer;
    int is_refused; /* what this picture needs is not done row by row */
} Stream;

static int begin_stream(void *context, Box *wanted, Reason *why)
{
    Stream *s = context;
    const Size size = { wanted->width, wanted->height };
    ResizePlan plan;
    int fused = 0;

    s->is_refused = !plan_resize(&s->member->steps[s->step], step_after(s->member, s->step), size,
                                 &fused, &plan, why) ||
                    !resize_is_streamed(&plan);
    if (s->is_refused)
        return 0;
    s->next = s->step + 1 + fused;
    s->resizer = resizer_new(&plan, why);
    if (s->resizer)
        *wanted = resizer_source(s->resizer);
    return s->resizer != NULL;
}

static uint8_t *next_stream_row(void *context)
{
    const Stream *s = context;
    return resizer_next_row(s->resizer);
}

static int finish_stream(Stream *s, float *input, Reason *why)
{
    Image image;
    int ok;

    if (!resizer_finish(s->resizer, &image, why))
        return 0;
    ok = finish_from(s->member, s->next, &image, input, why);
    image_free(&image);
    return ok;
}

/* Decodes the whole picture first. */
static int preprocess_decoded(const kiln_member *member, const uint8_t *bytes, size_t length,
                              float *input, Reason *why)
{
    Image image;
    int ok;

    if (!image_decode(bytes, length, IMAGE_MAX_PIXELS, &image, why))
        return 0;
    ok = preprocess_picture(member, &image, input, why);
    image_free(&image);
    return ok;
}

int preprocess_encoded(const kiln_member *member, const uint8_t *bytes, size_t length, float *input,
                       Reason *why)
{
    Stream s = { .member = member };
    const RowSink sink = { begin_stream, next_stream_row, &s };
    int ok;

    while (s.step < member->step_count && does_nothing(&member->steps[s.step]))
        s.step++;
    if (s.step == member->step_count || !is_resize(&member->steps[s.step]) ||
        !image_is_streamed(bytes, length))
        return preprocess_decoded(member, bytes, length, input, why);
    ok = image_decode_rows(bytes, length, IMAGE_MAX_PIXELS, &sink, why) &&
         finish_stream(&s, input, why);
    resizer_free(s.resizer);
    return s.is_refused ? preprocess_decoded(member, bytes, length, input, why) : ok;
}
