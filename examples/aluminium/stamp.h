#ifndef ALUMINIUM_STAMP_H
#define ALUMINIUM_STAMP_H

#include "scene.h"

/* A patch with an uneven outline: rho is 0 at its centre and 1 on the outline. */
typedef struct {
    double x, y, radius, stretch, cosine, sine, rough, fine;
    double depth, opacity;
    Color color;
    uint32_t seed;
} Blob;

typedef void Paint(const Scene *scene, const Blob *blob, double rho, double x, double y, Texel *t);

Blob blob_new(Scene *scene, double radius, double stretch, double rough);
void blob_turn(Blob *blob, double turns);
void blob_stamp(Scene *scene, const Blob *blob, double limit, Paint *paint);

/* A thin line that bends: `bend` is the sagitta over the square of the half length. */
typedef struct {
    double x, y, cosine, sine, half, bend, width;
    double depth, opacity, breaks;
    Color color;
    uint32_t seed;
} Stroke;

void stroke_turn(Stroke *stroke, double turns);
void stroke_stamp(Scene *scene, const Stroke *stroke);

Color color_rgb(double r, double g, double b);
double profile_turns(const Scene *scene);
void texel_cover(Texel *t, Color color, double opacity);

void other_apply(Scene *scene);

#endif
