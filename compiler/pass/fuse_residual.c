/* conv, then add: the convolution adds the other operand before it stores its result. It must have
 * no other user, no activation yet (an activation comes behind the sum, never between), and the
 * shapes must be equal. Of two convolutions the later one takes the sum: then the other's value is
 * there. The fused node stands where the addition stood, which is behind both operands. */
#include "compiler/pass/pass.h"

static bool can_add(const Graph *g, const Node *n)
{
    return (n->op == OP_CONV2D || n->op == OP_DENSE) && !n->activation && !n->has_residual &&
           graph_use_count(g, n) == 1;
}

/* Which operand of an addition takes the other one in; -1: none. */
static int taker(const Graph *g, const Node *add)
{
    const Node *x = add->input[0], *y = add->input[1];
    if (!shape_equal(&x->shape, &y->shape) || x == y)
        return -1;
    int later = y->id > x->id;
    return can_add(g, add->input[later]) ? later : can_add(g, add->input[!later]) ? !later : -1;
}

/* Turns the addition into the layer with a residual; the layer itself is left without users. */
static void become(Graph *g, Node *add, const Node *layer, Node *residual)
{
    Node fused = *layer;
    fused.id = add->id;
    fused.origin = add->origin;
    fused.magnitude = add->magnitude;
    fused.view = add->view;
    fused.activation = add->activation;
    fused.activation_alpha = add->activation_alpha;
    fused.has_residual = true;
    fused.input_count = layer->input_count + 1;
    fused.input = arena_new_array(g->arena, Node *, fused.input_count);
    for (int i = 0; i < layer->input_count; i++)
        fused.input[i] = layer->input[i];
    fused.input[layer->input_count] = residual;
    *add = fused;
}

void pass_fuse_residual(Graph *g, Arena *scratch)
{
    (void)scratch;
    for_each_node(n, g) {
        if (n->op != OP_ADD || n->has_residual)
            continue;
        int i = taker(g, n);
        if (i >= 0)
            become(g, n, n->input[i], n->input[!i]);
    }
    graph_remove_dead(g);
}
