/* The last class, everything that has no name of its own: a run of paint, a water mark, a band of
   another shade, a fibre under the coat, a finger print. */
#include "stamp.h"

#include <math.h>

static void paint_run(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene, (void)x, (void)y;
    double rise = rho < 1 ? 1 - rho * rho : 0;
    t->height += b->depth * rise * rise;
    t->gloss = field_mix(t->gloss, 0.85, rise);
    t->color = color_scale(t->color, 1 - 0.10 * rise);
}

/* Wet paint that ran across the profile and ends in a drop. */
static void run_of_paint(Scene *scene)
{
    Rng *rng = &scene->rng;
    double turn = profile_turns(scene) + 0.25;
    int count = rng_integer(rng, 1, 3);
    for (int i = 0; i < count; i++) {
        double radius = rng_between(rng, 4, 7), stretch = rng_between(rng, 4.5, 8);
        Blob b = blob_new(scene, radius, stretch, 0.12);
        b.depth = radius * rng_between(rng, 0.30, 0.5);
        blob_turn(&b, turn + rng_between(rng, -0.02, 0.02));
        blob_stamp(scene, &b, 1.2, paint_run);
        b.x += b.cosine * radius * stretch * 0.8;
        b.y += b.sine * radius * stretch * 0.8;
        b.radius *= 1.35;
        b.stretch = 1.3;
        blob_stamp(scene, &b, 1.2, paint_run);
    }
}

static void paint_mark(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene, (void)x, (void)y;
    double ring = field_bell((rho - 1) / 0.07) + 0.5 * field_bell((rho - 0.8) / 0.06);
    double film = 0.22 * (1 - field_step(0.9, 1.02, rho));
    double opacity = field_clamp(b->opacity * (ring + film), 0, 0.9);
    texel_cover(t, b->color, opacity);
    t->gloss *= 1 - 0.6 * opacity;
}

/* A drop dried and left its salts on its outline. */
static void water_mark(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 1, 3);
    bool light = scene->finish.color.g > 0.4;
    for (int i = 0; i < count; i++) {
        double radius = rng_between(rng, 14, 30);
        Blob b = blob_new(scene, radius, rng_between(rng, 1, 1.6), 0.35);
        b.color = light ? color_rgb(0.22, 0.20, 0.16) : color_rgb(0.75, 0.76, 0.77);
        b.opacity = rng_between(rng, 0.55, 0.85);
        blob_stamp(scene, &b, 1.3, paint_mark);
    }
}

/* One strip of the profile took another shade. */
static void shade_band(Scene *scene)
{
    Rng *rng = &scene->rng;
    double x, y, u, v0, half = rng_between(rng, 10, 24);
    double warm = rng_between(rng, 0.2, 0.45) * (rng_chance(rng, 0.5) ? 1 : -1);
    Color tint = { 1 + warm, 1, 1 - warm };
    double level = rng_chance(rng, 0.5) ? rng_between(rng, 0.35, 0.6) : rng_between(rng, 1.4, 1.8);
    uint32_t seed = rng_bits(rng);
    scene_pick(scene, 30, &x, &y);
    scene_locate(scene, x, y, &u, &v0);
    for (int i = 0; i < SCENE_PIXELS; i++) {
        Texel *t = &scene->texels[i];
        double v;
        scene_locate(scene, i % SCENE_WIDTH, i / SCENE_WIDTH, &u, &v);
        double d = fabs(v - v0) + 2.5 * field_fractal(seed, u / 40, v / 20, 2);
        double band = (1 - field_step(half - 1.5, half + 1.5, d)) * t->inside;
        Color c = { t->color.r * tint.r, t->color.g * tint.g, t->color.b * tint.b };
        t->color = color_mix(t->color, color_scale(c, level), band);
    }
}

/* A fibre: a curl of short strokes with a shadow beside it. */
static void fibre(Scene *scene)
{
    Rng *rng = &scene->rng;
    double x, y, turn = rng_between(rng, 0, 1), bend = rng_between(rng, 0.02, 0.05);
    bool light = scene->finish.color.g < 0.35;
    int steps = rng_integer(rng, 14, 26);
    Stroke s = { 0 };
    scene_pick(scene, 45, &x, &y);
    s.half = 4;
    s.width = rng_between(rng, 0.8, 1.2);
    s.depth = -rng_between(rng, 0.8, 1.4);
    s.opacity = 0.9;
    s.color = light ? color_rgb(0.72, 0.70, 0.66) : color_rgb(0.05, 0.06, 0.12);
    for (int i = 0; i < steps; i++) {
        s.x = x;
        s.y = y;
        s.seed = rng_bits(rng);
        stroke_turn(&s, turn);
        stroke_stamp(scene, &s);
        x += 4.2 * s.cosine;
        y += 4.2 * s.sine;
        turn += bend;
        bend = field_clamp(bend + rng_between(rng, -0.02, 0.02), -0.09, 0.09);
    }
}

static void paint_print(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene;
    double dx = x - b->x, dy = y - b->y;
    double wave = sqrt(dx * dx + 1.5 * dy * dy) / 4.6;
    wave += 1.1 * field_noise(b->seed + 1, dx / 12, dy / 12);
    double ridge = field_step(-0.2, 0.5, field_sine(wave));
    double wet = (1 - field_step(0.75, 1.05, rho)) * ridge * b->opacity;
    texel_cover(t, b->color, wet);
    t->gloss = field_mix(t->gloss, 0.1, wet);
}

static void finger_print(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 1, 3);
    bool light = scene->finish.color.g > 0.3;
    for (int i = 0; i < count; i++) {
        double radius = rng_between(rng, 15, 22);
        Blob b = blob_new(scene, radius, rng_between(rng, 1.1, 1.5), 0.25);
        b.color = light ? color_rgb(0.14, 0.13, 0.11) : color_rgb(0.62, 0.62, 0.61);
        b.opacity = rng_between(rng, 0.5, 0.75);
        blob_stamp(scene, &b, 1.1, paint_print);
    }
}

void other_apply(Scene *scene)
{
    static void (*const all[])(Scene *) = { run_of_paint, water_mark, shade_band, fibre,
                                            finger_print };
    all[rng_integer(&scene->rng, 0, 4)](scene);
}
