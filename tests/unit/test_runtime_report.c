/* Strings in JSON and CSV, UTF-8, and the processor's features. */
#include "runtime/cpu_check.h"
#include "runtime/report.h"
#include "runtime/utf8.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static void expect_written(void (*write)(FILE *out, const char *text), const char *text,
                           const char *expected)
{
    char *written = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&written, &length);

    write(out, text);
    fclose(out);
    ck_assert_str_eq(written, expected);
    free(written);
}

START_TEST(test_json_string)
{
    expect_written(report_json_string, "", "\"\"");
    expect_written(report_json_string, "a\"b\\c/", "\"a\\\"b\\\\c/\"");
    expect_written(report_json_string, "\b\f\n\r\t\x01\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u007f\"");
    expect_written(report_json_string, "\xe7\xba\xb8\xf0\x9f\x98\x80",
                   "\"\xe7\xba\xb8\xf0\x9f\x98\x80\"");
    expect_written(report_json_string, "\x80z\xe7\xba", "\"\\udc80z\\udce7\\udcba\"");
}
END_TEST

START_TEST(test_csv_field)
{
    expect_written(report_csv_field, "", "");
    expect_written(report_csv_field, "plain text/\xe7\xba\xb8", "plain text/\xe7\xba\xb8");
    expect_written(report_csv_field, "a,b", "\"a,b\"");
    expect_written(report_csv_field, "\"", "\"\"\"\"");
    expect_written(report_csv_field, "a\nb\r", "\"a\nb\r\"");
    expect_written(report_csv_field, " a", "\" a\"");
}
END_TEST

/* Every sequence of one or two bytes, and the edges of the longer ones. */
START_TEST(test_utf8)
{
    for (int a = 1; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            const char text[3] = { (char)a, (char)b, 0 };
            const int two = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;
            ck_assert_int_eq(utf8_length(text), a < 0x80 ? 1 : two ? 2 : 0);
        }
    ck_assert_int_eq(utf8_length(""), 0);
    ck_assert_int_eq(utf8_length("\xe0\xa0\x80"), 3);
    ck_assert_int_eq(utf8_length("\xe0\x9f\xbf"), 0); /* overlong */
    ck_assert_int_eq(utf8_length("\xed\x9f\xbf"), 3);
    ck_assert_int_eq(utf8_length("\xed\xa0\x80"), 0); /* a surrogate */
    ck_assert_int_eq(utf8_length("\xf0\x90\x80\x80"), 4);
    ck_assert_int_eq(utf8_length("\xf0\x8f\xbf\xbf"), 0); /* overlong */
    ck_assert_int_eq(utf8_length("\xf4\x8f\xbf\xbf"), 4);
    ck_assert_int_eq(utf8_length("\xf4\x90\x80\x80"), 0); /* beyond U+10FFFF */
    ck_assert_int_eq(utf8_length("\xf0\x90\x80"), 0);
}
END_TEST

START_TEST(test_features)
{
    const char *const unknown[] = { "antigravity", NULL };

    ck_assert_ptr_null(cpu_check(NULL));
    ck_assert_str_eq(cpu_check(unknown), "antigravity");
}
END_TEST

#if defined(__x86_64__) && defined(__linux__)

/* The words of the first "flags" line of /proc/cpuinfo, with a blank before and behind each. */
static void read_flags(char *line, size_t room)
{
    FILE *f = fopen("/proc/cpuinfo", "r");

    ck_assert_ptr_nonnull(f);
    do
        ck_assert_ptr_nonnull(fgets(line, (int)room, f));
    while (strncmp(line, "flags", 5) != 0);
    fclose(f);
    line[strcspn(line, "\n")] = ' ';
}

START_TEST(test_same_as_kernel)
{
    static const char *const names[][2] = {
        { "sse4.1", " sse4_1 " },     { "avx", " avx " },           { "avx2", " avx2 " },
        { "fma", " fma " },           { "avx512f", " avx512f " },   { "avx512dq", " avx512dq " },
        { "avx512bw", " avx512bw " }, { "avx512vl", " avx512vl " },
    };
    char line[8192];

    read_flags(line, sizeof line);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *const features[] = { names[i][0], NULL };
        ck_assert_msg((cpu_check(features) == NULL) == (strstr(line, names[i][1]) != NULL), "%s",
                      names[i][0]);
    }
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("runtime_report");
    TCase *tcase = tcase_create("report");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, test_json_string);
    tcase_add_test(tcase, test_csv_field);
    tcase_add_test(tcase, test_utf8);
    tcase_add_test(tcase, test_features);
#if defined(__x86_64__) && defined(__linux__)
    tcase_add_test(tcase, test_same_as_kernel);
#endif
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
