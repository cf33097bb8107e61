/* Each pass on small graphs: what it does, what it must leave alone, and that the values stay. */
#include "compiler/graph/view.h"
#include "compiler/interp/interp.h"
#include "compiler/pass/pass.h"
#include "tests/support/graphs.h"
#include "tests/support/storage.h"

#include <check.h>
#include <math.h>

static Build *b;
static Node *x; /* [1, 4, 6, 5] */

static void setup(void)
{
    b = build_new();
    x = build_input(b, shape_of(4, (int64_t)1, (int64_t)4, (int64_t)6, (int64_t)5));
}

static void teardown(void)
{
    build_free(b);
}

static Node *unary(OpKind op, const char *path, Node *of)
{
    return build_1(b, op, path, of, attr_default());
}

static Node *concat(const char *path, Node *p, Node *q)
{
    Node *const both[] = { p, q };
    return build_list(b, OP_CONCAT, path, both, 2, attr_default());
}

static const char *dump(const Graph *g)
{
    Text t = { .arena = b->a };
    graph_dump(g, &t);
    return text_string(&t);
}

/* The graph after all passes up to `last` (NULL: all). */
static Graph *passed(const char *last)
{
    Arena *scratch = arena_new();
    Graph *g = graph_copy(b->a, b->g);
    pass_run(g, last ? pass_find(last) : NULL, scratch);
    arena_free(scratch);
    return g;
}

/* Every node of g computes what its origin computes, and so does running in planned storage. */
static void check_values(const Graph *g)
{
    Interp source, after;
    build_bind(b);
    const float *input = build_numbers(b->a, shape_count(&x->shape), 3);
    g = passed(NULL); /* again, now with data */
    ck_assert_ptr_null(interp_run(b->a, b->g, input, interp_keep_all(b->a, b->g), &source));
    ck_assert_ptr_null(interp_run(b->a, g, input, interp_keep_all(b->a, g), &after));
    for_each_node(n, g)
        for (int64_t i = 0; i < shape_count(&n->shape); i++) {
            float p = source.value[n->origin->id][i], q = after.value[n->id][i];
            ck_assert_msg(fabsf(p - q) <= 1e-5f * (1 + fabsf(p)), "%s[%d] is %g, not %g", n->path,
                          (int)i, (double)q, (double)p);
        }
    const float *stored = storage_run(g, input, b->a);
    ck_assert_mem_eq(stored, after.value[g->output->id],
                     (size_t)shape_count(&g->output->shape) * sizeof *stored);
    interp_free(&source);
    interp_free(&after);
}

#define ck_passed(last, text)            \
    do {                                 \
        const Graph *g = passed(last);   \
        ck_assert_str_eq(dump(g), text); \
        check_values(g);                 \
    } while (0)

START_TEST(identities)
{
    Attr a = attr_default();
    a.begin = 0;
    a.end = 4;
    Node *n = unary(OP_DROPOUT, "drop", x);
    n = build_1(b, OP_SLICE, "all", n, a);
    n = build_1(b, OP_PAD, "none", n, a);
    n = unary(OP_RELU, "relu", n);
    n = build_1(b, OP_AFFINE, "one", n, a);
    build_list(b, OP_CONCAT, "alone", &n, 1, a);
    ck_passed("remove_identity", "graph test\n"
                                 "input = input() -> [1, 4, 6, 5]\n"
                                 "relu = relu(input) -> [1, 4, 6, 5]\n"
                                 "output relu\n");
}
END_TEST

START_TEST(identity_output)
{
    unary(OP_DROPOUT, "drop", x);
    ck_passed(NULL, "graph test\n"
                    "input = input() -> [1, 4, 6, 5]\n"
                    "drop = dropout(input) -> [1, 4, 6, 5]\n"
                    "output drop\n");
}
END_TEST

START_TEST(batch_norm_into_conv)
{
    Node *c = build_conv(b, "conv", x, 8, 3);
    unary(OP_BATCH_NORM, "bn", c);
    ck_passed(NULL, "graph test\n"
                    "input = input() -> [1, 4, 6, 5]\n"
                    "conv = conv2d(input) out=8 kernel=3 pad=1 -> [1, 8, 6, 5]\n"
                    "output conv\n");
    const Graph *g = passed(NULL);
    ck_assert_str_eq(g->output->origin->path, "bn");
    ck_assert_str_eq(g->output->param[PARAM_BIAS]->name, "conv.bias");
    ck_assert_ptr_ne(g->output->param[PARAM_WEIGHT], c->param[PARAM_WEIGHT]);
}
END_TEST

START_TEST(batch_norm_without_bias_into_dense)
{
    Attr a = attr_default();
    a.out = 7;
    a.bias = false;
    a.scale_param = false;
    Node *n = unary(OP_GLOBAL_AVG_POOL, "pool", x);
    n = build_1(b, OP_DENSE, "fc", n, a);
    n = build_1(b, OP_BATCH_NORM, "bn", n, a);
    a.scale = 0.5;
    a.shift = 3;
    build_1(b, OP_AFFINE, "half", n, a);
    ck_passed(NULL, "graph test\n"
                    "input = input() -> [1, 4, 6, 5]\n"
                    "pool = global_avg_pool(input) -> [1, 4]\n"
                    "fc = dense(pool) out=7 -> [1, 7]\n"
                    "output fc\n");
}
END_TEST

START_TEST(batch_norm_that_stays)
{
    Node *c = build_conv(b, "conv", x, 8, 3);
    Node *n = unary(OP_BATCH_NORM, "bn", c);
    build_2(b, OP_MUL, "mul", n, c);
    ck_passed("remove_dead", "graph test\n"
                             "input = input() -> [1, 4, 6, 5]\n"
                             "conv = conv2d(input) out=8 kernel=3 pad=1 -> [1, 8, 6, 5]\n"
                             "bn = batch_norm(conv) -> [1, 8, 6, 5]\n"
                             "mul = mul(bn, conv) -> [1, 8, 6, 5]\n"
                             "output mul\n");
}
END_TEST

START_TEST(residual_before_activation)
{
    Node *y = unary(OP_BATCH_NORM, "bn", build_conv(b, "conv", x, 4, 3));
    unary(OP_RELU, "relu", build_2(b, OP_ADD, "add", y, x));
    ck_passed(NULL,
              "graph test\n"
              "input = input() -> [1, 4, 6, 5]\n"
              "conv = conv2d(input; residual input) out=4 kernel=3 pad=1 relu -> [1, 4, 6, 5]\n"
              "output conv\n");
    ck_assert_str_eq(passed(NULL)->output->origin->path, "relu");
}
END_TEST

/* Of values, not of what computes them: a fused node's are those of the last one fused. */
START_TEST(magnitudes)
{
    Node *n = unary(OP_BATCH_NORM, "bn", build_conv(b, "conv", x, 4, 3));
    Node *gated = build_2(b, OP_MUL, "mul", n, unary(OP_SIGMOID, "gate", n));
    unary(OP_RELU, "relu", build_2(b, OP_ADD, "add", gated, x));
    const Graph *before = passed("estimate_magnitude"), *after = passed(NULL);
    ck_assert_double_eq_tol(before->input->magnitude, 1, 1e-12);
    ck_assert_double_eq_tol(before->output->input[0]->magnitude, sqrt(1.29), 1e-12);
    ck_assert_double_eq_tol(after->output->magnitude, sqrt(1.29 / 2), 1e-12);
    for_each_node(m, after)
        ck_assert_double_gt(m->magnitude, 0);
}
END_TEST

/* Trained tensors count: the norm's weight and bias, whatever comes in; else the layer's own. */
START_TEST(magnitudes_of_weights)
{
    Node *conv = build_conv(b, "conv", x, 4, 1), *norm = unary(OP_BATCH_NORM, "bn", conv);
    const float w[16] = { 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 },
                bias[4] = { 3, 3, 3, 3 };
    conv->param[PARAM_WEIGHT]->data = w;
    conv->param[PARAM_BIAS]->data = bias;
    norm->param[PARAM_WEIGHT]->data = w;
    norm->param[PARAM_BIAS]->data = bias;
    const Graph *g = passed("estimate_magnitude");
    ck_assert_double_eq_tol(g->output->input[0]->magnitude, 5, 1e-12);
    ck_assert_double_eq_tol(g->output->magnitude, sqrt(13), 1e-12);
}
END_TEST

START_TEST(activation_before_addition)
{
    Node *y = unary(OP_RELU, "relu", build_conv(b, "conv", x, 4, 3));
    build_2(b, OP_ADD, "add", y, x);
    ck_passed("remove_dead", "graph test\n"
                             "input = input() -> [1, 4, 6, 5]\n"
                             "conv = conv2d(input) out=4 kernel=3 pad=1 relu -> [1, 4, 6, 5]\n"
                             "add = add(conv, input) -> [1, 4, 6, 5]\n"
                             "output add\n");
}
END_TEST

/* The convolution whose result is there last takes the sum, also where the other one ends a longer
 * branch; it must come behind both operands. */
START_TEST(residual_of_two_convolutions)
{
    Node *main_branch = build_conv(b, "main", x, 8, 3);
    Node *shortcut = build_conv(b, "shortcut", x, 8, 1);
    Node *p = unary(OP_RELU, "relu", shortcut);
    Node *q = build_conv(b, "last", p, 8, 1);
    Node *sum = build_2(b, OP_ADD, "sum", q, main_branch);
    build_2(b, OP_ADD, "sum2", sum, p);
    ck_passed("remove_dead",
              "graph test\n"
              "input = input() -> [1, 4, 6, 5]\n"
              "main = conv2d(input) out=8 kernel=3 pad=1 -> [1, 8, 6, 5]\n"
              "shortcut = conv2d(input) out=8 kernel=1 relu -> [1, 8, 6, 5]\n"
              "last = conv2d(shortcut; residual main) out=8 kernel=1 -> [1, 8, 6, 5]\n"
              "sum2 = add(last, shortcut) -> [1, 8, 6, 5]\n"
              "output sum2\n");
}
END_TEST

START_TEST(convolution_used_twice)
{
    Node *c = build_conv(b, "conv", x, 4, 1);
    Node *sum = build_2(b, OP_ADD, "sum", c, x);
    build_2(b, OP_MUL, "mul", sum, unary(OP_TANH, "tanh", c));
    ck_passed("remove_dead", "graph test\n"
                             "input = input() -> [1, 4, 6, 5]\n"
                             "conv = conv2d(input) out=4 kernel=1 -> [1, 4, 6, 5]\n"
                             "sum = add(conv, input) -> [1, 4, 6, 5]\n"
                             "tanh = tanh(conv) -> [1, 4, 6, 5]\n"
                             "mul = mul(sum, tanh) -> [1, 4, 6, 5]\n"
                             "output mul\n");
}
END_TEST

START_TEST(padding_into_conv)
{
    Attr a = attr_default();
    a.pad[1] = a.pad[2] = 1;
    Node *n = build_1(b, OP_PAD, "zeros", x, a);
    build_conv(b, "conv", n, 2, 3);
    ck_passed(NULL, "graph test\n"
                    "input = input() -> [1, 4, 6, 5]\n"
                    "conv = conv2d(input) out=2 kernel=3 pad=[1, 2, 2, 1] -> [1, 2, 7, 6]\n"
                    "output conv\n");
    a.value = 1;
    n = build_1(b, OP_PAD, "ones", x, a);
    build_conv(b, "conv2", n, 2, 3);
    ck_assert_ptr_nonnull(strstr(dump(passed(NULL)), "ones = pad("));
}
END_TEST

/* A layer scale as published: [C, 1, 1], and the sum with what went into the layer. */
START_TEST(parameter_into_conv)
{
    Attr a = attr_default();
    a.shape = shape_of(3, (int64_t)4, (int64_t)1, (int64_t)1);
    Node *scale = build_list(b, OP_PARAMETER, "scale", NULL, 0, a);
    a.shape = shape_of(4, (int64_t)1, (int64_t)4, (int64_t)1, (int64_t)1);
    Node *channels = build_1(b, OP_RESHAPE, "channels", scale, a);
    Node *both[] = { build_conv(b, "conv", x, 4, 1), channels };
    Node *sum[] = { build_list(b, OP_MUL, "mul", both, 2, a), x };
    build_list(b, OP_ADD, "add", sum, 2, a);
    ck_passed("fold_constant", "graph test\n"
                               "input = input() -> [1, 4, 6, 5]\n"
                               "channels = parameter() -> [1, 4, 1, 1]\n"
                               "conv = conv2d(input) out=4 kernel=1 -> [1, 4, 6, 5]\n"
                               "mul = mul(conv, channels) -> [1, 4, 6, 5]\n"
                               "add = add(mul, input) -> [1, 4, 6, 5]\n"
                               "output add\n");
    ck_assert_str_eq(dump(passed(NULL)),
                     "graph test\n"
                     "input = input() -> [1, 4, 6, 5]\n"
                     "conv = conv2d(input; residual input) out=4 kernel=1 -> [1, 4, 6, 5]\n"
                     "output conv\n");
}
END_TEST

/* --- views ----------------------------------------------------------------------------------- */

START_TEST(nested_concatenations)
{
    Node *p = build_conv(b, "p", x, 3, 1), *q = build_conv(b, "q", p, 5, 1);
    Node *inner = concat("inner", p, q);
    Node *r = build_conv(b, "r", inner, 2, 1);
    build_conv(b, "end", concat("outer", r, inner), 4, 3);
    ck_passed(NULL, "graph test\n"
                    "input = input() -> [1, 4, 6, 5]\n"
                    "p = conv2d(input) out=3 kernel=1 -> [1, 3, 6, 5] in outer+2\n"
                    "q = conv2d(p) out=5 kernel=1 -> [1, 5, 6, 5] in outer+5\n"
                    "inner = concat(p, q) -> [1, 8, 6, 5] in outer+2\n"
                    "r = conv2d(inner) out=2 kernel=1 -> [1, 2, 6, 5] in outer+0\n"
                    "outer = concat(r, inner) -> [1, 10, 6, 5]\n"
                    "end = conv2d(outer) out=4 kernel=3 pad=1 -> [1, 4, 6, 5]\n"
                    "output end\n");
}
END_TEST

/* As torchvision's DenseNet has it: every layer concatenates all maps before it. */
START_TEST(dense_block)
{
    Node *maps[5] = { build_conv(b, "f0", x, 4, 1) };
    for (int i = 1; i < 5; i++) {
        const char *name = arena_printf(b->a, "%d", i);
        Node *all = build_list(b, OP_CONCAT, arena_printf(b->a, "cat%s", name), maps, i,
                               attr_default());
        Node *n = unary(OP_RELU, arena_printf(b->a, "relu%s", name),
                        unary(OP_BATCH_NORM, arena_printf(b->a, "bn%s", name), all));
        maps[i] = build_conv(b, arena_printf(b->a, "f%s", name), n, 2, 3);
    }
    build_list(b, OP_CONCAT, "block", maps, 5, attr_default());
    build_conv(b, "end", b->g->output, 2, 1);
    const Graph *g = passed(NULL);
    for_each_node(n, g)
        if (n->op == OP_CONCAT)
            ck_assert_msg(view_is_alias(n), "%s is copied in\n%s", n->path, dump(g));
    check_values(g);
}
END_TEST

/* A member of two concatenations is copied into one; the input and the output are never placed. */
START_TEST(members_that_are_copied)
{
    Node *p = build_conv(b, "p", x, 3, 1), *q = build_conv(b, "q", x, 5, 1);
    Node *first = concat("first", p, q), *second = concat("second", q, x);
    build_conv(b, "end", concat("third", first, second), 2, 1);
    const Graph *g = passed(NULL);
    check_values(g);
    const char *text = dump(g);
    ck_assert_msg(strstr(text, "first = concat(p, q) -> [1, 8, 6, 5] in third+0\n") != NULL, "%s",
                  text);
    ck_assert_msg(strstr(text, "second = concat(q, input) -> [1, 9, 6, 5] in third+8\n") != NULL,
                  "%s", text);
    for_each_node(n, g)
        if (n->op == OP_CONCAT && strcmp(n->path, "first") == 0)
            ck_assert(view_holds_member(n, 0) && !view_holds_member(n, 1) && !view_is_alias(n));
        else if (n->op == OP_CONCAT && strcmp(n->path, "second") == 0)
            ck_assert(view_holds_member(n, 0) && !view_holds_member(n, 1));
}
END_TEST

START_TEST(output_in_a_concatenation)
{
    Node *p = build_conv(b, "p", x, 3, 1);
    concat("twice", p, p);
    check_values(passed(NULL));
    concat("cat", b->g->output, p);
    const Graph *g = passed(NULL);
    ck_assert_ptr_eq(g->output->view.owner, g->output);
    check_values(g);
}
END_TEST

START_TEST(channel_slices)
{
    Attr a = attr_default();
    Node *c = build_conv(b, "c", x, 6, 1);
    a.begin = 0;
    a.end = 2;
    Node *low = build_1(b, OP_SLICE, "low", c, a);
    a.begin = 2;
    a.end = 6;
    Node *high = build_1(b, OP_SLICE, "high", c, a);
    a.begin = 1;
    a.end = 3;
    Node *mid = build_1(b, OP_SLICE, "mid", high, a);
    build_2(b, OP_MUL, "mul", unary(OP_TANH, "tanh", low), mid);
    const Graph *g = passed(NULL);
    ck_assert_ptr_nonnull(
        strstr(dump(g), "mid = slice(high) begin=1 end=3 -> [1, 2, 6, 5] in c+3\n"));
    ck_assert_ptr_nonnull(strstr(dump(g), "tanh = tanh(low) -> [1, 2, 6, 5] in c+0\n"));
    check_values(g);
}
END_TEST

START_TEST(flattened_maps)
{
    Attr a = attr_default();
    a.out = 3;
    Node *c = build_conv(b, "c", x, 6, 1);
    Node *flat = unary(OP_FLATTEN, "flat", c);
    build_1(b, OP_DENSE, "fc", flat, a);
    const Graph *g = passed(NULL);
    ck_assert_ptr_nonnull(strstr(dump(g), "flat = flatten(c) -> [1, 180] in c+0\n"));
    ck_assert(view_is_permuted(g->output->input[0]));
    check_values(g);
    build_2(b, OP_ADD, "both", unary(OP_SOFTMAX, "soft", flat), flat);
    g = passed(NULL);
    ck_assert_ptr_nonnull(strstr(dump(g), "flat = flatten(c) -> [1, 180]\n"));
    check_values(g);
}
END_TEST

START_TEST(in_place)
{
    Node *p = build_conv(b, "p", x, 4, 3);
    Node *q = unary(OP_TANH, "q", build_conv(b, "c", p, 4, 3)); /* fused */
    Node *r = build_2(b, OP_MUL, "r", q, p);                    /* over p: both die here */
    Node *s = unary(OP_MAX_POOL, "s", r);                       /* reads neighbours: not in place */
    build_2(b, OP_SUB, "t", s, r);
    const Graph *g = passed(NULL);
    const char *text = dump(g);
    ck_assert_msg(strstr(text, "r = mul(c, p) -> [1, 4, 6, 5] in p+0\n") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "s = max_pool(r) kernel=1 -> [1, 4, 6, 5]\n") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "t = sub(s, r) -> [1, 4, 6, 5]\n") != NULL, "%s", text);
    check_values(g);
}
END_TEST

/* A residual that is also the map of the window must not be overwritten. */
START_TEST(residual_that_is_the_map)
{
    Node *p = build_conv(b, "p", x, 4, 3);
    Node *q = build_2(b, OP_ADD, "q", build_conv(b, "c", p, 4, 3), p);
    Node *r = build_2(b, OP_ADD, "r", build_conv(b, "d", build_conv(b, "e", q, 4, 3), 4, 3), q);
    build_conv(b, "end", r, 1, 1);
    const char *text = dump(passed(NULL));
    ck_assert_msg(
        strstr(text, "c = conv2d(p; residual p) out=4 kernel=3 pad=1 -> [1, 4, 6, 5]\n") != NULL,
        "%s", text);
    ck_assert_msg(
        strstr(text, "d = conv2d(e; residual c) out=4 kernel=3 pad=1 -> [1, 4, 6, 5] in c+0\n") !=
            NULL,
        "%s", text);
    check_values(passed(NULL));
}
END_TEST

START_TEST(names)
{
    ck_assert_ptr_nonnull(pass_find("fold_batch_norm"));
    ck_assert_ptr_null(pass_find("fold"));
    for (int i = 0; i < pass_count; i++)
        ck_assert_ptr_eq(pass_find(pass_pipeline[i].name), &pass_pipeline[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pass");
    TCase *t = tcase_create("passes");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, identities);
    tcase_add_test(t, identity_output);
    tcase_add_test(t, batch_norm_into_conv);
    tcase_add_test(t, batch_norm_without_bias_into_dense);
    tcase_add_test(t, batch_norm_that_stays);
    tcase_add_test(t, residual_before_activation);
    tcase_add_test(t, magnitudes);
    tcase_add_test(t, magnitudes_of_weights);
    tcase_add_test(t, activation_before_addition);
    tcase_add_test(t, residual_of_two_convolutions);
    tcase_add_test(t, convolution_used_twice);
    tcase_add_test(t, padding_into_conv);
    tcase_add_test(t, parameter_into_conv);
    tcase_add_test(t, nested_concatenations);
    tcase_add_test(t, dense_block);
    tcase_add_test(t, members_that_are_copied);
    tcase_add_test(t, output_in_a_concatenation);
    tcase_add_test(t, channel_slices);
    tcase_add_test(t, flattened_maps);
    tcase_add_test(t, in_place);
    tcase_add_test(t, residual_that_is_the_map);
    tcase_add_test(t, names);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
