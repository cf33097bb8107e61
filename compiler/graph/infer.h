/* Shape inference, one function per family of operators. Inside graph/ only. */
#ifndef KILN_GRAPH_INFER_H
#define KILN_GRAPH_INFER_H

#include "compiler/graph/graph.h"

/* One inference under way: reads n->input and n->attr, sets n->shape. */
typedef struct Infer {
    Graph *g;
    Node *n;
    const Shape *x; /* of the first input; NULL where there is none */
    Diag *diag;
} Infer;

/* Reports at the node, naming it; evaluates to false. */
#define reject(c, key, format, ...)                                                         \
    (diag_error((c)->diag, (c)->n->loc, key, "%s '%s': " format, op_info((c)->n->op)->name, \
                (c)->n->path, __VA_ARGS__),                                                 \
     false)

/* infer.c: what the families share. */
const char *infer_text(Infer *c, const Shape *s);
/* Does the first input have this rank? `what` says which tensors the operator takes. */
bool infer_rank(Infer *c, int rank, const char *what);
/* Makes an axis counted from the end one counted from the start. */
bool infer_axis(Infer *c, int *axis, int rank);
/* Creates the parameter of a role, or checks the shape of the one that is there. */
bool infer_param(Infer *c, ParamRole role, Shape shape);

/* infer_window.c: operators that slide a window over space. */
bool infer_conv2d(Infer *c);
bool infer_pool(Infer *c);
bool infer_global_pool(Infer *c);

/* infer_layer.c: operators with parameters and element-wise ones. */
bool infer_input(Infer *c);
bool infer_parameter(Infer *c);
bool infer_dense(Infer *c);
bool infer_batch_norm(Infer *c);
bool infer_group_norm(Infer *c);
bool infer_layer_norm(Infer *c);
bool infer_broadcast(Infer *c);
bool infer_same(Infer *c);
bool infer_softmax(Infer *c);
bool infer_matmul(Infer *c);

/* infer_shape.c: operators that move, join and cut. */
bool infer_concat(Infer *c);
bool infer_pad(Infer *c);
bool infer_pad_channels(Infer *c);
bool infer_slice(Infer *c);
bool infer_flatten(Infer *c);
bool infer_reshape(Infer *c);
bool infer_permute(Infer *c);
bool infer_channel_shuffle(Infer *c);
bool infer_reduce(Infer *c);

#endif
