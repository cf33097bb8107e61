/* A convolution or dense layer followed by a batch norm (or by an affine map of numbers, or by a
 * product with one trained number per channel) is one with other weights:
 *
 *   (w·x + b) · s + t  =  (s·w)·x + (s·b + t),   s = γ / sqrt(var + ε),  t = β - mean · s
 *
 * computed in double and rounded once. The layer must have no other user: someone else wants its
 * own value. Parameters are replaced, not changed, because the source graph has them too. */
#include "compiler/pass/pass.h"

#include <math.h>

typedef struct Scaling {
    double scale, shift;
} Scaling;

static double at(const Param *p, int64_t i, double otherwise)
{
    return p ? p->data[i] : otherwise;
}

/* The operand of a product that is one trained number per channel of the result, or NULL. */
static const Node *channel_scale(const Node *n)
{
    const Node *s = n->op == OP_MUL ? n->input[1] : NULL;
    bool per_channel = s && s->op == OP_PARAMETER && s->shape.rank == n->shape.rank &&
                       node_channels(s) == node_channels(n) &&
                       shape_count(&s->shape) == node_channels(n);
    return per_channel ? s : NULL;
}

/* What `norm` does to channel c. */
static Scaling scaling_of(const Node *norm, int64_t c)
{
    if (norm->op == OP_MUL)
        return (Scaling){ norm->input[1]->param[PARAM_WEIGHT]->data[c], 0 };
    if (norm->op == OP_AFFINE)
        return (Scaling){ norm->attr.scale, norm->attr.shift };
    double gamma = at(norm->param[PARAM_WEIGHT], c, 1), beta = at(norm->param[PARAM_BIAS], c, 0);
    double mean = at(norm->param[PARAM_MEAN], c, 0), var = at(norm->param[PARAM_VAR], c, 1);
    double scale = gamma / sqrt(var + norm->attr.eps);
    return (Scaling){ scale, beta - mean * scale };
}

static bool is_foldable(const Graph *g, const Node *norm)
{
    if (norm->op != OP_BATCH_NORM && norm->op != OP_AFFINE && !channel_scale(norm))
        return false;
    const Node *layer = norm->input[0];
    return (layer->op == OP_CONV2D || layer->op == OP_DENSE) && !layer->activation &&
           !layer->has_residual && graph_use_count(g, layer) == 1;
}

static bool has_data(const Node *n)
{
    for (int r = 0; r < PARAM_ROLES; r++)
        if (n->param[r] && !n->param[r]->data)
            return false;
    return true;
}

static Param *new_param(Graph *g, const Node *layer, const char *suffix, Shape shape, float **data)
{
    Param *p = arena_new_of(g->arena, Param);
    const char *name = arena_printf(g->arena, "%s.%s", layer->path, suffix);
    *p = (Param){ .name = name, .shape = shape, .loc = layer->loc };
    *data = arena_new_array(g->arena, float, shape_count(&shape));
    return p;
}

static void fold(Graph *g, Node *layer, const Node *norm)
{
    const Param *w = layer->param[PARAM_WEIGHT], *b = layer->param[PARAM_BIAS];
    int64_t channels = w->shape.dim[0], run = shape_count(&w->shape) / channels;
    const Node *numbers = norm->op == OP_MUL ? norm->input[1] : norm;
    bool bound = has_data(layer) && has_data(numbers);
    float *weight, *bias;
    Param *new_w = new_param(g, layer, "weight", w->shape, &weight);
    Param *new_b = new_param(g, layer, "bias", shape_of(1, channels), &bias);
    for (int64_t c = 0; bound && c < channels; c++) {
        Scaling s = scaling_of(norm, c);
        for (int64_t i = c * run; i < (c + 1) * run; i++)
            weight[i] = (float)(w->data[i] * s.scale);
        bias[c] = (float)(at(b, c, 0) * s.scale + s.shift);
    }
    new_w->data = bound ? weight : NULL;
    new_b->data = bound ? bias : NULL;
    layer->param[PARAM_WEIGHT] = new_w;
    layer->param[PARAM_BIAS] = new_b;
    layer->attr.bias = true;
}

static void fold_and_replace(Graph *g, Node *norm)
{
    Node *layer = norm->input[0];
    fold(g, layer, norm);
    layer->origin = norm->origin;
    layer->magnitude = norm->magnitude;
    layer->activation = norm->activation;
    layer->activation_alpha = norm->activation_alpha;
    graph_replace_uses(g, norm, layer);
}

/* A layer followed by several of them takes one per sweep: dead nodes count as users. */
void pass_fold_batch_norm(Graph *g, Arena *scratch)
{
    (void)scratch;
    int before;
    do {
        before = g->nodes.count;
        for_each_node(n, g)
            if (is_foldable(g, n))
                fold_and_replace(g, n);
        graph_remove_dead(g);
    } while (g->nodes.count < before);
}
