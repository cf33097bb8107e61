/* Splitting a loop into segments, each a loop over tiles around a loop inside the tile. A last tile
 * that reaches beyond the loop is guarded by a condition, which simplify.c resolves. */
#include "compiler/loop/rewrite.h"

#include "compiler/base/diag.h"

typedef struct Split {
    const Var *var;
    int count;
    const Segment *segments;
    Var *outer, *inner;
} Split;

static Stmt *split_segment(Arena *L, const Split *p, const Segment *g, const Stmt *loop)
{
    Expr *at = ix_add(L, ix_int(L, g->begin), ix_mul(L, ix_var(L, p->outer), g->size));
    at = ix_add(L, at, ix_var(L, p->inner));
    Stmt *body = loop_substitute(L, loop->body, p->var, at);
    int64_t end;
    bool whole = ix_is_constant(loop->hi, &end) && g->begin + g->tiles * g->size <= end;
    if (!whole && !g->padded)
        body = st_if(L, ix_lt(L, at, loop->hi), body);
    Expr *zero = ix_int(L, 0);
    Stmt *tile = st_for(L, p->inner, zero, ix_int(L, g->size), body);
    if (g->tiles == 1)
        return loop_substitute(L, tile, p->outer, zero);
    Stmt *tiles = st_for(L, p->outer, zero, ix_int(L, g->tiles), tile);
    tiles->mark = loop->mark;
    return tiles;
}

static Stmt *split_stmt(Rewriter *r, Stmt *s)
{
    const Split *p = r->self;
    if (s->kind != STMT_FOR || s->var != p->var)
        return rewrite_parts(r, s);
    int64_t begin;
    if (!ix_is_constant(s->lo, &begin) || begin != p->segments[0].begin)
        bug("a split that does not begin where its loop does");
    Stmt **items = arena_new_array(r->L, Stmt *, p->count);
    for (int i = 0; i < p->count; i++)
        items[i] = split_segment(r->L, p, &p->segments[i], s);
    return block_of(r->L, p->count, items);
}

Stmt *loop_split(Arena *L, Stmt *s, const Var *v, int count, const Segment *segments, Var *outer,
                 Var *inner)
{
    Rewriter r = { L, same_expr, split_stmt, &(Split){ v, count, segments, outer, inner } };
    return split_stmt(&r, s);
}

typedef struct SplitBy {
    const Var *var;
    int64_t size, half;
    Var *outer, *inner;
} SplitBy;

static Stmt *split_by_stmt(Rewriter *r, Stmt *s)
{
    const SplitBy *p = r->self;
    if (s->kind != STMT_FOR || s->var != p->var)
        return rewrite_parts(r, s);
    int64_t lo, hi;
    if (!ix_is_constant(s->lo, &lo) || !ix_is_constant(s->hi, &hi))
        bug("a split of a loop without constant bounds");
    int64_t size = p->half && hi - lo == p->half ? p->half : p->size;
    Segment g = { lo, (hi - lo + size - 1) / size, size, false };
    return split_segment(r->L, &(Split){ p->var, 1, &g, p->outer, p->inner }, &g, s);
}

Stmt *loop_split_by(Arena *L, Stmt *s, const Var *v, int64_t size, int64_t half, Var *outer,
                    Var *inner)
{
    Rewriter r = { L, same_expr, split_by_stmt, &(SplitBy){ v, size, half, outer, inner } };
    return split_by_stmt(&r, s);
}
