/* The sound surface: an extruded profile seen by a camera that stands a little askew. The cross
   section is a face with grooves, ridges and rounded edges; on it lies one of three finishes
   (brushed and anodised metal, smooth paint, powder coat). Fills every texel of the scene. */
#include "scene.h"

#include <math.h>

static const Color paints[] = { { 0.82, 0.82, 0.80 },  { 0.56, 0.57, 0.58 },  { 0.26, 0.27, 0.28 },
                                { 0.06, 0.063, 0.07 }, { 0.13, 0.08, 0.055 }, { 0.58, 0.49, 0.36 },
                                { 0.06, 0.11, 0.085 }, { 0.12, 0.16, 0.21 },  { 0.40, 0.35, 0.28 },
                                { 0.20, 0.105, 0.06 } };

static const Color metals[] = { { 0.70, 0.71, 0.72 },
                                { 0.58, 0.60, 0.63 },
                                { 0.68, 0.58, 0.42 },
                                { 0.28, 0.20, 0.14 },
                                { 0.12, 0.12, 0.13 } };

void scene_locate(const Scene *scene, double x, double y, double *u, double *v)
{
    const Pose *p = &scene->pose;
    double dx = x - SCENE_WIDTH / 2.0, dy = y - SCENE_HEIGHT / 2.0;
    double k = 1 / (p->scale * (1 + dx * p->tilt_x + dy * p->tilt_y));
    *u = (p->cosine * dx + p->sine * dy) * k;
    *v = (p->cosine * dy - p->sine * dx) * k + p->shift;
}

/* A point of the picture at least `margin` pixels inside its border and inside the profile. */
bool scene_pick(Scene *scene, double margin, double *x, double *y)
{
    for (int attempt = 0; attempt < 200; attempt++) {
        double u, v, keep = margin * 0.7 / scene->pose.scale;
        *x = rng_between(&scene->rng, margin, SCENE_WIDTH - margin);
        *y = rng_between(&scene->rng, margin, SCENE_HEIGHT - margin);
        scene_locate(scene, *x, *y, &u, &v);
        if (v > scene->edges[0] + keep && v < scene->edges[1] - keep) {
            return true;
        }
    }
    *x = SCENE_WIDTH / 2.0;
    *y = SCENE_HEIGHT / 2.0;
    return false;
}

static void choose_pose(Scene *scene)
{
    Rng *rng = &scene->rng;
    double turn = rng_between(rng, -0.05, 0.05);
    if (rng_chance(rng, 0.25)) {
        turn = rng_between(rng, -0.14, 0.14);
    } else if (rng_chance(rng, 0.15)) {
        turn += 0.25;
    }
    scene->pose.sine = field_sine(turn);
    scene->pose.cosine = field_sine(turn + 0.25);
    scene->pose.scale = rng_between(rng, 0.8, 1.3);
    scene->pose.tilt_x = rng_between(rng, -0.0009, 0.0009);
    scene->pose.tilt_y = rng_between(rng, -0.0009, 0.0009);
    scene->pose.shift = rng_between(rng, -20, 20);
}

static void choose_section(Scene *scene)
{
    Rng *rng = &scene->rng;
    scene->edges[0] = rng_chance(rng, 0.4) ? rng_between(rng, -88, -55) : -1000;
    scene->edges[1] = rng_chance(rng, 0.4) ? rng_between(rng, 55, 88) : 1000;
    scene->line_count = rng_integer(rng, 0, 3);
    for (int i = 0; i < scene->line_count; i++) {
        double span = 110.0 / scene->line_count;
        scene->lines[i] = -55 + span * (i + rng_between(rng, 0.2, 0.8));
    }
}

static void choose_finish(Scene *scene, bool coated)
{
    Rng *rng = &scene->rng;
    Finish *f = &scene->finish;
    double kind = rng_between(rng, coated ? 0.4 : 0.0, 1.0);
    f->kind = kind < 0.4 ? FINISH_BRUSHED : kind < 0.65 ? FINISH_PAINT : FINISH_POWDER;
    f->color = f->kind == FINISH_BRUSHED ? metals[rng_integer(rng, 0, 4)]
                                         : paints[rng_integer(rng, 0, 9)];
    f->color.r *= rng_between(rng, 0.97, 1.03);
    f->color.g *= rng_between(rng, 0.97, 1.03);
    f->color.b *= rng_between(rng, 0.97, 1.03);
    f->gloss = f->kind == FINISH_PAINT ? rng_between(rng, 0.45, 0.85) : rng_between(rng, 0.15, 0.5);
    f->grain = rng_between(rng, 0.5, 1.0);
    f->seed = rng_bits(rng);
}

static double brush_lines(uint32_t seed, double u, double v)
{
    return 0.45 * field_noise(seed, u / 150, v * 1.3) +
           0.35 * field_noise(seed + 1, u / 45, v * 0.9) +
           0.30 * field_noise(seed + 2, u / 400, v * 0.35);
}

Color profile_bare_metal(const Scene *scene, double x, double y)
{
    double u, v;
    Color c = { 0.66, 0.67, 0.69 };
    scene_locate(scene, x, y, &u, &v);
    return color_scale(c, 1 + 0.40 * brush_lines(scene->finish.seed + 77, u, v));
}

static void lay_finish(const Finish *f, double u, double v, Texel *t)
{
    double cloud = 0.05 * field_fractal(f->seed + 9, u / 90, v / 90, 2);
    t->metal = f->kind == FINISH_BRUSHED;
    t->gloss = f->gloss;
    if (f->kind == FINISH_BRUSHED) {
        double lines = brush_lines(f->seed, u, v) * f->grain;
        t->height += 0.10 * lines;
        cloud += 0.20 * lines + 0.05 * field_noise(f->seed + 5, u * 0.7, v * 0.9);
    } else if (f->kind == FINISH_POWDER) {
        t->height += 0.11 * f->grain * field_noise(f->seed, u * 0.55, v * 0.55);
        t->height += 0.05 * f->grain * field_noise(f->seed + 3, u * 1.1, v * 1.1);
        cloud += 0.05 * f->grain * field_noise(f->seed + 4, u * 0.9, v * 0.9);
    } else {
        t->height += 0.10 * field_noise(f->seed, u / 14, v / 14);
        cloud += 0.025 * field_noise(f->seed + 2, u / 60, v * 0.4);
    }
    t->color = color_scale(f->color, 1 + cloud);
}

/* Grooves and ridges with rounded walls; a groove is darkest at its foot, and its upper lip, worn
   bare of shadow, catches the light. */
static void cut_lines(const Scene *scene, double v, Texel *t)
{
    for (int i = 0; i < scene->line_count; i++) {
        uint32_t h = (scene->finish.seed >> (i * 5)) & 31u;
        double half = 1.5 + (double)(h & 7u) * 0.9, d = fabs(v - scene->lines[i]);
        double wall = 2.5 + 0.35 * half, inside = 1 - field_step(half, half + wall, d);
        if (h & 8u) {
            t->height += 0.9 * wall * inside;
            t->occluded += 0.34 * field_bell((d - half - wall - 1) / 2.2);
        } else {
            t->height -= 1.1 * wall * inside;
            t->occluded += 0.30 * inside + 0.28 * field_bell((d - half) / 1.6);
            t->occluded -= 0.10 * field_bell((d - half - wall) / 0.9);
        }
    }
}

static void round_edges(const Scene *scene, double v, Texel *t)
{
    double d0 = v - scene->edges[0], d1 = scene->edges[1] - v, d = d0 < d1 ? d0 : d1;
    double fall = field_clamp((7 - d) / 7, 0, 1);
    t->inside = field_step(-0.7, 0.7, d);
    t->height -= 7 * (1 - sqrt(1 - 0.96 * fall * fall));
}

static Color backdrop(const Scene *scene, double u, double v)
{
    uint32_t s = scene->finish.seed + 31;
    double d0 = scene->edges[0] - v, d1 = v - scene->edges[1], d = d0 > d1 ? d0 : d1;
    double level = (s & 64u) ? 0.20 : 0.06;
    Color c = { level, level * ((s & 128u) ? 0.94 : 1.03), level * ((s & 128u) ? 0.84 : 1.08) };
    level = 1 + 0.5 * field_fractal(s, u / 55, v / 30, 2);
    level *= 0.35 + 0.65 * field_step(0, 26, d);
    return color_scale(c, level);
}

void profile_build(Scene *scene, bool coated)
{
    choose_pose(scene);
    choose_section(scene);
    choose_finish(scene, coated);
    for (int i = 0; i < SCENE_PIXELS; i++) {
        Texel *t = &scene->texels[i], empty = { 0 };
        double u, v;
        scene_locate(scene, i % SCENE_WIDTH, i / SCENE_WIDTH, &u, &v);
        *t = empty;
        lay_finish(&scene->finish, u, v, t);
        cut_lines(scene, v, t);
        round_edges(scene, v, t);
        if (t->inside < 1) {
            t->color = color_mix(backdrop(scene, u, v), t->color, t->inside);
        }
    }
}
