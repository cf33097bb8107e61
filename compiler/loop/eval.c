/* Evaluation of loop nests, over float32 or over the prime field GF(2^61 - 1). Over the field sums
 * are exact in any order, so a tiled nest must equal its textbook form to the last bit: no
 * tolerance hides a wrong border or a wrong coefficient. */
#include "compiler/loop/loop.h"

#include "compiler/base/diag.h"
#include "compiler/loop/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LANES = 16, MAX_VARS = 32, MAX_BUFFERS = 64 };

typedef union Element {
    float f;
    uint64_t u;
} Element;

typedef struct Value {
    Element lane[MAX_LANES];
} Value;

typedef struct Binding {
    const Buffer *buffer;
    void *at; /* float * or uint64_t *, by Machine.field */
} Binding;

typedef struct Machine {
    bool field, fused;
    int var_count, binding_count;
    struct {
        const Var *var;
        int64_t value;
    } var[MAX_VARS];
    Binding binding[MAX_BUFFERS];
    Arena *locals;
} Machine;

static int64_t index_value(const Machine *m, const Expr *e);

static int64_t variable_value(const Machine *m, const Var *v)
{
    for (int i = m->var_count - 1; i >= 0; i--)
        if (m->var[i].var == v)
            return m->var[i].value;
    bug("loop variable '%s' is used outside its loop", v->name);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t index_binary(ExprKind kind, int64_t a, int64_t b)
{
    switch (kind) {
    case EXPR_ADD:
        return a + b;
    case EXPR_SUB:
        return a - b;
    case EXPR_MUL:
        return a * b;
    case EXPR_DIV:
        return floor_div(a, b);
    case EXPR_MOD:
        return a - b * floor_div(a, b);
    case EXPR_MIN:
        return a < b ? a : b;
    case EXPR_MAX:
        return a > b ? a : b;
    case EXPR_LT:
        return a < b;
    case EXPR_AND:
        return a && b;
    default:
        bug("a value where an index is needed");
    }
}

static int64_t index_value(const Machine *m, const Expr *e)
{
    if (e->kind == EXPR_INT)
        return e->integer;
    if (e->kind == EXPR_VAR)
        return variable_value(m, e->var);
    if (e->arg_count != 2)
        bug("a value where an index is needed");
    return index_binary(e->kind, index_value(m, e->arg[0]), index_value(m, e->arg[1]));
}

/* The address of an element; every index is checked, since this is what tests rely on. */
static void *element_of(const Machine *m, const Buffer *b, int count, Expr *const *index,
                        int active)
{
    int i = m->binding_count - 1;
    while (i >= 0 && m->binding[i].buffer != b)
        i--;
    if (i < 0)
        bug("buffer '%s' is not bound", b->name);
    int64_t at = 0;
    for (int k = 0; k < count; k++) {
        int64_t x = index_value(m, index[k]);
        int64_t width = k == count - 1 && b->lanes == 1 ? active : 1;
        if (x < 0 || x + width > b->extent[k])
            bug("index %lld of '%s' is outside 0 .. %lld", (long long)x, b->name,
                (long long)b->extent[k]);
        at = at * (k == count - 1 ? b->pitch : b->extent[k]) + x;
    }
    size_t step = m->field ? sizeof(uint64_t) : sizeof(float);
    return (char *)m->binding[i].at + (size_t)(at * b->lanes) * step;
}

static Value load(const Machine *m, const Expr *e)
{
    Value v = { 0 };
    char *p = element_of(m, e->buffer, e->arg_count, e->arg, e->active);
    for (int i = 0; i < e->active; i++)
        if (m->field)
            memcpy(&v.lane[i].u, p + (size_t)i * sizeof(uint64_t), sizeof(uint64_t));
        else
            memcpy(&v.lane[i].f, p + (size_t)i * sizeof(float), sizeof(float));
    return v;
}

static void store(const Machine *m, const Buffer *b, int count, Expr *const *index, int active,
                  const Value *v)
{
    char *p = element_of(m, b, count, index, active);
    for (int i = 0; i < active; i++)
        if (m->field)
            memcpy(p + (size_t)i * sizeof(uint64_t), &v->lane[i].u, sizeof(uint64_t));
        else
            memcpy(p + (size_t)i * sizeof(float), &v->lane[i].f, sizeof(float));
}

static float exp2_4(float a)
{
    int n = (int)(4 * (a - 3145728.0f)), j = n & 3;
    return ldexpf((float)(exp2(j / 4.0) / LOOP_EXP2_SCALE), (n - j) / 4);
}

static float float_operation(const Machine *m, VOp op, const float *x)
{
    volatile float product; /* keeps the C compiler from fusing what the target does not */
    switch (op) {
    case VOP_ADD:
        return x[0] + x[1];
    case VOP_SUB:
        return x[0] - x[1];
    case VOP_MUL:
        return x[0] * x[1];
    case VOP_DIV:
        return x[0] / x[1];
    case VOP_FMA:
        if (m->fused)
            return fmaf(x[0], x[1], x[2]);
        product = x[0] * x[1];
        return product + x[2];
    case VOP_MAX:
        return x[0] > x[1] ? x[0] : x[1];
    case VOP_MIN:
        return x[0] < x[1] ? x[0] : x[1];
    case VOP_NEG:
        return -x[0];
    case VOP_ABS:
        return fabsf(x[0]);
    case VOP_SQRT:
        return sqrtf(x[0]);
    case VOP_ROUND:
        return rintf(x[0]);
    case VOP_SCALB:
        return ldexpf(x[0], (int)x[1]);
    case VOP_LIMIT:
        return fabsf(x[0]) < x[1] ? x[0] : copysignf(x[1], x[0]);
    case VOP_EXP2_4:
        return exp2_4(x[0]);
    case VOP_SELECT_GT:
        return x[0] > x[1] ? x[2] : x[3];
    case VOP_BROADCAST:
        return x[0];
    case VOP_COUNT:
        break;
    }
    bug("an operation without a meaning");
}

static uint64_t field_operation(VOp op, const uint64_t *x)
{
    switch (op) {
    case VOP_ADD:
        return field_add(x[0], x[1]);
    case VOP_SUB:
        return field_sub(x[0], x[1]);
    case VOP_MUL:
        return field_mul(x[0], x[1]);
    case VOP_FMA:
        return field_add(field_mul(x[0], x[1]), x[2]);
    case VOP_NEG:
        return field_sub(0, x[0]);
    case VOP_BROADCAST:
        return x[0];
    default:
        bug("'%s' has no meaning in a field", vop_name(op));
    }
}

static Value evaluate(const Machine *m, const Expr *e);

static Value evaluate_operation(const Machine *m, const Expr *e)
{
    Value arg[VOP_MAX_ARITY], v = { 0 };
    for (int i = 0; i < e->arg_count; i++)
        arg[i] = evaluate(m, e->arg[i]);
    for (int l = 0; l < e->lanes; l++) {
        float f[VOP_MAX_ARITY] = { 0 };
        uint64_t u[VOP_MAX_ARITY] = { 0 };
        for (int i = 0; i < e->arg_count; i++) {
            Element x = arg[i].lane[e->vop == VOP_BROADCAST ? 0 : l];
            f[i] = m->field ? 0 : x.f;
            u[i] = m->field ? x.u : 0;
        }
        if (m->field)
            v.lane[l].u = field_operation(e->vop, u);
        else
            v.lane[l].f = float_operation(m, e->vop, f);
    }
    return v;
}

static Value constant(const Machine *m, double real)
{
    Value v = { 0 };
    if (m->field)
        v.lane[0].u = field_from_double(real);
    else
        v.lane[0].f = (float)real;
    return v;
}

static Value evaluate(const Machine *m, const Expr *e)
{
    switch (e->kind) {
    case EXPR_REAL:
        return constant(m, e->real);
    case EXPR_CAST:
        return constant(m, (double)index_value(m, e->arg[0]));
    case EXPR_LOAD:
        return load(m, e);
    case EXPR_VOP:
        return evaluate_operation(m, e);
    case EXPR_IF:
        return evaluate(m, e->arg[index_value(m, e->arg[0]) ? 1 : 2]);
    default:
        bug("an index where a value is needed");
    }
}

static void bind(Machine *m, const Buffer *b, void *at)
{
    if (m->binding_count == MAX_BUFFERS)
        bug("more than %d buffers in scope", MAX_BUFFERS);
    m->binding[m->binding_count++] = (Binding){ b, at };
}

static void declare(Machine *m, const Buffer *b)
{
    int64_t count = b->lanes;
    for (int i = 0; i < b->rank; i++)
        count *= i == b->rank - 1 ? b->pitch : b->extent[i];
    bind(m, b, arena_new_array(m->locals, uint64_t, count));
}

static void execute(Machine *m, const Stmt *s);

static void execute_for(Machine *m, const Stmt *s)
{
    int64_t lo = index_value(m, s->lo), hi = index_value(m, s->hi);
    if (m->var_count == MAX_VARS)
        bug("loops nested deeper than %d", MAX_VARS);
    int slot = m->var_count++;
    m->var[slot].var = s->var;
    for (int64_t i = lo; i < hi; i++) {
        m->var[slot].value = i;
        execute(m, s->body);
    }
    m->var_count--;
}

static void execute(Machine *m, const Stmt *s)
{
    int bindings = m->binding_count;
    Value v;
    switch (s->kind) {
    case STMT_BLOCK:
        for (int i = 0; i < s->count; i++)
            execute(m, s->item[i]);
        m->binding_count = bindings;
        break;
    case STMT_FOR:
        execute_for(m, s);
        break;
    case STMT_SHARE:
        execute(m, s->body);
        break;
    case STMT_BARRIER:
    case STMT_PREFETCH:
        break;
    case STMT_IF:
        if (index_value(m, s->lo))
            execute(m, s->body);
        break;
    case STMT_STORE:
        v = evaluate(m, s->value);
        store(m, s->buffer, s->index_count, s->index, s->active, &v);
        break;
    case STMT_LOCAL:
        declare(m, s->buffer);
        break;
    case STMT_LET:
        v = evaluate(m, s->value);
        declare(m, s->buffer);
        store(m, s->buffer, 0, NULL, s->value->lanes, &v);
        break;
    }
}

static void run(Machine *m, const Function *f, void *const *arg)
{
    m->locals = arena_new();
    for (int i = 0; i < f->param_count; i++)
        bind(m, f->param[i], arg[i]);
    execute(m, f->body);
    arena_free(m->locals);
}

void loop_eval(const Function *f, float *const *arg, bool fused)
{
    Machine m = { .fused = fused };
    run(&m, f, (void *const *)arg);
}

void loop_eval_field(const Function *f, uint64_t *const *arg)
{
    Machine m = { .field = true };
    run(&m, f, (void *const *)arg);
}
