/* The verifier of loop nests: every index proven inside its buffer, every local declared before
 * use, lanes consistent. All extents are constants, so nothing is left to run time. */
#include "compiler/loop/affine.h"
#include "compiler/loop/loop.h"

#include <string.h>

typedef struct Check {
    Arena *scratch;
    const Function *function;
    Vec(const Buffer *) locals; /* in scope */
    const char *error;
} Check;

static void check_expr(Check *c, const Scope *scope, const Expr *e);

static void fail(Check *c, const char *what, const Buffer *b, const Expr *index)
{
    if (c->error)
        return;
    Text t = { .arena = c->scratch };
    text_printf(&t, "%s: '%s': %s", c->function->name, b ? b->name : "value", what);
    if (index) {
        text_puts(&t, ": ");
        loop_print_expr(index, &t);
    }
    c->error = text_string(&t);
}

static bool is_known(const Check *c, const Buffer *b)
{
    for (int i = 0; i < c->function->param_count; i++)
        if (c->function->param[i] == b)
            return true;
    for (int i = 0; i < c->locals.count; i++)
        if (c->locals.at[i] == b)
            return true;
    return false;
}

static void check_index(Check *c, const Scope *scope, const Buffer *b, Expr *index, int64_t extent,
                        int64_t width)
{
    Affine a = affine_of(index), top = { .constant = extent - width };
    top = affine_add(&top, -1, &a);
    if (!affine_is_nonnegative(c->scratch, scope, &a))
        fail(c, "an index that may be negative", b, index);
    else if (!affine_is_nonnegative(c->scratch, scope, &top))
        fail(c, "an index that may be too large", b, index);
}

static void check_access(Check *c, const Scope *scope, const Buffer *b, int count,
                         Expr *const *index, int lanes, int active)
{
    if (!is_known(c, b))
        fail(c, "used but not declared", b, NULL);
    if (count != b->rank)
        fail(c, "used with the wrong number of indices", b, NULL);
    bool in_register = b->role == BUFFER_LOCAL && !b->in_memory;
    if (in_register && lanes != b->lanes)
        fail(c, "a register of other lanes", b, NULL);
    for (int i = 0; i < count && !c->error; i++)
        check_index(c, scope, b, index[i], b->extent[i],
                    i == count - 1 && !in_register ? active : 1);
}

static void check_expr(Check *c, const Scope *scope, const Expr *e)
{
    if (e->kind == EXPR_LOAD)
        check_access(c, scope, e->buffer, e->arg_count, e->arg, e->lanes, e->active);
    if (e->kind == EXPR_IF) {
        Scope inner = { scope, NULL, e->arg[0], NULL };
        check_expr(c, &inner, e->arg[1]);
        check_expr(c, scope, e->arg[2]);
        return;
    }
    for (int i = 0; i < e->arg_count; i++)
        check_expr(c, scope, e->arg[i]);
    for (int i = 0; e->kind == EXPR_VOP && e->vop != VOP_BROADCAST && i < e->arg_count; i++)
        if (e->arg[i]->lanes != e->lanes)
            fail(c, "an operation on values of different lanes", NULL, e);
}

static void check_stmt(Check *c, const Scope *scope, const Stmt *s)
{
    int locals = c->locals.count;
    if (s->value)
        check_expr(c, scope, s->value);
    switch (s->kind) {
    case STMT_BLOCK:
        for (int i = 0; i < s->count; i++)
            check_stmt(c, scope, s->item[i]);
        c->locals.count = locals;
        break;
    case STMT_FOR: {
        Scope inner = { scope, s->var, s->lo, s->hi };
        check_stmt(c, &inner, s->body);
        break;
    }
    case STMT_IF: {
        Scope inner = { scope, NULL, s->lo, NULL };
        check_stmt(c, &inner, s->body);
        break;
    }
    case STMT_STORE:
        if (s->buffer->role == BUFFER_CONST || s->buffer->role == BUFFER_INPUT)
            fail(c, "a store to a buffer that is only read", s->buffer, NULL);
        check_access(c, scope, s->buffer, s->index_count, s->index, s->value->lanes, s->active);
        break;
    case STMT_PREFETCH:
        check_access(c, scope, s->buffer, s->index_count, s->index, 1, 1);
        break;
    case STMT_SHARE:
        check_stmt(c, scope, s->body);
        break;
    case STMT_BARRIER:
        break;
    case STMT_LOCAL:
    case STMT_LET:
        vec_push(c->scratch, &c->locals, s->buffer);
        break;
    }
}

const char *loop_check(Arena *scratch, const Function *f)
{
    Check c = { .scratch = scratch, .function = f };
    check_stmt(&c, NULL, f->body);
    return c.error;
}
