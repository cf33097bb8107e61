/* Scores, their order, and the rules. */
#include "runtime/decision.h"

#include <check.h>

#include <math.h>

static Decision decide(const kiln_decision *rule, const float *output, int classes)
{
    Decision d;
    Reason why;

    ck_assert(decision_new(&d, classes, &why));
    ck_assert_msg(decision_make(rule, output, &d, &why), "%s", why.text);
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

START_TEST(test_not_finite)
{
    const kiln_decision rule = { .activation = KILN_ACTIVATION_SOFTMAX };
    const float output[] = { 1.0f, NAN };
    Decision d;
    Reason why;

    ck_assert(decision_new(&d, 2, &why));
    ck_assert(!decision_make(&rule, output, &d, &why));
    ck_assert_str_eq(why.text, "the network's output 1 is not a finite number");
    decision_free(&d);
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
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_top);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
