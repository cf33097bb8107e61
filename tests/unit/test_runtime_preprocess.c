/* Preprocessing steps on pictures small enough to be written down: OpenCV's filters against what
 * cv2.resize() returned, orientations, borders, floats and bytes. That all of it equals the
 * libraries on real pictures is test_runtime_vectors.c's business. */
#include "runtime/preprocess.h"
#include "runtime/resize.h"
#include "tests/support/picture_cases.h"

#include <check.h>
#include <math.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

/* 3 x 2 pixels, B G R */
static const uint8_t sample[18] = { 0,  10, 255, 100, 20, 0,   255, 200, 7,
                                    50, 60, 70,  8,   9,  250, 31,  32,  33 };

static Image sample_image(void)
{
    Image image;
    Reason why;

    ck_assert(image_new(&image, 3, 2, &why));
    memcpy(image.rgb, sample, sizeof sample);
    image.order = KILN_COLOR_BGR;
    image.decoder = KILN_DECODER_OPENCV;
    return image;
}

/* Runs steps on the sample. */
static Image run(const kiln_step *steps, int count)
{
    Image in = sample_image(), out;
    Reason why;

    if (!preprocess_steps(steps, count, &in, &out, &why))
        ck_abort_msg("%s", why.text);
    image_free(&in);
    return out;
}

static void check_failure(const kiln_step *step, const char *message)
{
    Image in = sample_image(), out;
    Reason why = { "" };

    ck_assert(!preprocess_steps(step, 1, &in, &out, &why));
    ck_assert_str_eq(why.text, message);
    ck_assert(!out.rgb && !out.floats);
    image_free(&in);
}

static const struct Resized {
    enum kiln_filter filter;
    uint8_t two_by_three[18];
} resized[] = {
    { KILN_FILTER_OPENCV_NEAREST,
      { 0, 10, 255, 100, 20, 0, 0, 10, 255, 100, 20, 0, 50, 60, 70, 8, 9, 250 } },
    { KILN_FILTER_OPENCV_LINEAR,
      { 25, 12, 191, 216, 155, 5, 32, 30, 153, 121, 91, 46, 39, 47, 115, 25, 26, 87 } },
    { KILN_FILTER_OPENCV_CUBIC,
      { 15, 2, 204, 241, 171, 0, 28, 27, 158, 124, 92, 42, 42, 51, 112, 7, 13, 96 } },
    { KILN_FILTER_OPENCV_AREA,
      { 33, 13, 170, 203, 140, 5, 34, 28, 150, 113, 82, 55, 36, 43, 130, 23, 24, 105 } },
    { KILN_FILTER_OPENCV_LANCZOS4,
      { 9, 0, 206, 246, 173, 0, 26, 24, 161, 125, 92, 40, 42, 52, 117, 5, 12, 101 } },
};

START_TEST(test_opencv)
{
    for (int i = 0; i < COUNT(resized); i++) {
        const kiln_step step = { .op = KILN_STEP_RESIZE,
                                 .method = (int)resized[i].filter,
                                 .n = { 3, 2 } };
        Image out = run(&step, 1);
        ck_assert_mem_eq(out.rgb, resized[i].two_by_three, 18);
        ck_assert_int_eq(out.order, KILN_COLOR_BGR);
        image_free(&out);
    }
}
END_TEST

START_TEST(test_gray)
{
    static const uint8_t expected[6] = { 82, 23, 149, 62, 81, 32 };
    static const kiln_step steps[] = {
        { .op = KILN_STEP_COLOR, .method = KILN_COLOR_RGB },
        { .op = KILN_STEP_COLOR, .method = KILN_COLOR_GRAY },
        { .op = KILN_STEP_COLOR, .method = KILN_COLOR_BGR },
    };

    for (int first = 0; first < 2; first++) {
        Image out = run(steps + first, 3 - first);
        for (int i = 0; i < 18; i++)
            ck_assert_int_eq(out.rgb[i], expected[i / 3]);
        image_free(&out);
    }
}
END_TEST

/* `file` = p with an EXIF block that states the orientation. */
static size_t add_exif(const Picture *p, int orientation, int is_big_endian, uint8_t *file)
{
    uint8_t little[] = { 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0,    0, 'I', 'I',
                         42,   0,    8, 0,  0,   0,   1,   0,   0x12, 1, 3,   0,
                         1,    0,    0, 0,  0,   0,   0,   0,   0,    0, 0,   0 };
    uint8_t big[] = { 0xff, 0xe1, 0, 34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                      0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0 };
    uint8_t *block = is_big_endian ? big : little;

    block[is_big_endian ? 29 : 28] = (uint8_t)orientation;
    memcpy(file, p->bytes, 2);
    memcpy(file + 2, block, sizeof big);
    memcpy(file + 2 + sizeof big, p->bytes + 2, p->length - 2);
    return p->length + sizeof big;
}

/* Where imread() takes the pixel (x, y) of its width x height from. */
static int source_of(int orientation, int x, int y, int width, int height)
{
    const int u = width - 1 - x, v = height - 1 - y;
    const int places[9][2] = { { 0 },    { x, y }, { u, y }, { u, v }, { x, v },
                               { y, x }, { y, u }, { v, u }, { v, x } };
    return places[orientation][1] * (orientation < 5 ? width : height) + places[orientation][0];
}

START_TEST(test_orientation)
{
    const Picture p = make_jpeg(3, 0);
    uint8_t file[8192 + 36];
    Reason why;

    for (int i = 0; i < 18; i++) {
        const int orientation = i / 2 ? i / 2 : 1;
        const size_t length = add_exif(&p, orientation, i % 2, file);
        Image upright, turned;
        ck_assert(image_decode(file, length, IMAGE_MAX_PIXELS, &upright, &why));
        ck_assert(
            image_decode_as(KILN_DECODER_OPENCV, file, length, IMAGE_MAX_PIXELS, &turned, &why));
        for (int at = 0; at < turned.width * turned.height; at++) {
            const int from = source_of(orientation, at % turned.width, at / turned.width,
                                       turned.width, turned.height);
            for (int c = 0; c < 3; c++)
                ck_assert_int_eq(turned.rgb[3 * at + c], upright.rgb[3 * from + 2 - c]);
        }
        image_free(&upright);
        image_free(&turned);
    }
}
END_TEST

START_TEST(test_letterboxes)
{
    static const uint8_t white[3] = { 255, 255, 255 };
    static const kiln_step after[] = {
        { .op = KILN_STEP_RESIZE_WITHIN, .method = KILN_FILTER_NEAREST, .n = { 4, 4 } },
        { .op = KILN_STEP_PAD_TO, .n = { 4, 4 }, .v = { 255, 255, 255 } },
    };
    static const kiln_step before[] = { { .op = KILN_STEP_PAD_RATIO, .n = { 2, 1 } } };
    Image out = run(after, 2); /* 4 x 2.67 becomes 4 x 2 */

    ck_assert(out.width == 4 && out.height == 4);
    ck_assert_mem_eq(out.rgb, white, 3);
    ck_assert_mem_eq(out.rgb + 12, sample, 3);
    ck_assert_mem_eq(out.rgb + 24, sample + 9, 3);
    ck_assert_mem_eq(out.rgb + 36, white, 3);
    image_free(&out);
    out = run(before, 1); /* 3 x 6 */
    ck_assert(out.width == 3 && out.height == 6);
    ck_assert_int_eq(out.rgb[0], 0);
    ck_assert_mem_eq(out.rgb + 18, sample, 18);
    image_free(&out);
}
END_TEST

START_TEST(test_impossible)
{
    check_failure(&(kiln_step){ .op = KILN_STEP_PAD_TO, .n = { 1, 9 } },
                  "3 x 2 pixels are larger than the 9 x 1 they are padded to");
    check_failure(&(kiln_step){ .op = KILN_STEP_RESIZE_WITHIN, .n = { 1, 1 } },
                  "3 x 2 pixels would be resized to 1 x 0: nothing is left");
    check_failure(&(kiln_step){ .op = KILN_STEP_PAD, .n = { 1000000, 1000000 } },
                  "3 x 2 pixels would be laid on 1000003 x 1000002, beyond the limit");
}
END_TEST

/* Towards zero, modulo 256; and a border of floats. */
START_TEST(test_cast)
{
    static const kiln_step steps[] = {
        { .op = KILN_STEP_SCALE, .v = { -1.5 } },
        { .op = KILN_STEP_PAD, .n = { 0, 1, 0, 0 }, .v = { -0.9, 256.7, 3e9 } },
        { .op = KILN_STEP_CAST },
    };
    Image floats = run(steps, 2), bytes = run(steps, 3);

    ck_assert(floats.floats && !floats.rgb && bytes.rgb && !bytes.floats);
    ck_assert_double_eq((double)floats.floats[0], (double)-0.9f);
    ck_assert_double_eq((double)floats.floats[3 + 2], -382.5);
    ck_assert_int_eq(bytes.rgb[0], 0);
    ck_assert_int_eq(bytes.rgb[1], 0);
    ck_assert_int_eq(bytes.rgb[2], 0);
    ck_assert_int_eq(bytes.rgb[3 + 2], (256 - 382 % 256) % 256);
    image_free(&floats);
    image_free(&bytes);
}
END_TEST

/* From 3 to 6 columns: 1/4 and 3/4 between two pixels, and no reaching beyond the border. */
START_TEST(test_tensorflow)
{
    static const kiln_step step = { .op = KILN_STEP_RESIZE,
                                    .method = KILN_FILTER_TENSORFLOW_BILINEAR,
                                    .n = { 2, 6 } };
    static const double blue[6] = { 0, 25, 75, 138.75, 216.25, 255 };
    static const kiln_step nearest = { .op = KILN_STEP_RESIZE,
                                       .method = KILN_FILTER_TENSORFLOW_NEAREST,
                                       .n = { 1, 2 } };
    Image out = run(&step, 1);

    for (int i = 0; i < 6; i++)
        ck_assert_double_eq((double)out.floats[3 * i], blue[i]);
    image_free(&out);
    out = run(&nearest, 1);
    ck_assert_mem_eq(out.rgb, sample + 9, 3);
    ck_assert_mem_eq(out.rgb + 3, sample + 15, 3);
    image_free(&out);
}
END_TEST

/* The last steps by a table, and one by one where floats stand before them. */
START_TEST(test_last_steps)
{
    static const kiln_step steps[] = {
        { .op = KILN_STEP_SCALE, .v = { 1.0 / 255 } },
        { .op = KILN_STEP_COLOR, .method = KILN_COLOR_RGB },
        { .op = KILN_STEP_SCALE, .v = { 255 } },
        { .op = KILN_STEP_NORMALIZE, .v = { 1, 2, 3, 0, 4, 5, 6, 1 } },
    };
    static const kiln_network network = { .input = { 3, { 3, 2, 3 } } };
    const kiln_member slow = { .network = &network, .steps = steps, .step_count = 4 };
    const kiln_step quick_steps[] = { steps[1], steps[3] };
    const kiln_member quick = { .network = &network, .steps = quick_steps, .step_count = 2 };
    Image in = sample_image();
    float a[18], b[18];
    Reason why;

    ck_assert_int_eq(preprocess_pixel_steps(&slow), 2);
    ck_assert_int_eq(preprocess_pixel_steps(&quick), 1);
    ck_assert(preprocess_picture(&slow, &in, a, &why));
    ck_assert(preprocess_picture(&quick, &in, b, &why));
    ck_assert_double_eq((double)b[0], (255.0 - 1) / 4);
    for (int i = 0; i < 18; i++)
        ck_assert_double_eq_tol((double)a[i], (double)b[i], 1e-4);
    image_free(&in);
}
END_TEST

/* What people see: geometry without arithmetic, R G B. */
START_TEST(test_view)
{
    static const kiln_step steps[] = {
        { .op = KILN_STEP_SCALE, .v = { 0.01 } },
        { .op = KILN_STEP_CENTER_CROP, .n = { 2, 1 } },
        { .op = KILN_STEP_NORMALIZE, .v = { 9, 9, 9, 0, 9, 9, 9, 1 } },
    };
    const kiln_member member = { .steps = steps, .step_count = 3 };
    Image in = sample_image(), view;
    Reason why;

    ck_assert(preprocess_view(&member, &in, &view, &why));
    ck_assert(view.width == 1 && view.height == 2);
    for (int c = 0; c < 3; c++)
        ck_assert_int_eq(view.rgb[c], sample[3 + 2 - c]);
    image_free(&view);
    image_free(&in);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("preprocess");
    TCase *tcase = tcase_create("preprocess");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, test_opencv);
    tcase_add_test(tcase, test_gray);
    tcase_add_test(tcase, test_orientation);
    tcase_add_test(tcase, test_letterboxes);
    tcase_add_test(tcase, test_impossible);
    tcase_add_test(tcase, test_cast);
    tcase_add_test(tcase, test_tensorflow);
    tcase_add_test(tcase, test_last_steps);
    tcase_add_test(tcase, test_view);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
