/* .npy files: what is read, and each way to be malformed. */
#include "runtime/npy.h"
#include "tests/support/scratch.h"

#include <check.h>

/* A file with this dictionary, then `count` bytes 0, 1, 2, ... */
static size_t make(uint8_t *bytes, int version, const char *dictionary, size_t count)
{
    const size_t n = strlen(dictionary), start = version == 1 ? 10 : 12;

    memcpy(bytes, "\x93NUMPY", 6);
    memset(bytes + 6, 0, 6);
    bytes[6] = (uint8_t)version;
    bytes[8] = (uint8_t)n;
    memcpy(bytes + start, dictionary, n);
    for (size_t i = 0; i < count; i++)
        bytes[start + n + i] = (uint8_t)i;
    return start + n + count;
}

static int parse(const uint8_t *bytes, size_t length, NpyArray *array, Reason *why)
{
    uint8_t *copy = malloc(length ? length : 1);
    int ok;

    memcpy(copy, bytes, length);
    ok = npy_array_parse(copy, length, array, why);
    free(copy);
    return ok;
}

static NpyArray expect_array(int version, const char *dictionary, size_t bytes)
{
    uint8_t file[512];
    NpyArray array;
    Reason why;

    if (!parse(file, make(file, version, dictionary, bytes), &array, &why))
        ck_abort_msg("%s: %s", dictionary, why.text);
    return array;
}

static void expect_failure(const char *dictionary, size_t bytes, const char *message)
{
    uint8_t file[512];
    NpyArray array;
    Reason why;

    ck_assert_msg(!parse(file, make(file, 1, dictionary, bytes), &array, &why), "%s", dictionary);
    ck_assert_msg(strstr(why.text, message) != NULL, "'%s' is not '%s'", why.text, message);
    ck_assert_ptr_null(array.data);
}

START_TEST(test_read)
{
    NpyArray a = expect_array(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n",
                              8);

    ck_assert_int_eq(a.rank, 2);
    ck_assert_int_eq(a.dim[0], 2);
    ck_assert_int_eq(a.dim[1], 1);
    ck_assert_uint_eq(kiln_to_bits(a.data[1]), 0x07060504);
    npy_array_free(&a);
    a = expect_array(2, "{\"shape\":(),\"fortran_order\":True,\"descr\":\">f4\"}", 4);
    ck_assert_int_eq(a.rank, 0);
    ck_assert_uint_eq(kiln_to_bits(a.data[0]), 0x00010203);
    npy_array_free(&a);
    a = expect_array(3, "{'descr': '<f4', 'fortran_order': False, 'shape': (0L, 7L), }", 0);
    ck_assert_uint_eq(a.count, 0);
    npy_array_free(&a);
}
END_TEST

START_TEST(test_malformed)
{
    expect_failure("", 4, "a dictionary expected");
    expect_failure("{", 4, "a string expected");
    expect_failure("{'descr", 0, "the end of a string expected");
    expect_failure("{'descr' '<f4'}", 4, "a colon expected");
    expect_failure("{'descr': '<f4' 'shape'}", 4, "a comma expected");
    expect_failure("{'descr': '<f4'}", 4, "descr, fortran_order and shape expected");
    expect_failure("{'color': 3}", 4, "an unknown key 'color'");
    expect_failure("{'fortran_order': 1}", 4, "True or False expected");
    expect_failure("{'shape': 3}", 4, "a shape expected");
    expect_failure("{'shape': (-1,)}", 4, "a dimension expected");
    expect_failure("{'shape': (1", 4, "a comma expected");
    expect_failure("{'shape': (1,1,1,1,1,1,1,1,1)}", 4, "more than 8 dimensions");
    expect_failure("{'shape': (99999999999999999999,)}", 4, "its shape is too large");
    expect_failure("{'descr': [('a', '<f4')]}", 4, "it holds records");
}
END_TEST

START_TEST(test_refused)
{
    expect_failure("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 8,
                   "its elements are '<f8', float32 ('<f4') is expected");
    expect_failure("{'descr': '<f4', 'fortran_order': True, 'shape': (1,1)}", 4, "Fortran order");
    expect_failure("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 4,
                   "its shape needs 12 bytes of elements, the file has 4");
    expect_failure("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 5,
                   "its shape needs 4 bytes of elements, the file has 5");
    expect_failure("{'descr': '<f4', 'fortran_order': False, 'shape': "
                   "(4294967296, 4294967296, 4294967296)}",
                   4, "its shape is too large");
}
END_TEST

START_TEST(test_truncated)
{
    uint8_t file[512];
    const size_t n = make(file, 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n",
                          8);
    NpyArray array;
    Reason why;

    for (size_t i = 0; i < n; i++)
        ck_assert(!parse(file, i, &array, &why));
    file[6] = 4;
    ck_assert(!parse(file, n, &array, &why));
    ck_assert_str_eq(why.text, "version 4 of the .npy format is not supported");
}
END_TEST

START_TEST(test_round_trip)
{
    const kiln_shape shape = { 3, { 2, 1, 3 } };
    const float rows[2][6] = { { 0.5f, -0.0f, 1e-42f, 3, 4, 5 }, { 6, 7, 8, 9, 10, 11 } };
    NpyArray array;
    NpyWriter w;
    Reason why;

    ck_assert(npy_writer_open(&w, scratch_path("x.npy"), shape, &why));
    ck_assert_int_ne(access(scratch_path("x.npy"), F_OK), 0);
    ck_assert(npy_writer_row(&w, rows[0], &why) && npy_writer_row(&w, rows[1], &why));
    ck_assert(npy_writer_commit(&w, &why));
    ck_assert_msg(npy_array_load(scratch_path("x.npy"), &array, &why), "%s", why.text);
    ck_assert_int_eq(array.rank, 4);
    ck_assert_int_eq(array.dim[0], 2);
    ck_assert_int_eq(array.dim[1], 2);
    ck_assert_int_eq(array.dim[3], 3);
    ck_assert_mem_eq(array.data, rows, sizeof rows);
    npy_array_free(&array);
}
END_TEST

START_TEST(test_discard)
{
    const kiln_shape shape = { 1, { 1 } };
    NpyWriter w;
    Reason why;

    ck_assert(npy_writer_open(&w, scratch_path("x.npy"), shape, &why));
    npy_writer_discard(&w);
    ck_assert_int_eq(rmdir(scratch), 0); /* it is empty */
    ck_assert_int_eq(mkdir(scratch, 0700), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_npy");
    TCase *tcase = tcase_create("npy");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, test_read);
    tcase_add_test(tcase, test_malformed);
    tcase_add_test(tcase, test_refused);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_round_trip);
    tcase_add_test(tcase, test_discard);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
