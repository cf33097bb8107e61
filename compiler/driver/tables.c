/* What emit/program_c.c prints as C, as the tables themselves. */
#include "compiler/driver/tables.h"

#include "compiler/graph/class_map.h"

static kiln_shape shape_table(const Shape *s)
{
    kiln_shape t = { .rank = s->rank - 1 };
    for (int i = 1; i < s->rank; i++)
        t.dim[i - 1] = (int)s->dim[i];
    return t;
}

/* The interpreter puts the feature map at the start of the arena, see command_run.c. */
static const kiln_class_map *class_map_table(Compilation *c)
{
    ClassMap map;
    if (!graph_class_map(c->source, &map))
        return NULL;
    const Node *features = map.pool->input[0];
    kiln_class_map *t = arena_new_of(c->source_arena, kiln_class_map);
    *t = (kiln_class_map){ .node = map.pool->id,
                           .channels = (int)node_channels(features),
                           .height = (int)node_height(features),
                           .width = (int)node_width(features),
                           .pitch = (int)node_channels(features),
                           .weight = map.dense ? map.dense->param[PARAM_WEIGHT]->data : NULL,
                           .block = 1 };
    return t;
}

static const kiln_network *network_table(Compilation *c, const char *target, RunNetwork *run,
                                         void *context)
{
    kiln_network *n = arena_new_of(c->source_arena, kiln_network);
    *n = (kiln_network){ .name = c->source->name,
                         .digest = c->digest,
                         .target = target,
                         .input = shape_table(&c->source->input->shape),
                         .output = shape_table(&c->source->output->shape),
                         .run = run,
                         .context = context,
                         .class_map = class_map_table(c),
                         .is_serial = 1 };
    if (n->class_map)
        n->arena_bytes = sizeof(float) * (size_t)n->class_map->channels *
                         (size_t)n->class_map->height * (size_t)n->class_map->width;
    for_each_node(node, c->source) {
        n->macs += node_macs(node);
        for (int i = 0; i < PARAM_ROLES; i++)
            if (node->param[i])
                n->weight_bytes += (size_t)shape_count(&node->param[i]->shape) * sizeof(float);
    }
    return n;
}

static void fill_steps(Arena *a, const Member *from, kiln_member *to)
{
    kiln_step *steps = arena_new_array(a, kiln_step, from->steps.count + 1);
    for (int i = 0; i < from->steps.count; i++) {
        const Step *s = &from->steps.at[i];
        steps[i] = (kiln_step){ .op = (int)s->op, .method = s->method };
        memcpy(steps[i].n, s->n, sizeof s->n);
        memcpy(steps[i].v, s->v, sizeof s->v);
    }
    to->steps = steps;
    to->step_count = from->steps.count;
    to->weight = from->weight;
}

const kiln_classifier *tables_build(Compilation *c, const char *target, RunNetwork *run,
                                    void *context)
{
    Arena *a = c->source_arena;
    const Classifier *from = c->classifier;
    kiln_member *member = arena_new_of(a, kiln_member);
    if (from->members.count)
        fill_steps(a, &from->members.at[0], member);
    member->network = network_table(c, target, run, context);
    kiln_classifier *t = arena_new_of(a, kiln_classifier);
    *t = (kiln_classifier){ .name = from->name,
                            .members = member,
                            .member_count = 1,
                            .merge = (int)from->merge,
                            .decision = { .activation = (int)from->activation,
                                          .rule = (int)from->rule,
                                          .top = from->top,
                                          .has_threshold = from->has_threshold,
                                          .threshold = from->threshold },
                            .labels = from->labels.count ? from->labels.at : NULL,
                            .label_count = from->labels.count,
                            .takes_pictures = from->takes_pictures };
    return t;
}

/* --- orders of storage ------------------------------------------------------------------------ */

static void swap_axes(int64_t outer, int64_t inner, const float *from, float *to)
{
    for (int64_t i = 0; i < outer; i++)
        for (int64_t j = 0; j < inner; j++)
            to[j * outer + i] = from[i * inner + j];
}

void tensor_to_logical(const Shape *s, const float *stored, float *logical)
{
    if (s->rank == 4)
        swap_axes(s->dim[2] * s->dim[3], s->dim[1], stored, logical);
    else
        memcpy(logical, stored, (size_t)shape_count(s) * sizeof(float));
}

void tensor_to_stored(const Shape *s, const float *logical, float *stored)
{
    if (s->rank == 4)
        swap_axes(s->dim[1], s->dim[2] * s->dim[3], logical, stored);
    else
        memcpy(stored, logical, (size_t)shape_count(s) * sizeof(float));
}
