/* Sinking a loop: register tiling. The loop over pixels, vectors or lanes of a tile moves inwards
 * until it surrounds single statements, and what the body kept in one local becomes an array of
 * them:
 *
 *       for m { acc = b; for c { acc += x[m][c] * w[c]; } y[m] = acc; }
 *   ->  for m { acc[m] = b; }
 *       for c { for m { acc[m] += x[m][c] * w[c]; } }
 *       for m { y[m] = acc[m]; }
 *
 * Iterations must be independent of each other, which the kernels' loops over output positions
 * are. */
#include "compiler/loop/rewrite.h"

#include "compiler/base/diag.h"

typedef struct Sink {
    Arena *L;
    const Stmt *loop; /* the STMT_FOR that sinks */
    bool innermost;   /* its dimension of locals is the last one: lanes */
} Sink;

static Stmt *sink_into(const Sink *k, Expr *guard, Stmt *s);

static Stmt *leaf(const Sink *k, Expr *guard, Stmt *s)
{
    Stmt *body = guard ? st_if(k->L, guard, s) : s;
    Stmt *loop = st_for(k->L, k->loop->var, k->loop->lo, k->loop->hi, body);
    loop->mark = k->innermost ? LOOP_LANES : LOOP_UNROLL;
    return loop;
}

static bool has_let(const Stmt *block)
{
    for (int i = 0; i < block->count; i++)
        if (block->item[i]->kind == STMT_LET)
            return true;
    return false;
}

/* The local with one more dimension, as long as the loop. */
static Buffer *widen(const Sink *k, const Buffer *b)
{
    int64_t lo, hi;
    if (!ix_is_constant(k->loop->lo, &lo) || !ix_is_constant(k->loop->hi, &hi) || lo != 0)
        bug("a register loop without constant bounds");
    Buffer *wide = arena_new_of(k->L, Buffer);
    *wide = *b;
    wide->rank = b->rank + 1;
    for (int i = 0; i < b->rank; i++)
        wide->extent[k->innermost ? i : i + 1] = b->extent[i];
    wide->extent[k->innermost ? b->rank : 0] = hi;
    wide->pitch = wide->extent[wide->rank - 1];
    return wide;
}

static Stmt *sink_block(const Sink *k, Expr *guard, Stmt *block)
{
    Stmt *wide = block;
    for (int i = 0; i < block->count; i++)
        if (block->item[i]->kind == STMT_LOCAL) {
            Buffer *b = block->item[i]->buffer;
            wide = replace_buffer(k->L, wide, b, widen(k, b), ix_var(k->L, k->loop->var),
                                  k->innermost);
        }
    Stmt **items = arena_new_array(k->L, Stmt *, wide->count);
    for (int i = 0; i < wide->count; i++) {
        Stmt *s = wide->item[i];
        if (s->kind == STMT_LOCAL)
            items[i] = s;
        else
            items[i] = s->kind == STMT_BLOCK ? leaf(k, guard, s) : sink_into(k, guard, s);
    }
    return st_block(k->L, wide->count, items);
}

static Stmt *sink_into(const Sink *k, Expr *guard, Stmt *s)
{
    const Var *v = k->loop->var;
    if (s->kind == STMT_BLOCK && !has_let(s))
        return sink_block(k, guard, s);
    if (s->kind == STMT_FOR && s->mark != LOOP_UNROLL && s->mark != LOOP_LANES &&
        !ix_uses(s->lo, v) && !ix_uses(s->hi, v)) {
        Stmt *loop = arena_new_of(k->L, Stmt);
        *loop = *s;
        loop->body = sink_into(k, guard, s->body);
        return loop;
    }
    if (s->kind == STMT_IF && ix_uses(s->lo, v))
        return sink_into(k, guard ? ix_and(k->L, guard, s->lo) : s->lo, s->body);
    if (s->kind == STMT_IF)
        return st_if(k->L, s->lo, sink_into(k, guard, s->body));
    return leaf(k, guard, s);
}

typedef struct Sinking {
    const Var *var;
    bool innermost;
} Sinking;

static Stmt *sink_stmt(Rewriter *r, Stmt *s)
{
    const Sinking *k = r->self;
    if (s->kind != STMT_FOR || s->var != k->var)
        return rewrite_parts(r, s);
    return sink_into(&(Sink){ r->L, s, k->innermost }, NULL, s->body);
}

Stmt *loop_sink(Arena *L, Stmt *s, const Var *v)
{
    Rewriter r = { L, same_expr, sink_stmt, &(Sinking){ v, false } };
    return sink_stmt(&r, s);
}

Stmt *loop_sink_lanes(Arena *L, Stmt *s, const Var *v)
{
    Rewriter r = { L, same_expr, sink_stmt, &(Sinking){ v, true } };
    return sink_stmt(&r, s);
}
