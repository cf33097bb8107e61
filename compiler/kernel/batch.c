/* Several pictures in one call. Kernels are written for one picture; here every map gets a leading
 * dimension, pictures, and the nest a loop over them. Pictures are the outermost loop, so that what
 * one leaves in the caches serves its next loop; but where a layer has more weights than values,
 * they go inside the loops over output channels: then a tile's weights are read once for all of
 * them. A kernel that hands scratch from nest to nest does so picture by picture. */
#include "compiler/kernel/common.h"

#include "compiler/loop/rewrite.h"

typedef struct Batch {
    Arena *L;
    Var *picture;
    int64_t pictures;
    bool reuses_weights, has_scratch;
} Batch;

bool make_reuses_weights(const Node *n)
{
    const Param *w = n->param[PARAM_WEIGHT];
    return w && shape_count(&w->shape) > shape_count(&n->input[0]->shape) + shape_count(&n->shape);
}

static bool declares(const Stmt *block)
{
    for (int i = 0; i < block->count; i++)
        if (block->item[i]->kind == STMT_LOCAL || block->item[i]->kind == STMT_LET)
            return true;
    return false;
}

static bool is_outside(const Batch *b, const Stmt *s)
{
    return b->reuses_weights && !b->has_scratch && s->kind == STMT_FOR && s->mark == LOOP_PLAIN &&
           loop_axis(s->var) == SHARE_CHANNELS;
}

static Stmt *over_pictures(const Batch *b, Stmt *s)
{
    Arena *L = b->L;
    if (is_outside(b, s)) {
        Stmt *copy = arena_new_of(L, Stmt);
        *copy = *s;
        copy->body = over_pictures(b, s->body);
        return copy;
    }
    if (s->kind == STMT_BLOCK && !declares(s) && b->reuses_weights && !b->has_scratch) {
        Stmt **items = arena_new_array(L, Stmt *, s->count);
        for (int i = 0; i < s->count; i++)
            items[i] = over_pictures(b, s->item[i]);
        return st_block(L, s->count, items);
    }
    Stmt *loop = st_for(L, b->picture, ix_int(L, 0), ix_int(L, b->pictures), s);
    if (b->has_scratch)
        loop->mark = LOOP_SEQUENTIAL;
    return loop;
}

/* The same buffer of so many pictures. */
static Buffer *of_pictures(const Make *m, const Buffer *one)
{
    Buffer *all = arena_new_of(m->L, Buffer);
    *all = *one;
    all->rank = one->rank + 1;
    all->extent[0] = m->env->pictures;
    for (int i = 0; i < one->rank; i++)
        all->extent[i + 1] = one->extent[i];
    return all;
}

Stmt *make_pictures(Make *m, Stmt *nest, Expr *picture)
{
    Function *f = m->k->function;
    for (int i = 0; i < f->param_count; i++) {
        OperandKind kind = m->k->operand[i].kind;
        if (kind != OPERAND_INPUT && kind != OPERAND_OUTPUT)
            continue;
        Buffer *all = of_pictures(m, f->param[i]);
        nest = replace_buffer(m->L, nest, f->param[i], all, picture, false);
        f->param[i] = all;
    }
    m->has_pictures = true;
    return nest;
}

Stmt *make_batch(Make *m, Stmt *nest)
{
    Batch b = { .L = m->L, .pictures = m->env->pictures };
    b.picture = loop_var(m->L, "picture");
    b.reuses_weights = make_reuses_weights(m->n);
    b.has_scratch = m->k->scratch > 0;
    return over_pictures(&b, make_pictures(m, nest, ix_var(m->L, b.picture)));
}
