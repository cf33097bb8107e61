/* Element types as rows of DTYPE_LIST. Elements are read through memcpy: files align nothing. */
#include "compiler/base/dtype.h"

#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} rows[] = {
#define D(enumerator, name, bytes) { name, bytes },
    DTYPE_LIST(D)
#undef D
};

const char *dtype_name(DType t)
{
    return rows[t].name;
}

size_t dtype_bytes(DType t)
{
    return rows[t].bytes;
}

int dtype_from_name(const char *name, DType *type)
{
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *type = (DType)i;
            return 1;
        }
    return 0;
}

static float float_from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

float bfloat16_to_float(uint16_t bits)
{
    return float_from_bits((uint32_t)bits << 16);
}

float half_to_float(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    uint32_t exponent = (bits >> 10) & 31u, mantissa = bits & 1023u;
    if (exponent == 31)
        return float_from_bits(sign | 0x7F800000u | mantissa << 13);
    if (exponent == 0) {
        float tiny = (float)mantissa * 0x1p-24f;
        return sign ? -tiny : tiny;
    }
    return float_from_bits(sign | (exponent + 112u) << 23 | mantissa << 13);
}

static uint64_t read_little_endian(const unsigned char *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static float double_bits_to_float(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return (float)d;
}

static float element_to_float(DType t, uint64_t bits)
{
    switch (t) {
    case DTYPE_F32:
        return float_from_bits((uint32_t)bits);
    case DTYPE_F64:
        return double_bits_to_float(bits);
    case DTYPE_F16:
        return half_to_float((uint16_t)bits);
    case DTYPE_BF16:
        return bfloat16_to_float((uint16_t)bits);
    case DTYPE_I8:
        return (float)(int8_t)bits;
    case DTYPE_U8:
        return (float)(uint8_t)bits;
    case DTYPE_I16:
        return (float)(int16_t)bits;
    case DTYPE_I32:
        return (float)(int32_t)bits;
    case DTYPE_I64:
        return (float)(int64_t)bits;
    case DTYPE_BOOL:
        return bits ? 1.0f : 0.0f;
    case DTYPE_COUNT:
        break;
    }
    return 0.0f;
}

void dtype_to_float(DType t, const void *bytes, size_t count, float *out)
{
    const unsigned char *p = bytes;
    size_t step = dtype_bytes(t);
    for (size_t i = 0; i < count; i++)
        out[i] = element_to_float(t, read_little_endian(p + i * step, step));
}
