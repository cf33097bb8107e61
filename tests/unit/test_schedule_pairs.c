/* Which convolutions are computed row by row with the depthwise one behind them, and which products
 * by the 1x1 convolution behind them. */
#include "compiler/pass/pass.h"
#include "compiler/schedule/program.h"
#include "compiler/target/target.h"
#include "tests/support/graphs.h"

#include <check.h>

static Build *b;

static void setup(void)
{
    b = build_new();
}

static void teardown(void)
{
    build_free(b);
}

static Node *depthwise(const char *path, Node *x, int64_t stride)
{
    Attr a = attr_default();
    a.out = a.groups = node_channels(x);
    a.kernel[0] = a.kernel[1] = 3;
    a.stride[0] = a.stride[1] = stride;
    for (int i = 0; i < 4; i++)
        a.pad[i] = 1;
    return build_1(b, OP_CONV2D, path, x, a);
}

/* An inverted bottleneck: few channels, many, and few again. Returns the wide map. */
static Node *bottleneck(int64_t size, int64_t wide)
{
    Node *x = build_input(b, shape_of(4, (int64_t)1, (int64_t)3, size, size));
    Node *expand = build_conv(b, "expand", x, wide, 1);
    build_conv(b, "project", depthwise("depthwise", expand, 2), 4, 1);
    return expand;
}

static Program program(const char *target, PairRule rule, bool parallel)
{
    Arena *scratch = arena_new();
    Graph *g = graph_copy(b->a, b->g);
    build_bind(b);
    pass_run(g, NULL, scratch);
    arena_free(scratch);
    Program p;
    ProgramOptions how = { .target = target_find(target), .pairs = rule, .parallel = parallel };
    const char *error = program_build(b->a, g, &how, &p);
    ck_assert_msg(!error, "%s", error);
    return p;
}

static int count_pairs(const Program *p)
{
    int count = 0;
    for_each_vec(Call, c, &p->calls)
        count += c->producer != NULL;
    return count;
}

START_TEST(arena_of_small_memory)
{
    bottleneck(24, 32);
    Program apart = program("c99", PAIRS_NONE, false), p = program("c99", PAIRS_PAYING, false);
    ck_assert_int_eq(count_pairs(&apart), 0);
    ck_assert_int_eq(count_pairs(&p), 1);
    ck_assert_int_eq(apart.calls.count, 3);
    ck_assert_int_eq(p.calls.count, 2);
    ck_assert_str_eq(p.calls.at[0].producer->path, "expand");
    ck_assert_int_eq(p.calls.at[0].macs, apart.calls.at[0].macs + apart.calls.at[1].macs);
    ck_assert_int_eq(p.weight_originals, apart.weight_originals);
    /* 32 channels: 24 x 24 and 12 x 12 before; now 3 rows of 24 of 16 channels, and 12 x 12 */
    ck_assert_int_eq(apart.arena_bytes, 4 * 32 * (24 * 24 + 12 * 12));
    ck_assert_int_eq(p.arena_bytes, 4 * (16 * 3 * 24 + 32 * 12 * 12));
}
END_TEST

/* The arena's size is decided elsewhere. */
START_TEST(arena_is_no_smaller)
{
    bottleneck(24, 32);
    Node *wide = build_conv(b, "wide", b->g->output, 1024, 1);
    b->g->output = build_conv(b, "narrow", wide, 4, 1);
    Program p = program("c99", PAIRS_PAYING, false);
    ck_assert_int_eq(count_pairs(&p), 0);
}
END_TEST

START_TEST(large_maps_on_vectors)
{
    bottleneck(112, 96);
    Program p = program("avx512", PAIRS_PAYING, false);
    ck_assert_int_eq(count_pairs(&p), 1);
    Program threads = program("avx512", PAIRS_PAYING, true);
    ck_assert_int_eq(count_pairs(&threads), 0);
}
END_TEST

START_TEST(small_maps_on_vectors)
{
    bottleneck(28, 96);
    Program p = program("avx512", PAIRS_PAYING, false);
    ck_assert_int_eq(count_pairs(&p), 0);
    Program all = program("avx512", PAIRS_ALL, false);
    ck_assert_int_eq(count_pairs(&all), 1);
}
END_TEST

/* Somebody else reads the map, too. */
START_TEST(two_readers)
{
    Node *expand = bottleneck(24, 32), *left = b->g->output;
    Node *right = build_conv(b, "shortcut", depthwise("other", expand, 2), 4, 1);
    b->g->output = build_2(b, OP_ADD, "sum", left, right);
    Program p = program("c99", PAIRS_ALL, false);
    ck_assert_int_eq(count_pairs(&p), 0);
}
END_TEST

START_TEST(the_map_is_the_output)
{
    b->g->output = bottleneck(24, 32);
    Program p = program("c99", PAIRS_ALL, false);
    ck_assert_int_eq(count_pairs(&p), 0);
}
END_TEST

/* Squeeze-excite of 32 channels in front of a 1x1 convolution. Returns the product. */
static Node *squeeze_excite(int64_t size, int64_t out)
{
    Node *x = build_input(b, shape_of(4, (int64_t)1, (int64_t)16, size, size));
    Node *map = build_conv(b, "expand", x, 32, 3);
    Attr keep = attr_default();
    keep.keep = true;
    Node *pooled = build_1(b, OP_GLOBAL_AVG_POOL, "pool", map, keep);
    Node *factor = build_1(b, OP_SIGMOID, "gate", build_conv(b, "fc", pooled, 32, 1), keep);
    Node *product = build_2(b, OP_MUL, "product", map, factor);
    build_conv(b, "project", product, out, 1);
    return product;
}

static void check_calls(Program p, int calls)
{
    ck_assert_int_eq(p.calls.count, calls);
    const Call *last = &p.calls.at[calls - 1];
    ck_assert_str_eq(last->node->path, "project");
    ck_assert_int_eq(last->producer != NULL, calls == 4);
    if (last->producer)
        ck_assert_str_eq(last->producer->path, "product");
}

START_TEST(products_by_weights)
{
    static const char *const names[] = { "avx2", "avx512", "zen4", "neon" };
    squeeze_excite(24, 24);
    check_calls(program(names[_i], PAIRS_PAYING, false), 4);
    check_calls(program(names[_i], PAIRS_PAYING, true), 4);
    check_calls(program("c99", PAIRS_PAYING, false), 5);
}
END_TEST

/* A map of few pixels is less than the weights. */
START_TEST(products_of_small_maps)
{
    squeeze_excite(8, 24);
    check_calls(program("avx512", PAIRS_PAYING, false), 5);
}
END_TEST

START_TEST(products_with_two_readers)
{
    Node *product = squeeze_excite(24, 32), *project = b->g->output;
    build_2(b, OP_ADD, "sum", product, project);
    Program p = program("avx512", PAIRS_PAYING, false);
    ck_assert_int_eq(count_pairs(&p), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("schedule/pairs");
    TCase *t = tcase_create("pairs");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, arena_of_small_memory);
    tcase_add_test(t, arena_is_no_smaller);
    tcase_add_test(t, large_maps_on_vectors);
    tcase_add_test(t, small_maps_on_vectors);
    tcase_add_test(t, two_readers);
    tcase_add_test(t, the_map_is_the_output);
    tcase_add_loop_test(t, products_by_weights, 0, 4);
    tcase_add_test(t, products_of_small_maps);
    tcase_add_test(t, products_with_two_readers);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
