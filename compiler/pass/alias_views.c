/* Nodes whose value lies in that of their argument: slices of channels, and flattened or reshaped
 * tensors whose elements keep their order. A flattened map is kept in the order of its storage
 * where only dense layers read it, since they can permute their weight instead. Fills views; adds
 * no nodes. The output has storage of its own. */
#include "compiler/graph/view.h"
#include "compiler/pass/pass.h"

static bool is_vector(const Node *n)
{
    return node_height(n) * node_width(n) == 1;
}

/* As the argument, that is: what a dense layer adds, its residual, has to be in logical order. */
static bool only_dense_reads(const Graph *g, const Node *n)
{
    for_each_node(user, g)
        for (int i = 0; i < user->input_count; i++)
            if (user->input[i] == n && (user->op != OP_DENSE || i > 0))
                return false;
    return true;
}

static bool keeps_order(const Graph *g, const Node *n, const Node *x)
{
    if (n->shape.dim[0] != x->shape.dim[0] || n->shape.rank < 2)
        return false;
    if (is_vector(n) && is_vector(x))
        return true;
    return n->op == OP_FLATTEN && view_fills_owner(x) && view_has_pixels_of(x, x->view.owner) &&
           (x->shape.rank != 4 || only_dense_reads(g, n));
}

static void alias(const Graph *g, Node *n)
{
    const Node *x = n->input[0];
    bool is_slice = n->op == OP_SLICE && n->attr.step == 1 &&
                    n->attr.axis == (n->shape.rank == 4 ? 1 : n->shape.rank - 1);
    bool is_same = (n->op == OP_FLATTEN || n->op == OP_RESHAPE) && keeps_order(g, n, x);
    if (is_slice)
        n->view = (View){ x->view.owner, x->view.channel + n->attr.begin };
    else if (is_same)
        n->view = x->view;
}

void pass_alias_views(Graph *g, Arena *scratch)
{
    (void)scratch;
    for_each_node(n, g)
        if (n->view.owner == n && n != g->output && !n->activation && !n->has_residual &&
            n->input_count && n->input[0]->op != OP_PARAMETER &&
            (n->op == OP_SLICE || n->op == OP_FLATTEN || n->op == OP_RESHAPE))
            alias(g, n);
}
