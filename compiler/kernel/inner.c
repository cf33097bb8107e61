/* The inner product with half the products (Winograd, 1968) for 1x1 convolutions and dense
 * layers of many rows. Of two inputs x0, x1 and their weights w0, w1
 *   (x0 + w1) (x1 + w0) = x0 w0 + x1 w1 + x0 x1 + w0 w1
 * is one product for two; the last two terms, summed over all pairs, belong to a pixel or to an
 * output alone. Processors that add beside multiplying take less time for it, most where the two
 * are even: so one channel of three is multiplied directly. A chunk of 48 channels gives, i < 8,
 *   (x[i] + w[8+i]) (x[8+i] + w[i])         + x[16+i] w[16+i]
 *   (x[24+i] - w[32+i]) (w[24+i] - x[32+i]) + x[40+i] w[40+i]
 * The second line leaves the terms of pixel and output with the other sign: their sums stay small.
 * One of 24, one of 12 and at most 11 channels multiplied directly follow the last.
 *
 * The error is that of sums whose terms are as large as x and as w. An output's weights are scaled
 * by a power of two to half the size that the inputs are thought to have (estimate_magnitude.c).
 * Weights as large as the inputs err 1.0 to 1.4 times as much as the direct sum, half as large 1.3
 * to 1.5, four times too small or too large at most 3.6 times (rms, K = 24 .. 2048, inputs normal,
 * rectified or positive).
 *
 * Weights that squeeze-excite's factors multiply (scale.c) are known only when the network runs:
 * then the function begins with them, and with the output's terms, in sums of two floats. */
#include "compiler/graph/view.h"
#include "compiler/kernel/common.h"

enum { PARTS = 8, FEWEST_CHANNELS = 12, FEWEST_PIXELS = 20, SHORTEST_BATCH = 64 };

typedef struct Inner {
    FeatureMap x, y;
    int64_t rows, batches; /* pixels of a batch */
    bool by_rows;          /* batches are the rows of the map: a part, or strided */
    int64_t stride[2];
    InnerBlock block[PACK_INNER_BLOCKS];
    int64_t paired; /* channels in them */
    int64_t parts;  /* of the sum that belongs to a pixel: the longest part of a block */
    bool is_late;   /* the activation, which then goes over the batch's outputs */
    Buffer *a, *w, *b, *r, *c, *xi;
    Buffer *stored, *factor, *first; /* weights are products: of these; [FIRST and LOW] of a sum */
    Var *batch, *p, *o, *chunk, *k;
} Inner;

static bool is_matrix_product(const Node *n)
{
    const Attr *a = &n->attr;
    if (n->op == OP_DENSE)
        return !view_is_permuted(n->input[0]);
    return n->op == OP_CONV2D && a->groups == 1 && a->kernel[0] * a->kernel[1] == 1 &&
           a->pad[0] + a->pad[1] + a->pad[2] + a->pad[3] == 0;
}

bool inner_applies(const Target *target, const Node *n)
{
    if (target && (target->strict || target->inner_step <= 0))
        return false;
    return is_matrix_product(n) && node_height(n) * node_width(n) >= FEWEST_PIXELS &&
           node_channels(n->input[0]) >= FEWEST_CHANNELS;
}

static Expr *pixel(Arena *L, const Inner *t)
{
    return ix_add(L, ix_mul(L, ix_var(L, t->batch), t->rows), ix_var(L, t->p));
}

/* Where a channel of the pixel lies in a map. */
static void place(Arena *L, const Inner *t, Expr *channel, Expr *at[3])
{
    at[0] = t->by_rows ? ix_var(L, t->batch) : ix_int(L, 0);
    at[1] = t->by_rows ? ix_var(L, t->p) : pixel(L, t);
    at[2] = channel;
}

static Expr *input(Arena *L, const Inner *t, Expr *channel)
{
    Expr *at[3];
    place(L, t, channel, at);
    for (int axis = 0; axis < 2; axis++)
        at[axis] = ix_mul(L, at[axis], t->stride[axis]);
    return val_load(L, t->a, 3, at);
}

/* What belongs to the pixel is kept for a batch, or for all rows. */
static Expr *place_of_terms(Arena *L, const Inner *t)
{
    return t->by_rows ? pixel(L, t) : ix_var(L, t->p);
}

/* The first channel of the chunk, which is also the sum's step. */
static Expr *chunk_begin(Arena *L, const Inner *t, const InnerBlock *block)
{
    return ix_add(L, ix_mul(L, ix_var(L, t->chunk), 6 * block->part), ix_int(L, block->first));
}

static Stmt *over_chunks(Arena *L, const Inner *t, const InnerBlock *block, Stmt *body)
{
    return st_for(L, t->chunk, ix_int(L, 0), ix_int(L, block->count), body);
}

static Stmt *over_batches(Arena *L, const Inner *t, Stmt *body)
{
    return st_for(L, t->batch, ix_int(L, 0), ix_int(L, t->batches), body);
}

/* --- what belongs to a pixel ------------------------------------------------------------------ */

/* sum[i] += x[part][i] x[part + 1][i] of a chunk */
static Stmt *multiply_inputs(Arena *L, const Inner *t, const InnerBlock *block, Buffer *sum,
                             int part)
{
    Expr *i = ix_var(L, t->k), *at[] = { i };
    Expr *c = ix_add(L, chunk_begin(L, t, block), ix_add(L, i, ix_int(L, part * block->part)));
    Expr *next = ix_add(L, c, ix_int(L, block->part));
    Expr *product = val_fma(L, input(L, t, c), input(L, t, next), val_load(L, sum, 1, at));
    return st_for(L, t->k, ix_int(L, 0), ix_int(L, block->part), st_store(L, sum, 1, at, product));
}

static Stmt *each(Arena *L, const Inner *t, Buffer *to, Expr *value)
{
    Stmt *s = st_store(L, to, 1, (Expr *[]){ ix_var(L, t->k) }, value);
    return st_for(L, t->k, ix_int(L, 0), ix_int(L, t->parts), s);
}

/* The parts, pairwise. */
static Expr *total(Body *b, Buffer *part, int64_t first, int64_t step)
{
    if (step == part->extent[0])
        return val_load(b->L, part, 1, (Expr *[]){ ix_int(b->L, first) });
    return add(b, total(b, part, first, 2 * step), total(b, part, first + step, 2 * step));
}

static Stmt *pixel_terms(Make *m, const Inner *t)
{
    Arena *L = m->L;
    Expr *zero = ix_int(L, 0), *at[] = { ix_var(L, t->k) };
    Buffer *plus = loop_buffer(L, "plus", BUFFER_LOCAL, 1, t->parts);
    Buffer *minus = loop_buffer(L, "minus", BUFFER_LOCAL, 1, t->parts);
    Buffer *part = loop_buffer(L, "part", BUFFER_LOCAL, 1, t->parts);
    Body b = { .L = L };
    part->in_memory = true;
    append(&b, st_local(L, plus));
    append(&b, st_local(L, minus));
    append(&b, st_local(L, part));
    append(&b, each(L, t, plus, val_real(L, 0.0)));
    append(&b, each(L, t, minus, val_real(L, 0.0)));
    for (const InnerBlock *i = t->block; i < t->block + PACK_INNER_BLOCKS; i++) {
        Stmt *both[] = { multiply_inputs(L, t, i, plus, 0), multiply_inputs(L, t, i, minus, 3) };
        append(&b, over_chunks(L, t, i, st_block(L, 2, both)));
    }
    append(&b, each(L, t, part, sub(&b, val_load(L, plus, 1, at), val_load(L, minus, 1, at))));
    Expr *place = place_of_terms(L, t);
    append(&b, st_store(L, t->xi, 1, &place, total(&b, part, 0, 1)));
    Stmt *s = st_for(L, t->p, zero, ix_int(L, t->rows), body_block(&b));
    if (t->parts < PARTS)
        return loop_mark(L, s, t->k, LOOP_UNROLL);
    return m->env->tile.lanes ? tile_lanes(m, s, t->k) : s;
}

/* --- products --------------------------------------------------------------------------------- */

static void place_of_output(Arena *L, const Inner *t, Expr *at[3], int axis, Expr *index)
{
    Expr *o = ix_var(L, t->o);
    at[!axis] = ix_div(L, o, PACK_LANES);
    at[axis] = index;
    at[2] = ix_mod(L, o, PACK_LANES);
}

/* A constant of the output. */
static Expr *constant(Arena *L, const Inner *t, int row)
{
    Expr *at[3];
    place_of_output(L, t, at, 0, ix_int(L, row));
    bool is_sum = row == PACK_INNER_FIRST || row == PACK_INNER_LOW;
    return val_load(L, t->first && is_sum ? t->first : t->b, 3, at);
}

/* The weight of the reduction's step. */
static Expr *weight(Arena *L, const Inner *t, Expr *step)
{
    Expr *at[3];
    place_of_output(L, t, at, 1, step);
    return val_load(L, t->w, 3, at);
}

static void accumulate(Arena *L, Body *b, Buffer *acc, Expr *x, Expr *w)
{
    append(b, st_store(L, acc, 0, NULL, val_fma(L, x, w, val_load(L, acc, 0, NULL))));
}

static Stmt *multiply_chunks(Arena *L, const Inner *t, const InnerBlock *block, Buffer *acc)
{
    Body b = { .L = L };
    Expr *first = chunk_begin(L, t, block), *k = ix_var(L, t->k), *x[6], *w[6];
    for (int i = 0; i < 6; i++) {
        x[i] = input(L, t, ix_add(L, first, ix_add(L, k, ix_int(L, i * block->part))));
        w[i] = weight(L, t, ix_add(L, first, ix_add(L, ix_mul(L, k, 6), ix_int(L, i))));
    }
    accumulate(L, &b, acc, add(&b, x[0], w[1]), add(&b, x[1], w[0]));
    accumulate(L, &b, acc, x[2], w[2]);
    accumulate(L, &b, acc, add(&b, x[3], w[4]), sub(&b, w[3], x[4]));
    accumulate(L, &b, acc, x[5], w[5]);
    Stmt *s = st_for(L, t->k, ix_int(L, 0), ix_int(L, block->part), body_block(&b));
    return over_chunks(L, t, block, s);
}

static Stmt *rest(Arena *L, const Inner *t, Buffer *acc)
{
    Body b = { .L = L };
    Expr *k = ix_var(L, t->k);
    accumulate(L, &b, acc, input(L, t, k), weight(L, t, k));
    return st_for(L, t->k, ix_int(L, t->paired), ix_int(L, t->x.channels), body_block(&b));
}

/* What belongs to one output: activation(value + residual), or only their sum where the activation
 * comes later. */
static Stmt *store_output(Make *m, const Inner *t, Expr *value)
{
    Arena *L = m->L;
    Expr *at[3];
    place(L, t, ix_var(L, t->o), at);
    if (!t->is_late)
        return epilogue(m, t->c, t->r, at[0], at[1], at[2], value);
    Body b = { .L = L };
    if (t->r)
        value = add(&b, value, val_load(L, t->r, 3, at));
    return st_store(L, t->c, 3, at, value);
}

/* An exponential in the register tile would wait for the sums, and the next tile for it. So it goes
 * over the batch's outputs; a part's over those that its loops over rows and channels have. */
static Stmt *activate(Make *m, const Inner *t)
{
    Arena *L = m->L;
    Inner late = *t;
    Body b = body_for(m);
    Expr *at[3];
    late.p = loop_var(L, "p");
    place(L, &late, ix_var(L, t->o), at);
    append(&b, st_store(L, t->c, 3, at, make_activation(m, &b, val_load(L, t->c, 3, at))));
    Stmt *s = body_group(&b);
    if (!t->by_rows)
        s = st_for(L, t->o, ix_int(L, 0), ix_int(L, t->y.channels), s);
    s = st_for(L, late.p, ix_int(L, 0), ix_int(L, t->rows), s);
    return t->by_rows ? s : tile_channels(m, s, t->o, t->y.channels);
}

/* --- weights that are products ---------------------------------------------------------------- */

/* What pack_inner() sums in double: sum[FIRST] + sum[LOW] -= u v, with what rounding takes from
 * product and sum (Dekker, 1971; Knuth, TAOCP 2, 4.2.2). */
static void subtract_product(Body *b, Buffer *const sum[2], Expr *u, Expr *v)
{
    Arena *L = b->L;
    Expr *high = val_load(L, sum[0], 0, NULL), *low = val_load(L, sum[1], 0, NULL);
    Expr *zero = real(b, 0.0), *minus = let(b, "uv", mul(b, sub(b, zero, u), v));
    Expr *lost = let(b, "lost", val_fma(L, u, v, minus));
    Expr *total = let(b, "total", add(b, high, minus));
    Expr *added = let(b, "added", sub(b, total, high));
    Expr *rounded = add(b, sub(b, high, sub(b, total, added)), sub(b, minus, added));
    append(b, st_store(L, sum[1], 0, NULL, add(b, low, sub(b, rounded, lost))));
    append(b, st_store(L, sum[0], 0, NULL, total));
}

static Expr *scale_step(Body *b, const Inner *t, Expr *step, Expr *channel)
{
    Expr *at[3];
    place_of_output(b->L, t, at, 1, step);
    Expr *w = scale_weight(b, val_load(b->L, t->stored, 3, at), t->factor, channel);
    w = let(b, "w", w);
    append(b, st_store(b->L, t->w, 3, at, w));
    return w;
}

static Stmt *scale_chunks(Arena *L, const Inner *t, const InnerBlock *block, Buffer *const sum[2])
{
    Body b = { .L = L };
    Expr *first = chunk_begin(L, t, block), *k = ix_var(L, t->k), *w[6];
    for (int i = 0; i < 6; i++) {
        Expr *step = ix_add(L, first, ix_add(L, ix_mul(L, k, 6), ix_int(L, i)));
        w[i] = scale_step(&b, t, step, ix_add(L, first, ix_add(L, k, ix_int(L, i * block->part))));
    }
    subtract_product(&b, sum, w[0], w[1]);
    subtract_product(&b, sum, w[3], w[4]);
    Stmt *s = st_for(L, t->k, ix_int(L, 0), ix_int(L, block->part), body_block(&b));
    return over_chunks(L, t, block, s);
}

static Stmt *scale_weights(Make *m, const Inner *t)
{
    Arena *L = m->L;
    Body b = { .L = L }, last = { .L = L };
    Buffer *sum[] = { loop_scalar(L, "high"), loop_scalar(L, "low") };
    for (int i = 0; i < 2; i++) {
        append(&b, st_local(L, sum[i]));
        append(&b, st_store(L, sum[i], 0, NULL, real(&b, 0.0)));
    }
    for (const InnerBlock *i = t->block; i < t->block + PACK_INNER_BLOCKS; i++)
        append(&b, scale_chunks(L, t, i, sum));
    scale_step(&last, t, ix_var(L, t->k), ix_var(L, t->k));
    append(&b, st_for(L, t->k, ix_int(L, t->paired), ix_int(L, t->x.channels), body_block(&last)));
    for (int i = 0; i < 2; i++) {
        Expr *at[3];
        place_of_output(L, t, at, 0, ix_int(L, i));
        append(&b, st_store(L, t->first, 3, at, val_load(L, sum[i], 0, NULL)));
    }
    int64_t outputs = t->w->extent[0] * PACK_LANES;
    Stmt *s = st_for(L, t->o, ix_int(L, 0), ix_int(L, outputs), body_block(&b));
    return tile_channels(m, s, t->o, outputs);
}

/* --- outputs ---------------------------------------------------------------------------------- */

static Stmt *products(Make *m, const Inner *t)
{
    Arena *L = m->L;
    Buffer *acc = loop_scalar(L, "acc");
    Body b = { .L = L };
    Expr *o = ix_var(L, t->o);
    Expr *value = val_fma(L, val_load(L, acc, 0, NULL), constant(L, t, PACK_INNER_SCALE),
                          constant(L, t, PACK_INNER_BIAS));
    Expr *of_pixel = place_of_terms(L, t), *xi = val_load(L, t->xi, 1, &of_pixel);
    append(&b, st_local(L, acc));
    Expr *low = sub(&b, constant(L, t, PACK_INNER_LOW), xi);
    append(&b, st_store(L, acc, 0, NULL, add(&b, constant(L, t, PACK_INNER_FIRST), low)));
    for (const InnerBlock *i = t->block; i < t->block + PACK_INNER_BLOCKS; i++)
        append(&b, multiply_chunks(L, t, i, acc));
    append(&b, rest(L, t, acc));
    append(&b, st_if(L, ix_lt(L, o, ix_int(L, t->y.channels)), store_output(m, t, value)));
    Stmt *s = st_for(L, t->p, ix_int(L, 0), ix_int(L, t->rows), body_block(&b));
    if (t->by_rows && t->is_late)
        s = st_block(L, 2, (Stmt *[]){ s, activate(m, t) });
    if (t->by_rows)
        s = over_batches(L, t, s);
    s = st_for(L, t->o, ix_int(L, 0), ix_int(L, t->y.channels), s);
    TileLoops loops = { .o = t->o,
                        .oy = t->by_rows ? t->batch : NULL,
                        .ox = t->p,
                        .channels = t->y.channels,
                        .columns = t->rows,
                        .padded = true,
                        .step = 1,
                        .reach = 1,
                        .width = t->rows };
    s = make_slices(m, s, t->o, &loops.channels);
    return tile_nest(m, s, &loops);
}

/* --- the function ----------------------------------------------------------------------------- */

/* So that inputs stay in the second-level cache; one where threads would meet in each. */
static int64_t batches_of(const Make *m, const FeatureMap *x)
{
    const Target *target = m->env->target;
    if (!target || m->env->share != SHARE_NONE)
        return 1;
    return map_batches(target, x->width, SHORTEST_BATCH, x->channels);
}

static void declare(Make *m, Inner *t)
{
    Arena *L = m->L;
    const Node *n = m->n;
    InnerArrays packs = pack_inner(L, n->path, n->param[PARAM_WEIGHT], n->param[PARAM_BIAS],
                                   make_source_magnitude(m), make_weight_factor(m));
    t->a = make_source_input(m, t->x);
    t->r = make_residual(m, t->y);
    t->w = make_const(m, "w", packs.weight);
    t->b = make_const(m, "b", packs.rows);
    t->c = make_output(m, "y", t->y);
    t->xi = make_scratch(m, "xi", 1, t->by_rows ? t->rows * t->batches : t->rows);
    if (!m->env->product)
        return;
    const int64_t *e = t->w->extent;
    t->stored = t->w;
    t->factor = make_factor(m);
    t->w = make_scratch(m, "ws", 3, e[0], e[1], e[2]);
    t->first = make_scratch(m, "first", 3, (int64_t)2, e[0], e[2]);
}

static Inner inner_of(Make *m)
{
    Arena *L = m->L;
    const int64_t *stride = m->n->attr.stride;
    Inner t = { .x = map_of(make_source(m)),
                .y = map_of(m->n),
                .by_rows = m->part || stride[0] * stride[1] > 1,
                .stride = { stride[0], stride[1] },
                .p = loop_var(L, "p"),
                .o = loop_var(L, "o"),
                .chunk = loop_var(L, "c"),
                .k = loop_var(L, "k") };
    t.batch = loop_var(L, t.by_rows ? "oy" : "tb");
    if (t.by_rows) {
        t.batches = t.y.height;
    } else {
        int64_t pictures = m->has_pictures && m->env->pictures > 1 ? m->env->pictures : 1;
        t.x = map_one_row(t.x, pictures);
        t.y = map_one_row(t.y, pictures);
        t.batches = batches_of(m, &t.x);
    }
    t.rows = t.by_rows ? t.y.width : t.y.width / t.batches;
    t.paired = pack_inner_blocks(t.x.channels, t.block);
    const InnerBlock *longest = t.block;
    while (!longest->count)
        longest++;
    t.parts = longest->part;
    t.is_late = activation_has_exp(m->n->activation);
    return t;
}

static const char *make_by_rows(Make *m, const Inner *t)
{
    Stmt *terms = over_batches(m->L, t, pixel_terms(m, t)), *nest = products(m, t);
    if (m->part) {
        m->part->before = loop_simplify(m->L, terms);
        make_finish_rows(m, nest, t->batch);
        return NULL;
    }
    m->k->function->in_order = true;
    make_finish(m, st_block(m->L, 2, (Stmt *[]){ terms, nest }));
    return NULL;
}

/* Threads meet between the items of the outermost list. */
static Stmt *whole_nest(Make *m, const Inner *t)
{
    Stmt *parts[] = { pixel_terms(m, t), products(m, t), t->is_late ? activate(m, t) : NULL };
    int count = t->is_late ? 3 : 2;
    Body b = { .L = m->L };
    if (m->env->product)
        append(&b, scale_weights(m, t));
    for (int i = 0; t->batches == 1 && i < count; i++)
        append(&b, over_batches(m->L, t, parts[i]));
    if (t->batches > 1) {
        Stmt *nest = over_batches(m->L, t, st_block(m->L, count, parts));
        nest->mark = LOOP_SEQUENTIAL;
        append(&b, nest);
    }
    return body_group(&b);
}

const char *make_inner(Make *m)
{
    Inner t = inner_of(m);
    text_puts(&m->name, m->env->product ? "mul_inner" : "inner");
    if (t.stride[0] * t.stride[1] > 1)
        text_printf(&m->name, "_s%lldx%lld", (long long)t.stride[0], (long long)t.stride[1]);
    name_map(m, t.x);
    name_map(m, t.y);
    name_epilogue(m);
    text_puts(&m->summary, m->env->product ? "mul, " : "");
    if (m->n->op == OP_CONV2D)
        text_printf(&m->summary, "conv2d 1x1 stride %lld pad 0", (long long)t.stride[0]);
    else
        text_puts(&m->summary, "dense");
    text_puts(&m->summary, " by Winograd's inner product");
    declare(m, &t);
    if (t.by_rows)
        return make_by_rows(m, &t);
    m->k->function->in_order = true;
    make_finish(m, whole_nest(m, &t));
    return NULL;
}
