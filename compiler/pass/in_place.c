/* An element-wise node, or one with a residual, takes the storage of an argument of the same shape
 * that nothing needs afterwards: each element is read just before it is overwritten. Fills views;
 * adds no nodes. The graph's input, its output and parameters are never taken. */
#include "compiler/graph/view.h"
#include "compiler/pass/pass.h"

static int *last_uses(const Graph *g, Arena *scratch)
{
    int *last = arena_new_array(scratch, int, g->nodes.count);
    for_each_node(n, g)
        for (int i = 0; i < n->input_count; i++)
            last[n->input[i]->id] = n->id;
    last[g->output->id] = g->nodes.count;
    return last;
}

static bool is_callers(const Graph *g, const Node *owner)
{
    return owner->op == OP_INPUT || owner->op == OP_PARAMETER || owner == g->output;
}

/* Is the storage of x free once n has read it? */
static bool dies_at(const Graph *g, const Node *x, const Node *n, const int *last)
{
    if (is_callers(g, x->view.owner))
        return false;
    for (int i = 0; i < n->id; i++) {
        const Node *m = g->nodes.at[i];
        if (view_overlap(m, x) && last[m->id] > n->id - (m != x))
            return false;
    }
    return true;
}

/* A flattened map that lies in n needs n to be a storage without gaps. */
static bool may_move(const Graph *g, const Node *n, const Node *to)
{
    if (view_fills_owner(to))
        return true;
    for_each_node(m, g)
        if (m->view.owner == n && m != n && !view_has_pixels_of(m, n))
            return false;
    return true;
}

/* Everything that lies in n moves with it. */
static void move(const Graph *g, Node *n, View to)
{
    for_each_node(m, g)
        if (m->view.owner == n)
            m->view = (View){ to.owner, to.channel + m->view.channel };
}

void pass_in_place(Graph *g, Arena *scratch)
{
    const int *last = last_uses(g, scratch);
    for_each_node(n, g) {
        if (n->view.owner != n || n == g->output)
            continue;
        for (int i = n->input_count - 1; i >= 0; i--)
            if (view_may_overwrite(n, i) && dies_at(g, n->input[i], n, last) &&
                may_move(g, n, n->input[i])) {
                move(g, n, n->input[i]->view);
                break;
            }
    }
}
