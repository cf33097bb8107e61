/* AMD Zen 4: AVX-512 whose additions run beside multiply-adds. Tiles of the inner product are one
 * vector wide: each input is then read once, by the addition or product that needs it, and both
 * kinds of units stay 95 % busy (170 GFLOP/s of 177, all in the first-level cache). With more
 * vectors inputs are copied to registers first: 105 to 135 GFLOP/s, 150 in vectors of 8 lanes. */
#include "compiler/target/avx512.h"

const Target target_zen4 = {
    .name = "zen4",
    .description = "AMD Zen 4: AVX-512 F, DQ and VL, additions beside multiply-adds",
    .cflags = "-O2 -mavx512f -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512",
    .features = "avx512f avx512dq avx512vl avx2 fma",
    AVX512_ROW.l1_ways = 8,
    .inner_step = 0.65,
    .inner_tiles = { { 12, 1 }, { 10, 1 }, { 7, 1 } },
};
