/* Portable C99: no vectors. Groups of channels are short loops over scalars, which every C compiler
 * keeps in registers when they are marked for unrolling. */
#include "compiler/target/target.h"

const Target target_c99 = {
    .name = "c99",
    .description = "portable C99, any processor",
    .cflags = "-O2",
    .vector_registers = 16,
    .l1_bytes = 32 << 10,
    .l2_bytes = 256 << 10,
    .scalar = {
        .lanes = 1,
        .type = "float",
        .op = {
            [VOP_ADD] = "${a} + ${b}",
            [VOP_SUB] = "${a} - ${b}",
            [VOP_MUL] = "${a} * ${b}",
            [VOP_DIV] = "${a} / ${b}",
            [VOP_FMA] = "${a} * ${b} + ${c}",
            [VOP_MAX] = "kiln_max(${a}, ${b})",
            [VOP_MIN] = "kiln_min(${a}, ${b})",
            [VOP_NEG] = "-${a}",
            [VOP_ABS] = "kiln_abs(${a})",
            [VOP_SQRT] = "kiln_sqrt(${a})",
            [VOP_ROUND] = "kiln_round(${a})",
            [VOP_SCALB] = "kiln_scalb(${a}, ${b})",
            [VOP_SELECT_GT] = "${a} > ${b} ? ${c} : ${d}",
        },
    },
    .vector = { .lanes = 1 },
    .tile_lanes = 4,
    .tile_pixels = 4,
    .tile_vectors = 1,
    .tile_depthwise = 4,
    .tile_matrix = 4,
};
