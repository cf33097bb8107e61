/* NumPy's arrays: .npy headers good and bad, byte order, arrays and scalars in pickles. */
#include "compiler/base/vec.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/npy_cases.h"
#include "tests/support/weight_files.h"

static WeightStore store;

static const char *read_named(const Text *t, const char *name)
{
    store = (WeightStore){ .arena = arena };
    return weights_read_bytes(&store, name, t->at, t->length);
}

static const WeightTensor *only(void)
{
    ck_assert_int_eq(store.tensors.count, 1);
    return store.tensors.entry[0].value;
}

static Text six_floats(void)
{
    Text t = { .arena = arena };
    put_floats(&t, 6, 1);
    return t;
}

START_TEST(versions_and_orders)
{
    Text data = six_floats();
    for (int i = 0; i < 6; i++) {
        Text t = make_npy(arena, 1 + i / 2, good_npy[i % 2], &data);
        ck_assert_ptr_null(read_named(&t, "a/b/first.conv.npy"));
        ck_assert_str_eq(only()->name, "first.conv");
        ck_assert_int_eq(only()->dim[1], 3);
        ck_assert_float_eq(weight_floats(arena, only())[1], 2);
    }
    Text t = make_npy(arena, 1, "{'descr':'<f4','fortran_order':True,'shape':(2,3)}", &data);
    ck_assert_ptr_null(read_named(&t, ".npy"));
    ck_assert_str_eq(only()->name, ".npy");
    ck_assert_float_eq(weight_floats(arena, only())[1], 3);
    t = make_npy(arena, 1, "{'descr':'>f4','fortran_order':False,'shape':(6,)}", &data);
    t.at[t.length - 24] =
        0x40; /* the first element is now 0x403f8000 big-endian: 80 3f from 1.0f */
    ck_assert_ptr_null(read_named(&t, "x"));
    const unsigned char *swapped = only()->bytes;
    ck_assert_int_eq(swapped[3], 0x40);
    ck_assert_int_eq(swapped[1], 0x80);
    t = make_npy(arena, 1, "{'descr':'|u1','fortran_order':False,'shape':()}", NULL);
    text_puts(&t, "\7");
    ck_assert_ptr_null(read_named(&t, "x"));
    ck_assert_float_eq(weight_floats(arena, only())[0], 7);
    t = make_npy(arena, 1, "{'descr':'|b1','fortran_order':False,'shape':(0,5)}", NULL);
    ck_assert_ptr_null(read_named(&t, "x"));
    ck_assert_int_eq(weight_count(only()), 0);
}
END_TEST

START_TEST(bad_header)
{
    Text data = six_floats(), t = make_npy(arena, bad_npy[_i].version, bad_npy[_i].header, &data);
    assert_message(read_named(&t, "x.npy"), bad_npy[_i].message);
}
END_TEST

START_TEST(elements_that_cannot_be_used)
{
    static const char *const types[] = { "'<c8'", "'O'", "'?f4'", "'<U8'", "[('x', '<f4')]" };
    Text data = six_floats();
    for (int i = 0; i < COUNT_OF(types); i++) {
        const char *header = arena_printf(
            arena, "{'descr': %s, 'fortran_order': False, 'shape': (6,)}", types[i]);
        Text t = make_npy(arena, 1, header, &data);
        ck_assert_ptr_null(read_named(&t, "x.npy"));
        assert_message(only()->problem, i == 4 ? "structured elements" : "which kiln cannot use");
    }
}
END_TEST

START_TEST(truncated_anywhere)
{
    Text data = six_floats(),
         t = make_npy(arena, 2, "{'descr':'<f4','fortran_order':False,'shape':(6,)}", &data);
    for (size_t n = 0; n < t.length; n++) {
        Text cut = { .arena = arena, .at = t.at, .length = n };
        ck_assert_ptr_nonnull(read_named(&cut, "x.npy"));
    }
    t.at[8] = (char)0xff;
    t.at[11] = 0x7f;
    assert_message(read_named(&t, "x.npy"), "the .npy header has 2130706687 bytes, but only");
}
END_TEST

/* --- arrays in pickles ------------------------------------------------------------------------ */

static void put_dtype(Text *t, const char *type, const char *order)
{
    pickle_global(t, "numpy", "dtype");
    text_puts(t, "(");
    pickle_string(t, type);
    text_puts(t, "\x89\x88tR(K\3");
    pickle_string(t, order);
    text_puts(t, "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff");
    text_append(t, "K\0tb", 4);
}

/* An array of two rows of one element each under the key "w"; `bytes` is the pickle of its
 * bytes. */
static const char *read_array(const char *type, const char *order, const char *fortran,
                              const char *bytes)
{
    Text t = { .arena = arena };
    text_puts(&t, "\x80\2}");
    pickle_string(&t, "w");
    pickle_global(&t, "numpy.core.multiarray", "_reconstruct");
    text_puts(&t, "(");
    pickle_global(&t, "numpy", "ndarray");
    text_puts(&t, ")U\1btR(K\1K\2K\1\x86");
    put_dtype(&t, type, order);
    text_puts(&t, fortran);
    text_puts(&t, bytes);
    text_puts(&t, "tbs.");
    return read_named(&t, "x.pkl");
}

START_TEST(arrays_in_pickles)
{
    ck_assert_ptr_null(read_array("i2", "<", "\x89", "C\4\1\2\3\4"));
    ck_assert_int_eq(only()->dim[0], 2);
    ck_assert_float_eq(weight_floats(arena, only())[1], 0x403);
    ck_assert_ptr_null(read_array("i2", ">", "\x88", "U\4\1\2\3\4"));
    ck_assert_float_eq(weight_floats(arena, only())[1], 0x304);
    const char *latin1 = "c_codecs\nencode\nU\5\x01\xc3\xa9\x02\x03U\6latin1\x86R";
    ck_assert_ptr_null(read_array("i2", "<", "\x89", latin1));
    ck_assert_float_eq(weight_floats(arena, only())[0], (float)(int16_t)0xe901);
    ck_assert_ptr_null(read_array("i2", "<", "\x89", "cbuiltins\nbytearray\nC\4\1\2\3\4\x85R"));
    ck_assert_float_eq(weight_floats(arena, only())[1], 0x403);
    assert_message(read_array("i2", "<", "\x89", "c__builtin__\nbytes\n)R"),
                   "the array 'w' holds 0 bytes, but its shape needs 4");
    assert_message(read_array("i2", "<", "\x89", "C\3\1\2\3"),
                   "holds 3 bytes, but its shape needs 4");
}
END_TEST

START_TEST(arrays_that_cannot_be_had)
{
    ck_assert_ptr_null(read_array("O8", "<", "\x89", "C\4\1\2\3\4"));
    assert_message(only()->problem, "elements that kiln cannot use");
    ck_assert_ptr_null(read_array("M8[s]", "<", "\x89", "C\4\1\2\3\4"));
    assert_message(only()->problem, "elements that kiln cannot use");
    ck_assert_ptr_null(read_array("i2", "<", "\x89", "]"));
    assert_message(only()->problem, "whose bytes are not in the file as such");
    ck_assert_ptr_null(read_array("i2", "<", "\x89", "cevil\nbytes\n)R"));
    assert_message(only()->problem, "whose bytes are not in the file as such");
    ck_assert_ptr_null(
        read_array("i2", "<", "\x89", "c_codecs\nencode\nU\4\xe2\x82\xac_U\6latin1\x86R"));
    assert_message(only()->problem, "whose bytes are not in the file as such");
    ck_assert_ptr_null(read_array("i2", "<", "\x89NNN", "C\4\1\2\3\4"));
    assert_message(only()->problem, "of a form that kiln does not know");
}
END_TEST

START_TEST(scalars_and_buffers)
{
    Text t = { .arena = arena };
    text_puts(&t, "\x80\2}");
    pickle_string(&t, "w");
    pickle_global(&t, "numpy._core.multiarray", "scalar");
    put_dtype(&t, "f4", "<");
    text_append(&t, "C\4\0\0\x80?\x86Rs.", 10);
    ck_assert_ptr_null(read_named(&t, "x"));
    ck_assert_int_eq(only()->rank, 0);
    ck_assert_float_eq(weight_floats(arena, only())[0], 1);
    t.length = 0;
    text_puts(&t, "\x80\5}");
    pickle_string(&t, "w");
    pickle_global(&t, "numpy.core.numeric", "_frombuffer");
    text_puts(&t, "(\x96");
    text_append(&t, "\4\0\0\0\0\0\0\0\1\2\3\4", 12);
    put_dtype(&t, "u1", "|");
    text_puts(&t, "K\2K\2\x86U\1FtRs.");
    ck_assert_ptr_null(read_named(&t, "x"));
    ck_assert_float_eq(weight_floats(arena, only())[1], 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_numpy");
    TCase *c = arena_case(suite, "npy");
    tcase_add_test(c, versions_and_orders);
    tcase_add_loop_test(c, bad_header, 0, COUNT_OF(bad_npy));
    tcase_add_test(c, elements_that_cannot_be_used);
    tcase_add_test(c, truncated_anywhere);
    c = arena_case(suite, "pickled");
    tcase_add_test(c, arrays_in_pickles);
    tcase_add_test(c, arrays_that_cannot_be_had);
    tcase_add_test(c, scalars_and_buffers);
    return suite_run(suite);
}
