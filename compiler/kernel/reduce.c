/* Reductions over all pixels: global pooling, group normalisation. Long sums are 16 partial sums,
 * of the pixels (or channels) i with the same i % 16, combined pairwise: an order that depends on
 * neither vector width nor tile. */
#include "compiler/kernel/common.h"

#include "compiler/base/diag.h"

#include <float.h>

enum { PARTS = 16 };

Var *partial_reduction(Body *b, VOp op, double first, int64_t count, Var *index, Expr *value,
                       Buffer *part)
{
    Arena *L = b->L;
    Var *i = loop_var(L, "i"), *j = loop_var(L, "j");
    Expr *zero = ix_int(L, 0), *jx[] = { ix_var(L, j) };
    Expr *at = ix_add(L, ix_mul(L, ix_var(L, i), PARTS), ix_var(L, j));
    Expr *now = val_load(L, part, 1, jx);
    int64_t whole = count / PARTS, rest = count % PARTS;
    Stmt *clear = st_store(L, part, 1, jx, val_real(L, first));
    append(b, st_for(L, j, zero, ix_int(L, PARTS), clear));
    Stmt *step = st_store(L, part, 1, jx,
                          val_op2(L, op, now, expr_substitute(L, value, index, at)));
    step = st_for(L, j, zero, ix_int(L, PARTS), step);
    append(b, st_for(L, i, zero, ix_int(L, whole), step));
    Expr *tail = ix_add(L, ix_int(L, whole * PARTS), ix_var(L, j));
    step = st_store(L, part, 1, jx, val_op2(L, op, now, expr_substitute(L, value, index, tail)));
    append(b, st_for(L, j, zero, ix_int(L, rest), step));
    for (int64_t half = PARTS / 2; half; half /= 2) {
        Expr *other[] = { ix_add(L, ix_var(L, j), ix_int(L, half)) };
        Stmt *pair = st_store(L, part, 1, jx, val_op2(L, op, now, val_load(L, part, 1, other)));
        append(b, st_for(L, j, zero, ix_int(L, half), pair));
    }
    return j;
}

/* Sixteen vectors stay in registers where there are so many, if the loops over them disappear. */
static Stmt *tile_parts(Make *m, Stmt *nest, Var *c, int64_t channels, const Var *j)
{
    const Target *t = m->env->target;
    nest = tile_channels(m, nest, c, channels);
    bool fits = t && t->vector.lanes > 1 && t->vector_registers > PARTS;
    return fits ? loop_mark(m->L, nest, j, LOOP_UNROLL) : nest;
}

Buffer *new_parts(Body *b)
{
    Buffer *part = loop_buffer(b->L, "part", BUFFER_LOCAL, 1, (int64_t)PARTS);
    append(b, st_local(b->L, part));
    return part;
}

Expr *first_part(Arena *L, Buffer *part)
{
    return val_load(L, part, 1, (Expr *[]){ ix_int(L, 0) });
}

static FeatureMap as_pixels(FeatureMap m)
{
    return (FeatureMap){ 1, m.height * m.width, m.channels, m.stride };
}

/* Large maps are summed in blocks of consecutive pixels, whose sums are summed: threads that divide
 * pixels each read what they wrote. As many blocks as give each a few rows. */
static int64_t blocks_of(int64_t pixels)
{
    enum { MOST = 16, FEWEST = 4, LARGE = 64, SMALLEST = 32 };
    int64_t blocks = MOST;
    while (blocks > FEWEST && (pixels % blocks || pixels / blocks < LARGE))
        blocks /= 2;
    return pixels % blocks || pixels / blocks < SMALLEST ? 1 : blocks;
}

typedef struct GlobalPool {
    FeatureMap x;
    bool is_max;
    Buffer *in, *out;
    Var *c;
} GlobalPool;

/* y[c] = result, divided by the number of pixels where it is a sum. */
static void store_pooled(Make *m, const GlobalPool *g, Body *b, Expr *result)
{
    Expr *zero = ix_int(m->L, 0);
    if (!g->is_max)
        result = quotient(b, result, real(b, (double)g->x.width));
    append(b, epilogue(m, g->out, NULL, zero, zero, ix_var(m->L, g->c), result));
}

static VOp pool_op(const GlobalPool *g)
{
    return g->is_max ? VOP_MAX : VOP_ADD;
}

/* for c: the result over `pixels` pixels from pixel `first` on goes to `sum`, at its row; without
 * one it is the pooled value. */
static Stmt *pool_pixels(Make *m, const GlobalPool *g, Expr *first, int64_t pixels, Buffer *sum,
                         Expr *row)
{
    Arena *L = m->L;
    Var *p = loop_var(L, "p");
    Expr *channel = ix_var(L, g->c);
    Expr *pixel[] = { ix_int(L, 0), ix_add(L, first, ix_var(L, p)), channel };
    Body b = { .L = L };
    Buffer *part = new_parts(&b);
    Var *j = partial_reduction(&b, pool_op(g), g->is_max ? -FLT_MAX : 0.0, pixels, p,
                               val_load(L, g->in, 3, pixel), part);
    if (sum)
        append(&b, st_store(L, sum, 2, (Expr *[]){ row, channel }, first_part(L, part)));
    else
        store_pooled(m, g, &b, first_part(L, part));
    Stmt *nest = st_for(L, g->c, ix_int(L, 0), ix_int(L, g->x.channels), body_block(&b));
    return tile_parts(m, nest, g->c, g->x.channels, j);
}

/* for c: the pooled value of all blocks */
static Stmt *pool_blocks(Make *m, const GlobalPool *g, Buffer *sum, int64_t blocks)
{
    Arena *L = m->L;
    Expr *channel = ix_var(L, g->c);
    Body b = { .L = L };
    Buffer *acc = loop_scalar(L, "acc");
    Var *t = loop_var(L, "t");
    Expr *first[] = { ix_int(L, 0), channel }, *next[] = { ix_var(L, t), channel };
    Expr *total = val_load(L, acc, 0, NULL);
    append(&b, st_local(L, acc));
    append(&b, st_store(L, acc, 0, NULL, val_load(L, sum, 2, first)));
    Expr *more = val_op2(L, pool_op(g), total, val_load(L, sum, 2, next));
    append(&b, st_for(L, t, ix_int(L, 1), ix_int(L, blocks), st_store(L, acc, 0, NULL, more)));
    store_pooled(m, g, &b, total);
    Stmt *nest = st_for(L, g->c, ix_int(L, 0), ix_int(L, g->x.channels), body_block(&b));
    return tile_channels(m, nest, g->c, g->x.channels);
}

const char *make_global_pool(Make *m)
{
    Arena *L = m->L;
    GlobalPool g = { .x = as_pixels(map_of(m->n->input[0])),
                     .is_max = m->n->op == OP_GLOBAL_MAX_POOL || m->n->op == OP_MAX,
                     .c = loop_var(L, "c") };
    FeatureMap y = map_of(m->n);
    text_puts(&m->name, g.is_max ? "global_max_pool" : "global_avg_pool");
    text_puts(&m->summary, g.is_max ? "global_max_pool" : "global_avg_pool");
    name_map(m, g.x);
    name_map(m, y);
    name_epilogue(m);
    g.in = make_input(m, 0, "x", g.x);
    g.out = make_output(m, "y", y);
    int64_t blocks = blocks_of(g.x.width), pixels = g.x.width / blocks;
    if (blocks == 1) {
        make_finish(m, pool_pixels(m, &g, ix_int(L, 0), pixels, NULL, NULL));
        return NULL;
    }
    Buffer *sum = make_scratch(m, "sum", 2, blocks, g.x.channels);
    Var *t = loop_var(L, "t");
    Expr *block = ix_var(L, t);
    Stmt *each = pool_pixels(m, &g, ix_mul(L, block, pixels), pixels, sum, block);
    Stmt *nests[] = { st_for(L, t, ix_int(L, 0), ix_int(L, blocks), each),
                      pool_blocks(m, &g, sum, blocks) };
    make_finish(m, st_block(L, 2, nests));
    return NULL;
}

/* --- group normalisation ---------------------------------------------------------------------- */

/* Wu, He, 2018: y = (x - mean) / sqrt(var + eps) * w + b, mean and (biased) variance over the
 * pixels and channels of a group. */
typedef struct GroupNorm {
    FeatureMap x;
    int64_t groups, size; /* channels of a group */
    double eps;
    Buffer *in, *out, *w, *b;
    Buffer *sum, *mean, *scale; /* scratch, [channels] */
    Var *c, *p, *g, *j;
} GroupNorm;

static Expr *at_channel(Arena *L, Buffer *b, Expr *c)
{
    return val_load(L, b, 1, &c);
}

static Expr *input_pixel(Arena *L, const GroupNorm *n)
{
    return val_load(L, n->in, 3, (Expr *[]){ ix_int(L, 0), ix_var(L, n->p), ix_var(L, n->c) });
}

/* for c: sum[c] = sum over pixels of value */
static Stmt *sum_channels(Make *m, const GroupNorm *n, Expr *value)
{
    Arena *L = m->L;
    Body b = { .L = L };
    Expr *c = ix_var(L, n->c);
    Buffer *part = new_parts(&b);
    Var *j = partial_reduction(&b, VOP_ADD, 0.0, n->x.width, n->p, value, part);
    append(&b, st_store(L, n->sum, 1, &c, first_part(L, part)));
    Stmt *nest = st_for(L, n->c, ix_int(L, 0), ix_int(L, n->x.channels), body_block(&b));
    return tile_parts(m, nest, n->c, n->x.channels, j);
}

/* for g: acc = sum of sum[c] of the group; then `each` for each of its channels, with acc divided
 * by the number of values. */
static Stmt *over_groups(Make *m, const GroupNorm *n, Buffer *acc, Expr *channel, Body *prepare,
                         Stmt *each)
{
    Arena *L = m->L;
    Expr *zero = ix_int(L, 0), *size = ix_int(L, n->size), *total = val_load(L, acc, 0, NULL);
    Body b = { .L = L };
    append(&b, st_local(L, acc));
    append(&b, st_store(L, acc, 0, NULL, real(&b, 0.0)));
    Stmt *s = st_store(L, acc, 0, NULL, add(&b, total, at_channel(L, n->sum, channel)));
    append(&b, st_for(L, n->j, zero, size, s));
    Expr *count = real(&b, (double)(n->size * n->x.width));
    append(&b, st_store(L, acc, 0, NULL, quotient(&b, total, count)));
    for (int i = 0; i < prepare->items.count; i++)
        append(&b, prepare->items.at[i]);
    append(&b, st_for(L, n->j, zero, size, each));
    return st_for(L, n->g, zero, ix_int(L, n->groups), body_block(&b));
}

static Expr *group_channel(Arena *L, const GroupNorm *n)
{
    return ix_add(L, ix_mul(L, ix_var(L, n->g), n->size), ix_var(L, n->j));
}

static Stmt *group_means(Make *m, const GroupNorm *n)
{
    Arena *L = m->L;
    Body none = { .L = L };
    Buffer *acc = loop_scalar(L, "acc");
    Expr *c = group_channel(L, n);
    return over_groups(m, n, acc, c, &none, st_store(L, n->mean, 1, &c, val_load(L, acc, 0, NULL)));
}

static Expr *packed(Arena *L, Buffer *b, Expr *c)
{
    return val_load(L, b, 3,
                    (Expr *[]){ ix_int(L, 0), ix_div(L, c, PACK_LANES), ix_mod(L, c, PACK_LANES) });
}

static Stmt *group_scales(Make *m, const GroupNorm *n)
{
    Arena *L = m->L;
    Body prepare = { .L = L };
    Buffer *acc = loop_scalar(L, "acc");
    Expr *c = group_channel(L, n), *var = val_load(L, acc, 0, NULL);
    Expr *root = val_op1(L, VOP_SQRT, add(&prepare, var, real(&prepare, n->eps)));
    Expr *inverse = let(&prepare, "inverse", quotient(&prepare, real(&prepare, 1.0), root));
    Expr *scale = mul(&prepare, packed(L, n->w, c), inverse);
    return over_groups(m, n, acc, c, &prepare, st_store(L, n->scale, 1, &c, scale));
}

static Stmt *apply_group_norm(Make *m, const GroupNorm *n)
{
    Arena *L = m->L;
    Body b = { .L = L };
    Expr *zero = ix_int(L, 0), *c = ix_var(L, n->c);
    Expr *centred = sub(&b, input_pixel(L, n), at_channel(L, n->mean, c));
    Expr *y = val_fma(L, centred, at_channel(L, n->scale, c), packed(L, n->b, c));
    Stmt *s = epilogue(m, n->out, NULL, zero, ix_var(L, n->p), c, y);
    s = st_for(L, n->c, zero, ix_int(L, n->x.channels), s);
    s = st_for(L, n->p, zero, ix_int(L, n->x.width), s);
    return tile_channels(m, s, n->c, n->x.channels);
}

const char *make_group_norm(Make *m)
{
    Arena *L = m->L;
    const Attr *a = &m->n->attr;
    FeatureMap x = as_pixels(map_of(m->n->input[0])), y = as_pixels(map_of(m->n));
    if (m->n->has_residual)
        return "group_norm with a fused residual";
    GroupNorm n = { .x = x, .groups = a->groups, .size = x.channels / a->groups, .eps = a->eps };
    text_printf(&m->name, "group_norm%lld_eps%g", (long long)a->groups, a->eps);
    text_printf(&m->summary, "group_norm of %lld groups", (long long)a->groups);
    name_map(m, x);
    name_map(m, y);
    name_epilogue(m);
    n.in = make_input(m, 0, "x", x);
    const Param *w = m->n->param[PARAM_WEIGHT], *b = m->n->param[PARAM_BIAS];
    n.w = make_const(m, "w", pack_vector(L, w->name, w->data, x.channels, 1));
    n.b = make_const(m, "b", pack_vector(L, b->name, b->data, x.channels, 1));
    n.out = make_output(m, "y", y);
    n.sum = make_scratch(m, "sum", 1, x.channels);
    n.mean = make_scratch(m, "mean", 1, x.channels);
    n.scale = make_scratch(m, "scale", 1, x.channels);
    n.c = loop_var(L, "c");
    n.p = loop_var(L, "p");
    n.g = loop_var(L, "g");
    n.j = loop_var(L, "j");
    Body body = { .L = L };
    Expr *centred = sub(&body, input_pixel(L, &n), at_channel(L, n.mean, ix_var(L, n.c)));
    append(&body, sum_channels(m, &n, input_pixel(L, &n)));
    append(&body, group_means(m, &n));
    append(&body, sum_channels(m, &n, mul(&body, centred, centred)));
    append(&body, group_scales(m, &n));
    append(&body, apply_group_norm(m, &n));
    make_finish(m, body_block(&body));
    return NULL;
}
