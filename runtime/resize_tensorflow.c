/* tf.image.resize(..., "bilinear"): half-pixel centres, no antialiasing, the result in float32.
 * TensorFlow interpolates the two rows first and then between them, always as a + (b - a) t.
 *
 * Positions are kept in double. Rounded to float they would be off by up to 2^-24 of the picture's
 * width, and results with them by more than the rest of the arithmetic. */
#include "runtime/resize.h"

#include <math.h>
#include <stdlib.h>

KILN_NO_CONTRACTION

typedef struct Tap {
    int low, high;
    float share; /* of `high` */
} Tap;

static void fill_taps(Tap *taps, int source, int size, int start, int count)
{
    const float scale = (float)source / (float)size;

    for (int i = 0; i < count; i++) {
        const double at = (start + i + 0.5) * (double)scale - 0.5, low = floor(at);
        taps[i].low = low > 0 ? (int)low : 0;
        taps[i].high = (int)ceil(at) < source ? (int)ceil(at) : source - 1;
        taps[i].share = (float)(at - low);
    }
}

static float value_at(const Image *in, int x, int y, int c)
{
    const size_t at = ((size_t)y * (size_t)in->width + (size_t)x) * 3 + (size_t)c;
    return in->floats ? in->floats[at] : (float)in->rgb[at];
}

static float between(float a, float b, float share)
{
    return a + (b - a) * share;
}

static float interpolate(const Image *in, const Tap *x, const Tap *y, int c)
{
    const float top = between(value_at(in, x->low, y->low, c), value_at(in, x->high, y->low, c),
                              x->share);
    const float bottom = between(value_at(in, x->low, y->high, c),
                                 value_at(in, x->high, y->high, c), x->share);
    return between(top, bottom, y->share);
}

int resize_tensorflow(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    const Box part = p->part;
    Tap *x, *y;
    float *to;

    if (!image_new_floats(out, part.width, part.height, why))
        return 0;
    x = malloc(((size_t)part.width + (size_t)part.height) * sizeof *x);
    if (!x)
        return reason_set(why, "out of memory");
    y = x + part.width;
    fill_taps(x, in->width, p->width, part.left, part.width);
    fill_taps(y, in->height, p->height, part.top, part.height);
    to = out->floats;
    for (int r = 0; r < part.height; r++)
        for (int i = 0; i < part.width; i++)
            for (int c = 0; c < 3; c++)
                *to++ = interpolate(in, &x[i], &y[r], c);
    free(x);
    return 1;
}
