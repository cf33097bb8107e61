/* The story of one compilation, top to bottom: the source is parsed and elaborated to a graph,
 * weights are bound to it, passes transform a copy, the schedule makes a program of that, and a
 * command emits it. Problems of the input are reported through diag with a place; the rest names
 * what it is about. */
#include "compiler/driver/compile.h"

#include "compiler/base/digest.h"
#include "compiler/driver/weights.h"
#include "compiler/emit/names.h"
#include "compiler/pass/pass.h"

#include <stdlib.h>
#include <string.h>

ExitStatus compile_fail(ExitStatus status, const char *what, const char *reason)
{
    fprintf(stderr, "kiln: %s%s%s\n", what ? what : "", what ? ": " : "", reason);
    return status;
}

void compile_begin(Compilation *c, const CommandLine *line)
{
    *c = (Compilation){ .line = line };
    c->source_arena = arena_new();
    c->graph_arena = arena_new();
    c->scratch_arena = arena_new();
    c->diag = (Diag){ .out = stderr, .limit = 20 };
}

ExitStatus compile_end(Compilation *c, ExitStatus status)
{
    arena_free(c->scratch_arena);
    arena_free(c->graph_arena);
    arena_free(c->source_arena);
    return status;
}

static void say(const Compilation *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const Compilation *c, const char *format, ...)
{
    if (!c->line->verbose)
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* The stages that are no passes, as --dump-after calls them. */
static const char first_stage[] = "elaborate", last_stage[] = "schedule";

/* --- lists ------------------------------------------------------------------------------------ */

static bool is_help(const char *value)
{
    return value && strcmp(value, "help") == 0;
}

bool compile_lists(const CommandLine *line)
{
    if (is_help(line->target)) {
        for (const Target *const *t = targets; *t; t++)
            printf("%-8s %s%s\n", (*t)->name, (*t)->description,
                   *t == target_host() ? " (this machine)" : "");
        return true;
    }
    if (is_help(line->dump_after)) {
        printf("%-18s the graph as elaborated, and the classifier around it\n", first_stage);
        for (int i = 0; i < pass_count; i++)
            printf("%-18s %s\n", pass_pipeline[i].name, pass_pipeline[i].summary);
        printf("%-18s the calls, where their tensors lie, and the loop nests\n", last_stage);
        return true;
    }
    return false;
}

enum { MAX_PICTURES = 4096 };

static ExitStatus choose_batch(Compilation *c)
{
    const char *given = c->line->batch;
    char *end = NULL;
    c->pictures = given ? strtol(given, &end, 10) : 1;
    if (!given || (*given >= '0' && *given <= '9' && !*end && c->pictures >= 1 &&
                   c->pictures <= MAX_PICTURES))
        return EXIT_DONE;
    return compile_fail(
        EXIT_USAGE, given,
        arena_printf(c->graph_arena, "--batch takes a number from 1 to %d", MAX_PICTURES));
}

ExitStatus compile_choose_target(Compilation *c)
{
    const char *name = c->line->target;
    c->target = name ? target_find(name) : target_host();
    if (!c->target)
        return compile_fail(EXIT_USAGE, name,
                            "there is no target of that name; --target help lists them");
    if (c->line->strict)
        c->target = target_strict(c->graph_arena, c->target);
    return choose_batch(c);
}

/* --- elaboration ------------------------------------------------------------------------------ */

static ExitStatus read_params(Compilation *c, ElaborateOptions *o)
{
    const StringList *given = &c->line->params;
    ParamOverride *params = arena_new_array(c->source_arena, ParamOverride, given->count + 1);
    for (int i = 0; i < given->count; i++) {
        const char *equals = strchr(given->at[i], '=');
        if (!equals || equals == given->at[i])
            return compile_fail(EXIT_USAGE, given->at[i], "--param takes NAME=VALUE");
        params[i].name = arena_strndup(c->source_arena, given->at[i],
                                       (size_t)(equals - given->at[i]));
        params[i].value = equals + 1;
    }
    o->params = params;
    o->param_count = given->count;
    return EXIT_DONE;
}

static ExitStatus count_errors(const Compilation *c)
{
    if (c->diag.errors > 1)
        fprintf(stderr, "kiln: %d errors\n", c->diag.errors);
    return EXIT_INPUT;
}

void compile_select(Compilation *c, int i)
{
    if (i >= c->network_count)
        return;
    const Network *n = &c->networks[i];
    c->index = i;
    c->member = n->member;
    c->source = n->source;
    c->graph = n->graph;
    c->program = n->program;
    c->digest = n->digest;
}

static void list_networks(Compilation *c)
{
    c->network_count = c->elaborated.member_count;
    c->networks = arena_new_array(c->source_arena, Network, c->network_count);
    for (int i = 0; i < c->network_count; i++) {
        const ElaboratedMember *m = &c->elaborated.member[i];
        c->networks[i] = (Network){ .member = m, .source = m->graph };
        const char *broken = graph_verify(m->graph, c->scratch_arena);
        if (broken)
            bug("graph of %s: %s", m->graph->name, broken);
    }
    compile_select(c, 0);
}

static ExitStatus elaborate_source(Compilation *c)
{
    ElaborateOptions o = { .name = c->line->name, .labels_file = c->line->labels };
    ExitStatus status = read_params(c, &o);
    if (status != EXIT_DONE)
        return status;
    say(c, "elaborating %s", c->line->source);
    if (!elaborate(c->source_arena, c->line->source, &o, &c->diag, &c->elaborated) ||
        c->diag.errors)
        return count_errors(c);
    c->classifier = c->elaborated.classifier;
    list_networks(c);
    return EXIT_DONE;
}

/* --- digest ----------------------------------------------------------------------------------- */

/* Of the network's text and its weights; neither target nor passes change it. */
static const char *digest_of(Compilation *c)
{
    Digest d;
    digest_start(&d);
    Text text = { .arena = c->scratch_arena };
    graph_dump(c->source, &text);
    digest_add(&d, text_string(&text), text.length);
    for_each_node(n, c->source)
        for (int i = 0; i < PARAM_ROLES; i++)
            if (n->param[i] && n->param[i]->data)
                digest_add(&d, n->param[i]->data,
                           (size_t)shape_count(&n->param[i]->shape) * sizeof(float));
    return digest_text(c->source_arena, &d);
}

ExitStatus compile_source(Compilation *c, WeightNeed need)
{
    ExitStatus status = elaborate_source(c);
    if (status == EXIT_DONE)
        status = compile_bind_weights(c, need);
    if (status == EXIT_INPUT)
        return status;
    for (int i = 0; i < c->network_count && status == EXIT_DONE; i++) {
        compile_select(c, i);
        c->networks[i].digest = digest_of(c);
        arena_reset(c->scratch_arena);
    }
    if (status == EXIT_DONE)
        compile_select(c, 0);
    return status;
}

/* --- passes and schedule ---------------------------------------------------------------------- */

static bool stops_after(const Compilation *c, const char *stage)
{
    return c->line->dump_after && strcmp(c->line->dump_after, stage) == 0;
}

bool compile_dumps(const Compilation *c)
{
    if (!c->line->dump_after)
        return false;
    Text text = { .arena = c->scratch_arena };
    for (int i = 0; i < c->network_count; i++) {
        if (i > 0)
            text_puts(&text, "\n");
        if (c->networks[i].program)
            program_dump(c->networks[i].program, &text);
        else
            graph_dump(c->networks[i].graph, &text);
    }
    if (stops_after(c, first_stage) && c->classifier->takes_pictures)
        classifier_dump(c->classifier, &text);
    fputs(text_string(&text), stdout);
    return true;
}

/* The pass after which to stop; NULL: none, or not at a pass. */
static ExitStatus find_last_pass(const Compilation *c, const Pass **last)
{
    const char *name = c->line->dump_after;
    *last = NULL;
    if (!name || stops_after(c, first_stage) || stops_after(c, last_stage))
        return EXIT_DONE;
    *last = pass_find(name);
    return *last ? EXIT_DONE
                 : compile_fail(EXIT_USAGE, name,
                                "there is no stage of that name; --dump-after help lists them");
}

Optimize compile_goal(const CommandLine *line)
{
    const char *goal = line->optimize;
    if (!goal)
        return OPTIMIZE_BALANCED;
    return strcmp(goal, "speed") == 0 ? OPTIMIZE_SPEED : OPTIMIZE_SIZE;
}

static bool uses_openmp(const Compilation *c)
{
    return c->line->threads && strcmp(c->line->threads, "openmp") == 0;
}

static ExitStatus run_passes(Compilation *c, const Pass *last)
{
    c->graph = graph_copy(c->graph_arena, c->source);
    if (stops_after(c, first_stage))
        return EXIT_DONE;
    pass_run(c->graph, last, c->scratch_arena);
    return EXIT_DONE;
}

ExitStatus compile_passes(Compilation *c)
{
    const Pass *last;
    ExitStatus status = find_last_pass(c, &last);
    for (int i = 0; i < c->network_count && status == EXIT_DONE; i++) {
        compile_select(c, i);
        status = run_passes(c, last);
        c->networks[i].graph = c->graph;
    }
    compile_select(c, 0);
    return status;
}

/* The schedule of --schedule; *tuning stays NULL without one. */
static ExitStatus read_schedule(Compilation *c, const Tuning **tuning)
{
    const char *file = c->line->schedule;
    if (!file)
        return EXIT_DONE;
    FileMap map;
    const char *error = file_map(c->graph_arena, file, &map);
    if (error)
        return compile_fail(EXIT_INPUT, file, error);
    Tuning *t = arena_new_of(c->graph_arena, Tuning);
    error = tuning_read(c->graph_arena, file, map.bytes, map.length, t);
    file_unmap(&map);
    *tuning = t;
    return error ? compile_fail(EXIT_INPUT, NULL, error) : EXIT_DONE;
}

/* Of the network at hand. */
static const char *schedule(Compilation *c, const Tuning *tuning)
{
    say(c, "scheduling %d nodes of %s for %s", c->graph->nodes.count, c->graph->name,
        c->target->name);
    Program *p = arena_new_of(c->graph_arena, Program);
    ProgramOptions options = { .target = c->target,
                               .optimize = compile_goal(c->line),
                               .tuning = tuning,
                               .parallel = uses_openmp(c),
                               .pictures = c->pictures,
                               .pairs = c->pairs };
    const char *error = program_build(c->graph_arena, c->graph, &options, p);
    if (!error && !p->calls.count)
        error = "the network's output is its input: there is nothing to compile";
    if (!error)
        error = names_verify(c->graph_arena, p);
    c->program = p;
    return error;
}

ExitStatus compile_schedule(Compilation *c, const Tuning *tuning)
{
    const char *error = NULL;
    for (int i = 0; i < c->network_count && !error; i++) {
        compile_select(c, i);
        error = schedule(c, tuning);
        c->networks[i].program = c->program;
    }
    compile_select(c, 0);
    return error ? compile_fail(EXIT_INPUT, c->line->source, error) : EXIT_DONE;
}

/* A batch is of pictures that are run once each. */
static bool runs_once(const Compilation *c)
{
    return c->network_count == 1 &&
           (!c->classifier->members.count || c->classifier->members.at[0].views.count <= 1);
}

ExitStatus compile_program(Compilation *c)
{
    const Tuning *tuning = NULL;
    if (c->pictures > 1 && !runs_once(c))
        return compile_fail(EXIT_USAGE, c->line->source,
                            "--batch takes a classifier of one network and one view of a picture");
    ExitStatus status = read_schedule(c, &tuning);
    if (status == EXIT_DONE)
        status = compile_passes(c);
    bool whole = !c->line->dump_after || stops_after(c, last_stage);
    return status == EXIT_DONE && whole ? compile_schedule(c, tuning) : status;
}

/* --- emission --------------------------------------------------------------------------------- */

WeightForm compile_weight_form(const CommandLine *line)
{
    static const char *const names[] = {
        [WEIGHTS_DECIMAL] = "decimal", [WEIGHTS_LITERAL] = "literal", [WEIGHTS_INCBIN] = "incbin"
    };
    for (int i = WEIGHTS_DECIMAL; line->weights_as && i <= WEIGHTS_INCBIN; i++)
        if (strcmp(line->weights_as, names[i]) == 0)
            return (WeightForm)i;
    return WEIGHTS_AUTO;
}

Emission compile_emission(Compilation *c, WeightForm form)
{
    Emission e = { .arena = c->graph_arena,
                   .classifier = c->classifier,
                   .weights = form,
                   .openmp = uses_openmp(c) };
    e.networks = arena_new_array(e.arena, EmittedNetwork, c->network_count);
    e.network_count = c->network_count;
    for (int i = 0; i < c->network_count; i++)
        e.networks[i] = (EmittedNetwork){ .program = c->networks[i].program,
                                          .digest = c->networks[i].digest };
    return e;
}
