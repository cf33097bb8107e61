/* How large the values of each node are, from what is known before any picture is: a trained
 * network's normalisations give their outputs the square mean of weight^2 + bias^2, whatever comes
 * in; between them sums of independent values add their squares. The input is taken to be
 * normalised. It decides scales that keep rounding errors small, never a result, so a factor of two
 * is good enough. */
#include "compiler/pass/pass.h"

#include <math.h>

static double mean_square(const Param *p, double otherwise)
{
    if (!p || !p->data)
        return otherwise;
    double sum = 0;
    int64_t count = shape_count(&p->shape);
    for (int64_t i = 0; i < count; i++)
        sum += (double)p->data[i] * (double)p->data[i];
    return sum / (double)count;
}

static double square_of(const Node *n)
{
    return n->magnitude * n->magnitude;
}

/* Of standard normal values' activations, per mean square. */
static double activated(OpKind op, double square)
{
    const double half = 0.5, soft = 0.36, gate = 0.29; /* silu, gelu; sigmoid */
    switch (op) {
    case OP_RELU6:
        return fmin(half * square, 18);
    case OP_SILU:
    case OP_HARDSWISH:
    case OP_GELU:
        return soft * square;
    case OP_SIGMOID:
    case OP_HARDSIGMOID:
        return gate;
    case OP_TANH:
        return square / (1 + square);
    default:
        return half * square;
    }
}

static double sum_of_squares(const Node *n)
{
    double sum = 0;
    for (int i = 0; i < n->input_count; i++)
        sum += square_of(n->input[i]);
    return sum;
}

/* Members of a concatenation, by their sizes. */
static double joined(const Node *n)
{
    double sum = 0, count = 0;
    for (int i = 0; i < n->input_count; i++) {
        double size = (double)shape_count(&n->input[i]->shape);
        sum += size * square_of(n->input[i]);
        count += size;
    }
    return sum / count;
}

static double estimate(const Node *n)
{
    const Param *const *p = (const Param *const *)n->param;
    double square = n->input_count ? square_of(n->input[0]) : 1;
    if (activation_of(n->op))
        return activated(n->op, square);
    switch (n->op) {
    case OP_PARAMETER:
        return mean_square(p[PARAM_WEIGHT], 1);
    case OP_BATCH_NORM:
    case OP_GROUP_NORM:
    case OP_LAYER_NORM:
        return mean_square(p[PARAM_WEIGHT], 1) + mean_square(p[PARAM_BIAS], 0);
    case OP_CONV2D:
    case OP_DENSE: {
        const Shape *w = &p[PARAM_WEIGHT]->shape;
        double terms = (double)(shape_count(w) / w->dim[0]);
        return square * terms * mean_square(p[PARAM_WEIGHT], 1 / terms) +
               mean_square(p[PARAM_BIAS], 0);
    }
    case OP_ADD:
    case OP_SUB:
        return sum_of_squares(n);
    case OP_MUL:
        return square * square_of(n->input[1]);
    case OP_AFFINE:
        return n->attr.scale * n->attr.scale * square + n->attr.shift * n->attr.shift;
    case OP_CONCAT:
        return joined(n);
    default:
        return square;
    }
}

void pass_estimate_magnitude(Graph *g, Arena *scratch)
{
    const double least = 1e-4, most = 1e4;
    (void)scratch;
    for_each_node(n, g) {
        double magnitude = sqrt(estimate(n));
        n->magnitude = magnitude > least ? fmin(magnitude, most) : least;
    }
}
