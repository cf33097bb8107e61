/* x86-64 with AVX2 and FMA: 16 registers of 8 lanes. */
#include "compiler/target/scalar.h"
#include "compiler/target/target.h"

#define LANES_8 "_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)"
#define MASK    "_mm256_cmpgt_epi32(_mm256_set1_epi32(${n}), " LANES_8 ")"
#define SIGN    "_mm256_set1_ps(-0.0f)"

const Target target_avx2 = {
    .name = "avx2",
    .description = "x86-64 with AVX2 and FMA",
    .header = "immintrin.h",
    .cflags = "-O2 -mavx2 -mfma",
    .features = "avx2 fma",
    .machine = "x86_64",
    .fused = true,
    .vector_registers = 16,
    .l1_bytes = 32 << 10,
    .l2_bytes = 512 << 10,
    .has_prefetch = true,
    .has_exp2 = true,
    .l3_bytes = 16 << 20,
    .scalar = SCALAR_ROW(SCALAR_FMA,
                         "_mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(${a})))"),
    .vector = {
        .lanes = 8,
        .type = "__m256",
        .load = "_mm256_loadu_ps(${p})",
        .store = "_mm256_storeu_ps(${p}, ${a})",
        .load_part = "_mm256_maskload_ps(${p}, " MASK ")",
        .store_part = "_mm256_maskstore_ps(${p}, " MASK ", ${a})",
        .op = {
            [VOP_ADD] = "_mm256_add_ps(${a}, ${b})",
            [VOP_SUB] = "_mm256_sub_ps(${a}, ${b})",
            [VOP_MUL] = "_mm256_mul_ps(${a}, ${b})",
            [VOP_DIV] = "_mm256_div_ps(${a}, ${b})",
            [VOP_FMA] = "_mm256_fmadd_ps(${a}, ${b}, ${c})",
            [VOP_MAX] = "_mm256_max_ps(${a}, ${b})",
            [VOP_MIN] = "_mm256_min_ps(${a}, ${b})",
            [VOP_NEG] = "_mm256_xor_ps(${a}, " SIGN ")",
            [VOP_ABS] = "_mm256_andnot_ps(" SIGN ", ${a})",
            [VOP_SQRT] = "_mm256_sqrt_ps(${a})",
            [VOP_ROUND] = "_mm256_round_ps(${a}, 8)",
            [VOP_SCALB] = "_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(${a}), "
                          "_mm256_slli_epi32(_mm256_cvtps_epi32(${b}), 23)))",
            [VOP_LIMIT] = "_mm256_min_ps(_mm256_max_ps(${a}, _mm256_xor_ps(${b}, " SIGN ")), ${b})",
            [VOP_EXP2_4] =
                "_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(_mm256_permutevar_ps("
                "_mm256_load_ps((const void *)kiln_exp2_bits), _mm256_castps_si256(${a}))), "
                "_mm256_slli_epi32(_mm256_castps_si256(${a}), 21)))",
            [VOP_SELECT_GT] = "_mm256_blendv_ps(${d}, ${c}, _mm256_cmp_ps(${a}, ${b}, _CMP_GT_OQ))",
            [VOP_BROADCAST] = "_mm256_set1_ps(${a})",
        },
    },
    .gigahertz = 3.7,
    .fma_per_cycle = 2,
    .loads_per_cycle = 1.8,
    .fma_latency = 4,
    .tile_cycles = 1,
    .store_cycles = 0.5,
    .l1_bytes_per_cycle = 24,
    .l2_bytes_per_cycle = 24,
    .l3_bytes_per_cycle = 22,
    .memory_bytes_per_cycle = 9,
    .stream_cycles = 30,
    .transform_cycles_per_vector = 0.5,
    .exp_cycles_per_vector = 8,
    .tile_lanes = 8,
    .tile_pixels = 4,
    .tile_vectors = 3,
    .tile_depthwise = 7,
    .tile_matrix = 6,
    .tiles = { { 4, 3 }, { 6, 2 }, { 3, 3 }, { 4, 2 }, { 7, 1 },
               { 1, 4 }, { 1, 6 }, { 1, 8 }, { 1, 12 } },
    .winograd_tiles = { { 4, 3 }, { 6, 2 }, { 12, 1 } },
};
