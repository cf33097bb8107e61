/* What runs of networks share of their preprocessing, and how their scores are merged. */
#include "runtime/merge.h"
#include "runtime/plan.h"
#include "runtime/session.h"
#include "tests/support/fake_network.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESIZE(h, w)                                                            \
    {                                                                           \
        .op = KILN_STEP_RESIZE, .method = KILN_FILTER_NEAREST, .n = {(h), (w) } \
    }
#define FLIP                                                 \
    {                                                        \
        .op = KILN_STEP_FLIP, .method = KILN_FLIP_HORIZONTAL \
    }
#define SCALE(f)                           \
    {                                      \
        .op = KILN_STEP_SCALE, .v = {(f) } \
    }

static const kiln_step plain[] = { RESIZE(4, 5), SCALE(1) };
static const kiln_step mirrored[] = { RESIZE(4, 5), FLIP, SCALE(1) };
static const kiln_step brighter[] = { RESIZE(4, 5), SCALE(2) };
static const kiln_step other[] = { RESIZE(8, 5), RESIZE(4, 5), SCALE(1) };

static const kiln_view views[] = { { plain, 2 }, { mirrored, 3 } };

#define MEMBER(s, n)                                                             \
    {                                                                            \
        .network = &fake_network, .steps = (s), .step_count = (n), .weight = 1.0 \
    }

static Image gradient(void)
{
    Image image;
    Reason why;

    ck_assert(image_new(&image, 5, 4, &why));
    for (int i = 0; i < 60; i++)
        image.rgb[i] = (uint8_t)(4 * i);
    return image;
}

/* The resize of all but one is one stage, the flip hangs below it, floats that differ do not. */
START_TEST(test_shared_steps)
{
    const kiln_member members[] = {
        MEMBER(plain, 2), MEMBER(mirrored, 3), MEMBER(brighter, 2),
        MEMBER(other, 3), MEMBER(plain, 2),
    };
    const kiln_classifier program = {
        .name = "p", .members = members, .member_count = 5, .merge = KILN_MERGE_MEAN
    };
    const Image image = gradient();
    const float *data, *again;
    Plan plan;
    Reason why;

    ck_assert(plan_new(&plan, &program, &why));
    ck_assert_int_eq(plan.run_count, 5);
    ck_assert_int_eq(plan.input_count, 4); /* the last is the first's */
    ck_assert_int_eq(plan.stage_count, 3);
    ck_assert_int_eq(plan.stage[0].run_count, 4);
    ck_assert_int_eq(plan.stage[1].parent, 0);
    ck_assert_int_eq(plan.stage[2].parent, -1);
    plan_set_picture(&plan, &image);
    ck_assert(plan_prepare(&plan, 0, &data, &why));
    ck_assert(plan_prepare(&plan, 4, &again, &why));
    ck_assert_ptr_eq(data, again);
    ck_assert_ptr_null(plan.stage[2].image.rgb); /* nobody has asked yet */
    for (int i = 0; i < 60; i++)
        ck_assert_float_eq(data[i], (float)(4 * i));
    ck_assert(plan_prepare(&plan, 1, &data, &why));
    ck_assert_float_eq(data[0], 4.0f * 12);
    ck_assert(plan_prepare(&plan, 2, &data, &why));
    ck_assert_float_eq(data[59], 8.0f * 59);
    plan_free(&plan);
}
END_TEST

/* Of one member: the scores of the views, and their mean. */
START_TEST(test_views)
{
    static const kiln_score softmax[] = { { .op = KILN_SCORE_SOFTMAX } };
    const kiln_member member = { .network = &fake_network,
                                 .steps = plain,
                                 .step_count = 2,
                                 .weight = 1.0,
                                 .views = views,
                                 .view_count = 2,
                                 .view_merge = KILN_MERGE_MEAN,
                                 .scores = softmax,
                                 .score_count = 1 };
    const kiln_classifier program = { .name = "p", .members = &member, .member_count = 1 };
    Image image = gradient();
    Session s;
    Reason why;

    for (int i = 0; i < 60; i++)
        image.rgb[i] = (uint8_t)(i % 15 == 1);
    ck_assert(session_open(&s, &program, &why));
    ck_assert_int_eq(s.output_shape.rank, 1);
    s.source = SESSION_PICTURE;
    plan_set_picture(&s.plan, &image);
    ck_assert_msg(session_classify(&s, &why), "%s", why.text);
    /* Sums 0, 4, 0 of the channels in both views; the first pixel of the last row is 0. */
    const double e = exp(-4.0);
    ck_assert_double_eq_tol(s.decision.score[1], 1.0 / (1.0 + 3.0 * e), 1e-9);
    ck_assert_float_eq_tol(s.logical[0], (float)(e / (1.0 + 3.0 * e)), 1e-7f);
    session_close(&s);
}
END_TEST

START_TEST(test_weights)
{
    kiln_member members[] = { MEMBER(plain, 2), MEMBER(plain, 2) };
    kiln_classifier program = { .members = members, .member_count = 2 };
    const double scores[] = { 0.5, 0.25, 0.25, 0.1, 0.8, 0.1 };
    unsigned char set[3];
    double out[3];

    members[0].weight = 3.0;
    program.merge = KILN_MERGE_MEAN;
    merge_members(&program, scores, 3, out, set);
    ck_assert_double_eq_tol(out[1], (3 * 0.25 + 0.8) / 4, 1e-15);
    program.merge = KILN_MERGE_GEOMETRIC;
    merge_members(&program, scores, 3, out, set);
    ck_assert_double_eq_tol(out[0], pow(0.5, 0.75) * pow(0.1, 0.25), 1e-15);
    program.merge = KILN_MERGE_CONFIDENCE;
    merge_members(&program, scores, 3, out, set);
    ck_assert_double_eq_tol(out[0], 3 * 0.5 / 4, 1e-15);
    ck_assert_double_eq_tol(out[1], 0.8 / 4, 1e-15);
    program.merge = KILN_MERGE_INTERSECTION;
    members[0].threshold = members[1].threshold = 0.2;
    merge_members(&program, scores, 3, out, set);
    ck_assert(!set[0] && set[1] && !set[2]);
    ck_assert_double_eq(out[1], 0.25);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_plan");
    TCase *tcase = tcase_create("plan");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, test_shared_steps);
    tcase_add_test(tcase, test_views);
    tcase_add_test(tcase, test_weights);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
