/* The graph IR: one network as a list of nodes in topological order; each node computes one tensor.
 *
 * Shapes are logical: [N,C,H,W], [N,F], [N,L,D]. Where a tensor lies in memory is its view, decided
 * by the passes. Two graphs exist during a compilation: the one elaborated from the source, which
 * the reference interpreter runs, and a copy that passes transform. Every node of the copy
 * remembers in `origin` the node of the source graph whose value it computes, so that the two can
 * be compared. */
#ifndef KILN_GRAPH_GRAPH_H
#define KILN_GRAPH_GRAPH_H

#include "compiler/base/arena.h"
#include "compiler/base/diag.h"
#include "compiler/base/text.h"
#include "compiler/base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHAPE_MAX_RANK = 6, OP_ANY_INPUTS = -1 };

typedef struct Shape {
    int rank;
    int64_t dim[SHAPE_MAX_RANK];
} Shape;

typedef enum OpKind {
#define OP(enumerator, name, inputs, parameters, signature) OP_##enumerator,
#include "compiler/graph/op.def"
#undef OP
    OP_COUNT
} OpKind;

typedef struct OpInfo {
    const char *name;
    int inputs; /* OP_ANY_INPUTS: one or more */
    const char *signature;
    const char *parameters;
} OpInfo;

/* The row of op.def. */
const OpInfo *op_info(OpKind op);
/* Finds an operator by its name; false where there is none. */
bool op_from_name(const char *name, OpKind *op);

/* Trained tensors of a node, by role. */
typedef enum ParamRole { PARAM_WEIGHT, PARAM_BIAS, PARAM_MEAN, PARAM_VAR, PARAM_ROLES } ParamRole;

/* One trained tensor. Shapes are PyTorch's: conv2d [out, in/groups, kh, kw], dense [out, in],
 * norms [C]. Two nodes may share a parameter. */
typedef struct Param {
    const char *name; /* "layer1.0.conv1.weight" */
    Shape shape;
    const float *data; /* C order; NULL until bound; borrowed from the weight file or an arena */
    Loc loc;           /* the call that needs it */
} Param;

typedef enum PadMode { PAD_EXPLICIT, PAD_SAME } PadMode;

/* The attributes of all operators; an operator uses those that its signature names. Pairs are
 * [height, width]. Inference replaces PAD_SAME by the explicit padding that it means. */
typedef struct Attr {
    int64_t out, groups;
    int64_t kernel[2], stride[2], dilation[2];
    int64_t pad[4]; /* top, left, bottom, right */
    PadMode pad_mode;
    bool bias, scale_param, center; /* which optional parameters exist */
    bool ceil_mode, count_include_pad, keep, transpose;
    double eps, alpha, value; /* alpha: leaky_relu's slope; value: what `pad` fills with */
    double scale, shift;      /* affine: scale * x + shift */
    int axis, axes[SHAPE_MAX_RANK], axis_count; /* also the order of permute */
    int features;             /* dense, layer_norm: the axis they work along, -1 or 1 */
    int64_t begin, end, step; /* slice; pad_channels uses begin, end as before, after */
    Shape shape;              /* input, parameter, reshape: dim -1 is inferred */
} Attr;

/* An activation fused into the node that computes its argument; NONE: identity.
 * Values are those of the operators of the same names. */
typedef enum Activation {
    ACT_NONE,
    ACT_RELU,
    ACT_RELU6,
    ACT_LEAKY_RELU,
    ACT_SIGMOID,
    ACT_SILU,
    ACT_HARDSIGMOID,
    ACT_HARDSWISH,
    ACT_TANH,
    ACT_GELU,
    ACT_COUNT
} Activation;

const char *activation_name(Activation a);
/* The activation that an operator is; ACT_NONE where it is none. */
Activation activation_of(OpKind op);

typedef struct Node Node;

/* Where a tensor lies: in the storage of `owner` (itself, unless it shares another node's), whose
 * pixels are `owner`'s channel count apart, from channel `channel` on. */
typedef struct View {
    Node *owner;
    int64_t channel;
} View;

struct Node {
    OpKind op;
    int id;           /* its place in Graph.nodes; graph_renumber() keeps it true */
    const char *path; /* "layer1.0.conv1"; unique in the graph */
    Loc loc;
    Node **input; /* [input_count]; with a residual it is the last one */
    int input_count;
    Attr attr;
    Param *param[PARAM_ROLES]; /* NULL where the operator has none of that role */
    Shape shape;               /* of the result */

    /* What passes add. The value is activation(op(inputs) + residual). */
    Activation activation;
    double activation_alpha;
    bool has_residual;
    const Node *origin; /* in the source graph: the node whose value this one computes */
    double magnitude;   /* root mean square of the values, a guess; 0: none */
    View view;
};

typedef struct Graph {
    Arena *arena;
    const char *name; /* of the model: "resnet50" */
    Vec(Node *) nodes;
    Node *input, *output;
} Graph;

Graph *graph_new(Arena *arena, const char *name);

/* Appends a node, infers its shape and creates its (unbound) parameters, named path + ".weight" and
 * so on. Returns NULL after reporting why the inputs and attributes do not fit. The first INPUT
 * node becomes g->input; g->output is set by the caller. */
Node *graph_add(Graph *g, OpKind op, const char *path, Loc loc, Node *const *inputs,
                int input_count, const Attr *attr, Diag *diag);

/* A copy whose nodes have the originals as `origin`; parameters are shared until a pass replaces
 * them. */
Graph *graph_copy(Arena *arena, const Graph *g);

/* Makes every user of `old` (and the graph's output) use `by` instead. */
void graph_replace_uses(Graph *g, Node *old, Node *by);
/* How many inputs of nodes `n` is; the graph's output counts as one more. */
int graph_use_count(const Graph *g, const Node *n);
/* Drops the nodes that nothing needs and restores ids. The input stays. */
void graph_remove_dead(Graph *g);
void graph_renumber(Graph *g);

/* Attributes with the operators' defaults (stride 1, dilation 1, groups 1, bias true, scale 1,
 * ...). */
Attr attr_default(void);

/* graph/infer.c: fills n->shape and n->param, resolves PAD_SAME. False after reporting. */
bool infer_node(Graph *g, Node *n, Diag *diag);
/* graph/verify.c: every invariant of this header; NULL, or the first that is broken, naming the
 * node. */
const char *graph_verify(const Graph *g, Arena *scratch);

/* graph/dump.c: the golden text: one node a line, `path = op(inputs) attributes -> shape`. */
void graph_dump(const Graph *g, Text *out);
void graph_dump_dot(const Graph *g, Text *out);

int64_t shape_count(const Shape *s);
bool shape_equal(const Shape *a, const Shape *b);
/* "[1, 64, 56, 56]" */
const char *shape_text(Arena *a, const Shape *s);
Shape shape_of(int rank, ...); /* int64_t dimensions */

/* Multiply-accumulates of convolutions, dense layers and matrix products; others are 0, as in
 * the tables of the papers. */
int64_t node_macs(const Node *n);
/* Channels, height and width of a tensor: [N,C,H,W] as they are, [N,F] as F,1,1, [N,L,D] as D,L,1.
 */
int64_t node_channels(const Node *n);
int64_t node_height(const Node *n);
int64_t node_width(const Node *n);

#define for_each_node(n, g)                        \
    for (Node **n##_at = (g)->nodes.at, *n = NULL; \
         n##_at < (g)->nodes.at + (g)->nodes.count && ((n = *n##_at), 1); n##_at++)

#endif
