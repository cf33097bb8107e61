/* Predicates on views: see view.h. */
#include "compiler/graph/view.h"

static int64_t pixels(const Node *n)
{
    return n->shape.dim[0] * node_height(n) * node_width(n);
}

bool view_has_pixels_of(const Node *a, const Node *b)
{
    return pixels(a) == pixels(b);
}

bool view_fills_owner(const Node *n)
{
    return n->view.channel == 0 && node_channels(n) == node_channels(n->view.owner);
}

/* A flattened map takes up the whole storage. */
static bool covers_owner(const Node *n)
{
    return !view_has_pixels_of(n, n->view.owner);
}

int64_t view_pixel_stride(const Node *n)
{
    return covers_owner(n) ? node_channels(n) : node_channels(n->view.owner);
}

static bool same_place(const Node *a, const Node *b)
{
    return a->view.owner == b->view.owner && a->view.channel == b->view.channel &&
           node_channels(a) == node_channels(b);
}

static bool joins_channels(const Node *concat)
{
    int rank = concat->shape.rank;
    return concat->attr.axis == (rank == 4 ? 1 : rank - 1);
}

bool view_holds_member(const Node *concat, int i)
{
    if (concat->op != OP_CONCAT || !joins_channels(concat))
        return false;
    int64_t channel = concat->view.channel;
    for (int k = 0; k < i; k++)
        channel += node_channels(concat->input[k]);
    const View *v = &concat->input[i]->view;
    return v->owner == concat->view.owner && v->channel == channel;
}

bool view_is_alias(const Node *n)
{
    const Node *x = n->input_count ? n->input[0] : NULL;
    bool bare = n->activation == ACT_NONE && !n->has_residual;
    switch (n->op) {
    case OP_CONCAT:
        for (int i = 0; i < n->input_count; i++)
            if (!view_holds_member(n, i))
                return false;
        return bare;
    case OP_SLICE:
        return bare && n->view.owner == x->view.owner &&
               n->view.channel == x->view.channel + n->attr.begin;
    case OP_FLATTEN:
    case OP_RESHAPE:
    case OP_DROPOUT:
        return bare && n->view.owner == x->view.owner && n->view.channel == x->view.channel;
    default:
        return false;
    }
}

bool view_is_permuted(const Node *n)
{
    if (n->op != OP_FLATTEN || !view_is_alias(n))
        return false;
    const Node *x = n->input[0];
    return x->shape.rank == 4 && node_channels(x) > 1 && node_height(x) * node_width(x) > 1;
}

bool view_is_in_place(const Node *n, int i)
{
    return !view_is_alias(n) && n->op != OP_CONCAT && same_place(n, n->input[i]);
}

bool view_overlap(const Node *a, const Node *b)
{
    if (a->view.owner != b->view.owner)
        return false;
    if (covers_owner(a) || covers_owner(b))
        return true;
    return a->view.channel < b->view.channel + node_channels(b) &&
           b->view.channel < a->view.channel + node_channels(a);
}

bool view_writes_over(const Node *n, const Node *m)
{
    if (view_is_alias(n) || !view_overlap(n, m))
        return false;
    if (n->op != OP_CONCAT || !joins_channels(n) || covers_owner(m))
        return true;
    int64_t first = m->view.channel, end = first + node_channels(m), begin = n->view.channel;
    for (int i = 0; i < n->input_count; i++) {
        int64_t next = begin + node_channels(n->input[i]);
        if (!view_holds_member(n, i) && begin < end && first < next)
            return true;
        begin = next;
    }
    return false;
}

static bool is_element_wise(OpKind op)
{
    return op == OP_ADD || op == OP_SUB || op == OP_MUL || op == OP_AFFINE || op == OP_BATCH_NORM ||
           activation_of(op) != ACT_NONE;
}

bool view_may_overwrite(const Node *n, int i)
{
    bool residual = n->has_residual && i == n->input_count - 1;
    if (!shape_equal(&n->shape, &n->input[i]->shape) || (!residual && !is_element_wise(n->op)))
        return false;
    for (int k = 0; k < n->input_count; k++)
        if (k != i && n->input[k] != n->input[i] && view_overlap(n->input[k], n->input[i]))
            return false;
    /* A window reads its neighbours, so the residual must not be its map as well. */
    return !residual || is_element_wise(n->op) || n->input[0] != n->input[i];
}
