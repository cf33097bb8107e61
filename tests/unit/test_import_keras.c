/* Keras files: what is read, how it looks to the network, and what is refused. */
#include "compiler/import/keras.h"

#include "tests/support/keras_file.h"

#include "compiler/base/vec.h"

#include <check.h>

static Arena *arena;
static WeightStore store;

static void setup(void)
{
    arena = arena_new();
    store = (WeightStore){ .arena = arena };
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *read_file(KerasBytes b)
{
    return weights_read_bytes(&store, "k.h5", b.at, b.length);
}

static const char *const layers[] = { "input_1", "conv2d", "dw", "sep", "dense", "bn" };

static const KerasTensor tensors[] = {
    { "conv2d", "conv2d/kernel:0", 4, { 2, 3, 4, 5 }, 0, false },
    { "conv2d", "conv2d/bias:0", 1, { 5 }, 0, true },
    { "dw", "dw/depthwise_kernel:0", 4, { 3, 3, 4, 2 }, 0, false },
    { "dw", "dw/bias:0", 1, { 8 }, 0, false },
    { "sep", "sep/depthwise_kernel:0", 4, { 3, 3, 4, 1 }, 0, false },
    { "sep", "sep/pointwise_kernel:0", 4, { 1, 1, 4, 6 }, 0, true },
    { "sep", "sep/bias:0", 1, { 6 }, 0, false },
    { "dense", "scope/dense/kernel:0", 2, { 3, 2 }, 0, false },
    { "bn", "bn/gamma:0", 1, { 2 }, 0, false },
    { "bn", "bn/moving_variance:0", 1, { 2 }, 0, false },
};

static void assert_view(const char *stored, const char *name, int rank, const int64_t *dim,
                        int64_t at, float value)
{
    const WeightTensor *t = map_get(&store.tensors, stored);
    ck_assert_msg(t != NULL, "%s", stored);
    WeightTensor view = keras_view(arena, &store, t);
    ck_assert_str_eq(view.name, name);
    ck_assert_int_eq(view.rank, rank);
    for (int i = 0; i < rank; i++)
        ck_assert_int_eq(view.dim[i], dim[i]);
    float got;
    weight_read(&view, at, 1, &got);
    ck_assert_msg(got == value, "%s[%d] is %g", name, (int)at, (double)got);
}

#define DIM(...)      \
    (const int64_t[]) \
    {                 \
        __VA_ARGS__   \
    }

/* Both kinds of file, both kinds of storage; the element [1, 2, 1, 0] and others by hand. */
START_TEST(layouts)
{
    bool whole = _i;
    const char *error = read_file(
        make_keras_file(arena, layers, COUNT_OF(layers), tensors, COUNT_OF(tensors), whole));
    ck_assert_msg(!error, "%s", error ? error : "");
    ck_assert_int_eq(store.tensors.count, COUNT_OF(tensors));
    /* out 1, in 2, y 1, x 0: ((1*3 + 0)*4 + 2)*5 + 1 */
    assert_view("conv2d/kernel:0", "conv2d.weight", 4, DIM(5, 4, 2, 3), 24 + 2 * 6 + 3, 71);
    assert_view("conv2d/bias:0", "conv2d.bias", 1, DIM(5), 3, 3);
    /* channel 2, multiple 1, y 0, x 1: (1*4 + 2)*2 + 1 */
    assert_view("dw/depthwise_kernel:0", "dw.weight", 4, DIM(8, 1, 3, 3), 5 * 9 + 1, 13);
    assert_view("dw/bias:0", "dw.bias", 1, DIM(8), 7, 7);
    assert_view("sep/depthwise_kernel:0", "sep.depthwise.weight", 4, DIM(4, 1, 3, 3), 9, 1);
    assert_view("sep/pointwise_kernel:0", "sep.pointwise.weight", 4, DIM(6, 4, 1, 1), 4, 1);
    assert_view("sep/bias:0", "sep.pointwise.bias", 1, DIM(6), 5, 5);
    assert_view("scope/dense/kernel:0", "scope/dense.weight", 2, DIM(2, 3), 1, 2);
    assert_view("bn/gamma:0", "bn.weight", 1, DIM(2), 1, 1);
    assert_view("bn/moving_variance:0", "bn.running_var", 1, DIM(2), 1, 1);
}
END_TEST

static void assert_refused(KerasBytes b, const char *reason)
{
    const char *error = read_file(b);
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error, reason) != NULL, "%s", error);
}

static KerasBytes one_tensor(const KerasTensor *t)
{
    return make_keras_file(arena, &t->layer, 1, t, 1, false);
}

START_TEST(damaged)
{
    KerasBytes b = one_tensor(&tensors[0]);
    b.length = 100;
    assert_refused(b, "damaged HDF5 file");
}
END_TEST

START_TEST(not_of_keras)
{
    assert_refused(keras_take_image(arena, keras_new_file()), "no attribute 'layer_names'");
}
END_TEST

START_TEST(missing_tensor)
{
    KerasTensor t = tensors[0];
    t.rank = -1;
    assert_refused(one_tensor(&t), "the layer 'conv2d' lists the tensor 'conv2d/kernel:0'");
}
END_TEST

START_TEST(missing_layer)
{
    hid_t file = keras_new_file();
    keras_put_list(file, "layer_names", layers, 1);
    assert_refused(keras_take_image(arena, file), "the list of layers has 'input_1'");
}
END_TEST

START_TEST(foreign_type)
{
    KerasTensor t = tensors[0];
    t.type = H5T_IEEE_F32BE;
    assert_refused(one_tensor(&t), "a type of elements that kiln cannot use");
}
END_TEST

START_TEST(lists_in_parts)
{
    hid_t file = keras_new_file();
    keras_put_list(file, "layer_names0", &tensors[0].layer, 1);
    keras_put_list(file, "layer_names1", &tensors[8].layer, 1);
    keras_put_layer(file, tensors, COUNT_OF(tensors), "conv2d");
    keras_put_layer(file, tensors, COUNT_OF(tensors), "bn");
    const char *error = read_file(keras_take_image(arena, file));
    ck_assert_msg(!error, "%s", error ? error : "");
    ck_assert_int_eq(store.tensors.count, 4);
}
END_TEST

static const struct {
    const char *layer;
    size_t stem;
    int64_t number;
} stems[] = { { "conv2d", 6, 0 },     { "conv2d_203", 6, 203 }, { "_7", 2, 0 },
              { "block1_a", 8, 0 },   { "a_0", 1, 0 },          { "x_12345678901", 13, 0 },
              { "batch_norm", 10, 0 } };

START_TEST(automatic_names)
{
    int64_t number;
    const char *layer = stems[_i].layer;
    ck_assert_uint_eq(keras_layer_stem(layer, strlen(layer), &number), stems[_i].stem);
    ck_assert_int_eq(number, stems[_i].number);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import/keras");
    TCase *tc = tcase_create("keras");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, layouts, 0, 2);
    tcase_add_test(tc, damaged);
    tcase_add_test(tc, not_of_keras);
    tcase_add_test(tc, missing_tensor);
    tcase_add_test(tc, missing_layer);
    tcase_add_test(tc, foreign_type);
    tcase_add_test(tc, lists_in_parts);
    tcase_add_loop_test(tc, automatic_names, 0, COUNT_OF(stems));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
