/* The verifier finds each broken invariant; editing and dumping. */
#include "compiler/graph/view.h"
#include "tests/support/graphs.h"

#include <check.h>

static Build *b;
static Node *x, *conv, *relu, *sum;

static void setup(void)
{
    b = build_new();
    x = build_input(b, shape_of(4, (int64_t)1, (int64_t)4, (int64_t)6, (int64_t)5));
    conv = build_conv(b, "conv", x, 4, 3);
    relu = build_1(b, OP_RELU, "relu", conv, attr_default());
    sum = build_2(b, OP_ADD, "sum", relu, x);
}

static void teardown(void)
{
    build_free(b);
}

/* The verifier names the node and says this. */
static void broken(const char *node, const char *text)
{
    const char *problem = graph_verify(b->g, b->a);
    ck_assert_msg(problem != NULL, "nothing found where '%s' was expected", text);
    ck_assert_msg(strstr(problem, node) && strstr(problem, text), "not '%s': %s", text, problem);
}

static void sound(void)
{
    const char *problem = graph_verify(b->g, b->a);
    ck_assert_msg(!problem, "%s", problem);
}

START_TEST(sound_graph)
{
    sound();
}
END_TEST

START_TEST(structure)
{
    relu->id = 1;
    broken("relu", "has id 1 at place 2");
    graph_renumber(b->g);
    relu->path = "conv";
    broken("conv", "path that another node has");
    relu->path = "relu";
    relu->input[0] = sum;
    broken("relu", "comes before its input 'sum'");
    Node stranger = *conv;
    relu->input[0] = &stranger;
    broken("relu", "input 0 is not in the graph");
    relu->input[0] = conv;
    b->g->output = &stranger;
    broken("", "output is not one of its nodes");
    b->g->output = sum;
    b->g->input = conv;
    broken("", "no input");
    b->g->input = x;
    sound();
}
END_TEST

START_TEST(second_input)
{
    build_input(b, shape_of(2, (int64_t)1, (int64_t)3))->path = "another";
    b->g->output = sum;
    broken("another", "second input");
}
END_TEST

START_TEST(shapes_and_parameters)
{
    conv->shape.dim[3] = 4;
    broken("conv", "is [1, 4, 6, 4], but inference says [1, 4, 6, 5]");
    conv->shape.dim[3] = 5;
    conv->attr.pad[0] = 100 << 20;
    broken("conv", "do not fit together");
    conv->attr.pad[0] = 1;
    Param *bias = conv->param[PARAM_BIAS];
    conv->param[PARAM_BIAS] = NULL;
    broken("conv", "lacks a parameter");
    conv->param[PARAM_BIAS] = bias;
    conv->attr.bias = false;
    broken("conv", "a parameter 'conv.bias' that it does not use");
    conv->attr.bias = true;
    relu->activation = ACT_COUNT;
    broken("relu", "has activation");
    relu->activation = ACT_NONE;
    x->activation = ACT_RELU;
    broken("input", "something fused into it");
}
END_TEST

START_TEST(residuals)
{
    Node *inputs[] = { x, x };
    conv->input = inputs;
    conv->input_count = 2;
    broken("conv", "do not fit together");
    conv->has_residual = true;
    sound();
    conv->attr.out = 5;
    broken("conv", "do not fit together");
}
END_TEST

START_TEST(views)
{
    relu->view = (View){ conv, 0 };
    sound();
    sum->view = (View){ relu, 0 };
    broken("sum", "'relu', which owns no storage");
    sum->view = (View){ conv, 0 };
    broken("sum", "is the output");
    sum->view = (View){ sum, 0 };
    relu->view = (View){ x, 0 };
    broken("relu", "would write into 'input'");
}
END_TEST

START_TEST(views_out_of_range)
{
    Node *wide = build_conv(b, "wide", x, 6, 1);
    Attr a = attr_default();
    a.begin = 3;
    a.end = 6;
    Node *part = build_1(b, OP_SLICE, "part", wide, a);
    build_conv(b, "end", part, 1, 1);
    part->view = (View){ wide, 3 };
    sound();
    part->view.channel = 4;
    broken("part", "takes channels 4 .. 7 of 'wide', which has 6");
    Node *pooled = build_1(b, OP_GLOBAL_AVG_POOL, "pooled", part, attr_default());
    part->view.channel = 3;
    pooled->view = (View){ wide, 0 };
    b->g->output = b->g->nodes.at[b->g->nodes.count - 2];
    broken("pooled", "cannot lie in 'wide'");
}
END_TEST

/* conv is read by relu, and once more later: relu must not overwrite it. */
START_TEST(overwritten_too_early)
{
    build_2(b, OP_MUL, "again", sum, conv);
    sound();
    relu->view = (View){ conv, 0 };
    broken("relu", "overwrites 'conv' while its value is needed");
    relu->view = (View){ relu, 0 };
    /* A window that overwrites its own map. */
    Node *tail = build_conv(b, "tail", b->g->output, 4, 3);
    build_conv(b, "end", tail, 4, 1);
    sound();
    tail->view = (View){ tail->input[0], 0 };
    broken("tail", "overwrites 'again'");
}
END_TEST

START_TEST(order_of_storage)
{
    Node *flat = build_1(b, OP_FLATTEN, "flat", conv, attr_default());
    Node *tanh = build_1(b, OP_TANH, "tanh", flat, attr_default());
    flat->view = (View){ conv, 0 };
    broken("tanh", "reads 'flat' in the order of its storage");
    (void)tanh;
}
END_TEST

/* --- editing --------------------------------------------------------------------------------- */

START_TEST(uses)
{
    ck_assert_int_eq(graph_use_count(b->g, x), 2);
    ck_assert_int_eq(graph_use_count(b->g, sum), 1);
    graph_replace_uses(b->g, relu, conv);
    ck_assert_ptr_eq(sum->input[0], conv);
    graph_replace_uses(b->g, sum, conv);
    ck_assert_ptr_eq(b->g->output, conv);
    graph_remove_dead(b->g);
    ck_assert_int_eq(b->g->nodes.count, 2);
    sound();
}
END_TEST

START_TEST(copies)
{
    relu->view = (View){ conv, 0 };
    Graph *copy = graph_copy(b->a, b->g);
    ck_assert_int_eq(copy->nodes.count, b->g->nodes.count);
    for (int i = 0; i < copy->nodes.count; i++) {
        ck_assert_ptr_ne(copy->nodes.at[i], b->g->nodes.at[i]);
        ck_assert_ptr_eq(copy->nodes.at[i]->origin, b->g->nodes.at[i]);
    }
    ck_assert_ptr_eq(copy->nodes.at[2]->view.owner, copy->nodes.at[1]);
    ck_assert_ptr_eq(copy->nodes.at[1]->param[PARAM_WEIGHT], conv->param[PARAM_WEIGHT]);
    ck_assert_ptr_eq(copy->output, copy->nodes.at[3]);
    ck_assert_ptr_null(graph_verify(copy, b->a));
    graph_replace_uses(copy, copy->nodes.at[1], copy->nodes.at[0]);
    ck_assert_ptr_eq(relu->input[0], conv);
}
END_TEST

START_TEST(operators_by_name)
{
    OpKind op;
    for (int i = 0; i < OP_COUNT; i++) {
        ck_assert(op_from_name(op_info((OpKind)i)->name, &op));
        ck_assert_int_eq(op, i);
    }
    ck_assert(!op_from_name("conv3d", &op));
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++) {
        ck_assert(op_from_name(activation_name((Activation)a), &op));
        ck_assert_int_eq(activation_of(op), a);
    }
    ck_assert_int_eq(activation_of(OP_CONV2D), ACT_NONE);
}
END_TEST

START_TEST(dumps)
{
    Attr a = attr_default();
    a.pad_mode = PAD_SAME;
    a.kernel[0] = 2;
    a.kernel[1] = a.stride[0] = a.stride[1] = 3;
    a.count_include_pad = false;
    Node *p = build_1(b, OP_AVG_POOL, "pool", sum, a);
    a.eps = 1e-3;
    a.scale_param = false;
    p = build_1(b, OP_BATCH_NORM, "bn", p, a);
    a.axis = -1;
    p = build_1(b, OP_SOFTMAX, "soft \"max\"", p, a);
    relu->activation = ACT_LEAKY_RELU;
    relu->activation_alpha = 0.1;
    Text t = { .arena = b->a };
    graph_dump(b->g, &t);
    ck_assert_str_eq(text_string(&t),
                     "graph test\n"
                     "input = input() -> [1, 4, 6, 5]\n"
                     "conv = conv2d(input) out=4 kernel=3 pad=1 -> [1, 4, 6, 5]\n"
                     "relu = relu(conv) leaky_relu(0.1) -> [1, 4, 6, 5]\n"
                     "sum = add(relu, input) -> [1, 4, 6, 5]\n"
                     "pool = avg_pool(sum) kernel=[2, 3] stride=3 pad=[0, 0, 0, 1] "
                     "count_include_pad=false -> [1, 4, 2, 2]\n"
                     "bn = batch_norm(pool) eps=0.001 scale=false -> [1, 4, 2, 2]\n"
                     "soft \"max\" = softmax(bn) axis=3 -> [1, 4, 2, 2]\n"
                     "output soft \"max\"\n");
    Text dot = { .arena = b->a };
    graph_dump_dot(b->g, &dot);
    ck_assert_ptr_nonnull(strstr(text_string(&dot), "n2 -> n3;"));
    ck_assert_ptr_nonnull(strstr(text_string(&dot), "\"soft \\\"max\\\""));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("graph");
    TCase *t = tcase_create("verify");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, sound_graph);
    tcase_add_test(t, structure);
    tcase_add_test(t, second_input);
    tcase_add_test(t, shapes_and_parameters);
    tcase_add_test(t, residuals);
    tcase_add_test(t, views);
    tcase_add_test(t, views_out_of_range);
    tcase_add_test(t, overwritten_too_early);
    tcase_add_test(t, order_of_storage);
    tcase_add_test(t, uses);
    tcase_add_test(t, copies);
    tcase_add_test(t, operators_by_name);
    tcase_add_test(t, dumps);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
