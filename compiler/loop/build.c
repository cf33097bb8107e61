/* Builders. Index builders fold constants and neutral elements, nothing more: canonical forms are
 * simplify.c's. */
#include "compiler/loop/loop.h"

#include "compiler/base/diag.h"

#include <stdarg.h>

static const struct {
    const char *name;
    int arity;
} vops[] = {
#define VOP(enumerator, name, arity) { name, arity },
#include "compiler/loop/vop.def"
#undef VOP
};

const char *vop_name(VOp op)
{
    return vops[op].name;
}

int vop_arity(VOp op)
{
    return vops[op].arity;
}

Var *loop_var(Arena *L, const char *name)
{
    Var *v = arena_new_of(L, Var);
    v->name = name;
    return v;
}

Buffer *loop_buffer(Arena *L, const char *name, BufferRole role, int rank, ...)
{
    Buffer *b = arena_new_of(L, Buffer);
    *b = (Buffer){ .name = name, .role = role, .rank = rank, .lanes = 1 };
    va_list extents;
    va_start(extents, rank);
    for (int i = 0; i < rank; i++)
        b->extent[i] = va_arg(extents, int64_t);
    va_end(extents);
    b->pitch = rank ? b->extent[rank - 1] : 1;
    return b;
}

Buffer *loop_scalar(Arena *L, const char *name)
{
    return loop_buffer(L, name, BUFFER_LOCAL, 0);
}

static Expr *new_expr(Arena *L, ExprKind kind)
{
    Expr *e = arena_new_of(L, Expr);
    e->kind = kind;
    e->lanes = e->active = 1;
    return e;
}

static Expr *new_binary(Arena *L, ExprKind kind, Expr *a, Expr *b)
{
    Expr *e = new_expr(L, kind);
    e->arg_count = 2;
    e->arg[0] = a;
    e->arg[1] = b;
    return e;
}

bool ix_is_constant(const Expr *e, int64_t *value)
{
    if (e->kind == EXPR_INT)
        *value = e->integer;
    return e->kind == EXPR_INT;
}

Expr *ix_int(Arena *L, int64_t value)
{
    Expr *e = new_expr(L, EXPR_INT);
    e->integer = value;
    return e;
}

Expr *ix_var(Arena *L, Var *v)
{
    Expr *e = new_expr(L, EXPR_VAR);
    e->var = v;
    return e;
}

Expr *ix_add(Arena *L, Expr *a, Expr *b)
{
    int64_t x, y;
    bool ka = ix_is_constant(a, &x), kb = ix_is_constant(b, &y);
    if (ka && kb)
        return ix_int(L, x + y);
    if (ka && x == 0)
        return b;
    if (kb && y == 0)
        return a;
    return new_binary(L, EXPR_ADD, a, b);
}

Expr *ix_sub(Arena *L, Expr *a, Expr *b)
{
    int64_t x, y;
    bool ka = ix_is_constant(a, &x), kb = ix_is_constant(b, &y);
    if (ka && kb)
        return ix_int(L, x - y);
    if (kb && y == 0)
        return a;
    return new_binary(L, EXPR_SUB, a, b);
}

Expr *ix_mul(Arena *L, Expr *a, int64_t factor)
{
    int64_t x;
    if (ix_is_constant(a, &x))
        return ix_int(L, x * factor);
    if (factor == 0)
        return ix_int(L, 0);
    if (factor == 1)
        return a;
    return new_binary(L, EXPR_MUL, a, ix_int(L, factor));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

Expr *ix_div(Arena *L, Expr *a, int64_t divisor)
{
    int64_t x;
    if (divisor <= 0)
        bug("division of an index by %lld", (long long)divisor);
    if (ix_is_constant(a, &x))
        return ix_int(L, floor_div(x, divisor));
    if (divisor == 1)
        return a;
    return new_binary(L, EXPR_DIV, a, ix_int(L, divisor));
}

Expr *ix_mod(Arena *L, Expr *a, int64_t divisor)
{
    int64_t x;
    if (divisor <= 0)
        bug("remainder of an index by %lld", (long long)divisor);
    if (ix_is_constant(a, &x))
        return ix_int(L, x - divisor * floor_div(x, divisor));
    if (divisor == 1)
        return ix_int(L, 0);
    return new_binary(L, EXPR_MOD, a, ix_int(L, divisor));
}

Expr *ix_min(Arena *L, Expr *a, Expr *b)
{
    int64_t x, y;
    if (ix_is_constant(a, &x) && ix_is_constant(b, &y))
        return x < y ? a : b;
    return new_binary(L, EXPR_MIN, a, b);
}

Expr *ix_max(Arena *L, Expr *a, Expr *b)
{
    int64_t x, y;
    if (ix_is_constant(a, &x) && ix_is_constant(b, &y))
        return x > y ? a : b;
    return new_binary(L, EXPR_MAX, a, b);
}

Expr *ix_lt(Arena *L, Expr *a, Expr *b)
{
    int64_t x, y;
    if (ix_is_constant(a, &x) && ix_is_constant(b, &y))
        return ix_int(L, x < y);
    return new_binary(L, EXPR_LT, a, b);
}

Expr *ix_and(Arena *L, Expr *a, Expr *b)
{
    int64_t x;
    if (ix_is_constant(a, &x))
        return x ? b : a;
    if (ix_is_constant(b, &x))
        return x ? a : b;
    return new_binary(L, EXPR_AND, a, b);
}

Expr *val_real(Arena *L, double value)
{
    Expr *e = new_expr(L, EXPR_REAL);
    e->real = value;
    return e;
}

Expr *val_cast(Arena *L, Expr *index)
{
    int64_t known;
    if (ix_is_constant(index, &known))
        return val_real(L, (double)known);
    Expr *e = new_expr(L, EXPR_CAST);
    e->arg_count = 1;
    e->arg[0] = index;
    return e;
}

Expr *val_load(Arena *L, Buffer *b, int count, Expr *const *index)
{
    Expr *e = new_expr(L, EXPR_LOAD);
    e->buffer = b;
    e->arg_count = count;
    for (int i = 0; i < count; i++)
        e->arg[i] = index[i];
    return e;
}

Expr *val_op(Arena *L, VOp op, Expr *const *arg)
{
    Expr *e = new_expr(L, EXPR_VOP);
    e->vop = op;
    e->arg_count = vop_arity(op);
    for (int i = 0; i < e->arg_count; i++)
        e->arg[i] = arg[i];
    e->lanes = e->active = arg[0]->lanes;
    return e;
}

Expr *val_op1(Arena *L, VOp op, Expr *a)
{
    return val_op(L, op, (Expr *[]){ a });
}

Expr *val_op2(Arena *L, VOp op, Expr *a, Expr *b)
{
    return val_op(L, op, (Expr *[]){ a, b });
}

Expr *val_fma(Arena *L, Expr *a, Expr *b, Expr *c)
{
    return val_op(L, VOP_FMA, (Expr *[]){ a, b, c });
}

Expr *val_if(Arena *L, Expr *condition, Expr *a, Expr *b)
{
    int64_t known;
    if (ix_is_constant(condition, &known))
        return known ? a : b;
    Expr *e = new_expr(L, EXPR_IF);
    e->arg_count = 3;
    e->arg[0] = condition;
    e->arg[1] = a;
    e->arg[2] = b;
    e->lanes = e->active = a->lanes;
    return e;
}

static Stmt *new_stmt(Arena *L, StmtKind kind)
{
    Stmt *s = arena_new_of(L, Stmt);
    s->kind = kind;
    s->active = 1;
    return s;
}

Stmt *st_block(Arena *L, int count, Stmt *const *items)
{
    Stmt *s = new_stmt(L, STMT_BLOCK);
    s->item = arena_new_array(L, Stmt *, count ? count : 1);
    for (int i = 0; i < count; i++)
        s->item[s->count++] = items[i];
    return s;
}

Stmt *st_for(Arena *L, Var *v, Expr *lo, Expr *hi, Stmt *body)
{
    Stmt *s = new_stmt(L, STMT_FOR);
    s->var = v;
    s->lo = lo;
    s->hi = hi;
    s->body = body;
    return s;
}

Stmt *st_if(Arena *L, Expr *condition, Stmt *body)
{
    int64_t known;
    if (ix_is_constant(condition, &known))
        return known ? body : st_block(L, 0, NULL);
    Stmt *s = new_stmt(L, STMT_IF);
    s->lo = condition;
    s->body = body;
    return s;
}

static Stmt *new_access(Arena *L, StmtKind kind, Buffer *b, int count, Expr *const *index)
{
    Stmt *s = new_stmt(L, kind);
    s->buffer = b;
    s->index_count = count;
    for (int i = 0; i < count; i++)
        s->index[i] = index[i];
    return s;
}

Stmt *st_store(Arena *L, Buffer *b, int count, Expr *const *index, Expr *value)
{
    Stmt *s = new_access(L, STMT_STORE, b, count, index);
    s->value = value;
    s->active = value->lanes;
    return s;
}

Stmt *st_prefetch(Arena *L, Buffer *b, int count, Expr *const *index)
{
    return new_access(L, STMT_PREFETCH, b, count, index);
}

Stmt *st_local(Arena *L, Buffer *b)
{
    Stmt *s = new_stmt(L, STMT_LOCAL);
    s->buffer = b;
    return s;
}

Stmt *st_let(Arena *L, Buffer *b, Expr *value)
{
    Stmt *s = new_stmt(L, STMT_LET);
    s->buffer = b;
    s->value = value;
    return s;
}
