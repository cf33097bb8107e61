/* Class activation maps (Zhou et al., Learning Deep Features for Discriminative Localization,
 * 2016). Where the score of class k is b_k + sum_c w_kc mean_yx f_yxc, the map is sum_c w_kc
 * f_yxc. It is enlarged bilinearly, pixel centres on pixel centres, and laid over the picture as
 * the network sees it, because only there places correspond. */
#include "runtime/cam.h"

#include "runtime/preprocess.h"
#include "runtime/resize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_ENOUGH = 320, BAR_WIDTH = 16, GAP = 8, DIGIT = 3, GLYPH_WIDTH = 3, GLYPH_HEIGHT = 5 };

/* --- the map --------------------------------------------------------------------------------- */

typedef struct Capture {
    const kiln_class_map *from;
    const char *arena;
    int class_index, is_told;
    Cam *cam;
} Capture;

static float weight_of(const kiln_class_map *m, int class_index, int channel)
{
    const size_t block = (size_t)m->block, k = (size_t)class_index;

    if (!m->weight)
        return class_index == channel ? 1.0f : 0.0f;
    return m->weight[(k / block * (size_t)m->channels + (size_t)channel) * block + k % block];
}

/* Called by the network for every layer: of its pooling, the feature map is still there. That of
 * the first picture counts, where pictures run one by one. */
static void capture(void *context, int index, const void *data)
{
    Capture *c = context;
    const kiln_class_map *m = c->from;
    const float *pixel = (const float *)(const void *)(c->arena + m->offset);

    (void)data;
    if (index != m->node || c->is_told)
        return;
    c->is_told = 1;
    for (int i = 0; i < m->height * m->width; i++, pixel += m->pitch) {
        double sum = 0.0;
        for (int k = 0; k < m->channels; k++)
            sum += (double)weight_of(m, c->class_index, k) * (double)pixel[k];
        c->cam->map[i] = (float)sum;
    }
}

int cam_compute(const kiln_network *n, const float *input, float *output, void *arena,
                int class_index, Cam *cam, Reason *why)
{
    Capture c = { n->class_map, arena, class_index, 0, cam };
    const kiln_trace trace = { capture, &c };

    memset(cam, 0, sizeof *cam);
    cam->height = n->class_map->height;
    cam->width = n->class_map->width;
    cam->map = malloc((size_t)cam->height * (size_t)cam->width * sizeof *cam->map);
    if (!cam->map)
        return reason_set(why, "out of memory");
    n->run(n->context, input, output, arena, &trace);
    if (!c.is_told) {
        cam_free(cam);
        return reason_set(why, "the network was compiled without -DKILN_TRACE, which a class "
                               "activation map needs");
    }
    cam->least = cam->most = cam->map[0];
    for (int i = 1; i < cam->height * cam->width; i++) {
        cam->least = kiln_min(cam->least, cam->map[i]);
        cam->most = kiln_max(cam->most, cam->map[i]);
    }
    return 1;
}

const kiln_member *cam_member(const kiln_classifier *program, int classes, Reason *why)
{
    for (int i = 0; i < program->member_count; i++) {
        const kiln_network *n = program->members[i].network;
        if (n->class_map && n->output.rank == 1 && n->output.dim[0] == classes)
            return &program->members[i];
    }
    reason_write(why,
                 "'%s' has no class activation map: it does not end in a global average pooling "
                 "and one dense layer",
                 program->name);
    return NULL;
}

void cam_free(Cam *cam)
{
    free(cam->map);
    cam->map = NULL;
}

/* --- colours --------------------------------------------------------------------------------- */

/* From blue through cyan, yellow and red; t is within 0..1. */
static void color_of(double t, uint8_t rgb[3])
{
    static const uint8_t stops[6][3] = { { 0, 0, 128 },   { 0, 0, 255 }, { 0, 255, 255 },
                                         { 255, 255, 0 }, { 255, 0, 0 }, { 128, 0, 0 } };
    static const double at[6] = { 0.0, 0.125, 0.375, 0.625, 0.875, 1.0 };
    int i = 0;

    while (i < 4 && t > at[i + 1])
        i++;
    for (int c = 0; c < 3; c++) {
        const double part = (t - at[i]) / (at[i + 1] - at[i]);
        rgb[c] = (uint8_t)(stops[i][c] + part * (stops[i + 1][c] - stops[i][c]) + 0.5);
    }
}

/* Between the two places around `x` on an axis that is enlarged to `size`. */
static double place(int x, int size, int count, int *first, int *second)
{
    const double at = (x + 0.5) * count / size - 0.5;
    const double low = floor(at);

    *first = low < 0.0 ? 0 : (int)low;
    *second = *first + 1 < count && low >= 0.0 ? *first + 1 : *first;
    return at - low;
}

/* The map at a pixel of the picture, within 0..1. */
static double level_at(const Cam *cam, int x, int y, int width, int height)
{
    const double range = (double)cam->most - (double)cam->least;
    int x0, x1, y0, y1;
    const double u = place(x, width, cam->width, &x0, &x1);
    const double v = place(y, height, cam->height, &y0, &y1);
    const float *top = cam->map + y0 * cam->width, *bottom = cam->map + y1 * cam->width;
    const double upper = (1.0 - u) * (double)top[x0] + u * (double)top[x1];
    const double lower = (1.0 - u) * (double)bottom[x0] + u * (double)bottom[x1];

    if (!(range > 0.0))
        return 0.0;
    return ((1.0 - v) * upper + v * lower - (double)cam->least) / range;
}

int cam_blend(const Cam *cam, const Image *picture, Image *out, Reason *why)
{
    if (!image_new(out, picture->width, picture->height, why))
        return 0;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++) {
            const size_t i = 3 * ((size_t)y * (size_t)out->width + (size_t)x);
            uint8_t color[3];
            color_of(level_at(cam, x, y, out->width, out->height), color);
            for (int c = 0; c < 3; c++)
                out->rgb[i + (size_t)c] = (uint8_t)((picture->rgb[i + (size_t)c] + color[c]) / 2);
        }
    return 1;
}

/* --- the scale ------------------------------------------------------------------------------- */

static void put_pixel(Image *image, int x, int y, const uint8_t rgb[3])
{
    if (x >= 0 && y >= 0 && x < image->width && y < image->height)
        memcpy(image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x), rgb, 3);
}

/* Rows of three pixels, the topmost in the highest bits. */
static unsigned glyph_of(char c)
{
    static const char known[] = "0123456789.-+e";
    static const unsigned glyphs[] = { 075557, 026227, 071747, 071717, 055711, 074717, 074757,
                                       071111, 075757, 075717, 000002, 000700, 002720, 007547 };
    const char *at = strchr(known, c);
    return at && c ? glyphs[at - known] : 0;
}

static void put_text(Image *image, int x, int y, const char *text)
{
    static const uint8_t black[3] = { 0, 0, 0 };
    const int size = DIGIT;

    for (; *text; text++, x += (GLYPH_WIDTH + 1) * size) {
        const unsigned glyph = glyph_of(*text);
        for (int i = 0; i < GLYPH_WIDTH * GLYPH_HEIGHT * size * size; i++) {
            const int px = i % (GLYPH_WIDTH * size), py = i / (GLYPH_WIDTH * size);
            const int bit = 14 - (py / size * GLYPH_WIDTH + px / size);
            if (glyph >> bit & 1)
                put_pixel(image, x + px, y + py, black);
        }
    }
}

static void put_bar(Image *image, int left, int height)
{
    for (int y = 0; y < height; y++) {
        uint8_t color[3];
        color_of(1.0 - (y + 0.5) / height, color);
        for (int x = 0; x < BAR_WIDTH; x++)
            put_pixel(image, left + x, y, color);
    }
}

static int enlarge(const Image *in, int times, Image *out, Reason *why)
{
    const ResizePlan plan = { .in_width = in->width,
                              .in_height = in->height,
                              .width = in->width * times,
                              .height = in->height * times,
                              .part = { 0, 0, in->width * times, in->height * times },
                              .filter = KILN_FILTER_BICUBIC };

    return resize_picture(in, &plan, out, why);
}

/* The picture on a white ground, the scale of colours right of it. */
static int add_scale(const Cam *cam, const Image *picture, Image *out, Reason *why)
{
    char most[32], least[32];
    size_t letters;

    snprintf(most, sizeof most, "%.3g", (double)cam->most);
    snprintf(least, sizeof least, "%.3g", (double)cam->least);
    letters = strlen(most) > strlen(least) ? strlen(most) : strlen(least);
    if (!image_new(out,
                   picture->width + 3 * GAP + BAR_WIDTH + (int)letters * (GLYPH_WIDTH + 1) * DIGIT,
                   picture->height, why))
        return 0;
    memset(out->rgb, 255, 3 * (size_t)out->width * (size_t)out->height);
    for (int y = 0; y < picture->height; y++)
        memcpy(out->rgb + 3 * (size_t)y * (size_t)out->width,
               picture->rgb + 3 * (size_t)y * (size_t)picture->width, 3 * (size_t)picture->width);
    put_bar(out, picture->width + GAP, out->height);
    put_text(out, picture->width + 2 * GAP + BAR_WIDTH, 0, most);
    put_text(out, picture->width + 2 * GAP + BAR_WIDTH, out->height - GLYPH_HEIGHT * DIGIT, least);
    return 1;
}

int cam_draw(const Cam *cam, const Image *picture, Image *out, Reason *why)
{
    const int side = picture->width > picture->height ? picture->width : picture->height;
    Image large = { 0 }, colored = { 0 };
    int ok = enlarge(picture, side < LARGE_ENOUGH ? (LARGE_ENOUGH + side - 1) / side : 1, &large,
                     why);

    ok = ok && cam_blend(cam, &large, &colored, why) && add_scale(cam, &colored, out, why);
    image_free(&large);
    image_free(&colored);
    return ok;
}

/* --- what the network sees ------------------------------------------------------------------- */

int cam_view(const kiln_member *member, const Image *picture, Image *view, Reason *why)
{
    return preprocess_view(member, picture, view, why);
}
