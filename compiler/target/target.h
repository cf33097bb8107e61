/* Targets as rows of data: lanes, registers, caches, byte order, and the C text of every vector
 * operation. The only place where an intrinsic is named. A new target is one file with one row. */
#ifndef KILN_TARGET_TARGET_H
#define KILN_TARGET_TARGET_H

#include "compiler/loop/loop.h"

/* C text of one operation at one vector width. ${a} ${b} ${c} ${d} are the arguments, ${p} an
 * address, ${n} a count of active lanes (a constant), ${mask} the same as a constant bit mask. */
typedef struct VectorType {
    int lanes;
    const char *type;         /* "__m512"; NULL at lanes 1 means float */
    const char *load, *store; /* "_mm512_loadu_ps(${p})", "_mm512_storeu_ps(${p}, ${a})" */
    const char *load_part, *store_part; /* the first ${n} lanes only */
    const char *op[VOP_COUNT];
} VectorType;

/* Output pixels times groups of channels that stay in registers together. */
typedef struct RegisterTile {
    int pixels, vectors;
} RegisterTile;

enum { TARGET_MAX_TILES = 16 };

typedef struct Target {
    const char *name;        /* "avx512" */
    const char *description; /* one line for --target help */
    const char *header;      /* "immintrin.h" or NULL */
    const char *cflags;      /* what the C compiler needs for the model's files */
    const char
        *features; /* what the processor must have, as runtime/cpu_check knows them: "avx2 fma" */
    const char *machine; /* "x86_64", "aarch64", or NULL for any */
    bool big_endian;
    bool fused; /* FMA rounds once */
    int vector_registers;
    int l1_bytes, l2_bytes, l3_bytes; /* of one core; the last is shared */
    int l1_ways;                      /* lines of a set; needed for inner_tiles */
    bool has_prefetch;      /* instructions that fetch a line, worth their place in a sum's loop */
    bool has_exp2;          /* VOP_EXP2_4 instead of two steps of a polynomial */
    VectorType scalar;      /* lanes 1 */
    VectorType vector;      /* lanes > 1; lanes 1 where there is none */
    const VectorType *half; /* half as many lanes, where they cost half as much; or NULL */
    bool strict;            /* no fused multiply-add, no Winograd: the same bits everywhere */
    /* For the cost model, measured on one core of this class. Vectors are tile_lanes wide. */
    double gigahertz;
    double fma_per_cycle, loads_per_cycle; /* vectors */
    double fma_latency;                    /* cycles of one step of a sum */
    double tile_cycles, store_cycles;      /* begin and end of a register tile; each vector of it */
    double l1_bytes_per_cycle, l2_bytes_per_cycle, l3_bytes_per_cycle, memory_bytes_per_cycle;
    double stream_cycles;               /* until a stream of weights that was left goes on */
    double transform_cycles_per_vector; /* Winograd: per vector of transformed values */
    double exp_cycles_per_vector;       /* activations with an exponential */
    /* Register tiles, read off tests/bench/tiles.md. */
    int tile_lanes;     /* channels computed together: the vector's lanes, or a group of scalars */
    int tile_pixels;    /* conv2d: output pixels ... */
    int tile_vectors;   /* ... times groups of tile_lanes channels */
    int tile_depthwise; /* depthwise and pools: pixels, one group of channels wide */
    int tile_matrix;    /* matrix-vector products: groups of channels */
    /* The tiles that a layer may get instead, by the cost model or a schedule file; ends with 0. */
    RegisterTile tiles[TARGET_MAX_TILES + 1];
    RegisterTile winograd_tiles[TARGET_MAX_TILES + 1]; /* of Winograd's products */
    /* Winograd's inner product, for processors that add beside multiplying. */
    double inner_step; /* of a multiply-add's time, per channel; 0: not on this processor */
    RegisterTile inner_tiles[TARGET_MAX_TILES + 1];
} Target;

extern const Target *const targets[]; /* ends with NULL */
const Target *target_find(const char *name);
/* The best target that this machine runs. */
const Target *target_host(void);
/* The target without fused multiply-add (--strict). */
const Target *target_strict(Arena *a, const Target *target);

#endif
