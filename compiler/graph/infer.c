/* Shape inference: from the shapes of the inputs and the attributes of a node to the shape of its
 * result and of its trained tensors. This file has what all operators share; the rules are
 * in infer_window.c, infer_layer.c and infer_shape.c.
 *
 * Extents are bounded here (INFER_MAX_EXTENT, INFER_MAX_COUNT), so that no later arithmetic on
 * shapes can overflow 64 bits. */
#include "compiler/graph/infer.h"

static const int64_t INFER_MAX_EXTENT = (int64_t)1 << 31;
static const int64_t INFER_MAX_COUNT = (int64_t)1 << 40;

const char *infer_text(Infer *c, const Shape *s)
{
    return shape_text(c->g->arena, s);
}

bool infer_rank(Infer *c, int rank, const char *what)
{
    if (c->x->rank == rank)
        return true;
    return reject(c, "shape-mismatch", "takes a tensor %s, but its input '%s' is %s", what,
                  c->n->input[0]->path, infer_text(c, c->x));
}

bool infer_axis(Infer *c, int *axis, int rank)
{
    if (*axis < -rank || *axis >= rank)
        return reject(c, "bad-axis", "axis %d does not exist in a tensor of rank %d", *axis, rank);
    *axis += *axis < 0 ? rank : 0;
    return true;
}

/* --- parameters ---------------------------------------------------------------------------- */

static const char *const role_suffix[PARAM_ROLES] = {
    [PARAM_WEIGHT] = "weight",
    [PARAM_BIAS] = "bias",
    [PARAM_MEAN] = "running_mean",
    [PARAM_VAR] = "running_var",
};

static const char *param_name(const Infer *c, ParamRole role)
{
    const char *path = c->n->path;
    if (c->n->op == OP_PARAMETER)
        return path;
    return *path ? arena_printf(c->g->arena, "%s.%s", path, role_suffix[role]) : role_suffix[role];
}

static bool bounded(const Shape *s)
{
    int64_t count = 1;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 1 || s->dim[i] > INFER_MAX_EXTENT)
            return false;
        if (__builtin_mul_overflow(count, s->dim[i], &count) || count > INFER_MAX_COUNT)
            return false;
    }
    return true;
}

bool infer_param(Infer *c, ParamRole role, Shape shape)
{
    Param **p = &c->n->param[role];
    if (!bounded(&shape))
        return reject(c, "too-large", "its parameter '%s' would be %s", param_name(c, role),
                      infer_text(c, &shape));
    if (*p && !shape_equal(&(*p)->shape, &shape))
        return reject(c, "shape-mismatch", "its parameter '%s' is %s, but must be %s", (*p)->name,
                      infer_text(c, &(*p)->shape), infer_text(c, &shape));
    if (*p)
        return true;
    *p = arena_new_of(c->g->arena, Param);
    **p = (Param){ .name = param_name(c, role), .shape = shape, .loc = c->n->loc };
    return true;
}

/* --- the rule of each operator ------------------------------------------------------------- */

static bool infer_op(Infer *c)
{
    switch (c->n->op) {
    case OP_INPUT:
        return infer_input(c);
    case OP_PARAMETER:
        return infer_parameter(c);
    case OP_CONV2D:
        return infer_conv2d(c);
    case OP_DENSE:
        return infer_dense(c);
    case OP_BATCH_NORM:
        return infer_batch_norm(c);
    case OP_GROUP_NORM:
        return infer_group_norm(c);
    case OP_LAYER_NORM:
        return infer_layer_norm(c);
    case OP_MAX_POOL:
    case OP_AVG_POOL:
        return infer_pool(c);
    case OP_GLOBAL_AVG_POOL:
    case OP_GLOBAL_MAX_POOL:
        return infer_global_pool(c);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
        return infer_broadcast(c);
    case OP_AFFINE:
    case OP_RELU:
    case OP_RELU6:
    case OP_LEAKY_RELU:
    case OP_SIGMOID:
    case OP_SILU:
    case OP_HARDSIGMOID:
    case OP_HARDSWISH:
    case OP_TANH:
    case OP_GELU:
    case OP_DROPOUT:
        return infer_same(c);
    case OP_SOFTMAX:
        return infer_softmax(c);
    case OP_CONCAT:
        return infer_concat(c);
    case OP_PAD:
        return infer_pad(c);
    case OP_PAD_CHANNELS:
        return infer_pad_channels(c);
    case OP_SLICE:
        return infer_slice(c);
    case OP_FLATTEN:
        return infer_flatten(c);
    case OP_RESHAPE:
        return infer_reshape(c);
    case OP_PERMUTE:
        return infer_permute(c);
    case OP_CHANNEL_SHUFFLE:
        return infer_channel_shuffle(c);
    case OP_MEAN:
    case OP_MAX:
        return infer_reduce(c);
    case OP_MATMUL:
        return infer_matmul(c);
    case OP_COUNT:
        break;
    }
    bug("node '%s' has operator %d", c->n->path, (int)c->n->op);
}

static bool infer_inputs(Infer *c)
{
    const Node *n = c->n;
    int wanted = op_info(n->op)->inputs, given = n->input_count - n->has_residual;
    if (wanted == OP_ANY_INPUTS ? given >= 1 : given == wanted)
        return true;
    if (wanted == OP_ANY_INPUTS)
        return reject(c, "input-count", "takes at least 1 tensor, got %d", given);
    return reject(c, "input-count", "takes %d tensor%s, got %d", wanted, wanted == 1 ? "" : "s",
                  given);
}

static bool infer_residual(Infer *c)
{
    Node *n = c->n;
    if (!n->has_residual)
        return true;
    const Shape *r = &n->input[n->input_count - 1]->shape;
    if (shape_equal(r, &n->shape))
        return true;
    return reject(c, "shape-mismatch", "its residual is %s, but its result %s", infer_text(c, r),
                  infer_text(c, &n->shape));
}

bool infer_node(Graph *g, Node *n, Diag *diag)
{
    Infer c = { g, n, NULL, diag };
    if (!infer_inputs(&c))
        return false;
    c.x = n->input_count ? &n->input[0]->shape : NULL;
    if (!infer_op(&c))
        return false;
    if (!bounded(&n->shape))
        return reject(&c, "too-large", "its result would be %s", infer_text(&c, &n->shape));
    return infer_residual(&c);
}
