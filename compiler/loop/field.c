/* Arithmetic modulo the Mersenne prime 2^61 - 1: the high bits of a product fold onto the low
 * ones. */
#include "compiler/loop/field.h"

#include <math.h>

__extension__ typedef unsigned __int128 Wide;

static uint64_t reduce(uint64_t x)
{
    x = (x & FIELD_PRIME) + (x >> 61);
    return x >= FIELD_PRIME ? x - FIELD_PRIME : x;
}

uint64_t field_add(uint64_t a, uint64_t b)
{
    return reduce(a + b);
}

uint64_t field_sub(uint64_t a, uint64_t b)
{
    return reduce(a + FIELD_PRIME - b);
}

uint64_t field_mul(uint64_t a, uint64_t b)
{
    Wide product = (Wide)a * b;
    return reduce((uint64_t)(product & FIELD_PRIME) + (uint64_t)(product >> 61));
}

static uint64_t power(uint64_t a, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = field_mul(result, a);
        a = field_mul(a, a);
    }
    return result;
}

uint64_t field_inverse(uint64_t a)
{
    return power(a, FIELD_PRIME - 2);
}

static uint64_t from_integer(int64_t x)
{
    uint64_t magnitude = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    return x < 0 ? field_sub(0, reduce(magnitude)) : reduce(magnitude);
}

uint64_t field_rational(int64_t numerator, int64_t denominator)
{
    return field_mul(from_integer(numerator), field_inverse(from_integer(denominator)));
}

uint64_t field_from_double(double x)
{
    int exponent;
    int64_t mantissa = (int64_t)ldexp(frexp(x, &exponent), 53);
    exponent -= 53;
    uint64_t two = exponent < 0 ? field_inverse(2) : 2;
    return field_mul(from_integer(mantissa),
                     power(two, (uint64_t)(exponent < 0 ? -exponent : exponent)));
}
