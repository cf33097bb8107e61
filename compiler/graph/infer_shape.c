/* Inference for the operators that join, cut, pad and rearrange tensors, and for reductions over
 * named axes. Axes and ends counted from the back are replaced by ones counted from the front. */
#include "compiler/graph/infer.h"

bool infer_concat(Infer *c)
{
    Node *n = c->n;
    Shape *s = &n->shape;
    if (!infer_axis(c, &n->attr.axis, c->x->rank))
        return false;
    int axis = n->attr.axis;
    *s = *c->x;
    for (int i = 1; i < n->input_count; i++) {
        Shape y = n->input[i]->shape, as_first = y;
        as_first.dim[axis] = c->x->dim[axis];
        if (!shape_equal(&as_first, c->x))
            return reject(
                c, "shape-mismatch", "'%s' is %s and '%s' is %s; they differ beside axis %d",
                n->input[0]->path, infer_text(c, c->x), n->input[i]->path, infer_text(c, &y), axis);
        s->dim[axis] += y.dim[axis];
    }
    return true;
}

static bool check_added(Infer *c, const int64_t *added, int count)
{
    for (int i = 0; i < count; i++)
        if (added[i] < 0 || added[i] > 1 << 20)
            return reject(c, "bad-attribute", "cannot pad by %lld", (long long)added[i]);
    return true;
}

bool infer_pad(Infer *c)
{
    const Attr *a = &c->n->attr;
    if (a->pad_mode == PAD_SAME)
        return reject(c, "bad-attribute", "%s", "has no window that 'same' could refer to");
    if (!infer_rank(c, 4, "[N, C, H, W]") || !check_added(c, a->pad, 4))
        return false;
    c->n->shape = *c->x;
    c->n->shape.dim[2] += a->pad[0] + a->pad[2];
    c->n->shape.dim[3] += a->pad[1] + a->pad[3];
    return true;
}

bool infer_pad_channels(Infer *c)
{
    const int64_t added[2] = { c->n->attr.begin, c->n->attr.end };
    if (c->x->rank != 4 && c->x->rank != 2)
        return infer_rank(c, 4, "[N, C, H, W] or [N, F]");
    if (!check_added(c, added, 2))
        return false;
    c->n->shape = *c->x;
    c->n->shape.dim[1] += added[0] + added[1];
    return true;
}

bool infer_slice(Infer *c)
{
    Attr *a = &c->n->attr;
    if (!infer_axis(c, &a->axis, c->x->rank))
        return false;
    int64_t size = c->x->dim[a->axis];
    int64_t begin = a->begin < 0 ? a->begin + size : a->begin;
    int64_t end = a->end < 0 ? a->end + size : a->end;
    if (a->step < 1)
        return reject(c, "bad-attribute", "step is %lld, but must be at least 1",
                      (long long)a->step);
    if (begin < 0 || end > size || begin >= end)
        return reject(c, "shape-mismatch", "cannot take %lld .. %lld of axis %d, which has %lld",
                      (long long)a->begin, (long long)a->end, a->axis, (long long)size);
    a->begin = begin;
    a->end = end;
    c->n->shape = *c->x;
    c->n->shape.dim[a->axis] = (end - begin - 1) / a->step + 1;
    return true;
}

bool infer_flatten(Infer *c)
{
    if (c->x->rank < 2)
        return infer_rank(c, 2, "[N, ...]");
    c->n->shape = shape_of(2, c->x->dim[0], shape_count(c->x) / c->x->dim[0]);
    return true;
}

/* Replaces the one extent -1 of a reshape by what is left over. */
static bool fill_in_extent(Infer *c, Shape *s)
{
    int64_t known = 1;
    int open = -1, opens = 0;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] == -1) {
            open = i;
            opens++;
        } else if (s->dim[i] < 1 || __builtin_mul_overflow(known, s->dim[i], &known)) {
            return reject(c, "bad-shape", "cannot make %s", infer_text(c, s));
        }
    }
    if (opens > 1)
        return reject(c, "bad-shape", "%s leaves more than one extent open", infer_text(c, s));
    if (opens == 1 && shape_count(c->x) % known == 0)
        s->dim[open] = shape_count(c->x) / known;
    return true;
}

bool infer_reshape(Infer *c)
{
    Shape s = c->n->attr.shape;
    if (s.rank < 1 || s.rank > SHAPE_MAX_RANK)
        return reject(c, "bad-shape", "has rank %d; 1 to %d are possible", s.rank, SHAPE_MAX_RANK);
    if (!fill_in_extent(c, &s))
        return false;
    if (shape_count(&s) != shape_count(c->x))
        return reject(c, "shape-mismatch", "'%s' is %s, which cannot become %s",
                      c->n->input[0]->path, infer_text(c, c->x), infer_text(c, &c->n->attr.shape));
    c->n->shape = c->n->attr.shape = s;
    return true;
}

/* Axes counted from the front, each at most once; *seen is their set. */
static bool check_axes(Infer *c, unsigned *seen)
{
    Attr *a = &c->n->attr;
    *seen = 0;
    for (int i = 0; i < a->axis_count; i++) {
        if (!infer_axis(c, &a->axes[i], c->x->rank))
            return false;
        if (*seen & 1u << a->axes[i])
            return reject(c, "bad-axis", "axis %d is named twice", a->axes[i]);
        *seen |= 1u << a->axes[i];
    }
    return true;
}

bool infer_permute(Infer *c)
{
    const Attr *a = &c->n->attr;
    unsigned seen;
    if (a->axis_count != c->x->rank)
        return reject(c, "shape-mismatch", "orders %d axes, but '%s' is %s", a->axis_count,
                      c->n->input[0]->path, infer_text(c, c->x));
    if (!check_axes(c, &seen))
        return false;
    c->n->shape.rank = c->x->rank;
    for (int i = 0; i < a->axis_count; i++)
        c->n->shape.dim[i] = c->x->dim[a->axes[i]];
    return true;
}

bool infer_channel_shuffle(Infer *c)
{
    int64_t groups = c->n->attr.groups;
    if (!infer_rank(c, 4, "[N, C, H, W]"))
        return false;
    if (groups < 1 || c->x->dim[1] % groups != 0)
        return reject(c, "shape-mismatch",
                      "its input has %lld channels, not a multiple of %lld groups",
                      (long long)c->x->dim[1], (long long)groups);
    c->n->shape = *c->x;
    return true;
}

bool infer_reduce(Infer *c)
{
    const Attr *a = &c->n->attr;
    unsigned seen;
    if (a->axis_count < 1)
        return reject(c, "bad-axis", "%s", "names no axis to reduce");
    if (!check_axes(c, &seen))
        return false;
    Shape *s = &c->n->shape;
    s->rank = 0;
    for (int i = 0; i < c->x->rank; i++) {
        bool reduced = seen >> i & 1;
        if (!reduced || a->keep)
            s->dim[s->rank++] = reduced ? 1 : c->x->dim[i];
    }
    return true;
}
