/* Expressions of the loop-nest IR as C text. Parentheses stand only where precedence needs them;
 * vector operations are the target's rows with their arguments filled in. */
#include "compiler/emit/printer.h"

#include "compiler/base/diag.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- constants ------------------------------------------------------------------------------- */

const char *float_text(char text[PRINTED_FLOAT], float value)
{
    for (int precision = 7; precision <= 9; precision++) {
        snprintf(text, PRINTED_FLOAT, "%.*g", precision, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    size_t mantissa = strcspn(text, "e");
    if (!memchr(text, '.', mantissa)) {
        memmove(text + mantissa + 2, text + mantissa, strlen(text + mantissa) + 1);
        memcpy(text + mantissa, ".0", 2);
    }
    return strcat(text, "f");
}

static const char *print_float(Arena *a, float value)
{
    if (isnan(value))
        return "kiln_from_bits(0x7fc00000u)";
    if (isinf(value))
        return value > 0 ? "kiln_from_bits(0x7f800000u)" : "kiln_from_bits(0xff800000u)";
    char text[PRINTED_FLOAT];
    return arena_strdup(a, float_text(text, value));
}

/* --- precedence of text ---------------------------------------------------------------------- */

/* The operator that starts at c, in text that separates binary operators by spaces. */
static Precedence operator_at(const char *c)
{
    if (c[0] != ' ' || c[1] == 0)
        return PRECEDENCE_PRIMARY;
    if (c[1] == '&' && c[2] == '&')
        return PRECEDENCE_AND;
    if (c[2] != ' ' && !(c[1] == '<' || c[1] == '>'))
        return PRECEDENCE_PRIMARY;
    switch (c[1]) {
    case '?':
    case ':':
        return PRECEDENCE_CONDITIONAL;
    case '<':
    case '>':
        return PRECEDENCE_RELATION;
    case '+':
    case '-':
        return PRECEDENCE_SUM;
    case '*':
    case '/':
    case '%':
        return PRECEDENCE_PRODUCT;
    default:
        return PRECEDENCE_PRIMARY;
    }
}

/* The loosest operator of `text` outside of parentheses. */
static Precedence precedence_of(const char *text)
{
    Precedence loosest = PRECEDENCE_PRIMARY;
    int depth = 0;
    if (strchr("-&*!(", text[0]))
        loosest = text[0] == '(' && text[strlen(text) - 1] == ')' ? PRECEDENCE_PRIMARY
                                                                  : PRECEDENCE_UNARY;
    for (const char *c = text; *c; c++) {
        depth += (strchr("([{", *c) != NULL) - (strchr(")]}", *c) != NULL);
        if (depth == 0 && operator_at(c) < loosest)
            loosest = operator_at(c);
    }
    return loosest;
}

static const char *parenthesize(Arena *a, const char *text, Precedence has, Precedence least)
{
    return has < least ? arena_printf(a, "(%s)", text) : text;
}

/* --- rows of the target ----------------------------------------------------------------------- */

typedef struct Fill {
    Printer *p;
    const char *a, *b, *c, *d; /* texts of the arguments, or NULL */
    const char *address;
    int active;
} Fill;

/* What a placeholder's neighbours in the row demand of its precedence. */
static Precedence demanded(const char *row, const char *from, const char *to)
{
    Precedence before = PRECEDENCE_ANY, after = PRECEDENCE_ANY;
    if (from > row && strchr("-!*&)", from[-1]))
        return PRECEDENCE_UNARY;
    if (from > row + 1 && from[-1] == ' ' && !strchr(",=", from[-2])) {
        const char *c = from - 2;
        while (c > row && *c != ' ')
            c--;
        before = operator_at(c);
        /* a - (b + c), a / (b * c): a right operand must bind more tightly */
        if (before >= PRECEDENCE_SUM && before <= PRECEDENCE_PRODUCT)
            before++;
    }
    if (*to == ' ')
        after = operator_at(to) == PRECEDENCE_PRIMARY ? PRECEDENCE_ANY : operator_at(to);
    if (*to == '[' || *to == '.')
        after = PRECEDENCE_PRIMARY;
    if (before == PRECEDENCE_CONDITIONAL || after == PRECEDENCE_CONDITIONAL)
        return PRECEDENCE_RELATION;
    if (before == PRECEDENCE_RELATION || after == PRECEDENCE_RELATION)
        return PRECEDENCE_SUM;
    return before > after ? before : after;
}

static const char *fill_value(const Fill *f, const char *name)
{
    if (strcmp(name, "p") == 0)
        return f->address;
    if (strcmp(name, "n") == 0)
        return arena_printf(f->p->arena, "%d", f->active);
    if (strcmp(name, "mask") == 0)
        return arena_printf(f->p->arena, "0x%xu", (1u << f->active) - 1u);
    const char *const values[] = { f->a, f->b, f->c, f->d };
    if (strlen(name) == 1 && name[0] >= 'a' && name[0] <= 'd')
        return values[name[0] - 'a'];
    return NULL;
}

static const char *fill_row(Printer *p, const char *row, const Fill *f)
{
    Text t = { .arena = p->arena };
    const char *at = row, *dollar;
    while ((dollar = strstr(at, "${"))) {
        const char *close = strchr(dollar, '}');
        if (!close)
            bug("placeholder without end in the row '%s' of %s", row, p->target->name);
        const char *name = arena_strndup(p->arena, dollar + 2, (size_t)(close - dollar - 2));
        const char *value = fill_value(f, name);
        if (!value)
            bug("no value for ${%s} in the row '%s' of %s", name, row, p->target->name);
        text_append(&t, at, (size_t)(dollar - at));
        text_puts(&t, parenthesize(p->arena, value, precedence_of(value),
                                   demanded(row, dollar, close + 1)));
        at = close + 1;
    }
    text_puts(&t, at);
    return text_string(&t);
}

static const VectorType *vector_type(const Printer *p, int lanes)
{
    if (lanes == 1)
        return &p->target->scalar;
    if (p->target->half && lanes == p->target->half->lanes)
        return p->target->half;
    if (lanes != p->target->vector.lanes)
        bug("%d lanes on target %s, which has %d", lanes, p->target->name, p->target->vector.lanes);
    return &p->target->vector;
}

const char *print_type(const Printer *p, int lanes)
{
    const char *type = vector_type(p, lanes)->type;
    return type ? type : "float";
}

static const char *row_or_bug(const Printer *p, const char *row, const char *what)
{
    if (!row)
        bug("target %s has no row for %s", p->target->name, what);
    return row;
}

static const char *print_vop(Printer *p, const Expr *e)
{
    const VectorType *type = vector_type(p, e->lanes);
    if (e->lanes == 1 && e->vop == VOP_BROADCAST)
        return print_expr(p, e->arg[0], PRECEDENCE_ANY);
    Fill f = { .p = p };
    const char **slot[] = { &f.a, &f.b, &f.c, &f.d };
    for (int i = 0; i < e->arg_count; i++)
        *slot[i] = print_expr(p, e->arg[i], PRECEDENCE_ANY);
    return fill_row(p, row_or_bug(p, type->op[e->vop], vop_name(e->vop)), &f);
}

/* A scalar as a value of `lanes` lanes. */
static const char *broadcast(Printer *p, const char *scalar, int lanes)
{
    if (lanes == 1)
        return scalar;
    Fill f = { .p = p, .a = scalar };
    return fill_row(p, row_or_bug(p, vector_type(p, lanes)->op[VOP_BROADCAST], "broadcast"), &f);
}

/* --- memory ----------------------------------------------------------------------------------- */

const char *print_element(Printer *p, const Buffer *b, int count, Expr *const *index)
{
    Text t = { .arena = p->arena };
    text_puts(&t, printer_name(p, b));
    for (int i = 0; i < count; i++)
        text_printf(&t, "[%s]", print_expr(p, index[i], PRECEDENCE_ANY));
    return text_string(&t);
}

static bool is_register(const Buffer *b)
{
    return b->role == BUFFER_LOCAL && (b->lanes > 1 || b->rank == 0);
}

static const char *print_load(Printer *p, const Expr *e)
{
    const char *element = print_element(p, e->buffer, e->arg_count, e->arg);
    if (e->lanes == 1 || is_register(e->buffer))
        return element;
    const VectorType *type = vector_type(p, e->lanes);
    Fill f = { .p = p, .address = arena_printf(p->arena, "&%s", element), .active = e->active };
    bool part = e->active < e->lanes;
    return fill_row(p, row_or_bug(p, part ? type->load_part : type->load, "load"), &f);
}

void print_store(Printer *p, const Stmt *s)
{
    const char *element = print_element(p, s->buffer, s->index_count, s->index);
    const char *value = print_expr(p, s->value, PRECEDENCE_ANY);
    int lanes = s->value->lanes;
    if (lanes == 1 || is_register(s->buffer)) {
        w_linef(p->w, "%s = %s;", element, value);
        return;
    }
    const VectorType *type = vector_type(p, lanes);
    bool part = s->active < lanes;
    Fill f = {
        .p = p, .a = value, .address = arena_printf(p->arena, "&%s", element), .active = s->active
    };
    const char *row = row_or_bug(p, part ? type->store_part : type->store, "store");
    w_linef(p->w, "%s;", fill_row(p, row, &f));
}

/* --- index expressions ------------------------------------------------------------------------ */

static const char *print_binary(Printer *p, const Expr *e, const char *sign, Precedence level)
{
    /* a - (b + c) and a / (b / c) need their parentheses; a + (b + c) does not on integers */
    bool associates = e->kind == EXPR_ADD || e->kind == EXPR_AND;
    const char *a = print_expr(p, e->arg[0], level);
    const char *b = print_expr(p, e->arg[1], associates ? level : level + 1);
    return arena_printf(p->arena, "%s %s %s", a, sign, b);
}

/* a + -3 reads a - 3, a + -2 * b reads a - 2 * b. */
static const char *print_sum(Printer *p, const Expr *e)
{
    const Expr *b = e->arg[1];
    const char *left = print_expr(p, e->arg[0], PRECEDENCE_SUM);
    if (b->kind == EXPR_INT && b->integer < 0)
        return arena_printf(p->arena, "%s - %lld", left, -(long long)b->integer);
    const char *right = print_expr(p, b, PRECEDENCE_SUM);
    if (right[0] == '-')
        return arena_printf(p->arena, "%s - %s", left, right + 1);
    return arena_printf(p->arena, "%s + %s", left, right);
}

static const char *print_product(Printer *p, const Expr *e)
{
    const Expr *a = e->arg[0], *b = e->arg[1];
    if (b->kind == EXPR_INT) { /* factors read first: 2 * oy */
        a = e->arg[1];
        b = e->arg[0];
    }
    if (a->kind == EXPR_INT && a->integer == -1)
        return arena_printf(p->arena, "-%s", print_expr(p, b, PRECEDENCE_UNARY));
    return arena_printf(p->arena, "%s * %s", print_expr(p, a, PRECEDENCE_PRODUCT),
                        print_expr(p, b, PRECEDENCE_UNARY));
}

/* C truncates where the IR floors: they agree on what is known not to be negative. */
static const char *print_division(Printer *p, const Expr *e)
{
    const char *sign = e->kind == EXPR_DIV ? "/" : "%";
    if (ix_is_nonnegative(p->arena, p->scope, e->arg[0]))
        return print_binary(p, e, sign, PRECEDENCE_PRODUCT);
    return arena_printf(p->arena, "kiln_floor_%s(%s, %s)", e->kind == EXPR_DIV ? "div" : "mod",
                        print_expr(p, e->arg[0], PRECEDENCE_ANY),
                        print_expr(p, e->arg[1], PRECEDENCE_ANY));
}

static const char *print_extremum(Printer *p, const Expr *e)
{
    return arena_printf(p->arena, "kiln_%s_int(%s, %s)", e->kind == EXPR_MIN ? "min" : "max",
                        print_expr(p, e->arg[0], PRECEDENCE_ANY),
                        print_expr(p, e->arg[1], PRECEDENCE_ANY));
}

static const char *print_if(Printer *p, const Expr *e)
{
    return arena_printf(p->arena, "%s ? %s : %s", print_expr(p, e->arg[0], PRECEDENCE_AND),
                        print_expr(p, e->arg[1], PRECEDENCE_AND),
                        print_expr(p, e->arg[2], PRECEDENCE_CONDITIONAL));
}

static const char *print_bare(Printer *p, const Expr *e)
{
    switch (e->kind) {
    case EXPR_INT:
        return arena_printf(p->arena, "%lld", (long long)e->integer);
    case EXPR_VAR:
        return printer_name(p, e->var);
    case EXPR_ADD:
        return print_sum(p, e);
    case EXPR_SUB:
        return print_binary(p, e, "-", PRECEDENCE_SUM);
    case EXPR_MUL:
        return print_product(p, e);
    case EXPR_DIV:
    case EXPR_MOD:
        return print_division(p, e);
    case EXPR_MIN:
    case EXPR_MAX:
        return print_extremum(p, e);
    case EXPR_LT:
        return print_binary(p, e, "<", PRECEDENCE_RELATION);
    case EXPR_AND:
        return print_binary(p, e, "&&", PRECEDENCE_AND);
    case EXPR_REAL:
        return broadcast(p, print_float(p->arena, (float)e->real), e->lanes);
    case EXPR_CAST:
        return broadcast(
            p, arena_printf(p->arena, "(float)%s", print_expr(p, e->arg[0], PRECEDENCE_UNARY)),
            e->lanes);
    case EXPR_LOAD:
        return print_load(p, e);
    case EXPR_VOP:
        return print_vop(p, e);
    case EXPR_IF:
        return print_if(p, e);
    }
    bug("expression of unknown kind %d", (int)e->kind);
}

const char *print_expr(Printer *p, const Expr *e, Precedence least)
{
    const char *text = print_bare(p, e);
    return parenthesize(p->arena, text, precedence_of(text), least);
}
