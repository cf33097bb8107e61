/* Simplification: indices become canonical sums, divisions whose remainder is known vanish, decided
 * conditions disappear, a condition directly inside a loop tightens the loop's bounds, loops of one
 * iteration become their body. The value of no expression changes. */
#include "compiler/loop/affine.h"
#include "compiler/loop/rewrite.h"

typedef struct Simplifier {
    Scope *scope;
} Simplifier;

static Expr *simplify_expr(Rewriter *r, Expr *e);
static Stmt *simplify_stmt(Rewriter *r, Stmt *s);

static const Scope *scope_of(const Rewriter *r)
{
    return ((const Simplifier *)r->self)->scope;
}

static Scope *push_scope(Rewriter *r, Var *v, Expr *lo, Expr *hi)
{
    Simplifier *s = r->self;
    Scope *scope = arena_new_of(r->L, Scope), *outer = s->scope;
    *scope = (Scope){ outer, v, lo, hi };
    s->scope = scope;
    return outer;
}

static void pop_scope(Rewriter *r, Scope *outer)
{
    ((Simplifier *)r->self)->scope = outer;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a < 0 ? -a : a;
}

/* Splits x into `big`, whose factors are multiples of g, and the rest. */
static void split_multiples(const Affine *x, int64_t g, Affine *big, Affine *rest)
{
    *big = *rest = (Affine){ 0 };
    for (int i = 0; i < x->count; i++) {
        Affine *to = x->term[i].factor % g == 0 ? big : rest;
        to->term[to->count++] = x->term[i];
    }
    int64_t low = (x->constant % g + g) % g;
    big->constant = x->constant - low;
    rest->constant = low;
}

static bool is_within(const Rewriter *r, const Affine *a, int64_t limit)
{
    Affine top = { .constant = limit - 1 };
    top = affine_add(&top, -1, a);
    return affine_is_nonnegative(r->L, scope_of(r), a) &&
           affine_is_nonnegative(r->L, scope_of(r), &top);
}

static Affine divide_factors(const Affine *a, int64_t g)
{
    Affine q = *a;
    q.constant /= g;
    for (int i = 0; i < q.count; i++)
        q.term[i].factor /= g;
    return q;
}

/* x = g * q + rest with 0 <= rest < g and g dividing d: the largest such g, or 0. */
static int64_t find_divisor(const Rewriter *r, const Affine *x, int64_t d, Affine *q, Affine *rest)
{
    for (int i = -1; i < x->count; i++) {
        int64_t g = i < 0 ? d : gcd(x->term[i].factor, d);
        Affine big;
        split_multiples(x, g, &big, rest);
        if (g > 1 && is_within(r, rest, g)) {
            *q = divide_factors(&big, g);
            return g;
        }
    }
    return 0;
}

/* x / d and x % d where x = g q + rest: q / (d/g) and g (q % (d/g)) + rest. */
static Expr *simplify_division(Rewriter *r, Expr *e)
{
    Affine x = affine_of(e->arg[0]), q, rest;
    int64_t d = e->arg[1]->integer, g = find_divisor(r, &x, d, &q, &rest);
    if (!g)
        return e;
    Expr *quotient = affine_expr(r->L, &q);
    if (e->kind == EXPR_DIV)
        return ix_div(r->L, quotient, d / g);
    Expr *high = ix_mul(r->L, ix_mod(r->L, quotient, d / g), g);
    return ix_add(r->L, high, affine_expr(r->L, &rest));
}

static Expr *simplify_extremum(Rewriter *r, Expr *e)
{
    Expr *difference = ix_sub(r->L, e->arg[0], e->arg[1]);
    bool is_max = e->kind == EXPR_MAX;
    if (ix_is_nonnegative(r->L, scope_of(r), difference))
        return e->arg[is_max ? 0 : 1];
    difference = ix_sub(r->L, e->arg[1], e->arg[0]);
    if (ix_is_nonnegative(r->L, scope_of(r), difference))
        return e->arg[is_max ? 1 : 0];
    return e;
}

static Expr *simplify_if_value(Rewriter *r, Expr *e)
{
    Expr *condition = simplify_expr(r, e->arg[0]);
    Scope *outer = push_scope(r, NULL, condition, NULL);
    Expr *yes = simplify_expr(r, e->arg[1]);
    pop_scope(r, outer);
    return val_if(r->L, condition, yes, simplify_expr(r, e->arg[2]));
}

static Expr *simplify_expr(Rewriter *r, Expr *e)
{
    if (e->kind == EXPR_IF)
        return simplify_if_value(r, e);
    e = rewrite_args(r, e);
    switch (e->kind) {
    case EXPR_ADD:
    case EXPR_SUB:
    case EXPR_MUL: {
        Affine a = affine_of(e);
        return affine_expr(r->L, &a);
    }
    case EXPR_DIV:
    case EXPR_MOD:
        return simplify_division(r, e);
    case EXPR_MIN:
    case EXPR_MAX:
        return simplify_extremum(r, e);
    case EXPR_LT:
        if (ix_always(r->L, scope_of(r), e))
            return ix_int(r->L, 1);
        return ix_never(r->L, scope_of(r), e) ? ix_int(r->L, 0) : e;
    default:
        return e;
    }
}

/* --- loops ------------------------------------------------------------------------------------ */

/* Uses `condition` to narrow the loop where it is linear in the loop's variable; false
 * otherwise. */
static bool narrow(Rewriter *r, Stmt *loop, Expr *condition)
{
    if (condition->kind != EXPR_LT)
        return false;
    Affine low = affine_of(condition->arg[0]), a = affine_of(condition->arg[1]);
    a = affine_add(&a, -1, &low);
    a.constant -= 1;
    int64_t factor = affine_take(&a, loop->var);
    Expr *rest = affine_expr(r->L, &a);
    if (factor == 0 || ix_uses(rest, loop->var))
        return false;
    Expr *zero = ix_int(r->L, 0), *one = ix_int(r->L, 1);
    if (factor > 0) { /* v >= -floor(rest / factor) */
        Expr *bound = ix_sub(r->L, zero, ix_div(r->L, rest, factor));
        loop->lo = ix_max(r->L, loop->lo, bound);
    } else { /* v < floor(rest / -factor) + 1 */
        Expr *bound = ix_add(r->L, ix_div(r->L, rest, -factor), one);
        loop->hi = ix_min(r->L, loop->hi, bound);
    }
    return true;
}

/* Narrows by every conjunct that it can; returns the conjunction of the others, NULL for none. */
static Expr *narrow_by_all(Rewriter *r, Stmt *loop, Expr *condition)
{
    if (condition->kind == EXPR_AND) {
        Expr *a = narrow_by_all(r, loop, condition->arg[0]);
        Expr *b = narrow_by_all(r, loop, condition->arg[1]);
        if (a == condition->arg[0] && b == condition->arg[1])
            return condition;
        return a && b ? ix_and(r->L, a, b) : a ? a : b;
    }
    return narrow(r, loop, condition) ? NULL : condition;
}

static Stmt *tighten(Rewriter *r, Stmt *loop)
{
    Stmt *guard = loop->body;
    Stmt copy = *loop;
    Expr *left = narrow_by_all(r, &copy, guard->lo);
    if (left == guard->lo)
        return loop;
    Stmt *tight = arena_new_of(r->L, Stmt);
    *tight = copy;
    tight->body = left ? st_if(r->L, left, guard->body) : guard->body;
    return simplify_stmt(r, tight);
}

static Stmt *simplify_for(Rewriter *r, Stmt *s)
{
    Stmt *loop = arena_new_of(r->L, Stmt);
    *loop = *s;
    loop->lo = simplify_expr(r, s->lo);
    loop->hi = simplify_expr(r, s->hi);
    int64_t trips;
    Affine hi = affine_of(loop->hi), lo = affine_of(loop->lo), count = affine_add(&hi, -1, &lo);
    bool constant = count.count == 0;
    trips = count.constant;
    if ((constant && trips <= 0) ||
        ix_is_nonnegative(r->L, scope_of(r), ix_sub(r->L, loop->lo, loop->hi)))
        return st_block(r->L, 0, NULL);
    if (constant && trips == 1 && s->mark != LOOP_LANES)
        return simplify_stmt(r, loop_substitute(r->L, s->body, s->var, loop->lo));
    Scope *outer = push_scope(r, loop->var, loop->lo, loop->hi);
    loop->body = simplify_stmt(r, s->body);
    pop_scope(r, outer);
    if (is_empty_block(loop->body))
        return loop->body;
    return loop->body->kind == STMT_IF ? tighten(r, loop) : loop;
}

static Stmt *simplify_if(Rewriter *r, Stmt *s)
{
    Expr *condition = simplify_expr(r, s->lo);
    Scope *outer = push_scope(r, NULL, condition, NULL);
    Stmt *body = simplify_stmt(r, s->body);
    pop_scope(r, outer);
    return is_empty_block(body) ? body : st_if(r->L, condition, body);
}

static Stmt *simplify_block(Rewriter *r, Stmt *s)
{
    Vec(Stmt *) kept = { 0 };
    for (int i = 0; i < s->count; i++) {
        Stmt *item = simplify_stmt(r, s->item[i]);
        if (!is_empty_block(item))
            vec_push(r->L, &kept, item);
    }
    return st_block(r->L, kept.count, kept.at);
}

static Stmt *simplify_stmt(Rewriter *r, Stmt *s)
{
    switch (s->kind) {
    case STMT_FOR:
        return simplify_for(r, s);
    case STMT_IF:
        return simplify_if(r, s);
    case STMT_BLOCK:
        return simplify_block(r, s);
    default:
        return rewrite_parts(r, s);
    }
}

Stmt *loop_simplify(Arena *L, Stmt *s)
{
    Rewriter r = { L, simplify_expr, simplify_stmt, &(Simplifier){ NULL } };
    return simplify_stmt(&r, s);
}
