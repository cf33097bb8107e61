/* Convolutions and matrix products on OpenBLAS.
 *
 *   y[o][p] = b[o] + Σ_{c,ky,kx} w[o][c][ky][kx] · x[c][stride · p + dilation · k - pad]
 *
 * A convolution is a product of the weight [out][in * kh * kw] with the windows laid out as
 * columns [in * kh * kw][pixels] (im2col), one block of output rows after the other so that the
 * columns stay in cache. With one input channel per group the sum is taken directly. */
#include "compiler/interp/eval.h"

#include <cblas.h>
#include <string.h>

enum { COLUMN_FLOATS = 1 << 18 };

/* The extents of one image of one group. */
typedef struct Conv {
    const Attr *a;
    int64_t in, out;        /* channels of a group */
    int64_t ih, iw, oh, ow; /* maps */
} Conv;

static Conv conv_of(const Node *n)
{
    const Shape *x = &n->input[0]->shape, *y = &n->shape;
    const Attr *a = &n->attr;
    return (Conv){
        a, x->dim[1] / a->groups, y->dim[1] / a->groups, x->dim[2], x->dim[3], y->dim[2], y->dim[3]
    };
}

/* One row of windows for one tap: column[ow] from the input row, zeros where it is outside. */
static void gather_row(const Conv *c, const float *x, int64_t iy, int64_t kx, float *column)
{
    const Attr *a = c->a;
    bool inside = iy >= 0 && iy < c->ih;
    for (int64_t ox = 0; ox < c->ow; ox++) {
        int64_t ix = ox * a->stride[1] + kx * a->dilation[1] - a->pad[1];
        column[ox] = inside && ix >= 0 && ix < c->iw ? x[iy * c->iw + ix] : 0;
    }
}

/* columns [in * kh * kw][rows * ow] of the output rows from `oy` on. */
static void gather_columns(const Conv *c, const float *x, int64_t oy, int64_t rows, float *columns)
{
    const Attr *a = c->a;
    float *column = columns;
    for (int64_t ch = 0; ch < c->in; ch++, x += c->ih * c->iw)
        for (int64_t ky = 0; ky < a->kernel[0]; ky++)
            for (int64_t kx = 0; kx < a->kernel[1]; kx++)
                for (int64_t r = 0; r < rows; r++, column += c->ow) {
                    int64_t iy = (oy + r) * a->stride[0] + ky * a->dilation[0] - a->pad[0];
                    gather_row(c, x, iy, kx, column);
                }
}

static bool is_pointwise(const Conv *c)
{
    const Attr *a = c->a;
    return a->kernel[0] * a->kernel[1] * a->stride[0] * a->stride[1] == 1 && c->ih == c->oh &&
           c->iw == c->ow;
}

/* y[out][pixels] += w[out][depth] · columns[depth][pixels] */
static void multiply(const Conv *c, const float *w, const float *columns, int64_t pixels, float *y)
{
    int64_t depth = c->in * c->a->kernel[0] * c->a->kernel[1];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, blas_int(c->out), blas_int(pixels),
                blas_int(depth), 1, w, blas_int(depth), columns, blas_int(pixels), 1, y,
                blas_int(c->oh * c->ow));
}

static void convolve_group(const Conv *c, const float *x, const float *w, float *y, float *columns,
                           int64_t block)
{
    if (is_pointwise(c)) {
        multiply(c, w, x, c->oh * c->ow, y);
        return;
    }
    for (int64_t oy = 0; oy < c->oh; oy += block) {
        int64_t rows = c->oh - oy < block ? c->oh - oy : block;
        gather_columns(c, x, oy, rows, columns);
        multiply(c, w, columns, rows * c->ow, y + oy * c->ow);
    }
}

/* Adds one tap of a one-channel window to a row of y. */
static void add_tap(const Conv *c, const float *x, int64_t iy, int64_t kx, float w, float *y)
{
    const Attr *a = c->a;
    if (iy < 0 || iy >= c->ih)
        return;
    for (int64_t ox = 0; ox < c->ow; ox++) {
        int64_t ix = ox * a->stride[1] + kx * a->dilation[1] - a->pad[1];
        if (ix >= 0 && ix < c->iw)
            y[ox] += w * x[iy * c->iw + ix];
    }
}

static void convolve_depthwise(const Conv *c, const float *x, const float *w, float *y)
{
    const Attr *a = c->a;
    for (int64_t o = 0; o < c->out; o++)
        for (int64_t oy = 0; oy < c->oh; oy++, y += c->ow)
            for (int64_t k = 0; k < a->kernel[0] * a->kernel[1]; k++) {
                int64_t ky = k / a->kernel[1], kx = k % a->kernel[1];
                int64_t iy = oy * a->stride[0] + ky * a->dilation[0] - a->pad[0];
                add_tap(c, x, iy, kx, w[o * a->kernel[0] * a->kernel[1] + k], y);
            }
}

static void fill_bias(const float *bias, int64_t channels, int64_t pixels, float *y)
{
    for (int64_t o = 0; o < channels; o++)
        for (int64_t p = 0; p < pixels; p++)
            y[o * pixels + p] = bias ? bias[o] : 0;
}

void eval_conv2d(const Eval *e)
{
    Conv c = conv_of(e->n);
    const Attr *a = c.a;
    int64_t depth = c.in * a->kernel[0] * a->kernel[1], pixels = c.oh * c.ow;
    int64_t block = COLUMN_FLOATS / (depth * c.ow);
    block = block < 1 ? 1 : block > c.oh ? c.oh : block;
    Arena *scratch = arena_new();
    float *columns = arena_new_array(scratch, float, depth *block *c.ow);
    const float *weight = eval_param(e, PARAM_WEIGHT);
    for (int64_t i = 0; i < e->n->shape.dim[0] * a->groups; i++) {
        int64_t group = i % a->groups;
        const float *x = e->x + i * c.in * c.ih * c.iw, *w = weight + group * c.out * depth;
        const float *bias = eval_param(e, PARAM_BIAS);
        float *y = e->y + i * c.out * pixels;
        fill_bias(bias ? bias + group * c.out : NULL, c.out, pixels, y);
        if (c.in == 1)
            convolve_depthwise(&c, x, w, y);
        else
            convolve_group(&c, x, w, y, columns, block);
    }
    arena_free(scratch);
}

/* y[out][pixels] = b + w[out][in] · x[in][pixels], of each image */
static void dense_of_maps(const Eval *e, int64_t out, int64_t in)
{
    const Shape *s = &e->n->shape;
    int64_t pixels = s->dim[2] * s->dim[3];
    for (int64_t i = 0; i < s->dim[0]; i++) {
        fill_bias(eval_param(e, PARAM_BIAS), out, pixels, e->y + i * out * pixels);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, blas_int(out), blas_int(pixels),
                    blas_int(in), 1, eval_param(e, PARAM_WEIGHT), blas_int(in),
                    e->x + i * in * pixels, blas_int(pixels), 1, e->y + i * out * pixels,
                    blas_int(pixels));
    }
}

/* y[rows][out] = b + x[rows][in] · w[out][in]ᵀ */
void eval_dense(const Eval *e)
{
    const Param *weight = e->n->param[PARAM_WEIGHT];
    int64_t out = weight->shape.dim[0], in = weight->shape.dim[1];
    if (e->n->shape.rank == 4) {
        dense_of_maps(e, out, in);
        return;
    }
    int64_t rows = shape_count(&e->n->shape) / out;
    const float *bias = eval_param(e, PARAM_BIAS);
    for (int64_t i = 0; i < rows * out; i++)
        e->y[i] = bias ? bias[i % out] : 0;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas_int(rows), blas_int(out),
                blas_int(in), 1, e->x, blas_int(in), weight->data, blas_int(in), 1, e->y,
                blas_int(out));
}

/* y[..][m][n] = Σ_k x[..][m][k] · y[..][k][n] */
void eval_matmul(const Eval *e)
{
    const Shape *x = &e->n->input[0]->shape, *y = &e->n->shape;
    int64_t m = y->dim[y->rank - 2], n = y->dim[y->rank - 1], k = x->dim[x->rank - 1];
    bool transpose = e->n->attr.transpose;
    for (int64_t i = 0; i < shape_count(y) / (m * n); i++)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose ? CblasTrans : CblasNoTrans, blas_int(m),
                    blas_int(n), blas_int(k), 1, e->x + i * m * k, blas_int(k),
                    e->in[1] + i * k * n, blas_int(transpose ? k : n), 0, e->y + i * m * n,
                    blas_int(n));
}
