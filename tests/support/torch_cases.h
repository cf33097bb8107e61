/* Objects as torch.save() would have pickled them (without PROTO and STOP), for the unit tests and
 * as seeds of the fuzzers. They refer to two storages: "0", twelve floats from 1, and "1", two
 * integers. */
#ifndef KILN_TESTS_TORCH_CASES_H
#define KILN_TESTS_TORCH_CASES_H

#include "compiler/base/vec.h"
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

/* Tensors of the two storages that are no good. */
static const struct {
    TestTensor tensor;
    const char *message;
} bad_tensors[] = {
    { { "FloatStorage", "0", 12, 1, 2, { 3, 4 }, { 4, 1 } },
      "the tensor 'w' in storage '0' reaches beyond the 11 elements that are there" },
    { { "FloatStorage", "0", 12, 0, 2, { 3, 4 }, { 5, 1 } }, "reaches beyond the 12 elements" },
    { { "FloatStorage", "0", 12, 13, 2, { 3, 4 }, { 4, 1 } }, "begins at element 13 of 12" },
    { { "FloatStorage", "0", 12, -1, 2, { 3, 4 }, { 4, 1 } }, "begins at element -1 of 12" },
    { { "FloatStorage", "0", 12, INT64_MIN, 0, { 0 }, { 0 } },
      "begins at element -9223372036854775808 of 12" },
    { { "FloatStorage", "0", 12, INT64_MAX, 0, { 0 }, { 0 } },
      "begins at element 9223372036854775807 of 12" },
    { { "FloatStorage", "0", 12, 0, 2, { -3, 4 }, { 4, 1 } }, "are not two lists" },
    { { "FloatStorage", "0", 12, 0, 2, { 3, 4 }, { -4, 1 } }, "are not two lists" },
    { { "FloatStorage", "0", 12, 0, 9, { 1 }, { 1 } }, "at most 8" },
    { { "FloatStorage", "0", 12, 0, 2, { INT64_MAX, 4 }, { INT64_MAX, 1 } }, "reaches beyond" },
    { { "FloatStorage", "0", 12, 0, 2, { 3, INT64_MAX }, { INT64_MAX / 2, 1 } }, "reaches beyond" },
    { { "FloatStorage", "0", 12, 0, 3, { 1 << 20, 1 << 20, 1 << 30 }, { 0, 0, 0 } },
      "repeats 12 stored elements more than 16777216 times (the limit)" },
    { { "FloatStorage", "0", 12, 0, 1, { 1 << 25 }, { 0 } }, "repeats 12 stored elements" },
    { { "FloatStorage", "0", 13, 0, 1, { 1 }, { 1 } },
      "storage 0 is once a FloatStorage of 12 elements, once a FloatStorage of 13" },
    { { "IntStorage", "0", 12, 0, 1, { 1 }, { 1 } }, "once a IntStorage of 12" },
    { { "FloatStorage", "7", -1, 0, 1, { 1 }, { 1 } }, "storage 7 has -1 elements" },
    { { "FloatStorage", "7", 3, 0, 1, { 1 }, { 1 } },
      "storage '7' is used, but not among the storages that follow" },
};

/* Objects written out, and the error that they are, or what is wrong with their tensor "w"
 * alone. */
#define REBUILD(name) "}U\1wctorch._utils\n" name "\n"
#define STORAGE(class)        \
    "(U\7storage" class "U\1" \
                        "0U\3cpuK\x0ctQ"
#define FLOATS       STORAGE("ctorch\nFloatStorage\n")
#define TENSOR       "ctorch._utils\n_rebuild_tensor\n(" FLOATS "K\1(K\2t(K\1ttR"
#define MULTIARRAY   "}U\1wcnumpy.core.multiarray\n"
#define ARRAY        MULTIARRAY "_reconstruct\n(cnumpy\nndarray\n)U\1btR"
#define DTYPE(type)  "cnumpy\ndtype\n(U\2" type "\x89\x88tR"
#define OBJECT(text) (text), sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t length;
    const char *error, *problem;
} torch_raw[] = {
    { OBJECT(REBUILD("_rebuild_tensor_v2") ")Rs"), "too few arguments", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "N))tRs"), "its offset is no number", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1(NtNtRs"), "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1(K\2tNtRs"), "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1K\2)tRs"), "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1(K\2t)tRs"), "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1(K\1K\1K\1K\1K\1K\1K\1K\1K\1t2tRs"),
      "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1](K\2e](K\1etRs"), NULL, NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1ctorch\nSize\n(K\2t\x85R(K\1ttRs"), NULL,
      NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1ctorch\nSize\n)R(K\1ttRs"),
      "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1cmy\nSize\n(K\2t\x85R(K\1ttRs"),
      "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "K\1(J\xff\xff\xff\xfft(K\1ttRs"),
      "are not two lists", NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "(" FLOATS "J\xff\xff\xff\xff(K\2t(K\1ttRs"),
      "begins at element -1 of 12", NULL },
    { OBJECT(REBUILD("_rebuild_tensor_v3") "(" FLOATS "K\1(K\2t(K\1t\x89}NtRs"), NULL, NULL },
    { OBJECT(REBUILD("_rebuild_tensor_v3") "(" FLOATS "K\1(K\2t(K\1t\x89}ctorch\nqint8\ntRs"), NULL,
      "which kiln cannot use" },
    { OBJECT(REBUILD("_rebuild_tensor") "(NK\1(K\2t(K\1ttRs"), NULL, "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_tensor") "(K\7QK\1(K\2t(K\1ttRs"), NULL, "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storageNNNtQK\1(K\2t(K\1ttRs"), NULL,
      "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\6moduleNNNNtQK\1(K\2t(K\1ttRs"), NULL,
      "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storageNNNNtQK\1(K\2t(K\1ttRs"), NULL,
      "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storageNU\1"
                                        "9NNtQK\1(K\2t(K\1ttRs"),
      NULL, "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storageNU\1"
                                        "9NK\1tQK\0(K\1t(K\1ttRs"),
      NULL, "its storage is a class without a name, which kiln cannot use" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storagecx\nY\nU\1"
                                        "9NK\1tQK\0(K\1t(K\1ttRs"),
      NULL, "its storage is a 'Y', which kiln cannot use" },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storagectorch\nFloatStorage\nU\1"
                                        "0NK\x0c(NK\2K\1ttQK\1(K\2t(K\1ttRs"),
      NULL, NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storagectorch\nFloatStorage\nU\1"
                                        "0NK\x0c(NNNttQK\1(K\2t(K\1ttRs"),
      NULL, NULL },
    { OBJECT(REBUILD("_rebuild_tensor") "((U\7storagectorch\nFloatStorage\nU\1"
                                        "0NK\x0c)tQK\1(K\2t(K\1ttRs"),
      NULL, NULL },
    { OBJECT(REBUILD(
          "_rebuild_tensor") "((U\7storagectorch\nFloatStorage\nU\1"
                             "0NK\x0c"
                             "(N\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fNttQK\1(K\2t(K\1ttRs"),
      "its offset is no number", NULL },
    { OBJECT(REBUILD("_rebuild_parameter") ")Rs"), "too few arguments", NULL },
    { OBJECT(REBUILD("_rebuild_parameter") "(" TENSOR "tRs"), NULL, NULL },
    { OBJECT(REBUILD("_rebuild_parameter") "(NtRs"), NULL, "an unnamed object" },
    { OBJECT(REBUILD("_rebuild_parameter") "NRs"), "the arguments of a call are no tuple", NULL },
    { OBJECT("}U\1wctorch._tensor\n_rebuild_from_type_v2\n)Rs"), "too few arguments", NULL },
    { OBJECT("}U\1wctorch._tensor\n_rebuild_from_type_v2\n(NNNtRs"), "too few arguments", NULL },
    { OBJECT("}U\1wctorch._tensor\n_rebuild_from_type_v2\n(NN)tRs"), NULL, "an unnamed object" },
    /* A parameter of itself: the memo holds the tuple before its record is in it. */
    { OBJECT(
          "}U\1w]q\1(ctorch._utils\n_rebuild_parameter\n(h\1tRe0ctorch._utils\n_rebuild_parameter\n"
          "(h\1tRs"),
      NULL, "an unnamed object" },
    { OBJECT("}U\1w"
             "ccollections\ndefaultdict\n)RU\1xNss"
             "U\1w" TENSOR "s"),
      NULL, NULL },
    { OBJECT("cbuiltins\ndict\n)RU\1w" TENSOR "s"), NULL, NULL },
    { OBJECT("}U\5modelK\1sU\1w" TENSOR "s"), NULL, NULL },
    { OBJECT("}U\5model}U\5stateNsU\xcparam_groupsNssU\1w" TENSOR "s"), NULL, NULL },
    { OBJECT("}U\5model}U\1w" TENSOR "ss"), NULL, NULL },
    { OBJECT("ccollections\nOrderedDict\n(](](U\1w" TENSOR "eN(U\1xNt(NNtetR"), NULL, NULL },
    { OBJECT("ccollections\nOrderedDict\n(NtRU\1w" TENSOR "s"), NULL, NULL },
    { OBJECT("}U\5modelcmy\nNet\n)R}U\xb_parameters}U\1w" TENSOR
             "ssU\x8_modules}sU\x8_buffersNsbs"),
      NULL, NULL },
    { OBJECT("}U\5modelc__torch__.my\nNet\n)R}U\1w" TENSOR "sbs"), NULL, NULL },
    { OBJECT("}U\1wcmy\nNet\n)R}U\xb_parametersNsbs"), NULL, "depend on 'my.Net'" },
    { OBJECT("}U\1wNN\x93)Rs"), "module and name are not both strings", NULL },
    { OBJECT("}U\1wK\1)Rs"), NULL, "an unnamed object" },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "NC\2abtbs"), NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "\x89"
                                             "C\2abtbs"),
      NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "NC\2abNtbs"), NULL,
      "a form that kiln does not know" },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "(K\3U\1|tbNC\2abtbs"), NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") ")bNC\2abtbs"), NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85"
                   "cmy\ndtype\n(U\2u1tR"
                   "NC\2abtbs"),
      NULL, "elements that kiln cannot" },
    { OBJECT(ARRAY "(K\1K\2\x85"
                   "cnumpy\ndtype\n(U\3u12tR"
                   "NC\2abtbs"),
      NULL, "elements that kiln" },
    { OBJECT(ARRAY "(K\1K\2\x85"
                   "cnumpy\ndtype\n(NtR"
                   "NC\2abtbs"),
      NULL, "elements that kiln cannot" },
    { OBJECT(ARRAY "(K\1K\2\x85"
                   "cnumpy\ndtype\n)R"
                   "NC\2abtbs"),
      NULL, "elements that kiln cannot" },
    { OBJECT(ARRAY "(K\1K\2\x85"
                   "N"
                   "NC\2abtbs"),
      NULL, "elements that kiln cannot" },
    { OBJECT(ARRAY "(K\1N" DTYPE("u1") "NC\2abtbs"), NULL, "a form that kiln does not know" },
    { OBJECT(ARRAY "(K\1N\x85" DTYPE("u1") "NC\2abtbs"), NULL, "a form that kiln does not know" },
    { OBJECT(ARRAY "(K\1J\xff\xff\xff\xff\x85" DTYPE("u1") "NC\2abtbs"), NULL, "a form that kiln" },
    { OBJECT(ARRAY "(K\1(K\1K\1K\1K\1K\1K\1K\1K\1K\1t" DTYPE("u1") "NC\2abtbs"), NULL,
      "a form that" },
    { OBJECT(ARRAY
             "(K\1(J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7ft" DTYPE("f8") "NC\2abtbs"),
      "its shape needs more than", NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "NU\2abtbs"), NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "c_codecs\nencode\n(U\2abU\6latin1tRtbs"),
      NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "c_codecs\nencode\n(U\3a\xc3\xbfU\6latin1tRtbs"),
      NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "c_codecs\nencode\n(U\2a\xc3U\6latin1tRtbs"),
      NULL, "whose bytes are not in the file" },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "c_codecs\nencode\n(U\2abU\4utf8tRtbs"),
      NULL, "whose bytes are not in the file" },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "c_codecs\nencode\n(NNtRtbs"),
      NULL, "whose bytes are not in the file" },
    { OBJECT(ARRAY "(K\1K\0\x85" DTYPE("u1") "N"
                                             "c__builtin__\nbytes\n)Rtbs"),
      NULL, NULL },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "cbuiltins\nbytearray\n(NtRtbs"),
      NULL, "whose bytes are not in the file" },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "cbuiltins\nbytearray\n(NNtRtbs"),
      NULL, "whose bytes are not in the file" },
    { OBJECT(ARRAY "(K\1K\2\x85" DTYPE("u1") "N"
                                             "Ntbs"),
      NULL, "whose bytes are not in the file" },
    { OBJECT(ARRAY "Nbs"), NULL, "a form that kiln does not know" },
    { OBJECT(ARRAY "s"), NULL, "a form that kiln does not know" },
    { OBJECT(MULTIARRAY "scalar\n)Rs"), NULL, "a form that kiln does not know" },
    { OBJECT(MULTIARRAY "scalar\n(" DTYPE("f4") "C\4abcdtRs"), NULL, NULL },
    { OBJECT("}U\1wcnumpy._core.numeric\n_frombuffer\n(C\4abcd" DTYPE("f4") "K\1\x85U\1CtRs"), NULL,
      NULL },
    { OBJECT("}U\1wcnumpy._core.numeric\n_frombuffer\n)Rs"), NULL,
      "a form that kiln does not know" },
};

typedef void TorchObject(Text *o);

static TorchObject *const torch_objects[] = {
    object_strides,       object_training,      object_mixed_prefix,
    object_two_prefixes,  object_only_prefix,   object_nested,
    object_bare_tensor,   object_no_tensors,    object_python2_dictionary,
    object_module,        object_script_module, object_self_containing,
    object_self_wrapping, object_bomb,          object_records,
    object_arrays,
};

enum {
    TORCH_BUILT = COUNT_OF(torch_objects),
    TORCH_TENSORS = TORCH_BUILT + COUNT_OF(bad_tensors),
    TORCH_OBJECTS = TORCH_TENSORS + COUNT_OF(torch_raw)
};

/* All of the above, numbered. */
static inline Text torch_object(Arena *a, int i)
{
    Text t = { .arena = a };
    if (i < TORCH_BUILT) {
        torch_objects[i](&t);
    } else if (i < TORCH_TENSORS) {
        text_puts(&t, "}");
        put_entry(&t, "w", bad_tensors[i - TORCH_BUILT].tensor);
    } else {
        text_append(&t, torch_raw[i - TORCH_TENSORS].bytes, torch_raw[i - TORCH_TENSORS].length);
    }
    return t;
}

#endif
