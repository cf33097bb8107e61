/* Convolution and dense layers:
 *   y[oy][ox][o] = act(b[o] + r + sum over ky, kx, c of
 *                      x[oy*sh + ky*dh - pt][ox*sw + kx*dw - pl][c] * w[o][ky][kx][c])
 * The sum runs in the order (ky, kx, c), one chain per output; that of a layer of one pixel in
 * chunks of channels. Rows outside the picture are left out by the bounds of ky, columns by a
 * condition that tiling resolves. A 1x1 convolution of stride 1 sees the picture as one row; a
 * dense layer is a 1x1 convolution of one pixel. */
#include "compiler/graph/view.h"
#include "compiler/kernel/common.h"

typedef struct Conv {
    FeatureMap x, y;
    int64_t groups, in, out; /* channels of one group */
    int64_t kernel[2], stride[2], dilation[2], pad_top, pad_left;
    bool has_chunks;
} Conv;

enum { CHUNK = 64 };

/* A 1x1 convolution or dense layer of one pixel; how many pictures there are changes no sum. */
static bool has_chunks(const Node *n)
{
    bool is_window = n->op == OP_CONV2D && n->attr.kernel[0] * n->attr.kernel[1] > 1;
    return !is_window && node_height(n) * node_width(n) == 1;
}

/* How many pictures a 1x1 convolution sees as one row: all, where they shall share weights, or
 * where one alone fills few tiles. */
static int64_t pictures_in_row(Make *m)
{
    const Node *n = m->n;
    if (m->env->pictures <= 1 ||
        !(make_reuses_weights(n) || node_height(n) * node_width(n) < 4 * m->env->tile.pixels))
        return 1;
    m->has_pictures = true;
    return m->env->pictures;
}

static Conv conv_of(Make *m)
{
    const Node *n = m->n;
    const Attr *a = &n->attr;
    Conv c = { .x = map_of(make_source(m)),
               .y = map_of(n),
               .groups = a->groups,
               .has_chunks = has_chunks(n) };
    for (int i = 0; i < 2; i++) {
        c.kernel[i] = a->kernel[i];
        c.stride[i] = a->stride[i];
        c.dilation[i] = a->dilation[i];
    }
    c.pad_top = a->pad[0];
    c.pad_left = a->pad[1];
    c.in = c.x.channels / c.groups;
    c.out = c.y.channels / c.groups;
    bool same_size = c.x.height == c.y.height && c.x.width == c.y.width;
    if (!m->part && c.kernel[0] * c.kernel[1] == 1 && c.stride[0] * c.stride[1] == 1 && same_size) {
        int64_t pictures = m->env->product ? 1 : pictures_in_row(m); /* each has its own factors */
        c.x = map_one_row(c.x, pictures);
        c.y = map_one_row(c.y, pictures);
        c.pad_top = c.pad_left = 0;
    }
    return c;
}

typedef struct ConvLoops {
    Var *g, *o, *oy, *ox, *ky, *kx, *c;
    Buffer *x, *w, *b, *r, *y;
} ConvLoops;

/* The innermost statement: acc += x * w, where the column is inside. */
static Stmt *accumulate(Arena *L, const Conv *c, const ConvLoops *v, Buffer *acc)
{
    Expr *o = ix_var(L, v->o), *ch = ix_var(L, v->c);
    Expr *iy = ix_mul(L, ix_var(L, v->oy), c->stride[0]);
    iy = ix_add(L, iy, ix_mul(L, ix_var(L, v->ky), c->dilation[0]));
    iy = ix_sub(L, iy, ix_int(L, c->pad_top));
    Expr *ix = ix_mul(L, ix_var(L, v->ox), c->stride[1]);
    ix = ix_add(L, ix, ix_mul(L, ix_var(L, v->kx), c->dilation[1]));
    ix = ix_sub(L, ix, ix_int(L, c->pad_left));
    Expr *channel = ix_add(L, ix_mul(L, ix_var(L, v->g), c->in), ch);
    Expr *x = val_load(L, v->x, 3, (Expr *[]){ iy, ix, channel });
    Expr *w = val_load(L, v->w, 6,
                       (Expr *[]){ ix_var(L, v->g), ix_div(L, o, PACK_LANES), ix_var(L, v->ky),
                                   ix_var(L, v->kx), ch, ix_mod(L, o, PACK_LANES) });
    Expr *sum = val_fma(L, x, w, val_load(L, acc, 0, NULL));
    return st_if(L, inside(L, ix, c->x.width), st_store(L, acc, 0, NULL, sum));
}

/* acc += x * w over `count` chunks of channels from `first` on, each summed by itself. */
static Stmt *chunks(Arena *L, const Conv *c, const ConvLoops *v, Buffer *acc, int64_t first,
                    int64_t count, int64_t size)
{
    Buffer *part = loop_scalar(L, "part");
    Var *chunk = loop_var(L, "cc");
    Expr *channel = ix_add(L, ix_mul(L, ix_var(L, chunk), size), ix_int(L, first));
    channel = ix_add(L, channel, ix_var(L, v->c));
    Body b = { .L = L };
    append(&b, st_local(L, part));
    append(&b, st_store(L, part, 0, NULL, real(&b, 0.0)));
    Stmt *s = loop_substitute(L, accumulate(L, c, v, part), v->c, channel);
    append(&b, st_for(L, v->c, ix_int(L, 0), ix_int(L, size), s));
    Expr *sum = add(&b, val_load(L, acc, 0, NULL), val_load(L, part, 0, NULL));
    append(&b, st_store(L, acc, 0, NULL, sum));
    return st_for(L, chunk, ix_int(L, 0), ix_int(L, count), body_block(&b));
}

/* The channels in chunks, for a layer of one pixel. No other pixel's error averages its own: where
 * squeeze-excite scales a channel by it, it stays in all that follows. So it has to be small, and a
 * chain of thousands is not (efficientnet_b7's errors fell to a third). */
static Stmt *chunked_reduction(Arena *L, const Conv *c, const ConvLoops *v, Buffer *acc)
{
    int64_t whole = c->in / CHUNK, rest = c->in % CHUNK;
    Stmt *both[] = { chunks(L, c, v, acc, 0, whole, CHUNK),
                     chunks(L, c, v, acc, whole * CHUNK, 1, rest) };
    Stmt *s = st_block(L, rest ? 2 : 1, both);
    s = st_for(L, v->kx, ix_int(L, 0), ix_int(L, 1), s);
    return st_for(L, v->ky, ix_int(L, 0), ix_int(L, 1), s);
}

static Stmt *reduction(Arena *L, const Conv *c, const ConvLoops *v, Buffer *acc)
{
    Expr *zero = ix_int(L, 0);
    if (c->has_chunks && c->in > CHUNK)
        return chunked_reduction(L, c, v, acc);
    Expr *origin = ix_sub(L, ix_mul(L, ix_var(L, v->oy), c->stride[0]), ix_int(L, c->pad_top));
    Stmt *s = accumulate(L, c, v, acc);
    s = st_for(L, v->c, zero, ix_int(L, c->in), s);
    s = st_for(L, v->kx, zero, ix_int(L, c->kernel[1]), s);
    return st_for(L, v->ky, window_lo(L, origin, c->dilation[0]),
                  window_hi(L, origin, c->dilation[0], c->x.height, c->kernel[0]), s);
}

/* Portable C adds the residual to the sum in a loop of its own: a loop that reads r and writes y,
 * which may be one array, is one that gcc -O2 makes no vectors of. */
static bool adds_residual_first(const Make *m, const ConvLoops *v)
{
    const Target *t = m->env->target;
    return v->r && t && t->vector.lanes == 1;
}

static Stmt *textbook(Make *m, const Conv *c, const ConvLoops *v)
{
    Arena *L = m->L;
    Expr *zero = ix_int(L, 0), *o = ix_var(L, v->o), *g = ix_var(L, v->g);
    Buffer *acc = loop_scalar(L, "acc");
    Body body = { .L = L };
    append(&body, st_local(L, acc));
    Expr *bias = val_load(L, v->b, 3,
                          (Expr *[]){ g, ix_div(L, o, PACK_LANES), ix_mod(L, o, PACK_LANES) });
    append(&body, st_store(L, acc, 0, NULL, bias));
    append(&body, reduction(L, c, v, acc));
    Expr *channel = ix_add(L, ix_mul(L, g, c->out), o);
    Expr *sum = val_load(L, acc, 0, NULL), *exists = ix_lt(L, o, ix_int(L, c->out));
    Expr *oy = ix_var(L, v->oy), *ox = ix_var(L, v->ox);
    Buffer *residual = v->r;
    if (adds_residual_first(m, v)) {
        Expr *r = val_load(L, v->r, 3, (Expr *[]){ oy, ox, channel });
        append(&body, st_if(L, exists, st_store(L, acc, 0, NULL, val_op2(L, VOP_ADD, sum, r))));
        residual = NULL;
    }
    append(&body, st_if(L, exists, epilogue(m, v->y, residual, oy, ox, channel, sum)));
    Stmt *s = st_for(L, v->ox, zero, ix_int(L, c->y.width), body_block(&body));
    s = st_for(L, v->oy, zero, ix_int(L, c->y.height), s);
    s = st_for(L, v->o, zero, ix_int(L, c->out), s);
    return st_for(L, v->g, zero, ix_int(L, c->groups), s);
}

/* The weights times their factors, which take the place of v->w. */
static Stmt *make_scaled(Make *m, const Conv *c, ConvLoops *v)
{
    Arena *L = m->L;
    Body b = { .L = L };
    Buffer *factor = make_factor(m), *stored = v->w;
    const int64_t *e = stored->extent;
    v->w = make_scratch(m, "ws", 6, e[0], e[1], e[2], e[3], e[4], e[5]);
    Expr *o = ix_var(L, v->o), *zero = ix_int(L, 0), *channel = ix_var(L, v->c);
    Expr *at[] = { zero, ix_div(L, o, PACK_LANES), zero, zero, channel, ix_mod(L, o, PACK_LANES) };
    Expr *w = scale_weight(&b, val_load(L, stored, 6, at), factor, channel);
    int64_t outputs = stored->extent[1] * PACK_LANES;
    Stmt *s = st_for(L, v->c, zero, ix_int(L, c->in), st_store(L, v->w, 6, at, w));
    return tile_channels(m, st_for(L, v->o, zero, ix_int(L, outputs), s), v->o, outputs);
}

static void name_conv(Make *m, const Conv *c, const char *what)
{
    const int64_t *p = m->n->attr.pad;
    text_puts(&m->name, m->env->product ? "mul_" : "");
    text_puts(&m->summary, m->env->product ? "mul, " : "");
    text_printf(&m->name, "%s%lldx%lld_s%lld", what, (long long)c->kernel[0],
                (long long)c->kernel[1], (long long)c->stride[0]);
    if (c->stride[0] != c->stride[1])
        text_printf(&m->name, "x%lld", (long long)c->stride[1]);
    bool centred = p[0] == p[2] && p[1] == p[3] && p[0] == c->dilation[0] * (c->kernel[0] / 2) &&
                   p[1] == c->dilation[1] * (c->kernel[1] / 2);
    if (!centred)
        text_printf(&m->name, "_p%lld_%lld", (long long)c->pad_top, (long long)c->pad_left);
    if (c->dilation[0] * c->dilation[1] != 1)
        text_printf(&m->name, "_d%lldx%lld", (long long)c->dilation[0], (long long)c->dilation[1]);
    if (c->groups != 1)
        text_printf(&m->name, "_g%lld", (long long)c->groups);
    name_map(m, c->x);
    name_map(m, c->y);
    name_epilogue(m);
}

static void make_from_conv(Make *m, const Conv *c, const ConstArray *w, const ConstArray *b)
{
    Arena *L = m->L;
    ConvLoops v = { .g = loop_var(L, "g"),
                    .o = loop_var(L, "o"),
                    .oy = loop_var(L, "oy"),
                    .ox = loop_var(L, "ox"),
                    .ky = loop_var(L, "ky"),
                    .kx = loop_var(L, "kx"),
                    .c = loop_var(L, "c") };
    v.x = make_source_input(m, c->x);
    v.r = make_residual(m, c->y);
    v.w = make_const(m, "w", w);
    v.b = make_const(m, "b", b);
    v.y = make_output(m, "y", c->y);
    Stmt *before = m->env->product ? make_scaled(m, c, &v) : NULL;
    TileLoops loops = {
        .o = v.o,
        .oy = v.oy,
        .ox = v.ox,
        .kx = v.kx,
        .channels = c->out,
        .columns = c->y.width,
        .padded = true,
        .step = c->stride[1],
        .before = c->pad_left,
        .reach = (c->kernel[1] - 1) * c->dilation[1] + 1,
        .width = c->x.width,
    };
    Stmt *nest = make_slices(m, textbook(m, c, &v), v.o, &loops.channels);
    nest = tile_nest(m, nest, &loops);
    if (before)
        nest = st_block(m->L, 2, (Stmt *[]){ before, nest });
    make_finish_rows(m, nest, v.oy);
}

static const ConstArray *bias_array(Make *m, int64_t count, int64_t groups)
{
    const Param *b = make_bias(m);
    const char *path = b ? b->name : arena_printf(m->L, "%s.bias", m->n->path);
    return pack_vector(m->L, path, b ? b->data : NULL, count, groups);
}

const char *make_conv2d(Make *m)
{
    Conv c = conv_of(m);
    bool depthwise = c.groups == m->n->shape.dim[1] && c.in == 1 && c.out == 1 && c.groups > 1;
    if (depthwise)
        return make_depthwise(m);
    if (m->env->tile.form && winograd_applies(m->n, m->env->tile.form))
        return make_winograd(m);
    if (m->env->tile.form == TILE_STRASSEN && strassen_applies(m->n)) {
        m->has_pictures = false; /* it takes one after the other */
        return make_strassen(m);
    }
    if (m->env->tile.form == TILE_INNER && inner_applies(m->env->target, m->n))
        return make_inner(m);
    const Attr *a = &m->n->attr;
    name_conv(m, &c, "conv");
    text_printf(&m->summary, "conv2d %lldx%lld stride %lld pad %lld", (long long)a->kernel[0],
                (long long)a->kernel[1], (long long)a->stride[0], (long long)a->pad[0]);
    if (c.groups > 1)
        text_printf(&m->summary, " groups %lld", (long long)c.groups);
    if (m->only_name)
        return NULL;
    make_from_conv(m, &c, pack_conv2d(m->L, make_weight(m), c.groups),
                   bias_array(m, m->n->shape.dim[1], c.groups));
    return NULL;
}

const char *make_dense(Make *m)
{
    const Node *n = m->n, *x = n->input[0];
    FeatureMap map = map_of(x), flat = { 1, 1, map.channels, map.stride };
    Conv c = { .groups = 1, .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 } };
    int64_t rows = node_height(n) * node_width(n) * (m->env->pictures > 1 ? m->env->pictures : 1);
    m->has_pictures = true;
    if (m->env->tile.form == TILE_INNER && inner_applies(m->env->target, n))
        return make_inner(m);
    c.has_chunks = has_chunks(n);
    c.x = flat;
    c.x.width = rows;
    c.y = (FeatureMap){ 1, rows, node_channels(n), map_of(n).stride };
    c.in = c.x.channels;
    c.out = c.y.channels;
    int64_t height = 1, width = 1;
    if (view_is_permuted(x)) {
        const Node *source = x->input[0];
        height = node_height(source);
        width = node_width(source);
    }
    text_puts(&m->name, "dense");
    name_map(m, c.x);
    name_map(m, c.y);
    name_epilogue(m);
    text_puts(&m->summary, "dense");
    if (m->only_name)
        return NULL;
    make_from_conv(m, &c, pack_dense(m->L, make_weight(m), c.in / (height * width), height, width),
                   bias_array(m, c.out, 1));
    return NULL;
}
