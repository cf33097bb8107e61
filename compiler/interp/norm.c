/* Normalisations and softmax. Variances are biased (divisor n), in two passes. */
#include "compiler/interp/eval.h"

#include <math.h>

/* y = (x - mean) / sqrt(var + eps) · weight + bias, per channel. */
void eval_batch_norm(const Eval *e)
{
    Split s = split_shape(&e->n->shape, 1);
    const float *weight = eval_param(e, PARAM_WEIGHT), *bias = eval_param(e, PARAM_BIAS);
    const float *mean = eval_param(e, PARAM_MEAN), *var = eval_param(e, PARAM_VAR);
    for (int64_t i = 0; i < s.outer * s.size; i++) {
        int64_t c = i % s.size;
        double scale = (weight ? weight[c] : 1.0) / sqrt(var[c] + e->n->attr.eps);
        double shift = bias ? bias[c] : 0.0;
        for (int64_t p = i * s.inner; p < (i + 1) * s.inner; p++)
            e->y[p] = (float)((e->x[p] - (double)mean[c]) * scale + shift);
    }
}

/* Writes (x - mean(x)) / sqrt(var(x) + eps) of elements `step` apart. */
static void standardize(const float *x, int64_t count, int64_t step, double eps, float *y)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        sum += x[i * step];
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (x[i * step] - mean) * (x[i * step] - mean);
    double scale = 1 / sqrt(squares / (double)count + eps);
    for (int64_t i = 0; i < count; i++)
        y[i * step] = (float)((x[i * step] - mean) * scale);
}

/* y = y · weight + bias, where the weight belongs to an axis. */
static void scale_axis(const Eval *e, int axis)
{
    Split s = split_shape(&e->n->shape, axis);
    const float *weight = eval_param(e, PARAM_WEIGHT), *bias = eval_param(e, PARAM_BIAS);
    for (int64_t i = 0; i < s.outer * s.size; i++)
        for (int64_t p = i * s.inner; p < (i + 1) * s.inner; p++)
            e->y[p] = e->y[p] * weight[i % s.size] + bias[i % s.size];
}

void eval_group_norm(const Eval *e)
{
    int64_t groups = e->n->shape.dim[0] * e->n->attr.groups;
    int64_t count = shape_count(&e->n->shape) / groups;
    for (int64_t i = 0; i < groups; i++)
        standardize(e->x + i * count, count, 1, e->n->attr.eps, e->y + i * count);
    scale_axis(e, 1);
}

void eval_layer_norm(const Eval *e)
{
    int axis = e->n->shape.rank == 4 ? 1 : e->n->shape.rank - 1;
    Split s = split_shape(&e->n->shape, axis);
    for (int64_t i = 0; i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.size * s.inner + i % s.inner;
        standardize(e->x + at, s.size, s.inner, e->n->attr.eps, e->y + at);
    }
    scale_axis(e, axis);
}

/* One softmax over elements `step` apart, shifted by the maximum so that exp cannot overflow. */
static void soften(const float *x, int64_t count, int64_t step, float *y)
{
    double top = x[0], sum = 0;
    for (int64_t i = 0; i < count; i++)
        top = x[i * step] > top ? x[i * step] : top;
    for (int64_t i = 0; i < count; i++)
        sum += exp(x[i * step] - top);
    for (int64_t i = 0; i < count; i++)
        y[i * step] = (float)(exp(x[i * step] - top) / sum);
}

void eval_softmax(const Eval *e)
{
    Split s = split_shape(&e->n->shape, e->n->attr.axis);
    for (int64_t i = 0; i < s.outer; i++)
        for (int64_t j = 0; j < s.inner; j++)
            soften(e->x + i * s.size * s.inner + j, s.size, s.inner,
                   e->y + i * s.size * s.inner + j);
}
