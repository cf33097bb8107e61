/* Binding by order: what Keras's numbers and listing tell, and where they tell too little. */
#include "compiler/elaborate/bind.h"

#include <check.h>
#include <stdlib.h>

enum { MOST = 4 };

/* Convolutions 2 -> 2 (or 2 -> 3 where the name begins with `w`) and the layers of a file. */
typedef struct Case {
    bool chain; /* each convolution on the one before; otherwise all on the input */
    const char *network[MOST], *file[MOST];
    const char *takes[MOST]; /* the layers that the network's take; none: refused */
    const char *message;
} Case;

static const Case cases[] = {
    { true, { "a", "b" }, { "a", "b" }, { "a", "b" }, NULL },
    { true, { "a", "b" }, { "b", "a" }, { "a", "b" }, NULL },
    /* numbers on both sides, whatever the listing and the branches */
    { false,
      { "conv2d_1", "conv2d_2" },
      { "conv2d_9", "conv2d_7" },
      { "conv2d_7", "conv2d_9" },
      "'conv2d_1' takes 'conv2d_7'" },
    { false,
      { "conv2d_1", "conv2d_2", "conv2d_3" },
      { "conv2d", "conv2d_1", "conv2d_2" },
      { "conv2d", "conv2d_1", "conv2d_2" },
      "3 layers of the network 'net' are bound by the order of creation" },
    /* hand-made names: the listing, where the network is a chain */
    { true,
      { "a", "b" },
      { "conv2d_4", "conv2d_5" },
      { "conv2d_4", "conv2d_5" },
      "'b' takes 'conv2d_5'" },
    { true, { "a", "wide" }, { "wx", "x" }, { "x", "wx" }, "'wide' takes 'wx'" },
    { true, { "a", "b", "c" }, { "b", "x", "y" }, { "x", "b", "y" }, "'c' takes 'y'" },
    /* a guess */
    { false,
      { "a", "b" },
      { "x", "y" },
      { NULL },
      "'a' and 'b' have the same shapes and neither follows from the other" },
    { true,
      { "a", "b" },
      { "conv2d_5", "conv2d_4" },
      { NULL },
      "the file lists 'conv2d_5' before 'conv2d_4', against their numbers" },
    { true, { "a", "b" }, { "x" }, { NULL }, "the network has 2 such layers, the file 1" },
    { false,
      { "conv2d_1", "conv2d_2" },
      { "conv2d_2", "conv2d_3", "conv2d_4" },
      { NULL },
      "the network has 2 such layers, the file 3" },
};

static Arena *arena;
static char *report;
static size_t report_length;
static Diag diag;

static void setup(void)
{
    arena = arena_new();
    diag = (Diag){ .out = open_memstream(&report, &report_length) };
}

static void teardown(void)
{
    fclose(diag.out);
    free(report);
    arena_free(arena);
}

static int outputs(const char *name)
{
    return name[0] == 'w' ? 3 : 2;
}

static Graph *make_network(const Case *c)
{
    Graph *g = graph_new(arena, "net");
    Attr attr = attr_default();
    attr.shape = shape_of(4, (int64_t)1, (int64_t)2, (int64_t)2, (int64_t)2);
    Node *x = graph_add(g, OP_INPUT, "x", (Loc){ 0 }, NULL, 0, &attr, &diag), *last = x;
    for (int i = 0; i < MOST && c->network[i]; i++) {
        Attr conv = attr_default();
        conv.out = outputs(c->network[i]);
        conv.kernel[0] = conv.kernel[1] = 1;
        conv.bias = false;
        last = graph_add(g, OP_CONV2D, c->network[i], (Loc){ 0 }, c->chain ? &last : &x, 1, &conv,
                         &diag);
        ck_assert_ptr_nonnull(last);
    }
    g->output = last;
    return g;
}

/* The k-th layer of the file is filled with k. */
static WeightStore *make_store(const Case *c, bool keras)
{
    WeightStore *s = arena_new_of(arena, WeightStore);
    s->arena = arena;
    for (int k = 0; k < MOST && c->file[k]; k++) {
        int out = outputs(c->file[k]);
        float *value = arena_new_array(arena, float, 6);
        for (int i = 0; i < 6; i++)
            value[i] = (float)k;
        WeightTensor *t = arena_new_of(arena, WeightTensor);
        *t = (WeightTensor){ .name = arena_printf(arena, "%s/kernel:0", c->file[k]),
                             .file = "k.h5",
                             .rank = 4,
                             .dim = { 1, 1, 2, out },
                             .stride = { 2 * out, 2 * out, out, 1 },
                             .keras_layer = keras ? c->file[k] : NULL,
                             .bytes = value };
        map_set(arena, &s->tensors, t->name, t);
    }
    return s;
}

static void assert_taken(const Case *c, const Node *n, const char *layer)
{
    int k = (int)n->param[PARAM_WEIGHT]->data[0];
    ck_assert_msg(strcmp(c->file[k], layer) == 0, "'%s' takes '%s'", n->path, c->file[k]);
}

START_TEST(orders)
{
    const Case *c = &cases[_i];
    Graph *g = make_network(c);
    const RenameList none = { 0 };
    bool bound = bind_weights(g, make_store(c, true), &none, &diag);
    fflush(diag.out);
    ck_assert_msg(bound == (c->takes[0] != NULL), "%s", report);
    ck_assert_msg(!c->message || strstr(report, c->message) != NULL, "%s", report);
    ck_assert(c->message || diag.warnings == 0);
    for (int i = 0; i < MOST && c->takes[i]; i++)
        assert_taken(c, g->nodes.at[i + 1], c->takes[i]);
}
END_TEST

/* Only Keras says what its order means. */
START_TEST(not_of_keras)
{
    const RenameList none = { 0 };
    ck_assert(!bind_weights(make_network(&cases[4]), make_store(&cases[4], false), &none, &diag));
}
END_TEST

/* Keras flattens pixel by pixel, kiln channel by channel: 2 channels of 1 x 3. */
START_TEST(flattened)
{
    Graph *g = graph_new(arena, "net");
    Attr attr = attr_default();
    attr.shape = shape_of(4, (int64_t)1, (int64_t)2, (int64_t)1, (int64_t)3);
    Node *x = graph_add(g, OP_INPUT, "x", (Loc){ 0 }, NULL, 0, &attr, &diag);
    attr = attr_default();
    x = graph_add(g, OP_FLATTEN, "flat", (Loc){ 0 }, &x, 1, &attr, &diag);
    x = graph_add(g, OP_RELU, "relu", (Loc){ 0 }, &x, 1, &attr, &diag);
    attr.out = 2;
    attr.bias = false;
    g->output = graph_add(g, OP_DENSE, "fc", (Loc){ 0 }, &x, 1, &attr, &diag);
    float value[12];
    for (int i = 0; i < 12; i++)
        value[i] = (float)i;
    WeightStore s = { .arena = arena };
    WeightTensor t = { .name = "fc/kernel:0",
                       .rank = 2,
                       .dim = { 6, 2 },
                       .stride = { 2, 1 },
                       .keras_layer = "fc",
                       .bytes = value };
    map_set(arena, &s.tensors, t.name, &t);
    const RenameList none = { 0 };
    ck_assert(bind_weights(g, &s, &none, &diag));
    static const float expected[12] = { 0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11 };
    ck_assert_mem_eq(g->output->param[PARAM_WEIGHT]->data, expected, sizeof expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("elaborate/bind_order");
    TCase *tc = tcase_create("order");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, orders, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tc, not_of_keras);
    tcase_add_test(tc, flattened);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
