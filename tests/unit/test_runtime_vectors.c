/* Decoding, resizing and cropping against the hashes of what Pillow and torchvision make of the
 * same files (expected/preprocess/vectors.json of the reference data), and against the exact inputs
 * of a trained network (expected/mobilenet_v2_imagenet). */
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

static const char *const filter_names[KILN_FILTER_COUNT] = { "nearest", "box",     "bilinear",
                                                             "hamming", "bicubic", "lanczos" };

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

static Image load(const char *folder, const char *name)
{
    char below[512];
    Image image;
    Reason why;

    snprintf(below, sizeof below, "%s%s", folder, name);
    if (!image_load(shared_path(below), &image, &why))
        ck_abort_msg("%s: %s", name, why.text);
    return image;
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

static void check_size(const Image *in, const cJSON *size, const char *file)
{
    int width, height;

    ck_assert_int_eq(sscanf(size->string, "%dx%d", &width, &height), 2);
    for (int f = 0; f < KILN_FILTER_COUNT; f++) {
        const kiln_step step = { .op = KILN_STEP_RESIZE, .method = f, .n = { height, width } };
        const char *expected = text_of(size, filter_names[f]);
        char what[64];
        snprintf(what, sizeof what, "%s %s", size->string, filter_names[f]);
        if (expected)
            check_steps(in, &step, 1, expected, file, what);
    }
}

START_TEST(test_pillow_resize)
{
    cJSON *json, *entry, *size;

    if (!shared_has(VECTORS))
        return;
    json = read_json(VECTORS);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItem(json, "pillow_resize_rgb"))
    {
        Image image = load("images/", entry->string);
        cJSON_ArrayForEach(size, entry) check_size(&image, size, entry->string);
        image_free(&image);
    }
    cJSON_Delete(json);
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
    for (int f = 0; f < KILN_FILTER_COUNT; f++)
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
    const int across = in->width < in->height ? (in->height - in->width) / 2 : 0;
    const int down = in->height < in->width ? (in->width - in->height) / 2 : 0;
    const cJSON *resized = cJSON_GetObjectItem(variant, "resized");
    const int crop = atoi(variant->string);
    const kiln_step steps[] = {
        { .op = KILN_STEP_PAD, .n = { down, across, down, across } },
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
    tcase_add_test(tcase, test_pillow_resize);
    tcase_add_test(tcase, test_torchvision_resize_crop);
    tcase_add_test(tcase, test_letterbox);
    tcase_add_test(tcase, test_mobilenet);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
