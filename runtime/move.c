/* Every pixel of the result comes from one of the picture, or from the fill. */
#include "runtime/move.h"

#include <string.h>

int move_is_step(int op)
{
    return op == KILN_STEP_FLIP || op == KILN_STEP_TURN || op == KILN_STEP_SHIFT ||
           op == KILN_STEP_CORNER_CROP;
}

typedef struct Place {
    int x, y;
} Place;

static Place source_of_turn(int quarters, const Image *in, Place to)
{
    const Place turned[4] = { { to.x, to.y },
                              { in->width - 1 - to.y, to.x },
                              { in->width - 1 - to.x, in->height - 1 - to.y },
                              { to.y, in->height - 1 - to.x } };

    return turned[quarters];
}

/* Where the pixel at `to` comes from. */
static Place source_of(const kiln_step *step, const Image *in, Place to)
{
    const int right = step->method == KILN_CORNER_TOP_RIGHT ||
                      step->method == KILN_CORNER_BOTTOM_RIGHT;
    const int bottom = step->method == KILN_CORNER_BOTTOM_LEFT ||
                       step->method == KILN_CORNER_BOTTOM_RIGHT;

    switch (step->op) {
    case KILN_STEP_FLIP:
        if (step->method == KILN_FLIP_HORIZONTAL)
            to.x = in->width - 1 - to.x;
        else
            to.y = in->height - 1 - to.y;
        return to;
    case KILN_STEP_TURN:
        return source_of_turn(step->n[0] & 3, in, to);
    case KILN_STEP_SHIFT:
        to.y -= step->n[0];
        to.x -= step->n[1];
        return to;
    default:
        to.y += bottom ? in->height - step->n[0] : 0;
        to.x += right ? in->width - step->n[1] : 0;
        return to;
    }
}

static int new_picture(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const int crops = step->op == KILN_STEP_CORNER_CROP;

    if (crops && (step->n[0] > in->height || step->n[1] > in->width))
        return reason_set(why, "%d x %d pixels are too few for a crop to %d x %d", in->width,
                          in->height, step->n[1], step->n[0]);
    if (crops)
        return image_new_like(out, in, step->n[1], step->n[0], why);
    if (step->op == KILN_STEP_TURN && step->n[0] % 2 != 0)
        return image_new_like(out, in, in->height, in->width, why);
    return image_new_like(out, in, in->width, in->height, why);
}

/* `pixel` bytes each */
static void move_pixels(const kiln_step *step, const Image *in, const void *pixels, size_t pixel,
                        const void *fill, const Image *out, void *moved)
{
    const char *from = pixels;
    char *to = moved;

    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++, to += pixel) {
            const Place at = source_of(step, in, (Place){ x, y });
            const int inside = at.x >= 0 && at.y >= 0 && at.x < in->width && at.y < in->height;
            const size_t i = inside ? (size_t)at.y * (size_t)in->width + (size_t)at.x : 0;
            memcpy(to, inside ? from + i * pixel : fill, pixel);
        }
}

int move_picture(const kiln_step *step, const Image *in, Image *out, Reason *why)
{
    const int is_floats = in->floats != NULL;
    const uint8_t color[3] = { (uint8_t)(is_floats ? 0 : step->v[0]),
                               (uint8_t)(is_floats ? 0 : step->v[1]),
                               (uint8_t)(is_floats ? 0 : step->v[2]) };
    const float values[3] = { (float)step->v[0], (float)step->v[1], (float)step->v[2] };

    if (!new_picture(step, in, out, why))
        return 0;
    if (is_floats)
        move_pixels(step, in, in->floats, sizeof values, values, out, out->floats);
    else
        move_pixels(step, in, in->rgb, sizeof color, color, out, out->rgb);
    return 1;
}
