/* Scores, their order, and the rules. */
#include "runtime/decision.h"

#include <check.h>

#include <string.h>

static Decision decide(const kiln_decision *rule, const float *output, int classes)
{
    Decision d;
    Reason why;

    ck_assert(decision_new(&d, classes, &why));
    for (int i = 0; i < classes; i++)
        d.score[i] = (double)output[i];
    decision_make(rule, NULL, &d);
    return d;
}

START_TEST(test_softmax)
{
    const kiln_decision rule = { .activation = KILN_ACTIVATION_SOFTMAX };
    const float output[] = { 1000.0f, 1000.0f, 1000.0f - 0.6931472f, -1000.0f };
    Decision d = decide(&rule, output, 4);

    ck_assert_double_eq_tol(d.score[0], 0.4, 1e-5);
    ck_assert_double_eq_tol(d.score[1], 0.4, 1e-5);
    ck_assert_double_eq_tol(d.score[2], 0.2, 1e-4);
    ck_assert_double_eq(d.score[3], 0.0);
    ck_assert_int_eq(d.rank[0], 0);
    ck_assert_int_eq(d.rank[3], 3);
    ck_assert_int_eq(d.chosen, 1);
    decision_free(&d);
}
END_TEST

START_TEST(test_sigmoid)
{
    const kiln_decision rule = { .activation = KILN_ACTIVATION_SIGMOID, .rule = KILN_RULE_TAGS };
    const float output[] = { 0.0f, 2.0f, -2.0f, 1000.0f, -1000.0f };
    Decision d = decide(&rule, output, 5);

    ck_assert_double_eq(d.score[0], 0.5);
    ck_assert_double_eq_tol(d.score[1] + d.score[2], 1.0, 1e-15);
    ck_assert_double_eq(d.score[3], 1.0);
    ck_assert_double_eq(d.score[4], 0.0);
    ck_assert_int_eq(d.chosen, 2);
    decision_free(&d);
}
END_TEST

START_TEST(test_thresholds)
{
    const float output[] = { 0.25f, 0.5f };
    kiln_decision rule = { .has_threshold = 1, .threshold = 0.5 };
    Decision d = decide(&rule, output, 2);

    ck_assert_int_eq(d.chosen, 1); /* reaching the threshold is enough for the best */
    decision_free(&d);
    rule.threshold = 0.50001;
    d = decide(&rule, output, 2);
    ck_assert_int_eq(d.chosen, 0);
    decision_free(&d);
    rule.rule = KILN_RULE_TAGS;
    rule.threshold = 0.25; /* a tag must be above */
    d = decide(&rule, output, 2);
    ck_assert_int_eq(d.chosen, 1);
    decision_free(&d);
}
END_TEST

/* The order is that of a stable sort by falling score, for every length. */
START_TEST(test_order)
{
    const kiln_decision rule = { 0 };
    float output[200];
    unsigned state = 1;

    for (int n = 1; n <= 200; n++) {
        for (int i = 0; i < n; i++) {
            state = state * 1103515245u + 12345u;
            output[i] = (float)(state >> 16 & 31);
        }
        Decision d = decide(&rule, output, n);
        for (int i = 0; i + 1 < n; i++) {
            const int a = d.rank[i], b = d.rank[i + 1];
            ck_assert(output[a] > output[b] || (output[a] == output[b] && a < b));
        }
        decision_free(&d);
    }
}
END_TEST

/* Of tags, those above their own thresholds come first. */
START_TEST(test_thresholds_per_class)
{
    const float output[] = { 0.9f, 0.5f, 0.2f };
    const double thresholds[] = { 0.95, 0.4, 0.1 };
    kiln_decision rule = { .rule = KILN_RULE_TAGS, .thresholds = thresholds };
    Decision d = decide(&rule, output, 3);

    ck_assert_int_eq(d.chosen, 2);
    ck_assert_int_eq(d.rank[0], 1);
    ck_assert_int_eq(d.rank[1], 2);
    ck_assert_int_eq(d.rank[2], 0);
    decision_free(&d);
    rule.rule = KILN_RULE_BEST;
    d = decide(&rule, output, 3);
    ck_assert_int_eq(d.rank[0], 0);
    ck_assert_int_eq(d.chosen, 0); /* the best class does not reach its own */
    decision_free(&d);
}
END_TEST

/* Answering 2 is never very wrong, answering 0 where 1 is true is. */
START_TEST(test_cost)
{
    const float output[] = { 0.5f, 0.4f, 0.1f };
    const double cost[] = { 0, 1, 0.2, 9, 0, 0.3, 1, 1, 0 };
    const kiln_decision rule = { .cost = cost };
    Decision d = decide(&rule, output, 3);

    ck_assert_double_eq_tol(-d.key[0], 0.4 * 9 + 0.1, 1e-6);
    ck_assert_double_eq_tol(-d.key[1], 0.5 + 0.1, 1e-6);
    ck_assert_double_eq_tol(-d.key[2], 0.5 * 0.2 + 0.4 * 0.3, 1e-6);
    ck_assert_int_eq(d.rank[0], 2);
    ck_assert_int_eq(d.rank[1], 1);
    ck_assert_int_eq(d.chosen, 1);
    decision_free(&d);
}
END_TEST

START_TEST(test_groups)
{
    static const char *const labels[] = { "a/x", "b/y", "a/z", "alone", "b/w" };
    const double score[] = { 0.3, 0.1, 0.15, 0.32, 0.13 };
    kiln_decision rule = { .grouping = KILN_GROUPING_FIRST };
    Groups groups;
    Decision d;
    Reason why;

    ck_assert(groups_new(&groups, labels, 5, &why));
    ck_assert_int_eq(groups.count, 3);
    ck_assert_str_eq(groups.label[0], "a");
    ck_assert_str_eq(groups.label[2], "alone");
    ck_assert(decision_new(&d, 5, &why));
    memcpy(d.score, score, sizeof score);
    decision_make(&rule, &groups, &d);
    const int expected[] = { 0, 2, 3, 4, 1 };
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(d.rank[i], expected[i]);
    rule.grouping = KILN_GROUPING_ONLY;
    decision_make(&rule, &groups, &d);
    ck_assert_int_eq(d.classes, 3);
    ck_assert_int_eq(d.rank[0], 0);
    ck_assert_double_eq_tol(d.score[0], 0.45, 1e-12);
    ck_assert_double_eq_tol(d.score[2], 0.32, 1e-12);
    decision_free(&d);
    groups_free(&groups);
}
END_TEST

START_TEST(test_top)
{
    kiln_decision rule = { 0 };

    ck_assert_int_eq(decision_top(&rule, 10), 5);
    ck_assert_int_eq(decision_top(&rule, 3), 3);
    rule.top = 7;
    ck_assert_int_eq(decision_top(&rule, 10), 7);
    ck_assert_int_eq(decision_top(&rule, 6), 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_decision");
    TCase *tcase = tcase_create("decision");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, test_softmax);
    tcase_add_test(tcase, test_sigmoid);
    tcase_add_test(tcase, test_thresholds);
    tcase_add_test(tcase, test_order);
    tcase_add_test(tcase, test_thresholds_per_class);
    tcase_add_test(tcase, test_cost);
    tcase_add_test(tcase, test_groups);
    tcase_add_test(tcase, test_top);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
