/* Element types of tensors, and their conversion to float32. */
#ifndef KILN_BASE_DTYPE_H
#define KILN_BASE_DTYPE_H

#include <stddef.h>
#include <stdint.h>

/* D(ENUM, name as safetensors writes it, bytes) */
#define DTYPE_LIST(D)  \
    D(F32, "F32", 4)   \
    D(F64, "F64", 8)   \
    D(F16, "F16", 2)   \
    D(BF16, "BF16", 2) \
    D(I8, "I8", 1)     \
    D(U8, "U8", 1)     \
    D(I16, "I16", 2)   \
    D(I32, "I32", 4)   \
    D(I64, "I64", 8)   \
    D(BOOL, "BOOL", 1)

typedef enum DType {
#define D(enumerator, name, bytes) DTYPE_##enumerator,
    DTYPE_LIST(D)
#undef D
        DTYPE_COUNT
} DType;

const char *dtype_name(DType t);
size_t dtype_bytes(DType t);
/* Finds a type by its name; returns 0 where there is none of that name. */
int dtype_from_name(const char *name, DType *type);

float half_to_float(uint16_t bits);
float bfloat16_to_float(uint16_t bits);

/* Converts `count` little-endian elements, at any alignment, to float32 (rounding to nearest). */
void dtype_to_float(DType t, const void *bytes, size_t count, float *out);

#endif
