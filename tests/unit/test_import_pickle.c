/* The pickle machine: what each opcode leaves, and pickles that are broken or mean harm. */
#include "compiler/import/pickle.h"
#include "compiler/import/weights.h"
#include "tests/support/arena_suite.h"
#include "tests/support/pickle_cases.h"
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

START_TEST(opcode)
{
    const PickleValue *v = NULL;
    const char *error = read_pickle(good_pickles[_i].bytes, good_pickles[_i].length, &v);
    ck_assert_msg(!error, "got: %s", error);
    Text t = { .arena = arena };
    put_value(&t, v);
    ck_assert_str_eq(text_string(&t), good_pickles[_i].value);
}
END_TEST

START_TEST(bad_pickle)
{
    const PickleValue *v;
    assert_message(read_pickle(bad_pickles[_i].bytes, bad_pickles[_i].length, &v),
                   bad_pickles[_i].message);
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
    for (int i = 0; i < COUNT_OF(good_pickles); i++)
        for (size_t n = 0; n < good_pickles[i].length; n++)
            ck_assert_ptr_nonnull(read_pickle(good_pickles[i].bytes, n, &v));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_pickle");
    TCase *c = arena_case(suite, "pickle");
    tcase_add_loop_test(c, opcode, 0, COUNT_OF(good_pickles));
    tcase_add_loop_test(c, bad_pickle, 0, COUNT_OF(bad_pickles));
    tcase_add_test(c, limits);
    tcase_add_test(c, doubling);
    tcase_add_test(c, truncated_anywhere);
    return suite_run(suite);
}
