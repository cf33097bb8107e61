/* x86-64 with AVX-512 F and DQ. */
#include "compiler/target/avx512.h"

const Target target_avx512 = {
    .name = "avx512",
    .description = "x86-64 with AVX-512 F and DQ",
    .cflags = "-O2 -mavx512f -mavx512dq -mavx2 -mfma -mprefer-vector-width=512",
    .features = "avx512f avx512dq avx2 fma",
    AVX512_ROW
};
