/* The scalar helpers of emitted code against the C library, whose results are correctly rounded. */
#include "runtime/kiln_model.h"

#include <check.h>

#include <math.h>

enum { STEP = 39119 }; /* through all 2^32 patterns, coprime to 2 */

static void check_same(const char *what, float x, float ours, float theirs)
{
    const int both_nan = ours != ours && theirs != theirs;

    ck_assert_msg(both_nan || kiln_to_bits(ours) == kiln_to_bits(theirs), "%s(%a) is %a, not %a",
                  what, (double)x, (double)ours, (double)theirs);
}

START_TEST(test_sqrt)
{
    for (uint64_t u = 0; u <= UINT32_MAX; u += STEP) {
        const float x = kiln_from_bits((uint32_t)u);
        check_same("sqrt", x, kiln_sqrt(x), sqrtf(x));
    }
    check_same("sqrt", INFINITY, kiln_sqrt(INFINITY), INFINITY);
    check_same("sqrt", -0.0f, kiln_sqrt(-0.0f), -0.0f);
}
END_TEST

START_TEST(test_round)
{
    for (uint64_t u = 0; u <= UINT32_MAX; u += STEP) {
        const float x = kiln_from_bits((uint32_t)u);
        check_same("round", x, kiln_round(x), rintf(x));
    }
    for (int i = -9; i <= 9; i++) {
        const float x = (float)i / 2;
        check_same("round", x, kiln_round(x), rintf(x));
    }
}
END_TEST

START_TEST(test_scalb)
{
    for (uint64_t u = 0; u <= UINT32_MAX; u += STEP) {
        const float x = kiln_from_bits((uint32_t)u);
        const int n = (int)(u % 505) - 252;
        if (fabsf(x) >= 0x1p-63f)
            check_same("scalb", x, kiln_scalb(x, (float)n), scalbnf(x, n));
    }
    check_same("scalb", 1, kiln_scalb(1.0f, 1e30f), INFINITY);
    check_same("scalb", 1, kiln_scalb(1.0f, -1e30f), 0.0f);
}
END_TEST

START_TEST(test_min_max)
{
    check_same("max", 1, kiln_max(1.0f, 2.0f), 2.0f);
    check_same("min", 1, kiln_min(1.0f, 2.0f), 1.0f);
    /* a > b ? a : b, so a comparison with NaN takes the second */
    check_same("max", 1, kiln_max(NAN, 2.0f), 2.0f);
    check_same("abs", -3, kiln_abs(-3.0f), 3.0f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_model");
    TCase *tcase = tcase_create("scalar");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_sqrt);
    tcase_add_test(tcase, test_round);
    tcase_add_test(tcase, test_scalb);
    tcase_add_test(tcase, test_min_max);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
