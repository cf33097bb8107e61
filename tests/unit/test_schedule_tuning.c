/* Schedules as text: what is written is read again, and what is wrong is refused with its line. */
#include "compiler/schedule/tuning.h"

#include <check.h>
#include <string.h>

static Arena *a;

static void setup(void)
{
    a = arena_new();
}

static void teardown(void)
{
    arena_free(a);
}

static const char *read_text(const char *text, Tuning *t)
{
    return tuning_read(a, "s.txt", text, strlen(text), t);
}

static Tile tile_of(int form, int pixels, int vectors)
{
    return (Tile){ .lanes = 16, .form = form, .pixels = pixels, .vectors = vectors };
}

START_TEST(writes_sorted_columns)
{
    Tuning t = { .target = "avx512" };
    Text text = { .arena = a };
    tuning_add(a, &t, "dense_1x1x512_1x1x10", tile_of(0, 1, 12));
    tuning_add(a, &t, "conv3x3", tile_of(4, 7, 4));
    tuning_print(&t, &text);
    ck_assert_str_eq(text_string(&text), "kiln schedule 1\n"
                                         "target avx512\n"
                                         "conv3x3              winograd4 7x4\n"
                                         "dense_1x1x512_1x1x10 direct    1x12\n");
}
END_TEST

START_TEST(reads_what_it_writes)
{
    Tuning t = { .target = "c99" }, again;
    Text text = { .arena = a }, second = { .arena = a };
    for (int i = 0; i < 50; i++)
        tuning_add(a, &t, arena_printf(a, "layer%d", 49 - i), tile_of(i % 3 * 2, 1 + i, 99 - i));
    tuning_print(&t, &text);
    ck_assert_ptr_null(read_text(text_string(&text), &again));
    ck_assert_int_eq(again.layers.count, 50);
    tuning_print(&again, &second);
    ck_assert_str_eq(text_string(&text), text_string(&second));
    const TunedLayer *l = map_get(&again.layers, "layer7");
    ck_assert_int_eq(l->tile.pixels, 43);
    ck_assert_int_eq(l->tile.form, 0);
    ck_assert_int_eq(again.target_line, 2);
}
END_TEST

#define HEAD "kiln schedule 1\ntarget avx2\n"

static const struct {
    const char *text, *error;
} wrong[] = {
    { "", "s.txt:1: this is no schedule: its first line is not 'kiln schedule 1'" },
    { "kiln schedule 2\n",
      "s.txt:1: this is no schedule: its first line is not 'kiln schedule 1'" },
    { "kiln schedule 1", "s.txt:1: the last line does not end: the file is cut off" },
    { "kiln schedule 1\n", "s.txt:2: the second line is not 'target NAME'" },
    { "kiln schedule 1\ntarget\n", "s.txt:2: the second line is not 'target NAME'" },
    { "kiln schedule 1\ntarget avx2 x\n", "s.txt:2: the second line is not 'target NAME'" },
    { "kiln schedule 1\ntarget avx3\n",
      "s.txt:2: there is no target 'avx3'; --target help lists them" },
    { HEAD "\n", "s.txt:3: a layer is three words, NAME FORM TILE" },
    { HEAD "conv direct\n", "s.txt:3: a layer is three words, NAME FORM TILE" },
    { HEAD "conv direct 4x3 4\n", "s.txt:3: a layer is three words, NAME FORM TILE" },
    { HEAD "conv winograd5 4x3\n",
      "s.txt:3: 'winograd5' is no form; there are direct, strassen, inner, winograd2, "
      "winograd3 and winograd4" },
    { HEAD "conv direct 4\n", "s.txt:3: '4' is no tile; it is written PIXELSxVECTORS, as in 7x4" },
    { HEAD "conv direct 04x3\n",
      "s.txt:3: '04x3' is no tile; it is written PIXELSxVECTORS, as in 7x4" },
    { HEAD "conv direct 4x0\n",
      "s.txt:3: '4x0' is no tile; it is written PIXELSxVECTORS, as in 7x4" },
    { HEAD "conv direct 4x100\n",
      "s.txt:3: '4x100' is no tile; it is written PIXELSxVECTORS, as in 7x4" },
    { HEAD "conv direct 4x3x\n",
      "s.txt:3: '4x3x' is no tile; it is written PIXELSxVECTORS, as in 7x4" },
    { HEAD "conv direct 4x3\r\n", "s.txt:3: a byte that is no printable ASCII" },
    { HEAD "conv direct 4x3\nconv direct 4x3\n", "s.txt:4: 'conv' is also in line 3" },
    { HEAD "conv direct 4x3", "s.txt:3: the last line does not end: the file is cut off" },
};

START_TEST(refuses_with_the_line)
{
    Tuning t;
    const char *error = read_text(wrong[_i].text, &t);
    ck_assert_ptr_nonnull(error);
    ck_assert_str_eq(error, wrong[_i].error);
}
END_TEST

START_TEST(refuses_a_nul)
{
    Tuning t;
    static const char text[] = HEAD "conv\0 direct 4x3\n";
    ck_assert_str_eq(tuning_read(a, "s.txt", text, sizeof text - 1, &t),
                     "s.txt:3: a byte that is no printable ASCII");
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("tuning");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, writes_sorted_columns);
    tcase_add_test(t, reads_what_it_writes);
    tcase_add_loop_test(t, refuses_with_the_line, 0, COUNT_OF(wrong));
    tcase_add_test(t, refuses_a_nul);
    Suite *s = suite_create("schedule/tuning");
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
