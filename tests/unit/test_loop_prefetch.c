/* What loop_prefetch() fetches: in each block every line of the next one, and nothing where there
 * is nothing to hide it behind. */
#include "compiler/loop/loop.h"

#include <check.h>

enum { MATRICES = 3, BLOCKS = 3, ROWS = 2, STEPS = 3, LINE = 16 };

/* for f { for ot { for t { for c { acc += w[f][ROWS ot + row][c][0], row < ROWS } } } } */
typedef struct Nest {
    Arena *L;
    Buffer *w, *acc;
    Var *f, *ot, *t, *c;
} Nest;

static Nest nest_new(void)
{
    Arena *L = arena_new();
    Buffer *w = loop_buffer(L, "w", BUFFER_CONST, 4, (int64_t)MATRICES, (int64_t)(BLOCKS * ROWS),
                            (int64_t)STEPS, (int64_t)LINE);
    return (Nest){ L,
                   w,
                   loop_scalar(L, "acc"),
                   loop_var(L, "f"),
                   loop_var(L, "ot"),
                   loop_var(L, "t"),
                   loop_var(L, "c") };
}

static Stmt *over(const Nest *n, Var *v, int64_t count, Stmt *body)
{
    return st_for(n->L, v, ix_int(n->L, 0), ix_int(n->L, count), body);
}

static Stmt *step(const Nest *n)
{
    Arena *L = n->L;
    Var *row = loop_var(L, "n");
    Expr *at = ix_add(L, ix_mul(L, ix_var(L, n->ot), ROWS), ix_var(L, row));
    Expr *index[] = { ix_var(L, n->f), at, ix_var(L, n->c), ix_int(L, 0) };
    Expr *sum = val_op2(L, VOP_ADD, val_load(L, n->acc, 0, NULL), val_load(L, n->w, 4, index));
    Stmt *s = over(n, row, ROWS, st_store(L, n->acc, 0, NULL, sum));
    s->mark = LOOP_UNROLL;
    return s;
}

static Stmt *tiles(const Nest *n, int64_t count)
{
    return over(n, n->t, count, over(n, n->c, STEPS, step(n)));
}

static Stmt *nest_of(const Nest *n, int64_t blocks, Stmt *block)
{
    Stmt *s = over(n, n->f, MATRICES, over(n, n->ot, blocks, block));
    return st_block(n->L, 2, (Stmt *[]){ st_local(n->L, n->acc), s });
}

static Stmt *prefetched(const Nest *n, Stmt *nest)
{
    Stmt *s = loop_prefetch(n->L, loop_simplify(n->L, nest));
    Function f = { .name = "f", .param_count = 1, .param = (Buffer *[]){ n->w }, .body = s };
    ck_assert_ptr_null(loop_check(n->L, &f));
    return s;
}

/* Counts the lines that s fetches, all its loops unrolled. */
static int count_lines(const Stmt *s, int count[MATRICES][BLOCKS * ROWS][STEPS])
{
    int fetched = 0;
    if (s->kind == STMT_PREFETCH) {
        int64_t at[4];
        for (int i = 0; i < 4; i++)
            ck_assert(ix_is_constant(s->index[i], &at[i]));
        count[at[0]][at[1]][at[2]]++;
        fetched++;
    }
    if (s->body)
        fetched += count_lines(s->body, count);
    for (int i = 0; i < s->count; i++)
        fetched += count_lines(s->item[i], count);
    return fetched;
}

static int fetched_in(const Nest *n, Stmt *nest, int matrix, int block,
                      int count[MATRICES][BLOCKS * ROWS][STEPS])
{
    nest = loop_substitute(n->L, nest->item[1]->body, n->f, ix_int(n->L, matrix));
    nest = loop_substitute(n->L, nest->body, n->ot, ix_int(n->L, block));
    nest = loop_unroll(n->L, loop_unroll(n->L, nest, n->t), n->c);
    return count_lines(loop_simplify(n->L, nest), count);
}

START_TEST(every_line_of_the_next_block)
{
    static const int tile_counts[] = { 2, 3, 5 };
    Nest n = nest_new();
    Stmt *s = prefetched(&n, nest_of(&n, BLOCKS, tiles(&n, tile_counts[_i])));
    for (int matrix = 0; matrix < MATRICES; matrix++)
        for (int block = 0; block < BLOCKS; block++) {
            int count[MATRICES][BLOCKS * ROWS][STEPS] = { 0 };
            int next = matrix * BLOCKS + block + 1;
            fetched_in(&n, s, matrix, block, count);
            for (int row = 0; next < MATRICES * BLOCKS && row < ROWS; row++)
                for (int c = 0; c < STEPS; c++)
                    ck_assert_int_gt(count[next / BLOCKS][next % BLOCKS * ROWS + row][c], 0);
        }
    arena_free(n.L);
}
END_TEST

START_TEST(the_longest_loop_over_tiles)
{
    Nest n = nest_new();
    Stmt *block = st_block(n.L, 2, (Stmt *[]){ tiles(&n, 2), tiles(&n, 4) });
    int count[MATRICES][BLOCKS * ROWS][STEPS] = { 0 };
    Stmt *s = prefetched(&n, nest_of(&n, BLOCKS, block));
    ck_assert_int_eq(fetched_in(&n, s, 0, 0, count), 4 * STEPS);
    arena_free(n.L);
}
END_TEST

START_TEST(nothing_where_weights_are_read_once)
{
    Nest n = nest_new();
    int count[MATRICES][BLOCKS * ROWS][STEPS] = { 0 };
    ck_assert_int_eq(count_lines(prefetched(&n, nest_of(&n, BLOCKS, tiles(&n, 1))), count), 0);
    arena_free(n.L);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("loop/prefetch");
    TCase *t = tcase_create("prefetch");
    tcase_add_loop_test(t, every_line_of_the_next_block, 0, 3);
    tcase_add_test(t, the_longest_loop_over_tiles);
    tcase_add_test(t, nothing_where_weights_are_read_once);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
