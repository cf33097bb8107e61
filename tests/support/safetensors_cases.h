/* Headers of safetensors files, good and bad, for the unit tests and as seeds of the fuzzer. */
#ifndef KILN_TESTS_SAFETENSORS_CASES_H
#define KILN_TESTS_SAFETENSORS_CASES_H

/* For 38 bytes of data. */
static const char every_type_header[] =
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
    "\"k\\u00e9\\\\u0000\":{\"dtype\":\"F32\",\"shape\":[0,4],\"data_offsets\":[38,38]}}  ";

#define SAFETENSORS_ENTRY(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
    const char *header;
    int data_bytes;
    const char *message;
} bad_safetensors[] = {
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8]") "," SAFETENSORS_ENTRY("b", "F32", "[2]",
                                                                              "[4,12]") "}",
      12, "the bytes of 'a' and of 'b' overlap" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8]") "," SAFETENSORS_ENTRY("b", "F32", "[2]",
                                                                              "[0,8]") "}",
      8, "overlap" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8]") "}", 7,
      "are 0 to 8, but there are 7 bytes" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[8,0]") "}", 8, "are 8 to 0" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[4,12]") "}", 12,
      "4 bytes before 'a' belong to no tensor" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8]") "}", 9,
      "the last 1 of 9 bytes belong to no tensor" },
    { "{}", 3, "the last 3 of 3" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[3]", "[0,8]") "}", 8,
      "'a' has 8 bytes, but its shape and dtype need 12" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[4294967296,4294967296]", "[0,8]") "}", 8,
      "need more than" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[4294967296,4294967296,0]", "[0,8]") "}", 8, "need 0" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8]") "," SAFETENSORS_ENTRY("a", "F32", "[2]",
                                                                              "[8,16]") "}",
      16, "the tensor 'a' occurs twice" },
    { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
      "'a' has twice the key dtype" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "'a' has no data_offsets" },
    { "{\"a\":{\"type\":\"F32\",\"shape\":[2]}}", 8, "'a' has an unknown key 'type'" },
    { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice the key '__metadata__'" },
    { "{\"a\":7}", 0, "entry 'a' is no object" },
    { "{" SAFETENSORS_ENTRY("a", "F31", "[2]", "[0,8]") "}", 8, "the dtype of 'a' is 'F31'" },
    { "{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
      "dtype of 'a' is no string" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "2", "[0,8]") "}", 8, "the shape of 'a' is no list" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[-2]", "[0,8]") "}", 8,
      "something else than whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2.5]", "[0,8]") "}", 8,
      "something else than whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[1e300]", "[0,8]") "}", 8,
      "something else than whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[\"2\"]", "[0,8]") "}", 8,
      "something else than whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}", 8,
      "more than 8 dimensions" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,8,9]") "}", 8, "are not two whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0]") "}", 8, "are not two whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0.5,8]") "}", 8, "are not two whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "[0,18446744073709551616]") "}", 8,
      "are not two whole numbers" },
    { "{" SAFETENSORS_ENTRY("a", "F32", "[2]", "8") "}", 8, "are not two whole numbers" },
    { "{" SAFETENSORS_ENTRY("", "F32", "[2]", "[0,8]") "}", 8, "a tensor has an empty name" },
    { "{" SAFETENSORS_ENTRY("a\\u0000b", "F32", "[2]", "[0,8]") "}", 8, "the character \\u0000" },
    { "{\"a\":{", 0, "the header is no JSON near byte" },
    { "{\"a\" 7}", 0, "the header is no JSON near byte 13" },
    { "{} {}", 0, "goes on behind its JSON, at byte 11" },
};

#endif
