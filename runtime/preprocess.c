/* The interpreter of preprocessing steps. The last ones mostly work on each value by itself; where
 * pixels are bytes until then, those see only 256 different values a channel and become a table.
 *
 * A resize and the crop behind it run as one: pixels that are cropped away are not computed. */
#include "runtime/preprocess.h"

#include "runtime/border.h"
#include "runtime/bytes.h"
#include "runtime/move.h"
#include "runtime/resize.h"

#include <stdlib.h>
#include <string.h>

/* --- sizes ----------------------------------------------------------------------------------- */

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
    part->left = border_half(size.width - part->width);
    part->top = border_half(size.height - part->height);
    return 1;
}

static int resize(const kiln_step *step, const kiln_step *next, const Image *in, int *fused,
                  Image *out, Reason *why)
{
    const Size size = { in->width, in->height };
    ResizePlan plan;

    return plan_resize(step, next, size, fused, &plan, why) && resize_picture(in, &plan, out, why);
}

/* --- values ---------------------------------------------------------------------------------- */

static size_t values_of(const Image *image)
{
    return (size_t)image->width * (size_t)image->height * 3;
}

enum kiln_decoder preprocess_decoder(const kiln_member *member)
{
    return member->step_count > 0 && member->steps[0].op == KILN_STEP_DECODE
               ? (enum kiln_decoder)member->steps[0].method
               : KILN_DECODER_DEFAULT;
}

/* Pillow's convert("L"), or OpenCV's cvtColor() to GRAY. */
static uint8_t gray_of(int r, int g, int b, int is_opencv)
{
    return (uint8_t)(is_opencv ? (9798 * r + 19235 * g + 3735 * b + 16384) >> 15
                               : (19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
}

static void make_gray(Image *image)
{
    const int is_opencv = image->decoder >= KILN_DECODER_OPENCV;
    const int red = image->order == KILN_COLOR_BGR ? 2 : 0;

    for (uint8_t *p = image->rgb, *end = p + values_of(image); p < end; p += 3)
        p[0] = p[1] = p[2] = gray_of(p[red], p[1], p[2 - red], is_opencv);
}

static void swap_values(Image *image)
{
    const size_t count = values_of(image);

    for (size_t i = 0; i < count; i += 3)
        if (image->floats) {
            const float first = image->floats[i];
            image->floats[i] = image->floats[i + 2];
            image->floats[i + 2] = first;
        } else {
            const uint8_t first = image->rgb[i];
            image->rgb[i] = image->rgb[i + 2];
            image->rgb[i + 2] = first;
        }
}

/* Grey stays grey in any order. */
static void recolor(Image *image, enum kiln_color wanted)
{
    if (image->order == wanted || image->order == KILN_COLOR_GRAY)
        return;
    if (wanted == KILN_COLOR_GRAY)
        make_gray(image);
    else
        swap_values(image);
    image->order = wanted;
}

static float run_on_value(const kiln_step *step, float x, size_t channel)
{
    return step->op == KILN_STEP_SCALE
               ? (float)((double)x * step->v[0])
               : (x - (float)step->v[channel]) / (float)step->v[4 + channel];
}

static int to_floats(Image *image, Reason *why)
{
    const size_t count = values_of(image);

    if (image->floats)
        return 1;
    image->floats = malloc(count * sizeof *image->floats);
    if (!image->floats)
        return reason_set(why, "out of memory");
    for (size_t i = 0; i < count; i++)
        image->floats[i] = (float)image->rgb[i];
    free(image->rgb);
    image->rgb = NULL;
    return 1;
}

static int run_on_values(const kiln_step *step, Image *image, Reason *why)
{
    const size_t count = values_of(image);

    if (!to_floats(image, why))
        return 0;
    for (size_t i = 0; i < count; i++)
        image->floats[i] = run_on_value(step, image->floats[i], i % 3);
    return 1;
}

/* What NumPy's conversion to uint8 does on common processors; beyond 32 bits nobody agrees. */
static uint8_t cast_to_byte(float x)
{
    const int32_t v = x > -2147483648.0f && x < 2147483648.0f ? (int32_t)x : 0;
    return (uint8_t)((uint32_t)v & 255u);
}

static uint8_t to_byte(double v)
{
    return (uint8_t)(v <= 0.0 ? 0.0 : v >= 255.0 ? 255.0 : v + 0.5);
}

static uint8_t round_to_byte(float x)
{
    return to_byte((double)x);
}

/* Floating values become bytes; a picture of bytes stays as it is. */
static int make_bytes(Image *image, uint8_t (*byte_of)(float), Reason *why)
{
    const size_t count = values_of(image);

    if (!image->floats)
        return 1;
    image->rgb = malloc(count);
    if (!image->rgb)
        return reason_set(why, "out of memory");
    for (size_t i = 0; i < count; i++)
        image->rgb[i] = byte_of(image->floats[i]);
    free(image->floats);
    image->floats = NULL;
    return 1;
}

static int copy_image(const Image *in, Image *out, Reason *why)
{
    if (!image_new_like(out, in, in->width, in->height, why))
        return 0;
    if (in->floats)
        memcpy(out->floats, in->floats, values_of(in) * sizeof(float));
    else
        memcpy(out->rgb, in->rgb, values_of(in));
    if (!in->fourth)
        return 1;
    if (!image_add_fourth(out, why))
        return 0;
    memcpy(out->fourth, in->fourth, values_of(in) / 3);
    return 1;
}

/* --- the list of steps ----------------------------------------------------------------------- */

static int moves_pixels(const kiln_step *step)
{
    return is_resize(step) || move_is_step(step->op) || border_is_step(step->op);
}

static int move_pixels(const kiln_step *step, const kiln_step *next, const Image *in, int *fused,
                       Image *out, Reason *why)
{
    if (is_resize(step))
        return resize(step, next, in, fused, out, why);
    return (border_is_step(step->op) ? border_picture : move_picture)(step, in, out, why);
}

static int change_values(const kiln_step *step, Image *image, Reason *why)
{
    switch (step->op) {
    case KILN_STEP_COLOR:
        recolor(image, (enum kiln_color)step->method);
        return 1;
    case KILN_STEP_SCALE:
    case KILN_STEP_NORMALIZE:
        return run_on_values(step, image, why);
    case KILN_STEP_CAST:
        return make_bytes(image, cast_to_byte, why);
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
        ok = copy_image(in, out, why);
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
    recolor(view, KILN_COLOR_RGB);
    ok = make_bytes(view, round_to_byte, why);
    if (!ok)
        image_free(view);
    return ok;
}

/* --- the last steps -------------------------------------------------------------------------- */

static float run_table_steps(const kiln_member *member, int first, float x, size_t channel)
{
    for (int i = first; i < member->step_count; i++)
        x = run_on_value(&member->steps[i], x, channel);
    return x;
}

static void look_up(const kiln_member *member, int first, const Image *image, size_t channels,
                    float *input)
{
    const size_t pixels = values_of(image) / 3;
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
    const size_t channels = (size_t)member->network->input.dim[0], pixels = values_of(image) / 3;
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
