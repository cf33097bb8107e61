/* safetensors: every element type, and each way in which header and offsets can lie. */
#include "compiler/base/vec.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/safetensors_cases.h"
#include "tests/support/weight_files.h"

static const char *read_text(const Text *t, WeightStore *s)
{
    *s = (WeightStore){ .arena = arena };
    return weights_read_bytes(s, "test", t->at, t->length);
}

START_TEST(every_type)
{
    Text t = make_safetensors(arena, every_type_header, 38);
    WeightStore s;
    ck_assert_ptr_null(read_text(&t, &s));
    ck_assert_int_eq(s.tensors.count, 11);
    const WeightTensor *a = map_get(&s.tensors, "a"), *e = map_get(&s.tensors, "e");
    ck_assert_int_eq(a->rank, 2);
    ck_assert_int_eq(a->stride[0], 2);
    ck_assert_int_eq(weight_count(a), 2);
    ck_assert_str_eq(a->file, "test");
    ck_assert_float_eq(weight_floats(arena, e)[1], 21);
    const WeightTensor *h = map_get(&s.tensors, "h");
    ck_assert_float_eq(weight_floats(arena, h)[0], (float)0x1c1b1a19);
    const WeightTensor *k = map_get(&s.tensors, "k\xc3\xa9\\u0000");
    ck_assert_ptr_nonnull(k);
    ck_assert_int_eq(weight_count(k), 0);
}
END_TEST

START_TEST(bad_header)
{
    Text t = make_safetensors(arena, bad_safetensors[_i].header, bad_safetensors[_i].data_bytes);
    WeightStore s;
    const char *error = read_text(&t, &s);
    assert_message(error, bad_safetensors[_i].message);
}
END_TEST

START_TEST(header_length)
{
    Text t = make_safetensors(arena, "{}", 0);
    WeightStore s;
    ck_assert_ptr_null(read_text(&t, &s));
    t.at[0] = 3;
    ck_assert_str_eq(read_text(&t, &s), "the safetensors header has 3 bytes, but only 2 follow");
    t.at[7] = (char)0xff;
    assert_message(read_text(&t, &s), "has 18374686479671623683 bytes");
    t = make_safetensors(arena, "{}", 17 << 20);
    t.at[0] = 0;
    t.at[3] = 1;
    t.at[2] = 1;
    assert_message(read_text(&t, &s), "more than 16777216 (the limit)");
    t = make_safetensors(arena, "{\"a\":[[]]", 0);
    t.at[9] = 0;
    ck_assert_str_eq(read_text(&t, &s), "the header contains a zero byte");
}
END_TEST

START_TEST(truncated_anywhere)
{
    Text t = make_safetensors(arena, "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8]") "}", 8);
    WeightStore s;
    for (size_t n = 0; n < t.length; n++)
        ck_assert_ptr_nonnull(weights_read_bytes(&(WeightStore){ .arena = arena }, "t", t.at, n));
    ck_assert_ptr_null(read_text(&t, &s));
}
END_TEST

START_TEST(deep_nesting)
{
    Text header = { .arena = arena };
    text_puts(&header, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        text_puts(&header, "[");
    Text t = make_safetensors(arena, text_string(&header), 0);
    WeightStore s;
    assert_message(read_text(&t, &s), "the header is no JSON near byte");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_safetensors");
    TCase *c = arena_case(suite, "safetensors");
    tcase_add_test(c, every_type);
    tcase_add_loop_test(c, bad_header, 0, COUNT_OF(bad_safetensors));
    tcase_add_test(c, header_length);
    tcase_add_test(c, truncated_anywhere);
    tcase_add_test(c, deep_nesting);
    return suite_run(suite);
}
