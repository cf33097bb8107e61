/* The store: formats by content, one name space over files, conversion, the table; and the files of
 * ../shared (KILN_SHARED names another place) where they are. */
#include "compiler/base/vec.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/weight_files.h"

#include <stdio.h>
#include <unistd.h>

static WeightStore store;

static void new_store(void)
{
    arena_setup();
    store = (WeightStore){ .arena = arena };
}

static Text tensor_file(const char *name)
{
    return make_safetensors(
        arena,
        arena_printf(arena, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                     name),
        8);
}

static const char *read_text(const Text *t, const char *name)
{
    return weights_read_bytes(&store, name, t->at, t->length);
}

START_TEST(one_name_space)
{
    Text a = tensor_file("a"), b = tensor_file("b");
    ck_assert_ptr_null(read_text(&a, "one"));
    ck_assert_ptr_null(read_text(&b, "two"));
    ck_assert_int_eq(store.tensors.count, 2);
    ck_assert_str_eq(read_text(&a, "three"), "the tensor 'a' is already given by one");
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *message;
} unknown[] = {
    { "", 0, "is empty" },
    { "abc", 3, "is no weight file: it begins with 'abc'" },
    { "\1\2\3\4\5\6\7\10\11", 9, "it begins with '\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08'" },
    { "\x89HDF\r\n\x1a\n", 8, "is a damaged HDF5 file" },
    { "\0\0\0\0TFL3", 8, "is a TensorFlow Lite file" },
    { "\x1f\x8b\x08", 3, "is a gzip file" },
    { "\x80\2", 2, "the data ends before the pickle does" },
    { "PK\3\4", 4, "its zip directory is missing" },
    { "\x93NUMPY", 6, "does not begin as a .npy file" },
    { "\0\0\0\0\0\0\0\0{", 9, "the header is no JSON" },
};

START_TEST(formats)
{
    assert_message(weights_read_bytes(&store, "x", unknown[_i].bytes, unknown[_i].length),
                   unknown[_i].message);
}
END_TEST

START_TEST(files)
{
    assert_message(weights_read_file(&store, "/nonexistent/x.pth"), "No such file");
    assert_message(weights_read_file(&store, "/"), "is a folder");
    char path[] = "/tmp/kiln-weights-XXXXXX";
    int fd = mkstemp(path);
    Text a = tensor_file("a");
    ck_assert_int_eq(write(fd, a.at, a.length), (ssize_t)a.length);
    close(fd);
    const char *error = weights_read_file(&store, path);
    unlink(path);
    ck_assert_ptr_null(error);
    const WeightTensor *t = map_get(&store.tensors, "a");
    ck_assert_str_eq(t->file, path);
}
END_TEST

/* Floats at any alignment and in any order of axes. */
START_TEST(elements)
{
    Text data = { .arena = arena };
    text_puts(&data, "x");
    put_floats(&data, 6, 1);
    WeightTensor t = { .name = "t", .rank = 2, .dim = { 2, 3 }, .stride = { 3, 1 } };
    t.bytes = data.at + 1;
    ck_assert_float_eq(weight_floats(arena, &t)[5], 6);
    t.stride[0] = 1;
    t.stride[1] = 2;
    ck_assert_float_eq(weight_floats(arena, &t)[1], 3);
    ck_assert_float_eq(weight_floats(arena, &t)[3], 2);
    float two[2] = { 0, 0 };
    weight_read(&t, 4, 2, two);
    ck_assert_float_eq(two[1], 6);
    weight_read(&t, 4, 0, NULL);
}
END_TEST

START_TEST(table)
{
    Text a = make_safetensors(
             arena,
             "{\"long.name\":{\"dtype\":\"U8\",\"shape\":[2,3],\"data_offsets\":[0,6]},"
             "\"b\\u0007\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[6,10]},"
             "\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[10,10]}}",
             10),
         out = { .arena = arena };
    a.at[a.length - 1] = (char)0xff;
    a.at[a.length - 2] = (char)0xff;
    ck_assert_ptr_null(read_text(&a, "x"));
    WeightTensor *odd = arena_new_of(arena, WeightTensor);
    odd->problem = "it is odd";
    map_set(arena, &store.tensors, "odd", odd);
    odd->name = "odd";
    weights_list(&store, &out);
    ck_assert_str_eq(text_string(&out),
                     "name       dtype  shape            min           max          mean\n"
                     "long.name  U8     [2, 3]             0             5           2.5\n"
                     "'b\\x07'    F32    []      (1 not finite)\n"
                     "none       F32    [0]     (no elements)\n"
                     "odd        (it is odd)\n");
}
END_TEST

/* --- the files of ../shared ------------------------------------------------------------------- */

static const struct {
    const char *path;
    int tensors;
    const char *name; /* of one of them, with the sum of its elements */
    double sum;
} real[] = {
    { "models/third_party/resnet20-12fca82f.th", 97, "layer1.0.conv1.weight", 7.156750 },
    { "models/third_party/resnet56-4bfd9763.th", 277, "linear.weight", -0.008036 },
    { "models/trash_mobilenet_v1.safetensors", 56, "features.0.conv.bias", 16.289389 },
    { "models/mobilenet_v2_imagenet.safetensors", 106, "features.0.conv.bias", 25.546224 },
    { "models/trash_svm.safetensors", 6, "support_vectors", -0.000038 },
    { "expected/resnet20/input_0.npy", 1, "input_0", 2153.505409 },
    { "oracle/resnet18/expected.npz", 11, "logits", 0 },
};

static const char *shared_path(const char *path)
{
    const char *shared = getenv("KILN_SHARED");
    return path_join(arena, shared ? shared : "../shared", path);
}

static double sum_of(const WeightTensor *t)
{
    const float *f = weight_floats(arena, t);
    double sum = 0;
    for (int64_t i = 0; i < weight_count(t); i++)
        sum += f[i];
    return sum;
}

START_TEST(real_file)
{
    const char *path = shared_path(real[_i].path);
    if (access(path, R_OK) != 0) {
        printf("SKIPPED: %s is absent\n", path);
        return;
    }
    const char *error = weights_read_file(&store, path);
    ck_assert_msg(!error, "%s: %s", path, error);
    const WeightTensor *t = map_get(&store.tensors, real[_i].name);
    ck_assert_ptr_nonnull(t);
    if (real[_i].sum != 0)
        ck_assert_double_eq_tol(sum_of(t), real[_i].sum, 2e-6 * (1 + real[_i].sum));
    ck_assert_int_eq(store.tensors.count, real[_i].tensors);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_weights");
    TCase *c = tcase_create("store");
    tcase_add_checked_fixture(c, new_store, arena_teardown);
    suite_add_tcase(suite, c);
    tcase_add_test(c, one_name_space);
    tcase_add_loop_test(c, formats, 0, COUNT_OF(unknown));
    tcase_add_test(c, files);
    tcase_add_test(c, elements);
    tcase_add_test(c, table);
    tcase_add_loop_test(c, real_file, 0, COUNT_OF(real));
    return suite_run(suite);
}
