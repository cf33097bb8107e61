/* Pictures of KILN_DECODER_PILLOW_OWN: what Image.resize() does before convert("RGB"), and that
 * conversion. Colours are resized multiplied by alpha, ink as ink, and an index has no neighbours
 * to be mixed with. */
#include "runtime/resize.h"

#include <stdlib.h>

/* a b / 255, rounded as Pillow rounds it. */
static int multiply(int a, int b)
{
    const int t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

static size_t pixels_of(const Image *image)
{
    return (size_t)image->width * (size_t)image->height;
}

/* The fourth plane as a picture, or a picture's colours multiplied by it. */
static int planes_of(const Image *in, int is_fourth, Image *out, Reason *why)
{
    const size_t count = pixels_of(in) * 3;

    if (!image_new(out, in->width, in->height, why))
        return 0;
    for (size_t i = 0; i < count; i++)
        out->rgb[i] = is_fourth                 ? in->fourth[i / 3]
                      : in->kind == IMAGE_ALPHA ? (uint8_t)multiply(in->rgb[i], in->fourth[i / 3])
                                                : in->rgb[i];
    return 1;
}

static int resize_planes(const Image *in, int is_fourth, const ResizePlan *plan, Image *out,
                         Reason *why)
{
    Image planes = { 0 };
    int ok = planes_of(in, is_fourth, &planes, why);

    if (ok)
        ok = resize_picture(&planes, plan, out, why);
    image_free(&planes);
    return ok;
}

/* Unchanged where alpha is 0 or 255. */
static uint8_t divide(int color, int alpha)
{
    const int v = alpha == 0 || alpha == 255 ? color : 255 * color / alpha;
    return (uint8_t)(v > 255 ? 255 : v);
}

static int resize_four(const Image *in, const ResizePlan *plan, Image *out, Reason *why)
{
    Image fourth = { 0 };
    int ok = resize_planes(in, 0, plan, out, why) && image_add_fourth(out, why) &&
             resize_planes(in, 1, plan, &fourth, why);

    for (size_t i = 0; ok && i < pixels_of(out); i++) {
        out->fourth[i] = fourth.rgb[3 * i];
        for (size_t c = 0; in->kind == IMAGE_ALPHA && c < 3; c++)
            out->rgb[3 * i + c] = divide(out->rgb[3 * i + c], out->fourth[i]);
    }
    image_free(&fourth);
    return ok;
}

int resize_own(const Image *in, const ResizePlan *plan, Image *out, Reason *why)
{
    ResizePlan nearest = *plan;

    nearest.filter = KILN_FILTER_NEAREST;
    if (in->kind == IMAGE_WIDE)
        return reason_set(why, "16-bit grey is not resized as it is: write 'decode pillow'");
    if (in->kind == IMAGE_INDEXED || plan->filter == KILN_FILTER_NEAREST)
        return resize_nearest(in, &nearest, out, why);
    return resize_four(in, plan, out, why);
}

void image_to_rgb(Image *image)
{
    const size_t count = pixels_of(image) * 3;

    for (size_t i = 0; image->kind == IMAGE_INK && i < count; i++) {
        const int light = 255 - image->fourth[i / 3];
        const int v = light - multiply(image->rgb[i], light);
        image->rgb[i] = (uint8_t)(v > 0 ? v : 0);
    }
    free(image->fourth);
    image->fourth = NULL;
    image->kind = IMAGE_PLAIN;
}
