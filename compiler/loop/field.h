/* The prime field GF(p), p = 2^61 - 1, for exact tests of kernels that only add and multiply. */
#ifndef KILN_LOOP_FIELD_H
#define KILN_LOOP_FIELD_H

#include <stdint.h>

#define FIELD_PRIME ((UINT64_C(1) << 61) - 1)

uint64_t field_add(uint64_t a, uint64_t b);
uint64_t field_sub(uint64_t a, uint64_t b);
uint64_t field_mul(uint64_t a, uint64_t b);
/* The inverse of a, which must not be 0. */
uint64_t field_inverse(uint64_t a);
/* The element numerator / denominator. */
uint64_t field_rational(int64_t numerator, int64_t denominator);
/* A finite double is mantissa * 2^exponent: exact in the field. */
uint64_t field_from_double(double x);

#endif
