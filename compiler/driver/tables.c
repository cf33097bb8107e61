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
static const kiln_class_map *class_map_table(Arena *a, const Graph *g)
{
    ClassMap map;
    if (!graph_class_map(g, &map))
        return NULL;
    const Node *features = map.pool->input[0];
    kiln_class_map *t = arena_new_of(a, kiln_class_map);
    *t = (kiln_class_map){ .node = map.pool->id,
                           .channels = (int)node_channels(features),
                           .height = (int)node_height(features),
                           .width = (int)node_width(features),
                           .pitch = (int)node_channels(features),
                           .weight = map.dense ? map.dense->param[PARAM_WEIGHT]->data : NULL,
                           .block = 1 };
    return t;
}

static kiln_network network_table(Arena *a, const Network *from, const char *target,
                                  RunNetwork *run)
{
    const Graph *g = from->source;
    kiln_network n = { .name = g->name,
                       .digest = from->digest,
                       .target = target,
                       .input = shape_table(&g->input->shape),
                       .output = shape_table(&g->output->shape),
                       .run = run,
                       .context = (void *)from,
                       .class_map = class_map_table(a, g),
                       .is_serial = 1 };
    if (n.class_map)
        n.arena_bytes = sizeof(float) * (size_t)n.class_map->channels *
                        (size_t)n.class_map->height * (size_t)n.class_map->width;
    for_each_node(node, g) {
        n.macs += node_macs(node);
        for (int i = 0; i < PARAM_ROLES; i++)
            if (node->param[i])
                n.weight_bytes += (size_t)shape_count(&node->param[i]->shape) * sizeof(float);
    }
    return n;
}

static kiln_view view_table(Arena *a, const StepList *from)
{
    kiln_step *steps = arena_new_array(a, kiln_step, from->count + 1);
    for (int i = 0; i < from->count; i++) {
        const Step *s = &from->at[i];
        steps[i] = (kiln_step){ .op = (int)s->op, .method = s->method };
        memcpy(steps[i].n, s->n, sizeof s->n);
        memcpy(steps[i].v, s->v, sizeof s->v);
    }
    return (kiln_view){ steps, from->count };
}

static const kiln_matrix *matrix_table(Arena *a, const Matrix *from)
{
    kiln_matrix *m = arena_new_of(a, kiln_matrix);
    *m = (kiln_matrix){ from->rows, from->columns, from->values, from->bias };
    return m;
}

static const kiln_svm *svm_table(Arena *a, const Svm *from)
{
    kiln_svm *svm = arena_new_of(a, kiln_svm);
    *svm = (kiln_svm){ .kernel = (int)from->kernel,
                       .degree = from->degree,
                       .gamma = from->gamma,
                       .coef0 = from->coef0,
                       .class_count = from->class_count,
                       .feature_count = from->feature_count,
                       .vector_count = from->vector_count,
                       .group_class = from->group_class,
                       .group_size = from->group_size,
                       .vectors = from->vectors,
                       .coefficients = from->coefficients,
                       .intercepts = from->intercepts };
    return svm;
}

static const kiln_score *score_table(Arena *a, const ScoreList *from, const kiln_network *networks)
{
    kiln_score *scores = arena_new_array(a, kiln_score, from->count + 1);
    for (int i = 0; i < from->count; i++) {
        const Score *s = &from->at[i];
        scores[i] = (kiln_score){ .op = (int)s->op, .v = s->v };
        if (s->matrix)
            scores[i].matrix = matrix_table(a, s->matrix);
        if (s->svm)
            scores[i].svm = svm_table(a, s->svm);
        if (s->op == SCORE_NETWORK)
            scores[i].network = &networks[s->network];
    }
    return scores;
}

static kiln_member member_table(Arena *a, const Member *from, const kiln_network *networks,
                                int index)
{
    int outputs = 1;
    for (int i = 0; i < networks[index].output.rank; i++)
        outputs *= networks[index].output.dim[i];
    kiln_view *views = arena_new_array(a, kiln_view, from->views.count + 1);
    for (int i = 0; i < from->views.count; i++)
        views[i] = view_table(a, &from->views.at[i]);
    kiln_view first = view_table(a, &from->steps);
    return (kiln_member){ .network = &networks[index],
                          .steps = first.steps,
                          .step_count = first.step_count,
                          .weight = from->weight,
                          .name = from->name,
                          .views = from->views.count ? views : NULL,
                          .view_count = from->views.count,
                          .view_merge = (int)from->view_merge,
                          .scores = score_table(a, &from->scores, networks),
                          .score_count = from->scores.count,
                          .class_count = scores_count(&from->scores, outputs),
                          .threshold = from->threshold,
                          .thresholds = from->thresholds ? from->thresholds->values : NULL };
}

static kiln_decision decision_table(const Classifier *c)
{
    return (kiln_decision){ .activation = (int)c->activation,
                            .rule = (int)c->rule,
                            .top = c->top,
                            .has_threshold = c->has_threshold,
                            .threshold = c->threshold,
                            .thresholds = c->thresholds ? c->thresholds->values : NULL,
                            .cost = c->cost ? c->cost->values : NULL,
                            .reject_label = c->reject_label,
                            .grouping = (int)c->grouping };
}

const kiln_classifier *tables_build(Compilation *c, const char *target, RunNetwork *run)
{
    Arena *a = c->source_arena;
    const Classifier *from = c->classifier;
    kiln_network *networks = arena_new_array(a, kiln_network, c->network_count);
    for (int i = 0; i < c->network_count; i++)
        networks[i] = network_table(a, &c->networks[i], target, run);
    int count = from->members.count, merged = 0;
    kiln_member *members = arena_new_array(a, kiln_member, count);
    for (int i = 0; i < count; i++) {
        members[i] = member_table(a, &from->members.at[i], networks, i);
        merged = from->merge == MERGE_CONCAT ? merged + members[i].class_count
                                             : members[0].class_count;
    }
    kiln_classifier *t = arena_new_of(a, kiln_classifier);
    *t = (kiln_classifier){ .name = from->name,
                            .members = members,
                            .member_count = count,
                            .merge = (int)from->merge,
                            .scores = score_table(a, &from->scores, networks),
                            .score_count = from->scores.count,
                            .class_count = scores_count(&from->scores, merged),
                            .decision = decision_table(from),
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
