/* A pad with zeros in front of a convolution becomes the convolution's own padding, which costs
 * nothing. It may have other users: they keep it. */
#include "compiler/pass/pass.h"

void pass_fold_pad(Graph *g, Arena *scratch)
{
    (void)scratch;
    for_each_node(n, g) {
        const Node *pad = n->input_count ? n->input[0] : NULL;
        if (n->op != OP_CONV2D || pad->op != OP_PAD || pad->attr.value != 0 || pad->activation)
            continue;
        for (int i = 0; i < 4; i++)
            n->attr.pad[i] += pad->attr.pad[i];
        n->input[0] = pad->input[0];
    }
    graph_remove_dead(g);
}
