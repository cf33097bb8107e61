/* The invariants of graph.h and view.h, each with its name. Run after every pass; cheap enough to
 * be always on (quadratic in the nodes only where tensors share storage). */
#include "compiler/graph/view.h"

#include "compiler/base/map.h"

#include <string.h>

typedef struct Verify {
    const Graph *g;
    Arena *arena;
    int *last_use; /* [nodes]: the last node that reads each; past the end for the output */
} Verify;

#define broken(v, n, ...) broken_at((v)->arena, (n), arena_printf((v)->arena, __VA_ARGS__))

static const char *broken_at(Arena *a, const Node *n, const char *what)
{
    return n ? arena_printf(a, "node '%s' (%s): %s", n->path, op_info(n->op)->name, what) : what;
}

static bool contains(const Graph *g, const Node *n)
{
    return n && n->id >= 0 && n->id < g->nodes.count && g->nodes.at[n->id] == n;
}

static const char *verify_ends(Verify *v)
{
    const Graph *g = v->g;
    if (!contains(g, g->input) || g->input->op != OP_INPUT)
        return broken(v, NULL, "the graph has no input");
    if (!contains(g, g->output))
        return broken(v, NULL, "the graph's output is not one of its nodes");
    for_each_node(n, g)
        if (n->op == OP_INPUT && n != g->input)
            return broken(v, n, "is a second input");
    return NULL;
}

static const char *verify_names(Verify *v)
{
    Map paths = { 0 };
    for (int i = 0; i < v->g->nodes.count; i++) {
        Node *n = v->g->nodes.at[i];
        if (n->id != i)
            return broken(v, n, "has id %d at place %d", n->id, i);
        if (map_set(v->arena, &paths, n->path, n))
            return broken(v, n, "has a path that another node has as well");
    }
    return NULL;
}

static const char *verify_edges(Verify *v)
{
    for_each_node(n, v->g)
        for (int i = 0; i < n->input_count; i++) {
            if (!contains(v->g, n->input[i]))
                return broken(v, n, "its input %d is not in the graph", i);
            if (n->input[i]->id >= n->id)
                return broken(v, n, "comes before its input '%s'", n->input[i]->path);
        }
    return NULL;
}

/* Inference on a copy must give the shapes that are there, and no parameter that is not. */
static const char *verify_shape(Verify *v, const Node *n)
{
    Graph scratch = { .arena = v->arena };
    Diag silent = { .errors = 1, .limit = 1 };
    Node again = *n;
    if (!infer_node(&scratch, &again, &silent))
        return broken(v, n, "its inputs and attributes do not fit together");
    if (!shape_equal(&again.shape, &n->shape))
        return broken(v, n, "is %s, but inference says %s", shape_text(v->arena, &n->shape),
                      shape_text(v->arena, &again.shape));
    if (memcmp(again.param, n->param, sizeof n->param) != 0)
        return broken(v, n, "lacks a parameter that its attributes promise");
    Node bare = *n;
    memset(bare.param, 0, sizeof bare.param);
    infer_node(&scratch, &bare, &silent);
    for (int r = 0; r < PARAM_ROLES; r++)
        if (n->param[r] && !bare.param[r])
            return broken(v, n, "has a parameter '%s' that it does not use", n->param[r]->name);
    return NULL;
}

static const char *verify_fusion(Verify *v, const Node *n)
{
    if (n->activation < ACT_NONE || n->activation >= ACT_COUNT)
        return broken(v, n, "has activation %d", (int)n->activation);
    if ((n->op == OP_INPUT || n->op == OP_PARAMETER) && (n->activation || n->has_residual))
        return broken(v, n, "computes nothing, but has something fused into it");
    return NULL;
}

/* --- views --------------------------------------------------------------------------------- */

static const char *verify_view(Verify *v, const Node *n)
{
    const Node *owner = n->view.owner;
    if (!contains(v->g, owner))
        return broken(v, n, "lies in a node that is not in the graph");
    if (owner->view.owner != owner || owner->view.channel != 0)
        return broken(v, n, "lies in '%s', which owns no storage", owner->path);
    if (owner == n)
        return NULL;
    if (shape_count(&n->shape) == shape_count(&owner->shape) && n->view.channel == 0)
        return NULL;
    if (n->shape.dim[0] != owner->shape.dim[0] || node_height(n) != node_height(owner) ||
        node_width(n) != node_width(owner))
        return broken(v, n, "is %s and cannot lie in '%s', %s", shape_text(v->arena, &n->shape),
                      owner->path, shape_text(v->arena, &owner->shape));
    if (n->view.channel < 0 || n->view.channel + node_channels(n) > node_channels(owner))
        return broken(v, n, "takes channels %lld .. %lld of '%s', which has %lld",
                      (long long)n->view.channel, (long long)(n->view.channel + node_channels(n)),
                      owner->path, (long long)node_channels(owner));
    return NULL;
}

static void find_last_uses(Verify *v)
{
    const Graph *g = v->g;
    v->last_use = arena_new_array(v->arena, int, g->nodes.count);
    for_each_node(n, g)
        for (int i = 0; i < n->input_count; i++)
            v->last_use[n->input[i]->id] = n->id;
    v->last_use[g->output->id] = g->nodes.count;
}

static bool is_overwritten_rightly(const Node *n, const Node *m)
{
    for (int i = 0; i < n->input_count; i++)
        if (n->input[i] == m && view_is_in_place(n, i) && view_may_overwrite(n, i))
            return true;
    return false;
}

/* Writing n must not destroy the value of m, which was written before, while something needs it. */
static const char *verify_write(Verify *v, const Node *n, const Node *m)
{
    if (!view_writes_over(n, m) || v->last_use[m->id] < n->id)
        return NULL;
    if (v->last_use[m->id] == n->id && is_overwritten_rightly(n, m))
        return NULL;
    return broken(v, n, "overwrites '%s' while its value is needed", m->path);
}

static const char *verify_storage(Verify *v, const Node *n)
{
    if (view_is_alias(n))
        return NULL;
    if (n->view.owner != n && (n->view.owner->op == OP_INPUT || n->view.owner->op == OP_PARAMETER))
        return broken(v, n, "would write into '%s'", n->view.owner->path);
    for (int i = 0; i < n->id; i++) {
        const char *problem = verify_write(v, n, v->g->nodes.at[i]);
        if (problem)
            return problem;
    }
    return NULL;
}

static const char *verify_order_of_storage(Verify *v, const Node *n)
{
    for (int i = 0; i < n->input_count; i++)
        if (view_is_permuted(n->input[i]) && (n->op != OP_DENSE || i > 0))
            return broken(v, n, "reads '%s' in the order of its storage", n->input[i]->path);
    return NULL;
}

static const char *verify_views(Verify *v)
{
    const char *problem = NULL;
    for_each_node(n, v->g)
        if ((problem = verify_view(v, n)))
            return problem;
    if (v->g->output->view.owner != v->g->output)
        return broken(v, v->g->output, "is the output, but lies in another node");
    find_last_uses(v);
    for_each_node(n, v->g)
        if ((problem = verify_storage(v, n)) || (problem = verify_order_of_storage(v, n)))
            return problem;
    return NULL;
}

const char *graph_verify(const Graph *g, Arena *scratch)
{
    Verify v = { g, scratch, NULL };
    const char *problem = verify_names(&v);
    if (!problem)
        problem = verify_ends(&v);
    if (!problem)
        problem = verify_edges(&v);
    if (problem)
        return problem;
    for_each_node(n, g)
        if ((problem = verify_shape(&v, n)) || (problem = verify_fusion(&v, n)))
            return problem;
    return verify_views(&v);
}
