/* What loop_fetch() fetches: all lines of an array, a few per iteration, in the loop that works. */
#include "compiler/loop/loop.h"

#include <check.h>

enum { LINE = 16, MOST = 1000, ROWS = 7, TILES = 9, STEPS = 5, MOST_PER_ITERATION = 8 };

/* for oy { for cv { y[oy][cv] = 0 }; for ot { for c { y[oy][ot] += 1 } } } */
typedef struct Nest {
    Arena *L;
    Buffer *y, *lines;
    Stmt *s;
} Nest;

static Stmt *over(Arena *L, Var *v, int64_t count, Stmt *body)
{
    return st_for(L, v, ix_int(L, 0), ix_int(L, count), body);
}

static Stmt *store(const Nest *n, Var *oy, Var *column)
{
    Expr *index[] = { ix_var(n->L, oy), ix_var(n->L, column) };
    return st_store(n->L, n->y, 2, index, val_real(n->L, 1.0));
}

static Nest nest_new(int64_t lines)
{
    Arena *L = arena_new();
    Var *oy = loop_var(L, "oy"), *cv = loop_var(L, "cv"), *ot = loop_var(L, "ot");
    Nest n = { .L = L,
               .y = loop_buffer(L, "y", BUFFER_OUTPUT, 2, (int64_t)ROWS, (int64_t)TILES),
               .lines = loop_buffer(L, "next", BUFFER_CONST, 2, lines, (int64_t)LINE) };
    Stmt *steps = over(L, loop_var(L, "c"), STEPS, store(&n, oy, ot));
    Stmt *both[] = { over(L, cv, TILES, store(&n, oy, cv)), over(L, ot, TILES, steps) };
    n.s = over(L, oy, ROWS, st_block(L, 2, both));
    return n;
}

static void fetch(Nest *n)
{
    n->s = loop_fetch(n->L, loop_simplify(n->L, n->s), n->lines);
    Function f = {
        .name = "f", .param_count = 2, .param = (Buffer *[]){ n->y, n->lines }, .body = n->s
    };
    ck_assert_ptr_null(loop_check(n->L, &f));
}

/* How often each line is fetched; the most that one iteration of a loop fetches by itself. */
static int count_lines(Arena *L, const Stmt *s, int count[MOST])
{
    int64_t line, lo, hi, most = 0;
    if (s->kind == STMT_FOR) {
        ck_assert(ix_is_constant(s->lo, &lo) && ix_is_constant(s->hi, &hi));
        for (int64_t i = lo; i < hi; i++) {
            Stmt *body = loop_substitute(L, s->body, s->var, ix_int(L, i));
            int in_body = count_lines(L, loop_simplify(L, body), count);
            most = s->mark == LOOP_UNROLL ? most + in_body : in_body > most ? in_body : most;
        }
        return (int)most;
    }
    if (s->kind == STMT_PREFETCH) {
        ck_assert(ix_is_constant(s->index[0], &line));
        ck_assert_int_lt(line, MOST);
        count[line]++;
        return 1;
    }
    for (int i = 0; i < s->count; i++) {
        int in_item = count_lines(L, s->item[i], count);
        most = in_item > most ? in_item : most;
    }
    return (int)most;
}

START_TEST(every_line)
{
    static const int lines[] = { 1, 6, 7, 55, 63, 64, 200, 504, 505, 999 };
    Nest n = nest_new(lines[_i]);
    int count[MOST] = { 0 };
    fetch(&n);
    ck_assert_int_le(count_lines(n.L, n.s, count), MOST_PER_ITERATION);
    for (int i = 0; i < MOST; i++)
        ck_assert_int_eq(count[i] > 0, i < lines[_i]);
    arena_free(n.L);
}
END_TEST

static bool fetches(const Stmt *s)
{
    bool found = s->kind == STMT_PREFETCH || (s->body && fetches(s->body));
    for (int i = 0; i < s->count; i++)
        found |= fetches(s->item[i]);
    return found;
}

START_TEST(where_most_is_stored)
{
    Nest n = nest_new(ROWS * TILES);
    fetch(&n);
    const Stmt *row = n.s->body;
    ck_assert(!fetches(row->item[0]) && fetches(row->item[1]));
    arena_free(n.L);
}
END_TEST

START_TEST(nothing_without_loops)
{
    Nest n = nest_new(8);
    Expr *zero[] = { ix_int(n.L, 0), ix_int(n.L, 0) };
    Stmt *s = st_store(n.L, n.y, 2, zero, val_real(n.L, 1.0));
    ck_assert_ptr_eq(loop_fetch(n.L, s, n.lines), s);
    arena_free(n.L);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("loop/fetch");
    TCase *t = tcase_create("fetch");
    tcase_add_loop_test(t, every_line, 0, 10);
    tcase_add_test(t, where_most_is_stored);
    tcase_add_test(t, nothing_without_loops);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
