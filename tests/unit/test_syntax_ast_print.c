/* The printer: what it prints parses again and prints the same; the pages of this repository are in
 * canonical form already. */
#include "compiler/syntax/ast_print.h"

#include "compiler/syntax/parse.h"

#include <check.h>
#include <glob.h>

static Arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

static const char *print(const char *text)
{
    Diag diag = { .out = stderr };
    Source *source = arena_new_of(arena, Source);
    *source = (Source){ "test", text, strlen(text) };
    const AstFile *file = parse_source(arena, source, &diag);
    ck_assert_ptr_nonnull(file);
    Text out = { .arena = arena };
    ast_print(file, &out);
    return text_string(&out);
}

static const struct {
    const char *from, *to;
} cases[] = {
    { "", "" },
    { "// only\n", "// only\n" },
    { "\xEF\xBB\xBF// mark \r\na = 1\r\n", "// mark\na = 1\n" },
    { "a=1;b=2", "a = 1\nb = 2\n" },
    { "a = 1\n\n\n\nb = 2", "a = 1\n\nb = 2\n" },
    { "a = (1+2)*3-4", "a = (1 + 2) * 3 - 4\n" },
    { "a = 1 / 255\nb = a / 2", "a = 1/255\nb = a / 2\n" },
    { "a = 1 +\n 2", "a = 1 + 2\n" },
    { "a = f(x)\n  @ \"p\"", "a = f(x) @ \"p\"\n" },
    { "a = if b\n then c\n else d", "a = if b then c else d\n" },
    { "a = [\n1, 2]", "a = [1, 2]\n" },
    { "a = [1, 2,]", "a = [\n    1,\n    2,\n]\n" },
    { "a = [1, // one\n2]", "a = [\n    1,  // one\n    2,\n]\n" },
    { "a = 1 // one\n", "a = 1  // one\n" },
    { "a = b + // c\n d", "a = b + d\n// c\n" },
    { "block f(x) { if x { return 1 } else { return 2 } }",
      "block f(x) {\n    if x {\n        return 1\n    } else {\n        return 2\n    }\n}\n" },
    { "classifier c { model m; preprocess { scale 1/255; pad [1, 2] fill 3 } }",
      "classifier c {\n    model m\n    preprocess {\n        scale 1/255\n        pad [1, 2] fill "
      "3\n    }\n}\n" },
    { "model m = n() { rename { \"a\"->ignore } }",
      "model m = n() {\n    rename {\n        \"a\" -> ignore\n    }\n}\n" },
};

START_TEST(canonical_form)
{
    const char *once = print(cases[_i].from);
    ck_assert_str_eq(once, cases[_i].to);
    ck_assert_str_eq(print(once), once);
}
END_TEST

static void check_pages(const char *pattern)
{
    glob_t found;
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Diag diag = { .out = stderr };
        Text out = { .arena = arena };
        bool changed = true;
        ck_assert(ast_format_file(arena, found.gl_pathv[i], &diag, &out, &changed));
        ck_assert_msg(!changed, "%s: run kiln fmt on it", found.gl_pathv[i]);
    }
    globfree(&found);
}

START_TEST(pages_are_canonical)
{
    check_pages("models/*.kiln");
    check_pages("examples/*/*.kiln");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("syntax/ast_print");
    TCase *tc = tcase_create("print");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, canonical_form, 0, COUNT_OF(cases));
    tcase_add_test(tc, pages_are_canonical);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
