/* Crops and borders: a picture laid on a canvas of another size. */
#include "runtime/border.h"

#include "runtime/image.h"

#include <string.h>

typedef struct Size {
    int width, height;
} Size;

int border_half(int difference)
{
    const int half = difference / 2;
    return difference % 2 == 0 ? half : half + (half % 2 != 0);
}

static uint8_t to_byte(double v)
{
    return (uint8_t)(v <= 0.0 ? 0.0 : v >= 255.0 ? 255.0 : v + 0.5);
}

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
    const uint8_t color[3] = { to_byte(fill[0]), to_byte(fill[1]), to_byte(fill[2]) };
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
    return size >= wanted ? border_half(size - wanted) : -((wanted - size) / 2);
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

int border_is_step(int op)
{
    return op == KILN_STEP_CENTER_CROP || op == KILN_STEP_PAD || op == KILN_STEP_PAD_TO ||
           op == KILN_STEP_PAD_RATIO;
}

int border_picture(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    switch (step->op) {
    case KILN_STEP_CENTER_CROP:
        return center_crop(step, in, out, why);
    case KILN_STEP_PAD:
        return pad(step, in, out, why);
    case KILN_STEP_PAD_TO:
        return pad_to(step, in, out, why);
    default:
        return pad_ratio(step, in, out, why);
    }
}
