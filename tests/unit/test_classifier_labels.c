/* Label files of every form, and what is wrong with bad ones. */
#include "compiler/classifier/classifier.h"

#include "tests/support/scratch.h"

#include <check.h>
#include <string.h>

static Arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static const char *read_as(const char *path, const char *text, Classifier *c)
{
    memset(c, 0, sizeof *c);
    return labels_read_bytes(arena, path, text, strlen(text), c);
}

/* The labels with a '|' behind each. */
static const char *joined(const char *path, const char *text)
{
    Text t = { .arena = arena };
    Classifier c;
    const char *why = read_as(path, text, &c);

    ck_assert_msg(why == NULL, "%s: %s", text, why);
    for (int i = 0; i < c.labels.count; i++)
        text_printf(&t, "%s|", c.labels.at[i]);
    return text_string(&t);
}

static const char *reason(const char *path, const char *text)
{
    Classifier c;
    const char *why = read_as(path, text, &c);

    ck_assert_msg(why != NULL, "%s was read", text);
    return why;
}

static const char *read_labels(const char *text, size_t length, Classifier *c)
{
    memset(c, 0, sizeof *c);
    return labels_read(arena, scratch_write("labels.txt", text, length), c);
}

#define LABELS(text, c) read_labels((text), sizeof(text) - 1, (c))

START_TEST(test_labels)
{
    Classifier c;

    ck_assert_ptr_null(LABELS("\xef\xbb\xbf\xe5\x8f\xaf/1\r\ntwo words\nlast\n\r\n\n", &c));
    ck_assert_int_eq(c.labels.count, 3);
    ck_assert_str_eq(c.labels.at[0], "\xe5\x8f\xaf/1");
    ck_assert_str_eq(c.labels.at[1], "two words");
    ck_assert_str_eq(c.labels.at[2], "last");
}
END_TEST

START_TEST(test_bad_labels)
{
    Classifier c;

    ck_assert_str_eq(LABELS("", &c), "it holds no labels");
    ck_assert_str_eq(LABELS("\n\n", &c), "it holds no labels");
    ck_assert_str_eq(LABELS("a\n\nb", &c), "line 2 is empty");
    ck_assert_str_eq(LABELS("a\nb\xff", &c), "line 2 is not UTF-8: byte 0xff at column 2");
    ck_assert_str_eq(LABELS("a\0b", &c), "line 1 is not UTF-8: byte 0x00 at column 2");
    ck_assert_ptr_nonnull(LABELS("\xe5\x8f", &c));         /* cut off */
    ck_assert_ptr_nonnull(LABELS("\xc0\x80", &c));         /* overlong */
    ck_assert_ptr_nonnull(LABELS("\xed\xa0\x80", &c));     /* a surrogate */
    ck_assert_ptr_nonnull(LABELS("\xf4\x90\x80\x80", &c)); /* beyond U+10FFFF */
    ck_assert_str_eq(labels_read(arena, scratch_path("none"), &c), "No such file or directory");
}
END_TEST

/* Numbers at the ends of lines are indices where the names differ. */
START_TEST(test_indices)
{
    ck_assert_str_eq(joined("l.txt", "two words 1\r\nb 0\nc\t 2\n"), "b|two words|c|");
    ck_assert_str_eq(joined("l.txt", "class 0\nclass 1"), "class 0|class 1|");
    ck_assert_str_eq(joined("l.txt", "a 0\nb 1\nc"), "a 0|b 1|c|");
    ck_assert_str_eq(joined("l.txt", "0\n1\n2"), "0|1|2|");
    ck_assert_str_eq(reason("l.txt", "a 0\nb 2"),
                     "line 2: 'b' has the index 2, but 2 labels have the indices 0..1");
    ck_assert_str_eq(reason("l.txt", "a 0\nb 1\nc 1"),
                     "line 3: 'c' has the index 1, which 'b' has (line 2)");
}
END_TEST

START_TEST(test_json)
{
    ck_assert_str_eq(joined("l.json", "{\"1\": \"b\", \"0\": \"\\u53ef/a\"}"), "\xe5\x8f\xaf/a|b|");
    ck_assert_str_eq(joined("l.txt", " {\"b\": 1, \"a\": 0}\n"), "a|b|");
    ck_assert_str_eq(joined("l", "[\"a\", \"b\"]"), "a|b|");
    ck_assert_str_eq(joined("l", "{\"0\": \"7\", \"1\": \"3\"}"), "7|3|");
    ck_assert_str_eq(joined("l.json", "{\"0\": [\"n01440764\", \"tench\"]}"), "tench|");
    ck_assert_str_eq(reason("l.json", "{\"0\": \"a\",\n}"), "line 2 is not JSON");
    ck_assert_str_eq(reason("l.json", "{\"0\": \"a\"} x"), "line 1 is not JSON");
    ck_assert_str_eq(reason("l.json", "3"), "the JSON is neither an object nor an array of labels");
    ck_assert_str_eq(
        reason("l.json", "{\"a\": \"b\"}"),
        "entry 1 of the JSON: an entry maps an index to a name, or a name to its index");
    ck_assert_str_eq(reason("l.json", "[\"a\", 3]"),
                     "entry 2 of the JSON: a list of labels holds strings");
    ck_assert_ptr_nonnull(
        strstr(reason("l.json", "{\"0\": \"a\", \"2\": \"b\"}"), "'b' has the index 2"));
    ck_assert_ptr_nonnull(
        strstr(reason("l.json", "{\"0\": \"a\", \"0\": \"b\"}"), "which 'a' has"));
    ck_assert_ptr_nonnull(strstr(reason("l.json", "{\"0\": \"\"}"), "the label is empty"));
    ck_assert_str_eq(reason("l.json", "{}"), "it holds no labels");
}
END_TEST

START_TEST(test_python)
{
    ck_assert_str_eq(joined("l.py", "names = {  # classes\n 1: 'b\\'s',\n 0: \"a\",\n}\n"),
                     "a|b's|");
    ck_assert_str_eq(joined("l.txt", "{'b': 1, 'a': 0}"), "a|b|");
    ck_assert_str_eq(joined("l.txt", "['a', '\\u53ef\\x41\\U0001f600',]"),
                     "a|\xe5\x8f\xaf\x41\xf0\x9f\x98\x80|");
    ck_assert_str_eq(joined("l.txt", "{0: ('n1', 'tench'), 1: ['n2', 'shark',]}"), "tench|shark|");
    ck_assert_str_eq(reason("l.txt", "{0: 'a',\n 1 'b'}"),
                     "line 2: a ':' is missing between an index and a name");
    ck_assert_str_eq(reason("l.txt", "{0: 'a'\n 1: 'b'}"),
                     "line 2: a ',' is missing between two entries");
    ck_assert_str_eq(reason("l.txt", "{0: 'a"), "line 1: a string without end");
    ck_assert_str_eq(reason("l.txt", "{0: 'a',"),
                     "line 1: a string or the number of a class is expected");
    ck_assert_str_eq(reason("l.txt", "{0: 'a'"), "line 1: the bracket is not closed");
    ck_assert_str_eq(reason("l.txt", "{0: '\\ud800'}"), "line 1: an escape that is no character");
    ck_assert_str_eq(reason("l.txt", "{0: '\\q'}"), "line 1: an escape that is not understood");
    ck_assert_str_eq(reason("l.txt", "{0: f(3)}"),
                     "line 1: a string or the number of a class is expected");
    ck_assert_str_eq(reason("l.txt", "{0: 1}"),
                     "line 1: an entry maps an index to a name, or a name to its index");
    ck_assert_str_eq(reason("l.txt", "{0: 'a'} + x"),
                     "line 1: something follows the closing bracket");
    ck_assert_str_eq(reason("l.txt", "{0: 'a',\n 0: 'b'}"),
                     "line 2: 'b' has the index 0, which 'a' has (line 1)");
}
END_TEST

START_TEST(test_table)
{
    ck_assert_str_eq(joined("l.csv", "a\nb\n"), "a|b|");
    ck_assert_str_eq(joined("l.csv", "label\nb\n"), "b|");
    ck_assert_str_eq(joined("l.csv", "index,label\r\n1,\"b, \"\"c\"\"\"\r\n0,a\r\n"),
                     "a|b, \"c\"|");
    ck_assert_str_eq(joined("l.txt", "b,1\na,0\n"), "a|b|");
    ck_assert_str_eq(joined("l.txt", "name,id\nb, 1\na, 0\n"), "a|b|");
    ck_assert_str_eq(joined("l.csv", "id,color,name\n0,red,a\n1,blue,b"), "a|b|");
    ck_assert_str_eq(joined("l.txt", "tench, Tinca tinca\ngoldfish, Carassius auratus"),
                     "tench, Tinca tinca|goldfish, Carassius auratus|");
    ck_assert_str_eq(reason("l.csv", "a,0\nb\n"), "line 2 has 1 columns, line 1 has 2");
    ck_assert_str_eq(reason("l.csv", "a,b\nc,d\n"), "line 1: no column is an index in every row");
    ck_assert_str_eq(reason("l.csv", "0,a,x\n1,b,y"),
                     "line 1: of 3 columns none is headed 'label' or 'name'");
    ck_assert_str_eq(reason("l.csv", "\"a"), "line 1: a quoted field without end");
    ck_assert_str_eq(reason("l.csv", "\"a\"b,0"), "line 1: text behind a quoted field");
    ck_assert_str_eq(reason("l.csv", "index,label\nx,a"),
                     "line 2: 'x' is not the index of a class");
    ck_assert_str_eq(reason("l.csv", "0,a\n0,b"),
                     "line 2: 'b' has the index 0, which 'a' has (line 1)");
    ck_assert_str_eq(reason("l.csv", "0,a\n1,"), "line 2: the label is empty");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labels");
    TCase *tcase = tcase_create("labels");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_labels);
    tcase_add_test(tcase, test_bad_labels);
    tcase_add_test(tcase, test_indices);
    tcase_add_test(tcase, test_json);
    tcase_add_test(tcase, test_python);
    tcase_add_test(tcase, test_table);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
