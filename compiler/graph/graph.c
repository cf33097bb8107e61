/* Building and editing graphs: nodes are appended in topological order and stay so, because a pass
 * only ever makes a node use earlier ones. Also the tables of names that come from op.def. */
#include "compiler/graph/graph.h"

#include "compiler/base/map.h"

#include <stdarg.h>
#include <string.h>

/* --- operators ----------------------------------------------------------------------------- */

#define ANY OP_ANY_INPUTS
static const OpInfo op_table[] = {
#define OP(enumerator, name, inputs, parameters, signature) { name, inputs, signature, parameters },
#include "compiler/graph/op.def"
#undef OP
};
#undef ANY

_Static_assert(COUNT_OF(op_table) == OP_COUNT, "one row per operator");

const OpInfo *op_info(OpKind op)
{
    return &op_table[op];
}

bool op_from_name(const char *name, OpKind *op)
{
    for (int i = 0; i < OP_COUNT; i++)
        if (strcmp(op_table[i].name, name) == 0) {
            *op = (OpKind)i;
            return true;
        }
    return false;
}

static const OpKind activation_op[ACT_COUNT] = {
    [ACT_NONE] = OP_COUNT,
    [ACT_RELU] = OP_RELU,
    [ACT_RELU6] = OP_RELU6,
    [ACT_LEAKY_RELU] = OP_LEAKY_RELU,
    [ACT_SIGMOID] = OP_SIGMOID,
    [ACT_SILU] = OP_SILU,
    [ACT_HARDSIGMOID] = OP_HARDSIGMOID,
    [ACT_HARDSWISH] = OP_HARDSWISH,
    [ACT_TANH] = OP_TANH,
    [ACT_GELU] = OP_GELU,
};

const char *activation_name(Activation a)
{
    return a == ACT_NONE ? "none" : op_table[activation_op[a]].name;
}

Activation activation_of(OpKind op)
{
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++)
        if (activation_op[a] == op)
            return (Activation)a;
    return ACT_NONE;
}

/* --- shapes -------------------------------------------------------------------------------- */

Shape shape_of(int rank, ...)
{
    Shape s = { .rank = rank };
    va_list dims;
    va_start(dims, rank);
    for (int i = 0; i < rank; i++)
        s.dim[i] = va_arg(dims, int64_t);
    va_end(dims);
    return s;
}

int64_t shape_count(const Shape *s)
{
    int64_t count = 1;
    for (int i = 0; i < s->rank; i++)
        count *= s->dim[i];
    return count;
}

bool shape_equal(const Shape *a, const Shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

const char *shape_text(Arena *a, const Shape *s)
{
    Text t = { .arena = a };
    text_puts(&t, "[");
    for (int i = 0; i < s->rank; i++)
        text_printf(&t, "%s%lld", i ? ", " : "", (long long)s->dim[i]);
    text_puts(&t, "]");
    return text_string(&t);
}

int64_t node_channels(const Node *n)
{
    const Shape *s = &n->shape;
    return s->rank == 0 ? 1 : s->rank == 4 ? s->dim[1] : s->dim[s->rank - 1];
}

int64_t node_height(const Node *n)
{
    const Shape *s = &n->shape;
    int64_t height = 1;
    for (int i = s->rank == 4 ? 2 : 1; i < s->rank - 1; i++)
        height *= s->dim[i];
    return height;
}

int64_t node_width(const Node *n)
{
    return n->shape.rank == 4 ? n->shape.dim[3] : 1;
}

int64_t node_macs(const Node *n)
{
    int64_t count = shape_count(&n->shape);
    const Param *weight = n->param[PARAM_WEIGHT];
    switch (n->op) {
    case OP_CONV2D:
    case OP_DENSE:
        return count * (shape_count(&weight->shape) / weight->shape.dim[0]);
    case OP_MATMUL:
        return count * n->input[0]->shape.dim[n->input[0]->shape.rank - 1];
    default:
        return 0;
    }
}

/* --- graphs -------------------------------------------------------------------------------- */

Graph *graph_new(Arena *arena, const char *name)
{
    Graph *g = arena_new_of(arena, Graph);
    g->arena = arena;
    g->name = arena_strdup(arena, name);
    return g;
}

Attr attr_default(void)
{
    return (Attr){
        .groups = 1,
        .kernel = { 1, 1 },
        .stride = { 1, 1 },
        .dilation = { 1, 1 },
        .bias = true,
        .scale_param = true,
        .center = true,
        .count_include_pad = true,
        .eps = 1e-5,
        .alpha = 0.01,
        .scale = 1,
        .axis = 1,
        .features = -1,
        .step = 1,
    };
}

Node *graph_add(Graph *g, OpKind op, const char *path, Loc loc, Node *const *inputs,
                int input_count, const Attr *attr, Diag *diag)
{
    Node *n = arena_new_of(g->arena, Node);
    n->op = op;
    n->id = g->nodes.count;
    n->path = arena_strdup(g->arena, path);
    n->loc = loc;
    n->input = arena_new_array(g->arena, Node *, input_count);
    if (input_count)
        memcpy(n->input, inputs, (size_t)input_count * sizeof *inputs);
    n->input_count = input_count;
    n->attr = *attr;
    n->view = (View){ n, 0 };
    if (!infer_node(g, n, diag))
        return NULL;
    vec_push(g->arena, &g->nodes, n);
    if (op == OP_INPUT && !g->input)
        g->input = n;
    return n;
}

/* The node of a copy that stands for `n`; both graphs are numbered. */
static Node *copied(const Graph *copy, const Node *n)
{
    return n ? copy->nodes.at[n->id] : NULL;
}

static Node *copy_node(Arena *arena, const Graph *copy, const Node *n)
{
    Node *c = arena_new_of(arena, Node);
    *c = *n;
    c->origin = n;
    c->input = arena_new_array(arena, Node *, n->input_count);
    for (int i = 0; i < n->input_count; i++)
        c->input[i] = copied(copy, n->input[i]);
    return c;
}

Graph *graph_copy(Arena *arena, const Graph *g)
{
    Graph *copy = graph_new(arena, g->name);
    for_each_node(n, g)
        vec_push(arena, &copy->nodes, copy_node(arena, copy, n));
    for_each_node(c, copy)
        c->view.owner = copied(copy, c->view.owner);
    copy->input = copied(copy, g->input);
    copy->output = copied(copy, g->output);
    return copy;
}

void graph_replace_uses(Graph *g, Node *old, Node *by)
{
    for_each_node(n, g)
        for (int i = 0; i < n->input_count; i++)
            if (n->input[i] == old)
                n->input[i] = by;
    if (g->output == old)
        g->output = by;
}

int graph_use_count(const Graph *g, const Node *n)
{
    int uses = g->output == n;
    for_each_node(user, g)
        for (int i = 0; i < user->input_count; i++)
            uses += user->input[i] == n;
    return uses;
}

void graph_renumber(Graph *g)
{
    for (int i = 0; i < g->nodes.count; i++)
        g->nodes.at[i]->id = i;
}

void graph_remove_dead(Graph *g)
{
    graph_renumber(g);
    bool *live = arena_new_array(g->arena, bool, g->nodes.count);
    live[g->output->id] = live[g->input->id] = true;
    for (int i = g->nodes.count - 1; i >= 0; i--) {
        const Node *n = g->nodes.at[i];
        for (int k = 0; live[i] && k < n->input_count; k++)
            live[n->input[k]->id] = true;
    }
    int kept = 0;
    for (int i = 0; i < g->nodes.count; i++)
        if (live[i])
            g->nodes.at[kept++] = g->nodes.at[i];
    g->nodes.count = kept;
    graph_renumber(g);
}
