/* The entry of the network's table that class activation maps need: where in the arena the last
 * feature map lies when its pooling is done, and the dense layer's packed weights. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"
#include "compiler/graph/class_map.h"
#include "compiler/graph/view.h"

static const Call *call_of(const Program *p, const Node *n)
{
    for_each_vec(Call, c, &p->calls)
        if (c->node == n)
            return c;
    return NULL;
}

/* The first argument of a kind; NULL: there is none. */
static const Argument *argument_of(const Call *c, ArgumentKind kind)
{
    for (int i = 0; c && i < c->function->param_count; i++)
        if (c->argument[i].kind == kind)
            return &c->argument[i];
    return NULL;
}

typedef struct Parts {
    ClassMap map;
    const Argument *features, *weight;
} Parts;

static bool find_parts(const Program *p, Parts *parts)
{
    if (!graph_class_map(p->graph, &parts->map) || !parts->map.pool->origin)
        return false;
    const Call *pool = call_of(p, parts->map.pool);
    parts->features = argument_of(pool, ARGUMENT_ARENA);
    if (!parts->features ||
        parts->features == &pool->argument[emit_result_argument(pool->function)])
        return false;
    parts->weight = parts->map.dense ? argument_of(call_of(p, parts->map.dense), ARGUMENT_CONST)
                                     : NULL;
    return !parts->map.dense || parts->weight;
}

bool emit_needs_weights(const EmittedNetwork *n)
{
    Parts parts;
    return find_parts(n->program, &parts) && parts.weight;
}

bool emit_class_map(Emission *e, Writer *w)
{
    Parts parts;
    if (!find_parts(e->program, &parts))
        return false;
    const Node *features = parts.map.pool->input[0];
    const ConstArray *array = parts.weight ? parts.weight->array : NULL;
    w_line(w, "static const kiln_class_map ${its}class_map = {");
    w_linef(w, ".node = %d,", parts.map.pool->origin->id);
    w_linef(w, ".offset = %lld,", (long long)parts.features->offset * 4);
    w_linef(w, ".channels = %lld,", (long long)node_channels(features));
    w_linef(w, ".height = %lld,", (long long)node_height(features));
    w_linef(w, ".width = %lld,", (long long)node_width(features));
    w_linef(w, ".pitch = %lld,", (long long)view_pixel_stride(features));
    if (array)
        w_linef(w, ".weight = (const float *)(const void *)%s%s,",
                array_symbol(e->arena, e->program, array), emit_is_literal(e, array) ? ".f" : "");
    w_linef(w, ".block = %d,", PACK_LANES);
    w_line(w, "};");
    w_blank(w);
    return true;
}
