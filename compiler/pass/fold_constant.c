/* A reshape of a trained tensor is a trained tensor of that shape: the order of its elements is the
 * same. Needs nothing; the reshape becomes a parameter of its own, under its own path. */
#include "compiler/pass/pass.h"

static void fold(Graph *g, Node *n)
{
    const Param *from = n->input[0]->param[PARAM_WEIGHT];
    Param *p = arena_new_of(g->arena, Param);
    *p = *from;
    p->shape = n->shape;
    n->op = OP_PARAMETER;
    n->attr.shape = n->shape;
    n->param[PARAM_WEIGHT] = p;
    n->input_count = 0;
}

void pass_fold_constant(Graph *g, Arena *scratch)
{
    (void)scratch;
    for_each_node(n, g)
        if ((n->op == OP_RESHAPE || n->op == OP_FLATTEN) && n->input[0]->op == OP_PARAMETER &&
            !n->activation && !n->has_residual && n != g->output)
            fold(g, n);
    graph_remove_dead(g);
}
