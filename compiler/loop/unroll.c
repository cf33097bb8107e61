/* Unrolling in the IR, for loops whose iterations differ in kind (which pixels of a tile a column
 * of the kernel sees). Loops that only need to be flat for the C compiler are marked LOOP_UNROLL
 * instead. */
#include "compiler/loop/rewrite.h"

typedef struct Unrolling {
    const Var *var;
    bool only_dependent;
} Unrolling;

static bool bounds_depend(const Stmt *s, const Var *v)
{
    if (s->kind == STMT_FOR && (ix_uses(s->lo, v) || ix_uses(s->hi, v)))
        return true;
    if (s->body && bounds_depend(s->body, v))
        return true;
    for (int i = 0; i < s->count; i++)
        if (bounds_depend(s->item[i], v))
            return true;
    return false;
}

static Stmt *unroll_stmt(Rewriter *r, Stmt *s)
{
    const Unrolling *u = r->self;
    int64_t lo, hi;
    if (s->kind != STMT_FOR || s->var != u->var || !ix_is_constant(s->lo, &lo) ||
        !ix_is_constant(s->hi, &hi) || (u->only_dependent && !bounds_depend(s->body, u->var)))
        return rewrite_parts(r, s);
    Vec(Stmt *) items = { 0 };
    for (int64_t i = lo; i < hi; i++)
        vec_push(r->L, &items, loop_substitute(r->L, s->body, s->var, ix_int(r->L, i)));
    return block_of(r->L, items.count, items.at);
}

Stmt *loop_unroll(Arena *L, Stmt *s, const Var *v)
{
    Rewriter r = { L, same_expr, unroll_stmt, &(Unrolling){ v, false } };
    return unroll_stmt(&r, s);
}

Stmt *loop_unroll_dependent(Arena *L, Stmt *s, const Var *v)
{
    Rewriter r = { L, same_expr, unroll_stmt, &(Unrolling){ v, true } };
    return unroll_stmt(&r, s);
}
