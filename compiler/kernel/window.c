/* Depthwise convolution and pooling: one output channel depends on one input channel, so channels
 * are lanes throughout.
 *   depthwise:  y[oy][ox][c] = act(b[c] + sum over ky, kx of x[iy][ix][c] * w[ky][kx][c] + r)
 *   max, avg:   the maximum, the mean of the pixels of the window; padding never wins, and counts
 *               in the mean where count_include_pad says so (PyTorch's rule with ceil_mode: only
 *               the padding that was asked for). */
#include "compiler/kernel/common.h"

#include <float.h>

typedef struct Window {
    FeatureMap x, y;
    const Attr *attr;
    int64_t kernel[2], stride[2], dilation[2], pad[4];
    Buffer *in, *w, *b, *r, *out;
    Var *c, *oy, *ox, *ky, *kx;
} Window;

static Window window_of(Make *m)
{
    const Attr *a = &m->n->attr;
    Window w = { .x = map_of(m->n->input[0]), .y = map_of(m->n), .attr = a };
    for (int i = 0; i < 2; i++) {
        w.kernel[i] = a->kernel[i];
        w.stride[i] = a->stride[i];
        w.dilation[i] = a->dilation[i] ? a->dilation[i] : 1;
    }
    for (int i = 0; i < 4; i++)
        w.pad[i] = a->pad[i];
    w.c = loop_var(m->L, "c");
    w.oy = loop_var(m->L, "oy");
    w.ox = loop_var(m->L, "ox");
    w.ky = loop_var(m->L, "ky");
    w.kx = loop_var(m->L, "kx");
    return w;
}

/* stride * o - pad: where the window of output o begins */
static Expr *origin(Arena *L, const Window *w, int axis)
{
    Expr *o = ix_var(L, axis == 0 ? w->oy : w->ox);
    return ix_sub(L, ix_mul(L, o, w->stride[axis]), ix_int(L, w->pad[axis]));
}

static Expr *position(Arena *L, const Window *w, int axis)
{
    Expr *k = ix_var(L, axis == 0 ? w->ky : w->kx);
    return ix_add(L, origin(L, w, axis), ix_mul(L, k, w->dilation[axis]));
}

/* for ky, kx inside the picture: acc = value(acc, x) */
static Stmt *over_window(Arena *L, const Window *w, Buffer *acc, Expr *value)
{
    Expr *zero = ix_int(L, 0), *top = origin(L, w, 0);
    Stmt *s = st_if(L, inside(L, position(L, w, 1), w->x.width), st_store(L, acc, 0, NULL, value));
    s = st_for(L, w->kx, zero, ix_int(L, w->kernel[1]), s);
    return st_for(L, w->ky, window_lo(L, top, w->dilation[0]),
                  window_hi(L, top, w->dilation[0], w->x.height, w->kernel[0]), s);
}

static Expr *pixel(Arena *L, const Window *w)
{
    return val_load(L, w->in, 3,
                    (Expr *[]){ position(L, w, 0), position(L, w, 1), ix_var(L, w->c) });
}

static void finish_window(Make *m, const Window *w, Buffer *acc, Expr *first, Expr *step,
                          Expr *result)
{
    Arena *L = m->L;
    Expr *zero = ix_int(L, 0);
    Body body = { .L = L };
    append(&body, st_local(L, acc));
    append(&body, st_store(L, acc, 0, NULL, first));
    append(&body, over_window(L, w, acc, step));
    append(&body,
           epilogue(m, w->out, w->r, ix_var(L, w->oy), ix_var(L, w->ox), ix_var(L, w->c), result));
    Stmt *s = st_for(L, w->ox, zero, ix_int(L, w->y.width), body_block(&body));
    /* Rows outside channels: what a row reads stays in the cache until its last channels. */
    s = st_for(L, w->c, zero, ix_int(L, w->y.channels), s);
    s = st_for(L, w->oy, zero, ix_int(L, w->y.height), s);
    TileLoops loops = {
        .o = w->c,
        .oy = w->oy,
        .ox = w->ox,
        .kx = w->kx,
        .channels = w->y.channels,
        .columns = w->y.width,
        .step = w->stride[1],
        .before = w->pad[1],
        .reach = (w->kernel[1] - 1) * w->dilation[1] + 1,
        .width = w->x.width,
    };
    s = tile_nest(m, make_slices(m, s, w->c, &loops.channels), &loops);
    make_finish_rows(m, loop_mark(L, s, w->kx, LOOP_UNROLL), w->oy);
}

static void name_window(Make *m, const Window *w, const char *what)
{
    text_printf(&m->name, "%s%lldx%lld_s%lld", what, (long long)w->kernel[0],
                (long long)w->kernel[1], (long long)w->stride[0]);
    if (w->stride[0] != w->stride[1])
        text_printf(&m->name, "x%lld", (long long)w->stride[1]);
    text_printf(&m->name, "_p%lld_%lld", (long long)w->pad[0], (long long)w->pad[1]);
    if (w->dilation[0] * w->dilation[1] != 1)
        text_printf(&m->name, "_d%lldx%lld", (long long)w->dilation[0], (long long)w->dilation[1]);
    name_map(m, w->x);
    name_map(m, w->y);
    name_epilogue(m);
    text_printf(&m->summary, " %lldx%lld stride %lld pad %lld", (long long)w->kernel[0],
                (long long)w->kernel[1], (long long)w->stride[0], (long long)w->pad[0]);
}

const char *make_depthwise(Make *m)
{
    Arena *L = m->L;
    Window w = window_of(m);
    const Param *bias = make_bias(m);
    text_puts(&m->summary, "depthwise conv2d");
    name_window(m, &w, "depthwise");
    if (m->only_name)
        return NULL;
    w.in = make_input(m, 0, "x", w.x);
    w.r = make_residual(m, w.y);
    w.w = make_const(m, "w", pack_depthwise(L, make_weight(m)));
    const char *path = bias ? bias->name : arena_printf(L, "%s.bias", m->n->path);
    w.b = make_const(m, "b", pack_vector(L, path, bias ? bias->data : NULL, w.y.channels, 1));
    w.out = make_output(m, "y", w.y);
    Expr *c = ix_var(L, w.c), *block = ix_div(L, c, PACK_LANES), *lane = ix_mod(L, c, PACK_LANES);
    Buffer *acc = loop_scalar(L, "acc");
    Expr *first = val_load(L, w.b, 3, (Expr *[]){ ix_int(L, 0), block, lane });
    Expr *weight = val_load(L, w.w, 4, (Expr *[]){ block, ix_var(L, w.ky), ix_var(L, w.kx), lane });
    Expr *sum = val_load(L, acc, 0, NULL);
    finish_window(m, &w, acc, first, val_fma(L, pixel(L, &w), weight, sum), sum);
    return NULL;
}

/* How many positions along an axis the mean divides by. */
static Expr *counted(Arena *L, const Window *w, int axis)
{
    int64_t extent = axis == 0 ? w->x.height : w->x.width, kernel = w->kernel[axis];
    Expr *begin = origin(L, w, axis);
    if (w->attr->count_include_pad) {
        Expr *room = ix_sub(L, ix_int(L, extent + w->pad[axis + 2]), begin);
        return val_cast(L, ix_min(L, ix_int(L, kernel), room));
    }
    return val_cast(L, ix_sub(L, window_hi(L, begin, 1, extent, kernel), window_lo(L, begin, 1)));
}

const char *make_pool(Make *m)
{
    Arena *L = m->L;
    bool is_max = m->n->op == OP_MAX_POOL;
    Window w = window_of(m);
    text_puts(&m->summary, is_max ? "max_pool" : "avg_pool");
    name_window(m, &w, is_max ? "max_pool" : "avg_pool");
    if (!is_max && !w.attr->count_include_pad)
        text_puts(&m->name, "_valid");
    text_printf(&m->name, "_e%lld_%lld", (long long)w.pad[2], (long long)w.pad[3]);
    if (m->only_name)
        return NULL;
    w.in = make_input(m, 0, "x", w.x);
    w.r = make_residual(m, w.y);
    w.out = make_output(m, "y", w.y);
    Buffer *acc = loop_scalar(L, "acc");
    Expr *so_far = val_load(L, acc, 0, NULL), *first = val_real(L, is_max ? -FLT_MAX : 0.0);
    Expr *step = val_op2(L, is_max ? VOP_MAX : VOP_ADD, pixel(L, &w), so_far);
    Expr *result = so_far;
    if (!is_max)
        result = val_op2(L, VOP_DIV, so_far,
                         val_op2(L, VOP_MUL, counted(L, &w, 0), counted(L, &w, 1)));
    finish_window(m, &w, acc, first, step, result);
    return NULL;
}
