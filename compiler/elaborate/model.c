/* Models: a network with its parameters given. `model a = net(x)` and `model b = a(y = 1)` are
 * followed to the network; what is given nearest to the user wins, --param before all. */
#include "compiler/elaborate/elaborator.h"

#include "compiler/syntax/parse.h"

/* A network on its way to being elaborated. */
typedef struct Resolved {
    Definition *network;
    const Argument **given; /* one per parameter of the network */
} Resolved;

static const char **network_params(Elaborator *e, const Definition *d, int *count)
{
    *count = d->stmt->params.count;
    const char **names = arena_new_array(e->arena, const char *, *count + 1);
    for (int i = 0; i < *count; i++)
        names[i] = d->stmt->params.at[i].name.text;
    return names;
}

/* Sorts arguments into the network's parameters, before which those already given yield. */
static bool give(Elaborator *e, Resolved *r, const char *callee, const Arguments *args)
{
    int count;
    const char **names = network_params(e, r->network, &count);
    const Argument **given = arena_new_array(e->arena, const Argument *, count + 1);
    if (!arguments_sort(e, callee, args, names, count, given))
        return false;
    for (int i = 0; i < count; i++)
        if (given[i])
            r->given[i] = given[i];
    return !args->failed;
}

static bool check_keywords(Elaborator *e, const char *model, const Arguments *args)
{
    for (int i = 0; i < args->count; i++)
        if (!args->at[i].keyword.text) {
            elaborate_error(e, args->at[i].loc, "argument",
                            "the parameters of the model '%s' are given by name", model);
            return false;
        }
    return true;
}

static bool resolve(Elaborator *e, Module *m, const Expr *call, Resolved *r, ElaboratedMember *out);

static bool resolve_definition(Elaborator *e, Definition *d, Name callee, const Arguments *args,
                               Resolved *r, ElaboratedMember *out)
{
    if (d->stmt->kind == STMT_NETWORK) {
        int count = d->stmt->params.count;
        r->network = d;
        r->given = arena_new_array(e->arena, const Argument *, count + 1);
        return give(e, r, d->name, args);
    }
    if (d->stmt->kind != STMT_MODEL) {
        elaborate_error(e, callee.loc, "type", "'%s' is no model and no network", callee.text);
        return false;
    }
    if (d->active) {
        elaborate_error(e, callee.loc, "recursion", "the model '%s' is defined through itself",
                        d->name);
        return false;
    }
    if (e->depth >= ELABORATE_MAX_CALLS) {
        elaborate_stop(e, callee.loc, "nesting", "more than %d models are made of one another",
                       ELABORATE_MAX_CALLS);
        return false;
    }
    e->depth++;
    d->active = true;
    bool ok = resolve(e, d->module, d->stmt->value, r, out) && check_keywords(e, d->name, args) &&
              give(e, r, d->name, args) && model_entries(e, &d->stmt->entries, out);
    d->active = false;
    e->depth--;
    return ok;
}

static void report_no_model(Elaborator *e, Module *m, Name callee)
{
    NameVec names = { 0 };
    module_names(e, m, &names);
    elaborate_error(e, callee.loc, "unknown-name", "there is no model or network '%s'%s",
                    callee.text, elaborate_suggestion(e, callee.text, names.at, names.count));
}

static bool resolve(Elaborator *e, Module *m, const Expr *call, Resolved *r, ElaboratedMember *out)
{
    static const ArgList no_args = { 0 };
    while (call->kind == EXPR_PAREN)
        call = call->op.left;
    if (call->kind != EXPR_CALL && call->kind != EXPR_NAME) {
        elaborate_error(e, call->loc, "type", "a model is NETWORK(...) or another model");
        return false;
    }
    Name callee = call->kind == EXPR_CALL ? call->call.callee : call->name;
    Frame frame;
    frame_enter(e, &frame, NULL, m, "", call->loc);
    Arguments args = arguments_evaluate(e, call->kind == EXPR_CALL ? &call->call.args : &no_args);
    frame_leave(e);
    Definition *d = module_find(e, m, callee);
    if (!d)
        report_no_model(e, m, callee);
    return d && resolve_definition(e, d, callee, &args, r, out);
}

/* --- --param -------------------------------------------------------------------------------- */

static bool apply_override(Elaborator *e, Module *m, const ParamOverride *p, Resolved *r)
{
    Source *source = arena_new_of(e->arena, Source);
    *source = (Source){ "--param", p->value, strlen(p->value) };
    const Expr *expr = parse_expression(e->arena, source, e->diag);
    if (!expr)
        return false;
    int count;
    const char **names = network_params(e, r->network, &count);
    Frame frame;
    frame_enter(e, &frame, NULL, m, "", expr->loc);
    Argument *a = arena_new_of(e->arena, Argument);
    *a = (Argument){ { p->name, expr->loc }, evaluate(e, expr), expr->loc };
    frame_leave(e);
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], p->name) == 0) {
            r->given[i] = a;
            return a->value.kind != VALUE_ERROR;
        }
    elaborate_error(e, (Loc){ 0 }, "argument",
                    "--param %s: the network '%s' has no parameter '%s'%s", p->name,
                    r->network->name, p->name, elaborate_suggestion(e, p->name, names, count));
    return false;
}

/* --- elaboration ---------------------------------------------------------------------------- */

static bool check_result(Elaborator *e, const Resolved *r, const Frame *frame)
{
    const Value *v = &frame->result;
    if (!frame->returned) {
        elaborate_error(e, r->network->loc, "return", "the network '%s' ends without 'return'",
                        r->network->name);
        return false;
    }
    if (v->kind == VALUE_ERROR)
        return false;
    if (v->kind != VALUE_TENSOR) {
        elaborate_error(e, r->network->loc, "type", "the network '%s' returns %s, not a tensor",
                        r->network->name, value_kind_name(v));
        return false;
    }
    if (!e->graph->input) {
        elaborate_error(e, r->network->loc, "input", "the network '%s' declares no input",
                        r->network->name);
        return false;
    }
    e->graph->output = v->tensor;
    return true;
}

static bool run_network(Elaborator *e, Resolved *r, Loc loc)
{
    if (!call_check_missing(e, r->network->stmt, loc, r->given))
        return false;
    int errors = e->diag->errors;
    Frame frame;
    frame_enter(e, &frame, r->network, r->network->module, "", loc);
    call_set_params(e, r->network->stmt, r->given);
    evaluate_body(e, &r->network->stmt->body);
    bool ok = !e->stopped && e->diag->errors == errors && check_result(e, r, &frame);
    frame_leave(e);
    return ok;
}

bool model_elaborate(Elaborator *e, Module *m, const Expr *call, const ElaborateOptions *options,
                     ElaboratedMember *out)
{
    Resolved r = { 0 };
    if (!resolve(e, m, call, &r, out))
        return false;
    bool ok = true;
    for (int i = 0; i < options->param_count; i++)
        ok = apply_override(e, m, &options->params[i], &r) && ok;
    if (!ok)
        return false;
    e->graph = graph_new(e->arena, out->network);
    e->paths = e->params = e->unnamed = e->numbers = (Map){ 0 };
    out->graph = e->graph;
    return run_network(e, &r, call->loc);
}
