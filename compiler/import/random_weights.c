/* FNV-1a (Fowler, Noll, Vo) seeds, splitmix64 (Steele, Lea, Flood 2014) draws. Twelve significant
 * bits in offset and scale make offset + scale * u exact up to the one rounding, so that a fused
 * multiply-add gives the same bits. */
#include "compiler/import/random_weights.h"

#include "compiler/base/vec.h"

#include <math.h>
#include <string.h>

enum { RULE_BITS = 12 };

static const uint64_t golden_gamma = 0x9E3779B97F4A7C15u;

static uint64_t hash_name(const char *name)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001B3u;
    return h;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t random_stream(const char *name, uint64_t seed)
{
    uint64_t h = hash_name(name);
    return seed ? h ^ mix(seed * golden_gamma) : h;
}

void random_fill(uint64_t stream, RandomRule rule, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t z = mix(stream + ((uint64_t)i + 1) * golden_gamma);
        double u = (double)(z >> 40) * 0x1p-23 - 1.0;
        out[i] = (float)(rule.offset + rule.scale * u);
    }
}

static double round_bits(double x)
{
    int exponent;
    double mantissa = frexp(x, &exponent);
    return ldexp(nearbyint(ldexp(mantissa, RULE_BITS)), exponent - RULE_BITS);
}

/* Inputs that one output sums over: everything but the first axis. */
static double fan_in(int rank, const int64_t *dim)
{
    double n = 1;
    for (int i = 1; i < rank; i++)
        n *= (double)dim[i];
    return n;
}

RandomRule random_rule(const char *name, int rank, const int64_t *dim)
{
    static const struct {
        const char *last;
        RandomRule rule;
    } rows[] = {
        { "running_mean", { 0, 0.2 } },
        { "running_var", { 1, 0.3 } },
        { "weight", { 1, 0.3 } }, /* of a normalisation: others have two axes or more */
        { "num_batches_tracked", { 0, 0 } },
    };
    RandomRule rule = { 0, 0.1 };
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    if (rank >= 2)
        rule.scale = sqrt(6 / fan_in(rank, dim));
    for (int i = 0; rank < 2 && i < COUNT_OF(rows); i++)
        if (strcmp(last, rows[i].last) == 0)
            rule = rows[i].rule;
    rule.scale = round_bits(rule.scale);
    return rule;
}

const WeightTensor *weights_add_random(WeightStore *s, const char *name, int rank,
                                       const int64_t *dim, uint64_t seed)
{
    WeightTensor *t = arena_new_of(s->arena, WeightTensor);
    t->name = arena_strdup(s->arena, name);
    t->file = "random";
    t->rank = rank;
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        t->dim[i] = dim[i];
        t->stride[i] = step;
        step *= dim[i];
    }
    float *values = arena_new_array(s->arena, float, step);
    random_fill(random_stream(name, seed), random_rule(name, rank, dim), step, values);
    t->bytes = values;
    map_set(s->arena, &s->tensors, t->name, t);
    return t;
}
