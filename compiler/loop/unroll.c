/* Unrolling in the IR, for loops whose iterations differ in kind (which pixels of a tile a column of
 * the kernel sees). Loops that only need to be flat for the C compiler are marked LOOP_UNROLL instead. */
#include "compiler/loop/rewrite.h"

static Expr *same_expr(Rewriter *r, Expr *e)
{
    (void)r;
    return e;
}

static Stmt *unroll_stmt(Rewriter *r, Stmt *s)
{
    int64_t lo, hi;
    if (s->kind != STMT_FOR || s->var != r->self || !ix_is_constant(s->lo, &lo) ||
        !ix_is_constant(s->hi, &hi))
        return rewrite_parts(r, s);
    Vec(Stmt *) items = { 0 };
    for (int64_t i = lo; i < hi; i++)
        vec_push(r->L, &items, loop_substitute(r->L, s->body, s->var, ix_int(r->L, i)));
    return block_of(r->L, items.count, items.at);
}

Stmt *loop_unroll(Arena *L, Stmt *s, const Var *v)
{
    Rewriter r = { L, same_expr, unroll_stmt, (void *)v };
    return unroll_stmt(&r, s);
}
