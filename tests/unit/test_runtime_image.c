/* Decoders on small files built here: the variants that no reference picture covers, and what is
 * malformed. Every message is one clear sentence, and nothing is read beyond the file. */
#include "runtime/image.h"
#include "runtime/preprocess.h"
#include "runtime/resize.h"
#include "tests/support/picture_cases.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

/* Decodes from an exact copy on the heap, where a sanitizer sees each byte read beyond the end. */
static int decode(const void *bytes, size_t length, long limit, Image *image, Reason *why)
{
    uint8_t *copy = malloc(length ? length : 1);
    int ok;

    memcpy(copy, bytes, length);
    ok = image_decode(copy, length, limit, image, why);
    free(copy);
    return ok;
}

static void expect_pixels(const void *bytes, size_t length, int width, int height,
                          const char *pixels)
{
    Image image;
    Reason why;

    if (!decode(bytes, length, IMAGE_MAX_PIXELS, &image, &why))
        ck_abort_msg("%s", why.text);
    ck_assert_int_eq(image.width, width);
    ck_assert_int_eq(image.height, height);
    ck_assert_mem_eq(image.rgb, pixels, (size_t)(width * height * 3));
    image_free(&image);
}

static void expect_failure(const void *bytes, size_t length, const char *message)
{
    Image image;
    Reason why;

    ck_assert_msg(!decode(bytes, length, 1000, &image, &why), "'%s' was expected", message);
    ck_assert_msg(strstr(why.text, message) != NULL, "'%s' is not '%s'", why.text, message);
    ck_assert_ptr_null(image.rgb);
}

#define LITERAL(text) (text), sizeof(text) - 1

START_TEST(test_format)
{
    const uint8_t jpeg[] = { 0xff, 0xd8, 0xff };

    ck_assert_str_eq(image_format(jpeg, 3), "JPEG");
    ck_assert_ptr_null(image_format(jpeg, 2));
    ck_assert_str_eq(image_format((const uint8_t *)"P4 ", 3), "PPM");
    ck_assert_ptr_null(image_format((const uint8_t *)"P7 ", 3));
    ck_assert_ptr_null(image_format((const uint8_t *)"P", 1));
    ck_assert_str_eq(image_format((const uint8_t *)"BM", 2), "BMP");
    expect_failure("", 0, "the file is empty");
    expect_failure(LITERAL("GIF89a"), "not a picture");
}
END_TEST

START_TEST(test_ppm)
{
    expect_pixels(LITERAL("P3 # c\n1\n1 #\n3 1 2 3"), 1, 1, "\x55\xaa\xff");
    expect_pixels(LITERAL("P2 2 1 255 7 8"), 2, 1, "\7\7\7\10\10\10");
    expect_pixels(LITERAL("P1 2 2 10#x\n0\n1"), 2, 2, "\0\0\0\377\377\377\377\377\377\0\0\0");
    expect_pixels(LITERAL("P4 9 1\n\x80\x80"), 9, 1,
                  "\0\0\0\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377"
                  "\377\377\377\0\0\0");
    expect_pixels(LITERAL("P5 2 1 65535\n\x12\xff\xff\x00"), 2, 1, "\x12\x12\x12\xff\xff\xff");
    expect_pixels(LITERAL("P6 1 1 100\n\x32\x64\x65"), 1, 1, "\x80\xff\xff");
}
END_TEST

START_TEST(test_bad_ppm)
{
    expect_failure(LITERAL("P6 "), "the file is truncated in its width");
    expect_failure(LITERAL("P6 1"), "the file is truncated in its height");
    expect_failure(LITERAL("P6 -1 1 255\n"), "a digit is expected in its width, byte 0x2d found");
    expect_failure(LITERAL("P6 99999999999 1 255\n"), "more than 10 digits");
    expect_failure(LITERAL("P6 0 1 255\n"), "its header states a size of 0 x 1 pixels");
    expect_failure(LITERAL("P6 100 100 255\n"), "100 x 100 pixels are more than the limit of 1000");
    expect_failure(LITERAL("P6 9999999999 9999999999 255\n"), "a side is longer than the limit");
    expect_failure(LITERAL("P6 1 1 0\n"), "its maximum is 0");
    expect_failure(LITERAL("P6 1 1 65536\n"), "its maximum is 65536");
    expect_failure(LITERAL("P6 1 1 255\n\1\2"), "2 bytes of pixels, 3 expected");
    expect_failure(LITERAL("P5 1 1 256\n\1"), "1 bytes of pixels, 2 expected");
    expect_failure(LITERAL("P4 9 2\n\1\1\1"), "3 bytes of pixels, 4 expected");
    expect_failure(LITERAL("P3 1 1 9 1 2"), "the file is truncated in its pixels");
    expect_failure(LITERAL("P3 1 1 9 1 2 10"), "a sample of 10 is larger than the stated maximum");
    expect_failure(LITERAL("P1 2 1 12"), "0 or 1 is expected, byte 0x32 found");
    expect_failure(LITERAL("P1 2 1 1#"), "the file is truncated in its pixels");
}
END_TEST

/* --- BMP ------------------------------------------------------------------------------------- */

static void expect_bmp(Picture b, int width, int height, const char *pixels)
{
    expect_pixels(b.bytes, b.length, width, height, pixels);
}

START_TEST(test_bmp)
{
    expect_bmp(make_bmp(1, 2, 24, 0, 0, "\1\2\3\0\4\5\6\0", 8), 1, 2, "\6\5\4\3\2\1");
    expect_bmp(make_bmp(1, -2, 24, 0, 0, "\1\2\3\0\4\5\6\0", 8), 1, 2, "\3\2\1\6\5\4");
    expect_bmp(make_bmp(1, 1, 16, 0, 0, "\x1f\x7c\0\0", 4), 1, 1, "\xff\0\xff");
    expect_bmp(make_bmp(1, 1, 16, 3, 0, "\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0\x20\x08\0\0", 16), 1, 1,
               "\x08\x04\0");
    /* two colours in the palette; index 2 is beyond it */
    expect_bmp(make_bmp(3, 1, 4, 0, 2, "\1\2\3\0\4\5\6\0\x01\x20\0\0", 12), 3, 1,
               "\3\2\1\6\5\4\2\2\2");
}
END_TEST

START_TEST(test_bmp_runs)
{
    /* 8 bits: a run, the end of a line, a jump over one pixel, two literals, the end */
    expect_bmp(make_bmp(3, 2, 8, 1, 2, "\1\1\1\0\2\2\2\0\3\1\0\0\0\2\1\0\0\3\1\1\1\0\0\1", 24), 3,
               2, "\1\1\1\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2");
    expect_bmp(make_bmp(3, 1, 4, 2, 2, "\1\1\1\0\2\2\2\0\3\x10\0\1", 12), 3, 1,
               "\2\2\2\1\1\1\2\2\2");
    /* a run that is longer than its row is cut off */
    expect_bmp(make_bmp(1, 1, 8, 1, 1, "\7\7\7\0\xff\0\0\1", 8), 1, 1, "\7\7\7");
}
END_TEST

static void expect_bad_bmp(Picture b, const char *message)
{
    expect_failure(b.bytes, b.length, message);
}

START_TEST(test_bad_bmp)
{
    Picture b = make_bmp(1, 1, 24, 0, 0, "\1\2\3\0", 4);

    for (size_t n = 2; n < 57; n++)
        expect_failure(b.bytes, n, "the file is truncated in its ");
    b.bytes[14] = 13;
    expect_bad_bmp(b, "a header of 13 bytes is not supported");
    expect_bad_bmp(make_bmp(1, 1, 5, 0, 0, "1234", 4), "5 bits a pixel are not supported");
    expect_bad_bmp(make_bmp(1, 1, 24, 1, 0, "1234", 4), "compression 1 with 24 bits");
    expect_bad_bmp(make_bmp(1, 1, 24, 4, 0, "1234", 4), "compression 4 with 24 bits");
    expect_bad_bmp(make_bmp(0, 1, 24, 0, 0, "1234", 4), "a size of 0 x 1 pixels");
    expect_bad_bmp(make_bmp(-5, 1, 24, 0, 0, "1234", 4), "a size of -5 x 1 pixels");
    expect_bad_bmp(make_bmp(100, 100, 24, 0, 0, "1234", 4), "more than the limit");
    expect_bad_bmp(make_bmp(1, 1, 8, 0, 2, "1234", 4), "truncated in its palette");
    expect_bad_bmp(make_bmp(1, 1, 8, 0, 70000, "1234", 4), "a palette of 70000 colours");
    expect_bad_bmp(make_bmp(9, 9, 8, 1, 1, "123\0\x05\1", 6), "truncated in its pixels");
    expect_bad_bmp(make_bmp(9, 9, 8, 1, 1, "123\0\0\x05\1", 7), "truncated in its pixels");
    expect_bad_bmp(make_bmp(9, 9, 8, 1, 1, "123\0\0\2\1", 7), "truncated in its pixels");
}
END_TEST

/* --- JPEG and PNG: each written by its library ----------------------------------------------- */

START_TEST(test_jpeg)
{
    const int components[] = { 1, 3, 4 };

    for (int i = 0; i < 3; i++)
        for (int progressive = 0; progressive <= 1; progressive++) {
            const Picture p = make_jpeg(components[i], progressive);
            Image image;
            Reason why;
            ck_assert_msg(decode(p.bytes, p.length, 1000, &image, &why), "%s", why.text);
            ck_assert_int_eq(image.width * image.height, PICTURE_SIDE * PICTURE_SIDE);
            image_free(&image);
            for (size_t n = 3; n < p.length; n++)
                expect_failure(p.bytes, n, "JPEG: ");
            expect_failure(p.bytes, p.length - 2, "JPEG: the file is truncated");
        }
}
END_TEST

START_TEST(test_large_jpeg)
{
    const Picture p = make_jpeg(3, 0);
    Image image;
    Reason why;

    ck_assert(!decode(p.bytes, p.length, PICTURE_SIDE * PICTURE_SIDE - 1, &image, &why));
    ck_assert_str_eq(why.text, "JPEG: 24 x 24 pixels are more than the limit of 575");
}
END_TEST

static void check_truncated_png(const Picture *p)
{
    for (size_t n = 8; n + 16 < p->length; n++) /* the checksum and the last chunk are not needed */
        expect_failure(p->bytes, n, "PNG: ");
}

START_TEST(test_png)
{
    const Picture p = make_png(PNG_COLOR_TYPE_RGB, 8, 0);
    Picture broken = p;
    Image image;
    Reason why;

    ck_assert_msg(decode(p.bytes, p.length, 1000, &image, &why), "%s", why.text);
    for (int i = 0; i < PICTURE_SIDE * PICTURE_SIDE * 3; i++)
        ck_assert_int_eq(image.rgb[i], picture_noise(i));
    image_free(&image);
    check_truncated_png(&p);
    broken.bytes[p.length / 2] ^= 1;
    expect_failure(broken.bytes, p.length, "PNG: ");
    ck_assert(!decode(p.bytes, p.length, 100, &image, &why));
    ck_assert_str_eq(why.text, "PNG: 24 x 24 pixels are more than the limit of 100");
}
END_TEST

/* The high bytes of 16-bit samples; alpha dropped, not blended. */
START_TEST(test_png_alpha16)
{
    const Picture p = make_png(PNG_COLOR_TYPE_RGB_ALPHA, 16, 1);
    Image image;
    Reason why;

    ck_assert_msg(decode(p.bytes, p.length, 1000, &image, &why), "%s", why.text);
    for (int y = 0; y < PICTURE_SIDE; y++)
        for (int x = 0; x < PICTURE_SIDE; x++)
            for (int c = 0; c < 3; c++)
                ck_assert_int_eq(image.rgb[(y * PICTURE_SIDE + x) * 3 + c],
                                 picture_noise(y * PICTURE_SIDE * 3 + x * 8 + c * 2));
    image_free(&image);
    check_truncated_png(&p);
}
END_TEST

START_TEST(test_png_palette)
{
    static const uint8_t reds[4] = { 1, 250, 7, 9 };
    const Picture p = make_png(PNG_COLOR_TYPE_PALETTE, 4, 0);
    Image image;
    Reason why;

    ck_assert_msg(decode(p.bytes, p.length, 1000, &image, &why), "%s", why.text);
    for (int x = 0; x < PICTURE_SIDE; x++) {
        const int index = picture_noise(x / 2) >> (x % 2 ? 0 : 4) & 15;
        const int red = index < 4 ? reds[index] : index; /* beyond the palette: a grey */
        ck_assert_int_eq(image.rgb[3 * x], red);
    }
    image_free(&image);
    check_truncated_png(&p);
}
END_TEST

/* --- resizing: properties that hold whatever the filter -------------------------------------- */

static int resize_to(const Image *in, int width, int height, Box part, int filter, Image *out)
{
    const ResizePlan plan = {
        in->width, in->height, width, height, part, (enum kiln_filter)filter
    };
    Reason why;

    return resize_picture(in, &plan, out, &why);
}

/* Every part of a resized picture equals that part of the whole. */
START_TEST(test_resize_part)
{
    Image in, whole, part;
    Reason why;

    ck_assert(image_new(&in, 37, 53, &why));
    for (int i = 0; i < 37 * 53 * 3; i++)
        in.rgb[i] = picture_noise(i);
    for (int f = 0; f < KILN_FILTER_TENSORFLOW_BILINEAR; f++) {
        const Box all = { 0, 0, 50, 21 }, box = { 11, 3, 7, 17 };
        ck_assert(resize_to(&in, 50, 21, all, f, &whole));
        ck_assert(resize_to(&in, 50, 21, box, f, &part));
        for (int y = 0; y < box.height; y++)
            ck_assert_mem_eq(part.rgb + y * box.width * 3,
                             whole.rgb + ((y + box.top) * 50 + box.left) * 3,
                             (size_t)box.width * 3);
        image_free(&whole);
        image_free(&part);
    }
    image_free(&in);
}
END_TEST

/* A picture that comes row by row gives what it gives as a whole. */
static void check_rows(const Image *in, const ResizePlan *plan)
{
    const size_t stride = (size_t)in->width * 3;
    Image whole, rows;
    Reason why;
    Resizer *r = resizer_new(plan, &why);
    Box source;

    ck_assert_ptr_nonnull(r);
    source = resizer_source(r);
    for (int y = source.top; y < source.top + source.height; y++) {
        uint8_t *row = resizer_next_row(r);
        memset(row, 0x55, stride); /* what is not asked for does not matter */
        memcpy(row + 3 * source.left, in->rgb + (size_t)y * stride + 3 * source.left,
               3 * (size_t)source.width);
    }
    ck_assert(resizer_finish(r, &rows, &why));
    resizer_free(r);
    ck_assert(resize_picture(in, plan, &whole, &why));
    ck_assert_int_eq(rows.width, plan->part.width);
    ck_assert_int_eq(rows.height, plan->part.height);
    ck_assert_mem_eq(rows.rgb, whole.rgb, (size_t)rows.width * (size_t)rows.height * 3);
    image_free(&whole);
    image_free(&rows);
}

START_TEST(test_resize_rows)
{
    static const int sizes[][2] = { { 1, 1 }, { 3, 50 }, { 16, 16 }, { 50, 7 }, { 90, 160 } };
    Image in;
    Reason why;

    ck_assert(image_new(&in, 41, 67, &why));
    for (int i = 0; i < 41 * 67 * 3; i++)
        in.rgb[i] = picture_noise(i);
    for (int f = KILN_FILTER_BOX; f <= KILN_FILTER_LANCZOS; f++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const int w = sizes[i][0], h = sizes[i][1];
            const Box all = { 0, 0, w, h }, box = { w / 4, h / 3, (w + 1) / 2, (h + 1) / 2 };
            check_rows(&in, &(ResizePlan){ 41, 67, w, h, all, (enum kiln_filter)f });
            check_rows(&in, &(ResizePlan){ 41, 67, w, h, box, (enum kiln_filter)f });
        }
    image_free(&in);
}
END_TEST

/* A file resized while it is decoded against the same decoded first; what fails says the same. */
static void check_encoded(const Picture *p, size_t length, const kiln_step *steps, int count)
{
    static const kiln_network network = { .input = { 3, { 3, 5, 6 } } };
    const kiln_member member = { .network = &network, .steps = steps, .step_count = count };
    float whole[90], rows[90];
    Image image = { 0 };
    Reason why = { "" }, why_rows = { "" };
    const int ok = decode(p->bytes, length, IMAGE_MAX_PIXELS, &image, &why) &&
                   preprocess_picture(&member, &image, whole, &why);

    ck_assert_int_eq(preprocess_encoded(&member, p->bytes, length, rows, &why_rows), ok);
    if (ok)
        ck_assert_mem_eq(rows, whole, sizeof rows);
    else
        ck_assert_str_eq(why_rows.text, why.text);
    image_free(&image);
}

START_TEST(test_resize_while_decoding)
{
    enum { SHORTER = KILN_STEP_RESIZE_SHORTER, CROP = KILN_STEP_CENTER_CROP };
    const int side = PICTURE_SIDE;
    const kiln_step lists[][3] = {
        { { .op = SHORTER, .method = KILN_FILTER_BICUBIC, .n = { 7 } },
          { .op = CROP, .n = { 5, 6 } } },
        { { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_BILINEAR, .n = { 5, 6 } } },
        { { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_NEAREST, .n = { 5, 6 } } },
        { { .op = SHORTER, .method = KILN_FILTER_BOX, .n = { side } },
          { .op = CROP, .n = { 5, 6 } } },
        { { .op = SHORTER, .method = KILN_FILTER_BOX, .n = { 2 } }, { .op = CROP, .n = { 5, 6 } } },
        { { .op = CROP, .n = { 5, 6 } } },
        { { .op = KILN_STEP_COLOR, .method = KILN_COLOR_RGB },
          { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_LANCZOS, .n = { 5, 6 } },
          { .op = KILN_STEP_COLOR, .method = KILN_COLOR_BGR } },
        { { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_BOX, .n = { 90000, 90000 } } },
        { { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_BOX, .n = { 6, 5 } } },
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (int kind = 0; kind < 5; kind++) {
            static const int components[] = { 1, 3, 4 };
            const Picture p = kind < 3
                                  ? make_jpeg(components[kind], kind == 1)
                                  : make_png(kind == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                                             8, 0);
            check_encoded(&p, p.length, lists[i], 3);
            check_encoded(&p, p.length * 2 / 3, lists[i], 3);
            check_encoded(&p, 20, lists[i], 3);
        }
}
END_TEST

START_TEST(test_resize_constant)
{
    const Box all = { 0, 0, 64, 3 };
    Image in, out;
    Reason why;

    ck_assert(image_new(&in, 1, 7, &why));
    memset(in.rgb, 201, 21);
    for (int f = 0; f < KILN_FILTER_TENSORFLOW_BILINEAR; f++) {
        ck_assert(resize_to(&in, 64, 3, all, f, &out));
        for (int i = 0; i < 64 * 3 * 3; i++)
            ck_assert_int_eq(out.rgb[i], 201);
        image_free(&out);
    }
    image_free(&in);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_image");
    TCase *tcase = tcase_create("decoders");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, test_format);
    tcase_add_test(tcase, test_ppm);
    tcase_add_test(tcase, test_bad_ppm);
    tcase_add_test(tcase, test_bmp);
    tcase_add_test(tcase, test_bmp_runs);
    tcase_add_test(tcase, test_bad_bmp);
    tcase_add_test(tcase, test_jpeg);
    tcase_add_test(tcase, test_large_jpeg);
    tcase_add_test(tcase, test_png);
    tcase_add_test(tcase, test_png_alpha16);
    tcase_add_test(tcase, test_png_palette);
    tcase_add_test(tcase, test_resize_part);
    tcase_add_test(tcase, test_resize_while_decoding);
    tcase_add_test(tcase, test_resize_rows);
    tcase_add_test(tcase, test_resize_constant);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
