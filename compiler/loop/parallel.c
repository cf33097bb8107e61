/* Choosing the loops that threads share: in each nest the outermost loop over outputs that has
 * enough iterations. Loops over outputs are those outside every local, because accumulators are
 * declared inside them; their iterations write different elements. A loop marked LOOP_SEQUENTIAL
 * hands scratch from one iteration to the next and is only looked into. */
#include "compiler/loop/rewrite.h"

enum { ENOUGH_ITERATIONS = 4 };

static bool has_local(const Stmt *block)
{
    for (int i = 0; i < block->count; i++)
        if (block->item[i]->kind == STMT_LOCAL || block->item[i]->kind == STMT_LET)
            return true;
    return false;
}

static int64_t iterations(const Stmt *loop)
{
    int64_t lo, hi;
    bool known = ix_is_constant(loop->lo, &lo) && ix_is_constant(loop->hi, &hi);
    return known ? hi - lo : 0;
}

static Stmt *copy_with(Arena *L, const Stmt *s, Stmt *body, LoopMark mark)
{
    Stmt *copy = arena_new_of(L, Stmt);
    *copy = *s;
    copy->body = body;
    copy->mark = mark;
    return copy;
}

Stmt *loop_mark_parallel(Arena *L, Stmt *s)
{
    if (s->kind == STMT_BLOCK && !has_local(s)) {
        Stmt **items = arena_new_array(L, Stmt *, s->count);
        for (int i = 0; i < s->count; i++)
            items[i] = loop_mark_parallel(L, s->item[i]);
        return st_block(L, s->count, items);
    }
    if (s->kind != STMT_FOR || s->mark == LOOP_UNROLL || s->mark == LOOP_VECTOR)
        return s;
    if (s->mark == LOOP_PLAIN && iterations(s) >= ENOUGH_ITERATIONS)
        return copy_with(L, s, s->body, LOOP_PARALLEL);
    return copy_with(L, s, loop_mark_parallel(L, s->body), s->mark);
}
