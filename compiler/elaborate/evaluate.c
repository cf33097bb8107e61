/* Evaluates expressions and runs statements of one call. Variables belong to the call (the frame);
 * loops and branches share them. */
#include "compiler/elaborate/elaborator.h"

static const Value error_value = { .kind = VALUE_ERROR };

/* --- frames --------------------------------------------------------------------------------- */

void frame_enter(Elaborator *e, Frame *f, Definition *d, Module *module, const char *scope,
                 Loc call)
{
    int level = e->frame ? e->frame->level + 1 : 0;
    *f = (Frame){ .caller = e->frame,
                  .definition = d,
                  .module = module,
                  .scope = scope,
                  .call = call,
                  .level = level };
    e->frame = f;
    if (d)
        d->active = true;
}

void frame_leave(Elaborator *e)
{
    if (e->frame->definition)
        e->frame->definition->active = false;
    e->frame = e->frame->caller;
}

void frame_set(Elaborator *e, const char *name, Value value)
{
    Value *slot = map_get(&e->frame->variables, name);
    if (!slot) {
        slot = arena_new_of(e->arena, Value);
        map_set(e->arena, &e->frame->variables, name, slot);
    }
    *slot = value;
}

/* --- names ---------------------------------------------------------------------------------- */

static void report_unknown(Elaborator *e, Name name)
{
    NameVec names = { 0 };
    for (int i = 0; i < e->frame->variables.count; i++)
        vec_push(e->arena, &names, e->frame->variables.entry[i].key);
    module_names(e, e->frame->module, &names);
    elaborate_error(e, name.loc, "unknown-name", "'%s' is not defined here%s", name.text,
                    elaborate_suggestion(e, name.text, names.at, names.count));
}

Value evaluate_constant(Elaborator *e, Definition *d)
{
    if (d->state == CONSTANT_DONE)
        return d->value;
    if (d->state == CONSTANT_ACTIVE) {
        elaborate_error(e, d->loc, "recursion", "'%s' is defined through itself", d->name);
        return error_value;
    }
    d->state = CONSTANT_ACTIVE;
    Frame frame;
    frame_enter(e, &frame, NULL, d->module, "", d->loc);
    frame.level = 0;
    d->value = evaluate(e, d->stmt->value);
    frame_leave(e);
    if (d->value.kind == VALUE_TENSOR) {
        elaborate_error(e, d->loc, "type", "the constant '%s' cannot be a tensor", d->name);
        d->value = error_value;
    }
    d->state = CONSTANT_DONE;
    return d->value;
}

static Value evaluate_name(Elaborator *e, Name name)
{
    const Value *variable = map_get(&e->frame->variables, name.text);
    if (variable)
        return *variable;
    if (strcmp(name.text, "same") == 0)
        return value_string("same");
    Definition *d = module_find(e, e->frame->module, name);
    if (!d) {
        report_unknown(e, name);
        return error_value;
    }
    if (d->stmt->kind == STMT_ASSIGN)
        return evaluate_constant(e, d);
    elaborate_error(e, name.loc, "type", "'%s' is not a value; it is called with (...)", name.text);
    return error_value;
}

/* --- strings and lists ---------------------------------------------------------------------- */

static bool append_part(Elaborator *e, const StringPart *part, Text *text)
{
    if (part->text) {
        text_puts(text, part->text);
        return true;
    }
    Value v = evaluate(e, part->value);
    if (v.kind == VALUE_ERROR)
        return false;
    if (v.kind == VALUE_STRING) {
        text_puts(text, v.string);
    } else if (value_is_numeric(&v) || v.kind == VALUE_BOOLEAN) {
        value_print(&v, text);
    } else {
        elaborate_error(e, part->value->loc, "type", "%s cannot stand in a string",
                        value_kind_name(&v));
        return false;
    }
    return true;
}

static Value evaluate_string(Elaborator *e, const Expr *expr)
{
    Text text = { .arena = e->arena };
    for (int i = 0; i < expr->string.part_count; i++)
        if (!append_part(e, &expr->string.part[i], &text))
            return error_value;
    if (text.length > ELABORATE_MAX_STRING) {
        elaborate_error(e, expr->loc, "too-long", "a string of %zu bytes; the limit is %d",
                        text.length, ELABORATE_MAX_STRING);
        return error_value;
    }
    if (!elaborate_step(e, expr->loc, (int64_t)text.length / 16))
        return error_value;
    return value_string(text_string(&text));
}

/* Space for a list of `count` items, or NULL after reporting. */
static Value *new_items(Elaborator *e, Loc loc, int64_t count)
{
    if (count > ELABORATE_MAX_LIST) {
        elaborate_error(e, loc, "too-long", "a list of %lld items; the limit is %d",
                        (long long)count, ELABORATE_MAX_LIST);
        return NULL;
    }
    if (!elaborate_step(e, loc, count))
        return NULL;
    return arena_new_array(e->arena, Value, count + 1);
}

static Value make_list(Elaborator *e, Loc loc, const Value *item, int count)
{
    int depth = 0;
    for (int i = 0; i < count; i++)
        if (item[i].kind == VALUE_LIST && item[i].list.depth > depth)
            depth = item[i].list.depth;
    if (depth < ELABORATE_MAX_NESTED)
        return (Value){ .kind = VALUE_LIST, .list = { item, count, depth + 1 } };
    elaborate_error(e, loc, "nesting", "more than %d lists in one another", ELABORATE_MAX_NESTED);
    return error_value;
}

static Value evaluate_list(Elaborator *e, const Expr *expr)
{
    Value *item = new_items(e, expr->loc, expr->list.count);
    bool failed = !item;
    for (int i = 0; item && i < expr->list.count; i++) {
        item[i] = evaluate(e, expr->list.at[i]);
        failed = failed || item[i].kind == VALUE_ERROR;
    }
    return failed ? error_value : make_list(e, expr->loc, item, expr->list.count);
}

static Value evaluate_range(Elaborator *e, const Expr *expr, const Value *from, const Value *to)
{
    int64_t a, b, count;
    if (!attribute_integer(e, "a bound of '..'", from, expr->op.left->loc, &a) ||
        !attribute_integer(e, "a bound of '..'", to, expr->op.right->loc, &b))
        return error_value;
    if (__builtin_sub_overflow(b, a, &count))
        count = INT64_MAX;
    Value *item = new_items(e, expr->loc, count < 0 ? 0 : count);
    if (!item)
        return error_value;
    for (int64_t i = 0; i < count; i++)
        item[i] = value_integer(a + i);
    return make_list(e, expr->loc, item, count < 0 ? 0 : (int)count);
}

static Value join_lists(Elaborator *e, Loc loc, const Value *a, const Value *b)
{
    Value *item = new_items(e, loc, (int64_t)a->list.count + b->list.count);
    if (!item)
        return error_value;
    if (a->list.count)
        memcpy(item, a->list.item, (size_t)a->list.count * sizeof *item);
    if (b->list.count)
        memcpy(item + a->list.count, b->list.item, (size_t)b->list.count * sizeof *item);
    return make_list(e, loc, item, a->list.count + b->list.count);
}

static Value evaluate_index(Elaborator *e, const Expr *expr)
{
    Value list = evaluate(e, expr->op.left), index = evaluate(e, expr->op.right);
    int64_t i;
    if (list.kind == VALUE_ERROR || index.kind == VALUE_ERROR)
        return error_value;
    if (list.kind != VALUE_LIST) {
        elaborate_error(e, expr->op.left->loc, "type", "only a list has items; this is %s",
                        value_kind_name(&list));
        return error_value;
    }
    if (!attribute_integer(e, "an index", &index, expr->op.right->loc, &i))
        return error_value;
    if (i >= 0 && i < list.list.count)
        return list.list.item[i];
    elaborate_error(e, expr->op.right->loc, "index", "index %lld is outside a list of %d items",
                    (long long)i, list.list.count);
    return error_value;
}

/* --- operators ------------------------------------------------------------------------------ */

/* A condition: 1 true, 0 false, -1 after reporting. */
static int evaluate_condition(Elaborator *e, const Expr *expr)
{
    Value v = evaluate(e, expr);
    if (v.kind == VALUE_BOOLEAN)
        return v.boolean;
    if (v.kind != VALUE_ERROR)
        elaborate_error(e, expr->loc, "type", "a condition is true or false; this is %s",
                        value_kind_name(&v));
    return -1;
}

static Value evaluate_logic(Elaborator *e, const Expr *expr)
{
    int left = evaluate_condition(e, expr->op.left);
    bool decides = expr->op.binary == BINARY_OR;
    if (left < 0)
        return error_value;
    if (left == decides)
        return value_boolean(decides);
    int right = evaluate_condition(e, expr->op.right);
    return right < 0 ? error_value : value_boolean(right);
}

static Value type_error(Elaborator *e, const Expr *expr, const Value *left, const Value *right)
{
    elaborate_error(e, expr->loc, "type", "'%s' cannot combine %s and %s",
                    binary_spelling(expr->op.binary), value_kind_name(left),
                    value_kind_name(right));
    return error_value;
}

static Value evaluate_equality(Elaborator *e, const Expr *expr, const Value *a, const Value *b)
{
    bool comparable = a->kind == b->kind || (value_is_numeric(a) && value_is_numeric(b));
    if (!comparable)
        return type_error(e, expr, a, b);
    return value_boolean(value_equal(a, b) == (expr->op.binary == BINARY_EQUAL));
}

static Value evaluate_binary(Elaborator *e, const Expr *expr, const char *name)
{
    BinaryOp op = expr->op.binary;
    if (op == BINARY_AND || op == BINARY_OR)
        return evaluate_logic(e, expr);
    Value a = evaluate(e, expr->op.left), b = evaluate(e, expr->op.right), result;
    if (a.kind == VALUE_ERROR || b.kind == VALUE_ERROR)
        return error_value;
    if (op == BINARY_RANGE)
        return evaluate_range(e, expr, &a, &b);
    if (op == BINARY_EQUAL || op == BINARY_UNEQUAL)
        return evaluate_equality(e, expr, &a, &b);
    if (a.kind == VALUE_TENSOR || b.kind == VALUE_TENSOR)
        return operator_arithmetic(e, op, expr->loc, &a, &b, name);
    if (op == BINARY_ADD && a.kind == VALUE_LIST && b.kind == VALUE_LIST)
        return join_lists(e, expr->loc, &a, &b);
    if (!value_is_numeric(&a) || !value_is_numeric(&b))
        return type_error(e, expr, &a, &b);
    const char *reason = value_arithmetic(op, &a, &b, &result);
    if (!reason)
        return result;
    elaborate_error(e, expr->loc, "arithmetic", "%s %s %s: %s", value_text(e->arena, &a),
                    binary_spelling(op), value_text(e->arena, &b), reason);
    return error_value;
}

static Value evaluate_unary(Elaborator *e, const Expr *expr, const char *name)
{
    if (expr->op.unary == UNARY_NOT) {
        int condition = evaluate_condition(e, expr->op.left);
        return condition < 0 ? error_value : value_boolean(!condition);
    }
    Value v = evaluate(e, expr->op.left), minus = value_integer(-1), result;
    if (v.kind == VALUE_ERROR)
        return v;
    if (v.kind == VALUE_TENSOR)
        return operator_arithmetic(e, BINARY_MULTIPLY, expr->loc, &v, &minus, name);
    const char *reason = value_is_numeric(&v) ? value_negate(&v, &result) : "it is not a number";
    if (!reason)
        return result;
    elaborate_error(e, expr->loc, "type", "%s has no negative: %s", value_kind_name(&v), reason);
    return error_value;
}

static Value evaluate_choice(Elaborator *e, const Expr *expr)
{
    int condition = evaluate_condition(e, expr->choice.condition);
    if (condition < 0)
        return error_value;
    return evaluate(e, condition ? expr->choice.yes : expr->choice.no);
}

/* OPERATION @ "name" */
static Value evaluate_at(Elaborator *e, const Expr *expr)
{
    Value name = evaluate(e, expr->op.right);
    if (name.kind == VALUE_ERROR)
        return name;
    if (name.kind != VALUE_STRING) {
        elaborate_error(e, expr->op.right->loc, "type", "a scope is a string; this is %s",
                        value_kind_name(&name));
        return error_value;
    }
    const Expr *operation = expr->op.left;
    while (operation->kind == EXPR_PAREN)
        operation = operation->op.left;
    if (operation->kind == EXPR_CALL)
        return call_evaluate(e, operation, name.string);
    if (operation->kind == EXPR_BINARY)
        return evaluate_binary(e, operation, name.string);
    if (operation->kind == EXPR_UNARY)
        return evaluate_unary(e, operation, name.string);
    elaborate_error(e, expr->loc, "scope", "'@' names a call or an operation on tensors");
    return error_value;
}

static Value evaluate_kind(Elaborator *e, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_INTEGER:
        return value_integer(expr->integer);
    case EXPR_REAL:
        return value_real(expr->real);
    case EXPR_BOOLEAN:
        return value_boolean(expr->boolean);
    case EXPR_STRING:
        return evaluate_string(e, expr);
    case EXPR_NAME:
        return evaluate_name(e, expr->name);
    case EXPR_LIST:
        return evaluate_list(e, expr);
    case EXPR_PAREN:
        return evaluate_results(e, expr->op.left);
    case EXPR_UNARY:
        return evaluate_unary(e, expr, NULL);
    case EXPR_BINARY:
        return evaluate_binary(e, expr, NULL);
    case EXPR_IF:
        return evaluate_choice(e, expr);
    case EXPR_CALL:
        return call_evaluate(e, expr, NULL);
    case EXPR_INDEX:
        return evaluate_index(e, expr);
    case EXPR_AT:
        return evaluate_at(e, expr);
    case EXPR_ARROW:
        break;
    }
    bug("an arrow is no expression");
}

Value evaluate_results(Elaborator *e, const Expr *expr)
{
    if (!elaborate_step(e, expr->loc, 1))
        return error_value;
    if (e->depth >= ELABORATE_MAX_DEPTH) {
        elaborate_stop(e, expr->loc, "nesting", "blocks and expressions are nested too deeply");
        return error_value;
    }
    e->depth++;
    Value v = evaluate_kind(e, expr);
    e->depth--;
    return v;
}

Value evaluate(Elaborator *e, const Expr *expr)
{
    Value v = evaluate_results(e, expr);
    if (v.kind != VALUE_RESULTS)
        return v;
    elaborate_error(e, expr->loc, "results", "this gives %d results where one is used",
                    v.list.count);
    return error_value;
}

/* --- statements ----------------------------------------------------------------------------- */

/* Gives the items of one value to several names; after an error all of them are VALUE_ERROR. */
static void assign_targets(Elaborator *e, const NameList *targets, Value v, Loc loc)
{
    bool matches = (v.kind == VALUE_RESULTS || v.kind == VALUE_LIST) &&
                   v.list.count == targets->count;
    if (targets->count == 1) {
        frame_set(e, targets->at[0].text, v);
        return;
    }
    if (!matches && v.kind == VALUE_RESULTS)
        elaborate_error(e, loc, "results", "%d results for %d names", v.list.count, targets->count);
    else if (!matches && v.kind == VALUE_LIST)
        elaborate_error(e, loc, "results", "a list of %d for %d names", v.list.count,
                        targets->count);
    else if (!matches && v.kind != VALUE_ERROR)
        elaborate_error(e, loc, "results", "%s for %d names", value_kind_name(&v), targets->count);
    for (int i = 0; i < targets->count; i++)
        frame_set(e, targets->at[i].text, matches ? v.list.item[i] : error_value);
}

static void run_assign(Elaborator *e, const Stmt *s)
{
    Value v = s->targets.count == 1 ? evaluate(e, s->value) : evaluate_results(e, s->value);
    assign_targets(e, &s->targets, v, s->value->loc);
}

static void run_return(Elaborator *e, const Stmt *s)
{
    Frame *f = e->frame;
    if (s->values.count == 1) {
        f->result = evaluate_results(e, s->values.at[0]);
    } else {
        Value *item = arena_new_array(e->arena, Value, s->values.count);
        for (int i = 0; i < s->values.count; i++)
            item[i] = evaluate(e, s->values.at[i]);
        f->result = (Value){ .kind = VALUE_RESULTS, .list = { item, s->values.count, 1 } };
    }
    f->returned = true;
}

static void run_for(Elaborator *e, const Stmt *s)
{
    Value list = evaluate(e, s->value);
    if (list.kind != VALUE_LIST) {
        if (list.kind != VALUE_ERROR)
            elaborate_error(e, s->value->loc, "type", "'for' goes over a list; this is %s",
                            value_kind_name(&list));
        e->frame->failed = true;
        return;
    }
    int failures = e->failures;
    for (int i = 0; i < list.list.count && !e->frame->returned && !e->stopped; i++) {
        if (e->failures > failures) /* the other rounds would fail alike */
            e->frame->failed = true;
        if (e->frame->failed || !elaborate_step(e, s->loc, 1))
            return;
        assign_targets(e, &s->targets, list.list.item[i], s->value->loc);
        evaluate_body(e, &s->body);
    }
}

static void run_if(Elaborator *e, const Stmt *s)
{
    int condition = evaluate_condition(e, s->value);
    if (condition < 0)
        e->frame->failed = true;
    else if (condition)
        evaluate_body(e, &s->body);
    else if (s->has_else)
        evaluate_body(e, &s->otherwise);
}

/* input NAME[dims]: one picture, so the shape is [1, dims]; parameter NAME[dims]. */
static void run_tensor(Elaborator *e, const Stmt *s)
{
    bool input = s->kind == STMT_INPUT;
    Attr attr = attr_default();
    Value name = s->value ? evaluate(e, s->value) : value_string(s->name.text);
    Value v = error_value;
    if (input && e->frame->definition->stmt->kind != STMT_NETWORK)
        elaborate_error(e, s->loc, "input",
                        "only a network declares its input; a block takes "
                        "it as an argument");
    else if (input && e->graph->input)
        elaborate_error(e, s->loc, "input", "a network has one input; it is '%s'",
                        e->graph->input->path);
    else if (name.kind != VALUE_STRING && name.kind != VALUE_ERROR)
        elaborate_error(e, s->value->loc, "type", "a scope is a string; this is %s",
                        value_kind_name(&name));
    else if (name.kind == VALUE_STRING && operator_dims(e, &s->values, &attr.shape, input))
        v = operator_add(e, input ? OP_INPUT : OP_PARAMETER, s->loc, NULL, 0, &attr, name.string);
    frame_set(e, s->name.text, v);
}

static void run_statement(Elaborator *e, const Stmt *s)
{
    switch (s->kind) {
    case STMT_ASSIGN:
        run_assign(e, s);
        break;
    case STMT_RETURN:
        run_return(e, s);
        break;
    case STMT_FOR:
        run_for(e, s);
        break;
    case STMT_IF:
        run_if(e, s);
        break;
    case STMT_INPUT:
    case STMT_PARAMETER:
        run_tensor(e, s);
        break;
    default:
        bug("the grammar lets no definition into a body");
    }
}

void evaluate_body(Elaborator *e, const StmtList *body)
{
    e->depth++;
    for_each_vec(Stmt *, s, body)
        if (!e->frame->returned && !e->stopped && elaborate_step(e, (*s)->loc, 1))
            run_statement(e, *s);
    e->depth--;
}
