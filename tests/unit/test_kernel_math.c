/* exp, sigmoid and silu as operations of the IR, run by loop_eval over the whole range of float32,
 * against the C library in double: not fused, fused, and by the table. */
#include "compiler/kernel/common.h"
#include "runtime/kiln_model.h"

#include <check.h>

#include <math.h>
#include <string.h>

enum { STEP = 39119 }; /* through all 2^32 patterns */

typedef enum How { HOW_SPLIT, HOW_FUSED, HOW_TABLE, HOW_COUNT } How;
typedef enum Which { WHICH_EXP, WHICH_SIGMOID, WHICH_SILU, WHICH_SCALED_SILU, WHICH_COUNT } Which;

/* The one whose argument comes scaled is for the table. */
static bool exists(Which which, How how)
{
    return which != WHICH_SCALED_SILU || how == HOW_TABLE;
}

/* y[0] = f(x[0]) */
static Function formula(Arena *L, Which which, How how)
{
    Buffer **param = arena_new_array(L, Buffer *, 2);
    Expr *zero = ix_int(L, 0);
    param[0] = loop_buffer(L, "x", BUFFER_INPUT, 1, (int64_t)1);
    param[1] = loop_buffer(L, "y", BUFFER_OUTPUT, 1, (int64_t)1);
    Body b = { .L = L, .fused = how != HOW_SPLIT, .has_exp2 = how == HOW_TABLE };
    Expr *x = let(&b, "x0", val_load(L, param[0], 1, &zero));
    Activation act = which == WHICH_SIGMOID ? ACT_SIGMOID : ACT_SILU;
    Expr *y = which == WHICH_EXP           ? math_exp(&b, x)
              : which == WHICH_SCALED_SILU ? math_scaled_silu(&b, x)
                                           : math_activation(&b, act, 0, x);
    append(&b, st_store(L, param[1], 1, &zero, y));
    return (Function){ .name = "f", .param_count = 2, .param = param, .body = body_block(&b) };
}

static double exact(Which which, double x)
{
    if (which == WHICH_EXP)
        return exp(x);
    if (which == WHICH_SCALED_SILU)
        x /= MATH_LOG2E;
    return (which == WHICH_SIGMOID ? 1.0 : x) / (1.0 + exp(-x));
}

static float evaluate(const Function *f, float x, How how)
{
    float y = NAN;
    loop_eval(f, (float *const[]){ &x, &y }, how != HOW_SPLIT);
    return y;
}

/* The largest error in units of the last place where |x| <= reach. */
static double worst(Which which, How how, double reach)
{
    Arena *L = arena_new();
    Function f = formula(L, which, how);
    double largest = 0;
    for (uint64_t u = 0; u <= UINT32_MAX; u += STEP) {
        float x;
        uint32_t bits = (uint32_t)u;
        memcpy(&x, &bits, sizeof x);
        if (!(fabs((double)x) <= reach))
            continue;
        double right = exact(which, (double)x), got = (double)evaluate(&f, x, how);
        double ulp = fabs(right) < 0x1p-126 ? 0x1p-149 : ldexp(1.0, ilogb(right) - 23);
        double error = fabs(got - right) / ulp;
        largest = error > largest ? error : largest;
    }
    arena_free(L);
    return largest;
}

/* Fused, what ln 2 lacks in float32 adds an ulp for every 40 of |x|, what log2 e lacks one for
 * every 7; by the table, exp is a product more. */
START_TEST(test_accuracy)
{
    static const struct {
        double reach, limit[3], limit_by_table[WHICH_COUNT];
    } rows[] = { { 20, { 1.5, 2.6, 2.6 }, { 2.3, 2.6, 2.6, 4 } },
                 { 87, { 4.5, 5, 5 }, { 5, 5, 5, 14 } } };
    for (int i = 0; i < 2; i++)
        for (Which which = WHICH_EXP; which < WHICH_COUNT; which++)
            for (How how = HOW_SPLIT; how < HOW_COUNT; how++) {
                if (!exists(which, how))
                    continue;
                double error = worst(which, how, rows[i].reach);
                bool table = how == HOW_TABLE;
                double limit = table ? rows[i].limit_by_table[which] : rows[i].limit[which];
                ck_assert_msg(error <= limit, "%d, how %d, to %g: %g ulp", (int)which, (int)how,
                              rows[i].reach, error);
            }
}
END_TEST

/* Errors of one sign over a stretch of x outlive every mean that a network takes: over each tenth
 * of [-4, 4], the mean error of exp in units of the last place. */
START_TEST(test_bias)
{
    Arena *L = arena_new();
    for (How how = HOW_SPLIT; how < HOW_COUNT; how++) {
        Function f = formula(L, WHICH_EXP, how);
        for (int tenth = -40; tenth < 40; tenth++) {
            enum { POINTS = 500 };
            double sum = 0;
            for (int i = 0; i < POINTS; i++) {
                float x = (float)((tenth + (i + 0.5) / POINTS) / 10);
                double right = exp((double)x), got = (double)evaluate(&f, x, how);
                sum += (got - right) / ldexp(1.0, ilogb(right) - 23);
            }
            ck_assert_double_le(fabs(sum / POINTS), 0.25);
        }
    }
    arena_free(L);
}
END_TEST

/* The same of silu whose argument comes scaled, in units of float32's at 1. */
START_TEST(test_bias_of_scaled_silu)
{
    Arena *L = arena_new();
    Function f = formula(L, WHICH_SCALED_SILU, HOW_TABLE);
    for (int tenth = -40; tenth < 40; tenth++) {
        enum { POINTS = 2000 };
        double sum = 0;
        for (int i = 0; i < POINTS; i++) {
            float y = (float)(MATH_LOG2E * (tenth + (i + 0.5) / POINTS) / 10);
            sum += (double)evaluate(&f, y, HOW_TABLE) - exact(WHICH_SCALED_SILU, (double)y);
        }
        ck_assert_double_le(fabs(sum / POINTS), 0.1 * 0x1p-23);
    }
    arena_free(L);
}
END_TEST

START_TEST(test_saturation_of_scaled_silu)
{
    Arena *L = arena_new();
    Function f = formula(L, WHICH_SCALED_SILU, HOW_TABLE);
    static const float far[] = { 200, 1e4f, 1e30f, INFINITY };
    for (int i = 0; i < 4; i++)
        ck_assert(evaluate(&f, far[i], HOW_TABLE) == far[i] / (float)MATH_LOG2E);
    ck_assert(fabsf(evaluate(&f, -1e4f, HOW_TABLE)) < 1e-30f);
    ck_assert(evaluate(&f, 0, HOW_TABLE) == 0);
    ck_assert(isnan(evaluate(&f, NAN, HOW_TABLE)));
    arena_free(L);
}
END_TEST

/* Beyond the range exp ends at the ends of the normal numbers, by the table, whose argument has one
 * limit for both sides, at exp(87); sigmoid and silu end at their limits. */
START_TEST(test_saturation)
{
    static const float far[] = { 100, 1e4f, 1e30f, INFINITY };
    Arena *L = arena_new();
    for (How how = HOW_SPLIT; how < HOW_COUNT; how++) {
        Function e = formula(L, WHICH_EXP, how), s = formula(L, WHICH_SIGMOID, how);
        Function silu = formula(L, WHICH_SILU, how);
        for (int i = 0; i < 4; i++) {
            ck_assert(evaluate(&e, far[i], how) > (how == HOW_TABLE ? 6e37f : 1e38f));
            ck_assert(isfinite(evaluate(&e, far[i], how)));
            ck_assert(evaluate(&e, -far[i], how) < 2e-38f);
            ck_assert(evaluate(&e, -far[i], how) >= 0);
            ck_assert(evaluate(&s, far[i], how) == 1);
            ck_assert(evaluate(&s, -far[i], how) < 2e-38f);
            ck_assert(evaluate(&silu, far[i], how) == far[i]);
        }
        ck_assert(fabsf(evaluate(&silu, -1e4f, how)) < 1e-30f);
        ck_assert(evaluate(&e, 0, how) == 1);
        ck_assert(evaluate(&s, 0, how) == 0.5f);
        ck_assert(evaluate(&silu, 0, how) == 0);
        ck_assert(isnan(evaluate(&silu, NAN, how)));
    }
    arena_free(L);
}
END_TEST

/* What emitted programs look up is what the evaluation says. */
START_TEST(test_table)
{
    Arena *L = arena_new();
    Buffer **param = arena_new_array(L, Buffer *, 2);
    Expr *zero = ix_int(L, 0);
    param[0] = loop_buffer(L, "x", BUFFER_INPUT, 1, (int64_t)1);
    param[1] = loop_buffer(L, "y", BUFFER_OUTPUT, 1, (int64_t)1);
    Expr *y = val_op1(L, VOP_EXP2_4, val_load(L, param[0], 1, &zero));
    Function f = { .name = "f", .param_count = 2, .param = param };
    f.body = st_store(L, param[1], 1, &zero, y);
    for (int n = -500; n <= 500; n++) {
        float x = 3145728.0f + 0.25f * (float)n, want = evaluate(&f, x, HOW_FUSED);
        ck_assert_float_eq(kiln_exp2_4(x), want);
        ck_assert_double_le(fabs((double)want * LOOP_EXP2_SCALE / exp2(n / 4.0) - 1), 1.9e-9);
    }
    arena_free(L);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel/math");
    TCase *values = tcase_create("values");
    tcase_set_timeout(values, 60);
    tcase_add_test(values, test_accuracy);
    tcase_add_test(values, test_bias);
    tcase_add_test(values, test_bias_of_scaled_silu);
    tcase_add_test(values, test_saturation);
    tcase_add_test(values, test_saturation_of_scaled_silu);
    tcase_add_test(values, test_table);
    suite_add_tcase(suite, values);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
