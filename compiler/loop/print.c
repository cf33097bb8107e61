/* The text dump of loop nests: close to C, with vector accesses as buffer[index :lanes/active]. */
#include "compiler/loop/loop.h"

static const char *const infix[] = {
    [EXPR_ADD] = " + ", [EXPR_SUB] = " - ", [EXPR_MUL] = " * ",  [EXPR_DIV] = " / ",
    [EXPR_MOD] = " % ", [EXPR_LT] = " < ",  [EXPR_AND] = " && ",
};

static const char *const roles[] = {
    [BUFFER_INPUT] = "in",        [BUFFER_OUTPUT] = "out",  [BUFFER_CONST] = "const",
    [BUFFER_SCRATCH] = "scratch", [BUFFER_LOCAL] = "local",
};

static void print_access(const Buffer *b, int count, Expr *const *index, int lanes, int active,
                         Text *out)
{
    text_puts(out, b->name);
    for (int i = 0; i < count; i++) {
        text_puts(out, "[");
        loop_print_expr(index[i], out);
        if (i == count - 1 && lanes > 1 && b->lanes == 1)
            text_printf(out, active < lanes ? " :%d/%d" : " :%d", lanes, active);
        text_puts(out, "]");
    }
}

static void print_list(const char *name, const Expr *e, Text *out)
{
    text_printf(out, "%s(", name);
    for (int i = 0; i < e->arg_count; i++) {
        text_puts(out, i ? ", " : "");
        loop_print_expr(e->arg[i], out);
    }
    text_puts(out, ")");
}

static void print_operand(const Expr *e, Text *out)
{
    bool atom = e->arg_count == 0 || e->kind == EXPR_LOAD || e->kind == EXPR_MIN ||
                e->kind == EXPR_MAX;
    text_puts(out, atom ? "" : "(");
    loop_print_expr(e, out);
    text_puts(out, atom ? "" : ")");
}

void loop_print_expr(const Expr *e, Text *out)
{
    switch (e->kind) {
    case EXPR_INT:
        text_printf(out, "%lld", (long long)e->integer);
        break;
    case EXPR_VAR:
        text_puts(out, e->var->name);
        break;
    case EXPR_MIN:
        print_list("min", e, out);
        break;
    case EXPR_MAX:
        print_list("max", e, out);
        break;
    case EXPR_REAL:
        text_printf(out, "%.17g", e->real);
        break;
    case EXPR_CAST:
        print_list("float", e, out);
        break;
    case EXPR_LOAD:
        print_access(e->buffer, e->arg_count, e->arg, e->lanes, e->active, out);
        break;
    case EXPR_VOP:
        print_list(vop_name(e->vop), e, out);
        break;
    case EXPR_IF:
        print_list("if", e, out);
        break;
    default:
        print_operand(e->arg[0], out);
        text_puts(out, infix[e->kind]);
        print_operand(e->arg[1], out);
    }
}

static void print_declaration(const Buffer *b, Text *out)
{
    text_printf(out, "%s %s", roles[b->role], b->name);
    for (int i = 0; i < b->rank; i++)
        text_printf(out, "[%lld]", (long long)b->extent[i]);
    if (b->lanes > 1)
        text_printf(out, " :%d", b->lanes);
    if (b->rank && b->pitch != b->extent[b->rank - 1])
        text_printf(out, " pitch %lld", (long long)b->pitch);
}

static void print_stmt(const Stmt *s, int depth, Text *out)
{
    static const char *const marks[] = { "for",    "unroll",     "lanes",
                                         "vector", "sequential", "parallel" };
    if (s->kind != STMT_BLOCK)
        text_printf(out, "%*s", 2 * depth, "");
    switch (s->kind) {
    case STMT_BLOCK:
        for (int i = 0; i < s->count; i++)
            print_stmt(s->item[i], depth, out);
        return;
    case STMT_FOR:
        text_printf(out, "%s %s = ", marks[s->mark], s->var->name);
        loop_print_expr(s->lo, out);
        text_puts(out, " .. ");
        loop_print_expr(s->hi, out);
        if (s->mark == LOOP_PARALLEL) {
            text_puts(out, " from unit ");
            loop_print_expr(s->unit, out);
            text_printf(out, " by %lld", (long long)s->weight);
        }
        break;
    case STMT_SHARE:
        text_printf(out, "share %lld", (long long)s->units);
        break;
    case STMT_BARRIER:
        text_puts(out, "barrier");
        break;
    case STMT_IF:
        text_puts(out, "if ");
        loop_print_expr(s->lo, out);
        break;
    case STMT_STORE:
        print_access(s->buffer, s->index_count, s->index, s->value->lanes, s->active, out);
        text_puts(out, " = ");
        loop_print_expr(s->value, out);
        break;
    case STMT_PREFETCH:
        text_puts(out, "prefetch ");
        print_access(s->buffer, s->index_count, s->index, 1, 1, out);
        break;
    case STMT_LOCAL:
        print_declaration(s->buffer, out);
        break;
    case STMT_LET:
        text_printf(out, "let %s = ", s->buffer->name);
        loop_print_expr(s->value, out);
        break;
    }
    text_puts(out, "\n");
    if (s->body)
        print_stmt(s->body, depth + 1, out);
}

void loop_print(const Function *f, Text *out)
{
    text_printf(out, "%s(", f->name);
    for (int i = 0; i < f->param_count; i++) {
        text_puts(out, i ? ", " : "");
        print_declaration(f->param[i], out);
    }
    text_puts(out, ")\n");
    print_stmt(f->body, 1, out);
}
