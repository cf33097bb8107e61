/* Pooling as PyTorch defines it. Padding never is a maximum. An average counts the padding that its
 * window covers if count_include_pad, but never what ceil_mode adds behind the padding. */
#include "compiler/interp/eval.h"

#include <math.h>

/* One window along one axis: [begin, end) inside the input, and its extent with padding. */
typedef struct Span {
    int64_t begin, end, padded;
} Span;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static Span span_of(const Attr *a, int d, int64_t position, int64_t size)
{
    int64_t begin = position * a->stride[d] - a->pad[d];
    int64_t end = least(begin + a->kernel[d], size + a->pad[2 + d]);
    return (Span){ begin < 0 ? 0 : begin, least(end, size), end - begin };
}

static float average(const Attr *a, const float *x, int64_t width, Span y, Span z)
{
    double sum = 0;
    for (int64_t iy = y.begin; iy < y.end; iy++)
        for (int64_t ix = z.begin; ix < z.end; ix++)
            sum += x[iy * width + ix];
    int64_t inside = (y.end - y.begin) * (z.end - z.begin), padded = y.padded * z.padded;
    return (float)(sum / (double)(a->count_include_pad ? padded : inside));
}

static float maximum(const Attr *a, const float *x, const int64_t *size, int64_t oy, int64_t ox)
{
    float best = -INFINITY;
    for (int64_t k = 0; k < a->kernel[0] * a->kernel[1]; k++) {
        int64_t iy = oy * a->stride[0] - a->pad[0] + k / a->kernel[1] * a->dilation[0];
        int64_t ix = ox * a->stride[1] - a->pad[1] + k % a->kernel[1] * a->dilation[1];
        if (iy >= 0 && iy < size[0] && ix >= 0 && ix < size[1]) {
            float v = x[iy * size[1] + ix];
            best = v > best || isnan(v) ? v : best;
        }
    }
    return best;
}

static void pool_map(const Node *n, const float *x, float *y)
{
    const Attr *a = &n->attr;
    const int64_t *size = &n->input[0]->shape.dim[2];
    for (int64_t oy = 0; oy < n->shape.dim[2]; oy++)
        for (int64_t ox = 0; ox < n->shape.dim[3]; ox++, y++)
            *y = n->op == OP_MAX_POOL ? maximum(a, x, size, oy, ox)
                                      : average(a, x, size[1], span_of(a, 0, oy, size[0]),
                                                span_of(a, 1, ox, size[1]));
}

void eval_pool(const Eval *e)
{
    const Shape *x = &e->n->input[0]->shape, *y = &e->n->shape;
    for (int64_t i = 0; i < y->dim[0] * y->dim[1]; i++)
        pool_map(e->n, e->x + i * x->dim[2] * x->dim[3], e->y + i * y->dim[2] * y->dim[3]);
}

void eval_global_pool(const Eval *e)
{
    const Shape *x = &e->n->input[0]->shape;
    int64_t pixels = x->dim[2] * x->dim[3];
    for (int64_t i = 0; i < x->dim[0] * x->dim[1]; i++) {
        const float *map = e->x + i * pixels;
        double sum = 0;
        float best = map[0];
        for (int64_t p = 0; p < pixels; p++) {
            sum += map[p];
            best = map[p] > best ? map[p] : best;
        }
        e->y[i] = e->n->op == OP_GLOBAL_MAX_POOL ? best : (float)(sum / (double)pixels);
    }
}
