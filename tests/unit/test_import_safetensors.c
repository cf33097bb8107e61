/* safetensors: every element type, and each way in which header and offsets can lie. */
#include "compiler/base/vec.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/weight_files.h"

static const char *read_text(const Text *t, WeightStore *s)
{
    *s = (WeightStore){ .arena = arena };
    return weights_read_bytes(s, "test", t->at, t->length);
}

START_TEST(every_type)
{
    Text t = make_safetensors(
        arena,
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
        "\"b\":{\"data_offsets\":[8,10],\"dtype\":\"F16\",\"shape\":[1]},"
        "\"c\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[10,12]},"
        "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[12,20]},"
        "\"e\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[20,22]},"
        "\"f\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[22,23]},"
        "\"g\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[23,25]},"
        "\"h\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[25,29]},"
        "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[29,37]},"
        "\"j\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[37,38]},"
        "\"k\\u00e9\\\\u0000\":{\"dtype\":\"F32\",\"shape\":[0,4],\"data_offsets\":[38,38]}}  ",
        38);
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

#define ENTRY(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
    const char *header;
    int data_bytes;
    const char *message;
} bad[] = {
    { "{" ENTRY("a", "F32", "[2]", "[0,8]") "," ENTRY("b", "F32", "[2]", "[4,12]") "}", 12,
      "the bytes of 'a' and of 'b' overlap" },
    { "{" ENTRY("a", "F32", "[2]", "[0,8]") "," ENTRY("b", "F32", "[2]", "[0,8]") "}", 8,
      "overlap" },
    { "{" ENTRY("a", "F32", "[2]", "[0,8]") "}", 7, "are 0 to 8, but there are 7 bytes" },
    { "{" ENTRY("a", "F32", "[2]", "[8,0]") "}", 8, "are 8 to 0" },
    { "{" ENTRY("a", "F32", "[2]", "[4,12]") "}", 12, "4 bytes before 'a' belong to no tensor" },
    { "{" ENTRY("a", "F32", "[2]", "[0,8]") "}", 9, "the last 1 of 9 bytes belong to no tensor" },
    { "{}", 3, "the last 3 of 3" },
    { "{" ENTRY("a", "F32", "[3]", "[0,8]") "}", 8,
      "'a' has 8 bytes, but its shape and dtype need 12" },
    { "{" ENTRY("a", "F32", "[4294967296,4294967296]", "[0,8]") "}", 8, "need more than" },
    { "{" ENTRY("a", "F32", "[4294967296,4294967296,0]", "[0,8]") "}", 8, "need 0" },
    { "{" ENTRY("a", "F32", "[2]", "[0,8]") "," ENTRY("a", "F32", "[2]", "[8,16]") "}", 16,
      "the tensor 'a' occurs twice" },
    { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
      "'a' has twice the key dtype" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "'a' has no data_offsets" },
    { "{\"a\":{\"type\":\"F32\",\"shape\":[2]}}", 8, "'a' has an unknown key 'type'" },
    { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice the key '__metadata__'" },
    { "{\"a\":7}", 0, "entry 'a' is no object" },
    { "{" ENTRY("a", "F31", "[2]", "[0,8]") "}", 8, "the dtype of 'a' is 'F31'" },
    { "{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
      "dtype of 'a' is no string" },
    { "{" ENTRY("a", "F32", "2", "[0,8]") "}", 8, "the shape of 'a' is no list" },
    { "{" ENTRY("a", "F32", "[-2]", "[0,8]") "}", 8, "something else than whole numbers" },
    { "{" ENTRY("a", "F32", "[2.5]", "[0,8]") "}", 8, "something else than whole numbers" },
    { "{" ENTRY("a", "F32", "[1e300]", "[0,8]") "}", 8, "something else than whole numbers" },
    { "{" ENTRY("a", "F32", "[\"2\"]", "[0,8]") "}", 8, "something else than whole numbers" },
    { "{" ENTRY("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}", 8, "more than 8 dimensions" },
    { "{" ENTRY("a", "F32", "[2]", "[0,8,9]") "}", 8, "are not two whole numbers" },
    { "{" ENTRY("a", "F32", "[2]", "[0]") "}", 8, "are not two whole numbers" },
    { "{" ENTRY("a", "F32", "[2]", "[0.5,8]") "}", 8, "are not two whole numbers" },
    { "{" ENTRY("a", "F32", "[2]", "[0,18446744073709551616]") "}", 8,
      "are not two whole numbers" },
    { "{" ENTRY("a", "F32", "[2]", "8") "}", 8, "are not two whole numbers" },
    { "{" ENTRY("", "F32", "[2]", "[0,8]") "}", 8, "a tensor has an empty name" },
    { "{" ENTRY("a\\u0000b", "F32", "[2]", "[0,8]") "}", 8, "the character \\u0000" },
    { "{\"a\":{", 0, "the header is no JSON near byte" },
    { "{\"a\" 7}", 0, "the header is no JSON near byte 13" },
    { "{} {}", 0, "goes on behind its JSON, at byte 11" },
};

START_TEST(bad_header)
{
    Text t = make_safetensors(arena, bad[_i].header, bad[_i].data_bytes);
    WeightStore s;
    const char *error = read_text(&t, &s);
    assert_message(error, bad[_i].message);
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
    Text t = make_safetensors(arena, "{" ENTRY("a", "F32", "[2]", "[0,8]") "}", 8);
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
    tcase_add_loop_test(c, bad_header, 0, COUNT_OF(bad));
    tcase_add_test(c, header_length);
    tcase_add_test(c, truncated_anywhere);
    tcase_add_test(c, deep_nesting);
    return suite_run(suite);
}
