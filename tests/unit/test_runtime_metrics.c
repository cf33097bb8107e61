/* Figures of decisions against cases computed by hand. */
#include "runtime/metrics.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>

static void near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) < 1e-12, "%.17g, expected %.17g", value, expected);
}

/* One answer: the first of `rank`, or none. */
static void add_answer(Metrics *m, int truth, const int *rank, int is_rejected)
{
    static const double score[7] = { 0 };
    const Verdict v = { score, rank, rank, !is_rejected };
    Reason why;
    ck_assert(metrics_add(m, &truth, 1, &v, &why));
}

/* Seven classes; class 6 is never predicted, class 5 neither true nor predicted.
 *
 *   truth      0 0 0 0 1 1 2 2 6
 *   answer     0 0 1 - 1 0 2 1 2 */
static Metrics example(void)
{
    static const int a0[7] = { 0, 1, 2, 3, 4, 5, 6 }, a1[7] = { 1, 0, 2, 3, 4, 5, 6 },
                     a2[7] = { 2, 1, 0, 3, 4, 5, 6 };
    Metrics m;
    Reason why;

    ck_assert(metrics_new(&m, 7, 0, &why));
    add_answer(&m, 0, a0, 0);
    add_answer(&m, 0, a0, 0);
    add_answer(&m, 0, a1, 0);
    add_answer(&m, 0, a0, 1);
    add_answer(&m, 1, a1, 0);
    add_answer(&m, 1, a0, 0);
    add_answer(&m, 2, a2, 0);
    add_answer(&m, 2, a1, 0);
    add_answer(&m, 6, a2, 0);
    return m;
}

START_TEST(test_single)
{
    Metrics m = example();

    ck_assert_uint_eq(m.pictures, 9);
    ck_assert_uint_eq(m.rejected, 1);
    near(metrics_accuracy(&m), 4.0 / 9.0);
    near(metrics_top5(&m), 8.0 / 9.0); /* of the last one the truth is ranked seventh */
    near(metrics_precision(&m, 0), 2.0 / 3.0);
    near(metrics_recall(&m, 0), 2.0 / 4.0);
    near(metrics_f1(&m, 0), 4.0 / 7.0);
    near(metrics_precision(&m, 6), 0.0);
    near(metrics_recall(&m, 6), 0.0);
    near(metrics_f1(&m, 5), 0.0);
    ck_assert_uint_eq(m.confusion[0 * 8 + 7], 1);
    ck_assert_uint_eq(m.confusion[2 * 8 + 1], 1);
    ck_assert_uint_eq(m.confusion[6 * 8 + 2], 1);
    metrics_free(&m);
}
END_TEST

START_TEST(test_macro)
{
    Metrics m = example();
    const double sum = 2.0 / (3.0 + 1e-6) + 1.0 / (3.0 + 1e-6) + 1.0 / (2.0 + 1e-6);

    ck_assert_int_eq(metrics_predicted_classes(&m), 3);
    near(metrics_macro_predicted(&m), sum / 3.0);
    near(metrics_macro_all(&m), sum / 7.0);
    metrics_free(&m);
}
END_TEST

START_TEST(test_nothing)
{
    Metrics m;
    Reason why;
    int counted = -1;

    ck_assert(metrics_new(&m, 3, 0, &why));
    near(metrics_accuracy(&m), 0.0);
    near(metrics_macro_predicted(&m), 0.0);
    near(metrics_macro_all(&m), 0.0);
    metrics_free(&m);
    ck_assert(metrics_new(&m, 3, 1, &why));
    near(metrics_map(&m, &counted), 0.0);
    ck_assert_int_eq(counted, 0);
    near(metrics_at(&m, 0.5, 1.0).f, 1.0);
    near(metrics_at(&m, 0.5, 1.0).f_picture, 0.0);
    metrics_free(&m);
}
END_TEST

static void add_tags(Metrics *m, const int *truth, int count, const double *score,
                     const int *chosen, int chosen_count)
{
    static const int rank[3] = { 0, 1, 2 };
    const Verdict v = { score, rank, chosen, chosen_count };
    Reason why;
    ck_assert(metrics_add(m, truth, count, &v, &why));
}

/* Four pictures, three tags; tag 2 never occurs.
 *
 *   scores of tag 0   0.9 T   0.8     0.7 T   0.7
 *   scores of tag 1   0.2     0.6 T   0.4     0.1 T  */
static Metrics tags_example(void)
{
    static const double score[4][3] = {
        { 0.9, 0.2, 0.0 }, { 0.8, 0.6, 0.1 }, { 0.7, 0.4, 0.9 }, { 0.7, 0.1, 0.0 }
    };
    static const int zero[] = { 0 }, one[] = { 1 }, zero_one[] = { 0, 1 }, two_zero[] = { 2, 0 };
    Metrics m;
    Reason why;

    ck_assert(metrics_new(&m, 3, 1, &why));
    add_tags(&m, zero, 1, score[0], zero, 1);
    add_tags(&m, one, 1, score[1], zero_one, 2);
    add_tags(&m, zero, 1, score[2], two_zero, 2);
    add_tags(&m, one, 1, score[3], zero, 1);
    return m;
}

START_TEST(test_tags)
{
    Metrics m = tags_example();
    int counted = 0;
    /* tag 0: T at rank 1 (precision 1), then 0.8, then 0.7 twice with one T: precision 2/4.
     * tag 1: T at rank 1 (precision 1), the other at rank 4: precision 2/4. */
    const double map = (0.5 * 1.0 + 0.5 * 0.5 + 0.5 * 1.0 + 0.5 * 0.5) / 2.0;

    near(metrics_map(&m, &counted), map);
    ck_assert_int_eq(counted, 2);
    near(metrics_accuracy(&m), 0.25);
    near(metrics_precision(&m, 0), 2.0 / 4.0);
    near(metrics_recall(&m, 1), 1.0 / 2.0);
    near(metrics_precision(&m, 2), 0.0);
    metrics_free(&m);
}
END_TEST

START_TEST(test_sweep)
{
    Metrics m = tags_example();
    TagPoint p = metrics_at(&m, 0.5, 2.0);
    /* chosen: {0}, {0 1}, {0 2}, {0}; hits 1, 1, 1, 0; wanted 1 each; b^2 = 4 */
    const double each = (5.0 * 1 / (4 + 1) + 5.0 * 1 / (4 + 2) + 5.0 * 1 / (4 + 2) + 0.0) / 4.0;

    near(p.precision, 3.0 / 6.0);
    near(p.recall, 3.0 / 4.0);
    near(p.f, 5.0 * 3.0 / (4.0 * 4.0 + 6.0));
    near(p.f_picture, each);
    p = metrics_at(&m, 0.95, 1.0); /* nothing */
    near(p.precision, 0.0);
    near(p.f, 0.0);
    metrics_free(&m);
}
END_TEST

/* Enough pictures that the arrays grow. */
START_TEST(test_growth)
{
    Metrics m;
    Reason why;
    int counted = 0;

    ck_assert(metrics_new(&m, 2, 1, &why));
    for (int i = 0; i < 1000; i++) {
        const int truth = i % 2;
        const double score[2] = { truth ? 0.1 : 0.9, truth ? 0.9 : 0.1 };
        const Verdict v = { score, &truth, &truth, 1 };
        ck_assert(metrics_add(&m, &truth, 1, &v, &why));
    }
    near(metrics_accuracy(&m), 1.0);
    near(metrics_map(&m, &counted), 1.0);
    near(metrics_at(&m, 0.5, 1.0).f, 1.0);
    metrics_free(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("metrics");
    TCase *tc = tcase_create("metrics");
    tcase_add_test(tc, test_single);
    tcase_add_test(tc, test_macro);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_tags);
    tcase_add_test(tc, test_sweep);
    tcase_add_test(tc, test_growth);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
