/* AMD Zen 4: AVX-512 whose additions run beside multiply-adds, at full rate in vectors of 8
 * lanes. */
#include "compiler/target/avx512.h"

const Target target_zen4 = {
    .name = "zen4",
    .description = "AMD Zen 4: AVX-512 F, DQ and VL, additions beside multiply-adds",
    .cflags = "-O2 -mavx512f -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512",
    .features = "avx512f avx512dq avx512vl avx2 fma",
    AVX512_ROW.inner_lanes = 8,
    .inner_step = 0.8,
    .inner_tiles = { { 5, 4 }, { 6, 3 }, { 7, 3 }, { 9, 2 }, { 7, 2 } },
};
