/* What loop_share() divides together: loops that go over a map again are divided each time, those
 * that go on where the last one ended are one count; and where threads meet. */
#include "compiler/loop/loop.h"

#include <check.h>

enum { ROWS = 64, COLUMNS = 64, CHANNELS = 32 };

typedef struct Nests {
    Arena *L;
    Buffer *x, *y, *z;
} Nests;

static Nests nests_new(void)
{
    Nests n = { .L = arena_new() };
    n.x = loop_buffer(n.L, "x", BUFFER_INPUT, 3, (int64_t)ROWS, (int64_t)COLUMNS,
                      (int64_t)CHANNELS);
    n.y = loop_buffer(n.L, "y", BUFFER_SCRATCH, 3, (int64_t)ROWS, (int64_t)COLUMNS,
                      (int64_t)CHANNELS);
    n.z = loop_buffer(n.L, "z", BUFFER_OUTPUT, 3, (int64_t)ROWS, (int64_t)COLUMNS,
                      (int64_t)CHANNELS);
    return n;
}

/* to[oy][ox][c] = from[oy][ox][c], rows first_row..end_row, channels first..end */
static Stmt *copy(const Nests *n, Buffer *to, Buffer *from, int64_t first_row, int64_t end_row,
                  int64_t first, int64_t end)
{
    Arena *L = n->L;
    Var *oy = loop_var(L, "oy"), *ox = loop_var(L, "ox"), *c = loop_var(L, "c");
    Expr *at[] = { ix_var(L, oy), ix_var(L, ox), ix_var(L, c) };
    Stmt *s = st_store(L, to, 3, at, val_load(L, from, 3, at));
    s = st_for(L, c, ix_int(L, first), ix_int(L, end), s);
    s = st_for(L, ox, ix_int(L, 0), ix_int(L, COLUMNS), s);
    return st_for(L, oy, ix_int(L, first_row), ix_int(L, end_row), s);
}

static int count_of(const Stmt *s, StmtKind kind)
{
    int count = s->kind == kind;
    for (int i = 0; i < s->count; i++)
        count += count_of(s->item[i], kind);
    return count + (s->body ? count_of(s->body, kind) : 0);
}

/* The statements of that kind in two nests, divided by pixels. */
static int count_in(const Nests *n, Stmt *first, Stmt *second, StmtKind kind)
{
    Buffer *param[] = { n->x, n->y, n->z };
    Stmt *body = st_block(n->L, 2, (Stmt *[]){ first, second });
    Function f = { .name = "f", .param_count = 3, .param = param, .body = body };
    return count_of(loop_share(n->L, &f, body, SHARE_PIXELS), kind);
}

START_TEST(test_same_places)
{
    Nests n = nests_new();
    Stmt *most = copy(&n, n.z, n.x, 0, ROWS, 0, 24), *rest = copy(&n, n.z, n.x, 0, ROWS, 24, 32);
    ck_assert_int_eq(count_in(&n, most, rest, STMT_SHARE), 2);
    arena_free(n.L);
}
END_TEST

START_TEST(test_next_places)
{
    Nests n = nests_new();
    Stmt *top = copy(&n, n.z, n.x, 0, 40, 0, 32), *bottom = copy(&n, n.z, n.x, 40, ROWS, 0, 32);
    ck_assert_int_eq(count_in(&n, top, bottom, STMT_SHARE), 1);
    arena_free(n.L);
}
END_TEST

START_TEST(test_meetings)
{
    Nests n = nests_new();
    Stmt *first = copy(&n, n.y, n.x, 0, ROWS, 0, 32), *second = copy(&n, n.z, n.y, 0, ROWS, 0, 32);
    ck_assert_int_eq(count_in(&n, first, second, STMT_BARRIER), 1);
    Stmt *other = copy(&n, n.z, n.x, 0, ROWS, 0, 32);
    ck_assert_int_eq(count_in(&n, first, other, STMT_BARRIER), 0);
    arena_free(n.L);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop/parallel");
    TCase *threads = tcase_create("threads");
    tcase_add_test(threads, test_same_places);
    tcase_add_test(threads, test_next_places);
    tcase_add_test(threads, test_meetings);
    suite_add_tcase(suite, threads);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
