/* Inference for the operators that have parameters but no window, and for element-wise ones. */
#include "compiler/graph/infer.h"

#include <math.h>

/* Shape given as an attribute: every extent stated. */
static bool infer_stated(Infer *c)
{
    const Shape *s = &c->n->attr.shape;
    if (s->rank < 1 || s->rank > SHAPE_MAX_RANK)
        return reject(c, "bad-shape", "has rank %d; 1 to %d are possible", s->rank, SHAPE_MAX_RANK);
    for (int i = 0; i < s->rank; i++)
        if (s->dim[i] < 1)
            return reject(c, "bad-shape", "is %s; extents must be at least 1", infer_text(c, s));
    c->n->shape = *s;
    return true;
}

bool infer_input(Infer *c)
{
    return infer_stated(c);
}

bool infer_parameter(Infer *c)
{
    return infer_stated(c) && infer_param(c, PARAM_WEIGHT, c->n->shape);
}

/* Which axis of the input is that of its features: the last one, or the channels of a map where
 * the call says so. */
static bool feature_axis(Infer *c, int *axis)
{
    int rank = c->x->rank, asked = c->n->attr.features;
    *axis = rank == 4 ? 1 : rank - 1;
    if (asked != -1 && asked != 1)
        return reject(c, "bad-axis", "features are axis -1 or 1, not %d", asked);
    if (rank == 2 || (rank == 3 && asked == -1) || (rank == 4 && asked == 1))
        return true;
    return reject(c, "shape-mismatch",
                  "takes a tensor [N, F] or [N, L, D], but its input '%s' is %s%s",
                  c->n->input[0]->path, infer_text(c, c->x),
                  c->n->op == OP_DENSE ? "; flatten it first" : "");
}

bool infer_dense(Infer *c)
{
    Attr *a = &c->n->attr;
    int axis;
    if (!feature_axis(c, &axis))
        return false;
    if (a->out < 1)
        return reject(c, "bad-attribute", "out is %lld, but must be at least 1", (long long)a->out);
    c->n->shape = *c->x;
    c->n->shape.dim[axis] = a->out;
    return infer_param(c, PARAM_WEIGHT, shape_of(2, a->out, c->x->dim[axis])) &&
           (!a->bias || infer_param(c, PARAM_BIAS, shape_of(1, a->out)));
}

static bool check_eps(Infer *c)
{
    double eps = c->n->attr.eps;
    return (isfinite(eps) && eps >= 0) ||
           reject(c, "bad-attribute", "eps is %g, but must be at least 0", eps);
}

/* [N, C, H, W] or [N, C]: the operators that normalise channels. */
static bool check_channels_second(Infer *c)
{
    if (c->x->rank == 4 || c->x->rank == 2)
        return true;
    return reject(c, "shape-mismatch",
                  "takes a tensor [N, C, H, W] or [N, C], but its input '%s' is %s",
                  c->n->input[0]->path, infer_text(c, c->x));
}

bool infer_batch_norm(Infer *c)
{
    const Attr *a = &c->n->attr;
    if (!check_channels_second(c) || !check_eps(c))
        return false;
    Shape channels = shape_of(1, c->x->dim[1]);
    c->n->shape = *c->x;
    return (!a->scale_param || infer_param(c, PARAM_WEIGHT, channels)) &&
           (!a->center || infer_param(c, PARAM_BIAS, channels)) &&
           infer_param(c, PARAM_MEAN, channels) && infer_param(c, PARAM_VAR, channels);
}

bool infer_group_norm(Infer *c)
{
    int64_t groups = c->n->attr.groups;
    if (!check_channels_second(c) || !check_eps(c))
        return false;
    if (groups < 1 || c->x->dim[1] % groups != 0)
        return reject(c, "shape-mismatch",
                      "its input has %lld channels, not a multiple of %lld groups",
                      (long long)c->x->dim[1], (long long)groups);
    Shape channels = shape_of(1, c->x->dim[1]);
    c->n->shape = *c->x;
    return infer_param(c, PARAM_WEIGHT, channels) && infer_param(c, PARAM_BIAS, channels);
}

bool infer_layer_norm(Infer *c)
{
    int axis;
    if (!feature_axis(c, &axis))
        return false;
    Shape features = shape_of(1, c->x->dim[axis]);
    c->n->shape = *c->x;
    return check_eps(c) && infer_param(c, PARAM_WEIGHT, features) &&
           infer_param(c, PARAM_BIAS, features);
}

/* Can `small` be repeated to fill `large`? Each extent is equal or 1. */
static bool fills(const Shape *small, const Shape *large)
{
    bool fits = small->rank == large->rank;
    for (int i = 0; fits && i < small->rank; i++)
        fits = small->dim[i] == large->dim[i] || small->dim[i] == 1;
    return fits;
}

bool infer_broadcast(Infer *c)
{
    const Shape *x = c->x, *y = &c->n->input[1]->shape;
    if (!fills(y, x) && !fills(x, y))
        return reject(
            c, "shape-mismatch", "'%s' is %s and '%s' is %s; neither repeats to the other",
            c->n->input[0]->path, infer_text(c, x), c->n->input[1]->path, infer_text(c, y));
    c->n->shape = fills(y, x) ? *x : *y;
    return true;
}

bool infer_same(Infer *c)
{
    c->n->shape = *c->x;
    return true;
}

bool infer_softmax(Infer *c)
{
    c->n->shape = *c->x;
    return infer_axis(c, &c->n->attr.axis, c->x->rank);
}

/* x [..., M, K] times y [..., K, N], or [..., N, K] with transpose. */
bool infer_matmul(Infer *c)
{
    const Shape *x = c->x, *y = &c->n->input[1]->shape;
    int rank = x->rank, inner = c->n->attr.transpose ? rank - 1 : rank - 2;
    bool fits = rank >= 2 && y->rank == rank && x->dim[rank - 1] == y->dim[inner];
    for (int i = 0; fits && i < rank - 2; i++)
        fits = x->dim[i] == y->dim[i];
    if (!fits)
        return reject(c, "shape-mismatch", "cannot multiply '%s', %s, by '%s', %s%s",
                      c->n->input[0]->path, infer_text(c, x), c->n->input[1]->path,
                      infer_text(c, y), c->n->attr.transpose ? " transposed" : "");
    c->n->shape = *x;
    c->n->shape.dim[rank - 1] = y->dim[c->n->attr.transpose ? rank - 2 : rank - 1];
    return true;
}
