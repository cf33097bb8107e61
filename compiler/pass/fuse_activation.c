/* A node whose only user is an activation applies it itself before it stores its result. */
#include "compiler/pass/pass.h"

/* The operators whose kernels end in an epilogue. */
static bool has_epilogue(OpKind op)
{
    switch (op) {
    case OP_CONV2D:
    case OP_DENSE:
    case OP_BATCH_NORM:
    case OP_GROUP_NORM:
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_AFFINE:
        return true;
    default:
        return false;
    }
}

void pass_fuse_activation(Graph *g, Arena *scratch)
{
    (void)scratch;
    for_each_node(n, g) {
        Activation a = activation_of(n->op);
        Node *x = n->input_count ? n->input[0] : NULL;
        if (!a || n->has_residual || n->activation || !has_epilogue(x->op) || x->activation ||
            graph_use_count(g, x) != 1)
            continue;
        x->activation = a;
        x->activation_alpha = n->attr.alpha;
        x->origin = n->origin;
        x->magnitude = n->magnitude;
        graph_replace_uses(g, n, x);
    }
    graph_remove_dead(g);
}
