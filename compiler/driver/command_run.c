/* kiln run: the program that an executable is, around the reference interpreter. */
#include "compiler/driver/tables.h"
#include "compiler/graph/class_map.h"
#include "compiler/interp/interp.h"

/* Of all nodes a trace is told of the pooling at the end, for class activation maps; the feature
 * map that it pools goes to the start of the runtime's arena. */
static void tell(const ClassMap *map, const Interp *run, void *arena, const kiln_trace *trace)
{
    const Node *features = map->pool->input[0];
    tensor_to_stored(&features->shape, run->value[features->id], arena);
    trace->node(trace->context, map->pool->id, arena);
}

/* The network that the runtime calls. It has nobody to report an error to but the user. */
static void run_interpreter(void *context, const float *input, float *output, void *arena,
                            const kiln_trace *trace)
{
    const Network *network = context;
    const Graph *g = network->source;
    Arena *a = arena_new();
    ClassMap map;
    bool tells = trace && graph_class_map(g, &map);
    bool *keep = arena_new_array(a, bool, g->nodes.count);
    if (tells)
        keep[map.pool->input[0]->id] = true;
    float *logical = arena_new_array(a, float, shape_count(&g->input->shape));
    tensor_to_logical(&g->input->shape, input, logical);
    Interp run;
    const char *error = interp_run(a, g, logical, keep, &run);
    if (error)
        bug("interpreting %s: %s", g->name, error);
    tensor_to_stored(&g->output->shape, run.value[g->output->id], output);
    if (tells)
        tell(&map, &run, arena, trace);
    interp_free(&run);
    arena_free(a);
}

/* The command line of the executable: its options, then the inputs. */
static int program_arguments(const Compilation *c, char ***arguments)
{
    const CommandLine *line = c->line;
    Vec(char *) v = { 0 };
    vec_push(c->source_arena, &v, (char *)"kiln run");
    for_each_vec(const char *, option, &line->forward)
        vec_push(c->source_arena, &v, (char *)*option);
    vec_push(c->source_arena, &v, (char *)"--");
    for_each_vec(const char *, input, &line->inputs)
        vec_push(c->source_arena, &v, (char *)*input);
    *arguments = v.at;
    return v.count;
}

/* The runtime's statuses as ours: 1 some inputs failed, 2 usage. */
static ExitStatus status_of(int status)
{
    return status == KILN_EXIT_DONE    ? EXIT_DONE
           : status == KILN_EXIT_USAGE ? EXIT_USAGE
                                       : EXIT_INPUT;
}

ExitStatus command_run(const CommandLine *line)
{
    Compilation c;
    compile_begin(&c, line);
    ExitStatus status = compile_source(&c, WEIGHTS_REQUIRED);
    if (status == EXIT_DONE) {
        char **arguments;
        int count = program_arguments(&c, &arguments);
        const kiln_classifier *table = tables_build(&c, "reference interpreter", run_interpreter);
        status = status_of(kiln_main(table, count, arguments));
    }
    return compile_end(&c, status);
}
