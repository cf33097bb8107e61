/* Choosing tiles: who may depart from the row's, and that half vectors count as half. */
#include "compiler/schedule/choose.h"
#include "compiler/schedule/cost.h"
#include "tests/support/graphs.h"

#include <check.h>

static Build *b;

static void setup(void)
{
    b = build_new();
}

static void teardown(void)
{
    build_free(b);
}

static Node *conv_of(int64_t channels)
{
    Node *n = build_input(b, shape_of(4, (int64_t)1, (int64_t)16, (int64_t)28, (int64_t)28));
    return build_conv(b, "conv", n, channels, 1);
}

static Tile chosen(const char *target, int64_t channels, Optimize optimize)
{
    Tile *tile;
    const Node *n = conv_of(channels);
    ck_assert_ptr_null(choose_tiles(b->a, target_find(target), b->g, optimize, NULL, &tile));
    return tile[n->id];
}

START_TEST(portable_tile_of_the_row)
{
    const Target *t = target_find("c99");
    Tile tile = chosen("c99", 32, _i ? OPTIMIZE_SIZE : OPTIMIZE_BALANCED);
    ck_assert_int_eq(tile.pixels, t->tile_pixels);
    ck_assert_int_eq(tile.vectors, t->tile_vectors);
}
END_TEST

START_TEST(portable_tile_for_speed)
{
    ck_assert_int_gt(chosen("c99", 32, OPTIMIZE_SPEED).vectors, target_find("c99")->tile_vectors);
}
END_TEST

static int most_vectors(const Target *t, int64_t channels)
{
    Tile tile[CHOOSE_MAX_CANDIDATES];
    const Node *n = conv_of(channels);
    int count = choose_candidates(t, n, FORMS_DIRECT, tile), most = 0;
    for (int i = 0; i < count; i++)
        most = tile[i].vectors > most ? tile[i].vectors : most;
    return most;
}

START_TEST(half_vectors_are_tiles_of_their_own)
{
    const Target *t = target_find("avx512");
    ck_assert_int_eq(most_vectors(t, 16), 1);
    ck_assert_int_eq(most_vectors(t, 24), 1);
    ck_assert_int_eq(most_vectors(t, 28), 2);
    ck_assert_int_eq(most_vectors(t, 8), 1);
}
END_TEST

static double cycles_of(int64_t channels)
{
    const Target *t = target_find("avx512");
    const Node *n = conv_of(channels);
    CostModel m = cost_model(t, b->g);
    return cost_cycles(&m, n, (Tile){ .lanes = 16, .pixels = 14, .vectors = 1 });
}

START_TEST(half_vectors_cost_half)
{
    double whole = cycles_of(16), more = cycles_of(24), twice = cycles_of(28);
    ck_assert_double_gt(more, 1.4 * whole);
    ck_assert_double_lt(more, 1.65 * whole);
    ck_assert_double_gt(twice, 1.8 * whole);
}
END_TEST

static int inner_tiles(const Target *t, int64_t inputs, Forms forms)
{
    Tile tile[CHOOSE_MAX_CANDIDATES];
    Node *x = build_input(b, shape_of(4, (int64_t)1, inputs, (int64_t)28, (int64_t)28));
    int count = choose_candidates(t, build_conv(b, "conv", x, 64, 1), forms, tile), found = 0;
    for (int i = 0; i < count; i++)
        found += tile[i].form == TILE_INNER;
    return found;
}

/* It takes no more weights, so it needs no leave to; but it is for one processor and not exact. */
START_TEST(inner_product_where_it_pays)
{
    const Target *t = target_find("zen4");
    ck_assert_int_gt(inner_tiles(t, 96, FORMS_INNER), 0);
    ck_assert_int_eq(inner_tiles(t, 96, FORMS_DIRECT), 0);
    ck_assert_int_eq(inner_tiles(t, 8, FORMS_INNER), 0);
    ck_assert_int_eq(inner_tiles(target_find("avx512"), 96, FORMS_ALL), 0);
    ck_assert_int_eq(inner_tiles(target_strict(b->a, t), 96, FORMS_ALL), 0);
    ck_assert_int_eq(choose_forms(target_strict(b->a, t), OPTIMIZE_SPEED), FORMS_DIRECT);
    ck_assert_int_eq(choose_forms(t, OPTIMIZE_SIZE), FORMS_DIRECT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("schedule/choose");
    TCase *c = tcase_create("tiles");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, portable_tile_of_the_row, 0, 2);
    tcase_add_test(c, portable_tile_for_speed);
    tcase_add_test(c, half_vectors_are_tiles_of_their_own);
    tcase_add_test(c, half_vectors_cost_half);
    tcase_add_test(c, inner_product_where_it_pays);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
