#include "tests/support/kernel_cases.h"

#include <stdlib.h>

static Node *append(Graph *g, OpKind op, Node *x, Node *y, const Attr *a, Diag *d)
{
    Node *inputs[] = { x, y };
    const char *path = arena_printf(g->arena, "n%d", g->nodes.count);
    Node *n = graph_add(g, op, path, (Loc){ 0 }, inputs, y ? 2 : 1, a, d);
    if (!n)
        exit(2);
    return n;
}

/* p: out, kernel, stride, pad, dilation, groups, activation + 1 (0: none), residual */
static Node *conv(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.out = p[0];
    a.kernel[0] = a.kernel[1] = p[1];
    a.stride[0] = a.stride[1] = p[2];
    for (int i = 0; i < 4; i++)
        a.pad[i] = p[3];
    a.dilation[0] = a.dilation[1] = p[4];
    a.groups = p[5];
    Node *n = append(g, OP_CONV2D, x, NULL, &a, d), *y = n;
    if (p[7]) {
        Attr b = a;
        y = append(g, OP_ADD, n, append(g, OP_CONV2D, x, NULL, &b, d), &b, d);
    }
    return p[6] ? append(g, (OpKind)(p[6] - 1), y, NULL, &a, d) : y;
}

/* p: kernel h, w, pads t l b r, stride w, out */
static Node *conv_uneven(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.out = p[7];
    a.kernel[0] = p[0];
    a.kernel[1] = p[1];
    for (int i = 0; i < 4; i++)
        a.pad[i] = p[2 + i];
    a.stride[1] = p[6];
    return append(g, OP_CONV2D, x, NULL, &a, d);
}

/* A convolution and a depthwise one behind it. p: out, kernel, stride; kernel, stride, pads before
 * and after, dilation */
static Node *conv_depthwise(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    Node *first = conv(g, x, (int64_t[]){ p[0], p[1], p[2], p[1] / 2, 1, 1, OP_RELU6 + 1, 0 }, d);
    a.out = a.groups = p[0];
    for (int i = 0; i < 2; i++) {
        a.kernel[i] = p[3];
        a.stride[i] = p[4];
        a.pad[i] = p[5];
        a.pad[i + 2] = p[6];
        a.dilation[i] = p[7];
    }
    Node *second = append(g, OP_CONV2D, first, NULL, &a, d);
    return append(g, OP_SILU, second, NULL, &a, d);
}

/* p: op, kernel, stride, pad, ceil, include pad */
static Node *pool(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.kernel[0] = a.kernel[1] = p[1];
    a.stride[0] = a.stride[1] = p[2];
    for (int i = 0; i < 4; i++)
        a.pad[i] = p[3];
    a.ceil_mode = p[4];
    a.count_include_pad = p[5];
    return append(g, (OpKind)p[0], x, NULL, &a, d);
}

static Node *unary(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.axis = 1;
    return append(g, (OpKind)p[0], x, NULL, &a, d);
}

static Node *group_norm(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.groups = p[0];
    Node *n = append(g, OP_GROUP_NORM, x, NULL, &a, d);
    return p[1] ? append(g, (OpKind)(p[1] - 1), n, NULL, &a, d) : n;
}

/* p: op, which operand is broadcast: 0 none, 1 over space, 2 over channels */
static Node *binary(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    Node *y = x;
    if (p[1] == 1) {
        a.keep = true;
        y = append(g, OP_GLOBAL_AVG_POOL, x, NULL, &a, d);
    } else if (p[1] == 2) {
        a.out = 1;
        a.kernel[0] = a.kernel[1] = 1;
        y = append(g, OP_CONV2D, x, NULL, &a, d);
    } else {
        y = append(g, OP_SIGMOID, x, NULL, &a, d);
    }
    return append(g, (OpKind)p[0], x, y, &a, d);
}

static Node *dense(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.out = p[0];
    Node *flat = append(g, OP_FLATTEN, x, NULL, &a, d);
    Node *n = append(g, OP_DENSE, flat, NULL, &a, d);
    a.axis = 1;
    return p[1] ? append(g, (OpKind)(p[1] - 1), n, NULL, &a, d) : n;
}

/* Two convolutions and the input side by side, then a convolution of all: views. p: outs */
static Node *concat(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.kernel[0] = a.kernel[1] = 1;
    a.out = p[0];
    Node *first = append(g, OP_CONV2D, x, NULL, &a, d);
    a.out = p[1];
    Node *members[] = { first, append(g, OP_CONV2D, x, NULL, &a, d), x };
    a.axis = 1;
    Node *all = graph_add(g, OP_CONCAT, "all", (Loc){ 0 }, members, 3, &a, d);
    a.out = p[2];
    a.kernel[0] = a.kernel[1] = 3;
    for (int i = 0; i < 4; i++)
        a.pad[i] = 1;
    return append(g, OP_CONV2D, append(g, OP_RELU, all, NULL, &a, d), NULL, &a, d);
}

/* p: axis, begin, end, step */
static Node *slice(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    Node *copy = append(g, OP_TANH, x, NULL, &a, d);
    a.axis = (int)p[0];
    a.begin = p[1];
    a.end = p[2];
    a.step = p[3];
    return append(g, OP_SLICE, copy, NULL, &a, d);
}

/* p: t l b r */
static Node *pad(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    for (int i = 0; i < 4; i++)
        a.pad[i] = p[i];
    a.value = -0.75;
    return append(g, OP_PAD, x, NULL, &a, d);
}

static Node *pad_channels(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.begin = p[0];
    a.end = p[1];
    return append(g, OP_PAD_CHANNELS, x, NULL, &a, d);
}

static Node *reshape(Graph *g, Node *x, const Shape *shape, Diag *d)
{
    Attr a = attr_default();
    a.shape = *shape;
    return append(g, OP_RESHAPE, x, NULL, &a, d);
}

/* x, [1, C, H, W], as a tensor of that rank: 3 tokens of C features, 4 as it is, 5 with H split. */
static Node *of_rank(Graph *g, Node *x, int64_t rank, Diag *d)
{
    const int64_t *s = x->shape.dim;
    Attr a = attr_default();
    if (rank == 4)
        return append(g, OP_TANH, x, NULL, &a, d);
    Shape tokens = shape_of(3, (int64_t)1, s[1], s[2] * s[3]);
    Shape five = shape_of(5, (int64_t)1, s[1], (int64_t)2, s[2] / 2, s[3]);
    x = reshape(g, x, rank == 3 ? &tokens : &five, d);
    a.axis_count = 3;
    a.axes[1] = 2;
    a.axes[2] = 1;
    return rank == 3 ? append(g, OP_PERMUTE, x, NULL, &a, d) : x;
}

/* p: op, rank, axis */
static Node *along(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    x = of_rank(g, x, p[1], d);
    a.axis = (int)p[2];
    return append(g, (OpKind)p[0], x, NULL, &a, d);
}

/* p: op, rank, keep, axes.. (0 ends them) */
static Node *reduce(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    x = of_rank(g, x, p[1], d);
    a.keep = p[2];
    for (const int64_t *axis = p + 3; axis < p + 8 && *axis; axis++)
        a.axes[a.axis_count++] = (int)*axis;
    return append(g, (OpKind)p[0], x, NULL, &a, d);
}

/* p: rank, order.. */
static Node *permute(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    x = of_rank(g, x, p[0], d);
    a.axis_count = (int)p[0];
    for (int i = 0; i < a.axis_count; i++)
        a.axes[i] = (int)p[1 + i];
    return append(g, OP_PERMUTE, x, NULL, &a, d);
}

/* p: rank before, extents behind the first.. */
static Node *reshaped(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Shape s = { .rank = 1, .dim = { 1 } };
    for (int i = 1; i < 8 && p[i]; i++)
        s.dim[s.rank++] = p[i];
    return reshape(g, of_rank(g, x, p[0], d), &s, d);
}

/* p: rank, transpose: x times a softened x, or its last two axes turned */
static Node *matmul(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    int rank = (int)p[0];
    x = of_rank(g, x, rank, d);
    a.transpose = p[1];
    Attr turn = attr_default();
    turn.axis_count = rank;
    for (int i = 0; i < rank; i++)
        turn.axes[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    Node *y = append(g, OP_SIGMOID, x, NULL, &a, d);
    if (!p[1])
        y = append(g, OP_PERMUTE, y, NULL, &turn, d);
    return append(g, OP_MATMUL, x, y, &a, d);
}

/* Attention of one head on slices of one dense layer. p: features of the head */
static Node *head(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.out = 3 * p[0];
    Node *qkv = append(g, OP_DENSE, of_rank(g, x, 3, d), NULL, &a, d), *part[3];
    a.axis = 2;
    for (int i = 0; i < 3; i++) {
        a.begin = i * p[0];
        a.end = (i + 1) * p[0];
        part[i] = append(g, OP_SLICE, qkv, NULL, &a, d);
    }
    a.transpose = true;
    Node *scores = append(g, OP_MATMUL, part[0], part[1], &a, d);
    a.transpose = false;
    return append(g, OP_MATMUL, append(g, OP_SOFTMAX, scores, NULL, &a, d), part[2], &a, d);
}

/* p: op with features, rank, activation + 1, out */
static Node *features(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    x = of_rank(g, x, p[1], d);
    a.features = p[1] == 4 ? 1 : -1;
    a.out = p[3];
    a.eps = 1e-6;
    Node *n = append(g, (OpKind)p[0], x, NULL, &a, d);
    return p[2] ? append(g, (OpKind)(p[2] - 1), n, NULL, &a, d) : n;
}

/* x op a trained tensor. p: op, extents behind the first.. */
static Node *with_parameter(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    Shape s = { .rank = 1, .dim = { 1 } };
    for (int i = 1; i < 8 && p[i]; i++)
        s.dim[s.rank++] = p[i];
    x = of_rank(g, x, s.rank, d);
    a.shape = s;
    Node *w = graph_add(g, OP_PARAMETER, "w", (Loc){ 0 }, NULL, 0, &a, d);
    return append(g, (OpKind)p[0], x, w, &a, d);
}

/* A convolution times one trained number per channel, given as [C, 1, 1], plus x. */
static Node *layer_scale(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    (void)p;
    Attr a = attr_default();
    int64_t c = node_channels(x);
    a.out = c;
    a.kernel[0] = a.kernel[1] = 1;
    Node *y = append(g, OP_CONV2D, x, NULL, &a, d);
    a.shape = shape_of(3, c, (int64_t)1, (int64_t)1);
    Node *w = graph_add(g, OP_PARAMETER, "w", (Loc){ 0 }, NULL, 0, &a, d);
    Shape per_channel = shape_of(4, (int64_t)1, c, (int64_t)1, (int64_t)1);
    return append(g, OP_ADD, append(g, OP_MUL, y, reshape(g, w, &per_channel, d), &a, d), x, &a, d);
}

/* x and a slice of it, in five dimensions. p: axis, begin, end */
static Node *join(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    x = of_rank(g, x, 5, d);
    a.axis = (int)p[0];
    a.begin = p[1];
    a.end = p[2];
    return append(g, OP_CONCAT, append(g, OP_SLICE, x, NULL, &a, d), x, &a, d);
}

static Node *shuffle(Graph *g, Node *x, const int64_t *p, Diag *d)
{
    Attr a = attr_default();
    a.groups = p[0];
    return append(g, OP_CHANNEL_SHUFFLE, x, NULL, &a, d);
}

const KernelCase kernel_cases[] = {
    { "conv 1x1", 5, 3, 7, conv, { 9, 1, 1, 0, 1, 1 } },
    { "conv 1x1, 49 pixels", 16, 7, 7, conv, { 64, 1, 1, 0, 1, 1, OP_RELU + 1 } },
    { "conv 1x1, 63 pixels, matrix product", 64, 7, 9, conv, { 80, 1, 1, 0, 1, 1, OP_SILU + 1 } },
    { "conv 1x1, 70 pixels, inner product", 110, 7, 10, conv, { 44, 1, 1, 0, 1, 1, OP_RELU + 1 } },
    { "conv 1x1 of one pixel", 33, 1, 1, conv, { 130, 1, 1, 0, 1, 1 } },
    { "conv 1x1 stride 2", 3, 7, 9, conv, { 17, 1, 2, 0, 1, 1 } },
    { "conv 3x3", 3, 5, 7, conv, { 16, 3, 1, 1, 1, 1 } },
    { "conv 3x3, 24 outputs, residual", 6, 7, 7, conv, { 24, 3, 2, 1, 1, 1, OP_RELU + 1, 1 } },
    { "conv 3x3, prime", 7, 13, 11, conv, { 37, 3, 1, 1, 1, 1, OP_SILU + 1 } },
    { "conv 3x3, wide", 4, 4, 29, conv, { 70, 3, 1, 1, 1, 1 } },
    { "conv 3x3 no padding", 4, 5, 6, conv, { 8, 3, 1, 0, 1, 1, OP_HARDSWISH + 1 } },
    { "conv 3x3 on one pixel", 2, 1, 1, conv, { 5, 3, 1, 1, 1, 1 } },
    { "conv 5x5 stride 3", 3, 17, 16, conv, { 10, 5, 3, 2, 1, 1 } },
    { "conv 7x7 stride 2", 3, 23, 23, conv, { 64, 7, 2, 3, 1, 1, OP_RELU6 + 1 } },
    { "conv dilated", 3, 9, 12, conv, { 16, 3, 1, 2, 2, 1 } },
    { "conv grouped", 16, 6, 7, conv, { 32, 3, 1, 1, 1, 4 } },
    { "conv grouped, 4 of 4", 64, 6, 6, conv, { 64, 3, 2, 1, 1, 16, OP_RELU + 1, 1 } },
    { "depthwise multiplier 2", 6, 6, 6, conv, { 12, 3, 1, 1, 1, 6 } },
    { "depthwise 3x3", 19, 6, 9, conv, { 19, 3, 1, 1, 1, 19, OP_RELU6 + 1 } },
    { "depthwise 5x5 stride 2", 32, 11, 13, conv, { 32, 5, 2, 2, 1, 32, OP_SILU + 1 } },
    { "depthwise 3x3, residual", 24, 5, 5, conv, { 24, 3, 1, 1, 1, 24, OP_LEAKY_RELU + 1, 1 } },
    { "conv 1x7", 5, 4, 9, conv_uneven, { 1, 7, 0, 3, 0, 3, 1, 20 } },
    { "conv 7x1", 5, 9, 4, conv_uneven, { 7, 1, 3, 0, 3, 0, 1, 20 } },
    { "conv 1x7 on two columns", 3, 5, 2, conv_uneven, { 1, 7, 0, 3, 0, 3, 1, 17 } },
    { "conv 7x1, uneven padding", 19, 11, 3, conv_uneven, { 7, 1, 1, 0, 5, 0, 1, 33 } },
    { "conv 1x7, padded rows", 16, 3, 17, conv_uneven, { 1, 7, 2, 3, 1, 3, 1, 16 } },
    { "conv 1x3", 24, 8, 8, conv_uneven, { 1, 3, 0, 1, 0, 1, 1, 24 } },
    { "conv 3x1", 5, 13, 7, conv_uneven, { 3, 1, 1, 0, 1, 0, 1, 37 } },
    { "conv 3x1, no padding", 5, 6, 5, conv_uneven, { 3, 1, 0, 0, 0, 0, 1, 20 } },
    { "conv 1x5", 6, 3, 11, conv_uneven, { 1, 5, 0, 2, 0, 2, 1, 18 } },
    { "conv 3x5", 4, 5, 7, conv_uneven, { 3, 5, 1, 2, 1, 2, 1, 16 } },
    { "conv 5x5", 3, 9, 7, conv, { 20, 5, 1, 2, 1, 1, OP_RELU + 1, 1 } },
    { "conv one-sided padding", 3, 8, 8, conv_uneven, { 3, 3, 0, 0, 1, 1, 2, 16 } },
    { "conv 1x1, depthwise 3x3", 5, 9, 17, conv_depthwise, { 32, 1, 1, 3, 1, 1, 1, 1 } },
    { "conv 1x1, depthwise 3x3 stride 2", 5, 13, 16, conv_depthwise, { 48, 1, 1, 3, 2, 1, 1, 1 } },
    { "conv 1x1, depthwise, 19 channels", 4, 7, 6, conv_depthwise, { 19, 1, 1, 3, 1, 1, 1, 1 } },
    { "conv 1x1, depthwise, 8 channels", 4, 7, 6, conv_depthwise, { 8, 1, 1, 3, 1, 0, 0, 1 } },
    { "conv 3x3, depthwise 5x5", 3, 19, 14, conv_depthwise, { 32, 3, 2, 5, 1, 2, 2, 1 } },
    { "conv 1x1, depthwise, odd pads", 3, 12, 9, conv_depthwise, { 16, 1, 1, 3, 2, 0, 1, 1 } },
    { "conv 1x1, depthwise dilated", 3, 14, 9, conv_depthwise, { 32, 1, 1, 3, 1, 2, 2, 2 } },
    { "conv 1x1, depthwise 2x2", 3, 8, 9, conv_depthwise, { 20, 1, 1, 2, 2, 1, 0, 1 } },
    { "conv 3x3, depthwise 7x7 stride 3", 3, 15, 15, conv_depthwise, { 16, 3, 1, 7, 3, 3, 3, 1 } },
    { "max_pool 3x3 stride 2", 20, 12, 11, pool, { OP_MAX_POOL, 3, 2, 1, 0, 1 } },
    { "max_pool ceil", 5, 8, 8, pool, { OP_MAX_POOL, 3, 2, 0, 1, 1 } },
    { "max_pool 2x2", 16, 6, 14, pool, { OP_MAX_POOL, 2, 2, 0, 0, 1 } },
    { "avg_pool 3x3", 17, 7, 9, pool, { OP_AVG_POOL, 3, 1, 1, 0, 1 } },
    { "avg_pool not counting padding", 8, 7, 9, pool, { OP_AVG_POOL, 3, 2, 1, 0, 0 } },
    { "avg_pool ceil", 8, 6, 7, pool, { OP_AVG_POOL, 3, 2, 1, 1, 1 } },
    { "global_avg_pool", 21, 7, 7, unary, { OP_GLOBAL_AVG_POOL } },
    { "global_avg_pool of 5", 40, 1, 5, unary, { OP_GLOBAL_AVG_POOL } },
    { "global_avg_pool in blocks", 21, 14, 14, unary, { OP_GLOBAL_AVG_POOL } },
    { "global_max_pool in blocks", 20, 16, 8, unary, { OP_GLOBAL_MAX_POOL } },
    { "global_max_pool", 21, 5, 7, unary, { OP_GLOBAL_MAX_POOL } },
    { "batch_norm", 18, 3, 5, unary, { OP_BATCH_NORM } },
    { "group_norm and silu", 24, 5, 7, group_norm, { 4, OP_SILU + 1 } },
    { "group_norm of pairs", 20, 9, 9, group_norm, { 10, 0 } },
    { "relu", 3, 5, 7, unary, { OP_RELU } },
    { "sigmoid", 3, 5, 7, unary, { OP_SIGMOID } },
    { "silu", 16, 2, 2, unary, { OP_SILU } },
    { "hardsigmoid", 3, 5, 7, unary, { OP_HARDSIGMOID } },
    { "tanh", 11, 5, 7, unary, { OP_TANH } },
    { "gelu", 11, 5, 7, unary, { OP_GELU } },
    { "add", 7, 3, 3, binary, { OP_ADD, 0 } },
    { "sub", 7, 3, 3, binary, { OP_SUB, 0 } },
    { "mul over space", 20, 3, 5, binary, { OP_MUL, 1 } },
    { "mul over channels", 20, 3, 5, binary, { OP_MUL, 2 } },
    { "add over space", 5, 3, 5, binary, { OP_ADD, 1 } },
    { "dense of a map", 6, 3, 5, dense, { 11, 0 } },
    { "dense and softmax", 40, 1, 1, dense, { 37, OP_SOFTMAX + 1 } },
    { "dense of 1000", 64, 1, 1, dense, { 1000, OP_RELU + 1 } },
    { "softmax of a map", 19, 2, 3, unary, { OP_SOFTMAX } },
    { "concat", 5, 4, 6, concat, { 7, 16, 12 } },
    { "slice channels", 24, 3, 3, slice, { 1, 3, 19, 1 } },
    { "slice every second column", 6, 4, 8, slice, { 3, 0, 8, 2 } },
    { "slice every second channel", 9, 4, 4, slice, { 1, 1, 9, 2 } },
    { "pad", 9, 3, 4, pad, { 1, 0, 2, 3 } },
    { "pad_channels", 9, 3, 4, pad_channels, { 4, 9 } },
    { "conv 4x4 of patches", 3, 8, 12, conv, { 24, 4, 4, 0, 1, 1 } },
    { "depthwise 7x7", 20, 9, 8, conv, { 20, 7, 1, 3, 1, 20 } },
    { "layer_norm of a map", 37, 3, 5, features, { OP_LAYER_NORM, 4, 0, 0 } },
    { "layer_norm of tokens", 48, 5, 1, features, { OP_LAYER_NORM, 3, OP_GELU + 1, 0 } },
    { "layer_norm of 7", 7, 2, 1, features, { OP_LAYER_NORM, 3, 0, 0 } },
    { "dense of pixels", 19, 5, 3, features, { OP_DENSE, 4, OP_GELU + 1, 40 } },
    { "dense of tokens", 24, 17, 1, features, { OP_DENSE, 3, OP_GELU + 1, 33 } },
    { "matmul of tokens", 24, 17, 1, matmul, { 3, 0 } },
    { "matmul of tokens, transposed", 21, 5, 3, matmul, { 3, 1 } },
    { "matmul of maps", 3, 5, 18, matmul, { 4, 0 } },
    { "matmul of maps, transposed", 3, 7, 16, matmul, { 4, 1 } },
    { "matmul of pairs", 3, 6, 5, matmul, { 5, 0 } },
    { "matmul of pairs, transposed", 2, 34, 8, matmul, { 5, 1 } },
    { "attention", 12, 5, 7, head, { 16 } },
    { "attention, 5 features", 12, 3, 7, head, { 5 } },
    { "permute tokens", 5, 3, 4, permute, { 3, 0, 2, 1 } },
    { "permute a map", 5, 3, 4, permute, { 4, 0, 2, 3, 1 } },
    { "permute a map back", 5, 3, 4, permute, { 4, 0, 3, 1, 2 } },
    { "permute five", 3, 4, 5, permute, { 5, 0, 4, 2, 1, 3 } },
    { "reshape a map to rows", 6, 3, 4, reshaped, { 4, 6, 12 } },
    { "reshape a map to another", 6, 3, 4, reshaped, { 4, 9, 2, 4 } },
    { "reshape a map to five", 6, 3, 4, reshaped, { 4, 2, 3, 4, 3 } },
    { "reshape tokens", 6, 3, 4, reshaped, { 3, 8, 9 } },
    { "reshape five to a map", 6, 4, 5, reshaped, { 5, 4, 3, 10 } },
    { "flatten tokens", 6, 3, 4, along, { OP_FLATTEN, 3, 0 } },
    { "mean over space", 18, 3, 5, reduce, { OP_MEAN, 4, 0, 2, 3 } },
    { "mean over space, kept", 18, 3, 5, reduce, { OP_MEAN, 4, 1, 2, 3 } },
    { "mean over columns", 18, 3, 5, reduce, { OP_MEAN, 4, 1, 3 } },
    { "mean over rows, not kept", 18, 3, 5, reduce, { OP_MEAN, 4, 0, 2 } },
    { "mean over channels", 37, 3, 5, reduce, { OP_MEAN, 4, 1, 1 } },
    { "max over channels", 37, 3, 5, reduce, { OP_MAX, 4, 1, 1 } },
    { "max over rows and channels", 7, 3, 5, reduce, { OP_MAX, 4, 0, 1, 2 } },
    { "mean over all", 7, 3, 5, reduce, { OP_MEAN, 4, 1, 1, 2, 3 } },
    { "mean over tokens", 20, 3, 5, reduce, { OP_MEAN, 3, 0, 1 } },
    { "max over features", 20, 3, 5, reduce, { OP_MAX, 3, 0, 2 } },
    { "mean in five", 3, 4, 20, reduce, { OP_MEAN, 5, 0, 2, 3 } },
    { "softmax over rows", 19, 4, 3, along, { OP_SOFTMAX, 4, 2 } },
    { "softmax over columns", 19, 4, 3, along, { OP_SOFTMAX, 4, 3 } },
    { "softmax over tokens", 19, 4, 3, along, { OP_SOFTMAX, 3, 1 } },
    { "softmax over features", 19, 4, 3, along, { OP_SOFTMAX, 3, 2 } },
    { "softmax in five", 3, 4, 5, along, { OP_SOFTMAX, 5, 2 } },
    { "channel_shuffle", 20, 3, 4, shuffle, { 2 } },
    { "channel_shuffle of 5", 20, 3, 4, shuffle, { 5 } },
    { "concat and slice in five", 5, 6, 3, join, { 3, 1, 3 } },
    { "concat and slice of the last in five", 5, 6, 4, join, { 4, 1, 3 } },
    { "add a parameter", 20, 3, 4, with_parameter, { OP_ADD, 20, 3, 4 } },
    { "mul by a parameter per channel", 20, 3, 4, with_parameter, { OP_MUL, 20, 1, 1 } },
    { "add a position", 20, 3, 4, with_parameter, { OP_ADD, 12, 20 } },
    { "concat a token", 20, 3, 4, with_parameter, { OP_CONCAT, 1, 20 } },
    { "mul in five", 3, 4, 5, with_parameter, { OP_MUL, 3, 1, 2, 5 } },
    { "layer scale", 20, 3, 4, layer_scale, { 0 } },
    { "dense of tokens, wide", 110, 23, 1, features, { OP_DENSE, 3, OP_GELU + 1, 44 } },
    { "conv 1x1 stride 2, wide", 90, 12, 11, conv, { 40, 1, 2, 0, 1, 1, OP_SILU + 1 } },
};

const int kernel_case_count = COUNT_OF(kernel_cases);

static uint32_t state = 1;

float kernel_case_noise(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(int32_t)state * 0x1p-31f;
}

static void fill_params(Graph *g)
{
    for_each_node(n, g)
        for (int r = 0; r < PARAM_ROLES; r++) {
            Param *p = n->param[r];
            if (!p || p->data)
                continue;
            int64_t count = shape_count(&p->shape);
            float *data = arena_new_array(g->arena, float, count);
            for (int64_t i = 0; i < count; i++)
                data[i] = r == PARAM_VAR ? 1.0f + 0.5f * kernel_case_noise() : kernel_case_noise();
            p->data = data;
        }
}

Graph *kernel_case_graph(Arena *a, const KernelCase *c)
{
    Diag d = { .out = stderr };
    Graph *g = graph_new(a, "case");
    Attr attr = attr_default();
    attr.shape = shape_of(4, (int64_t)1, c->channels, c->height, c->width);
    Node *x = graph_add(g, OP_INPUT, "x", (Loc){ 0 }, NULL, 0, &attr, &d);
    g->output = c->build(g, x, c->p, &d);
    fill_params(g);
    return g;
}
