/* Element-wise operators, evaluated in double and rounded once. */
#include "compiler/interp/eval.h"

#include <math.h>
#include <string.h>

static double clip(double x, double top)
{
    return x < 0 ? 0 : x > top ? top : x;
}

double activate(Activation a, double alpha, double x)
{
    switch (a) {
    case ACT_NONE:
    case ACT_COUNT:
        return x;
    case ACT_RELU:
        return x < 0 ? 0 : x;
    case ACT_RELU6:
        return clip(x, 6);
    case ACT_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case ACT_SILU:
        return x / (1 + exp(-x));
    case ACT_HARDSIGMOID:
        return clip(x + 3, 6) / 6;
    case ACT_HARDSWISH:
        return x * clip(x + 3, 6) / 6;
    case ACT_TANH:
        return tanh(x);
    case ACT_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    }
    bug("activation %d", (int)a);
}

void eval_activation(const Eval *e)
{
    Activation a = activation_of(e->n->op);
    int64_t count = shape_count(&e->n->shape);
    for (int64_t i = 0; i < count; i++)
        e->y[i] = (float)activate(a, e->n->attr.alpha, e->x[i]);
}

void eval_copy(const Eval *e)
{
    memcpy(e->y, e->x, (size_t)shape_count(&e->n->shape) * sizeof *e->y);
}

void eval_affine(const Eval *e)
{
    int64_t count = shape_count(&e->n->shape);
    for (int64_t i = 0; i < count; i++)
        e->y[i] = (float)(e->n->attr.scale * e->x[i] + e->n->attr.shift);
}

/* Steps of a tensor that is repeated to fill `to`: 0 along the axes where it has one element. */
static void broadcast_steps(const Shape *from, const Shape *to, int64_t *step)
{
    int64_t size = 1;
    for (int i = to->rank - 1; i >= 0; i--) {
        step[i] = from->dim[i] == 1 ? 0 : size;
        size *= from->dim[i];
    }
}

static int64_t position(const Shape *s, const int64_t *step, int64_t index)
{
    int64_t at = 0;
    for (int i = s->rank - 1; i >= 0; i--) {
        at += index % s->dim[i] * step[i];
        index /= s->dim[i];
    }
    return at;
}

static float combine(OpKind op, float x, float y)
{
    return op == OP_ADD ? x + y : op == OP_SUB ? x - y : x * y;
}

void eval_binary(const Eval *e)
{
    const Shape *s = &e->n->shape, *xs = &e->n->input[0]->shape, *ys = &e->n->input[1]->shape;
    bool equal = shape_equal(xs, ys);
    int64_t x_step[SHAPE_MAX_RANK], y_step[SHAPE_MAX_RANK], count = shape_count(s);
    broadcast_steps(xs, s, x_step);
    broadcast_steps(ys, s, y_step);
    for (int64_t i = 0; i < count; i++)
        e->y[i] = equal ? combine(e->n->op, e->x[i], e->in[1][i])
                        : combine(e->n->op, e->x[position(s, x_step, i)],
                                  e->in[1][position(s, y_step, i)]);
}
