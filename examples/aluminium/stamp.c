/* Patches and strokes, from which every local defect is put together. They are laid down in
   pixels, within the profile only. */
#include "stamp.h"

#include <math.h>

Color color_rgb(double r, double g, double b)
{
    Color c = { r, g, b };
    return c;
}

void texel_cover(Texel *t, Color color, double opacity)
{
    t->color = color_mix(t->color, color, opacity);
    t->metal *= 1 - opacity;
}

/* The direction of the profile, as a share of a full turn (the arc sine, to the third order). */
double profile_turns(const Scene *scene)
{
    double s = scene->pose.sine;
    if (fabs(s) > 0.8) {
        return s > 0 ? 0.25 : -0.25;
    }
    return (s + s * s * s / 6) / 6.283185307179586;
}

void blob_turn(Blob *blob, double turns)
{
    blob->cosine = field_sine(turns + 0.25);
    blob->sine = field_sine(turns);
}

Blob blob_new(Scene *scene, double radius, double stretch, double rough)
{
    Blob blob = { 0 };
    double reach = radius * (stretch > 1 ? stretch : 1) * 0.8 + 4;
    scene_pick(scene, reach < 60 ? reach : 60, &blob.x, &blob.y);
    blob.radius = radius;
    blob.stretch = stretch;
    blob.rough = rough;
    blob.fine = 1.7;
    blob.opacity = 1;
    blob.seed = rng_bits(&scene->rng);
    blob_turn(&blob, rng_between(&scene->rng, 0, 1));
    return blob;
}

static double blob_rho(const Blob *b, double x, double y)
{
    double dx = (x - b->x) / b->radius, dy = (y - b->y) / b->radius;
    double along = (b->cosine * dx + b->sine * dy) / b->stretch;
    double across = b->cosine * dy - b->sine * dx;
    double rho = sqrt(along * along + across * across);
    return rho + b->rough * field_fractal(b->seed, dx * b->fine, dy * b->fine, b->fine > 1 ? 3 : 1);
}

void blob_stamp(Scene *scene, const Blob *blob, double limit, Paint *paint)
{
    double reach = blob->radius * (blob->stretch > 1 ? blob->stretch : 1) * (limit + blob->rough);
    int left = (int)field_clamp(blob->x - reach, 0, SCENE_WIDTH - 1);
    int right = (int)field_clamp(blob->x + reach + 1, 0, SCENE_WIDTH - 1);
    int top = (int)field_clamp(blob->y - reach, 0, SCENE_HEIGHT - 1);
    int bottom = (int)field_clamp(blob->y + reach + 1, 0, SCENE_HEIGHT - 1);
    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            Texel *t = &scene->texels[y * SCENE_WIDTH + x];
            double rho = blob_rho(blob, x, y);
            if (t->inside > 0.5 && rho < limit) {
                paint(scene, blob, rho, x, y, t);
            }
        }
    }
}

void stroke_turn(Stroke *stroke, double turns)
{
    stroke->cosine = field_sine(turns + 0.25);
    stroke->sine = field_sine(turns);
}

static void stroke_texel(const Stroke *s, double x, double y, Texel *t)
{
    double dx = x - s->x, dy = y - s->y;
    double along = s->cosine * dx + s->sine * dy;
    double across = s->cosine * dy - s->sine * dx - s->bend * along * along;
    double width = s->width * (1.15 + 0.5 * field_noise(s->seed, along / 9, 0.5));
    if (fabs(along) > s->half || fabs(across) > 3.5 * width) {
        return;
    }
    double end = field_step(0, 0.35, 1 - fabs(along) / s->half);
    double gap = 1 - s->breaks * field_step(0.0, 0.45, field_noise(s->seed + 1, along / 14, 0.5));
    double v = field_bell(across / width) * end * gap;
    t->height -= s->depth * v;
    texel_cover(t, s->color, s->opacity * v);
}

void stroke_stamp(Scene *scene, const Stroke *stroke)
{
    for (int i = 0; i < SCENE_PIXELS; i++) {
        if (scene->texels[i].inside > 0.5) {
            stroke_texel(stroke, i % SCENE_WIDTH, i / SCENE_WIDTH, &scene->texels[i]);
        }
    }
}
