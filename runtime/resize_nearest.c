/* Nearest neighbours: the libraries differ only in which pixel they take. */
#include "runtime/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

KILN_NO_CONTRACTION

/* Positions are added up, not multiplied, because Pillow's rounding errors add up, too. */
static void find_pillow(int source, int size, int start, int count, int *position)
{
    const double scale = (double)source / size;
    double at = scale * 0.5;

    for (int i = 0; i < start + count; i++, at += scale)
        if (i >= start)
            position[i - start] = (int)at;
}

/* No half pixel. */
static void find_opencv(int source, int size, int start, int count, int *position)
{
    const double step = 1.0 / ((double)size / source);

    for (int i = 0; i < count; i++)
        position[i] = (int)floor((start + i) * step);
}

static void find_tensorflow(int source, int size, int start, int count, int *position)
{
    const float scale = (float)source / (float)size;

    for (int i = 0; i < count; i++)
        position[i] = (int)floorf(((float)(start + i) + 0.5f) * scale);
}

static void find_positions(enum kiln_filter filter, int source, int size, int start, int count,
                           int *position)
{
    (filter == KILN_FILTER_NEAREST ? find_pillow
     : filter == KILN_FILTER_OPENCV_NEAREST
         ? find_opencv
         : find_tensorflow)(source, size, start, count, position);
    for (int i = 0; i < count; i++)
        position[i] = position[i] < source ? position[i] : source - 1;
}

static void take(const void *in, size_t pixel, int width, const int *x, const int *y, Box part,
                 void *out)
{
    const char *from = in;
    char *to = out;

    for (int r = 0; r < part.height; r++)
        for (int c = 0; c < part.width; c++, to += pixel)
            memcpy(to, from + ((size_t)y[r] * (size_t)width + (size_t)x[c]) * pixel, pixel);
}

static int take_planes(const Image *in, const int *x, const int *y, Box part, Image *out,
                       Reason *why)
{
    if (!(in->floats ? image_new_floats : image_new)(out, part.width, part.height, why))
        return 0;
    if (in->floats)
        take(in->floats, 3 * sizeof(float), in->width, x, y, part, out->floats);
    else
        take(in->rgb, 3, in->width, x, y, part, out->rgb);
    if (!in->fourth)
        return 1;
    if (!image_add_fourth(out, why))
        return 0;
    take(in->fourth, 1, in->width, x, y, part, out->fourth);
    return 1;
}

int resize_nearest(const Image *in, const ResizePlan *p, Image *out, Reason *why)
{
    const Box part = p->part;
    int *x = malloc(((size_t)part.width + (size_t)part.height) * sizeof *x), *y;
    int ok;

    if (!x)
        return reason_set(why, "out of memory");
    y = x + part.width;
    find_positions(p->filter, in->width, p->width, part.left, part.width, x);
    find_positions(p->filter, in->height, p->height, part.top, part.height, y);
    ok = take_planes(in, x, y, part, out, why);
    free(x);
    return ok;
}
