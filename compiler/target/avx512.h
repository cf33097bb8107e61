/* What targets with AVX-512 have in common: 32 registers of 16 lanes, every operation maskable. The
 * numbers of the cost model are those of Zen 4, which has each half of a vector in turn. */
#ifndef KILN_TARGET_AVX512_H
#define KILN_TARGET_AVX512_H

#include "compiler/target/scalar.h"
#include "compiler/target/target.h"

extern const Target target_avx2;

/* clang-format off */
#define AVX512_ROW \
    .header = "immintrin.h", \
    .machine = "x86_64", \
    .fused = true, \
    .vector_registers = 32, \
    .l1_bytes = 32 << 10, \
    .l2_bytes = 1 << 20, \
    .l3_bytes = 16 << 20, \
    .has_prefetch = true, \
    .has_exp2 = true, \
    .scalar = SCALAR_ROW(SCALAR_FMA, \
                         "_mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(${a})))"), \
    .vector = { \
        .lanes = 16, \
        .type = "__m512", \
        .load = "_mm512_loadu_ps(${p})", \
        .store = "_mm512_storeu_ps(${p}, ${a})", \
        .load_part = "_mm512_maskz_loadu_ps(${mask}, ${p})", \
        .store_part = "_mm512_mask_storeu_ps(${p}, ${mask}, ${a})", \
        .op = { \
            [VOP_ADD] = "_mm512_add_ps(${a}, ${b})", \
            [VOP_SUB] = "_mm512_sub_ps(${a}, ${b})", \
            [VOP_MUL] = "_mm512_mul_ps(${a}, ${b})", \
            [VOP_DIV] = "_mm512_div_ps(${a}, ${b})", \
            [VOP_FMA] = "_mm512_fmadd_ps(${a}, ${b}, ${c})", \
            [VOP_MAX] = "_mm512_max_ps(${a}, ${b})", \
            [VOP_MIN] = "_mm512_min_ps(${a}, ${b})", \
            [VOP_NEG] = "_mm512_xor_ps(${a}, _mm512_set1_ps(-0.0f))", \
            [VOP_ABS] = "_mm512_andnot_ps(_mm512_set1_ps(-0.0f), ${a})", \
            [VOP_SQRT] = "_mm512_sqrt_ps(${a})", \
            [VOP_ROUND] = "_mm512_roundscale_ps(${a}, 8)", \
            [VOP_SCALB] = "_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(${a}), " \
                          "_mm512_slli_epi32(_mm512_cvtps_epi32(${b}), 23)))", \
            [VOP_LIMIT] = "_mm512_range_ps(${a}, ${b}, 2)", \
            [VOP_EXP2_4] = \
                "_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(_mm512_permutevar_ps(" \
                "_mm512_load_ps((const void *)kiln_exp2_bits), _mm512_castps_si512(${a}))), " \
                "_mm512_slli_epi32(_mm512_castps_si512(${a}), 21)))", \
            [VOP_SELECT_GT] = \
                "_mm512_mask_blend_ps(_mm512_cmp_ps_mask(${a}, ${b}, _CMP_GT_OQ), ${d}, ${c})", \
            [VOP_BROADCAST] = "_mm512_set1_ps(${a})", \
        }, \
    }, \
    .half = &target_avx2.vector, \
    .gigahertz = 3.7, \
    .fma_per_cycle = 1, \
    .loads_per_cycle = 1.4, \
    .fma_latency = 4, \
    .tile_cycles = 8, \
    .store_cycles = 0.8, \
    .l1_bytes_per_cycle = 32, \
    .l2_bytes_per_cycle = 32, \
    .l3_bytes_per_cycle = 32, \
    .memory_bytes_per_cycle = 11, \
    .stream_cycles = 210, \
    .transform_cycles_per_vector = 1.8, \
    .exp_cycles_per_vector = 10, \
    .tile_lanes = 16, \
    .tile_pixels = 7, \
    .tile_vectors = 4, \
    .tile_depthwise = 14, \
    .tile_matrix = 6, \
    .tiles = { { 7, 4 }, { 4, 4 }, { 9, 3 }, { 14, 2 }, { 14, 1 }, \
               { 7, 1 }, { 4, 1 }, { 1, 4 }, { 1, 6 }, { 1, 8 }, { 1, 12 } }, \
    .winograd_tiles = { { 7, 4 }, { 14, 1 }, { 10, 1 } },
/* clang-format on */

#endif
