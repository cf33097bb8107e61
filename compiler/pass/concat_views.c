/* Members of a concatenation of channels are written in their place in its storage, so that nothing
 * is copied. Fills View.owner and View.channel; adds no nodes.
 *
 * Concatenations are visited last to first. So one that is a member of a later one finds its own
 * place there before its members are placed, and a chain resolves to the outermost storage; and one
 * whose members a later one has placed side by side (a dense block repeats all maps before it in
 * every layer) lies there as a whole. A member that has a place already, the graph's input, its
 * output and parameters cannot be placed: the concatenation copies them. */
#include "compiler/graph/view.h"
#include "compiler/pass/pass.h"

static bool joins_channels(const Node *n)
{
    return n->op == OP_CONCAT && !n->activation && !n->has_residual &&
           n->attr.axis == (n->shape.rank == 4 ? 1 : n->shape.rank - 1);
}

static bool is_placed(const Node *n)
{
    return n->view.owner != n;
}

static bool can_be_placed(const Graph *g, const Node *n)
{
    return !is_placed(n) && n->op != OP_INPUT && n->op != OP_PARAMETER && n != g->output;
}

/* Do the members lie side by side in one storage, in this order? */
static bool lies_together(const Node *concat)
{
    const View first = concat->input[0]->view;
    int64_t channel = first.channel;
    for (int i = 0; i < concat->input_count; i++) {
        const Node *m = concat->input[i];
        if (!is_placed(m) || m->view.owner != first.owner || m->view.channel != channel)
            return false;
        channel += node_channels(m);
    }
    return true;
}

static void place_members(const Graph *g, Node *concat)
{
    int64_t channel = concat->view.channel;
    for (int i = 0; i < concat->input_count; i++) {
        Node *m = concat->input[i];
        if (can_be_placed(g, m))
            m->view = (View){ concat->view.owner, channel };
        channel += node_channels(m);
    }
}

void pass_concat_views(Graph *g, Arena *scratch)
{
    (void)scratch;
    for (int i = g->nodes.count - 1; i >= 0; i--) {
        Node *n = g->nodes.at[i];
        if (!joins_channels(n))
            continue;
        if (can_be_placed(g, n) && lies_together(n))
            n->view = n->input[0]->view;
        else
            place_members(g, n);
    }
}
