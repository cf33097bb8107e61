/* Sums of index expressions, and a prover of inequalities over them.
 *
 * To prove e >= 0, variables are eliminated from the innermost loop outwards: a variable with a
 * positive factor is replaced by its lower bound, one with a negative factor by its upper one.
 * Bounds may hold minima and maxima, which split the proof: max(a, b) with a positive factor is at
 * least either, so one proof is enough; min(a, b) needs both. Conditions around the place are facts
 * f >= 0: e >= 0 follows from e - f >= 0. */
#include "compiler/loop/affine.h"

#include "compiler/base/diag.h"

bool ix_equal(const Expr *a, const Expr *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->arg_count != b->arg_count || a->integer != b->integer ||
        a->var != b->var)
        return false;
    for (int i = 0; i < a->arg_count; i++)
        if (!ix_equal(a->arg[i], b->arg[i]))
            return false;
    return true;
}

static void add_term(Affine *a, int64_t factor, Expr *atom)
{
    for (int i = 0; i < a->count; i++)
        if (ix_equal(a->term[i].atom, atom)) {
            a->term[i].factor += factor;
            if (a->term[i].factor == 0)
                a->term[i] = a->term[--a->count];
            return;
        }
    if (a->count == AFFINE_MAX_TERMS)
        bug("an index of more than %d terms", AFFINE_MAX_TERMS);
    if (factor)
        a->term[a->count++] = (Term){ factor, atom };
}

static void add_expr(Affine *a, int64_t factor, Expr *e)
{
    switch (e->kind) {
    case EXPR_INT:
        a->constant += factor * e->integer;
        break;
    case EXPR_ADD:
        add_expr(a, factor, e->arg[0]);
        add_expr(a, factor, e->arg[1]);
        break;
    case EXPR_SUB:
        add_expr(a, factor, e->arg[0]);
        add_expr(a, -factor, e->arg[1]);
        break;
    case EXPR_MUL:
        add_expr(a, factor * e->arg[1]->integer, e->arg[0]);
        break;
    default:
        add_term(a, factor, e);
    }
}

Affine affine_of(Expr *e)
{
    Affine a = { 0 };
    add_expr(&a, 1, e);
    return a;
}

Affine affine_add(const Affine *a, int64_t factor, const Affine *b)
{
    Affine sum = *a;
    sum.constant += factor * b->constant;
    for (int i = 0; i < b->count; i++)
        add_term(&sum, factor * b->term[i].factor, b->term[i].atom);
    return sum;
}

Expr *affine_expr(Arena *L, const Affine *a)
{
    Expr *sum = NULL;
    for (int pass = 0; pass < 2; pass++) /* terms with a minus come last: c - a, not -a + c */
        for (int i = 0; i < a->count; i++) {
            int64_t f = a->term[i].factor;
            if ((f < 0) != pass)
                continue;
            if (f < 0) {
                sum = sum ? sum : ix_int(L, a->constant);
                sum = ix_sub(L, sum, ix_mul(L, a->term[i].atom, -f));
            } else {
                Expr *product = ix_mul(L, a->term[i].atom, f);
                sum = sum ? ix_add(L, sum, product) : product;
            }
        }
    bool constant_used = true;
    for (int i = 0; i < a->count; i++)
        constant_used &= a->term[i].factor < 0;
    if (a->count && constant_used)
        return sum;
    if (!sum)
        return ix_int(L, a->constant);
    return a->constant < 0 ? ix_sub(L, sum, ix_int(L, -a->constant))
                           : ix_add(L, sum, ix_int(L, a->constant));
}

int64_t affine_take(Affine *a, const Var *v)
{
    for (int i = 0; i < a->count; i++)
        if (a->term[i].atom->kind == EXPR_VAR && a->term[i].atom->var == v) {
            int64_t f = a->term[i].factor;
            a->term[i] = a->term[--a->count];
            return f;
        }
    return 0;
}

/* --- the prover ------------------------------------------------------------------------------- */

enum { PROOF_DEPTH = 24 };

typedef struct Proof {
    Arena *scratch;
    const Scope *scope;
    int depth;
} Proof;

static bool prove(Proof p, Affine a);

static bool prove_with(Proof p, const Affine *rest, int64_t factor, Expr *value)
{
    Affine v = affine_of(value);
    return prove(p, affine_add(rest, factor, &v));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

/* factor * floor(x / d) + constant >= 0, exactly: a bound on floor(x / d) is one on x. */
static bool prove_div_alone(Proof p, int64_t constant, int64_t factor, const Affine *x, int64_t d)
{
    Affine zero = { 0 };
    if (factor > 0) {
        Affine above = *x;
        above.constant += d * floor_div(constant, factor);
        return prove(p, above);
    }
    Affine below = affine_add(&zero, -1, x);
    below.constant += d * floor_div(constant, -factor) + d - 1;
    return prove(p, below);
}

/* floor(x / d): between (x - d + 1) / d and x / d; everything is multiplied by d. Or at least 0, if
 * x is. */
static bool prove_div(Proof p, const Affine *rest, int64_t factor, const Expr *div)
{
    int64_t d = div->arg[1]->integer;
    Affine x = affine_of(div->arg[0]), zero = { 0 };
    if (rest->count == 0)
        return prove_div_alone(p, rest->constant, factor, &x, d);
    if (factor > 0 && prove(p, *rest) && prove(p, x))
        return true;
    Affine scaled = affine_add(&zero, d, rest);
    if (factor > 0)
        scaled.constant -= factor * (d - 1);
    return prove(p, affine_add(&scaled, factor, &x));
}

static bool prove_atom(Proof p, const Affine *rest, int64_t factor, Expr *atom)
{
    bool either = (atom->kind == EXPR_MAX) == (factor > 0);
    switch (atom->kind) {
    case EXPR_MIN:
    case EXPR_MAX:
        if (either)
            return prove_with(p, rest, factor, atom->arg[0]) ||
                   prove_with(p, rest, factor, atom->arg[1]);
        return prove_with(p, rest, factor, atom->arg[0]) &&
               prove_with(p, rest, factor, atom->arg[1]);
    case EXPR_DIV:
        return prove_div(p, rest, factor, atom);
    case EXPR_MOD:
        return prove_with(p, rest, factor,
                          ix_int(p.scratch, factor > 0 ? 0 : atom->arg[1]->integer - 1));
    default:
        return false;
    }
}

/* Eliminates the innermost variable of the scope that the sum has. */
static bool prove_by_bounds(Proof p, const Affine *a)
{
    for (const Scope *s = p.scope; s; s = s->outer) {
        if (!s->var)
            continue;
        Affine rest = *a;
        int64_t factor = affine_take(&rest, s->var);
        if (!factor)
            continue;
        Expr *bound = factor > 0 ? s->lo : ix_sub(p.scratch, s->hi, ix_int(p.scratch, 1));
        p.scope = s->outer;
        return prove_with(p, &rest, factor, bound);
    }
    return false;
}

/* A condition is a conjunction of a < b, that is of b - a - 1 >= 0. */
static bool prove_by_fact(Proof p, const Affine *a, Expr *condition)
{
    if (condition->kind == EXPR_AND)
        return prove_by_fact(p, a, condition->arg[0]) || prove_by_fact(p, a, condition->arg[1]);
    if (condition->kind != EXPR_LT)
        return false;
    Affine low = affine_of(condition->arg[0]), fact = affine_of(condition->arg[1]);
    fact = affine_add(&fact, -1, &low);
    fact.constant -= 1;
    Affine rest = affine_add(a, -1, &fact);
    return rest.count < a->count && prove(p, rest);
}

static bool prove(Proof p, Affine a)
{
    if (a.count == 0)
        return a.constant >= 0;
    if (++p.depth > PROOF_DEPTH)
        return false;
    for (const Scope *s = p.scope; s; s = s->outer)
        if (!s->var && prove_by_fact(p, &a, s->lo))
            return true;
    for (int i = 0; i < a.count; i++)
        if (a.term[i].atom->kind != EXPR_VAR) {
            Term t = a.term[i];
            a.term[i] = a.term[--a.count];
            return prove_atom(p, &a, t.factor, t.atom);
        }
    return prove_by_bounds(p, &a);
}

bool affine_is_nonnegative(Arena *scratch, const Scope *scope, const Affine *a)
{
    return prove((Proof){ scratch, scope, 0 }, *a);
}

bool ix_is_nonnegative(Arena *scratch, const Scope *scope, Expr *e)
{
    Affine a = affine_of(e);
    return affine_is_nonnegative(scratch, scope, &a);
}

/* low + distance <= high */
static bool is_below(Arena *scratch, const Scope *scope, Expr *low, Expr *high, int64_t distance)
{
    Affine a = affine_of(high), b = affine_of(low);
    a = affine_add(&a, -1, &b);
    a.constant -= distance;
    return affine_is_nonnegative(scratch, scope, &a);
}

bool ix_always(Arena *scratch, const Scope *scope, Expr *c)
{
    if (c->kind == EXPR_INT)
        return c->integer != 0;
    if (c->kind == EXPR_AND)
        return ix_always(scratch, scope, c->arg[0]) && ix_always(scratch, scope, c->arg[1]);
    return c->kind == EXPR_LT && is_below(scratch, scope, c->arg[0], c->arg[1], 1);
}

bool ix_never(Arena *scratch, const Scope *scope, Expr *c)
{
    if (c->kind == EXPR_INT)
        return c->integer == 0;
    if (c->kind == EXPR_AND)
        return ix_never(scratch, scope, c->arg[0]) || ix_never(scratch, scope, c->arg[1]);
    return c->kind == EXPR_LT && is_below(scratch, scope, c->arg[1], c->arg[0], 0);
}
