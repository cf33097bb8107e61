/* 64-bit Arm with Advanced SIMD: 32 registers of 4 lanes. There are no masked accesses: parts of a
 * vector go through a small array. */
#include "compiler/target/scalar.h"
#include "compiler/target/target.h"

const Target target_neon = {
    .name = "neon",
    .description = "64-bit Arm with Advanced SIMD",
    .header = "arm_neon.h",
    .cflags = "-O2",
    .features = "asimd",
    .machine = "aarch64",
    .fused = true,
    .vector_registers = 32,
    .l1_bytes = 32 << 10,
    .l2_bytes = 512 << 10,
    .scalar = SCALAR_ROW(SCALAR_FMA,
                         "vget_lane_f32(vsqrt_f32(vdup_n_f32(${a})), 0)"),
    .vector = {
        .lanes = 4,
        .type = "float32x4_t",
        .load = "vld1q_f32(${p})",
        .store = "vst1q_f32(${p}, ${a})",
        .load_part = "vld1q_f32(kiln_part(${p}, ${n}, (float[4]){ 0 }))",
        .store_part = "{ float lane[4]; vst1q_f32(lane, ${a}); kiln_copy_part(${p}, lane, ${n}); }",
        .op = {
            [VOP_ADD] = "vaddq_f32(${a}, ${b})",
            [VOP_SUB] = "vsubq_f32(${a}, ${b})",
            [VOP_MUL] = "vmulq_f32(${a}, ${b})",
            [VOP_DIV] = "vdivq_f32(${a}, ${b})",
            [VOP_FMA] = "vfmaq_f32(${c}, ${a}, ${b})",
            [VOP_MAX] = "vbslq_f32(vcgtq_f32(${a}, ${b}), ${a}, ${b})",
            [VOP_MIN] = "vbslq_f32(vcltq_f32(${a}, ${b}), ${a}, ${b})",
            [VOP_NEG] = "vnegq_f32(${a})",
            [VOP_ABS] = "vabsq_f32(${a})",
            [VOP_SQRT] = "vsqrtq_f32(${a})",
            [VOP_ROUND] = "vrndnq_f32(${a})",
            [VOP_SCALB] = "vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(${a}), "
                          "vshlq_n_s32(vcvtnq_s32_f32(${b}), 23)))",
            [VOP_SELECT_GT] = "vbslq_f32(vcgtq_f32(${a}, ${b}), ${c}, ${d})",
            [VOP_BROADCAST] = "vdupq_n_f32(${a})",
        },
    },
    .macs_per_cycle = 8,
    .memory_bytes_per_cycle = 4,
    .transform_cycles_per_vector = 6,
    .tile_lanes = 4,
    .tile_pixels = 6,
    .tile_vectors = 4,
    .tile_depthwise = 6,
    .tile_matrix = 8,
};
