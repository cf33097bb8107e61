/* Objects as torch.save() would have pickled them (without PROTO and STOP), for the unit tests and as
 * seeds of the fuzzers. They refer to two storages: "0", twelve floats from 1, and "1", two integers. */
#ifndef KILN_TESTS_TORCH_CASES_H
#define KILN_TESTS_TORCH_CASES_H

#include "tests/support/weight_files.h"

/* The object's pickle with storages "0" (twelve floats from 1) and "1" (two 64-bit integers). */
static inline Text torch_stream_of(Arena *a, const Text *object)
{
    static const char *const keys[] = { "0", "1" };
    Text storages = { .arena = a }, whole = { .arena = a };
    put_number(&storages, 12, 8);
    put_floats(&storages, 12, 1);
    put_number(&storages, 2, 8);
    put_number(&storages, 5, 8);
    put_number(&storages, (uint64_t)-6, 8);
    /* So that both storages are referred to whatever the object is. */
    pickle_storage(&whole, "FloatStorage", "0", 12);
    text_puts(&whole, "0");
    pickle_storage(&whole, "LongStorage", "1", 2);
    text_puts(&whole, "0");
    text_append(&whole, object->at, object->length);
    return make_stream(a, &whole, 2, keys, &storages);
}

static const TestTensor matrix = { "FloatStorage", "0", 12, 0, 2, { 3, 4 }, { 4, 1 } };
static const TestTensor pair = { "LongStorage", "1", 2, 0, 1, { 2 }, { 1 } };

static inline void put_entry(Text *t, const char *key, TestTensor x)
{
    pickle_string(t, key);
    pickle_tensor(t, x);
    text_puts(t, "s");
}

static inline void put_module(Text *o, const char *key, TestTensor x)
{
    pickle_global(o, "my.nets", "Net");
    text_puts(o, ")\x81}");
    pickle_string(o, "training");
    text_puts(o, "\x89s");
    pickle_string(o, "_parameters");
    text_puts(o, "}");
    put_entry(o, key, x);
    text_puts(o, "s");
    pickle_string(o, "_modules");
    text_puts(o, "}");
}

static inline void object_strides(Text *o)
{
    text_puts(o, "}");
    put_entry(o, "plain", matrix);
    put_entry(o, "transposed", (TestTensor){ "FloatStorage", "0", 12, 0, 2, { 4, 3 }, { 1, 4 } });
    put_entry(o, "slice", (TestTensor){ "FloatStorage", "0", 12, 5, 2, { 2, 2 }, { 4, 1 } });
    put_entry(o, "spread", (TestTensor){ "FloatStorage", "0", 12, 11, 2, { 3, 5 }, { 0, 0 } });
    put_entry(o, "scalar", (TestTensor){ "LongStorage", "1", 2, 1, 0, { 0 }, { 0 } });
    put_entry(o, "empty", (TestTensor){ "FloatStorage", "0", 12, 12, 2, { 0, 3 }, { 3, 1 } });
}

static inline void object_training(Text *o)
{
    text_puts(o, "}");
    pickle_string(o, "epoch");
    text_puts(o, "K\3s");
    put_entry(o, "best_acc1", pair);
    pickle_string(o, "optimizer");
    text_puts(o, "}");
    pickle_string(o, "state");
    text_puts(o, "}K\1}");
    put_entry(o, "exp_avg", matrix);
    text_puts(o, "ss");
    pickle_string(o, "param_groups");
    text_puts(o, "]ss");
    pickle_string(o, "args");
    pickle_global(o, "argparse", "Namespace");
    text_puts(o, ")R}bs");
    pickle_string(o, "model");
    pickle_global(o, "collections", "OrderedDict");
    text_puts(o, ")R");
    put_entry(o, "module.conv.weight", matrix);
    put_entry(o, "module.bn.num_batches_tracked", pair);
    text_puts(o, "}b");
    text_puts(o, "s");
}

static inline void object_mixed_prefix(Text *o)
{
    text_puts(o, "}");
    put_entry(o, "module.w", matrix);
    put_entry(o, "n", pair);
}

static inline void object_two_prefixes(Text *o)
{
    text_puts(o, "}");
    put_entry(o, "_orig_mod.module.w", matrix);
    put_entry(o, "_orig_mod.module.v", matrix);
}

static inline void object_only_prefix(Text *o)
{
    text_puts(o, "}");
    put_entry(o, "module.", matrix);
}

static inline void object_nested(Text *o)
{
    text_puts(o, "}");
    pickle_string(o, "G");
    text_puts(o, "}");
    put_entry(o, "w", matrix);
    text_puts(o, "sK\7}");
    put_entry(o, "w", pair);
    text_puts(o, "sN}");
    put_entry(o, "unnamed", pair);
    text_puts(o, "s");
}

static inline void object_bare_tensor(Text *o)
{
    pickle_tensor(o, matrix);
}

static inline void object_no_tensors(Text *o)
{
    text_puts(o, "K\1");
}

static inline void object_python2_dictionary(Text *o)
{
    pickle_global(o, "collections", "OrderedDict");
    text_puts(o, "(](](");
    pickle_string(o, "w");
    pickle_tensor(o, matrix);
    text_puts(o, "e](NeetR");
}

static inline void object_module(Text *o)
{
    put_module(o, "w", matrix);
    pickle_string(o, "inner");
    put_module(o, "v", pair);
    text_puts(o, "sb"); /* inner's _modules and state */
    text_puts(o, "ssb");
}

static inline void object_script_module(Text *o)
{
    pickle_global(o, "__torch__.my", "Net");
    text_puts(o, ")\x81}");
    put_entry(o, "w", matrix);
    text_puts(o, "b");
}

static inline void object_self_containing(Text *o)
{
    text_append(o, "}q\0", 3);
    pickle_string(o, "a");
    text_append(o, "h\0s", 3);
}

static inline void object_self_wrapping(Text *o)
{
    text_append(o, "}q\0", 3);
    pickle_string(o, "model");
    text_append(o, "h\0s", 3);
}

static inline void object_bomb(Text *o)
{
    text_puts(o, "}");
    put_entry(o, "w", matrix);
    for (int i = 1; i < 40; i++) {
        char put[] = { 'q', (char)i, '0', '}' }, get[] = { 'h', (char)i, 's' };
        text_append(o, put, 4);
        pickle_string(o, "a");
        text_append(o, get, 3);
        pickle_string(o, "b");
        text_append(o, get, 3);
    }
}

static inline void object_records(Text *o)
{
    text_puts(o, "}");
    pickle_string(o, "parameter");
    pickle_global(o, "torch._utils", "_rebuild_parameter");
    text_puts(o, "(");
    pickle_tensor(o, matrix);
    text_puts(o, "\x88NtRs");
    pickle_string(o, "subclass");
    pickle_global(o, "torch._tensor", "_rebuild_from_type_v2");
    text_puts(o, "(");
    pickle_global(o, "torch._utils", "_rebuild_parameter");
    pickle_global(o, "my.module", "Class");
    text_puts(o, "(");
    pickle_tensor(o, pair);
    text_puts(o, "t}tRs");
    pickle_string(o, "typed");
    pickle_global(o, "torch._utils", "_rebuild_tensor_v3");
    text_puts(o, "(");
    pickle_storage(o, "FloatStorage", "0", 12);
    text_puts(o, "K\1(K\2t(K\1t\x89}");
    pickle_global(o, "torch", "int32");
    text_puts(o, "tRs");
    pickle_string(o, "inert");
    pickle_global(o, "torch._utils", "_rebuild_tensor");
    text_puts(o, "(cevil\nstorage\n)RK\1))tRs");
    put_entry(o, "strange", (TestTensor){ "QInt8Storage", "2", 12, 0, 0, { 0 }, { 0 } });
}

static inline void object_arrays(Text *o)
{
    static const char dtype[] = "cnumpy\ndtype\n(U\2i2\x89\x88tR(K\3U\1>NNNJ\xff\xff\xff\xff"
                                "J\xff\xff\xff\xffK\0tb";
    text_puts(o, "}");
    pickle_string(o, "array");
    text_puts(o, "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)U\1btR(K\1K\2K\1\x86");
    text_append(o, dtype, sizeof dtype - 1);
    text_puts(o, "\x88"
                 "c_codecs\nencode\nU\5\x01\xc3\xa9\x02\x03U\6latin1\x86Rtbs");
    pickle_string(o, "scalar");
    text_puts(o, "cnumpy.core.multiarray\nscalar\n(");
    text_append(o, dtype, sizeof dtype - 1);
    text_puts(o, "cbuiltins\nbytearray\nC\2ab\x85RtRs");
    pickle_string(o, "buffer");
    text_puts(o, "cnumpy.core.numeric\n_frombuffer\n(C\4abcd");
    text_append(o, dtype, sizeof dtype - 1);
    text_puts(o, "K\2\x85U\1FtRs");
}

typedef void TorchObject(Text *o);

static TorchObject *const torch_objects[] = {
    object_strides,       object_training,      object_mixed_prefix,
    object_two_prefixes,  object_only_prefix,   object_nested,
    object_bare_tensor,   object_no_tensors,    object_python2_dictionary,
    object_module,        object_script_module, object_self_containing,
    object_self_wrapping, object_bomb,          object_records,
    object_arrays,
};

enum { TORCH_OBJECTS = sizeof torch_objects / sizeof *torch_objects };

static inline Text torch_object(Arena *a, int i)
{
    Text t = { .arena = a };
    torch_objects[i](&t);
    return t;
}

#endif
