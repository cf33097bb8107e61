/* Several pictures at a time: whatever is printed is the same, in the same order, as with one. */
#include "tests/support/program_calls.h"

enum { MANY = 40 };

/* Pictures of which the first is by far the largest, so that others overtake it; every fifth from
 * the third is broken if `breaks`. */
static const char *write_many(int breaks)
{
    const size_t side = 1200, head = strlen("P6 1200 1200 255\n");
    char *large = malloc(head + side * side * 3 + 1), name[32];

    ck_assert_int_eq(mkdir(scratch_path("many"), 0777), 0);
    memcpy(large, "P6 1200 1200 255\n", head);
    memset(large + head, 77, side * side * 3);
    scratch_write("many/00", large, head + side * side * 3);
    free(large);
    for (int i = 1; i < MANY; i++) {
        snprintf(name, sizeof name, "many/%02d", i);
        if (breaks && i % 5 == 3)
            scratch_write(name, "P6 9 9 255\nxx", 13);
        else
            write_picture(name, 5 * i, 255 - 5 * i, 7 * i % 256);
    }
    return scratch_path("many");
}

/* Everything that is printed is the same for any number of jobs. */
START_TEST(test_jobs)
{
    static const char *const jobs[] = { "2", "3", "16", "999999" };
    const char *many = write_many(1), *none = scratch_path("none");
    Outcome one = CALL(&fake_classifier, "--jobs", "1", "--format", "json", many, none, many);

    ck_assert_int_eq(one.status, 1);
    ck_assert_ptr_nonnull(strstr(one.err, "many/03: PPM: the file is truncated"));
    ck_assert_ptr_nonnull(strstr(one.err, "none: No such file"));
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        Outcome o = CALL(&fake_classifier, "--jobs", jobs[i], "--format", "json", many, none, many);
        ck_assert_int_eq(o.status, 1);
        ck_assert_str_eq(o.out, one.out);
        ck_assert_str_eq(o.err, one.err);
        forget(&o);
    }
    forget(&one);
    expect(CALL(&fake_classifier, "--jobs", "0", many), 2, "",
           "--jobs takes a whole number from 1, not '0'");
}
END_TEST

START_TEST(test_jobs_out)
{
    const char *many = write_many(0);
    char *one, *several;
    size_t length, same_length;

    expect(CALL(&fake_classifier, "--jobs", "1", "--out", scratch_path("1.npy"), many), 0, NULL,
           "");
    expect(CALL(&fake_classifier, "--jobs", "5", "--out", scratch_path("5.npy"), many), 0, NULL,
           "");
    one = scratch_read(scratch_path("1.npy"), &length);
    several = scratch_read(scratch_path("5.npy"), &same_length);
    ck_assert_uint_eq(length, 128 + MANY * 4 * FAKE_CLASSES);
    ck_assert_uint_eq(length, same_length);
    ck_assert_mem_eq(one, several, length);
    free(one);
    free(several);
}
END_TEST

START_TEST(test_jobs_standard_input)
{
    const char *many = write_many(1);
    char list[1024];
    Outcome one, o;

    snprintf(list, sizeof list, "%s/07\n%s/none\n%s\n%s/01", scratch, scratch, many, many);
    scratch_write("list", list, strlen(list));
    standard_input = scratch_path("list");
    one = CALL(&fake_classifier, "--jobs", "1", many, "-", many);
    o = CALL(&fake_classifier, "--jobs", "4", many, "-", many);
    standard_input = NULL;
    ck_assert_int_eq(o.status, one.status);
    ck_assert_str_eq(o.out, one.out);
    ck_assert_str_eq(o.err, one.err);
    forget(&one);
    forget(&o);
}
END_TEST

/* A picture's result comes before the next line is asked for. */
START_TEST(test_conversation)
{
    const char *picture = write_picture("one", 1, 2, 3);
    int to[2], from[2], status;
    pid_t child;
    FILE *results;
    char line[1024];

    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(from), 0);
    child = fork();
    if (child == 0) {
        char *argv[] = { (char *)"EXE",      (char *)"--jobs", (char *)"3",
                         (char *)"--format", (char *)"json",   (char *)"-" };
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        exit(kiln_main(&fake_classifier, 6, argv));
    }
    close(to[0]);
    close(from[1]);
    results = fdopen(from[0], "r");
    for (int i = 0; i < 5; i++) {
        ck_assert_int_gt(dprintf(to[1], "%s\n", picture), 0);
        ck_assert_ptr_nonnull(fgets(line, sizeof line, results));
        ck_assert_ptr_nonnull(strstr(line, "\"result\": "));
    }
    close(to[1]);
    ck_assert_ptr_null(fgets(line, sizeof line, results));
    fclose(results);
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* After results cannot be written any more nothing is read, and it is said once. */
START_TEST(test_jobs_stop)
{
    const char *const arguments[] = { "EXE", "--jobs", "4", write_many(1) };
    char *argv[4], *err;
    size_t length;
    int status;
    pid_t child;

    for (int i = 0; i < 4; i++)
        argv[i] = (char *)arguments[i];
    child = fork();
    if (child == 0) {
        redirect(1, "/dev/full", O_WRONLY);
        redirect(2, scratch_path("err"), O_WRONLY | O_CREAT | O_TRUNC);
        _exit(kiln_main(&fake_classifier, 4, argv));
    }
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    err = scratch_read(scratch_path("err"), &length);
    ck_assert_str_eq(err, "EXE: standard output: cannot write: No space left on device\n");
    free(err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_pool");
    TCase *tcase = tcase_create("pool");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, test_jobs);
    tcase_add_test(tcase, test_jobs_out);
    tcase_add_test(tcase, test_jobs_standard_input);
    tcase_add_test(tcase, test_conversation);
    tcase_add_test(tcase, test_jobs_stop);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
