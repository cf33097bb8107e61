/* Weights as kernels read them. Packing does not depend on the target: 16 output channels side by
 * side are one AVX-512 register, two of AVX2, four of NEON. Lanes beyond the last channel hold
 * zeros. */
#ifndef KILN_KERNEL_PACK_H
#define KILN_KERNEL_PACK_H

#include "compiler/graph/graph.h"
#include "compiler/loop/loop.h"

enum { PACK_LANES = 16, PACK_MAX_TAPS = 7, PACK_MAX_POINTS = 9 };

/* One packed array, emitted as a constant. */
typedef struct ConstArray {
    const char *path;   /* of the parameter in the source: "layer1.0.conv1.weight" */
    const char *layout; /* for the comment: "[out/16][ky][kx][in][16]" */
    int rank;
    int64_t extent[LOOP_MAX_RANK];
    int64_t count;
    const float *data; /* [count] */
} ConstArray;

/* [out, in/groups, kh, kw] -> [groups][out/groups/16][kh][kw][in/groups][16] */
ConstArray *pack_conv2d(Arena *a, const Param *weight, int64_t groups);
/* G of one axis: point i is the sum of row[i][k] * tap k, over divisor[i]. */
typedef struct PackTransform {
    int taps, points;
    double row[PACK_MAX_POINTS][PACK_MAX_TAPS], divisor[PACK_MAX_POINTS];
} PackTransform;

/* [out, in, kh, kw] -> G g H' per pair of channels (winograd.c), [point][out/16][in][16]. Computed
 * in double, rounded once. */
ConstArray *pack_winograd(Arena *a, const Param *weight, const PackTransform *rows,
                          const PackTransform *columns);
/* [out, in, 1, 1] -> the seven matrices of Strassen's form (strassen.c), [out/32][7][in/2][16]: 7/4
 * times the bytes of whole pairs of vectors of outputs. Computed in double, rounded once. */
ConstArray *pack_strassen(Arena *a, const Param *weight);
/* How Winograd's inner product (inner.c) takes channels: `count` chunks of six parts from `first`
 * on, the longest parts first; what is left over it takes directly. */
enum { PACK_INNER_BLOCKS = 3 };
typedef struct InnerBlock {
    int64_t first, part, count;
} InnerBlock;
/* Those of so many channels; returns how many of the channels they take. */
int64_t pack_inner_blocks(int64_t in, InnerBlock block[PACK_INNER_BLOCKS]);
/* For Winograd's inner product: [out, in, 1, 1] -> [out/16][step][16] in the order of the sum, an
 * output's weights times the power of two that brings them to half of `magnitude`, the root mean
 * square of the inputs; one weight of six has the other sign. And [4][out/16][16]: FIRST and then
 * LOW, what rounding took from it, is what a sum begins with: minus the products of weights that it
 * adds. SCALE undoes the power and, like the bias, has the factor `factor`. A constant that were
 * rounded would err equally for all pixels: no average removes that. */
enum { PACK_INNER_FIRST, PACK_INNER_LOW, PACK_INNER_SCALE, PACK_INNER_BIAS, PACK_INNER_ROWS };
typedef struct InnerArrays {
    ConstArray *weight, *rows;
} InnerArrays;
InnerArrays pack_inner(Arena *a, const char *path, const Param *weight, const Param *bias,
                       double magnitude, double factor);
/* The last 16 of an odd number of vectors of outputs: [in][16]. */
ConstArray *pack_last_outputs(Arena *a, const Param *weight);
/* [c, 1, kh, kw] -> [c/16][kh][kw][16] */
ConstArray *pack_depthwise(Arena *a, const Param *weight);
/* [out, in] -> [1][out/16][1][1][in][16]. With height * width > 1 the input is a map flattened in
 * C,H,W order but stored as H,W,C: column c, y, x goes to row (y, x, c). */
ConstArray *pack_dense(Arena *a, const Param *weight, int64_t channels, int64_t height,
                       int64_t width);
/* [c] -> [groups][c/groups/16][16]; data NULL gives zeros. */
ConstArray *pack_vector(Arena *a, const char *path, const float *data, int64_t count,
                        int64_t groups);

#endif
