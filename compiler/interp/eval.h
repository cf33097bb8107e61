/* The evaluators of the operators, one file per family. Inside interp/ only.
 *
 * Each computes op(inputs) without residual and activation; sums that are not OpenBLAS's are taken
 * in double and rounded once. */
#ifndef KILN_INTERP_EVAL_H
#define KILN_INTERP_EVAL_H

#include "compiler/graph/graph.h"

typedef struct Eval {
    const Node *n;
    const float *const *in; /* in[i]: the value of n->input[i] */
    const float *x;         /* in[0] */
    float *y;
} Eval;

/* The extents before, along and behind an axis: element (i, k, j) is at (i * size + k) * inner +
 * j. */
typedef struct Split {
    int64_t outer, size, inner;
} Split;

Split split_shape(const Shape *s, int axis);
const float *eval_param(const Eval *e, ParamRole role);
int blas_int(int64_t v);
double activate(Activation a, double alpha, double x);

/* product.c */
void eval_conv2d(const Eval *e);
void eval_dense(const Eval *e);
void eval_matmul(const Eval *e);
/* window.c */
void eval_pool(const Eval *e);
void eval_global_pool(const Eval *e);
/* norm.c */
void eval_batch_norm(const Eval *e);
void eval_group_norm(const Eval *e);
void eval_layer_norm(const Eval *e);
void eval_softmax(const Eval *e);
/* element.c */
void eval_copy(const Eval *e);
void eval_binary(const Eval *e);
void eval_affine(const Eval *e);
void eval_activation(const Eval *e);
/* move.c */
void eval_concat(const Eval *e);
void eval_pad(const Eval *e);
void eval_pad_channels(const Eval *e);
void eval_slice(const Eval *e);
void eval_permute(const Eval *e);
void eval_channel_shuffle(const Eval *e);
void eval_reduce(const Eval *e);

#endif
