/* Weights by a rule instead of training, to measure an architecture and to check it against the
 * reference vectors. Element i of a tensor, counted in C order, is
 *
 *   float(offset + scale * u),  u in [-1, 1) from splitmix64 at position i + 1 of the stream whose
 *   seed is the FNV-1a hash of the tensor's name
 *
 * in double, rounded once. */
#ifndef KILN_IMPORT_RANDOM_WEIGHTS_H
#define KILN_IMPORT_RANDOM_WEIGHTS_H

#include "compiler/import/weights.h"

typedef struct RandomRule {
    double offset, scale;
} RandomRule;

/* The seed of a tensor's stream. `seed` 0 leaves the rule of the reference vectors as it is, any
 * other value gives different streams. */
uint64_t random_stream(const char *name, uint64_t seed);

void random_fill(uint64_t stream, RandomRule rule, int64_t count, float *out);

/* Offset and scale by what the last part of the name and the rank say the tensor is: convolution
 * and dense weights sqrt(6 / fan_in), biases 0.1, normalisation weights 1 +- 0.3, running means 0
 * +- 0.2, running variances 1 +- 0.3; all rounded to 12 significant bits. */
RandomRule random_rule(const char *name, int rank, const int64_t *dim);

/* Adds the tensor to the store, filled by random_rule(). The name must not be in the store. */
const WeightTensor *weights_add_random(WeightStore *s, const char *name, int rank,
                                       const int64_t *dim, uint64_t seed);

#endif
