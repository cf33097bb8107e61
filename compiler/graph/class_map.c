/* The score of a class is a weighted mean over pixels, so its weights tell which pixels speak for
 * it: needs a network whose last layers are pooling and dense, and nothing nonlinear between. */
#include "compiler/graph/class_map.h"

/* Passes over what keeps the order of scores, or values as they are. */
static Node *behind(Node *n, bool scores)
{
    for (;;) {
        bool passes = n->op == OP_DROPOUT || n->op == OP_FLATTEN || n->op == OP_RESHAPE ||
                      (scores && (n->op == OP_SOFTMAX || n->op == OP_SIGMOID));
        if (!passes || n->activation != ACT_NONE || n->has_residual)
            return n;
        n = n->input[0];
    }
}

static bool is_plain(const Node *n)
{
    return n->activation == ACT_NONE && !n->has_residual;
}

static bool is_average(const Node *n)
{
    const Shape *in = n->input_count == 1 ? &n->input[0]->shape : NULL;
    if (!in || in->rank != 4 || !is_plain(n))
        return false;
    return n->op == OP_GLOBAL_AVG_POOL ||
           (n->op == OP_AVG_POOL && node_height(n) == 1 && node_width(n) == 1 &&
            n->attr.kernel[0] == in->dim[2] && n->attr.kernel[1] == in->dim[3]);
}

bool graph_class_map(const Graph *g, ClassMap *map)
{
    Node *last = behind(g->output, true);
    bool squashed = last->activation == ACT_NONE || last->activation == ACT_SIGMOID;
    *map = (ClassMap){ 0 };
    if (last->op == OP_DENSE && squashed && !last->has_residual) {
        map->dense = last;
        last = behind(last->input[0], false);
    }
    map->pool = last;
    return is_average(last) && (!map->dense || map->dense->param[PARAM_WEIGHT]->shape.dim[1] ==
                                                   node_channels(last->input[0]));
}
