/* The values of a picture: their order, their type, and the steps that work on each by itself. */
#include "runtime/values.h"

#include <stdlib.h>
#include <string.h>

uint8_t values_byte(double v)
{
    return (uint8_t)(v <= 0.0 ? 0.0 : v >= 255.0 ? 255.0 : v + 0.5);
}

size_t values_count(const Image *image)
{
    return (size_t)image->width * (size_t)image->height * 3;
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

    for (uint8_t *p = image->rgb, *end = p + values_count(image); p < end; p += 3)
        p[0] = p[1] = p[2] = gray_of(p[red], p[1], p[2 - red], is_opencv);
}

static void swap_values(Image *image)
{
    const size_t count = values_count(image);

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

void values_recolor(Image *image, enum kiln_color wanted)
{
    if (image->order == wanted || image->order == KILN_COLOR_GRAY)
        return;
    if (wanted == KILN_COLOR_GRAY)
        make_gray(image);
    else
        swap_values(image);
    image->order = wanted;
}

float values_step(const kiln_step *step, float x, size_t channel)
{
    return step->op == KILN_STEP_SCALE
               ? (float)((double)x * step->v[0])
               : (x - (float)step->v[channel]) / (float)step->v[4 + channel];
}

static int to_floats(Image *image, Reason *why)
{
    const size_t count = values_count(image);

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

int values_run_step(const kiln_step *step, Image *image, Reason *why)
{
    const size_t count = values_count(image);

    if (!to_floats(image, why))
        return 0;
    for (size_t i = 0; i < count; i++)
        image->floats[i] = values_step(step, image->floats[i], i % 3);
    return 1;
}

/* What NumPy's conversion to uint8 does on common processors; beyond 32 bits nobody agrees. */
static uint8_t cast_to_byte(float x)
{
    const int32_t v = x > -2147483648.0f && x < 2147483648.0f ? (int32_t)x : 0;
    return (uint8_t)((uint32_t)v & 255u);
}

int values_cast(Image *image, Reason *why)
{
    const size_t count = values_count(image);

    if (!image->floats)
        return 1;
    image->rgb = malloc(count);
    if (!image->rgb)
        return reason_set(why, "out of memory");
    for (size_t i = 0; i < count; i++)
        image->rgb[i] = cast_to_byte(image->floats[i]);
    free(image->floats);
    image->floats = NULL;
    return 1;
}

int values_round(Image *image, Reason *why)
{
    const size_t count = values_count(image);

    if (!image->floats)
        return 1;
    image->rgb = malloc(count);
    if (!image->rgb)
        return reason_set(why, "out of memory");
    for (size_t i = 0; i < count; i++)
        image->rgb[i] = values_byte((double)image->floats[i]);
    free(image->floats);
    image->floats = NULL;
    return 1;
}

int values_copy(const Image *in, Image *out, Reason *why)
{
    if (!image_new_like(out, in, in->width, in->height, why))
        return 0;
    if (in->floats)
        memcpy(out->floats, in->floats, values_count(in) * sizeof(float));
    else
        memcpy(out->rgb, in->rgb, values_count(in));
    if (!in->fourth)
        return 1;
    if (!image_add_fourth(out, why))
        return 0;
    memcpy(out->fourth, in->fourth, values_count(in) / 3);
    return 1;
}
