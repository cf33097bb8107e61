/* Squeeze-excite multiplies a map by a factor per channel, and a 1x1 convolution sums the products:
 *   sum over c of (x[c] s[c]) w[o][c] = sum over c of x[c] (s[c] w[o][c])
 * Where the map has many more pixels than the convolution has outputs the weights are fewer: then
 * the convolution multiplies those, into scratch, and nothing passes over the map. */
#include "compiler/graph/view.h"
#include "compiler/kernel/common.h"

/* Which input of the product is the map. */
static int input_of_map(const Node *product)
{
    return node_height(product->input[0]) * node_width(product->input[0]) == 1;
}

static bool is_stored_map(const Node *n)
{
    return n->shape.rank == 4 && n->op != OP_PARAMETER;
}

static bool is_product(const Node *n)
{
    if (n->op != OP_MUL || n->activation != ACT_NONE || n->has_residual)
        return false;
    const Node *map = n->input[input_of_map(n)], *factor = n->input[!input_of_map(n)];
    return is_stored_map(map) && is_stored_map(factor) && shape_equal(&map->shape, &n->shape) &&
           node_height(factor) * node_width(factor) == 1;
}

bool scale_applies(const Node *product, const Node *n)
{
    enum { PIXELS_PER_OUTPUT = 4 }; /* a weight takes about as long as so many values of the map */
    const Attr *a = &n->attr;
    return n->op == OP_CONV2D && n->input[0] == product && is_product(product) && a->groups == 1 &&
           a->kernel[0] * a->kernel[1] * a->stride[0] * a->stride[1] == 1 &&
           a->pad[0] + a->pad[1] + a->pad[2] + a->pad[3] == 0 &&
           node_height(n) * node_width(n) >= PIXELS_PER_OUTPUT * node_channels(n);
}

const Node *make_source(const Make *m)
{
    const Node *product = m->env->product;
    return product ? product->input[input_of_map(product)] : m->n->input[0];
}

double make_source_magnitude(const Make *m)
{
    const Node *product = m->env->product;
    double of_factor = product ? product->input[!input_of_map(product)]->magnitude : 1;
    double magnitude = make_source(m)->magnitude;
    return magnitude > 0 && of_factor > 0 ? magnitude / of_factor : 1;
}

Buffer *make_source_input(Make *m, FeatureMap x)
{
    if (!m->env->product)
        return make_input(m, 0, "x", x);
    Make of_product = *m;
    of_product.n = m->env->product;
    return make_input(&of_product, input_of_map(of_product.n), "x", x);
}

Buffer *make_factor(Make *m)
{
    Make of_product = *m;
    of_product.n = m->env->product;
    int input = !input_of_map(of_product.n);
    return make_input(&of_product, input, "s", map_of(of_product.n->input[input]));
}

Expr *scale_weight(Body *b, Expr *w, Buffer *factor, Expr *channel)
{
    Expr *at[] = { ix_int(b->L, 0), ix_int(b->L, 0), channel };
    return mul(b, w, val_load(b->L, factor, 3, at));
}
