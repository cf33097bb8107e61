#ifndef ALUMINIUM_SCENE_H
#define ALUMINIUM_SCENE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SCENE_WIDTH = 256,
    SCENE_HEIGHT = 192,
    SCENE_PIXELS = SCENE_WIDTH * SCENE_HEIGHT,
    SCENE_CLASSES = 12
};

/* Random numbers and noise: integer arithmetic, and doubles only through + - * / and sqrt, so that
   every IEEE machine renders the same picture. No expression draws two numbers whose order C leaves
   open. */
typedef struct {
    uint64_t state;
} Rng;

double rng_between(Rng *rng, double low, double high);
int rng_integer(Rng *rng, int low, int high);
bool rng_chance(Rng *rng, double probability);
uint32_t rng_bits(Rng *rng);

double field_noise(uint32_t seed, double x, double y);
double field_fractal(uint32_t seed, double x, double y, int octaves);
double field_decay(double x);
double field_bell(double x);
double field_sine(double turns);
double field_step(double low, double high, double x);
double field_mix(double a, double b, double t);
double field_clamp(double x, double low, double high);

typedef struct {
    double r, g, b;
} Color;

Color color_mix(Color a, Color b, double t);
Color color_scale(Color c, double k);

typedef enum { FINISH_BRUSHED, FINISH_PAINT, FINISH_POWDER } FinishKind;

typedef struct {
    FinishKind kind;
    Color color;
    double gloss;
    double grain;
    uint32_t seed;
} Finish;

/* Where the camera stands: the profile runs along u, its cross section along v. */
typedef struct {
    double cosine, sine, scale, tilt_x, tilt_y, shift;
} Pose;

typedef struct {
    double height;   /* relief, in pixels */
    double occluded; /* share of the light that the relief keeps out */
    double gloss;
    double metal; /* 1: reflection takes the colour of the surface */
    double inside;
    Color color;
} Texel;

typedef struct {
    Rng rng;
    Pose pose;
    Finish finish;
    double edges[2]; /* v of the first and last line of the profile */
    double lines[4]; /* v of grooves and ridges */
    int line_count;
    Texel *texels;
} Scene;

typedef struct {
    uint8_t rgb[SCENE_PIXELS * 3];
} Picture;

void scene_locate(const Scene *scene, double x, double y, double *u, double *v);
bool scene_pick(Scene *scene, double margin, double *x, double *y);
void profile_build(Scene *scene, bool coated);
Color profile_bare_metal(const Scene *scene, double x, double y);

extern const char *const defect_names[SCENE_CLASSES];
bool defect_needs_coating(int kind);
void defect_apply(Scene *scene, int kind);

void camera_expose(Scene *scene, Picture *picture);

const char *picture_write_jpeg(const Picture *picture, const char *path);
const char *picture_write_ppm(const Picture *picture, const char *path);

#endif
