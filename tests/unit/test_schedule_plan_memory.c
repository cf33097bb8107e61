/* Memory plans: sound, tight, and the checker that says so finds what is wrong. */
#include "compiler/schedule/plan_memory.h"
#include "tests/support/graphs.h"

#include <check.h>

static Build *b;

static const PlanNeeds one = { .pictures = 1 };

enum { MAP = 4 * 6 * 5 * 4, MAP_ALIGNED = 512 }; /* bytes of a map of 4 channels */

/* input -> c0 -> c1 -> ... -> c<count - 1>, the output */
static void chain(int count)
{
    Node *n = build_input(b, shape_of(4, (int64_t)1, (int64_t)4, (int64_t)6, (int64_t)5));
    for (int i = 0; i < count; i++)
        n = build_conv(b, arena_printf(b->a, "c%d", i), n, 4, 1);
}

static void setup(void)
{
    b = build_new();
}

static void teardown(void)
{
    build_free(b);
}

static MemoryPlan planned(const int64_t *scratch)
{
    MemoryPlan plan;
    const PlanNeeds needs = { .pictures = 1, .scratch_bytes = scratch };
    plan_memory(b->g, &needs, b->a, &plan);
    const char *problem = plan_check(b->g, &needs, &plan, b->a);
    ck_assert_msg(!problem, "%s", problem);
    return plan;
}

START_TEST(nothing_to_store)
{
    chain(1);
    MemoryPlan plan = planned(NULL);
    ck_assert_int_eq(plan.bytes, 0);
    ck_assert_int_eq(plan.lower_bound, 0);
    ck_assert_int_eq(plan.offset[0], PLAN_NOWHERE);
    ck_assert_int_eq(plan.offset[1], PLAN_NOWHERE);
}
END_TEST

START_TEST(ping_pong)
{
    chain(6);
    MemoryPlan plan = planned(NULL);
    ck_assert_int_eq(plan.bytes, 2 * MAP_ALIGNED);
    ck_assert_int_eq(plan.lower_bound, 2 * MAP_ALIGNED);
    for (int i = 2; i < 6; i++)
        ck_assert_int_ne(plan.offset[i], plan.offset[i - 1]);
}
END_TEST

START_TEST(scratch_of_a_node)
{
    chain(3);
    const int64_t scratch[] = { 0, 0, 1000, 7 };
    MemoryPlan plan = planned(scratch);
    ck_assert_int_eq(plan.bytes, 2 * MAP_ALIGNED + 1024);
    ck_assert_int_eq(plan.scratch_offset[1], PLAN_NOWHERE);
    ck_assert_int_ge(plan.scratch_offset[2], 0);
    ck_assert_int_eq(plan.scratch_offset[2] % PLAN_ALIGNMENT, 0);
    ck_assert_int_ge(plan.scratch_offset[3], 0);
}
END_TEST

/* c2 has no place, and c1 is read when c3 is computed. */
START_TEST(computed_with_another)
{
    chain(6);
    const int at[] = { 0, 1, 2, 4, 4, 5, 6 };
    const PlanNeeds needs = { .pictures = 1, .computed_at = at };
    MemoryPlan plan;
    plan_memory(b->g, &needs, b->a, &plan);
    ck_assert_ptr_null(plan_check(b->g, &needs, &plan, b->a));
    ck_assert_int_eq(plan.offset[3], PLAN_NOWHERE);
    ck_assert_int_ne(plan.offset[2], plan.offset[4]);
    ck_assert_int_eq(plan_lower_bound(b->g, &needs), 2 * MAP_ALIGNED);
    plan.offset[4] = plan.offset[2];
    ck_assert_ptr_nonnull(strstr(plan_check(b->g, &needs, &plan, b->a), "overlap"));
}
END_TEST

/* c0 and c1 run picture by picture; c1 crosses: it holds all pictures while c0 runs again. */
START_TEST(picture_by_picture)
{
    chain(5);
    const PlanNeeds needs = { .pictures = 3, .picturewise = 3 };
    MemoryPlan plan;
    plan_memory(b->g, &needs, b->a, &plan);
    ck_assert_ptr_null(plan_check(b->g, &needs, &plan, b->a));
    const bool *crosses = plan_crossing(b->g, &needs, b->a);
    for (int id = 0; id <= 5; id++)
        ck_assert_int_eq(crosses[id], id == 2);
    const int64_t three = 3 * 4 * 6 * 5 * 4;
    ck_assert_int_eq(plan.lower_bound, 2 * ((three + 63) / 64 * 64));
    plan.offset[1] = plan.offset[2] + 2 * MAP_ALIGNED;
    ck_assert_str_eq(plan_check(b->g, &needs, &plan, b->a),
                     arena_printf(b->a, "tensor of 'c1' at %d and tensor of 'c0' at %d overlap",
                                  (int)plan.offset[2], (int)plan.offset[1]));
}
END_TEST

/* All of it: nothing but one picture's maps. */
START_TEST(all_picture_by_picture)
{
    chain(5);
    const PlanNeeds needs = { .pictures = 3, .picturewise = 6 };
    MemoryPlan plan;
    plan_memory(b->g, &needs, b->a, &plan);
    ck_assert_ptr_null(plan_check(b->g, &needs, &plan, b->a));
    ck_assert_int_eq(plan.bytes, 2 * MAP_ALIGNED);
}
END_TEST

/* A storage lives from its first writer to the last reader of anything that lies in it. */
START_TEST(shared_storage)
{
    chain(3);
    Node *c0 = b->g->nodes.at[1], *c1 = b->g->nodes.at[2], *c2 = b->g->nodes.at[3];
    Node *const both[] = { c0, c2 };
    Node *cat = build_list(b, OP_CONCAT, "cat", both, 2, attr_default());
    build_conv(b, "end", cat, 4, 1);
    c0->view = (View){ cat, 0 };
    c2->view = (View){ cat, 4 };
    MemoryPlan plan = planned(NULL);
    ck_assert_int_eq(plan.offset[c0->id], PLAN_NOWHERE);
    ck_assert_int_eq(plan.bytes, 960 + MAP_ALIGNED);
    plan.offset[c1->id] = plan.offset[cat->id];
    ck_assert_ptr_nonnull(strstr(plan_check(b->g, &one, &plan, b->a), "overlap"));
}
END_TEST

START_TEST(broken_plans)
{
    chain(4);
    MemoryPlan plan = planned(NULL);
    int64_t c1 = plan.offset[2];
    plan.offset[2] = plan.offset[1];
    ck_assert_str_eq(plan_check(b->g, &one, &plan, b->a),
                     arena_printf(b->a, "tensor of 'c1' at %d and tensor of 'c0' at %d overlap",
                                  (int)plan.offset[1], (int)plan.offset[1]));
    plan.offset[2] = c1 + 4;
    ck_assert_ptr_nonnull(strstr(plan_check(b->g, &one, &plan, b->a), "'c1'"));
    plan.offset[2] = c1 + 64 * PLAN_ALIGNMENT;
    ck_assert_ptr_nonnull(strstr(plan_check(b->g, &one, &plan, b->a), "do not lie in"));
    plan.offset[2] = PLAN_NOWHERE;
    ck_assert_ptr_nonnull(strstr(plan_check(b->g, &one, &plan, b->a), "do not lie in"));
    plan.offset[2] = c1;
    plan.bytes = MAP_ALIGNED;
    ck_assert_ptr_nonnull(strstr(plan_check(b->g, &one, &plan, b->a), "smaller than"));
}
END_TEST

/* Ladders of random widths with long shortcuts: many lifetimes cross. */
START_TEST(crossing_lifetimes)
{
    const float *random = build_numbers(b->a, 400, (unsigned)_i);
    Node *n = build_input(b, shape_of(4, (int64_t)1, (int64_t)4, (int64_t)6, (int64_t)5));
    Node *kept[8] = { n, n, n, n, n, n, n, n };
    for (int i = 0; i < 100; i++) {
        int64_t out = 1 + (int64_t)((random[i] + 1) * 20);
        Node *const both[] = { n, kept[(int)((random[100 + i] + 1) * 4)] };
        n = build_list(b, OP_CONCAT, arena_printf(b->a, "cat%d", i), both, 2, attr_default());
        n = build_conv(b, arena_printf(b->a, "conv%d", i), n, out, 1);
        kept[i % 8] = n;
    }
    MemoryPlan plan = planned(NULL);
    ck_assert_msg(plan.bytes <= 1.1 * (double)plan.lower_bound, "%lld bytes, lower bound %lld",
                  (long long)plan.bytes, (long long)plan.lower_bound);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("schedule/plan_memory");
    TCase *t = tcase_create("plans");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, nothing_to_store);
    tcase_add_test(t, ping_pong);
    tcase_add_test(t, scratch_of_a_node);
    tcase_add_test(t, computed_with_another);
    tcase_add_test(t, picture_by_picture);
    tcase_add_test(t, all_picture_by_picture);
    tcase_add_test(t, shared_storage);
    tcase_add_test(t, broken_plans);
    tcase_add_loop_test(t, crossing_lifetimes, 0, 20);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
