/* From relief and colour to a photograph: a lamp and one or two strip lights that the surface
   mirrors, exposure, lens blur, vignetting, sensor noise, a square-root tone curve, 8 bits. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    double along_x, along_y, offset, width, power;
} Strip;

typedef struct {
    double x, y, z;
    double fade_x, fade_y;
    Color tint;
    Strip strips[2];
    int strip_count;
    double haze;
    uint32_t seed;
} Lamp;

static Lamp choose_lamp(Scene *scene)
{
    Rng *rng = &scene->rng;
    Lamp lamp = { 0 };
    double turn = rng_between(rng, 0, 1), low = rng_between(rng, 0.45, 0.72);
    lamp.x = low * field_sine(turn + 0.25);
    lamp.y = low * field_sine(turn);
    lamp.z = sqrt(1 - low * low);
    lamp.fade_x = rng_between(rng, -0.0017, 0.0017);
    lamp.fade_y = rng_between(rng, -0.0017, 0.0017);
    lamp.tint.r = rng_between(rng, 0.96, 1.05);
    lamp.tint.g = 1;
    lamp.tint.b = rng_between(rng, 0.93, 1.05);
    lamp.haze = rng_between(rng, 0.02, 0.08);
    lamp.strip_count = rng_integer(rng, 1, 2);
    for (int i = 0; i < lamp.strip_count; i++) {
        double aim = rng_between(rng, 0, 1);
        lamp.strips[i].along_x = field_sine(aim + 0.25);
        lamp.strips[i].along_y = field_sine(aim);
        lamp.strips[i].offset = rng_between(rng, -0.45, 0.45);
        lamp.strips[i].width = rng_between(rng, 0.10, 0.28);
        lamp.strips[i].power = rng_between(rng, 0.4, 1.0);
    }
    lamp.seed = rng_bits(rng);
    return lamp;
}

/* What the surface mirrors at slope (nx, ny), seen by a lens two picture widths away. */
static double mirrored(const Lamp *lamp, double dx, double dy, double nx, double ny, double gloss)
{
    double rx = 2 * nx - dx / 420, ry = 2 * ny - dy / 420, sum = lamp->haze;
    for (int i = 0; i < lamp->strip_count; i++) {
        const Strip *s = &lamp->strips[i];
        double w = s->width + 0.35 * (1 - gloss);
        double q = rx * s->along_x + ry * s->along_y - s->offset;
        sum += s->power * field_bell(q / w) * (s->width / w + 0.25);
    }
    return sum;
}

static Color shade(const Scene *scene, const Lamp *lamp, int x, int y)
{
    const Texel *t = &scene->texels[y * SCENE_WIDTH + x];
    int left = x > 0 ? 1 : 0, right = x < SCENE_WIDTH - 1 ? 1 : 0;
    int up = y > 0 ? SCENE_WIDTH : 0, down = y < SCENE_HEIGHT - 1 ? SCENE_WIDTH : 0;
    double sx = (t[right].height - t[-left].height) / (left + right);
    double sy = (t[down].height - t[-up].height) / (up / SCENE_WIDTH + down / SCENE_WIDTH);
    sx *= t->inside;
    sy *= t->inside;
    double norm = 1 / sqrt(1 + sx * sx + sy * sy), nx = -sx * norm, ny = -sy * norm;
    double dx = x - SCENE_WIDTH / 2.0, dy = y - SCENE_HEIGHT / 2.0;
    double lambert = field_clamp(lamp->x * nx + lamp->y * ny + lamp->z * norm, 0, 1);
    double light = (0.25 + 0.95 * lambert) * (1 + lamp->fade_x * dx + lamp->fade_y * dy);
    double open = 1 - field_clamp(t->occluded, -0.3, 0.9);
    double shine = t->inside * mirrored(lamp, dx, dy, nx, ny, t->gloss) * open;
    Color white = { 1, 1, 1 }, c = color_scale(t->color, light * open * (1 - 0.35 * t->metal));
    Color gleam = color_scale(color_mix(white, t->color, t->metal),
                              shine * field_mix(0.55 * t->gloss, 1.05, t->metal));
    c.r = (c.r + gleam.r) * lamp->tint.r;
    c.g = (c.g + gleam.g) * lamp->tint.g;
    c.b = (c.b + gleam.b) * lamp->tint.b;
    return c;
}

/* One axis of a Gaussian blur; the border pixel repeats. */
static void blur(const Color *in, Color *out, const double weights[4], int stride, int length)
{
    for (int i = 0; i < SCENE_PIXELS; i++) {
        int at = i / stride % length;
        Color sum = color_scale(in[i], weights[0]);
        for (int k = 1; k < 4; k++) {
            Color a = in[i - stride * (at < k ? at : k)];
            Color b = in[i + stride * (at + k < length ? k : length - 1 - at)];
            sum.r += weights[k] * (a.r + b.r);
            sum.g += weights[k] * (a.g + b.g);
            sum.b += weights[k] * (a.b + b.b);
        }
        out[i] = sum;
    }
}

static void focus(Scene *scene, Color *pixels, Color *spare)
{
    double sigma = rng_between(&scene->rng, 0.45, 0.95), weights[4], sum = 0;
    for (int k = 0; k < 4; k++) {
        weights[k] = field_decay(k * k / (2 * sigma * sigma));
        sum += k == 0 ? weights[k] : 2 * weights[k];
    }
    for (int k = 0; k < 4; k++) {
        weights[k] /= sum;
    }
    blur(pixels, spare, weights, 1, SCENE_WIDTH);
    blur(spare, pixels, weights, SCENE_WIDTH, SCENE_HEIGHT);
}

static double exposure(Scene *scene, const Color *pixels)
{
    double sum = 0;
    for (int i = 0; i < SCENE_PIXELS; i++) {
        sum += pixels[i].r + pixels[i].g + pixels[i].b;
    }
    double mean = sum / (3.0 * SCENE_PIXELS) + 0.03;
    return rng_between(&scene->rng, 0.48, 0.68) / sqrt(mean);
}

static uint8_t develop(Rng *rng, double light, double gain, double noise)
{
    double x = light * gain;
    x = x > 0.6 ? 0.6 + 0.4 * (1 - field_decay((x - 0.6) / 0.4)) : x;
    double tone = sqrt(x < 0 ? 0 : x);
    tone = 255 * field_mix(tone, field_step(0, 1, tone), 0.45);
    double jitter = 0;
    for (int i = 0; i < 3; i++) {
        jitter += rng_between(rng, -1, 1);
    }
    return (uint8_t)field_clamp(tone + noise * jitter + 0.5, 0, 255);
}

void camera_expose(Scene *scene, Picture *picture)
{
    Color *pixels = malloc(2 * SCENE_PIXELS * sizeof *pixels);
    if (pixels == NULL) {
        abort();
    }
    Lamp lamp = choose_lamp(scene);
    for (int i = 0; i < SCENE_PIXELS; i++) {
        pixels[i] = shade(scene, &lamp, i % SCENE_WIDTH, i / SCENE_WIDTH);
    }
    focus(scene, pixels, pixels + SCENE_PIXELS);
    double gain = exposure(scene, pixels), noise = rng_between(&scene->rng, 0.8, 3.2);
    double vignette = rng_between(&scene->rng, 0.0, 0.28);
    for (int i = 0; i < SCENE_PIXELS; i++) {
        double dx = i % SCENE_WIDTH / 128.0 - 1, dy = i / SCENE_WIDTH / 96.0 - 1;
        double k = gain * (1 - vignette * 0.5 * (dx * dx + dy * dy));
        picture->rgb[3 * i + 0] = develop(&scene->rng, pixels[i].r, k, noise);
        picture->rgb[3 * i + 1] = develop(&scene->rng, pixels[i].g, k, noise);
        picture->rgb[3 * i + 2] = develop(&scene->rng, pixels[i].b, k, noise);
    }
    free(pixels);
}
