/* Drops nodes whose result is their argument: dropout, affine with scale 1 and shift 0, padding by
 * nothing, a slice of everything, a concatenation of one, a reshape to the same shape. An output
 * that would become the graph's input stays, since it has to be copied. */
#include "compiler/pass/pass.h"

static bool is_zero(const int64_t *v, int count)
{
    for (int i = 0; i < count; i++)
        if (v[i] != 0)
            return false;
    return true;
}

static bool is_identity(const Node *n)
{
    const Attr *a = &n->attr;
    switch (n->op) {
    case OP_DROPOUT:
        return true;
    case OP_AFFINE:
        return a->scale == 1 && a->shift == 0;
    case OP_PAD:
        return is_zero(a->pad, 4);
    case OP_PAD_CHANNELS:
        return a->begin == 0 && a->end == 0;
    case OP_CONCAT:
        return n->input_count == 1;
    case OP_SLICE:
    case OP_FLATTEN:
    case OP_RESHAPE:
        return shape_equal(&n->shape, &n->input[0]->shape);
    default:
        return false;
    }
}

void pass_remove_identity(Graph *g, Arena *scratch)
{
    (void)scratch;
    for_each_node(n, g) {
        bool must_copy = n == g->output && n->input_count &&
                         (n->input[0]->op == OP_INPUT || n->input[0]->op == OP_PARAMETER);
        if (is_identity(n) && !n->has_residual && !n->activation && !must_copy)
            graph_replace_uses(g, n, n->input[0]);
    }
    graph_remove_dead(g);
}
