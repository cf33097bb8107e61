/* Built-in functions of the language. */
#include "compiler/elaborate/elaborator.h"

#include <math.h>

static const Value error_value = { .kind = VALUE_ERROR };

typedef struct Builtin Builtin;

/* A call whose number of arguments fits. */
typedef struct BuiltinCall {
    Elaborator *e;
    const Builtin *row;
    Loc loc;
    const Argument *arg;
    int count;
} BuiltinCall;

struct Builtin {
    const char *name;
    int least, most;
    Value (*run)(const BuiltinCall *c);
};

static Value reject(const BuiltinCall *c, int i, const char *wanted)
{
    elaborate_error(c->e, c->arg[i].loc, "type", "'%s' takes %s; this is %s", c->row->name, wanted,
                    value_kind_name(&c->arg[i].value));
    return error_value;
}

static const Node *tensor(const BuiltinCall *c)
{
    if (c->arg[0].value.kind == VALUE_TENSOR)
        return c->arg[0].value.tensor;
    reject(c, 0, "a tensor");
    return NULL;
}

static Value run_channels(const BuiltinCall *c)
{
    const Node *n = tensor(c);
    return n ? value_integer(node_channels(n)) : error_value;
}

static Value run_height(const BuiltinCall *c)
{
    const Node *n = tensor(c);
    return n ? value_integer(node_height(n)) : error_value;
}

static Value run_width(const BuiltinCall *c)
{
    const Node *n = tensor(c);
    return n ? value_integer(node_width(n)) : error_value;
}

static Value run_shape(const BuiltinCall *c)
{
    const Node *n = tensor(c);
    if (!n)
        return error_value;
    Value *item = arena_new_array(c->e->arena, Value, n->shape.rank);
    for (int i = 0; i < n->shape.rank; i++)
        item[i] = value_integer(n->shape.dim[i]);
    return (Value){ .kind = VALUE_LIST, .list = { item, n->shape.rank, 1 } };
}

static Value run_len(const BuiltinCall *c)
{
    const Value *v = &c->arg[0].value;
    if (v->kind == VALUE_LIST)
        return value_integer(v->list.count);
    if (v->kind == VALUE_STRING)
        return value_integer((int64_t)strlen(v->string));
    return reject(c, 0, "a list or a string");
}

/* The least or greatest of numbers, or of the numbers of one list. */
static Value extreme(const BuiltinCall *c, BinaryOp better)
{
    const Value *list = &c->arg[0].value;
    bool of_list = c->count == 1 && list->kind == VALUE_LIST;
    int count = of_list ? list->list.count : c->count;
    Value best = error_value, is_better;
    for (int i = 0; i < count; i++) {
        const Value *v = of_list ? &list->list.item[i] : &c->arg[i].value;
        if (!value_is_numeric(v))
            return reject(c, of_list ? 0 : i, "numbers");
        if (i == 0 || (!value_arithmetic(better, v, &best, &is_better) && is_better.boolean))
            best = *v;
    }
    return count ? best : reject(c, 0, "at least one number");
}

static Value run_min(const BuiltinCall *c)
{
    return extreme(c, BINARY_LESS);
}

static Value run_max(const BuiltinCall *c)
{
    return extreme(c, BINARY_GREATER);
}

static Value run_sum(const BuiltinCall *c)
{
    const Value *v = &c->arg[0].value;
    Value total = value_integer(0);
    if (v->kind != VALUE_LIST)
        return reject(c, 0, "a list of numbers");
    for (int i = 0; i < v->list.count; i++) {
        const char *reason = "it has an item that is no number";
        if (value_is_numeric(&v->list.item[i]))
            reason = value_arithmetic(BINARY_ADD, &total, &v->list.item[i], &total);
        if (reason) {
            elaborate_error(c->e, c->loc, "arithmetic", "sum of a list: %s", reason);
            return error_value;
        }
    }
    return total;
}

static Value run_abs(const BuiltinCall *c)
{
    Value v = c->arg[0].value, zero = value_integer(0), negative;
    if (!value_is_numeric(&v))
        return reject(c, 0, "a number");
    if (!value_arithmetic(BINARY_LESS, &v, &zero, &negative) && negative.boolean)
        value_negate(&v, &v);
    return v;
}

/* A float that is a whole number, as an integer. */
static Value whole(const BuiltinCall *c, double d)
{
    if (fabs(d) < 9e15)
        return value_integer((int64_t)d);
    elaborate_error(c->e, c->loc, "arithmetic", "%.12g is too large for an integer", d);
    return error_value;
}

/* floor(v) exactly. */
static Value floor_value(const BuiltinCall *c, Value v)
{
    Value one = value_integer(1), result;
    if (v.kind == VALUE_REAL)
        return whole(c, floor(v.real));
    value_arithmetic(BINARY_FLOOR_DIVIDE, &v, &one, &result);
    return result;
}

static Value run_floor(const BuiltinCall *c)
{
    return value_is_numeric(&c->arg[0].value) ? floor_value(c, c->arg[0].value)
                                              : reject(c, 0, "a number");
}

static Value run_ceil(const BuiltinCall *c)
{
    Value v = c->arg[0].value, result = error_value;
    if (!value_is_numeric(&v))
        return reject(c, 0, "a number");
    if (v.kind == VALUE_REAL)
        return whole(c, ceil(v.real));
    value_negate(&v, &v);
    v = floor_value(c, v);
    value_negate(&v, &result);
    return result;
}

/* Towards zero. */
static Value run_int(const BuiltinCall *c)
{
    const Value *v = &c->arg[0].value;
    if (!value_is_numeric(v))
        return reject(c, 0, "a number");
    return v->kind == VALUE_REAL ? whole(c, trunc(v->real)) : value_integer(v->num / v->den);
}

/* To the nearest integer, halves to the even one. */
static Value run_round(const BuiltinCall *c)
{
    const Value *v = &c->arg[0].value;
    if (!value_is_numeric(v))
        return reject(c, 0, "a number");
    if (v->kind == VALUE_REAL)
        return whole(c, nearbyint(v->real));
    Value floor = floor_value(c, *v);
    int64_t rest = v->num % v->den + (v->num % v->den < 0 ? v->den : 0), other = v->den - rest;
    bool up = rest > other || (rest == other && floor.num % 2 != 0);
    return value_integer(floor.num + up);
}

static Value run_float(const BuiltinCall *c)
{
    const Value *v = &c->arg[0].value;
    return value_is_numeric(v) ? value_real(value_as_double(v)) : reject(c, 0, "a number");
}

static Value run_sqrt(const BuiltinCall *c)
{
    const Value *v = &c->arg[0].value;
    if (!value_is_numeric(v) || value_as_double(v) < 0)
        return reject(c, 0, "a number from 0 on");
    return value_real(sqrt(value_as_double(v)));
}

/* The next of stem, stem_1, stem_2, ... or, given a first number, of stem_FIRST, .... */
static Value run_numbered(const BuiltinCall *c)
{
    Elaborator *e = c->e;
    const Value *stem = &c->arg[0].value;
    int64_t first = 0;
    if (stem->kind != VALUE_STRING)
        return reject(c, 0, "a string");
    if (c->count > 1 && !attribute_integer(e, "first", &c->arg[1].value, c->arg[1].loc, &first))
        return error_value;
    int64_t *next = map_get(&e->numbers, stem->string);
    if (!next) {
        next = arena_new_of(e->arena, int64_t);
        *next = first;
        map_set(e->arena, &e->numbers, stem->string, next);
    }
    int64_t n = (*next)++;
    const char *name = n ? arena_printf(e->arena, "%s_%lld", stem->string, (long long)n)
                         : stem->string;
    return (Value){ .kind = VALUE_STRING, .string = name };
}

static const Builtin builtins[] = {
    { "channels", 1, 1, run_channels }, { "height", 1, 1, run_height },
    { "width", 1, 1, run_width },       { "shape", 1, 1, run_shape },
    { "len", 1, 1, run_len },           { "min", 1, 100, run_min },
    { "max", 1, 100, run_max },         { "sum", 1, 1, run_sum },
    { "abs", 1, 1, run_abs },           { "floor", 1, 1, run_floor },
    { "ceil", 1, 1, run_ceil },         { "round", 1, 1, run_round },
    { "int", 1, 1, run_int },           { "float", 1, 1, run_float },
    { "sqrt", 1, 1, run_sqrt },         { "numbered", 1, 2, run_numbered },
};

static const Builtin *find(const char *name)
{
    for (int i = 0; i < COUNT_OF(builtins); i++)
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    return NULL;
}

bool builtin_exists(const char *name)
{
    return find(name) != NULL;
}

void builtin_names(Elaborator *e, NameVec *names)
{
    for (int i = 0; i < COUNT_OF(builtins); i++)
        vec_push(e->arena, names, builtins[i].name);
}

Value builtin_call(Elaborator *e, const char *name, Loc loc, const Arguments *args)
{
    const Builtin *row = find(name);
    for (int i = 0; i < args->count; i++)
        if (args->at[i].keyword.text) {
            elaborate_error(e, args->at[i].keyword.loc, "argument",
                            "the function '%s' has no named parameters", name);
            return error_value;
        }
    if (args->count < row->least || args->count > row->most) {
        elaborate_error(e, loc, "argument", "'%s' takes %d argument%s, got %d", name, row->least,
                        row->least == 1 ? "" : "s", args->count);
        return error_value;
    }
    if (args->failed)
        return error_value;
    return row->run(&(BuiltinCall){ e, row, loc, args->at, args->count });
}
