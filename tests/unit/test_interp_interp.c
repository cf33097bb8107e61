/* The interpreter's operators: convolutions against the textbook sum, the others against numbers
 * that PyTorch 1.13 gives. */
#include "compiler/interp/interp.h"
#include "tests/support/graphs.h"

#include <check.h>
#include <math.h>

static Build *b;

static void setup(void)
{
    b = build_new();
}

static void teardown(void)
{
    build_free(b);
}

/* The value of the graph's output for this input. */
static const float *run(const float *input)
{
    Interp values;
    const char *problem = interp_run(b->a, b->g, input, NULL, &values);
    ck_assert_msg(!problem, "%s", problem);
    int64_t count = shape_count(&b->g->output->shape);
    float *out = arena_new_array(b->a, float, count);
    memcpy(out, values.value[b->g->output->id], (size_t)count * sizeof *out);
    interp_free(&values);
    return out;
}

#define ck_values(out, ...)                                                                      \
    do {                                                                                         \
        const double wanted[] = { __VA_ARGS__ };                                                 \
        const float *got = (out);                                                                \
        ck_assert_int_eq(shape_count(&b->g->output->shape), COUNT_OF(wanted));                   \
        for (int element = 0; element < COUNT_OF(wanted); element++)                             \
            ck_assert_msg(                                                                       \
                fabs(got[element] - wanted[element]) <= 1e-6 * (1 + fabs(wanted[element])),      \
                "element %d is %.9g, not %.9g", element, (double)got[element], wanted[element]); \
    } while (0)

/* --- convolution ----------------------------------------------------------------------------- */

/* Σ_{c,ky,kx} of one output element, in double. */
static double window_sum(const Node *n, const float *x, int64_t image, int64_t o, int64_t oy,
                         int64_t ox)
{
    const Attr *a = &n->attr;
    const Shape *s = &n->input[0]->shape;
    int64_t in = s->dim[1] / a->groups, first = o / (a->out / a->groups) * in;
    const float *w = n->param[PARAM_WEIGHT]->data + o * in * a->kernel[0] * a->kernel[1];
    double sum = a->bias ? n->param[PARAM_BIAS]->data[o] : 0;
    for (int64_t c = 0; c < in; c++)
        for (int64_t ky = 0; ky < a->kernel[0]; ky++)
            for (int64_t kx = 0; kx < a->kernel[1]; kx++, w++) {
                int64_t iy = oy * a->stride[0] + ky * a->dilation[0] - a->pad[0];
                int64_t ix = ox * a->stride[1] + kx * a->dilation[1] - a->pad[1];
                if (iy >= 0 && iy < s->dim[2] && ix >= 0 && ix < s->dim[3])
                    sum += (double)*w *
                           x[((image * s->dim[1] + first + c) * s->dim[2] + iy) * s->dim[3] + ix];
            }
    return sum;
}

static void check_convolution(Shape shape, Attr attr)
{
    build_free(b);
    b = build_new();
    Node *n = build_1(b, OP_CONV2D, "conv", build_input(b, shape), attr);
    ck_assert_msg(n != NULL, "%s", build_messages(b));
    build_bind(b);
    const float *x = build_numbers(b->a, shape_count(&shape), 5), *y = run(x);
    const Shape *s = &n->shape, *w = &n->param[PARAM_WEIGHT]->shape;
    double tolerance = 1e-5 + 5e-8 * (double)(shape_count(w) / w->dim[0]);
    for (int64_t i = 0; i < shape_count(s); i++) {
        int64_t ox = i % s->dim[3], oy = i / s->dim[3] % s->dim[2];
        int64_t o = i / (s->dim[2] * s->dim[3]) % s->dim[1],
                image = i / (shape_count(s) / s->dim[0]);
        double wanted = window_sum(n, x, image, o, oy, ox);
        ck_assert_msg(fabs(y[i] - wanted) <= tolerance, "element %d is %.9g, not %.9g", (int)i,
                      (double)y[i], wanted);
    }
}

static Attr conv_attr(int64_t out, int64_t groups, int64_t kh, int64_t kw, int64_t stride)
{
    Attr a = attr_default();
    a.out = out;
    a.groups = groups;
    a.kernel[0] = kh;
    a.kernel[1] = kw;
    a.stride[0] = a.stride[1] = stride;
    return a;
}

START_TEST(convolutions)
{
    const Shape shape = shape_of(4, (int64_t)2, (int64_t)6, (int64_t)7, (int64_t)5);
    check_convolution(shape, conv_attr(4, 1, 1, 1, 1));
    check_convolution(shape, conv_attr(4, 1, 1, 1, 2));
    check_convolution(shape, conv_attr(9, 3, 3, 2, 1));
    check_convolution(shape, conv_attr(6, 6, 3, 3, 1)); /* depthwise */
    check_convolution(shape, conv_attr(12, 6, 2, 3, 2));
    Attr a = conv_attr(4, 2, 3, 3, 2);
    const int64_t pad[4] = { 0, 1, 2, 3 };
    memcpy(a.pad, pad, sizeof pad);
    check_convolution(shape, a);
    a.dilation[0] = 2;
    a.dilation[1] = 3;
    a.bias = false;
    check_convolution(shape, a);
    a = conv_attr(6, 6, 3, 3, 2);
    a.pad_mode = PAD_SAME;
    check_convolution(shape, a);
    check_convolution(shape_of(4, (int64_t)1, (int64_t)1, (int64_t)1, (int64_t)1),
                      conv_attr(3, 1, 1, 1, 1));
}
END_TEST

/* The columns of this one do not fit into one block. */
START_TEST(convolution_in_blocks)
{
    Attr a = conv_attr(2, 1, 5, 5, 1);
    a.pad[0] = a.pad[1] = a.pad[2] = a.pad[3] = 2;
    check_convolution(shape_of(4, (int64_t)1, (int64_t)96, (int64_t)20, (int64_t)19), a);
}
END_TEST

/* --- the others ------------------------------------------------------------------------------ */

static Attr pool(int64_t kernel, int64_t stride, int64_t pad)
{
    Attr a = conv_attr(1, 1, kernel, kernel, stride);
    for (int i = 0; i < 4; i++)
        a.pad[i] = pad;
    return a;
}

/* 5 x 5 maps count from 1; 4 x 4 ones are their top left corner. */
static const float *counting(int64_t size)
{
    build_input(b, shape_of(4, (int64_t)1, (int64_t)1, size, size));
    float *x = arena_new_array(b->a, float, size *size);
    for (int64_t i = 0; i < size * size; i++)
        x[i] = (float)(i / size * 5 + i % size + 1);
    return x;
}

START_TEST(pools)
{
    const float *x = counting(5);
    Node *in = b->g->input;
    Attr a = pool(3, 2, 1);
    build_1(b, OP_AVG_POOL, "a1", in, a);
    ck_values(run(x), 1.7777778, 3.6666667, 3.1111112, 7.6666665, 13, 9.666667, 8.4444447,
              13.666667, 9.7777777);
    a.count_include_pad = false;
    build_1(b, OP_AVG_POOL, "a2", in, a);
    ck_values(run(x), 4, 5.5, 7, 11.5, 13, 14.5, 19, 20.5, 22);
    a = pool(2, 3, 0);
    a.ceil_mode = true;
    build_1(b, OP_MAX_POOL, "m1", in, a);
    ck_values(run(x), 7, 10, 22, 25);
    a = pool(2, 1, 0);
    a.dilation[0] = a.dilation[1] = 2;
    build_1(b, OP_MAX_POOL, "m2", in, a);
    ck_values(run(x), 13, 14, 15, 18, 19, 20, 23, 24, 25);
    build_1(b, OP_GLOBAL_AVG_POOL, "g1", in, attr_default());
    ck_values(run(x), 13);
    build_1(b, OP_GLOBAL_MAX_POOL, "g2", in, attr_default());
    ck_values(run(x), 25);
}
END_TEST

START_TEST(pools_in_ceil_mode)
{
    const float *x = counting(4);
    Attr a = pool(3, 2, 1);
    a.ceil_mode = true;
    build_1(b, OP_AVG_POOL, "a1", b->g->input, a);
    ck_values(run(x), 1.7777778, 3.6666667, 2.1666667, 7.6666665, 13, 7, 5.5, 9, 4.75);
    build_1(b, OP_MAX_POOL, "m1", b->g->input, a);
    ck_values(run(x), 7, 9, 9, 17, 19, 19, 17, 19, 19);
    a.count_include_pad = false;
    build_1(b, OP_AVG_POOL, "a2", b->g->input, a);
    ck_values(run(x), 4, 5.5, 6.5, 11.5, 13, 14, 16.5, 18, 19);
    a = pool(2, 3, 1);
    a.ceil_mode = true;
    build_1(b, OP_MAX_POOL, "m2", b->g->input, a);
    ck_values(run(x), 1, 4, 16, 19);
}
END_TEST

START_TEST(activations)
{
    static const float v[] = { -7, -3.5f, -1, -0.25f, 0, 0.5f, 2, 3, 6.5f };
    Node *x = build_input(b, shape_of(2, (int64_t)1, (int64_t)9));
    Attr a = attr_default();
    a.alpha = 0.1;
    build_1(b, OP_RELU, "1", x, a);
    ck_values(run(v), 0, 0, 0, 0, 0, 0.5, 2, 3, 6.5);
    build_1(b, OP_RELU6, "2", x, a);
    ck_values(run(v), 0, 0, 0, 0, 0, 0.5, 2, 3, 6);
    build_1(b, OP_LEAKY_RELU, "3", x, a);
    ck_values(run(v), -0.7, -0.35, -0.1, -0.025, 0, 0.5, 2, 3, 6.5);
    build_1(b, OP_SIGMOID, "4", x, a);
    ck_values(run(v), 0.000911051194, 0.0293122308, 0.268941421, 0.437823499, 0.5, 0.622459331,
              0.880797078, 0.952574127, 0.998498818);
    build_1(b, OP_SILU, "5", x, a);
    ck_values(run(v), -0.00637735836, -0.102592808, -0.268941421, -0.109455875, 0, 0.311229666,
              1.76159416, 2.85772238, 6.49024232);
    build_1(b, OP_HARDSIGMOID, "6", x, a);
    ck_values(run(v), 0, 0, 0.333333333, 0.458333333, 0.5, 0.583333333, 0.833333333, 1, 1);
    build_1(b, OP_HARDSWISH, "7", x, a);
    ck_values(run(v), 0, 0, -0.333333333, -0.114583333, 0, 0.291666667, 1.66666667, 3, 6.5);
    build_1(b, OP_TANH, "8", x, a);
    ck_values(run(v), -0.999998337, -0.998177898, -0.761594156, -0.244918662, 0, 0.462117157,
              0.96402758, 0.995054754, 0.999995479);
    build_1(b, OP_GELU, "9", x, a);
    ck_values(run(v), -8.95866714e-12, -0.000814201777, -0.158655254, -0.100323419, 0, 0.345731231,
              1.95449974, 2.99595031, 6.5);
}
END_TEST

/* Gives a parameter these four values. */
static void set_param(Node *n, ParamRole role, float p, float q, float r, float s)
{
    float *v = arena_new_array(b->a, float, 4);
    v[0] = p, v[1] = q, v[2] = r, v[3] = s;
    n->param[role]->data = v;
}

static Node *norm(OpKind op, Node *x, double eps)
{
    Attr a = attr_default();
    a.eps = eps;
    a.groups = 2;
    Node *n = build_1(b, op, op_info(op)->name, x, a);
    set_param(n, PARAM_WEIGHT, 1, 2, 0.5f, 1);
    set_param(n, PARAM_BIAS, 0, 1, 0, -1);
    return n;
}

START_TEST(norms)
{
    static const float v[] = { 1, 2, 3, 4, 2, 0, 1, 5 };
    Node *x = build_input(b, shape_of(4, (int64_t)1, (int64_t)4, (int64_t)1, (int64_t)2));
    norm(OP_GROUP_NORM, x, 1e-5);
    ck_values(run(v), -1.3416355, -0.4472119, 1.8944236, 3.6832709, 0, -0.5345217, -1.5345217,
              0.6035651);
    Node *bn = norm(OP_BATCH_NORM, x, 1e-3);
    set_param(bn, PARAM_MEAN, 1, 2, 0, 1);
    set_param(bn, PARAM_VAR, 1, 4, 0.25f, 9);
    ck_values(run(v), 0, 0.9995004, 1.9998751, 2.9997501, 1.9960121, 0, -1, 0.3332593);
    Attr a = attr_default();
    a.shape = shape_of(2, (int64_t)2, (int64_t)4);
    norm(OP_LAYER_NORM, build_1(b, OP_RESHAPE, "rows", x, a), 1e-5);
    ck_values(run(v), -1.3416355, 0.1055763, 0.2236059, 0.3416355, 0, -1.1380868, -0.2672608,
              0.6035651);
}
END_TEST

START_TEST(softmax)
{
    static const float v[] = { 1, 2, 3, 1000, 2000, 0 };
    Attr a = attr_default();
    Node *x = build_input(b, shape_of(2, (int64_t)2, (int64_t)3));
    build_1(b, OP_SOFTMAX, "rows", x, a);
    ck_values(run(v), 0.0900306, 0.2447285, 0.6652409, 0, 1, 0);
    a.axis = 0;
    build_1(b, OP_SOFTMAX, "columns", x, a);
    ck_values(run(v), 0, 0, 0.95257413, 1, 1, 0.04742587);
}
END_TEST

START_TEST(broadcasting)
{
    static const float v[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    Attr a = attr_default();
    Node *x = build_input(b, shape_of(4, (int64_t)1, (int64_t)2, (int64_t)2, (int64_t)2));
    a.keep = true;
    Node *top = build_1(b, OP_GLOBAL_MAX_POOL, "top", x, a);
    build_2(b, OP_MUL, "by channel", x, top);
    ck_values(run(v), 4, 8, 12, 16, 40, 48, 56, 64);
    build_2(b, OP_SUB, "from channel", top, x);
    ck_values(run(v), 3, 2, 1, 0, 3, 2, 1, 0);
    a.end = 1;
    Node *map = build_1(b, OP_SLICE, "map", x, a);
    build_2(b, OP_ADD, "by pixel", x, map);
    ck_values(run(v), 2, 4, 6, 8, 6, 8, 10, 12);
    a.scale = -2;
    a.shift = 1;
    build_1(b, OP_AFFINE, "affine", x, a);
    ck_values(run(v), -1, -3, -5, -7, -9, -11, -13, -15);
}
END_TEST

START_TEST(moves)
{
    static const float v[] = { 1, 2, 3, 4, 5, 6 };
    Attr a = attr_default();
    Node *x = build_input(b, shape_of(4, (int64_t)1, (int64_t)2, (int64_t)1, (int64_t)3));
    Node *const twice[] = { x, x };
    build_list(b, OP_CONCAT, "channels", twice, 2, a);
    ck_values(run(v), 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6);
    a.axis = 3;
    build_list(b, OP_CONCAT, "columns", twice, 2, a);
    ck_values(run(v), 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6);
    a.begin = 0;
    a.end = 3;
    a.step = 2;
    build_1(b, OP_SLICE, "even", x, a);
    ck_values(run(v), 1, 3, 4, 6);
    a.pad[0] = a.pad[3] = 1;
    a.value = 9;
    build_1(b, OP_PAD, "pad", x, a);
    ck_values(run(v), 9, 9, 9, 9, 1, 2, 3, 9, 9, 9, 9, 9, 4, 5, 6, 9);
    a.begin = 1;
    a.end = 0;
    build_1(b, OP_PAD_CHANNELS, "pad channels", x, a);
    ck_values(run(v), 0, 0, 0, 1, 2, 3, 4, 5, 6);
    const int order[] = { 0, 3, 2, 1 };
    memcpy(a.axes, order, sizeof order);
    a.axis_count = 4;
    build_1(b, OP_PERMUTE, "permute", x, a);
    ck_values(run(v), 1, 4, 2, 5, 3, 6);
    a.axes[0] = 1;
    a.axis_count = 1;
    build_1(b, OP_MEAN, "mean", x, a);
    ck_values(run(v), 2.5, 3.5, 4.5);
    a.axes[0] = 3;
    build_1(b, OP_MAX, "max", x, a);
    ck_values(run(v), 3, 6);
}
END_TEST

START_TEST(products)
{
    static const float v[] = { 1, 2, 3, 4 };
    Node *x = build_input(b, shape_of(2, (int64_t)2, (int64_t)2));
    build_2(b, OP_MATMUL, "square", x, x);
    ck_values(run(v), 7, 10, 15, 22);
    Attr a = attr_default();
    a.transpose = true;
    Node *const both[] = { x, x };
    build_list(b, OP_MATMUL, "gram", both, 2, a);
    ck_values(run(v), 5, 11, 11, 25);
    a.out = 2;
    Node *n = build_1(b, OP_DENSE, "dense", x, a);
    set_param(n, PARAM_WEIGHT, 1, 10, 100, 1000);
    set_param(n, PARAM_BIAS, 0.5f, -0.5f, 0, 0);
    ck_values(run(v), 21.5, 2099.5, 43.5, 4299.5);
}
END_TEST

/* relu(conv + residual) as passes write it. */
START_TEST(fused_nodes)
{
    static const float v[] = { 1, -2 };
    Node *x = build_input(b, shape_of(4, (int64_t)1, (int64_t)2, (int64_t)1, (int64_t)1));
    Attr a = conv_attr(2, 1, 1, 1, 1);
    a.bias = false;
    Node *n = build_1(b, OP_CONV2D, "conv", x, a);
    set_param(n, PARAM_WEIGHT, 1, 1, 1, 0);
    Node *inputs[] = { x, x };
    n->input = inputs;
    n->input_count = 2;
    n->has_residual = true;
    ck_values(run(v), 0, -1);
    n->activation = ACT_LEAKY_RELU;
    n->activation_alpha = 0.25;
    ck_values(run(v), 0, -0.25);
}
END_TEST

START_TEST(unbound_parameter)
{
    Interp values;
    static const float v[] = { 1 };
    build_conv(b, "conv",
               build_input(b, shape_of(4, (int64_t)1, (int64_t)1, (int64_t)1, (int64_t)1)), 1, 1);
    const char *problem = interp_run(b->a, b->g, v, NULL, &values);
    ck_assert_str_eq(problem, "parameter 'conv.weight' of 'conv' has no value");
    interp_free(&values);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("interp");
    TCase *t = tcase_create("operators");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, convolutions);
    tcase_add_test(t, convolution_in_blocks);
    tcase_add_test(t, pools);
    tcase_add_test(t, pools_in_ceil_mode);
    tcase_add_test(t, activations);
    tcase_add_test(t, norms);
    tcase_add_test(t, softmax);
    tcase_add_test(t, broadcasting);
    tcase_add_test(t, moves);
    tcase_add_test(t, products);
    tcase_add_test(t, fused_nodes);
    tcase_add_test(t, unbound_parameter);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
