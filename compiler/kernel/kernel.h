/* Kernels: what a node computes, as a function of the loop IR. A kernel is written as in the
 * textbook; a tile (numbers per target) says how its loops are split, and the untiled form stays
 * available for tests. */
#ifndef KILN_KERNEL_KERNEL_H
#define KILN_KERNEL_KERNEL_H

#include "compiler/graph/graph.h"
#include "compiler/kernel/pack.h"
#include "compiler/loop/loop.h"
#include "compiler/target/target.h"

/* How many output pixels times groups of `lanes` channels are computed together.
 * lanes 0: not at all, the textbook nest. */
typedef struct Tile {
    int lanes, pixels, vectors;
    int form; /* of a convolution: one of these, or m of Winograd's F(m, taps), 2 .. 4 */
} Tile;

/* Of 1x1 convolutions: Winograd's form of Strassen's matrix product, and the inner product with
 * half the products. */
enum { TILE_DIRECT = 0, TILE_STRASSEN = 1, TILE_MAX_WINOGRAD = 4, TILE_INNER = 5 };

typedef enum OperandKind {
    OPERAND_INPUT,  /* the value of node->input[input] */
    OPERAND_OUTPUT, /* the node's value */
    OPERAND_CONST,  /* array */
    OPERAND_SCRATCH /* count floats of the arena */
} OperandKind;

typedef struct Operand {
    OperandKind kind;
    const Node *node; /* whose operand it is */
    int input;
    const ConstArray *array;
    int64_t count;
} Operand;

enum { KERNEL_MAX_PARAMS = 40 };

typedef struct Kernel {
    Function *function;
    Operand operand[12]; /* one per parameter of the function */
    int64_t scratch;     /* floats of all scratch operands together */
    const char *summary; /* "conv2d 3x3 stride 1 pad 1, 56x56x64 -> 56x56x64, relu" */
    const char *tile;    /* "6 pixels x 64 channels", "" where there is no tile */
} Kernel;

enum { KERNEL_MAX_FETCHED = 2 };

typedef struct KernelEnv {
    Arena *arena;
    const Target *target; /* lanes and instructions are its own; NULL: textbook */
    Tile tile;            /* of this node */
    LoopShare share;      /* how threads divide its work */
    int64_t pictures;     /* of one call; 0: 1 */
    bool fetches_ahead;   /* the weights of all layers come from beyond the second-level cache */
    /* Fetched for calls behind it, which read them once; NULL: none. Rows of PACK_LANES. */
    const ConstArray *fetched[KERNEL_MAX_FETCHED];
    /* Its input, where that is computed row by row with it, `rows` of its own at a time. */
    const Node *producer;
    Tile producer_tile;
    int64_t rows;
    const Node *product; /* its input, where that multiplies its weights instead of its map */
} KernelEnv;

/* True for the convolutions that Winograd's form of that size can compute. */
bool winograd_applies(const Node *n, int size);
/* The kernels that have one: "1x3, 3x1, 3x3". */
const char *winograd_kernels(Arena *a, int size);
/* What a tile of it makes, and with how many products. */
typedef struct WinogradTile {
    int64_t height, width, points;
} WinogradTile;
WinogradTile winograd_tile(const Node *n, int size);
/* True for the convolutions that are matrix products large enough for Strassen's form. */
bool strassen_applies(const Node *n);
/* True for the convolutions and dense layers that Winograd's inner product can compute, and a
 * target that has it (NULL: the textbook nest). */
bool inner_applies(const Target *target, const Node *n);
/* True for the product of a map and a factor per channel in front of a 1x1 convolution n with which
 * n would better multiply its weights. */
bool scale_applies(const Node *product, const Node *n);
/* True for a convolution and the depthwise one behind it that can be computed row by row. */
bool interleave_applies(const Node *first, const Node *second);
/* Are its channels cut into slices, or few? */
bool interleave_has_slices(const Node *first);
/* With so many rows of the second at a time: how much of the first one's map there is at once. */
int64_t interleave_floats(const Node *first, const Node *second, int64_t rows);
/* How many rows of tiles it computes at once, of one picture by one thread. */
int64_t winograd_batch(const Target *target, const Node *n, Tile tile);
/* Lanes of the half vector with which a tile's nest computes the last of so many channels; or 0. */
int64_t tile_half_lanes(const Target *target, int lanes, int64_t columns, int64_t channels);
/* True for the activations that compute an exponential. */
bool activation_has_exp(Activation a);
/* True where the node needs no code: its value already lies where its view says. */
bool kernel_is_void(const Node *n);
/* The name of the function that computes the node directly. Nodes of one name get one function, so
 * they are one layer to a schedule. NULL: there is no kernel. */
const char *kernel_name(Arena *arena, const Node *n);
/* Builds the kernel of a node whose view is decided. Returns NULL, or why there is none. */
const char *kernel_build(const KernelEnv *env, const Node *n, Kernel *out);

#endif
