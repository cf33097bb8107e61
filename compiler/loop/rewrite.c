/* Rebuilding of trees, and the transformations that are nothing more: substitution, marking,
 * replacing a buffer. */
#include "compiler/loop/rewrite.h"

#include "compiler/base/diag.h"

static Expr *with_args(Arena *L, const Expr *e, Expr *const *arg)
{
    switch (e->kind) {
    case EXPR_ADD:
        return ix_add(L, arg[0], arg[1]);
    case EXPR_SUB:
        return ix_sub(L, arg[0], arg[1]);
    case EXPR_MUL:
        return ix_mul(L, arg[0], arg[1]->integer);
    case EXPR_DIV:
        return ix_div(L, arg[0], arg[1]->integer);
    case EXPR_MOD:
        return ix_mod(L, arg[0], arg[1]->integer);
    case EXPR_MIN:
        return ix_min(L, arg[0], arg[1]);
    case EXPR_MAX:
        return ix_max(L, arg[0], arg[1]);
    case EXPR_LT:
        return ix_lt(L, arg[0], arg[1]);
    case EXPR_AND:
        return ix_and(L, arg[0], arg[1]);
    case EXPR_IF:
        return val_if(L, arg[0], arg[1], arg[2]);
    case EXPR_CAST:
        return val_cast(L, arg[0]);
    default:
        break;
    }
    Expr *copy = arena_new_of(L, Expr);
    *copy = *e;
    for (int i = 0; i < e->arg_count; i++)
        copy->arg[i] = arg[i];
    return copy;
}

Expr *rewrite_args(Rewriter *r, Expr *e)
{
    Expr *arg[LOOP_MAX_RANK];
    bool changed = false;
    for (int i = 0; i < e->arg_count; i++) {
        arg[i] = r->expr(r, e->arg[i]);
        changed |= arg[i] != e->arg[i];
    }
    return changed ? with_args(r->L, e, arg) : e;
}

Stmt *rewrite_parts(Rewriter *r, Stmt *s)
{
    Stmt *copy = arena_new_of(r->L, Stmt);
    *copy = *s;
    copy->lo = s->lo ? r->expr(r, s->lo) : NULL;
    copy->hi = s->hi ? r->expr(r, s->hi) : NULL;
    copy->value = s->value ? r->expr(r, s->value) : NULL;
    for (int i = 0; i < s->index_count; i++)
        copy->index[i] = r->expr(r, s->index[i]);
    copy->body = s->body ? r->stmt(r, s->body) : NULL;
    if (s->count) {
        copy->item = arena_new_array(r->L, Stmt *, s->count);
        for (int i = 0; i < s->count; i++)
            copy->item[i] = r->stmt(r, s->item[i]);
    }
    if (s->kind == STMT_IF)
        return st_if(r->L, copy->lo, copy->body);
    return copy;
}

bool is_empty_block(const Stmt *s)
{
    return s->kind == STMT_BLOCK && s->count == 0;
}

Stmt *block_of(Arena *L, int count, Stmt *const *items)
{
    Vec(Stmt *) kept = { 0 };
    for (int i = 0; i < count; i++)
        if (!is_empty_block(items[i]))
            vec_push(L, &kept, items[i]);
    return kept.count == 1 ? kept.at[0] : st_block(L, kept.count, kept.at);
}

int64_t trips_of(const Stmt *loop)
{
    int64_t lo, hi;
    return ix_is_constant(loop->lo, &lo) && ix_is_constant(loop->hi, &hi) ? hi - lo : 0;
}

/* --- substitution --------------------------------------------------------------------------- */

typedef struct Substitution {
    const Var *var;
    Expr *by;
} Substitution;

static Expr *substitute_expr(Rewriter *r, Expr *e)
{
    const Substitution *s = r->self;
    if (e->kind == EXPR_VAR)
        return e->var == s->var ? s->by : e;
    return rewrite_args(r, e);
}

Expr *expr_substitute(Arena *L, Expr *e, const Var *v, Expr *by)
{
    Rewriter r = { L, substitute_expr, rewrite_parts, &(Substitution){ v, by } };
    return substitute_expr(&r, e);
}

Stmt *loop_substitute(Arena *L, Stmt *s, const Var *v, Expr *by)
{
    Rewriter r = { L, substitute_expr, rewrite_parts, &(Substitution){ v, by } };
    return rewrite_parts(&r, s);
}

/* --- marking -------------------------------------------------------------------------------- */

typedef struct Marking {
    const Var *var;
    LoopMark mark;
} Marking;

Expr *same_expr(Rewriter *r, Expr *e)
{
    (void)r;
    return e;
}

static Stmt *mark_stmt(Rewriter *r, Stmt *s)
{
    const Marking *m = r->self;
    Stmt *copy = rewrite_parts(r, s);
    if (copy->kind == STMT_FOR && copy->var == m->var)
        copy->mark = m->mark;
    return copy;
}

Stmt *loop_mark(Arena *L, Stmt *s, const Var *v, LoopMark mark)
{
    Rewriter r = { L, same_expr, mark_stmt, &(Marking){ v, mark } };
    return mark_stmt(&r, s);
}

/* --- replacing a buffer ----------------------------------------------------------------------- */

typedef struct Replacement {
    const Buffer *old;
    Buffer *by;
    Expr *index;
    bool at_end;
} Replacement;

static void add_index(const Replacement *p, Expr **index, int *count)
{
    if (*count == LOOP_MAX_RANK)
        bug("a buffer of more than %d dimensions", LOOP_MAX_RANK);
    int at = p->at_end ? *count : 0;
    for (int i = *count; i > at; i--)
        index[i] = index[i - 1];
    index[at] = p->index;
    ++*count;
}

static Expr *replace_in_expr(Rewriter *r, Expr *e)
{
    const Replacement *p = r->self;
    Expr *copy = rewrite_args(r, e);
    if (copy->kind != EXPR_LOAD || copy->buffer != p->old)
        return copy;
    Expr *load = arena_new_of(r->L, Expr);
    *load = *copy;
    load->buffer = p->by;
    add_index(p, load->arg, &load->arg_count);
    return load;
}

static Stmt *replace_in_stmt(Rewriter *r, Stmt *s)
{
    const Replacement *p = r->self;
    Stmt *copy = rewrite_parts(r, s);
    if (copy->buffer != p->old)
        return copy;
    copy->buffer = p->by;
    if (copy->kind == STMT_STORE || copy->kind == STMT_PREFETCH)
        add_index(p, copy->index, &copy->index_count);
    return copy;
}

Stmt *replace_buffer(Arena *L, Stmt *s, const Buffer *b, Buffer *by, Expr *index, bool at_end)
{
    Rewriter r = { L, replace_in_expr, replace_in_stmt, &(Replacement){ b, by, index, at_end } };
    return replace_in_stmt(&r, s);
}

/* --- what a subtree uses -------------------------------------------------------------------- */

bool ix_uses(const Expr *e, const Var *v)
{
    if (e->kind == EXPR_VAR)
        return e->var == v;
    for (int i = 0; i < e->arg_count; i++)
        if (ix_uses(e->arg[i], v))
            return true;
    return false;
}

bool stmt_uses(const Stmt *s, const Var *v)
{
    if ((s->lo && ix_uses(s->lo, v)) || (s->hi && ix_uses(s->hi, v)) ||
        (s->value && ix_uses(s->value, v)) || (s->body && stmt_uses(s->body, v)))
        return true;
    for (int i = 0; i < s->index_count; i++)
        if (ix_uses(s->index[i], v))
            return true;
    for (int i = 0; i < s->count; i++)
        if (stmt_uses(s->item[i], v))
            return true;
    return false;
}
