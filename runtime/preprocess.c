/* The interpreter of preprocessing steps. The last ones mostly work on each value by itself; where
 * pixels are bytes until then, those see only 256 different values a channel and become a table.
 *
 * A resize and the crop behind it run as one: pixels that are cropped away are not computed. */
#include "runtime/preprocess.h"

#include "runtime/bytes.h"
#include "runtime/move.h"
#include "runtime/resize.h"
#include "runtime/values.h"

#include <stdlib.h>
#include <string.h>

/* --- sizes ----------------------------------------------------------------------------------- */

/* Half of the difference, halves to even, as Python's round() does. */
static int half_to_even(int difference)
{
    const int half = difference / 2;
    return difference % 2 == 0 ? half : half + (half % 2 != 0);
}

typedef struct Size {
    int width, height;
} Size;

static int is_resize(const kiln_step *step)
{
    return step->op == KILN_STEP_RESIZE || step->op == KILN_STEP_RESIZE_SHORTER ||
           step->op == KILN_STEP_RESIZE_WITHIN;
}

/* The largest size of the picture's shape inside the step's, both sides truncated. */
static void fit_within(const kiln_step *step, Size in, int64_t *width, int64_t *height)
{
    const double across = (double)step->n[1] / in.width, down = (double)step->n[0] / in.height;
    const double k = across < down ? across : down;

    *width = (int64_t)(in.width * k);
    *height = (int64_t)(in.height * k);
}

/* The size after a resize step; a shorter side of given length, the other one rounded down. */
static int resized_size(const kiln_step *step, Size in, Size *size, Reason *why)
{
    const int64_t w = in.width, h = in.height, side = step->n[0];
    int64_t width = step->n[1], height = step->n[0];

    if (step->op == KILN_STEP_RESIZE_WITHIN)
        fit_within(step, in, &width, &height);
    if (step->op == KILN_STEP_RESIZE_SHORTER) {
        width = w <= h ? side : side * w / h;
        height = w <= h ? side * h / w : side;
    }
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE || width * height > IMAGE_MAX_PIXELS)
        return reason_set(why, "%d x %d pixels would be resized to %lld x %lld, beyond the limit",
                          in.width, in.height, (long long)width, (long long)height);
    if (width < 1 || height < 1)
        return reason_set(why, "%d x %d pixels would be resized to %lld x %lld: nothing is left",
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

/* --- crops and borders ----------------------------------------------------------------------- */

/* Lays a picture with its upper left corner at (left, top), which may be negative, on a canvas that
 * is filled with one pixel. */
static void lay_pixels(const void *in, Size size, size_t pixel, const void *fill, int left, int top,
                       Size canvas, void *out)
{
    const int first = left > 0 ? left : 0;
    const int end = left + size.width < canvas.width ? left + size.width : canvas.width;
    const char *from = in;
    char *to = out;

    for (int y = 0; y < canvas.height; y++, to += (size_t)canvas.width * pixel) {
        const int inside = y >= top && y < top + size.height && first < end;
        for (int x = 0; x < (inside ? first : canvas.width); x++)
            memcpy(to + (size_t)x * pixel, fill, pixel);
        if (!inside)
            continue;
        memcpy(to + (size_t)first * pixel,
               from + ((size_t)(y - top) * (size_t)size.width + (size_t)(first - left)) * pixel,
               (size_t)(end - first) * pixel);
        for (int x = end; x < canvas.width; x++)
            memcpy(to + (size_t)x * pixel, fill, pixel);
    }
}

static int lay_on(const Image *in, int left, int top, Size canvas, const double fill[3], Image *out,
                  Reason *why)
{
    const uint8_t color[3] = { values_byte(fill[0]), values_byte(fill[1]), values_byte(fill[2]) };
    const float values[3] = { (float)fill[0], (float)fill[1], (float)fill[2] };
    const Size size = { in->width, in->height };

    if ((int64_t)canvas.width * canvas.height > IMAGE_MAX_PIXELS)
        return reason_set(why, "%d x %d pixels would be laid on %d x %d, beyond the limit",
                          in->width, in->height, canvas.width, canvas.height);
    if (!image_new_like(out, in, canvas.width, canvas.height, why))
        return 0;
    if (in->floats)
        lay_pixels(in->floats, size, sizeof values, values, left, top, canvas, out->floats);
    else
        lay_pixels(in->rgb, size, sizeof color, color, left, top, canvas, out->rgb);
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

static int pad_to(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const Size canvas = { step->n[1], step->n[0] };

    if (in->width > canvas.width || in->height > canvas.height)
        return reason_set(why, "%d x %d pixels are larger than the %d x %d they are padded to",
                          in->width, in->height, canvas.width, canvas.height);
    return lay_on(in, (canvas.width - in->width) / 2, (canvas.height - in->height) / 2, canvas,
                  step->v, out, why);
}

/* The shorter axis gets the same number of pixels at both ends, so it may stay one short. */
static int pad_ratio(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const int64_t w = in->width, h = in->height, tall = step->n[0], wide = step->n[1];
    const int64_t across = w * tall < h * wide ? (h * wide / tall - w) / 2 : 0;
    const int64_t down = h * wide < w * tall ? (w * tall / wide - h) / 2 : 0;
    const Size canvas = { (int)(w + 2 * across), (int)(h + 2 * down) };

    if (w + 2 * across > IMAGE_MAX_SIDE || h + 2 * down > IMAGE_MAX_SIDE)
        return reason_set(why, "%d x %d pixels would be padded beyond the limit of %d a side",
                          in->width, in->height, IMAGE_MAX_SIDE);
    return lay_on(in, (int)across, (int)down, canvas, step->v, out, why);
}

/* --- the list of steps ----------------------------------------------------------------------- */

enum kiln_decoder preprocess_decoder(const kiln_member *member)
{
    return member->step_count > 0 && member->steps[0].op == KILN_STEP_DECODE
               ? (enum kiln_decoder)member->steps[0].method
               : KILN_DECODER_DEFAULT;
}

static int moves_pixels(const kiln_step *step)
{
    return is_resize(step) || move_is_step(step->op) || step->op == KILN_STEP_CENTER_CROP ||
           step->op == KILN_STEP_PAD || step->op == KILN_STEP_PAD_TO ||
           step->op == KILN_STEP_PAD_RATIO;
}

static int move_pixels(const kiln_step *step, const kiln_step *next, const Image *in, int *fused,
                       Image *out, Reason *why)
{
    if (move_is_step(step->op))
        return move_picture(step, in, out, why);
    if (move_is_step(step->op))
        return move_picture(step, in, out, why);
    switch (step->op) {
    case KILN_STEP_CENTER_CROP:
        return center_crop(step, in, out, why);
    case KILN_STEP_PAD:
        return pad(step, in, out, why);
    case KILN_STEP_PAD_TO:
        return pad_to(step, in, out, why);
    case KILN_STEP_PAD_RATIO:
        return pad_ratio(step, in, out, why);
    default:
        return resize(step, next, in, fused, out, why);
    }
}

static int change_values(const kiln_step *step, Image *image, Reason *why)
{
    switch (step->op) {
    case KILN_STEP_COLOR:
        values_recolor(image, (enum kiln_color)step->method);
        return 1;
    case KILN_STEP_SCALE:
    case KILN_STEP_NORMALIZE:
        return values_run_step(step, image, why);
    case KILN_STEP_CAST:
        return values_cast(image, why);
    default:
        return reason_set(why, "preprocessing step %d is unknown to this program", step->op);
    }
}

static int is_table_step(const kiln_step *step)
{
    return step->op == KILN_STEP_SCALE || step->op == KILN_STEP_NORMALIZE;
}

int preprocess_pixel_steps(const kiln_member *member)
{
    int i = member->step_count;

    while (i > 0 && is_table_step(&member->steps[i - 1]))
        i--;
    return i;
}

/* Runs a step on *image, which is replaced; `next` is the one behind it, or NULL. */
static int run_step(const kiln_step *step, const kiln_step *next, int *fused, Image *image,
                    Reason *why)
{
    Image out = { 0 };
    int ok;

    if (!is_resize(step))
        image_to_rgb(image);
    if (!moves_pixels(step))
        return change_values(step, image, why);
    ok = move_pixels(step, next, image, fused, &out, why);
    image_free(image);
    *image = out;
    return ok;
}

/* A step that would only copy. */
static int does_nothing(const kiln_step *step, const Image *image)
{
    return step->op == KILN_STEP_DECODE ||
           (step->op == KILN_STEP_COLOR && image->kind == IMAGE_PLAIN &&
            (int)image->order == step->method);
}

/* Runs steps first .. end - 1 on *image, which is replaced; freed where that fails. */
static int run_steps(const kiln_step *steps, int first, int end, Image *image, Reason *why)
{
    for (int i = first; i < end; i++) {
        int fused = 0;
        if (does_nothing(&steps[i], image))
            continue;
        if (!run_step(&steps[i], i + 1 < end ? &steps[i + 1] : NULL, &fused, image, why)) {
            image_free(image);
            return 0;
        }
        i += fused;
    }
    return 1;
}

/* A first step that moves pixels needs no copy of them. */
int preprocess_steps(const kiln_step *steps, int count, const Image *in, Image *out, Reason *why)
{
    int first = 0, fused = 0, ok;

    while (first < count && does_nothing(&steps[first], in))
        first++;
    if (first < count && moves_pixels(&steps[first]) &&
        (is_resize(&steps[first]) || in->kind == IMAGE_PLAIN)) {
        memset(out, 0, sizeof *out);
        ok = move_pixels(&steps[first], first + 1 < count ? &steps[first + 1] : NULL, in, &fused,
                         out, why);
        first += 1 + fused;
    } else {
        ok = values_copy(in, out, why);
    }
    if (ok)
        return run_steps(steps, first, count, out, why);
    image_free(out);
    return 0;
}

int preprocess_pixels(const kiln_member *member, const Image *in, Image *out, Reason *why)
{
    return preprocess_steps(member->steps, preprocess_pixel_steps(member), in, out, why);
}

/* Steps that change values are left out, so that what is seen stays a picture. */
int preprocess_view(const kiln_member *member, const Image *picture, Image *view, Reason *why)
{
    kiln_step *steps = malloc((size_t)(member->step_count + 1) * sizeof *steps);
    int count = 0, ok;

    if (!steps)
        return reason_set(why, "out of memory");
    for (int i = 0; i < member->step_count; i++)
        if (!is_table_step(&member->steps[i]) && member->steps[i].op != KILN_STEP_CAST)
            steps[count++] = member->steps[i];
    ok = preprocess_steps(steps, count, picture, view, why);
    free(steps);
    if (!ok)
        return 0;
    image_to_rgb(view);
    values_recolor(view, KILN_COLOR_RGB);
    ok = values_round(view, why);
    if (!ok)
        image_free(view);
    return ok;
}

/* --- the last steps -------------------------------------------------------------------------- */

static float run_table_steps(const kiln_member *member, int first, float x, size_t channel)
{
    for (int i = first; i < member->step_count; i++)
        x = values_step(&member->steps[i], x, channel);
    return x;
}

static void look_up(const kiln_member *member, int first, const Image *image, size_t channels,
                    float *input)
{
    const size_t pixels = values_count(image) / 3;
    float table[3][256];

    for (size_t c = 0; c < channels; c++)
        for (int v = 0; v < 256; v++)
            table[c][v] = run_table_steps(member, first, (float)v, c);
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            input[i * channels + c] = table[c][image->rgb[3 * i + c]];
}

static void finish_values(const kiln_member *member, const Image *image, float *input)
{
    const size_t channels = (size_t)member->network->input.dim[0], pixels = values_count(image) / 3;
    const int first = preprocess_pixel_steps(member);

    if (image->rgb) {
        look_up(member, first, image, channels, input);
        return;
    }
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            input[i * channels + c] = run_table_steps(member, first, image->floats[3 * i + c], c);
}

int preprocess_floats(const kiln_member *member, const Image *image, float *input, Reason *why)
{
    const int *dim = member->network->input.dim;
    Image rgb;

    if (image->width != dim[2] || image->height != dim[1])
        return reason_set(why, "%d x %d pixels after preprocessing, the network expects %d x %d",
                          image->width, image->height, dim[2], dim[1]);
    if (image->kind == IMAGE_PLAIN) {
        finish_values(member, image, input);
        return 1;
    }
    if (!preprocess_steps(NULL, 0, image, &rgb, why))
        return 0;
    image_to_rgb(&rgb);
    finish_values(member, &rgb, input);
    image_free(&rgb);
    return 1;
}

/* Takes *image over. */
static int finish_from(const kiln_member *member, int first, Image *image, float *input,
                       Reason *why)
{
    int ok;

    if (!run_steps(member->steps, first, preprocess_pixel_steps(member), image, why))
        return 0;
    ok = preprocess_floats(member, image, input, why);
    image_free(image);
    return ok;
}

int preprocess_picture(const kiln_member *member, const Image *in, float *input, Reason *why)
{
    Image pixels;
    int ok;

    if (!preprocess_pixels(member, in, &pixels, why))
        return 0;
    ok = preprocess_floats(member, &pixels, input, why);
    image_free(&pixels);
    return ok;
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
    const int is_last = s->step + 1 == s->member->step_count;
    const kiln_step *next = is_last ? NULL : &s->member->steps[s->step + 1];
    ResizePlan plan;
    int fused = 0;

    s->is_refused = !plan_resize(&s->member->steps[s->step], next, size, &fused, &plan, why) ||
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

    if (!resizer_finish(s->resizer, &image, why))
        return 0;
    return finish_from(s->member, s->next, &image, input, why);
}

int preprocess_load(const kiln_member *member, const char *path, Image *image, Reason *why)
{
    Bytes bytes;
    int ok;

    memset(image, 0, sizeof *image);
    if (!bytes_read(path, &bytes, why))
        return 0;
    ok = image_decode_as(preprocess_decoder(member), bytes.at, bytes.length, IMAGE_MAX_PIXELS,
                         image, why);
    bytes_free(&bytes);
    return ok;
}

/* Decodes the whole picture first. */
static int preprocess_decoded(const kiln_member *member, const uint8_t *bytes, size_t length,
                              float *input, Reason *why)
{
    Image image;

    return image_decode_as(preprocess_decoder(member), bytes, length, IMAGE_MAX_PIXELS, &image,
                           why) &&
           finish_from(member, 0, &image, input, why);
}

int preprocess_encoded(const kiln_member *member, const uint8_t *bytes, size_t length, float *input,
                       Reason *why)
{
    Stream s = { .member = member };
    const RowSink sink = { .begin = begin_stream, .next_row = next_stream_row, .context = &s };
    const Image rgb = { 0 };
    int ok;

    while (s.step < member->step_count && does_nothing(&member->steps[s.step], &rgb))
        s.step++;
    if (s.step == member->step_count || !is_resize(&member->steps[s.step]) ||
        preprocess_decoder(member) > KILN_DECODER_PILLOW || !image_is_streamed(bytes, length))
        return preprocess_decoded(member, bytes, length, input, why);
    ok = image_decode_rows(bytes, length, IMAGE_MAX_PIXELS, &sink, why) &&
         finish_stream(&s, input, why);
    resizer_free(s.resizer);
    return s.is_refused ? preprocess_decoded(member, bytes, length, input, why) : ok;
}
