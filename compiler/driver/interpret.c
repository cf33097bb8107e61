/* The reference interpreter as a network of the runtime. */
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
void interpret_network(void *context, const float *input, float *output, void *arena,
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
