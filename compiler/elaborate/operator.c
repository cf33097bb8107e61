/* Calls of op.def's operators. The signature column of op.def is the whole knowledge of their
 * arguments: it is parsed once per operator, and attribute.c turns each named argument into
 * the attribute of that name.
 *
 * Paths: a named operation is SCOPE.NAME, an unnamed one SCOPE.OPERATOR, and from the second
 * of the same scope SCOPE.OPERATOR_2. No two nodes share a path or the C name made from it. */
#include "compiler/elaborate/elaborator.h"

#include <ctype.h>
#include <stdlib.h>

static const Value error_value = { .kind = VALUE_ERROR };

/* --- signatures ----------------------------------------------------------------------------- */

typedef struct Signature {
    const char **name;
    const char **value; /* text of the default, or NULL */
    int count;
} Signature;

static const char *trimmed(Arena *a, const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return arena_strndup(a, from, (size_t)(to - from));
}

/* "x, out, stride = 1" into names and defaults. */
static Signature *parse_signature(Elaborator *e, const char *text)
{
    enum { MOST = 16 };
    Signature *s = arena_new_of(e->arena, Signature);
    s->name = arena_new_array(e->arena, const char *, MOST);
    s->value = arena_new_array(e->arena, const char *, MOST);
    while (*text && s->count < MOST) {
        const char *end = text + strcspn(text, ",");
        const char *equals = memchr(text, '=', (size_t)(end - text));
        s->name[s->count] = trimmed(e->arena, text, equals ? equals : end);
        s->value[s->count] = equals ? trimmed(e->arena, equals + 1, end) : NULL;
        s->count++;
        text = *end ? end + 1 : end;
    }
    return s;
}

static const Signature *signature_of(Elaborator *e, OpKind op)
{
    const OpInfo *info = op_info(op);
    Signature *s = map_get(&e->signatures, info->name);
    if (!s) {
        s = parse_signature(e, info->signature);
        map_set(e->arena, &e->signatures, info->name, s);
    }
    return s;
}

/* A default as a value: true, false, a number, or the argument given for another parameter. */
static Value default_value(const Signature *s, const char *text, const Argument **given)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return value_boolean(*text == 't');
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->name[i], text) == 0)
            return given[i] ? given[i]->value : error_value;
    if (strpbrk(text, ".e"))
        return value_real(strtod(text, NULL));
    return value_integer(strtoll(text, NULL, 10));
}

/* --- paths ---------------------------------------------------------------------------------- */

const char *operator_scope(Elaborator *e, const char *name)
{
    const char *scope = e->frame->scope;
    if (!*scope || !*name)
        return *scope ? scope : name;
    return arena_printf(e->arena, "%s.%s", scope, name);
}

static const char *unnamed_path(Elaborator *e, OpKind op)
{
    const char *path = operator_scope(e, op_info(op)->name);
    int *count = map_get(&e->unnamed, path);
    if (!count) {
        count = arena_new_of(e->arena, int);
        map_set(e->arena, &e->unnamed, path, count);
    }
    ++*count;
    return *count == 1 ? path : arena_printf(e->arena, "%s_%d", path, *count);
}

static const char *c_name(Elaborator *e, const char *path)
{
    char *name = arena_strdup(e->arena, path);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return name;
}

typedef struct Claim {
    const char *path;
    Loc loc;
} Claim;

/* Takes `key` for a path; false, both places reported, where it is taken. */
static bool claim(Elaborator *e, Map *map, const char *key, const char *path, Loc loc,
                  const char *what)
{
    Claim *before = map_get(map, key);
    if (!before) {
        before = arena_new_of(e->arena, Claim);
        *before = (Claim){ path, loc };
        map_set(e->arena, map, key, before);
        return true;
    }
    if (strcmp(before->path, path) == 0)
        elaborate_error(e, loc, "duplicate-path", "two %ss are called '%s'", what, path);
    else
        elaborate_error(e, loc, "duplicate-path", "the %ss '%s' and '%s' both become '%s' in C",
                        what, before->path, path, key);
    diag_note(e->diag, before->loc, "the other one is here");
    return false;
}

/* Paths stand in tables and in comments of the emitted code: they are one line of text. */
static bool is_line(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path < ' ' || *path == 127)
            return false;
    return true;
}

static bool claim_path(Elaborator *e, const char *path, Loc loc)
{
    if (!*path || !is_line(path)) {
        elaborate_error(e, loc, "path",
                        *path ? "the name of a node cannot contain control characters"
                              : "a node must have a name: '@ \"\"' needs a scope around it");
        return false;
    }
    return claim(e, &e->paths, c_name(e, path), path, loc, "node");
}

static bool claim_params(Elaborator *e, const Node *n)
{
    bool ok = true;
    for (int role = 0; role < PARAM_ROLES; role++) {
        const Param *p = n->param[role];
        if (p)
            ok = claim(e, &e->params, c_name(e, p->name), p->name, p->loc, "parameter") && ok;
    }
    return ok;
}

/* --- nodes ---------------------------------------------------------------------------------- */

Value operator_add(Elaborator *e, OpKind op, Loc loc, Node *const *inputs, int count,
                   const Attr *attr, const char *name)
{
    if (e->graph->nodes.count >= ELABORATE_MAX_NODES) {
        elaborate_stop(e, loc, "too-long", "the network has more than %d nodes",
                       ELABORATE_MAX_NODES);
        return error_value;
    }
    const char *path = name ? operator_scope(e, name) : unnamed_path(e, op);
    if (!claim_path(e, path, loc))
        return error_value;
    int errors = e->diag->errors;
    Node *n = graph_add(e->graph, op, path, loc, inputs, count, attr, e->diag);
    if (!n && e->diag->errors > errors) {
        e->failures++;
        elaborate_note_calls(e);
    }
    if (!n || !claim_params(e, n))
        return error_value;
    return (Value){ .kind = VALUE_TENSOR, .tensor = n };
}

bool operator_dims(Elaborator *e, const ExprList *dims, Shape *shape, int at)
{
    bool ok = true;
    if (at)
        shape->dim[0] = 1;
    shape->rank = at;
    for_each_vec(Expr *, d, dims) {
        Value v = evaluate(e, *d);
        int64_t extent;
        if (shape->rank == SHAPE_MAX_RANK) {
            elaborate_error(e, (*d)->loc, "type", "a tensor has at most %d dimensions",
                            SHAPE_MAX_RANK);
            return false;
        }
        if (v.kind == VALUE_ERROR || !attribute_integer(e, "an extent", &v, (*d)->loc, &extent))
            ok = false;
        else
            shape->dim[shape->rank++] = extent;
    }
    return ok;
}

/* --- calls ---------------------------------------------------------------------------------- */

static bool expect_tensor(Elaborator *e, OpKind op, const char *name, const Value *v, Loc loc)
{
    if (v->kind == VALUE_TENSOR)
        return true;
    elaborate_error(e, loc, "type", "'%s' of '%s' must be a tensor; this is %s", name,
                    op_info(op)->name, value_kind_name(v));
    return false;
}

/* The tensors of a list. */
static bool list_inputs(Elaborator *e, OpKind op, const char *name, const Argument *a,
                        Node **inputs)
{
    if (a->value.kind != VALUE_LIST) {
        elaborate_error(e, a->loc, "type", "'%s' of '%s' must be a list of tensors; this is %s",
                        name, op_info(op)->name, value_kind_name(&a->value));
        return false;
    }
    for (int i = 0; i < a->value.list.count; i++) {
        if (!expect_tensor(e, op, name, &a->value.list.item[i], a->loc))
            return false;
        inputs[i] = a->value.list.item[i].tensor;
    }
    return true;
}

static Node **collect_inputs(Elaborator *e, OpKind op, const Signature *s, const Argument **given,
                             int *count)
{
    int wanted = op_info(op)->inputs;
    bool any = wanted == OP_ANY_INPUTS;
    *count = any && given[0]->value.kind == VALUE_LIST ? given[0]->value.list.count : wanted;
    Node **inputs = arena_new_array(e->arena, Node *, *count > 0 ? *count : 1);
    if (any)
        return list_inputs(e, op, s->name[0], given[0], inputs) ? inputs : NULL;
    for (int i = 0; i < wanted; i++) {
        if (!expect_tensor(e, op, s->name[i], &given[i]->value, given[i]->loc))
            return NULL;
        inputs[i] = given[i]->value.tensor;
    }
    return inputs;
}

static bool check_missing(Elaborator *e, OpKind op, Loc loc, const Signature *s,
                          const Argument **given)
{
    bool ok = true;
    for (int i = 0; i < s->count; i++)
        if (!given[i] && !s->value[i]) {
            elaborate_error(e, loc, "argument", "'%s' needs a value for '%s'", op_info(op)->name,
                            s->name[i]);
            ok = false;
        }
    return ok;
}

static bool collect_attributes(Elaborator *e, OpKind op, Loc loc, const Signature *s,
                               const Argument **given, Attr *attr)
{
    int first = op_info(op)->inputs == OP_ANY_INPUTS ? 1 : op_info(op)->inputs;
    bool ok = true;
    *attr = attr_default();
    for (int i = first; i < s->count; i++) {
        Argument implied = { .loc = loc };
        if (!given[i])
            implied.value = default_value(s, s->value[i], given);
        ok = attribute_set(e, op, attr, s->name[i], given[i] ? given[i] : &implied) && ok;
    }
    return ok;
}

Value operator_call(Elaborator *e, OpKind op, Loc loc, const Arguments *args, const char *name)
{
    const Signature *s = signature_of(e, op);
    const Argument **given = arena_new_array(e->arena, const Argument *, s->count + 1);
    if (!arguments_sort(e, op_info(op)->name, args, s->name, s->count, given) || args->failed ||
        !check_missing(e, op, loc, s, given))
        return error_value;
    int count;
    Node **inputs = collect_inputs(e, op, s, given, &count);
    Attr attr;
    if (!collect_attributes(e, op, loc, s, given, &attr) || !inputs)
        return error_value;
    return operator_add(e, op, loc, inputs, count, &attr, name);
}

/* --- arithmetic on tensors ------------------------------------------------------------------ */

/* scale * x + shift for x OP c, or c OP x where `reversed`. */
static bool affine_of(BinaryOp op, double c, bool reversed, Attr *attr)
{
    switch (op) {
    case BINARY_ADD:
        attr->shift = c;
        return true;
    case BINARY_SUBTRACT:
        attr->scale = reversed ? -1 : 1;
        attr->shift = reversed ? c : -c;
        return true;
    case BINARY_MULTIPLY:
        attr->scale = c;
        return true;
    case BINARY_DIVIDE:
        attr->scale = 1 / c;
        return !reversed && c != 0;
    default:
        return false;
    }
}

static OpKind tensor_operator(BinaryOp op)
{
    return op == BINARY_ADD        ? OP_ADD
           : op == BINARY_SUBTRACT ? OP_SUB
           : op == BINARY_MULTIPLY ? OP_MUL
                                   : OP_COUNT;
}

Value operator_arithmetic(Elaborator *e, BinaryOp op, Loc loc, const Value *left,
                          const Value *right, const char *name)
{
    Attr attr = attr_default();
    if (left->kind == VALUE_TENSOR && right->kind == VALUE_TENSOR) {
        OpKind kind = tensor_operator(op);
        if (kind != OP_COUNT)
            return operator_add(e, kind, loc, (Node *[]){ left->tensor, right->tensor }, 2, &attr,
                                name);
    } else {
        bool reversed = right->kind == VALUE_TENSOR;
        const Value *number = reversed ? left : right;
        Node *x = reversed ? right->tensor : left->tensor;
        if (value_is_numeric(number) && affine_of(op, value_as_double(number), reversed, &attr))
            return operator_add(e, OP_AFFINE, loc, &x, 1, &attr, name);
    }
    elaborate_error(e, loc, "type", "'%s' cannot combine %s and %s", binary_spelling(op),
                    value_kind_name(left), value_kind_name(right));
    return error_value;
}
