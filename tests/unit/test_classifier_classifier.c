/* The classifier's IR: names, label files, verifier, dump. */
#include "compiler/classifier/classifier.h"
#include "runtime/kiln_model.h"
#include "tests/support/scratch.h"

#include <check.h>
#include <math.h>

static Arena *arena;
static char *messages; /* what the verifier reported */
static size_t message_bytes;
static Diag diag;

static void set_up(void)
{
    scratch_open();
    arena = arena_new();
    memset(&diag, 0, sizeof diag);
    diag.out = open_memstream(&messages, &message_bytes);
}

static void tear_down(void)
{
    fclose(diag.out);
    free(messages);
    arena_free(arena);
    scratch_close();
}

/* --- names ----------------------------------------------------------------------------------- */

/* The two lists of enumerators are written down twice; here they meet. */
START_TEST(test_same_numbers)
{
    ck_assert_int_eq(STEP_COUNT, KILN_STEP_COUNT);
    ck_assert_int_eq(FLIP_COUNT, KILN_FLIP_COUNT);
    ck_assert_int_eq(CORNER_COUNT, KILN_CORNER_COUNT);
    ck_assert_int_eq(DECODER_COUNT, KILN_DECODER_COUNT);
    ck_assert_int_eq(COLOR_COUNT, KILN_COLOR_COUNT);
    ck_assert_int_eq(FILTER_COUNT, KILN_FILTER_COUNT);
#define X(e, name) ck_assert_int_eq(STEP_##e, KILN_STEP_##e);
    STEP_LIST(X)
#undef X
#define X(e, name) ck_assert_int_eq(DECODER_##e, KILN_DECODER_##e);
    DECODER_LIST(X)
#undef X
#define X(e, name) ck_assert_int_eq(FLIP_##e, KILN_FLIP_##e);
    FLIP_LIST(X)
#undef X
#define X(e, name) ck_assert_int_eq(CORNER_##e, KILN_CORNER_##e);
    CORNER_LIST(X)
#undef X
#define X(e, name) ck_assert_int_eq(COLOR_##e, KILN_COLOR_##e);
    COLOR_LIST(X)
#undef X
#define X(e, method, name) ck_assert_int_eq(FILTER_##e, KILN_FILTER_##e);
    FILTER_LIST(X)
#undef X
    ck_assert_int_eq(OUTPUT_COUNT, KILN_ACTIVATION_COUNT);
    ck_assert_int_eq(OUTPUT_SIGMOID, KILN_ACTIVATION_SIGMOID);
    ck_assert_int_eq(RULE_COUNT, KILN_RULE_COUNT);
    ck_assert_int_eq(RULE_TAGS, KILN_RULE_TAGS);
    ck_assert_int_eq(MERGE_MEAN, KILN_MERGE_MEAN);
    ck_assert_int_eq(MERGE_GEOMETRIC, KILN_MERGE_GEOMETRIC);
    ck_assert_int_eq(MERGE_MAX, KILN_MERGE_MAX);
    ck_assert_int_eq(MERGE_VOTE, KILN_MERGE_VOTE);
    ck_assert_int_eq(MERGE_CONFIDENCE, KILN_MERGE_CONFIDENCE);
    ck_assert_int_eq(MERGE_UNION, KILN_MERGE_UNION);
    ck_assert_int_eq(MERGE_INTERSECTION, KILN_MERGE_INTERSECTION);
    ck_assert_int_eq(MERGE_CONCAT, KILN_MERGE_CONCAT);
    ck_assert_int_eq(MERGE_CASCADE, KILN_MERGE_CASCADE);
    ck_assert_int_eq(MERGE_COUNT, KILN_MERGE_COUNT);
    ck_assert_int_eq(SCORE_TEMPERATURE, KILN_SCORE_TEMPERATURE);
    ck_assert_int_eq(SCORE_SOFTMAX, KILN_SCORE_SOFTMAX);
    ck_assert_int_eq(SCORE_SIGMOID, KILN_SCORE_SIGMOID);
    ck_assert_int_eq(SCORE_DENSE, KILN_SCORE_DENSE);
    ck_assert_int_eq(SCORE_SVM, KILN_SCORE_SVM);
    ck_assert_int_eq(SCORE_NETWORK, KILN_SCORE_NETWORK);
    ck_assert_int_eq(SCORE_COUNT, KILN_SCORE_COUNT);
    ck_assert_int_eq(KERNEL_LINEAR, KILN_KERNEL_LINEAR);
    ck_assert_int_eq(KERNEL_POLYNOMIAL, KILN_KERNEL_POLYNOMIAL);
    ck_assert_int_eq(KERNEL_RBF, KILN_KERNEL_RBF);
    ck_assert_int_eq(KERNEL_COUNT, KILN_KERNEL_COUNT);
    ck_assert_int_eq(GROUPING_FIRST, KILN_GROUPING_FIRST);
    ck_assert_int_eq(GROUPING_ONLY, KILN_GROUPING_ONLY);
    ck_assert_int_eq(GROUPING_COUNT, KILN_GROUPING_COUNT);
}
END_TEST

START_TEST(test_names)
{
    Filter filter;
    Method method;
    Color color;
    OutputActivation activation;

    ck_assert_str_eq(step_name(STEP_RESIZE_SHORTER), "resize");
    ck_assert_str_eq(step_c_name(STEP_RESIZE_SHORTER), "KILN_STEP_RESIZE_SHORTER");
    ck_assert_str_eq(color_c_name(COLOR_BGR), "KILN_COLOR_BGR");
    ck_assert_str_eq(filter_c_name(FILTER_BICUBIC), "KILN_FILTER_BICUBIC");
    ck_assert_str_eq(output_c_name(OUTPUT_SOFTMAX), "KILN_ACTIVATION_SOFTMAX");
    ck_assert_str_eq(rule_c_name(RULE_TAGS), "KILN_RULE_TAGS");
    ck_assert_str_eq(merge_c_name(MERGE_SINGLE), "KILN_MERGE_SINGLE");
    ck_assert_ptr_null(filter_name(FILTER_COUNT));
    ck_assert(filter_from_name(METHOD_PILLOW, "bicubic", &filter) && filter == FILTER_BICUBIC);
    ck_assert(!filter_from_name(METHOD_PILLOW, "cubic", &filter));
    ck_assert(filter_from_name(METHOD_OPENCV, "cubic", &filter) && filter == FILTER_OPENCV_CUBIC);
    ck_assert(method_from_name("tensorflow", &method) && method == METHOD_TENSORFLOW);
    ck_assert(!method_from_name("torch", &method));
    ck_assert(color_from_name("bgr", &color) && color == COLOR_BGR);
    ck_assert(output_from_name("sigmoid", &activation) && activation == OUTPUT_SIGMOID);
}
END_TEST

/* --- verifier -------------------------------------------------------------------------------- */

static Classifier make(const Step *steps, int count)
{
    Classifier c = { .name = "c", .takes_pictures = 1, .activation = OUTPUT_SOFTMAX };
    Member m = { .model = "m", .weight = 1.0 };

    for (int i = 0; i < count; i++)
        vec_push(arena, &m.steps, steps[i]);
    vec_push(arena, &c.members, m);
    return c;
}

/* A network of 3 x 32 x 48 and 10 classes. */
static int verify(const Classifier *c)
{
    static const NetworkShape network = { { 3, 32, 48 }, 10 };
    const int errors = classifier_verify(c, &diag, &network);

    fflush(diag.out);
    ck_assert_int_eq(errors, diag.errors);
    return errors;
}

static void expect_error(const Step *steps, int count, const char *message)
{
    const Classifier c = make(steps, count);

    ck_assert_msg(verify(&c) == 1, "one error expected: %s\n%s", message, messages);
    ck_assert_msg(strstr(messages, message) != NULL, "'%s' is not '%s'", messages, message);
    rewind(diag.out);
    diag.errors = 0;
}

#define STEPS(...)  \
    (Step[])        \
    {               \
        __VA_ARGS__ \
    }
#define EXPECT_ERROR(message, ...) \
    expect_error(STEPS(__VA_ARGS__), (int)(sizeof(STEPS(__VA_ARGS__)) / sizeof(Step)), message)

#define RESIZE(h, w)                        \
    {                                       \
        .op = STEP_RESIZE, .n = {(h), (w) } \
    }
#define SHORTER(s)                             \
    {                                          \
        .op = STEP_RESIZE_SHORTER, .n = {(s) } \
    }
#define CROP(h, w)                               \
    {                                            \
        .op = STEP_CENTER_CROP, .n = {(h), (w) } \
    }
#define SCALE(f)                      \
    {                                 \
        .op = STEP_SCALE, .v = {(f) } \
    }

#define RESIZE_TENSORFLOW(h, w)                                                    \
    {                                                                              \
        .op = STEP_RESIZE, .n = { (h), (w) }, .method = FILTER_TENSORFLOW_BILINEAR \
    }
#define WITHIN(h, w)                               \
    {                                              \
        .op = STEP_RESIZE_WITHIN, .n = {(h), (w) } \
    }

START_TEST(test_verify_good)
{
    const Step steps[] = {
        { .op = STEP_COLOR, .method = COLOR_BGR },
        SHORTER(60),
        CROP(30, 44),
        { .op = STEP_PAD, .n = { 1, 2, 1, 2 } },
        { .op = STEP_CENTER_CROP, .n = { 40, 50 }, .v = { 9, 9, 9 }, .has_fill = 1 },
        CROP(32, 48),
        SCALE(1.0 / 255),
        { .op = STEP_NORMALIZE, .v = { 1, 2, 3, 0, 4, 5, 6 }, .mean_count = 3, .std_count = 3 },
    };
    const Classifier c = make(steps, 8);

    ck_assert_msg(verify(&c) == 0, "%s", messages);
}
END_TEST

START_TEST(test_verify_sizes)
{
    EXPECT_ERROR("makes pictures of 32 x 32 (height x width), the network's input is 32 x 48",
                 RESIZE(32, 32));
    EXPECT_ERROR("a resize to that size or a center_crop is missing", SHORTER(48));
    EXPECT_ERROR("pad to 32 x 48: the picture before it may be as large as 48 x 48", WITHIN(48, 48),
                 { .op = STEP_PAD_TO, .n = { 32, 48 } });
    EXPECT_ERROR("pad to 32 x 48: the picture before it may be as large as 33 x 33", SHORTER(33),
                 { .op = STEP_PAD_TO, .n = { 32, 48 } });
    EXPECT_ERROR("a resize to that size or a center_crop is missing", WITHIN(32, 48));
    EXPECT_ERROR("a resize to that size or a center_crop is missing", RESIZE(32, 48),
                 { .op = STEP_PAD_RATIO, .n = { 1, 1 } });
    EXPECT_ERROR("resize side of 0", RESIZE(0, 48));
    EXPECT_ERROR("resize side of 70000", SHORTER(70000), CROP(32, 48));
    EXPECT_ERROR("pad width of -1", RESIZE(32, 48), { .op = STEP_PAD, .n = { 0, -1 } });
    EXPECT_ERROR("pad fills with 256", RESIZE(32, 48), { .op = STEP_PAD, .v = { 0, 256 } });
}
END_TEST

/* It pads, as in torchvision, but says so. */
START_TEST(test_verify_crop)
{
    const Step steps[] = { SHORTER(40), CROP(32, 48) };
    const Classifier c = make(steps, 2);

    ck_assert_msg(verify(&c) == 0, "%s", messages);
    ck_assert_int_eq(diag.warnings, 1);
    ck_assert_ptr_nonnull(
        strstr(messages, "center_crop to 32 x 48 is larger than the 40 x 40 before it"));
}
END_TEST

/* Which steps take bytes, and which make floats of them. */
START_TEST(test_verify_stages)
{
    const Step floats[] = {
        { .op = STEP_DECODE, .method = DECODER_OPENCV },
        { .op = STEP_RESIZE, .n = { 40, 50 }, .method = FILTER_TENSORFLOW_BILINEAR },
        { .op = STEP_COLOR, .method = COLOR_RGB },
        CROP(30, 40),
        { .op = STEP_PAD_TO, .n = { 32, 48 }, .v = { -1, 300, 0 } },
        { .op = STEP_CAST },
        { .op = STEP_RESIZE, .n = { 32, 48 }, .method = FILTER_OPENCV_AREA },
    };
    const Classifier c = make(floats, 7);

    ck_assert_msg(verify(&c) == 0, "%s", messages);
    EXPECT_ERROR("decode must be the first step", RESIZE(32, 48),
                 { .op = STEP_DECODE, .method = DECODER_OPENCV });
    EXPECT_ERROR("color gray works on 8-bit pixels, so it must come before scale", RESIZE(32, 48),
                 SCALE(2), { .op = STEP_COLOR, .method = COLOR_GRAY });
    EXPECT_ERROR("resize works on 8-bit pixels, so it must come before resize",
                 { .op = STEP_RESIZE, .n = { 9, 9 }, .method = FILTER_TENSORFLOW_BILINEAR },
                 { .op = STEP_RESIZE, .n = { 32, 48 }, .method = FILTER_OPENCV_LINEAR });
    EXPECT_ERROR("pad fills with inf, which is not finite", SCALE(2), RESIZE_TENSORFLOW(31, 48),
                 { .op = STEP_PAD, .n = { 1 }, .v = { INFINITY } });
}
END_TEST

START_TEST(test_verify_values)
{
    EXPECT_ERROR("resize works on 8-bit pixels, so it must come before scale", SCALE(2),
                 RESIZE(32, 48));
    EXPECT_ERROR("scale by 0", RESIZE(32, 48), SCALE(0));
    EXPECT_ERROR("normalize has 1 means and 3 deviations, the network's input has 3 channels",
                 RESIZE(32, 48), { .op = STEP_NORMALIZE, .mean_count = 1, .std_count = 3 });
    EXPECT_ERROR(
        "divides by a deviation of 0", RESIZE(32, 48),
        { .op = STEP_NORMALIZE, .v = { 0, 0, 0, 0, 1, 0, 1 }, .mean_count = 3, .std_count = 3 });
}
END_TEST

START_TEST(test_verify_channels)
{
    const NetworkShape gray = { { 1, 32, 48 }, 10 }, four = { { 4, 32, 48 }, 10 };
    const Step steps[] = { { .op = STEP_COLOR, .method = COLOR_GRAY }, RESIZE(32, 48) };
    Classifier c = make(steps, 2);

    ck_assert_int_eq(classifier_verify(&c, &diag, &gray), 0);
    ck_assert_int_eq(classifier_verify(&c, &diag, &four), 1);
    c = make(steps + 1, 1);
    ck_assert_int_eq(classifier_verify(&c, &diag, &gray), 1);
    fflush(diag.out);
    ck_assert_ptr_nonnull(strstr(messages, "its pictures need 'color gray'"));
}
END_TEST

START_TEST(test_verify_output)
{
    const Step step = RESIZE(32, 48);
    Classifier c = make(&step, 1);

    c.top = 11;
    c.has_threshold = 1;
    c.threshold = 1.5;
    c.labels_file = "labels.txt";
    vec_push(arena, &c.labels, "one");
    ck_assert_int_eq(verify(&c), 3);
    ck_assert_ptr_nonnull(strstr(messages, "top 11: the network has only 10 classes"));
    ck_assert_ptr_nonnull(strstr(messages, "threshold 1.5: scores after softmax are within 0..1"));
    ck_assert_ptr_nonnull(
        strstr(messages, "labels.txt: error: it has 1 labels, the network has 10"));
}
END_TEST

START_TEST(test_dump)
{
    const Step steps[] = {
        SHORTER(60),
        CROP(32, 48),
        { .op = STEP_NORMALIZE, .v = { 1, 2, 3, 0, 4, 5, 6 }, .mean_count = 3, .std_count = 3 },
    };
    Classifier c = make(steps, 3);
    Text text = { .arena = arena };

    c.top = 3;
    classifier_dump(&c, &text);
    ck_assert_str_eq(text_string(&text), "classifier c\n"
                                         "  model m, weight 1\n"
                                         "    resize 60 nearest\n"
                                         "    center_crop [32, 48]\n"
                                         "    normalize mean [1, 2, 3] std [4, 5, 6]\n"
                                         "  output softmax, best, top 3\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classifier");
    TCase *tcase = tcase_create("classifier");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_same_numbers);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_verify_good);
    tcase_add_test(tcase, test_verify_sizes);
    tcase_add_test(tcase, test_verify_crop);
    tcase_add_test(tcase, test_verify_stages);
    tcase_add_test(tcase, test_verify_values);
    tcase_add_test(tcase, test_verify_channels);
    tcase_add_test(tcase, test_verify_output);
    tcase_add_test(tcase, test_dump);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
