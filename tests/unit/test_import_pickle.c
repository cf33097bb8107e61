/* The pickle machine: what each opcode leaves, and pickles that are broken or mean harm. */
#include "compiler/import/pickle.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/weight_files.h"

static const char *read_pickle(const void *bytes, size_t length, const PickleValue **v)
{
    PickleItems persistent = { 0 };
    size_t at = 0;
    return pickle_read(arena, bytes, length, &at, &persistent, v);
}

/* One line for a value: enough to see what a pickle made. */
static void put_value(Text *t, const PickleValue *v);

static void put_items(Text *t, const PickleItems *items)
{
    for (int i = 0; i < items->count; i++) {
        text_puts(t, i ? " " : "");
        put_value(t, items->at[i]);
    }
}

static void put_record(Text *t, const PickleRecord *r)
{
    put_value(t, r->callable);
    put_value(t, r->arguments);
    text_puts(t, "{");
    put_items(t, &r->pairs);
    put_items(t, &r->items);
    if (r->state)
        put_value(t, r->state);
    text_puts(t, "}");
}

static void put_value(Text *t, const PickleValue *v)
{
    static const char *const open[] = {
        [PICKLE_LIST] = "[", [PICKLE_TUPLE] = "(", [PICKLE_SET] = "<", [PICKLE_DICT] = "{"
    };
    static const char *const close[] = {
        [PICKLE_LIST] = "]", [PICKLE_TUPLE] = ")", [PICKLE_SET] = ">", [PICKLE_DICT] = "}"
    };
    switch (v->kind) {
    case PICKLE_NONE:
        text_puts(t, "None");
        break;
    case PICKLE_BOOL:
        text_puts(t, v->integer ? "True" : "False");
        break;
    case PICKLE_INT:
        text_printf(t, "%lld", (long long)v->integer);
        break;
    case PICKLE_FLOAT:
        text_printf(t, "%g", v->real);
        break;
    case PICKLE_STRING:
    case PICKLE_BYTES:
    case PICKLE_LONG:
        text_puts(t, v->kind == PICKLE_STRING ? "'" : v->kind == PICKLE_BYTES ? "b'" : "long'");
        text_append(t, v->text, v->length);
        text_puts(t, "'");
        break;
    case PICKLE_GLOBAL:
        text_printf(t, "%.*s.%.*s", (int)v->module->length, v->module->text, (int)v->name->length,
                    v->name->text);
        break;
    case PICKLE_RECORD:
        put_record(t, v->record);
        break;
    case PICKLE_PERSISTENT:
        text_puts(t, "@");
        put_value(t, v->id);
        break;
    case PICKLE_LIST:
    case PICKLE_TUPLE:
    case PICKLE_SET:
    case PICKLE_DICT:
        text_puts(t, open[v->kind]);
        put_items(t, &v->items);
        text_puts(t, close[v->kind]);
        break;
    }
}

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t length;
    const char *value;
} good[] = {
    { BYTES("N."), "None" },
    { BYTES("\x88."), "True" },
    { BYTES("\x89."), "False" },
    { BYTES("I01\n."), "True" },
    { BYTES("I00\n."), "False" },
    { BYTES("I-7\n."), "-7" },
    { BYTES("L12L\n."), "12" },
    { BYTES("L119547037146038801333356L\n."), "long'119547037146038801333356L'" },
    { BYTES("J\xfe\xff\xff\xff."), "-2" },
    { BYTES("K\xff."), "255" },
    { BYTES("M\1\2."), "513" },
    { BYTES("\x8a\0."), "0" },
    { BYTES("\x8a\1\x80."), "-128" },
    { BYTES("\x8a\2\xff\0."), "255" },
    { BYTES("\x8a\x09"
            "abcdefghi."),
      "long'abcdefghi'" },
    { BYTES("\x8b\1\0\0\0\5."), "5" },
    { BYTES("F1.5\n."), "1.5" },
    { BYTES("G\x3f\xf8\0\0\0\0\0\0."), "1.5" },
    { BYTES("S'a\\x41\\n\\'\\\\'\n."), "'aA\n'\\'" },
    { BYTES("S\"q\"\n."), "'q'" },
    { BYTES("T\2\0\0\0hi."), "'hi'" },
    { BYTES("U\2hi."), "'hi'" },
    { BYTES("V\\u00e9\\U0001F600\\x\\u20ac\n."), "'\xc3\xa9\xf0\x9f\x98\x80\\x\xe2\x82\xac'" },
    { BYTES("V\\u00zz\\\n."), "'\\u00zz\\'" },
    { BYTES("X\2\0\0\0hi."), "'hi'" },
    { BYTES("\x8c\2hi."), "'hi'" },
    { BYTES("\x8d\2\0\0\0\0\0\0\0hi."), "'hi'" },
    { BYTES("B\2\0\0\0hi."), "b'hi'" },
    { BYTES("C\2hi."), "b'hi'" },
    { BYTES("\x8e\2\0\0\0\0\0\0\0hi."), "b'hi'" },
    { BYTES("\x96\2\0\0\0\0\0\0\0hi\x98."), "b'hi'" },
    { BYTES("]."), "[]" },
    { BYTES("(K\1K\2l."), "[1 2]" },
    { BYTES("]K\1a(K\2K\3e."), "[1 2 3]" },
    { BYTES(")."), "()" },
    { BYTES("(K\1K\2t."), "(1 2)" },
    { BYTES("K\1\x85."), "(1)" },
    { BYTES("K\1K\2\x86."), "(1 2)" },
    { BYTES("K\1K\2K\3\x87."), "(1 2 3)" },
    { BYTES("}."), "{}" },
    { BYTES("(K\1K\2d."), "{1 2}" },
    { BYTES("}K\1K\2s(K\3K\4u."), "{1 2 3 4}" },
    { BYTES("\x8f(K\1\x90."), "<1>" },
    { BYTES("(K\1\x91."), "<1>" },
    { BYTES("K\1K\2"
            "0."),
      "1" },
    { BYTES("K\1(0."), "1" },
    { BYTES("K\1(K\2"
            "1."),
      "1" },
    { BYTES("K\1"
            "2\x86."),
      "(1 1)" },
    { BYTES("]q\0h\0\x86."), "([] [])" },
    { BYTES("]r\1\0\0\0j\1\0\0\0\x86."), "([] [])" },
    { BYTES("]p0\ng0\n\x86."), "([] [])" },
    { BYTES("]\x94h\0\x86."), "([] [])" },
    { BYTES("cos\nsystem\n(S'ls'\ntR."), "os.system('ls'){}" },
    { BYTES("\x8c\2os\x8c\1x\x93)R."), "os.x(){}" },
    { BYTES("ca\nb\n)\x81K\1b."), "a.b(){1}" },
    { BYTES("ca\nb\n)}\x92."), "a.b(){}" },
    { BYTES("(K\1ia\nb\n."), "a.b(1){}" },
    { BYTES("(ca\nb\nK\1o."), "a.b(1){}" },
    { BYTES("ca\nb\n)RK\1aK\2K\3s."), "a.b(){2 31}" },
    { BYTES("\x82\7."), "copyreg.extension 7" },
    { BYTES("\x83\7\0."), "copyreg.extension 7" },
    { BYTES("\x84\7\0\0\0."), "copyreg.extension 7" },
    { BYTES("Pid\n."), "@'id'" },
    { BYTES("K\1Q."), "@1" },
    { BYTES("]K\1b."), "[]" },
    { BYTES("\x80\4\x95\2\0\0\0\0\0\0\0N."), "None" },
};

START_TEST(opcode)
{
    const PickleValue *v = NULL;
    const char *error = read_pickle(good[_i].bytes, good[_i].length, &v);
    ck_assert_msg(!error, "got: %s", error);
    Text t = { .arena = arena };
    put_value(&t, v);
    ck_assert_str_eq(text_string(&t), good[_i].value);
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *message;
} bad[] = {
    { BYTES(""), "byte 0: the data ends before the pickle does" },
    { BYTES("N"), "byte 1: the data ends before the pickle does" },
    { BYTES("."), "needs 1 values on the stack, which holds 0" },
    { BYTES("\xff"), "byte 0: 0xff is no opcode" },
    { BYTES("\x80\6."), "protocol 6, but protocols end at 5" },
    { BYTES("M\1"), "the data ends within the argument of BININT2" },
    { BYTES("X\xff\xff\xff\xffhi."), "BINUNICODE announces 4294967295 bytes where 3 are left" },
    { BYTES("\x8e\xff\xff\xff\xff\xff\xff\xff\xffhi."),
      "BINBYTES8 announces 18446744073709551615" },
    { BYTES("\x8b\xff\xff\xff\xff\0."), "LONG4 announces 4294967295 bytes" },
    { BYTES("\x95\xff\xff\0\0\0\0\0\0."), "a frame of 65535 bytes where 1 are left" },
    { BYTES("I1"), "the data ends within a line" },
    { BYTES("I1x\n."), "'1x' is no integer" },
    { BYTES("I\n."), "'' is no integer" },
    { BYTES("F1x\n."), "'1x' is no number" },
    { BYTES("F\n."), "'' is no number" },
    { BYTES("Sab\n."), "the string 'ab' is not quoted" },
    { BYTES("S'\n."), "is not quoted" },
    { BYTES("S'a\"\n."), "is not quoted" },
    { BYTES("S'a\\q'\n."), "bad escape in the string 'a\\q'" },
    { BYTES("S'a\\'\n."), "bad escape" },
    { BYTES("S'a\\x4'\n."), "bad escape" },
    { BYTES("a."), "needs 2 values" },
    { BYTES("K\1K\1a."), "items are added to a value that is no list" },
    { BYTES("K\1K\1K\1s."), "keys and values are added to a value that is no dictionary" },
    { BYTES("}(K\1u."), "1 keys and values, an odd number" },
    { BYTES("(K\1d."), "a dictionary of 1 keys and values, an odd number" },
    { BYTES("(K\1e."), "needs 1 values" },
    { BYTES("t."), "needs a mark on the stack, which holds none" },
    { BYTES("1."), "needs a mark" },
    { BYTES("u."), "needs a mark" },
    { BYTES("d."), "needs a mark" },
    { BYTES("o."), "needs a mark" },
    { BYTES("(o."), "an object without a class" },
    { BYTES("0."), "needs 1 values" },
    { BYTES("2."), "needs 1 values" },
    { BYTES("N(2."), "needs 1 values on the stack, which holds 0" },
    { BYTES("\x85."), "needs 1 values" },
    { BYTES("K\1\x87."), "needs 3 values" },
    { BYTES("q\0."), "needs 1 values" },
    { BYTES("Nr\xff\xff\xff\xff."), "memo entry 4294967295 in a pickle of at most 7 bytes" },
    { BYTES("h\0."), "memo entry 0 is used before it is set" },
    { BYTES("Nq\2h\1."), "memo entry 1 is used before it is set" },
    { BYTES("gx\n."), "'x' is no memo index" },
    { BYTES("g\n."), "'' is no memo index" },
    { BYTES("Npx\n."), "'x' is no memo index" },
    { BYTES("Np12345678901\n."), "'12345678901' is no memo index" },
    { BYTES("ca\n"), "the data ends within a line" },
    { BYTES("(ia\n"), "the data ends within a line" },
    { BYTES("ia\nb\n."), "needs a mark" },
    { BYTES("NN\x93."), "a global whose module and name are not both strings" },
    { BYTES("U\1a\x93."), "needs 2 values" },
    { BYTES("ca\nb\nNR."), "the arguments of a call are no tuple" },
    { BYTES("R."), "needs 2 values" },
    { BYTES("NN\x92."), "needs 3 values" },
    { BYTES("Nb."), "needs 2 values" },
    { BYTES("Q."), "needs 1 values" },
    { BYTES("\x97."), "it refers to a buffer outside the file" },
};

START_TEST(bad_pickle)
{
    const PickleValue *v;
    assert_message(read_pickle(bad[_i].bytes, bad[_i].length, &v), bad[_i].message);
}
END_TEST

static const char *read_repeated(const char *begin, const char *part, size_t part_length, int times,
                                 const char *end)
{
    Text t = { .arena = arena };
    text_puts(&t, begin);
    for (int i = 0; i < times; i++)
        text_append(&t, part, part_length);
    text_puts(&t, end);
    const PickleValue *v;
    return read_pickle(t.at, t.length, &v);
}

START_TEST(limits)
{
    assert_message(read_repeated("", "(", 1, 1001, "."), "more than 1000 open marks (the limit)");
    assert_message(read_repeated("", "]", 1, (1 << 20) + 1, "."),
                   "nested too deeply: more than 1048576 values on the stack (the limit)");
    assert_message(read_repeated("", "N0", 2, (1 << 23) + 1, "."),
                   "more than 8388608 values (the limit)");
    assert_message(read_repeated("c", "m", 1, 1 << 17, "\nn\n."),
                   "a line of more than 65536 bytes");
    ck_assert_ptr_null(read_repeated("", "](", 2, 1000, "N."));
    /* A list within a list, a hundred thousand times over: nothing here recurses. */
    Text t = { .arena = arena };
    text_puts(&t, "]");
    for (int i = 0; i < 100000; i++)
        text_puts(&t, "\x85");
    text_puts(&t, ".");
    const PickleValue *v;
    ck_assert_ptr_null(read_pickle(t.at, t.length, &v));
}
END_TEST

/* A tuple of the tuple before twice, sixty times: 2^60 values if one walked them all. */
START_TEST(doubling)
{
    Text t = { .arena = arena };
    text_puts(&t, "\x80\2)");
    for (int i = 0; i < 60; i++)
        text_puts(&t, "2\x86");
    text_puts(&t, ".");
    WeightStore s = { .arena = arena };
    assert_message(weights_read_bytes(&s, "t", t.at, t.length), "it holds no tensors");
}
END_TEST

START_TEST(truncated_anywhere)
{
    const PickleValue *v;
    for (int i = 0; i < COUNT_OF(good); i++)
        for (size_t n = 0; n < good[i].length; n++)
            ck_assert_ptr_nonnull(read_pickle(good[i].bytes, n, &v));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_pickle");
    TCase *c = arena_case(suite, "pickle");
    tcase_add_loop_test(c, opcode, 0, COUNT_OF(good));
    tcase_add_loop_test(c, bad_pickle, 0, COUNT_OF(bad));
    tcase_add_test(c, limits);
    tcase_add_test(c, doubling);
    tcase_add_test(c, truncated_anywhere);
    return suite_run(suite);
}
