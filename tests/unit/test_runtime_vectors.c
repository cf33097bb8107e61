/* Decoding, resizing, padding and cropping against the hashes of what Pillow, OpenCV and
 * torchvision make of the same files (expected/preprocess/vectors.json of the reference data), and
 * against the exact inputs of a trained network (expected/mobilenet_v2_imagenet). */
#include "compiler/base/digest.h"
#include "runtime/bytes.h"
#include "runtime/npy.h"
#include "runtime/preprocess.h"
#include "runtime/resize.h"
#include "tests/support/shared.h"

#include <cjson/cJSON.h>
#include <check.h>

#include <math.h>

#define VECTORS   "expected/preprocess/vectors.json"
#define MOBILENET "expected/mobilenet_v2_imagenet/expected.json"

static void sha256_hex(const void *bytes, size_t count, char hex[65])
{
    Arena *a = arena_new();
    Digest d;
    digest_start(&d);
    digest_add(&d, bytes, count);
    memcpy(hex, digest_text(a, &d), 65);
    arena_free(a);
}

static const char *const filter_names[KILN_FILTER_COUNT] = {
    "nearest", "box",  "bilinear", "hamming",  "bicubic", "lanczos",  "nearest",
    "linear",  "area", "cubic",    "lanczos4", "nearest", "bilinear",
};

static cJSON *read_json(const char *below)
{
    Bytes bytes;
    Reason why;
    cJSON *json;

    if (!bytes_read(shared_path(below), &bytes, &why))
        ck_abort_msg("%s: %s", below, why.text);
    json = cJSON_ParseWithLength((const char *)bytes.at, bytes.length);
    bytes_free(&bytes);
    ck_assert_msg(json != NULL, "%s is not JSON", below);
    return json;
}

static Image load_as(enum kiln_decoder decoder, const char *folder, const char *name)
{
    char below[512];
    Bytes bytes;
    Image image;
    Reason why;

    snprintf(below, sizeof below, "%s%s", folder, name);
    if (!bytes_read(shared_path(below), &bytes, &why) ||
        !image_decode_as(decoder, bytes.at, bytes.length, IMAGE_MAX_PIXELS, &image, &why))
        ck_abort_msg("%s: %s", name, why.text);
    bytes_free(&bytes);
    return image;
}

static Image load(const char *folder, const char *name)
{
    return load_as(KILN_DECODER_DEFAULT, folder, name);
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void check_hash(const Image *image, const char *expected, const char *file, const char *what)
{
    char hex[65];

    sha256_hex(image->rgb, (size_t)image->width * (size_t)image->height * 3, hex);
    ck_assert_msg(strcmp(hex, expected) == 0, "%s, %s: %d x %d pixels hash to %s, not %s", file,
                  what, image->width, image->height, hex, expected);
}

/* Of one value a pixel. */
static void check_gray_hash(const Image *image, const char *expected, const char *file)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *gray = malloc(pixels);
    char hex[65];

    ck_assert_ptr_nonnull(gray);
    for (size_t i = 0; i < pixels; i++) {
        gray[i] = image->rgb[3 * i];
        ck_assert_int_eq(gray[i], image->rgb[3 * i + 1]);
        ck_assert_int_eq(gray[i], image->rgb[3 * i + 2]);
    }
    sha256_hex(gray, pixels, hex);
    free(gray);
    ck_assert_msg(strcmp(hex, expected) == 0, "%s, grey: %s, not %s", file, hex, expected);
}

/* Runs 8-bit steps on a picture and checks the hash of the result. */
static void check_steps(const Image *in, const kiln_step *steps, int count, const char *expected,
                        const char *file, const char *what)
{
    const kiln_member member = { .steps = steps, .step_count = count };
    Image out;
    Reason why;

    if (!preprocess_pixels(&member, in, &out, &why))
        ck_abort_msg("%s, %s: %s", file, what, why.text);
    check_hash(&out, expected, file, what);
    image_free(&out);
}

START_TEST(test_sha256)
{
    char hex[65];

    sha256_hex("", 0, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    ck_assert_str_eq(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

/* 16-bit grey is the one format where the high byte is taken and Pillow clips. */
static int is_gray16(const cJSON *pillow)
{
    return strcmp(text_of(pillow, "mode"), "I") == 0;
}

START_TEST(test_decode)
{
    cJSON *json, *entry;
    int count = 0;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "decode"))
    {
        const cJSON *pillow = cJSON_GetObjectItem(entry, "pillow");
        const cJSON *size = cJSON_GetObjectItem(pillow, "size");
        Image image = load("images/", entry->string);
        ck_assert_int_eq(image.width, cJSON_GetArrayItem(size, 0)->valueint);
        ck_assert_int_eq(image.height, cJSON_GetArrayItem(size, 1)->valueint);
        if (!is_gray16(pillow)) {
            check_hash(&image, text_of(pillow, "rgb_sha256"), entry->string, "decoded");
            count++;
        }
        image_free(&image);
    }
    ck_assert_int_ge(count, 40);
    cJSON_Delete(json);
}
END_TEST

/* Of 16-bit grey OpenCV keeps the high byte, too. */
START_TEST(test_decode_gray16)
{
    cJSON *json, *entry;
    int count = 0;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "decode"))
    {
        if (is_gray16(cJSON_GetObjectItem(entry, "pillow"))) {
            Image image = load("images/", entry->string);
            check_hash(&image, text_of(cJSON_GetObjectItem(entry, "opencv"), "bgr_sha256"),
                       entry->string, "decoded");
            image_free(&image);
            count++;
        }
    }
    ck_assert_int_ge(count, 1);
    cJSON_Delete(json);
}
END_TEST

/* convert("RGB") and convert("L") */
static void check_pillow(const cJSON *entry)
{
    static const kiln_step gray = { .op = KILN_STEP_COLOR, .method = KILN_COLOR_GRAY };
    const kiln_member member = { .steps = &gray, .step_count = 1 };
    const cJSON *expected = cJSON_GetObjectItem(entry, "pillow");
    Image image = load_as(KILN_DECODER_PILLOW, "images/", entry->string), out;
    Reason why;

    check_hash(&image, text_of(expected, "rgb_sha256"), entry->string, "pillow");
    ck_assert(preprocess_pixels(&member, &image, &out, &why));
    check_gray_hash(&out, text_of(expected, "l_sha256"), entry->string);
    image_free(&out);
    image_free(&image);
}

/* imread() with IMREAD_COLOR and IMREAD_GRAYSCALE */
static void check_opencv(const cJSON *entry)
{
    const cJSON *expected = cJSON_GetObjectItem(entry, "opencv");
    Image image = load_as(KILN_DECODER_OPENCV, "images/", entry->string);

    check_hash(&image, text_of(expected, "bgr_sha256"), entry->string, "opencv");
    image_free(&image);
    image = load_as(KILN_DECODER_OPENCV_GRAY, "images/", entry->string);
    check_gray_hash(&image, text_of(expected, "gray_sha256"), entry->string);
    image_free(&image);
}

START_TEST(test_decode_as)
{
    cJSON *json, *entry;
    int count = 0;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "decode"))
    {
        check_pillow(entry);
        check_opencv(entry);
        count++;
    }
    ck_assert_int_ge(count, 48);
    cJSON_Delete(json);
}
END_TEST

/* The filters first .. last of one size. */
static void check_size(const Image *in, const cJSON *size, int first, int last, const char *file)
{
    int width, height, found = 0;

    ck_assert_int_eq(sscanf(size->string, "%dx%d", &width, &height), 2);
    for (int f = first; f <= last; f++) {
        const kiln_step step = { .op = KILN_STEP_RESIZE, .method = f, .n = { height, width } };
        const char *expected = text_of(size, filter_names[f]);
        char what[64];
        snprintf(what, sizeof what, "%s %s", size->string, filter_names[f]);
        if (expected)
            check_steps(in, &step, 1, expected, file, what);
        found += expected != NULL;
    }
    ck_assert_int_eq(found, last - first + 1);
}

static void check_resize(const char *key, enum kiln_decoder decoder, int first, int last)
{
    cJSON *json, *entry, *size;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, key))
    {
        Image image = load_as(decoder, "images/", entry->string);
        cJSON_ArrayForEach(size, entry) check_size(&image, size, first, last, entry->string);
        image_free(&image);
    }
    cJSON_Delete(json);
}

START_TEST(test_pillow_resize)
{
    check_resize("pillow_resize_rgb", KILN_DECODER_PILLOW, KILN_FILTER_NEAREST,
                 KILN_FILTER_LANCZOS);
}
END_TEST

START_TEST(test_opencv_resize)
{
    check_resize("opencv_resize_bgr", KILN_DECODER_OPENCV, KILN_FILTER_OPENCV_NEAREST,
                 KILN_FILTER_OPENCV_LANCZOS4);
}
END_TEST

static void check_torchvision(const Image *in, const cJSON *variant, const char *file)
{
    const char *expected = text_of(variant, "sha256");
    kiln_step steps[2] = { { .op = KILN_STEP_RESIZE_SHORTER }, { .op = KILN_STEP_CENTER_CROP } };
    char filter[16];
    int crop;

    if (sscanf(variant->string, "crop_h%d_w%d", &steps[1].n[0], &steps[1].n[1]) == 2) {
        check_steps(in, steps + 1, 1, expected, file, variant->string);
        return;
    }
    ck_assert_int_eq(
        sscanf(variant->string, "resize%d_%15[a-z]_crop%d", &steps[0].n[0], filter, &crop), 3);
    steps[1].n[0] = steps[1].n[1] = crop;
    for (int f = 0; f <= KILN_FILTER_LANCZOS; f++)
        if (strcmp(filter, filter_names[f]) == 0)
            steps[0].method = f;
    check_steps(in, steps, 2, expected, file, variant->string);
}

START_TEST(test_torchvision_resize_crop)
{
    cJSON *json, *entry, *variant;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "torchvision_resize_crop"))
    {
        Image image = load("images/", entry->string);
        cJSON_ArrayForEach(variant, entry) check_torchvision(&image, variant, entry->string);
        image_free(&image);
    }
    cJSON_Delete(json);
}
END_TEST

/* Padding to a square: the shorter axis gets the same number of black pixels at both ends. */
static void check_letterbox(const Image *in, const cJSON *variant, const char *file)
{
    const cJSON *resized = cJSON_GetObjectItem(variant, "resized");
    const int crop = atoi(variant->string);
    const kiln_step steps[] = {
        { .op = KILN_STEP_PAD_RATIO, .n = { 1, 1 } },
        { .op = KILN_STEP_RESIZE,
          .method = KILN_FILTER_BILINEAR,
          .n = { cJSON_GetArrayItem(resized, 1)->valueint,
                 cJSON_GetArrayItem(resized, 0)->valueint } },
        { .op = KILN_STEP_CENTER_CROP, .n = { crop, crop } },
    };

    check_steps(in, steps, 2, text_of(variant, "resized_sha256"), file, "letterbox");
    check_steps(in, steps, 3, text_of(variant, "cropped_sha256"), file, "letterbox, cropped");
}

START_TEST(test_letterbox)
{
    cJSON *json, *entry, *variant;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "letterbox_pad_then_resize"))
    {
        Image image = load("images/", entry->string);
        cJSON_ArrayForEach(variant, entry) check_letterbox(&image, variant, entry->string);
        image_free(&image);
    }
    cJSON_Delete(json);
}
END_TEST

/* 16 values at indices that spread over `out`. */
static void check_spread(const float *out, size_t count, const cJSON *expected, double tolerance,
                         const char *file, const char *what)
{
    for (int j = 0; j < 16; j++) {
        const size_t at = (size_t)j * (count - 1) / 15;
        const double wanted = cJSON_GetArrayItem(expected, j)->valuedouble;
        ck_assert_msg(fabs((double)out[at] - wanted) <= tolerance, "%s, %s[%zu]: %.9g, not %.9g",
                      file, what, at, (double)out[at], wanted);
    }
}

/* Runs all steps and compares a sample of the input that they make. */
static void check_floats(const Image *in, const kiln_step *steps, int count, int width, int height,
                         const cJSON *expected, const char *file, const char *what)
{
    const kiln_network network = { .input = { 3, { 3, height, width } } };
    const kiln_member member = { .network = &network, .steps = steps, .step_count = count };
    const size_t values = (size_t)width * (size_t)height * 3;
    float *out = malloc(values * sizeof *out);
    Reason why;

    ck_assert_ptr_nonnull(out);
    if (!preprocess_picture(&member, in, out, &why))
        ck_abort_msg("%s, %s: %s", file, what, why.text);
    check_spread(out, values, expected, 1e-6, file, what);
    free(out);
}

/* The longest side, truncated, on a white square, B G R; resized in the mode of the file. */
static void check_white_letterbox(const Image *in, const cJSON *variant, const char *file)
{
    const int side = atoi(variant->string);
    const cJSON *normalized = cJSON_GetObjectItem(variant, "normalized_hwc_at_spread");
    kiln_step steps[] = {
        { .op = KILN_STEP_RESIZE_WITHIN, .method = KILN_FILTER_BICUBIC, .n = { side, side } },
        { .op = KILN_STEP_COLOR, .method = KILN_COLOR_BGR },
        { .op = KILN_STEP_PAD_TO, .n = { side, side }, .v = { 255, 255, 255 } },
        { .op = KILN_STEP_SCALE, .v = { 1 / 255.0 } },
        { .op = KILN_STEP_NORMALIZE,
          .v = { 0.56719673, 0.5293289, 0.48351972, 0, 0.20874391, 0.21455203, 0.22451781, 1 } },
    };

    check_steps(in, steps, 3, text_of(variant, "bicubic_bgr_sha256"), file, "bicubic");
    if (normalized)
        check_floats(in, steps, 5, side, side, normalized, file, "normalized");
    steps[0].method = KILN_FILTER_NEAREST;
    check_steps(in, steps, 3, text_of(variant, "nearest_bgr_sha256"), file, "nearest");
}

START_TEST(test_white_letterbox)
{
    cJSON *json, *entry, *variant;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "letterbox_resize_then_pad"))
    {
        Image image = load_as(KILN_DECODER_PILLOW_OWN, "images/", entry->string);
        cJSON_ArrayForEach(variant, entry) check_white_letterbox(&image, variant, entry->string);
        image_free(&image);
    }
    cJSON_Delete(json);
}
END_TEST

/* --- floats ---------------------------------------------------------------------------------- */

static void check_tensorflow(const Image *in, const cJSON *size, const char *file)
{
    kiln_step steps[] = {
        { .op = KILN_STEP_SCALE, .v = { 1 / 255.0 } },
        { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_TENSORFLOW_BILINEAR },
    };
    int width, height;

    if (sscanf(size->string, "%dx%d", &width, &height) != 2)
        return;
    steps[1].n[0] = height;
    steps[1].n[1] = width;
    check_floats(in, steps, 2, width, height, cJSON_GetObjectItem(size, "torch_bilinear"), file,
                 size->string);
}

static void check_keras(const Image *in, const cJSON *modes, const char *file)
{
    const kiln_step resize = { .op = KILN_STEP_RESIZE,
                               .method = KILN_FILTER_BILINEAR,
                               .n = { 224, 224 } };
    const kiln_step tf[] = { resize,
                             { .op = KILN_STEP_SCALE, .v = { 1 / 127.5 } },
                             { .op = KILN_STEP_NORMALIZE, .v = { 1, 1, 1, 0, 1, 1, 1, 1 } } };
    const kiln_step torch[] = { resize,
                                { .op = KILN_STEP_SCALE, .v = { 1 / 255.0 } },
                                { .op = KILN_STEP_NORMALIZE,
                                  .v = { 0.485, 0.456, 0.406, 0, 0.229, 0.224, 0.225, 1 } } };
    const kiln_step caffe[] = { resize,
                                { .op = KILN_STEP_COLOR, .method = KILN_COLOR_BGR },
                                { .op = KILN_STEP_NORMALIZE,
                                  .v = { 103.939, 116.779, 123.68, 0, 1, 1, 1, 1 } } };

    check_floats(in, tf, 3, 224, 224, cJSON_GetObjectItem(modes, "tf"), file, "tf");
    check_floats(in, torch, 3, 224, 224, cJSON_GetObjectItem(modes, "torch"), file, "torch");
    check_floats(in, caffe, 3, 224, 224, cJSON_GetObjectItem(modes, "caffe"), file, "caffe");
}

START_TEST(test_floats)
{
    cJSON *json, *entry, *size;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "float_spread16"))
    {
        Image image = load("images/", entry->string);
        cJSON_ArrayForEach(size, entry)
        {
            if (strncmp(size->string, "keras", 5) == 0)
                check_keras(&image, size, entry->string);
            else
                check_tensorflow(&image, size, entry->string);
        }
        image_free(&image);
    }
    cJSON_Delete(json);
}
END_TEST

/* --- the inputs of a trained network --------------------------------------------------------- */

static const kiln_step mobilenet_steps[] = {
    { .op = KILN_STEP_COLOR, .method = KILN_COLOR_RGB },
    { .op = KILN_STEP_RESIZE_SHORTER, .method = KILN_FILTER_BILINEAR, .n = { 256 } },
    { .op = KILN_STEP_CENTER_CROP, .n = { 224, 224 } },
    { .op = KILN_STEP_SCALE, .v = { 1.0 / 127.5 } },
    { .op = KILN_STEP_NORMALIZE, .v = { 1, 1, 1, 0, 1, 1, 1, 0 } },
};

/* The saved input is [1,C,H,W], ours [H][W][C]. */
static void check_input(const float *input, const char *file)
{
    const size_t pixels = 224 * 224;
    char below[256];
    NpyArray array;
    Reason why;

    snprintf(below, sizeof below, "expected/mobilenet_v2_imagenet/%s", file);
    if (!npy_array_load(shared_path(below), &array, &why))
        ck_abort_msg("%s: %s", file, why.text);
    ck_assert_uint_eq(array.count, 3 * pixels);
    for (size_t i = 0; i < array.count; i++) {
        const double difference = (double)array.data[i] -
                                  (double)input[i % pixels * 3 + i / pixels];
        ck_assert_msg(fabs(difference) <= 1e-6, "%s[%zu] differs by %g", file, i, difference);
    }
    npy_array_free(&array);
}

static void check_mobilenet(const cJSON *entry)
{
    static const kiln_network network = { .input = { 3, { 3, 224, 224 } } };
    const kiln_member member = { .network = &network, .steps = mobilenet_steps, .step_count = 5 };
    const char *file = text_of(entry, "file"), *tensor = text_of(entry, "input");
    Image image = load("", file), pixels;
    float *input = malloc(3 * 224 * 224 * sizeof *input);
    Reason why;

    ck_assert_ptr_nonnull(input);
    check_hash(&image, text_of(entry, "decoded_rgb_sha256"), file, "decoded");
    ck_assert(preprocess_pixels(&member, &image, &pixels, &why));
    check_hash(&pixels, text_of(entry, "resized_rgb_sha256"), file, "resized");
    ck_assert(preprocess_floats(&member, &pixels, input, &why));
    if (tensor)
        check_input(input, tensor);
    free(input);
    image_free(&pixels);
    image_free(&image);
}

START_TEST(test_mobilenet)
{
    cJSON *json, *entry;
    int count = 0;

    if (!shared_has(MOBILENET))
        return;
    json = read_json(MOBILENET);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "images"))
    {
        check_mobilenet(entry);
        count++;
    }
    ck_assert_int_eq(count, 8);
    cJSON_Delete(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_vectors");
    TCase *tcase = tcase_create("vectors");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_sha256);
    tcase_add_test(tcase, test_decode);
    tcase_add_test(tcase, test_decode_gray16);
    tcase_add_test(tcase, test_decode_as);
    tcase_add_test(tcase, test_pillow_resize);
    tcase_add_test(tcase, test_opencv_resize);
    tcase_add_test(tcase, test_white_letterbox);
    tcase_add_test(tcase, test_floats);
    tcase_add_test(tcase, test_torchvision_resize_crop);
    tcase_add_test(tcase, test_letterbox);
    tcase_add_test(tcase, test_mobilenet);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
