/* Inference for operators that slide a window over [N,C,H,W]: convolution, pooling. Padding `same`
 * becomes here the explicit padding that TensorFlow means by it: the result has ceil(n / stride)
 * positions, and an odd row or column of padding goes to the bottom or right. */
#include "compiler/graph/infer.h"

static const int64_t MAX_ATTRIBUTE = 1 << 20;

static bool check_range(Infer *c, const char *name, const int64_t *v, int count, int64_t least)
{
    for (int i = 0; i < count; i++)
        if (v[i] < least || v[i] > MAX_ATTRIBUTE)
            return reject(c, "bad-attribute", "%s is %lld, but must be between %lld and %lld", name,
                          (long long)v[i], (long long)least, (long long)MAX_ATTRIBUTE);
    return true;
}

static bool check_attributes(Infer *c)
{
    const Attr *a = &c->n->attr;
    return check_range(c, "kernel", a->kernel, 2, 1) && check_range(c, "stride", a->stride, 2, 1) &&
           check_range(c, "dilation", a->dilation, 2, 1) &&
           (a->pad_mode == PAD_SAME || check_range(c, "pad", a->pad, 4, 0));
}

/* The extent that a window covers along `d` (0: height, 1: width). */
static int64_t window_extent(const Attr *a, int d)
{
    return a->dilation[d] * (a->kernel[d] - 1) + 1;
}

static void resolve_same(Infer *c)
{
    Attr *a = &c->n->attr;
    for (int d = 0; d < 2; d++) {
        int64_t size = c->x->dim[2 + d], positions = (size + a->stride[d] - 1) / a->stride[d];
        int64_t total = (positions - 1) * a->stride[d] + window_extent(a, d) - size;
        total = total > 0 ? total : 0;
        a->pad[d] = total / 2;
        a->pad[2 + d] = total - total / 2;
    }
    a->pad_mode = PAD_EXPLICIT;
}

/* The number of window positions along `d`, or 0 where the window does not fit. PyTorch drops a
 * last position of ceil_mode that would start behind the input and its left padding. */
static int64_t window_positions(Infer *c, int d)
{
    const Attr *a = &c->n->attr;
    int64_t size = c->x->dim[2 + d], step = a->stride[d];
    int64_t room = size + a->pad[d] + a->pad[2 + d] - window_extent(a, d);
    if (room < 0)
        return 0;
    int64_t positions = (room + (a->ceil_mode ? step - 1 : 0)) / step + 1;
    if (a->ceil_mode && (positions - 1) * step >= size + a->pad[d])
        positions--;
    return positions;
}

/* Fills n->shape with `channels` channels over the window positions. */
static bool infer_window(Infer *c, int64_t channels)
{
    static const char *const extent[2] = { "height", "width" };
    Attr *a = &c->n->attr;
    Shape *s = &c->n->shape;
    if (a->pad_mode == PAD_SAME)
        resolve_same(c);
    *s = shape_of(4, c->x->dim[0], channels, window_positions(c, 0), window_positions(c, 1));
    for (int d = 0; d < 2; d++)
        if (s->dim[2 + d] < 1)
            return reject(c, "shape-mismatch",
                          "a window of %s %lld does not fit into %lld with padding %lld and %lld",
                          extent[d], (long long)window_extent(a, d), (long long)c->x->dim[2 + d],
                          (long long)a->pad[d], (long long)a->pad[2 + d]);
    return true;
}

static bool check_groups(Infer *c)
{
    const Attr *a = &c->n->attr;
    if (!check_range(c, "groups", &a->groups, 1, 1) || !check_range(c, "out", &a->out, 1, 1))
        return false;
    if (c->x->dim[1] % a->groups != 0)
        return reject(c, "shape-mismatch",
                      "its input has %lld channels, not a multiple of %lld groups",
                      (long long)c->x->dim[1], (long long)a->groups);
    if (a->out % a->groups != 0)
        return reject(c, "shape-mismatch", "%lld output channels are not a multiple of %lld groups",
                      (long long)a->out, (long long)a->groups);
    return true;
}

bool infer_conv2d(Infer *c)
{
    const Attr *a = &c->n->attr;
    if (!infer_rank(c, 4, "[N, C, H, W]") || !check_attributes(c) || !check_groups(c))
        return false;
    Shape weight = shape_of(4, a->out, c->x->dim[1] / a->groups, a->kernel[0], a->kernel[1]);
    return infer_window(c, a->out) && infer_param(c, PARAM_WEIGHT, weight) &&
           (!a->bias || infer_param(c, PARAM_BIAS, shape_of(1, a->out)));
}

/* A window that lies in the padding altogether has no maximum and no mean. */
static bool check_pool_padding(Infer *c)
{
    const Attr *a = &c->n->attr;
    for (int i = 0; i < 4; i++)
        if (a->pad[i] >= window_extent(a, i % 2))
            return reject(c, "bad-attribute", "padding %lld is not smaller than its window %lld",
                          (long long)a->pad[i], (long long)window_extent(a, i % 2));
    return true;
}

bool infer_pool(Infer *c)
{
    return infer_rank(c, 4, "[N, C, H, W]") && check_attributes(c) &&
           infer_window(c, c->x->dim[1]) && check_pool_padding(c);
}

bool infer_global_pool(Infer *c)
{
    if (!infer_rank(c, 4, "[N, C, H, W]"))
        return false;
    c->n->shape = c->n->attr.keep ? shape_of(4, c->x->dim[0], c->x->dim[1], (int64_t)1, (int64_t)1)
                                  : shape_of(2, c->x->dim[0], c->x->dim[1]);
    return true;
}
