/* The whole program around a network written by hand: options, inputs, formats, failures, files. */
#include "runtime/npy.h"
#include "tests/support/program_calls.h"

#include <sys/resource.h>

/* Tensors of batch x [3,4,5]; batch 0: no batch dimension. Channel c is filled with values[c]. */
static const char *write_tensors(const char *name, int batch, const float *values)
{
    const kiln_shape row = { 3, { FAKE_CHANNELS, FAKE_HEIGHT, FAKE_WIDTH } };
    const kiln_shape plane = { 2, { FAKE_HEIGHT, FAKE_WIDTH } };
    const size_t pixels = FAKE_HEIGHT * FAKE_WIDTH;
    const char *path = scratch_path(name);
    float element[60];
    NpyWriter w;
    Reason why;

    ck_assert(npy_writer_open(&w, path, batch ? row : plane, &why));
    for (int n = 0; n < (batch ? batch : 1); n++) {
        for (size_t i = 0; i < 60; i++)
            element[i] = values[i / pixels] + (float)n;
        if (batch)
            ck_assert(npy_writer_row(&w, element, &why));
        for (size_t c = 0; !batch && c < 3; c++)
            ck_assert(npy_writer_row(&w, element + c * pixels, &why));
    }
    ck_assert(npy_writer_commit(&w, &why));
    return path;
}

/* --- results --------------------------------------------------------------------------------- */

START_TEST(test_json)
{
    char expected[1024];
    const char *path = write_picture("p\xff\"\t.ppm", 255, 0, 0);

    snprintf(
        expected, sizeof expected,
        "{\"file\": \"%s/p\\udcff\\\"\\t.ppm\", \"result\": \"r\xc3\xb6t\", \"score\": 0.99999999, "
        "\"top\": [{\"label\": \"r\xc3\xb6t\", \"index\": 0, \"score\": 0.99999999}, "
        "{\"label\": \"corner\", \"index\": 3, \"score\": 5.6027964e-09}, "
        "{\"label\": \"\\\"green\\\",\\n\", \"index\": 1, \"score\": 2.0611536e-09}]}\n",
        scratch);
    expect(CALL(&fake_classifier, "--format", "json", "--top=3", path), 0, expected, "");
}
END_TEST

START_TEST(test_csv)
{
    char expected[1024];
    const char *path = write_picture("a,b.ppm", 0, 255, 0);

    snprintf(expected, sizeof expected,
             "file,result,score,label_1,index_1,score_1\n"
             "\"%s/a,b.ppm\",\"\"\"green\"\",\n\",0.99999999,\"\"\"green\"\",\n\",1,0.99999999\n",
             scratch);
    expect(CALL(&fake_classifier, "--format=csv", "--top", "1", path), 0, expected, "");
}
END_TEST

START_TEST(test_text)
{
    char expected[1024];
    const char *path = write_picture("b.ppm", 0, 0, 255);

    snprintf(expected, sizeof expected,
             "%s: blue/\\\n    1.0000  blue/\\\n    0.0000  r\xc3\xb6t\n", scratch_path("b.ppm"));
    expect(CALL(&fake_classifier, "--top", "2", path), 0, expected, "");
}
END_TEST

START_TEST(test_rejected)
{
    const char *path = write_picture("gray.ppm", 1, 1, 1);
    Outcome o = CALL(&fake_classifier, "--format", "json", "--threshold", "0.9", path);

    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "\"result\": null, \"score\": 0.2"));
    forget(&o);
}
END_TEST

START_TEST(test_tags)
{
    kiln_classifier tags = fake_classifier;
    const char *path = write_picture("yellow.ppm", 255, 255, 0);
    Outcome o;

    tags.decision.activation = KILN_ACTIVATION_SIGMOID;
    tags.decision.rule = KILN_RULE_TAGS;
    o = CALL(&tags, "--format", "json", path);
    ck_assert_int_eq(o.status, 0);
    /* sigmoid(20), sigmoid(20), sigmoid(1); sigmoid(0) is not above 0.5 */
    ck_assert_ptr_nonnull(
        strstr(o.out, "\"result\": [\"r\xc3\xb6t\", \"\\\"green\\\",\\n\", \"corner\"]"));
    forget(&o);
    o = CALL(&tags, "--format", "json", "--threshold", "1", path);
    ck_assert_ptr_nonnull(strstr(o.out, "\"result\": [], "));
    forget(&o);
}
END_TEST

/* --- tensors --------------------------------------------------------------------------------- */

/* A saved output, [rows][FAKE_CLASSES]. */
static void check_out(const char *name, int rows, const float *expected)
{
    NpyArray array;
    Reason why;

    ck_assert_msg(npy_array_load(scratch_path(name), &array, &why), "%s", why.text);
    ck_assert_int_eq(array.rank, 2);
    ck_assert_int_eq(array.dim[0], rows);
    ck_assert_int_eq(array.dim[1], FAKE_CLASSES);
    for (size_t i = 0; i < array.count; i++)
        ck_assert_float_eq_tol(array.data[i], expected[i], 1e-4f);
    npy_array_free(&array);
}

START_TEST(test_tensor)
{
    const float values[] = { 0.5f, 1.0f, -1.0f }, expected[] = { 10, 20, -20, 0.5 };
    char text[512];
    const char *in = write_tensors("in.npy", 0, values), *out = scratch_path("y.npy");

    snprintf(text, sizeof text,
             "{\"file\": \"%s\", \"result\": \"1\", \"score\": 20, \"top\": [{\"label\": \"1\", "
             "\"index\": 1, \"score\": 20}]}\n",
             in);
    expect(CALL(&fake_model, "--format", "json", "--top", "1", "--tensor", in, "--out", out), 0,
           text, "");
    check_out("y.npy", 1, expected);
}
END_TEST

START_TEST(test_tensor_batch)
{
    const float values[] = { 0, 1, 2 };
    const float expected[] = { 0, 20, 40, 0, 20, 40, 60, 1, 40, 60, 80, 2 };
    const char *in = write_tensors("in.npy", 3, values), *out = scratch_path("y.npy");
    Outcome o = CALL(&fake_model, "--format", "csv", "--top", "1", "--tensor", in, "--out", out);

    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "in.npy[2],2,80,2,2,80\n"));
    check_out("y.npy", 3, expected);
    forget(&o);
}
END_TEST

START_TEST(test_tensor_failures)
{
    const float values[] = { 0, 1, 2 };
    const float bad[] = { 0, (float)(1e38 * 10), 2 };
    const char *picture = write_picture("p.ppm", 1, 2, 3);
    const char *in = write_tensors("in.npy", 2, values);

    expect(CALL(&fake_model, "--tensor", picture), 1, "", "not a .npy file");
    expect(CALL(&fake_model, "--tensor", scratch_path("none")), 1, "", "No such file");
    expect(CALL(&fake_model, "--tensor", write_tensors("inf.npy", 1, bad)), 1, "",
           "the network's output 1 is not a finite number");
    ck_assert_int_eq(truncate(in, 200), 0);
    expect(CALL(&fake_model, "--tensor", in), 1, "",
           "its shape needs 480 bytes of elements, the file has 72");
}
END_TEST

START_TEST(test_tensor_shape)
{
    const kiln_shape row = { 1, { 7 } };
    const float zeros[7] = { 0 };
    NpyWriter w;
    Reason why;

    ck_assert(npy_writer_open(&w, scratch_path("s.npy"), row, &why));
    ck_assert(npy_writer_row(&w, zeros, &why) && npy_writer_commit(&w, &why));
    expect(CALL(&fake_model, "--tensor", scratch_path("s.npy")), 1, "",
           "its shape is [1,7], the network expects [3,4,5], or a batch of them");
}
END_TEST

/* --- inputs ---------------------------------------------------------------------------------- */

/* The files of the results, in order, relative to the scratch folder and joined by blanks. */
static void check_files(Outcome o, int status, const char *expected)
{
    char files[1024] = "";

    ck_assert_msg(o.status == status, "status %d, %d expected: %s", o.status, status, o.err);
    for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n")) {
        const char *start = line + strlen("{\"file\": \"") + strlen(scratch) + 1;
        const char *end = strchr(start, '"');
        strncat(files, start, (size_t)(end - start));
        strcat(files, " ");
    }
    ck_assert_str_eq(files, expected);
    forget(&o);
}

START_TEST(test_folder)
{
    ck_assert_int_eq(mkdir(scratch_path("d"), 0777), 0);
    ck_assert_int_eq(mkdir(scratch_path("d/a"), 0777), 0);
    ck_assert_int_eq(mkdir(scratch_path("d/a-b"), 0777), 0);
    write_picture("d/z.ppm", 1, 2, 3);
    write_picture("d/B", 1, 2, 3);
    write_picture("d/a/x", 1, 2, 3);
    write_picture("d/a-b/x", 1, 2, 3);
    scratch_write("d/labels.tsv", "a\tb\n", 4);
    ck_assert_int_eq(symlink(scratch_path("d"), scratch_path("d/a/loop")), 0);
    check_files(CALL(&fake_classifier, "--format", "json", scratch_path("d")), 0,
                "d/B d/a-b/x d/a/x d/z.ppm ");
    check_files(CALL(&fake_classifier, "--format", "json", scratch_path("d/")), 0,
                "d/B d/a-b/x d/a/x d/z.ppm ");
}
END_TEST

START_TEST(test_standard_input)
{
    char list[512];

    write_picture("one", 1, 2, 3);
    write_picture("two", 1, 2, 3);
    snprintf(list, sizeof list, "%s/one\n\n%s/two", scratch, scratch);
    scratch_write("list", list, strlen(list));
    standard_input = scratch_path("list");
    check_files(CALL(&fake_classifier, "--format", "json", "-"), 0, "one two ");
    standard_input = NULL;
}
END_TEST

START_TEST(test_failed_inputs)
{
    const char *bad = scratch_write("bad", "P6 9 9 255\nxx", 13);

    write_picture("one", 1, 2, 3);
    write_picture("two", 1, 2, 3);
    ck_assert_int_eq(mkdir(scratch_path("empty"), 0777), 0);
    check_files(CALL(&fake_classifier, "--format", "json", scratch_path("one"), bad,
                     scratch_path("none"), scratch_path("two")),
                1, "one two ");
    expect(CALL(&fake_classifier, bad), 1, "",
           "bad: PPM: the file is truncated: 2 bytes of pixels, 243 expected");
    expect(CALL(&fake_classifier, scratch_path("empty")), 1, "", "no picture is in this folder");
    expect(CALL(&fake_classifier, scratch_write("nothing", "", 0)), 1, "", "the file is empty");
    expect(CALL(&fake_classifier, scratch_write("text", "hello", 5)), 1, "", "not a picture");
}
END_TEST

/* Root reads every folder, so root becomes nobody meanwhile. */
START_TEST(test_unreadable_folder)
{
    const int is_root = geteuid() == 0;
    const char *picture = write_picture("one", 1, 2, 3);

    ck_assert_int_eq(mkdir(scratch_path("locked"), is_root ? 0700 : 0), 0);
    ck_assert_int_eq(chmod(scratch, 0777), 0);
    ck_assert_int_eq(is_root ? seteuid(65534) : 0, 0);
    check_files(CALL(&fake_classifier, "--format", "json", scratch_path("locked"), picture), 1,
                "one ");
    expect(CALL(&fake_classifier, scratch_path("locked")), 1, "", "locked: Permission denied");
    ck_assert_int_eq(is_root ? seteuid(0) : 0, 0);
}
END_TEST

/* --- --out ----------------------------------------------------------------------------------- */

START_TEST(test_out_only_on_success)
{
    const char *good = write_picture("one", 1, 2, 3), *bad = scratch_path("none");
    const char *out = scratch_write("y.npy", "old", 3);
    char *left;
    size_t length;

    expect(CALL(&fake_classifier, "--out", out, good, bad), 1, NULL, "not written");
    left = scratch_read(out, &length);
    ck_assert_str_eq(left, "old");
    free(left);
    expect(CALL(&fake_classifier, "--out", out, good), 0, NULL, "");
    left = scratch_read(out, &length);
    ck_assert_uint_eq(length, 128 + 4 * FAKE_CLASSES);
    free(left);
    expect(CALL(&fake_classifier, "--out", scratch_path("no/such"), good), 1, "", "No such file");
    expect(CALL(&fake_classifier, "--out", "/dev/null", good), 1, "", "not a regular file");
}
END_TEST

/* Nothing half-written stays where the disk is full; the limit on file size stands for that. */
START_TEST(test_out_on_full_disk)
{
    const float values[] = { 0, 1, 2 };
    const char *in = write_tensors("in.npy", 200, values);
    const struct rlimit limit = { 400, 400 };
    const char *const arguments[] = { "EXE", "--tensor", in, "--format", "json", "--out", NULL };
    char *argv[8];
    int status;
    pid_t child = fork();

    if (child == 0) {
        for (int i = 0; i < 6; i++)
            argv[i] = (char *)arguments[i];
        argv[6] = (char *)scratch_path("full.npy");
        redirect(1, "/dev/null", O_WRONLY);
        redirect(2, "/dev/null", O_WRONLY);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        exit(kiln_main(&fake_model, 7, argv));
    }
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    ck_assert_int_ne(access(scratch_path("full.npy"), F_OK), 0);
    ck_assert_int_eq(rmdir(scratch) == 0, 0);
    unlink(in);
    ck_assert_msg(rmdir(scratch) == 0, "a temporary file stayed behind");
    ck_assert_int_eq(mkdir(scratch, 0777), 0);
}
END_TEST

/* --- the command line ------------------------------------------------------------------------ */

START_TEST(test_usage)
{
    const kiln_classifier *p = &fake_classifier;

    expect(CALL(p, "--format", "xml", "a"), 2, "",
           "--format takes text, json, csv or result, not 'xml'");
    expect(CALL(p, "--top", "0", "a"), 2, "", "--top takes a whole number from 1, not '0'");
    expect(CALL(p, "--top", "99999999999", "a"), 2, "", "--top takes a whole number");
    expect(CALL(p, "--threshold", "1.5", "a"), 2, "", "not within 0..1");
    expect(CALL(p, "--threshold", "nan", "a"), 2, "", "--threshold takes a number");
    expect(CALL(p, "--nonsense", "a"), 2, "", "unknown option '--nonsense'");
    expect(CALL(p, "--info=3"), 2, "", "--info takes no value");
    expect(CALL(p, "--tensor"), 2, "", "--tensor needs a value: IN.npy");
    expect(CALL(p, "--tensor", "a", "b"), 2, "", "give one kind of input");
    expect(CALL(p, "--tensor", "a", "--tensor", "b"), 2, "", "--tensor is given twice");
    expect(CALL(p, "--bench", "3", "--out", "b"), 2, "", "exclude each other");
    expect(call(p, (const char *const[]){ NULL }), 2, "", "no input");
    expect(CALL(&fake_model, "a.jpg"), 2, "", "bare model");
    expect(CALL(p, "--", "--info"), 1, "", "--info: No such file");
}
END_TEST

START_TEST(test_info_and_help)
{
    Outcome o = CALL(&fake_classifier, "--info");

    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "model    fake\n"));
    ck_assert_ptr_nonnull(strstr(o.out, "digest   0123456789abcdef\n"));
    ck_assert_ptr_nonnull(strstr(o.out, "input    float32 [3,4,5]\n"));
    ck_assert_ptr_nonnull(strstr(o.out, "labels   4: r\xc3\xb6t; "));
    ck_assert_ptr_nonnull(strstr(o.out, "arena    64 bytes\n"));
    forget(&o);
    o = CALL(&fake_classifier, "--help");
    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "--threshold T"));
    forget(&o);
}
END_TEST

START_TEST(test_bench)
{
    const char *path = write_picture("one", 1, 2, 3);
    Outcome o = CALL(&fake_classifier, "--bench", "5");

    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "5 runs: min "));
    ck_assert_ptr_nonnull(strstr(o.out, " GMAC/s), median "));
    ck_assert_ptr_nonnull(strstr(o.out, " GMAC/s\n"));
    forget(&o);
    expect(CALL(&fake_classifier, "--bench", "2", path), 0, NULL, "");
    expect(CALL(&fake_classifier, "--bench", "2", scratch_path("none")), 1, "", "No such file");
}
END_TEST

/* A head, the layers, slowest first, and their sum; shares add up. */
START_TEST(test_profile)
{
    const char *path = write_picture("one", 1, 2, 3);
    double seconds[3], share[3];
    char name[3][64];
    Outcome o = CALL(&fake_classifier, "--profile", path);
    char *line;

    ck_assert_int_eq(o.status, 0);
    ck_assert_int_eq(strncmp(o.out, "fake on c99, least of ", 22), 0);
    ck_assert_ptr_nonnull(strtok(o.out, "\n"));
    ck_assert_ptr_nonnull(strstr(strtok(NULL, "\n"), "ms   share   GFLOP/s  layer"));
    for (int i = 0; i < 3; i++) {
        line = strtok(NULL, "\n");
        ck_assert_ptr_nonnull(line);
        ck_assert_int_eq(sscanf(line, "%lf %lf%% %*s %63[^\n]", &seconds[i], &share[i], name[i]),
                         3);
    }
    ck_assert_ptr_null(strtok(NULL, "\n"));
    ck_assert_double_ge(seconds[0], seconds[1]);
    ck_assert_double_eq_tol(share[0] + share[1], share[2], 0.11);
    ck_assert_str_eq(name[2], "all");
    ck_assert(strcmp(name[0], "sums: sum 4x5x3") == 0 || strcmp(name[1], "sums: sum 4x5x3") == 0);
    ck_assert(strcmp(name[0], "pick: pixel") == 0 || strcmp(name[1], "pick: pixel") == 0);
    forget(&o);
    expect(CALL(&fake_classifier, "--profile", scratch_path("none")), 1, "", "No such file");
    expect(CALL(&fake_classifier, "--profile", "--bench", "3"), 2, "",
           "--profile and --bench exclude each other");
}
END_TEST

/* As code compiled without KILN_TRACE: it tells of nothing. */
static void run_untraced(void *context, const float *input, float *output, void *arena,
                         const kiln_trace *trace)
{
    (void)trace;
    fake_run(context, input, output, arena, NULL);
}

START_TEST(test_profile_without_trace)
{
    kiln_network network = fake_network;
    kiln_member member = fake_members[0];
    kiln_classifier program = fake_classifier;

    network.run = run_untraced;
    member.network = &network;
    program.members = &member;
    expect(CALL(&program, "--profile"), 1, "", "--profile: the network was compiled without");
}
END_TEST

START_TEST(test_processor)
{
    static const char *const features[] = { "antigravity", NULL };
    kiln_network network = fake_network;
    kiln_member member = fake_members[0];
    kiln_classifier program = fake_classifier;

    network.features = features;
    network.target = "far_future";
    member.network = &network;
    program.members = &member;
    expect(CALL(&program, write_picture("one", 1, 2, 3)), 3, "",
           "compiled for far_future, and this processor does not have antigravity");
    expect(CALL(&program, "--info"), 0, NULL, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_program");
    TCase *tcase = tcase_create("program");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, test_json);
    tcase_add_test(tcase, test_csv);
    tcase_add_test(tcase, test_text);
    tcase_add_test(tcase, test_rejected);
    tcase_add_test(tcase, test_tags);
    tcase_add_test(tcase, test_tensor);
    tcase_add_test(tcase, test_tensor_batch);
    tcase_add_test(tcase, test_tensor_failures);
    tcase_add_test(tcase, test_tensor_shape);
    tcase_add_test(tcase, test_folder);
    tcase_add_test(tcase, test_standard_input);
    tcase_add_test(tcase, test_failed_inputs);
    tcase_add_test(tcase, test_unreadable_folder);
    tcase_add_test(tcase, test_out_only_on_success);
    tcase_add_test(tcase, test_out_on_full_disk);
    tcase_add_test(tcase, test_usage);
    tcase_add_test(tcase, test_info_and_help);
    tcase_add_test(tcase, test_bench);
    tcase_add_test(tcase, test_profile);
    tcase_add_test(tcase, test_profile_without_trace);
    tcase_add_test(tcase, test_processor);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
