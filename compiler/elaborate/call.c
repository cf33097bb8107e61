/* Calls: evaluates the arguments in the caller's scope, sorts them into the callee's parameters and
 * elaborates the callee: a block of the language, an operator of op.def or a built-in function. */
#include "compiler/elaborate/elaborator.h"

static const Value error_value = { .kind = VALUE_ERROR };

/* --- arguments ------------------------------------------------------------------------------ */

Arguments arguments_evaluate(Elaborator *e, const ArgList *args)
{
    Arguments out = { .count = args->count };
    out.at = arena_new_array(e->arena, Argument, args->count + 1);
    for (int i = 0; i < args->count; i++) {
        const Arg *a = &args->at[i];
        out.at[i] = (Argument){ a->keyword, evaluate(e, a->value), a->value->loc };
        out.failed = out.failed || out.at[i].value.kind == VALUE_ERROR;
    }
    return out;
}

static int find_place(const char *name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* The place of argument number `i`, or -1 after reporting. */
static int argument_place(Elaborator *e, const char *callee, const Argument *a, int i,
                          bool after_keyword, const char *const *names, int count)
{
    if (a->keyword.text) {
        int place = find_place(a->keyword.text, names, count);
        if (place < 0)
            elaborate_error(e, a->keyword.loc, "argument", "'%s' has no parameter '%s'%s", callee,
                            a->keyword.text,
                            elaborate_suggestion(e, a->keyword.text, names, count));
        return place;
    }
    if (after_keyword) {
        elaborate_error(e, a->loc, "argument",
                        "an argument without a name cannot follow one with a name");
        return -1;
    }
    if (i >= count) {
        elaborate_error(e, a->loc, "argument", "'%s' takes at most %d argument%s", callee, count,
                        count == 1 ? "" : "s");
        return -1;
    }
    return i;
}

bool arguments_sort(Elaborator *e, const char *callee, const Arguments *args,
                    const char *const *names, int count, const Argument **given)
{
    bool ok = true, after_keyword = false;
    for (int i = 0; i < args->count; i++) {
        const Argument *a = &args->at[i];
        int place = argument_place(e, callee, a, i, after_keyword, names, count);
        after_keyword = after_keyword || a->keyword.text;
        if (place >= 0 && given[place]) {
            elaborate_error(e, a->keyword.text ? a->keyword.loc : a->loc, "argument",
                            "'%s' is given twice", names[place]);
            ok = false;
        } else if (place >= 0) {
            given[place] = a;
        }
        ok = ok && place >= 0;
    }
    return ok;
}

/* --- blocks --------------------------------------------------------------------------------- */

static const char **param_names(Elaborator *e, const Stmt *block)
{
    const char **names = arena_new_array(e->arena, const char *, block->params.count + 1);
    for (int i = 0; i < block->params.count; i++)
        names[i] = block->params.at[i].name.text;
    return names;
}

bool call_check_missing(Elaborator *e, const Stmt *block, Loc loc, const Argument *const *given)
{
    bool ok = true;
    for (int i = 0; i < block->params.count; i++) {
        const ParamDecl *p = &block->params.at[i];
        if (given[i] || p->value)
            continue;
        elaborate_error(e, loc, "argument", "'%s' needs a value for '%s'", block->name.text,
                        p->name.text);
        ok = false;
    }
    return ok;
}

void call_set_params(Elaborator *e, const Stmt *block, const Argument *const *given)
{
    for (int i = 0; i < block->params.count; i++)
        if (given[i])
            frame_set(e, block->params.at[i].name.text, given[i]->value);
    for (int i = 0; i < block->params.count; i++) {
        const ParamDecl *p = &block->params.at[i];
        if (!given[i])
            frame_set(e, p->name.text, evaluate(e, p->value));
    }
}

static bool can_enter(Elaborator *e, const Definition *d, Loc loc)
{
    if (d->active) {
        elaborate_error(e, loc, "recursion", "'%s' calls itself; elaboration would not end",
                        d->name);
        return false;
    }
    if (e->frame->level >= ELABORATE_MAX_CALLS) {
        elaborate_stop(e, loc, "nesting", "more than %d blocks are called in one another",
                       ELABORATE_MAX_CALLS);
        return false;
    }
    return elaborate_step(e, loc, 10);
}

static Value call_block(Elaborator *e, Definition *d, Loc loc, const Arguments *args,
                        const char *name)
{
    const Stmt *block = d->stmt;
    const Argument **given = arena_new_array(e->arena, const Argument *, block->params.count + 1);
    if (!arguments_sort(e, d->name, args, param_names(e, block), block->params.count, given))
        return error_value;
    if (!call_check_missing(e, block, loc, given) || args->failed || !can_enter(e, d, loc))
        return error_value;
    Frame frame;
    const char *scope = name ? operator_scope(e, name) : e->frame->scope;
    frame_enter(e, &frame, d, d->module, scope, loc);
    call_set_params(e, block, given);
    evaluate_body(e, &block->body);
    if (!frame.returned && !e->stopped && !frame.failed)
        elaborate_error(e, d->loc, "return", "the block '%s' ends without 'return'", d->name);
    frame_leave(e);
    return frame.result;
}

/* --- dispatch ------------------------------------------------------------------------------- */

static Value call_definition(Elaborator *e, Definition *d, const Expr *call, const Arguments *args,
                             const char *name)
{
    Loc loc = call->loc;
    switch (d->stmt->kind) {
    case STMT_BLOCK:
        return call_block(e, d, loc, args, name);
    case STMT_NETWORK:
    case STMT_MODEL:
        elaborate_error(e, call->call.callee.loc, "type",
                        "'%s' is a whole network; only a model or a classifier can use it",
                        d->name);
        break;
    default:
        elaborate_error(e, call->call.callee.loc, "type", "'%s' is a constant, not a block",
                        d->name);
    }
    return error_value;
}

static void report_unknown(Elaborator *e, Name callee)
{
    NameVec names = { 0 };
    module_names(e, e->frame->module, &names);
    builtin_names(e, &names);
    for (int op = OP_PARAMETER + 1; op < OP_COUNT; op++)
        vec_push(e->arena, &names, op_info((OpKind)op)->name);
    elaborate_error(e, callee.loc, "unknown-name", "there is no block or operator '%s'%s",
                    callee.text, elaborate_suggestion(e, callee.text, names.at, names.count));
}

Value call_evaluate(Elaborator *e, const Expr *call, const char *name)
{
    Name callee = call->call.callee;
    Arguments args = arguments_evaluate(e, &call->call.args);
    Definition *d = module_find(e, e->frame->module, callee);
    if (d)
        return call_definition(e, d, call, &args, name);
    /* max and mean are operators on tensors and functions of numbers */
    bool on_tensor = args.count > 0 && args.at[0].value.kind == VALUE_TENSOR;
    OpKind op;
    if (op_from_name(callee.text, &op) && (on_tensor || !builtin_exists(callee.text)))
        return operator_call(e, op, call->loc, &args, name);
    if (!builtin_exists(callee.text)) {
        report_unknown(e, callee);
        return error_value;
    }
    if (name) {
        elaborate_error(e, call->loc, "scope", "'%s' makes no tensor that '@' could name",
                        callee.text);
        return error_value;
    }
    return builtin_call(e, callee.text, call->loc, &args);
}
