/* Portable C99: no vectors. Groups of channels are short loops over scalars, which every C compiler
 * keeps in registers when they are marked for unrolling. */
#include "compiler/target/scalar.h"
#include "compiler/target/target.h"

const Target target_c99 = {
    .name = "c99",
    .description = "portable C99, any processor",
    .cflags = "-O2",
    .vector_registers = 16,
    .l1_bytes = 32 << 10,
    .l2_bytes = 256 << 10,
    .scalar = SCALAR_ROW("${a} * ${b} + ${c}", "kiln_sqrt(${a})"),
    .vector = { .lanes = 1 },
    .macs_per_cycle = 2,
    .memory_bytes_per_cycle = 4,
    .transform_cycles_per_vector = 12,
    .tile_lanes = 4,
    .tile_pixels = 4,
    .tile_vectors = 1,
    .tile_depthwise = 4,
    .tile_matrix = 4,
    .tiles = { { 4, 1 },
               { 2, 1 },
               { 6, 1 },
               { 4, 2 },
               { 3, 2 },
               { 1, 2 },
               { 1, 4 },
               { 1, 6 },
               { 1, 8 } },
};
