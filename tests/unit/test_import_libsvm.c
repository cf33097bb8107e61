/* libsvm's text models as tensors, and what is wrong with those that are none. */
#include "compiler/import/weights.h"

#include <check.h>

#include <string.h>

static const char good[] =
    "svm_type c_svc\nkernel_type polynomial\ndegree 2\ngamma 0.5\ncoef0 1\n"
    "nr_class 2\ntotal_sv 3\nrho 0.125\nlabel 1 0\nprobA 0.1\nnr_sv 2 1\nSV\n"
    "0.5 1:0.25 3:-1 \n0.1 2:2\n-0.6 3:1e-3\n";

static const char *read(Arena *a, WeightStore *store, const char *text)
{
    *store = (WeightStore){ .arena = a };
    return weights_read_bytes(store, "m.svm", text, strlen(text));
}

START_TEST(test_good)
{
    static const double vectors[] = { 0.25, 0, -1, 0, 2, 0, 0, 0, 1e-3 };
    Arena *a = arena_new();
    WeightStore store;
    double values[9];

    ck_assert_ptr_null(read(a, &store, good));
    const WeightTensor *t = map_get(&store.tensors, "support_vectors");
    ck_assert_int_eq(t->rank, 2);
    ck_assert_int_eq(t->dim[0], 3);
    weight_read_doubles(t, values);
    for (int i = 0; i < 9; i++)
        ck_assert_double_eq(values[i], vectors[i]);
    weight_read_doubles(map_get(&store.tensors, "intercept"), values);
    ck_assert_double_eq(values[0], -0.125);
    weight_read_doubles(map_get(&store.tensors, "dual_coef"), values);
    ck_assert_double_eq(values[2], -0.6);
    weight_read_doubles(map_get(&store.tensors, "classes"), values);
    ck_assert_double_eq(values[0], 1);
    weight_read_doubles(map_get(&store.tensors, "degree"), values);
    ck_assert_double_eq(values[0], 2);
    arena_free(a);
}
END_TEST

/* Cut anywhere it is refused, or it is whole but for the line end. */
START_TEST(test_cut)
{
    char text[sizeof good];

    for (size_t n = 9; n + 12 < sizeof good; n++) {
        Arena *a = arena_new();
        WeightStore store;
        memcpy(text, good, n);
        text[n] = 0;
        ck_assert_msg(read(a, &store, text) != NULL, "%zu bytes were taken", n);
        arena_free(a);
    }
}
END_TEST

static void expect(const char *from, const char *to, const char *message)
{
    Arena *a = arena_new();
    const char *at = strstr(good, from);
    const char *text = arena_printf(a, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    WeightStore store;
    const char *why = read(a, &store, text);

    ck_assert_msg(why && strstr(why, message), "'%s' is not '%s'", why ? why : "fine", message);
    arena_free(a);
}

START_TEST(test_bad)
{
    expect("c_svc", "epsilon_svr", "it is no classifier");
    expect("polynomial", "sigmoid", "the kernel is none of");
    expect("nr_class 2", "nr_class 1", "line 6");
    expect("nr_class 2", "nr_class 9999", "a number is missing");
    expect("rho 0.125", "rho 0.125 3", "there is more than belongs here");
    expect("rho 0.125", "rho nan", "a number is missing");
    expect("nr_class 2", "nr_class 9999\ntotal_sv 3\nrho", "a number is missing");
    expect("rho 0.125", "rho \f0.125", "a number is missing");
    expect("label 1 0\n", "label 1 0\nnr_class 3\n", "stands in a line before it");
    expect("1:0.25 3:-1", "3:-1 1:0.25", "its indices do not ascend");
    expect("1:0.25 3:-1", "1:0.25 1:-1", "its indices do not ascend");
    expect("gamma 0.5", "gamma half", "gamma is no number");
    expect("rho", "roh", "its word is not known");
    expect("label 1 0\n", "", "lacks");
    expect("total_sv 3", "total_sv 2", "total_sv says 2 support vectors, there are 3");
    expect("3:-1", "0:-1", "a pair index:value is expected");
    expect("3:-1", "3:x", "a pair index:value is expected");
    expect("3:-1", "99999999:1", "a pair index:value is expected");
    expect("3:-1", "16000000:1", "its arrays take more than");
}
END_TEST

START_TEST(test_zero_byte)
{
    Arena *a = arena_new();
    WeightStore store = { .arena = a };
    char text[sizeof good];

    memcpy(text, good, sizeof good);
    const char *why = weights_read_bytes(&store, "m.svm", text, sizeof good);
    ck_assert_msg(why && strstr(why, "a byte of value 0"), "%s", why ? why : "fine");
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_libsvm");
    TCase *tcase = tcase_create("libsvm");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, test_good);
    tcase_add_test(tcase, test_cut);
    tcase_add_test(tcase, test_bad);
    tcase_add_test(tcase, test_zero_byte);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
