/* Random numbers, noise fields and the few smooth functions that the renderer needs. A hash of the
   lattice point stands behind the noise, as in Perlin's "Improving Noise" (2002). No function of
   the mathematical library is called but floor, fabs and sqrt, which are exact everywhere. */
#include "scene.h"

#include <math.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t rng_bits(Rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15u;
    return (uint32_t)(mix(rng->state) >> 32);
}

double rng_between(Rng *rng, double low, double high)
{
    return low + (high - low) * ((double)rng_bits(rng) / 4294967296.0);
}

int rng_integer(Rng *rng, int low, int high)
{
    return low + (int)(rng_bits(rng) % (uint32_t)(high - low + 1));
}

bool rng_chance(Rng *rng, double probability)
{
    return rng_between(rng, 0, 1) < probability;
}

static double lattice(uint32_t seed, int32_t x, int32_t y)
{
    uint32_t h = seed ^ ((uint32_t)x * 0x8da6b343u) ^ ((uint32_t)y * 0xd8163841u);
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    h ^= h >> 15;
    return (double)h / 2147483648.0 - 1.0;
}

double field_mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

double field_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Value noise in -1..1 with a continuous first derivative. */
double field_noise(uint32_t seed, double x, double y)
{
    double fx = floor(x), fy = floor(y);
    int32_t ix = (int32_t)fx, iy = (int32_t)fy;
    double tx = x - fx, ty = y - fy;
    tx = tx * tx * (3 - 2 * tx);
    ty = ty * ty * (3 - 2 * ty);
    double top = field_mix(lattice(seed, ix, iy), lattice(seed, ix + 1, iy), tx);
    double bottom = field_mix(lattice(seed, ix, iy + 1), lattice(seed, ix + 1, iy + 1), tx);
    return field_mix(top, bottom, ty);
}

double field_fractal(uint32_t seed, double x, double y, int octaves)
{
    double sum = 0, weight = 0.5;
    for (int i = 0; i < octaves; i++) {
        sum += weight * field_noise(seed + (uint32_t)i * 7919u, x, y);
        x = x * 2.03 + 17.1;
        y = y * 2.03 - 9.7;
        weight *= 0.5;
    }
    return sum;
}

/* exp(-x) for x >= 0: a Taylor series near zero, squared six times. */
double field_decay(double x)
{
    if (x > 40) {
        return 0;
    }
    double y = x / 64;
    double e = 1 -
               y * (1 -
                    y / 2 * (1 - y / 3 * (1 - y / 4 * (1 - y / 5 * (1 - y / 6 * (1 - y / 7))))));
    for (int i = 0; i < 6; i++) {
        e *= e;
    }
    return e;
}

double field_bell(double x)
{
    return field_decay(x * x);
}

double field_sine(double turns)
{
    double t = turns - floor(turns + 0.5);
    t = t > 0.25 ? 0.5 - t : t < -0.25 ? -0.5 - t : t;
    double a = t * 6.283185307179586, s = a * a;
    return a * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110)))));
}

double field_step(double low, double high, double x)
{
    double t = field_clamp((x - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}

Color color_mix(Color a, Color b, double t)
{
    Color c = { field_mix(a.r, b.r, t), field_mix(a.g, b.g, t), field_mix(a.b, b.b, t) };
    return c;
}

Color color_scale(Color c, double k)
{
    Color d = { c.r * k, c.g * k, c.b * k };
    return d;
}
