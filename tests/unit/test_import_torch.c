/* PyTorch checkpoints in both forms: geometry, nesting, prefixes, records that are never called. */
#include "compiler/base/vec.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/torch_cases.h"
#include "tests/support/weight_files.h"

static WeightStore store;

static const char *read_text(const Text *t)
{
    store = (WeightStore){ .arena = arena };
    return weights_read_bytes(&store, "dir/net.pth", t->at, t->length);
}

static const WeightTensor *tensor(const char *name)
{
    const WeightTensor *t = map_get(&store.tensors, name);
    ck_assert_msg(t != NULL, "no tensor %s", name);
    return t;
}

static const char *read_object(const Text *object)
{
    Text t = torch_stream_of(arena, object);
    return read_text(&t);
}

/* --- geometry --------------------------------------------------------------------------------- */

START_TEST(strides_and_offsets)
{
    Text o = { .arena = arena };
    object_strides(&o);
    ck_assert_ptr_null(read_object(&o));
    ck_assert_int_eq(store.tensors.count, 6);
    ck_assert_float_eq(weight_floats(arena, tensor("plain"))[11], 12);
    ck_assert_float_eq(weight_floats(arena, tensor("transposed"))[1], 5);
    ck_assert_float_eq(weight_floats(arena, tensor("slice"))[2], 10);
    ck_assert_float_eq(weight_floats(arena, tensor("spread"))[14], 12);
    ck_assert_float_eq(weight_floats(arena, tensor("scalar"))[0], -6);
    ck_assert_int_eq(tensor("scalar")->rank, 0);
    ck_assert_int_eq(weight_count(tensor("empty")), 0);
    float two[2];
    weight_read(tensor("transposed"), 1, 2, two);
    ck_assert_float_eq(two[1], 9);
}
END_TEST

START_TEST(bad_tensor)
{
    Text o = { .arena = arena };
    text_puts(&o, "}");
    put_entry(&o, "w", bad_tensors[_i].tensor);
    assert_message(read_object(&o), bad_tensors[_i].message);
}
END_TEST

/* A tensor whose record is written out here: function and arguments. */
static const char *read_record(const char *module, const char *name, const Text *arguments)
{
    Text o = { .arena = arena };
    text_puts(&o, "}");
    pickle_string(&o, "w");
    pickle_global(&o, module, name);
    text_append(&o, arguments->at, arguments->length);
    text_puts(&o, "Rs");
    return read_object(&o);
}

START_TEST(parameters_and_subclasses)
{
    Text t = { .arena = arena };
    text_puts(&t, "(");
    pickle_tensor(&t, matrix);
    text_puts(&t, "\x88Nt");
    ck_assert_ptr_null(read_record("torch._utils", "_rebuild_parameter", &t));
    ck_assert_float_eq(weight_floats(arena, tensor("w"))[1], 2);

    t.length = 0;
    text_puts(&t, "(");
    pickle_global(&t, "torch._utils", "_rebuild_parameter");
    pickle_global(&t, "my.module", "Class");
    text_puts(&t, "(");
    pickle_tensor(&t, matrix);
    text_puts(&t, "t}t");
    ck_assert_ptr_null(read_record("torch._tensor", "_rebuild_from_type_v2", &t));
    ck_assert_ptr_null(tensor("w")->problem);
}
END_TEST

START_TEST(element_type_beside_the_storage)
{
    Text t = { .arena = arena };
    text_puts(&t, "(");
    pickle_storage(&t, "FloatStorage", "0", 12);
    text_puts(&t, "K\1(K\2t(K\1t\x89}");
    pickle_global(&t, "torch", "int32");
    text_puts(&t, "t");
    ck_assert_ptr_null(read_record("torch._utils", "_rebuild_tensor_v3", &t));
    ck_assert_int_eq(tensor("w")->dtype, DTYPE_I32);
    ck_assert_float_eq(weight_floats(arena, tensor("w"))[0], (float)0x40000000);
}
END_TEST

/* --- inert records ---------------------------------------------------------------------------- */

START_TEST(inert_records)
{
    Text t = { .arena = arena };
    text_puts(&t, "(");
    pickle_string(&t, "touch /tmp/called");
    text_puts(&t, "t");
    ck_assert_ptr_null(read_record("os", "system", &t));
    ck_assert_str_eq(tensor("w")->problem,
                     "its values depend on 'os.system', which kiln does not run");
    Text o = { .arena = arena };
    text_puts(&o, "}");
    put_entry(&o, "good", matrix);
    put_entry(&o, "complex", (TestTensor){ "ComplexFloatStorage", "0", 12, 0, 0, { 0 }, { 0 } });
    assert_message(read_object(&o),
                   "once a FloatStorage of 12 elements, once a ComplexFloatStorage");

    o.length = 0;
    text_puts(&o, "}");
    put_entry(&o, "good", matrix);
    pickle_string(&o, "bad");
    pickle_global(&o, "torch._utils", "_rebuild_tensor_v2");
    text_puts(&o, "(");
    pickle_global(&o, "evil", "storage");
    text_puts(&o, ")R");
    text_puts(&o, "K\1))tRs");
    pickle_string(&o, "number");
    text_puts(&o, "K\7s");
    ck_assert_ptr_null(read_object(&o));
    ck_assert_int_eq(store.tensors.count, 2);
    ck_assert_ptr_null(tensor("good")->problem);
    assert_message(tensor("bad")->problem, "depend on 'evil.storage'");
}
END_TEST

START_TEST(records_and_arrays)
{
    Text o = { .arena = arena };
    object_arrays(&o);
    ck_assert_ptr_null(read_object(&o));
    ck_assert_int_eq(store.tensors.count, 3);
    ck_assert_float_eq(weight_floats(arena, tensor("buffer"))[1], 0x6364);
    o.length = 0;
    object_records(&o);
    ck_assert_ptr_null(read_object(&o));
    ck_assert_ptr_null(tensor("subclass")->problem);
    assert_message(tensor("inert")->problem, "depend on 'evil.storage'");
    assert_message(tensor("strange")->problem, "its storage is a QInt8Storage");
}
END_TEST

START_TEST(raw_object)
{
    Text o = { .arena = arena };
    text_append(&o, torch_raw[_i].bytes, torch_raw[_i].length);
    const char *error = read_object(&o);
    if (torch_raw[_i].error) {
        assert_message(error, torch_raw[_i].error);
        return;
    }
    ck_assert_msg(!error, "got: %s", error);
    const char *problem = tensor("w")->problem;
    if (torch_raw[_i].problem)
        assert_message(problem, torch_raw[_i].problem);
    else
        ck_assert_msg(!problem, "got: %s", problem);
}
END_TEST

/* --- where the weights are -------------------------------------------------------------------- */

START_TEST(training_checkpoint)
{
    Text o = { .arena = arena };
    object_training(&o);
    ck_assert_ptr_null(read_object(&o));
    ck_assert_int_eq(store.tensors.count, 2);
    ck_assert_str_eq(store.tensors.entry[0].key, "conv.weight");
    ck_assert_float_eq(weight_floats(arena, tensor("bn.num_batches_tracked"))[1], -6);
}
END_TEST

START_TEST(prefix_only_where_all_carry_it)
{
    Text o = { .arena = arena };
    object_mixed_prefix(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("module.w");
    o.length = 0;
    object_two_prefixes(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("w");
    o.length = 0;
    object_only_prefix(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("module.");
}
END_TEST

START_TEST(nested_and_bare)
{
    Text o = { .arena = arena };
    object_nested(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("G.w");
    tensor("7.w");
    ck_assert_int_eq(store.tensors.count, 2);
    o.length = 0;
    object_bare_tensor(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("net");
    o.length = 0;
    object_no_tensors(&o);
    assert_message(read_object(&o), "it holds no tensors");
    /* Python 2's OrderedDict: its items as a list of lists. */
    o.length = 0;
    object_python2_dictionary(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("w");
}
END_TEST

START_TEST(whole_module)
{
    Text o = { .arena = arena };
    object_module(&o);
    ck_assert_ptr_null(read_object(&o));
    ck_assert_int_eq(store.tensors.count, 2);
    tensor("w");
    tensor("inner.v");
    o.length = 0;
    object_script_module(&o);
    ck_assert_ptr_null(read_object(&o));
    tensor("w");
}
END_TEST

/* --- pickles that mean harm ------------------------------------------------------------------- */

START_TEST(dictionary_within_itself)
{
    Text o = { .arena = arena };
    object_self_containing(&o);
    assert_message(read_object(&o), "nest more than 64 deep (the limit)");
    o.length = 0;
    object_self_wrapping(&o);
    assert_message(read_object(&o), "nest more than 64 deep (the limit)");
}
END_TEST

START_TEST(dictionary_bomb)
{
    Text o = { .arena = arena };
    object_bomb(&o);
    assert_message(read_object(&o), "it holds more than 500000 values (the limit)");
}
END_TEST

/* One array of a megabyte, big-endian, under two thousand names. */
START_TEST(array_bomb)
{
    Text o = { .arena = arena };
    text_puts(&o, "}"
                  "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)U\1btR(K\1");
    text_append(&o, "J\0\0\x10\0\x85", 6);
    text_puts(&o, "cnumpy\ndtype\n(U\2u2tR(K\3U\1>tbN");
    text_append(&o, "T\0\0\x20\0", 5);
    char *zeros = arena_alloc(arena, 2 << 20);
    text_append(&o, zeros, 2 << 20);
    text_append(&o,
                "tbq\0"
                "0",
                5);
    ck_assert_int_eq(o.at[0], '}');
    for (int i = 0; i < 2000; i++) {
        pickle_string(&o, arena_printf(arena, "%d", i));
        text_append(&o, "h\0s", 3);
    }
    ck_assert_ptr_null(read_object(&o)); /* u2 is no type of ours: nothing is copied */
    memcpy(memmem(o.at, o.length, "u2", 2), "i2", 2);
    assert_message(read_object(&o), "its arrays take more than");
}
END_TEST

START_TEST(bad_names)
{
    Text o = { .arena = arena }, key = { .arena = arena };
    text_puts(&o, "}");
    put_entry(&o, "w", matrix);
    put_entry(&o, "w", pair);
    assert_message(read_object(&o), "the tensor 'w' occurs twice");
    for (int i = 0; i < 2000; i++)
        text_puts(&key, "k");
    o.length = 0;
    text_puts(&o, "}");
    put_entry(&o, text_string(&key), matrix);
    assert_message(read_object(&o), "within '' makes more than 1024 bytes (the limit)");
    o.length = 0;
    text_append(&o, "}U\3a\0b", 6);
    pickle_tensor(&o, matrix);
    text_puts(&o, "s");
    assert_message(read_object(&o), "the name 'a\\x00b' contains a zero byte");
}
END_TEST

/* --- the old stream --------------------------------------------------------------------------- */

static Text simple_stream(void)
{
    Text o = { .arena = arena };
    text_puts(&o, "}");
    put_entry(&o, "w", matrix);
    return torch_stream_of(arena, &o);
}

START_TEST(stream_truncated_anywhere)
{
    Text t = simple_stream();
    ck_assert_ptr_null(read_text(&t));
    for (size_t n = 0; n < t.length; n++) {
        Text cut = { .arena = arena, .at = t.at, .length = n };
        ck_assert_ptr_nonnull(read_text(&cut));
    }
    text_puts(&t, "x");
    ck_assert_str_eq(read_text(&t), "1 bytes follow the last storage");
}
END_TEST

/* Replaces the first occurrence of a byte string by another of the same length. */
static void replace(Text *t, const char *from, const char *to)
{
    char *p = memmem(t->at, t->length, from, strlen(from));
    ck_assert_ptr_nonnull(p);
    memcpy(p, to, strlen(from));
}

START_TEST(stream_header)
{
    Text t = simple_stream();
    replace(&t, "M\xe9\3", "M\xe8\3");
    ck_assert_str_eq(read_text(&t), "its version of the form is not 1001");
    t = simple_stream();
    replace(&t, "little_endian\x88", "little_endian\x89");
    assert_message(read_text(&t), "it was written on a big-endian machine");
    t = simple_stream();
    replace(&t, "little_endian", "little_indian");
    assert_message(read_text(&t), "does not say whether it is little-endian");
    t = simple_stream();
    replace(&t, "\x6c\xfc", "\x6c\xfd");
    ck_assert_str_eq(read_text(&t), "it holds no tensors");
}
END_TEST

START_TEST(stream_storages)
{
    static const struct {
        const char *type;
        int64_t count;
        const char *keys;
        uint64_t stored;
        const char *message;
    } rows[] = {
        { "FloatStorage", 1,
          "](X\1\0\0\0"
          "0e",
          2, "storage '0' has 2 elements, but the pickle says 1" },
        { "FloatStorage", 9,
          "](X\1\0\0\0"
          "0e",
          9, "storage '0' has 9 elements of 4 bytes, but the file ends after 4 bytes" },
        { "FloatStorage", INT64_MAX,
          "](X\1\0\0\0"
          "0e",
          INT64_MAX, "but the file ends after 4 bytes" },
        { "FloatStorage", 1,
          "](X\1\0\0\0"
          "1e",
          1, "storage '1' follows, but nothing refers to it" },
        { "FloatStorage", 1, "](K\1e", 1, "a key of its list of storages is no string" },
        { "FloatStorage", 1, "}", 1, "its list of storages is no list" },
        { "StrangeStorage", 1,
          "](X\1\0\0\0"
          "0e",
          1, "storage '0' is a 'StrangeStorage', whose elements have an unknown size" },
    };
    for (int i = 0; i < COUNT_OF(rows); i++) {
        Text o = { .arena = arena }, none = { .arena = arena }, t;
        pickle_storage(&o, rows[i].type, "0", rows[i].count);
        t = make_stream(arena, &o, 0, NULL, &none);
        t.length -= 4; /* the empty list of keys */
        text_append(&t, rows[i].keys, rows[i].keys[0] == '}' ? 1 : rows[i].keys[2] == 'K' ? 5 : 9);
        text_puts(&t, ".");
        put_number(&t, rows[i].stored, 8);
        put_floats(&t, 1, 1);
        assert_message(read_text(&t), rows[i].message);
    }
}
END_TEST

/* A view as PyTorch 0.3 wrote it: storage "0" from its element 8 on. */
START_TEST(stream_view)
{
    Text t = { .arena = arena };
    text_puts(&t, "((");
    pickle_string(&t, "storage");
    pickle_global(&t, "torch", "FloatStorage");
    pickle_string(&t, "0");
    pickle_string(&t, "cpu");
    text_puts(&t, "K\x0c(");
    pickle_string(&t, "view");
    text_puts(&t, "K\x08K\4ttQK\1(K\2t(K\1tt");
    ck_assert_ptr_null(read_record("torch._utils", "_rebuild_tensor", &t));
    ck_assert_float_eq(weight_floats(arena, tensor("w"))[0], 10);
}
END_TEST

/* Every bit of a small stream flipped in turn: an error or a reading, never a crash. */
START_TEST(stream_bits)
{
    Text t = simple_stream();
    for (size_t i = 0; i < 8 * t.length; i++) {
        t.at[i / 8] = (char)(t.at[i / 8] ^ (1 << i % 8));
        if (!read_text(&t))
            for (int k = 0; k < store.tensors.count; k++) {
                const WeightTensor *w = store.tensors.entry[k].value;
                if (!w->problem && weight_count(w) < 1000)
                    weight_floats(arena, w);
            }
        t.at[i / 8] = (char)(t.at[i / 8] ^ (1 << i % 8));
    }
}
END_TEST

/* --- the zip form ----------------------------------------------------------------------------- */

typedef struct CheckpointParts {
    const char *byte_order, *data; /* contents, and the name of the entry for storage 0 */
    int floats, method;
} CheckpointParts;

static Text zip_checkpoint(CheckpointParts p)
{
    Text o = { .arena = arena }, data = { .arena = arena }, order = { .arena = arena };
    ZipWriter w = zip_writer(arena);
    text_puts(&o, "\x80\2}");
    put_entry(&o, "w", matrix);
    text_puts(&o, ".");
    put_floats(&data, p.floats, 1);
    text_puts(&order, p.byte_order ? p.byte_order : "");
    zip_add(&w, "net/data.pkl", p.method, &o);
    if (p.byte_order)
        zip_add(&w, "net/byteorder", 0, &order);
    zip_add(&w, p.data, p.method, &data);
    return zip_end(&w);
}

START_TEST(zip_form)
{
    for (int method = 0; method <= 8; method += 8) {
        Text t = zip_checkpoint((CheckpointParts){ "little", "net/data/0", 12, method });
        ck_assert_ptr_null(read_text(&t));
        ck_assert_float_eq(weight_floats(arena, tensor("w"))[11], 12);
    }
    Text t = zip_checkpoint((CheckpointParts){ NULL, "net/data/0", 12, 0 });
    ck_assert_ptr_null(read_text(&t));
    t = zip_checkpoint((CheckpointParts){ "big", "net/data/0", 12, 0 });
    ck_assert_str_eq(read_text(&t), "its byte order is 'big', and only little is read");
    t = zip_checkpoint((CheckpointParts){ "little", "net/data/1", 12, 0 });
    ck_assert_str_eq(read_text(&t), "the archive has no entry for storage '0'");
    t = zip_checkpoint((CheckpointParts){ "little", "net/data/0", 11, 0 });
    ck_assert_str_eq(read_text(&t), "storage '0' has 44 bytes, but the pickle says 12 of 4 bytes");
}
END_TEST

START_TEST(zip_truncated_anywhere)
{
    Text t = zip_checkpoint((CheckpointParts){ "little", "net/data/0", 12, 8 });
    for (size_t n = 0; n < t.length; n++) {
        Text cut = { .arena = arena, .at = t.at, .length = n };
        ck_assert_ptr_nonnull(read_text(&cut));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_torch");
    TCase *c = arena_case(suite, "tensors");
    tcase_add_test(c, strides_and_offsets);
    tcase_add_loop_test(c, bad_tensor, 0, COUNT_OF(bad_tensors));
    tcase_add_test(c, parameters_and_subclasses);
    tcase_add_test(c, element_type_beside_the_storage);
    tcase_add_test(c, inert_records);
    tcase_add_test(c, records_and_arrays);
    tcase_add_loop_test(c, raw_object, 0, COUNT_OF(torch_raw));
    c = arena_case(suite, "checkpoints");
    tcase_add_test(c, training_checkpoint);
    tcase_add_test(c, prefix_only_where_all_carry_it);
    tcase_add_test(c, nested_and_bare);
    tcase_add_test(c, whole_module);
    tcase_add_test(c, dictionary_within_itself);
    tcase_add_test(c, dictionary_bomb);
    tcase_add_test(c, array_bomb);
    tcase_add_test(c, bad_names);
    c = arena_case(suite, "stream");
    tcase_add_test(c, stream_truncated_anywhere);
    tcase_add_test(c, stream_header);
    tcase_add_test(c, stream_storages);
    tcase_add_test(c, stream_view);
    tcase_add_test(c, stream_bits);
    c = arena_case(suite, "zip");
    tcase_add_test(c, zip_form);
    tcase_add_test(c, zip_truncated_anywhere);
    return suite_run(suite);
}
