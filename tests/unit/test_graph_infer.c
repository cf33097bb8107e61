/* Shapes that inference gives, and what it says where there is none. */
#include "tests/support/graphs.h"

#include <check.h>

static Build *b;
static Node *x; /* [1, 8, 9, 7] */

static void setup(void)
{
    b = build_new();
    x = build_input(b, shape_of(4, (int64_t)1, (int64_t)8, (int64_t)9, (int64_t)7));
}

static void teardown(void)
{
    build_free(b);
}

#define ck_shape(n, text)                                              \
    do {                                                               \
        Node *node = (n);                                              \
        ck_assert_msg(node != NULL, "no node: %s", build_messages(b)); \
        ck_assert_str_eq(shape_text(b->a, &node->shape), text);        \
    } while (0)

/* The node is refused with a message that contains every one of the texts. */
#define ck_refused(n, ...)                                                                \
    do {                                                                                  \
        ck_assert_ptr_null(n);                                                            \
        const char *const wanted[] = { __VA_ARGS__ };                                     \
        for (int w = 0; w < COUNT_OF(wanted); w++)                                        \
            ck_assert_msg(strstr(build_messages(b), wanted[w]) != NULL, "'%s' not in %s", \
                          wanted[w], build_messages(b));                                  \
    } while (0)

static Attr window(int64_t kernel, int64_t stride, int64_t pad)
{
    Attr a = attr_default();
    for (int i = 0; i < 4; i++) {
        a.kernel[i % 2] = kernel;
        a.stride[i % 2] = stride;
        a.pad[i] = pad;
    }
    a.out = 16;
    return a;
}

START_TEST(convolutions)
{
    Attr a = window(3, 2, 1);
    Node *n = build_1(b, OP_CONV2D, "c1", x, a);
    ck_shape(n, "[1, 16, 5, 4]");
    ck_assert_str_eq(n->param[PARAM_WEIGHT]->name, "c1.weight");
    ck_assert_str_eq(shape_text(b->a, &n->param[PARAM_WEIGHT]->shape), "[16, 8, 3, 3]");
    ck_assert_str_eq(shape_text(b->a, &n->param[PARAM_BIAS]->shape), "[16]");
    ck_assert_int_eq(node_macs(n), 16 * 5 * 4 * 8 * 9);
    a.groups = 4;
    a.bias = false;
    n = build_1(b, OP_CONV2D, "c2", x, a);
    ck_assert_str_eq(shape_text(b->a, &n->param[PARAM_WEIGHT]->shape), "[16, 2, 3, 3]");
    ck_assert_ptr_null(n->param[PARAM_BIAS]);
    a.dilation[0] = 3;
    a.pad[0] = 0;
    a.pad[3] = 4;
    ck_shape(build_1(b, OP_CONV2D, "c3", x, a), "[1, 16, 2, 5]");
}
END_TEST

START_TEST(same_padding)
{
    Attr a = window(3, 2, 0);
    a.pad_mode = PAD_SAME;
    Node *n = build_1(b, OP_CONV2D, "c", x, a);
    ck_shape(n, "[1, 16, 5, 4]");
    ck_assert_int_eq(n->attr.pad_mode, PAD_EXPLICIT);
    Node *even = build_input(b, shape_of(4, (int64_t)1, (int64_t)8, (int64_t)8, (int64_t)6));
    n = build_1(b, OP_CONV2D, "d", even, a);
    ck_shape(n, "[1, 16, 4, 3]");
    const int64_t pad[4] = { 0, 0, 1, 1 };
    ck_assert_mem_eq(n->attr.pad, pad, sizeof pad);
}
END_TEST

START_TEST(refused_windows)
{
    Attr a = window(3, 1, 0);
    a.groups = 3;
    ck_refused(build_1(b, OP_CONV2D, "c1", x, a), "conv2d 'c1'", "8 channels", "3 groups",
               "[shape-mismatch]");
    ck_refused(build_1(b, OP_CONV2D, "c2", x, window(11, 1, 0)), "11", "9", "[shape-mismatch]");
    ck_refused(build_1(b, OP_MAX_POOL, "p", x, window(2, 2, 2)), "padding 2", "window 2");
    a = window(3, 0, 0);
    ck_refused(build_1(b, OP_CONV2D, "c3", x, a), "stride is 0", "[bad-attribute]");
    a = window(1, 1, 0);
    a.out = (int64_t)1 << 60;
    ck_refused(build_1(b, OP_CONV2D, "c4", x, a), "out is 1152921504606846976");
    a = window(1 << 20, 1, 1 << 20);
    a.out = 1 << 20;
    ck_refused(build_1(b, OP_CONV2D, "c6", x, a), "[1048576, 8, 1048576, 1048576]", "[too-large]");
    Node *flat = build_1(b, OP_FLATTEN, "f", x, attr_default());
    ck_refused(build_1(b, OP_CONV2D, "c5", flat, window(1, 1, 0)), "[N, C, H, W]", "[1, 504]");
}
END_TEST

START_TEST(ceil_mode)
{
    Attr a = window(2, 2, 0);
    ck_shape(build_1(b, OP_MAX_POOL, "p1", x, a), "[1, 8, 4, 3]");
    a.ceil_mode = true;
    ck_shape(build_1(b, OP_MAX_POOL, "p2", x, a), "[1, 8, 5, 4]");
    /* The last window of 4 = ceil((9 + 2 - 2) / 3) + 1 starts at 8 < 9 + 1: it stays. */
    a = window(2, 3, 1);
    a.ceil_mode = true;
    ck_shape(build_1(b, OP_MAX_POOL, "p3", x, a), "[1, 8, 4, 3]");
    /* 6 + 1 positions of 1 by stride 4 would start at 8, which is behind 7 + 0. */
    a = window(1, 4, 0);
    a.ceil_mode = true;
    ck_shape(build_1(b, OP_AVG_POOL, "p4", x, a), "[1, 8, 3, 2]");
}
END_TEST

START_TEST(broadcasting)
{
    Attr keep = attr_default();
    keep.keep = true;
    Node *pooled = build_1(b, OP_GLOBAL_AVG_POOL, "pool", x, keep);
    ck_shape(pooled, "[1, 8, 1, 1]");
    ck_shape(build_1(b, OP_GLOBAL_MAX_POOL, "flat", x, attr_default()), "[1, 8]");
    ck_shape(build_2(b, OP_MUL, "m1", x, pooled), "[1, 8, 9, 7]");
    ck_shape(build_2(b, OP_MUL, "m2", pooled, x), "[1, 8, 9, 7]");
    Node *one = build_conv(b, "one", x, 1, 1);
    ck_shape(build_2(b, OP_MUL, "m3", x, one), "[1, 8, 9, 7]");
    ck_refused(build_2(b, OP_ADD, "m4", pooled, one), "'pool' is [1, 8, 1, 1]",
               "'one' is [1, 1, 9, 7]");
    ck_refused(build_2(b, OP_ADD, "m5", x, build_conv(b, "four", x, 4, 1)), "[1, 4, 9, 7]");
}
END_TEST

START_TEST(joining_and_cutting)
{
    Node *const both[] = { x, build_conv(b, "c", x, 4, 3) };
    ck_shape(build_list(b, OP_CONCAT, "cat", both, 2, attr_default()), "[1, 12, 9, 7]");
    Attr a = attr_default();
    a.axis = -1;
    ck_refused(build_list(b, OP_CONCAT, "cat2", both, 2, a), "'input' is [1, 8, 9, 7]", "axis 3");
    a.axis = 1;
    a.begin = 2;
    a.end = -1;
    ck_shape(build_1(b, OP_SLICE, "s1", x, a), "[1, 5, 9, 7]");
    a.step = 2;
    ck_shape(build_1(b, OP_SLICE, "s2", x, a), "[1, 3, 9, 7]");
    a.end = 9;
    ck_refused(build_1(b, OP_SLICE, "s3", x, a), "2 .. 9", "which has 8");
    a.axis = 4;
    ck_refused(build_1(b, OP_SLICE, "s4", x, a), "axis 4", "[bad-axis]");
    a = window(1, 1, 0);
    a.pad[0] = 2;
    a.pad[3] = 1;
    ck_shape(build_1(b, OP_PAD, "p", x, a), "[1, 8, 11, 8]");
    a.begin = a.end = 4;
    ck_shape(build_1(b, OP_PAD_CHANNELS, "pc", x, a), "[1, 16, 9, 7]");
}
END_TEST

START_TEST(shapes_by_hand)
{
    Attr a = attr_default();
    a.shape = shape_of(3, (int64_t)1, (int64_t)-1, (int64_t)63);
    Node *tokens = build_1(b, OP_RESHAPE, "r", x, a);
    ck_shape(tokens, "[1, 8, 63]");
    a.shape = shape_of(2, (int64_t)1, (int64_t)500);
    ck_refused(build_1(b, OP_RESHAPE, "r2", x, a), "[1, 8, 9, 7]", "[1, 500]");
    a.shape = shape_of(3, (int64_t)-1, (int64_t)-1, (int64_t)2);
    ck_refused(build_1(b, OP_RESHAPE, "r3", x, a), "more than one");
    a.axes[0] = 0;
    a.axes[1] = 2;
    a.axes[2] = 1;
    a.axis_count = 3;
    Node *turned = build_1(b, OP_PERMUTE, "t", tokens, a);
    ck_shape(turned, "[1, 63, 8]");
    ck_shape(build_2(b, OP_MATMUL, "mm", tokens, turned), "[1, 8, 8]");
    ck_refused(build_2(b, OP_MATMUL, "mm2", tokens, tokens), "[1, 8, 63]", "multiply");
    a.axes[0] = 2;
    a.axis_count = 1;
    ck_shape(build_1(b, OP_MEAN, "mean", tokens, a), "[1, 8]");
    a.keep = true;
    ck_shape(build_1(b, OP_MAX, "max", tokens, a), "[1, 8, 1]");
    a.out = 5;
    ck_shape(build_1(b, OP_DENSE, "d", tokens, a), "[1, 8, 5]");
    ck_refused(build_1(b, OP_DENSE, "d2", x, a), "flatten it first");
}
END_TEST

START_TEST(norms)
{
    Attr a = attr_default();
    Node *n = build_1(b, OP_BATCH_NORM, "bn", x, a);
    ck_shape(n, "[1, 8, 9, 7]");
    ck_assert_str_eq(n->param[PARAM_VAR]->name, "bn.running_var");
    a.scale_param = a.center = false;
    n = build_1(b, OP_BATCH_NORM, "bn2", x, a);
    ck_assert_ptr_null(n->param[PARAM_WEIGHT]);
    ck_assert_ptr_null(n->param[PARAM_BIAS]);
    ck_assert_ptr_nonnull(n->param[PARAM_MEAN]);
    a.groups = 3;
    ck_refused(build_1(b, OP_GROUP_NORM, "gn", x, a), "8 channels", "3 groups");
    a.eps = -1;
    ck_refused(build_1(b, OP_BATCH_NORM, "bn3", x, a), "eps is -1");
}
END_TEST

START_TEST(input_counts)
{
    ck_refused(build_1(b, OP_ADD, "a", x, attr_default()), "takes 2 tensors, got 1",
               "[input-count]");
    ck_refused(build_list(b, OP_CONCAT, "c", NULL, 0, attr_default()), "at least 1");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("graph/infer");
    TCase *t = tcase_create("shapes");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, convolutions);
    tcase_add_test(t, same_padding);
    tcase_add_test(t, refused_windows);
    tcase_add_test(t, ceil_mode);
    tcase_add_test(t, broadcasting);
    tcase_add_test(t, joining_and_cutting);
    tcase_add_test(t, shapes_by_hand);
    tcase_add_test(t, norms);
    tcase_add_test(t, input_counts);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
