/* Binding of weights: renaming, and everything that does not fit in one report. */
#include "compiler/elaborate/bind.h"

#include "compiler/import/random_weights.h"

#include <check.h>
#include <stdlib.h>

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

static bool reported(const char *text)
{
    fflush(diag.out);
    return strstr(report, text) != NULL;
}

/* conv.weight [4, 3, 1, 1], conv.bias [4] */
static Graph *one_convolution(void)
{
    Graph *g = graph_new(arena, "net");
    Attr attr = attr_default();
    attr.shape = shape_of(4, (int64_t)1, (int64_t)3, (int64_t)2, (int64_t)2);
    Node *x = graph_add(g, OP_INPUT, "x", (Loc){ 0 }, NULL, 0, &attr, &diag);
    attr = attr_default();
    attr.out = 4;
    attr.kernel[0] = attr.kernel[1] = 1;
    g->output = graph_add(g, OP_CONV2D, "conv", (Loc){ 0 }, &x, 1, &attr, &diag);
    ck_assert_ptr_nonnull(g->output);
    return g;
}

static WeightStore *store_with(const char *weight, int64_t channels, const char *bias)
{
    WeightStore *s = arena_new_of(arena, WeightStore);
    s->arena = arena;
    if (weight)
        weights_add_random(s, weight, 4, (int64_t[]){ 4, channels, 1, 1 }, 0);
    if (bias)
        weights_add_random(s, bias, 1, (int64_t[]){ 4 }, 0);
    return s;
}

static const RenameList no_renames;

START_TEST(fitting_tensors_bind)
{
    Graph *g = one_convolution();
    ck_assert(bind_weights(g, store_with("conv.weight", 3, "conv.bias"), &no_renames, &diag));
    ck_assert_ptr_nonnull(g->output->param[PARAM_WEIGHT]->data);
    ck_assert_ptr_nonnull(g->output->param[PARAM_BIAS]->data);
    ck_assert_int_eq(diag.warnings, 0);
}
END_TEST

START_TEST(everything_is_reported_at_once)
{
    Graph *g = one_convolution();
    WeightStore *s = store_with("conv.weight", 5, "conv.bais");
    weights_add_random(s, "epoch", 1, (int64_t[]){ 1 }, 0);
    weights_add_random(s, "bn.num_batches_tracked", 1, (int64_t[]){ 1 }, 0);
    ck_assert(!bind_weights(g, s, &no_renames, &diag));
    ck_assert_int_eq(diag.errors, 2);
    ck_assert_int_eq(diag.warnings, 1);
    ck_assert(reported("[missing-tensor]"));
    ck_assert(reported("missing: conv.bias [4]; did you mean 'conv.bais'?"));
    ck_assert(reported("conv.weight is [4, 5, 1, 1] in the file, the network needs [4, 3, 1, 1]"));
    ck_assert(reported("unexpected: conv.bais [4]"));
    ck_assert(reported("unexpected: epoch [1]"));
    ck_assert(!reported("num_batches_tracked"));
    ck_assert_ptr_null(g->output->param[PARAM_WEIGHT]->data);
}
END_TEST

START_TEST(rules_rename_and_ignore)
{
    RenameList rules = { 0 };
    vec_push(arena, &rules, (RenameRule){ .pattern = "aux.*" });
    vec_push(arena, &rules, (RenameRule){ .pattern = "enc.*.w", .replacement = "*.weight" });
    vec_push(arena, &rules, (RenameRule){ .pattern = "enc.*", .replacement = "*" });
    WeightStore *s = store_with("enc.conv.w", 3, "enc.conv.bias");
    weights_add_random(s, "aux.head.bias", 1, (int64_t[]){ 7 }, 0);
    ck_assert(bind_weights(one_convolution(), s, &rules, &diag));
    ck_assert_int_eq(diag.warnings, 0);
}
END_TEST

START_TEST(two_tensors_of_one_name)
{
    RenameList rules = { 0 };
    vec_push(arena, &rules, (RenameRule){ .pattern = "*.v*", .replacement = "*" });
    WeightStore *s = store_with("conv.weight.v1", 3, "conv.bias");
    weights_add_random(s, "conv.weight.v2", 4, (int64_t[]){ 4, 3, 1, 1 }, 0);
    ck_assert(!bind_weights(one_convolution(), s, &rules, &diag));
    ck_assert(reported("'conv.weight.v1' and 'conv.weight.v2' are both renamed 'conv.weight'"));
}
END_TEST

START_TEST(a_tensor_that_cannot_be_read)
{
    WeightStore *s = store_with("conv.weight", 3, "conv.bias");
    ((WeightTensor *)map_get(&s->tensors, "conv.bias"))->problem = "it is a record";
    ck_assert(!bind_weights(one_convolution(), s, &no_renames, &diag));
    ck_assert(reported("'conv.bias' cannot be read: it is a record [broken-tensor]"));
}
END_TEST

START_TEST(long_reports_are_cut)
{
    WeightStore *s = store_with("conv.weight", 3, "conv.bias");
    for (int i = 0; i < 50; i++)
        weights_add_random(s, arena_printf(arena, "spare%d", i), 1, (int64_t[]){ 1 }, 0);
    ck_assert(bind_weights(one_convolution(), s, &no_renames, &diag));
    ck_assert(reported("50 tensors"));
    ck_assert(reported("and 30 more"));
}
END_TEST

static const struct {
    const char *pattern, *replacement, *name, *result;
} renamings[] = {
    { "a", "b", "a", "b" },
    { "a", "b", "aa", NULL },
    { "*", "x.*", "a.b", "x.a.b" },
    { "a.*", "*", "a.", "" },
    { "a.*.c", "*", "a.b.c", "b" },
    { "a.*.c", "*", "a.b.c.c", "b.c" },
    { "*.*", "*/*", "a.b.c", "a/b.c" },
    { "**", "*|*", "ab", "|ab" },
    { "*b*b", "*", "abab", "a" },
    { "", "x", "", "x" },
};

START_TEST(patterns)
{
    RenameRule rule = { renamings[_i].pattern, renamings[_i].replacement, { 0 } };
    const char *got = bind_rename(arena, &rule, renamings[_i].name);
    if (renamings[_i].result)
        ck_assert_str_eq(got, renamings[_i].result);
    else
        ck_assert_ptr_null(got);
}
END_TEST

START_TEST(random_weights_fill_every_parameter)
{
    Graph *g = one_convolution();
    WeightStore s = { .arena = arena };
    bind_random(g, &s, 0);
    ck_assert_ptr_nonnull(g->output->param[PARAM_WEIGHT]->data);
    ck_assert_ptr_nonnull(g->output->param[PARAM_BIAS]->data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("elaborate/bind");
    TCase *tc = tcase_create("bind");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, fitting_tensors_bind);
    tcase_add_test(tc, everything_is_reported_at_once);
    tcase_add_test(tc, rules_rename_and_ignore);
    tcase_add_test(tc, two_tensors_of_one_name);
    tcase_add_test(tc, a_tensor_that_cannot_be_read);
    tcase_add_test(tc, long_reports_are_cut);
    tcase_add_loop_test(tc, patterns, 0, COUNT_OF(renamings));
    tcase_add_test(tc, random_weights_fill_every_parameter);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
