/* What the kernels share: buffers that follow views, named temporaries, activations, register
 * tiling. Private to kernel/. */
#ifndef KILN_KERNEL_COMMON_H
#define KILN_KERNEL_COMMON_H

#include "compiler/base/text.h"
#include "compiler/kernel/kernel.h"

/* One of the two convolutions of an interleaved pair (interleave.c): instead of a function it makes
 * a nest. */
typedef struct MakePart {
    const struct Interleave *pair;
    bool is_first;
    Buffer *between; /* the map that the first one writes and the second one reads */
    const Var *row;  /* of the loop over output rows */
    Stmt *nest;
    Stmt *before; /* what is done before, for all rows; NULL: nothing */
} MakePart;

/* A kernel under construction. */
typedef struct Make {
    const KernelEnv *env;
    Arena *L;
    const Node *n;
    Kernel *k;
    Text name;         /* of the function */
    Text summary;      /* what the call does ... */
    Text extras;       /* ... and what is fused into it */
    bool only_name;    /* a tiled kernel's maker may return once it has named the function */
    bool has_pictures; /* the nest already runs over all pictures of the batch */
    MakePart *part;    /* NULL: the kernel is a function of its own */
} Make;

/* A tensor as its kernel sees it: [height][width][channels], pixels `stride` apart. */
typedef struct FeatureMap {
    int64_t height, width, channels, stride;
} FeatureMap;

FeatureMap map_of(const Node *n);
/* The maps of so many pictures, which lie behind each other, as one row of pixels. */
FeatureMap map_one_row(FeatureMap m, int64_t pictures);
/* The least number of equal batches of a row's pixels, `shortest` pixels or more, whose `floats` of
 * each pixel stay within a quarter of the second-level cache; 1 where there is none. */
int64_t map_batches(const Target *target, int64_t pixels, int64_t shortest, int64_t floats);

/* Parameters of the function, in the order of the calls. Buffers of maps have three dimensions. */
Buffer *make_input(Make *m, int input, const char *name, FeatureMap map);
/* The last input, which the epilogue adds to a result of this size; NULL without a residual. */
Buffer *make_residual(Make *m, FeatureMap y);
Buffer *make_output(Make *m, const char *name, FeatureMap map);
Buffer *make_const(Make *m, const char *name, const ConstArray *array);
Buffer *make_scratch(Make *m, const char *name, int rank, ...); /* int64_t extents */
/* batch.c: the nest for all pictures of a batch; or only its buffers, at that picture. */
Stmt *make_batch(Make *m, Stmt *nest);
Stmt *make_pictures(Make *m, Stmt *nest, Expr *picture);
/* Has the node more weights than values? Then pictures share them tile by tile. */
bool make_reuses_weights(const Node *n);
/* The name of the function, as far as it is known. */
const char *make_name(Make *m);
/* Simplifies the nest and closes the function. */
void make_finish(Make *m, Stmt *nest);
/* The same for a nest of rows `row`, which may be a part's. */
void make_finish_rows(Make *m, Stmt *nest, const Var *row);
/* interleave.c: of a part, the nest with its loop over output channels `o` cut into slices, each of
 * *channels; of another kernel, the nest as it is. */
Stmt *make_slices(const Make *m, Stmt *nest, const Var *o, int64_t *channels);

/* Appends the sizes of a map to the function's name: "_56x56x64", "_p256" where it is a view. */
void name_map(Make *m, FeatureMap map);
/* Appends what the epilogue adds, to name and summary: residual and activation. */
void name_epilogue(Make *m);

/* Where the element with these indices, one per logical dimension, lies in the buffer of a map:
 * three indices into `at`. The first dimension is 1. */
void place_element(Arena *L, const Shape *s, Expr *const *index, Expr **at);
/* The same for the element at a position of the logical (C) order. */
void place_position(Arena *L, const Shape *s, Expr *position, Expr **at);
/* Loops over the logical dimensions from the second on, in the order of storage, around a body that
 * uses their variables; dimensions without a variable (NULL) have no loop. */
Stmt *loops_over(Arena *L, const Shape *s, Var *const *var, Stmt *body);

/* Statements under construction; let() names a value that is used more than once. */
typedef struct Body {
    Arena *L;
    bool fused; /* FMA rounds once: exp may rely on it */
    bool has_exp2;
    Vec(Stmt *) items;
} Body;

/* An empty body for the target of the kernel. */
Body body_for(const Make *m);

Expr *let(Body *b, const char *name, Expr *value);
void append(Body *b, Stmt *s);
Stmt *body_block(Body *b);
/* A group: a block that tiling does not take apart. */
Stmt *body_group(Body *b);

/* Values: short names, since kernels are formulas. */
Expr *real(Body *b, double value);
Expr *add(Body *b, Expr *x, Expr *y);
Expr *sub(Body *b, Expr *x, Expr *y);
Expr *mul(Body *b, Expr *x, Expr *y);
Expr *quotient(Body *b, Expr *x, Expr *y);

/* scale.c: the node whose map the kernel reads and its parameter: the input, or the map of
 * env->product. How large inputs are for weights as they are stored. */
const Node *make_source(const Make *m);
Buffer *make_source_input(Make *m, FeatureMap x);
double make_source_magnitude(const Make *m);
/* The parameter of the product's factors, and a weight of that input channel times its factor. */
Buffer *make_factor(Make *m);
Expr *scale_weight(Body *b, Expr *w, Buffer *factor, Expr *channel);

/* math.c */
#define MATH_LOG2E 1.4426950216293335 /* log2 e in float32 */
Expr *math_exp(Body *b, Expr *x);
Expr *math_activation(Body *b, Activation act, double alpha, Expr *x);
/* silu(y / MATH_LOG2E), where the target has VOP_EXP2_4. */
Expr *math_scaled_silu(Body *b, Expr *y);

/* Weight and bias of the node, as they are packed. Where VOP_EXP2_4 makes silu the faster for it
 * they have the factor MATH_LOG2E, which make_activation() expects. The bias may be NULL. A kernel
 * that has another place for the factor takes the node's own. */
double make_weight_factor(const Make *m); /* or 1 */
const Param *make_weight(const Make *m);
const Param *make_bias(const Make *m);
/* The node's activation of op(inputs) + residual. */
Expr *make_activation(const Make *m, Body *b, Expr *value);

/* activation(value + residual), stored to y[oy][ox][o]; r is NULL without a residual. */
Stmt *epilogue(const Make *m, Buffer *y, Buffer *r, Expr *oy, Expr *ox, Expr *o, Expr *value);

/* tiling.c: the loops over output columns and channels of a nest
 *   for o { for oy { for ox { acc = ..; for .. acc += ..; store } } }
 * split into register tiles. `kx` (may be NULL) is unrolled where borders make its iterations
 * differ. */
typedef struct TileLoops {
    Var *o, *oy, *ox, *kx;
    int64_t channels, columns;
    bool padded; /* lanes beyond the last channel may be computed */
    int64_t step, before, reach,
        width; /* column ox reads step * ox - before .. + reach - 1 of width */
} TileLoops;

Stmt *tile_nest(Make *m, Stmt *nest, const TileLoops *loops);
/* The loops over lanes as vectors, or marked for the C compiler where the target has none. */
Stmt *tile_lanes(Make *m, Stmt *nest, Var *lane);
/* For nests without reduction: channels `c` become vectors. */
Stmt *tile_channels(Make *m, Stmt *nest, Var *c, int64_t channels);

/* reduce.c: part[j] = first; for i: part[i % 16] = part op value(i); then pairwise into part[0],
 * whatever the vector width. `index` is the variable that value() uses. Returns j. */
Var *partial_reduction(Body *b, VOp op, double first, int64_t count, Var *index, Expr *value,
                       Buffer *part);
/* A local for it, and its result. */
Buffer *new_parts(Body *b);
Expr *first_part(Arena *L, Buffer *part);

/* elementwise.c: the operator of a node on values. */
Expr *elementwise_formula(Make *m, Body *b, Expr *x, Expr *y);

/* Kernels, by family: fill m->k and return NULL, or say why not. */
const char *make_conv2d(Make *m);
const char *make_winograd(Make *m);
const char *make_strassen(Make *m);
const char *make_inner(Make *m); /* of all pictures, where the maker has decided so */
const char *make_dense(Make *m);
const char *make_interleaved(Make *m); /* with its producer */
const char *make_depthwise(Make *m);
const char *make_pool(Make *m);
const char *make_global_pool(Make *m);
const char *make_elementwise(Make *m);
const char *make_batch_norm(Make *m);
const char *make_group_norm(Make *m);
const char *make_layer_norm(Make *m);
const char *make_softmax(Make *m);
const char *make_softmax_axis(Make *m); /* not that of storage */
const char *make_reduce(Make *m);
const char *make_matmul(Make *m);
const char *make_permute(Make *m);
const char *make_reshape(Make *m);
const char *make_flatten(Make *m);
const char *make_channel_shuffle(Make *m);
const char *make_concat_any(Make *m); /* of any axis and rank */
const char *make_slice_any(Make *m);
const char *make_broadcast(Make *m); /* element-wise, any rank */
const char *make_concat(Make *m);
const char *make_pad(Make *m);
const char *make_slice(Make *m);
const char *make_copy(Make *m);

/* min and max over the rows that a window reads: ky in [window_lo, window_hi). */
Expr *window_lo(Arena *L, Expr *origin, int64_t dilation);
Expr *window_hi(Arena *L, Expr *origin, int64_t dilation, int64_t extent, int64_t kernel);
/* 0 <= x < extent */
Expr *inside(Arena *L, Expr *x, int64_t extent);

#endif
