/* The eleven kinds of defect. Each changes relief, colour, gloss and occlusion as the real one
   does and leaves the light to the camera. */
#include "stamp.h"

#include <math.h>

const char *const defect_names[SCENE_CLASSES] = {
    "normal",        "non_conducting_spot", "scratch",    "dent",
    "orange_peel",   "exposed_base",        "bruise",     "pit",
    "raised_powder", "coating_crack",       "dirty_spot", "other"
};

static double luminance(Color c)
{
    return 0.3 * c.r + 0.6 * c.g + 0.1 * c.b;
}

static void nothing(Scene *scene)
{
    (void)scene;
}

/* Where the hanger or a film kept the current away no coating was deposited: a dull, blotchy patch
   with a sharp rim and a dark halo. */
static void paint_uncoated(const Scene *scene, const Blob *b, double rho, double x, double y,
                           Texel *t)
{
    (void)scene;
    double patch = 1 - field_step(0.90, 1.05, rho);
    double halo = field_bell((rho - 1.08) / 0.13) * 0.55 * b->opacity;
    double mottle = field_fractal(b->seed + 5, x / 5, y / 5, 3);
    t->color = color_scale(t->color, 1 - halo);
    texel_cover(t, color_scale(b->color, 1 + 0.30 * mottle), patch);
    t->gloss *= 1 - 0.8 * patch;
    t->height -= b->depth * patch * (1 + 0.12 * mottle);
}

static void non_conducting_spot(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 1, 3);
    double tone = rng_between(rng, 0.26, 0.40);
    tone = luminance(scene->finish.color) > 0.22 ? tone * 0.75 : tone * 1.15;
    for (int i = 0; i < count; i++) {
        double stretch = rng_between(rng, 1, 2.2);
        double radius = rng_between(rng, 10, 24) / sqrt(stretch);
        Blob b = blob_new(scene, radius, stretch, rng_between(rng, 0.1, 0.35));
        b.color = color_rgb(tone, tone * 0.98, tone * 0.93);
        b.depth = rng_between(rng, 0.5, 1.1);
        b.opacity = rng_between(rng, 0.6, 1);
        blob_turn(&b, profile_turns(scene) + rng_between(rng, -0.06, 0.06));
        blob_stamp(scene, &b, 1.7, paint_uncoated);
    }
}

static void scratch(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 1, 5);
    double turn = profile_turns(scene) + rng_between(rng, 0.05, 0.45);
    bool light = luminance(scene->finish.color) < 0.45;
    for (int i = 0; i < count; i++) {
        Stroke s = { 0 };
        double tone = light ? rng_between(rng, 0.45, 0.85) : rng_between(rng, 0.10, 0.26);
        scene_pick(scene, 35, &s.x, &s.y);
        s.half = rng_between(rng, 32, 95);
        s.bend = rng_between(rng, -0.10, 0.10) / s.half;
        s.width = rng_between(rng, 0.4, 0.95);
        s.depth = rng_between(rng, 0.5, 1.2);
        s.opacity = rng_between(rng, 0.65, 0.95);
        s.breaks = rng_between(rng, 0, 0.8);
        s.color = color_rgb(tone, tone, tone);
        s.seed = rng_bits(rng);
        stroke_turn(&s, turn + rng_between(rng, -0.03, 0.03));
        stroke_stamp(scene, &s);
    }
}

/* Pressed in without breaking the finish: only the light tells. */
static void paint_dent(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene, (void)x, (void)y;
    double bowl = rho < 1 ? (1 - rho * rho) * (1 - rho * rho) : 0;
    t->height -= b->depth * bowl;
    t->height += 0.10 * b->depth * field_bell((rho - 1.05) / 0.18);
    t->occluded += 0.16 * bowl;
}

static void dent(Scene *scene)
{
    Rng *rng = &scene->rng;
    bool bar = rng_chance(rng, 0.25);
    int count = bar ? 1 : rng_integer(rng, 1, 2);
    for (int i = 0; i < count; i++) {
        double stretch = bar ? rng_between(rng, 3, 6) : rng_between(rng, 1, 1.9);
        double radius = bar ? rng_between(rng, 9, 15) : rng_between(rng, 15, 34);
        Blob b = blob_new(scene, radius, stretch, 0.10);
        b.fine = 0.8;
        b.depth = radius * rng_between(rng, 0.26, 0.45);
        if (bar) {
            blob_turn(&b, profile_turns(scene) + 0.25 + rng_between(rng, -0.03, 0.03));
        }
        blob_stamp(scene, &b, 1.6, paint_dent);
    }
}

/* The coat did not level: dimples of one size all over the face, or over most of it. */
static void orange_peel(Scene *scene)
{
    Rng *rng = &scene->rng;
    uint32_t seed = rng_bits(rng);
    double size = rng_between(rng, 3.6, 7.0), height = size * rng_between(rng, 0.08, 0.19);
    double cover = rng_between(rng, -0.5, 0.2);
    for (int i = 0; i < SCENE_PIXELS; i++) {
        Texel *t = &scene->texels[i];
        double u, v;
        scene_locate(scene, i % SCENE_WIDTH, i / SCENE_WIDTH, &u, &v);
        double mask = field_step(cover - 0.3, cover, field_noise(seed + 3, u / 110, v / 110) + 0.3);
        double bump = field_noise(seed, u / size, v / size) +
                      0.5 * field_noise(seed + 1, u / size * 1.9 + 7, v / size * 1.9);
        t->height += height * mask * bump * t->inside;
        t->gloss = field_mix(t->gloss, 0.75, 0.7 * mask);
    }
}

/* The coat is too thin along a strip of the profile and the metal shows through. */
static void exposed_base(Scene *scene)
{
    Rng *rng = &scene->rng;
    uint32_t seed = rng_bits(rng);
    double x, y, u0, v0, length = rng_between(rng, 45, 110), width = rng_between(rng, 7, 16);
    scene_pick(scene, 30, &x, &y);
    scene_locate(scene, x, y, &u0, &v0);
    double warm = rng_between(rng, 0.88, 1.0), shade = rng_between(rng, 0.55, 0.85);
    shade *= luminance(scene->finish.color) > 0.45 ? 0.6 : 1;
    for (int i = 0; i < SCENE_PIXELS; i++) {
        Texel *t = &scene->texels[i];
        double u, v;
        scene_locate(scene, i % SCENE_WIDTH, i / SCENE_WIDTH, &u, &v);
        double a = (u - u0) / length, b = (v - v0) / width;
        double thin = 1.05 - a * a - b * b + 1.1 * field_fractal(seed, u / 26, v / 7, 3) +
                      0.35 * field_noise(seed + 8, u / 2.2, v / 1.4);
        double bare = field_step(0.0, 0.55, thin) * t->inside;
        Color metal = profile_bare_metal(scene, i % SCENE_WIDTH, i / SCENE_WIDTH);
        metal = color_scale(metal, shade);
        metal.b *= warm;
        t->color = color_mix(t->color, metal, 0.94 * bare);
        t->metal = field_mix(t->metal, 0.55, bare);
        t->height -= 0.35 * bare;
    }
}

/* A blow: the coat chipped, the metal crushed into facets with a raised rim. */
static void paint_bruise(const Scene *scene, const Blob *b, double rho, double x, double y,
                         Texel *t)
{
    double crushed = 1 - field_step(0.75, 1.0, rho), cell = b->radius * 0.42;
    double fold = field_noise(b->seed + 2, x / cell, y / cell);
    double ridge = 1 - 2 * fabs(field_noise(b->seed + 4, x / cell * 0.8, y / cell * 0.8));
    t->height -= b->depth * crushed * (0.6 + 0.5 * fold + 0.35 * ridge);
    t->height += 0.45 * b->depth * field_bell((rho - 1.12) / 0.16);
    t->occluded += crushed * field_step(-0.1, 0.7, fold) * 0.75;
    double bare = crushed * field_step(-0.5, 0.0, ridge);
    Color metal = profile_bare_metal(scene, x, y);
    t->color = color_mix(t->color, metal, 0.9 * bare);
    t->metal = field_mix(t->metal, 0.8, bare);
}

static void bruise(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_chance(rng, 0.3) ? 2 : 1;
    for (int i = 0; i < count; i++) {
        double stretch = rng_between(rng, 1, 1.8), radius = rng_between(rng, 8, 15);
        Blob b = blob_new(scene, radius, stretch, rng_between(rng, 0.35, 0.6));
        b.depth = radius * rng_between(rng, 0.30, 0.48);
        blob_stamp(scene, &b, 1.7, paint_bruise);
    }
}

static void paint_pit(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene, (void)x, (void)y;
    double hole = rho < 1 ? 1 - rho * rho : 0;
    t->height -= b->depth * hole;
    t->height += 0.18 * b->depth * field_bell((rho - 1.15) / 0.25);
    t->occluded += b->opacity * field_step(0.1, 0.8, hole);
}

/* Many small sharp holes with dark bottoms, in a cluster or scattered. */
static void pit(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 7, 26);
    double x0, y0, spread = rng_between(rng, 22, 75);
    scene_pick(scene, 40, &x0, &y0);
    for (int i = 0; i < count; i++) {
        double radius = rng_between(rng, 1.5, 3.4);
        Blob b = blob_new(scene, radius, rng_between(rng, 1, 1.5), 0.25);
        b.x = x0 + spread * (rng_between(rng, -1, 1) + rng_between(rng, -1, 1)) * 0.8;
        b.y = y0 + spread * (rng_between(rng, -1, 1) + rng_between(rng, -1, 1)) * 0.6;
        b.depth = radius * rng_between(rng, 0.55, 0.95);
        b.opacity = rng_between(rng, 0.5, 0.8);
        blob_stamp(scene, &b, 1.8, paint_pit);
    }
}

static void paint_grain(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene, (void)x, (void)y;
    double rise = rho < 1 ? 1 - rho * rho : 0;
    t->height += b->depth * rise * (rise > 0 ? sqrt(rise) : 0);
    t->occluded += 0.22 * field_bell((rho - 1.1) / 0.22);
    t->gloss = field_mix(t->gloss, 0.7, field_step(0, 0.3, rise));
}

/* Lumps of powder under the coat: rounded, of the coat's own colour. */
static void raised_powder(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 4, 16);
    for (int i = 0; i < count; i++) {
        double radius = rng_between(rng, 2.6, 6.2);
        Blob b = blob_new(scene, radius, rng_between(rng, 1, 1.6), 0.30);
        b.depth = radius * rng_between(rng, 0.32, 0.60);
        blob_stamp(scene, &b, 1.8, paint_grain);
    }
}

static void crack_segment(Scene *scene, double x, double y, double turn, double length, Stroke *s)
{
    s->x = x + 0.5 * length * field_sine(turn + 0.25);
    s->y = y + 0.5 * length * field_sine(turn);
    s->half = length * 0.62 + 1;
    stroke_turn(s, turn);
    stroke_stamp(scene, s);
}

/* One crack: a walk that keeps its direction and now and then forks. */
static void crack_walk(Scene *scene, double x, double y, double turn, int steps, int forks)
{
    Rng *rng = &scene->rng;
    Stroke s = { 0 };
    s.width = rng_between(rng, 0.55, 0.75) + 0.10 * forks;
    s.depth = rng_between(rng, 0.5, 1.0);
    s.opacity = rng_between(rng, 0.75, 0.95);
    s.color = luminance(scene->finish.color) < 0.11 ? color_rgb(0.30, 0.29, 0.27)
                                                    : color_rgb(0.02, 0.02, 0.018);
    for (int i = 0; i < steps; i++) {
        double length = rng_between(rng, 5, 11);
        s.seed = rng_bits(rng);
        crack_segment(scene, x, y, turn, length, &s);
        x += length * field_sine(turn + 0.25);
        y += length * field_sine(turn);
        if (forks > 0 && rng_chance(rng, 0.4)) {
            double side = rng_chance(rng, 0.5) ? 1 : -1;
            crack_walk(scene, x, y, turn + side * rng_between(rng, 0.08, 0.2), steps / 2,
                       forks - 1);
        }
        turn += rng_between(rng, -0.08, 0.08);
    }
}

static void coating_crack(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 1, 2);
    for (int i = 0; i < count; i++) {
        double x, y, turn = rng_between(rng, 0, 1);
        scene_pick(scene, 45, &x, &y);
        crack_walk(scene, x, y, turn, rng_integer(rng, 4, 8), 2);
        turn += 0.5 + rng_between(rng, -0.08, 0.08);
        crack_walk(scene, x, y, turn, rng_integer(rng, 3, 6), 1);
    }
}

static void paint_dirt(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene;
    double opacity = b->opacity * (1 - field_step(0.65, 1.1, rho));
    opacity *= 1 + 0.3 * field_noise(b->seed + 6, x / 2.5, y / 2.5);
    opacity = field_clamp(opacity, 0, 1);
    texel_cover(t, b->color, opacity);
    t->gloss *= 1 - 0.8 * opacity;
}

static void paint_smear(const Scene *scene, const Blob *b, double rho, double x, double y, Texel *t)
{
    (void)scene;
    double wiped = 1 + 0.4 * field_noise(b->seed + 6, x / 3, y / 3);
    double opacity = b->opacity * wiped * (1 - field_step(0.1, 1.25, rho));
    t->color = color_mix(t->color, b->color, opacity);
    t->gloss *= 1 - 0.6 * opacity;
}

static void smear_dirt(Scene *scene, Blob spot)
{
    double turn = rng_between(&scene->rng, 0, 1), away = spot.radius * 1.6;
    spot.stretch = rng_between(&scene->rng, 1.5, 3);
    spot.rough = 0.7;
    spot.opacity *= 0.5;
    spot.radius *= 1.4;
    blob_turn(&spot, turn);
    spot.x += away * field_sine(turn + 0.25);
    spot.y += away * field_sine(turn);
    blob_stamp(scene, &spot, 1.3, paint_smear);
}

/* Grime lies on the surface: flat, dull, brown to black, often smeared. */
static void dirty_spot(Scene *scene)
{
    Rng *rng = &scene->rng;
    int count = rng_integer(rng, 1, 6);
    double tone = rng_between(rng, 0.008, 0.03);
    bool pale = luminance(scene->finish.color) < 0.10;
    for (int i = 0; i < count; i++) {
        double radius = rng_between(rng, 9.0 - count, 10.0);
        Blob b = blob_new(scene, radius, rng_between(rng, 1, 1.7), 0.65);
        b.color = pale ? color_rgb(0.45, 0.41, 0.33)
                       : color_rgb(tone * 1.5, tone * 1.1, tone * 0.7);
        b.opacity = rng_between(rng, 0.82, 0.99);
        if (rng_chance(rng, 0.6)) {
            smear_dirt(scene, b);
        }
        blob_stamp(scene, &b, 1.5, paint_dirt);
    }
}

typedef struct {
    void (*apply)(Scene *scene);
    bool coated;
} Kind;

static const Kind kinds[SCENE_CLASSES] = { { nothing, false },      { non_conducting_spot, true },
                                           { scratch, false },      { dent, false },
                                           { orange_peel, true },   { exposed_base, true },
                                           { bruise, false },       { pit, false },
                                           { raised_powder, true }, { coating_crack, true },
                                           { dirty_spot, false },   { other_apply, false } };

bool defect_needs_coating(int kind)
{
    return kinds[kind].coated;
}

void defect_apply(Scene *scene, int kind)
{
    kinds[kind].apply(scene);
}
