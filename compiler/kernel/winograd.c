/* Winograd's minimal filtering F(m x m, 3 x 3) (Winograd, 1980; Lavin, Gray, 2016) for convolutions
 * of stride 1:
 *   Y = A' [ sum over c of (G g G') . (B' d B) ] A
 * for tiles d of n x n input pixels, n = m + 2, and m x m outputs; . is the element-wise product.
 * G g G' is computed at compile time. Per batch of tile rows there are three nests: the input
 * transform into v, for each of the n * n points a matrix product of v and u into p, the output
 * transform of p with bias, residual and activation. Channels are lanes throughout. */
#include "compiler/kernel/common.h"

#include "compiler/base/diag.h"

#include <math.h>

enum { WINOGRAD_MAX = 6 };

typedef struct WinogradForm {
    int m, n;
    double bt[WINOGRAD_MAX][WINOGRAD_MAX], at[4][WINOGRAD_MAX];
} WinogradForm;

/* Points 0, 1, -1, infinity; and 0, 1, -1, 2, -2, infinity. G is in pack.c. */
static const WinogradForm forms[] = {
    { .m = 2,
      .n = 4,
      .bt = { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, 1, 0, -1 } },
      .at = { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } } },
    { .m = 4,
      .n = 6,
      .bt = { { 4, 0, -5, 0, 1, 0 },
              { 0, -4, -4, 1, 1, 0 },
              { 0, 4, -4, -1, 1, 0 },
              { 0, -2, -1, 2, 1, 0 },
              { 0, 2, -1, -2, 1, 0 },
              { 0, 4, 0, -5, 0, 1 } },
      .at = { { 1, 1, 1, 1, 1, 0 },
              { 0, 1, -1, 2, -2, 0 },
              { 0, 1, 1, 4, 4, 0 },
              { 0, 1, -1, 8, -8, 1 } } },
};

typedef struct Winograd {
    const WinogradForm *form;
    FeatureMap x, y;
    int64_t pad_top, pad_left;
    int64_t rows, columns, batch; /* of tiles; tile rows of one batch */
    int64_t pictures;             /* of one batch, which then are whole */
    Buffer *in, *r, *u, *b, *out, *v, *p;
    Var *group, *picture, *batch_row, *ty, *tx, *c, *o;
} Winograd;

/* sum of row[i] * x[i], without the zeros */
static Expr *combine(Body *b, const double *row, int count, Expr *const *x)
{
    Expr *sum = NULL;
    for (int pass = 0; pass < 2;
         pass++) /* begins with a term that needs no product, if there is one */
        for (int i = 0; i < count; i++) {
            if (row[i] == 0 || (row[i] == 1) != (pass == 0))
                continue;
            if (row[i] == 1)
                sum = sum ? add(b, sum, x[i]) : x[i];
            else if (row[i] == -1 && sum)
                sum = sub(b, sum, x[i]);
            else
                sum = sum ? val_fma(b->L, real(b, row[i]), x[i], sum)
                          : mul(b, real(b, row[i]), x[i]);
        }
    return sum;
}

/* First pixel of a tile along an axis: m * (batch * rows + t) - pad */
static Expr *tile_row(Arena *L, const Winograd *w)
{
    Expr *ty = ix_add(L, ix_mul(L, ix_var(L, w->batch_row), w->batch), ix_var(L, w->ty));
    return ix_mul(L, ty, w->form->m);
}

static Expr *tile_column(Arena *L, const Winograd *w)
{
    return ix_mul(L, ix_var(L, w->tx), w->form->m);
}

static Expr *tile_index(Arena *L, const Winograd *w)
{
    Expr *row = ix_add(L, ix_mul(L, ix_var(L, w->picture), w->batch), ix_var(L, w->ty));
    return ix_add(L, ix_mul(L, row, w->columns), ix_var(L, w->tx));
}

static Expr *pair(Arena *L, Buffer *b, Expr *i, Expr *j)
{
    return val_load(L, b, 2, (Expr *[]){ i, j });
}

/* t[k][j] = sum over i of matrix[k][i] * column i of value(i, j), for one j, which is a loop
 * variable. */
static Stmt *transform_column(Arena *L, Expr *const *value, const double (*matrix)[WINOGRAD_MAX],
                              int rows, int count, Buffer *t, Expr *j)
{
    Body b = { .L = L };
    Expr *x[WINOGRAD_MAX] = { 0 };
    for (int i = 0; i < count; i++)
        x[i] = let(&b, arena_printf(L, "d%d", i), value[i]);
    for (int k = 0; k < rows; k++)
        append(&b,
               st_store(L, t, 2, (Expr *[]){ ix_int(L, k), j }, combine(&b, matrix[k], count, x)));
    return body_block(&b);
}

static Stmt *over_tiles(Arena *L, const Winograd *w, Stmt *s)
{
    s = st_for(L, w->tx, ix_int(L, 0), ix_int(L, w->columns), s);
    s = st_for(L, w->ty, ix_int(L, 0), ix_int(L, w->batch), s);
    return st_for(L, w->picture, ix_int(L, 0), ix_int(L, w->pictures), s);
}

/* v[k * n + q][tile][c] = (B' d B)[k][q] */
static Stmt *input_transform(Make *m, const Winograd *w)
{
    Arena *L = m->L;
    int n = w->form->n;
    Var *j = loop_var(L, "j"), *k = loop_var(L, "k");
    Expr *jx = ix_var(L, j), *kx = ix_var(L, k), *c = ix_var(L, w->c), *pixel[WINOGRAD_MAX] = { 0 };
    Buffer *t = loop_buffer(L, "t", BUFFER_LOCAL, 2, (int64_t)n, (int64_t)n);
    Expr *ix = ix_sub(L, ix_add(L, tile_column(L, w), jx), ix_int(L, w->pad_left));
    for (int i = 0; i < n; i++) {
        Expr *iy = ix_add(L, tile_row(L, w), ix_int(L, i - w->pad_top));
        Expr *here = ix_and(L, inside(L, iy, w->x.height), inside(L, ix, w->x.width));
        Expr *x = val_load(L, w->in, 3, (Expr *[]){ iy, ix, c });
        pixel[i] = val_if(L, here, x, val_real(L, 0.0));
    }
    Body b = { .L = L }, row = { .L = L };
    append(&b, st_local(L, t));
    append(&b, st_for(L, j, ix_int(L, 0), ix_int(L, n),
                      transform_column(L, pixel, w->form->bt, n, n, t, jx)));
    Expr *e[WINOGRAD_MAX] = { 0 };
    for (int i = 0; i < n; i++)
        e[i] = let(&row, arena_printf(L, "e%d", i), pair(L, t, kx, ix_int(L, i)));
    for (int q = 0; q < n; q++) {
        Expr *point = ix_add(L, ix_mul(L, kx, n), ix_int(L, q));
        append(&row, st_store(L, w->v, 3, (Expr *[]){ point, tile_index(L, w), c },
                              combine(&row, w->form->bt[q], n, e)));
    }
    append(&b, st_for(L, k, ix_int(L, 0), ix_int(L, n), body_block(&row)));
    Stmt *s = st_for(L, w->c, ix_int(L, 0), ix_int(L, w->x.channels), body_block(&b));
    s = tile_channels(m, over_tiles(L, w, s), w->c, w->x.channels);
    return loop_mark(L, loop_mark(L, s, j, LOOP_UNROLL), k, LOOP_UNROLL);
}

/* p[f][tile][o] = sum over c of v[f][tile][c] * u[f][o][c] */
static Stmt *products(Make *m, const Winograd *w)
{
    Arena *L = m->L;
    Var *f = loop_var(L, "f"), *o = loop_var(L, "o"), *t = loop_var(L, "tile");
    Expr *zero = ix_int(L, 0), *fx = ix_var(L, f), *ox = ix_var(L, o), *c = ix_var(L, w->c);
    Buffer *acc = loop_scalar(L, "acc");
    Expr *sum = val_load(L, acc, 0, NULL);
    Expr *x = val_load(L, w->v, 3, (Expr *[]){ fx, ix_var(L, t), c });
    Expr *u = val_load(L, w->u, 4,
                       (Expr *[]){ fx, ix_div(L, ox, PACK_LANES), c, ix_mod(L, ox, PACK_LANES) });
    Body b = { .L = L };
    append(&b, st_local(L, acc));
    append(&b, st_store(L, acc, 0, NULL, val_real(L, 0.0)));
    append(&b, st_for(L, w->c, zero, ix_int(L, w->x.channels),
                      st_store(L, acc, 0, NULL, val_fma(L, x, u, sum))));
    append(&b, st_store(L, w->p, 3, (Expr *[]){ fx, ix_var(L, t), ox }, sum));
    int64_t tiles = w->pictures * w->batch * w->columns;
    Stmt *s = st_for(L, t, zero, ix_int(L, tiles), body_block(&b));
    s = st_for(L, o, zero, ix_int(L, w->y.channels), s);
    s = st_for(L, f, zero, ix_int(L, w->form->n * w->form->n), s);
    TileLoops loops = { .o = o,
                        .ox = t,
                        .channels = w->y.channels,
                        .columns = tiles,
                        .padded = true,
                        .step = 1,
                        .reach = 1,
                        .width = tiles };
    return tile_nest(m, s, &loops);
}

/* One row k of outputs of a tile, from s[k][0 .. n - 1]. */
static Stmt *output_row(Make *m, const Winograd *w, Buffer *s, Expr *k)
{
    Arena *L = m->L;
    Body b = { .L = L };
    Expr *e[WINOGRAD_MAX] = { 0 }, *o = ix_var(L, w->o), *oy = ix_add(L, tile_row(L, w), k);
    Expr *bias = val_load(
        L, w->b, 3, (Expr *[]){ ix_int(L, 0), ix_div(L, o, PACK_LANES), ix_mod(L, o, PACK_LANES) });
    for (int i = 0; i < w->form->n; i++)
        e[i] = let(&b, arena_printf(L, "e%d", i), pair(L, s, k, ix_int(L, i)));
    for (int q = 0; q < w->form->m; q++) {
        Expr *ox = ix_add(L, tile_column(L, w), ix_int(L, q));
        Expr *y = add(&b, combine(&b, w->form->at[q], w->form->n, e), bias);
        append(&b, st_if(L, ix_lt(L, ox, ix_int(L, w->y.width)),
                         epilogue(m, w->out, w->r, oy, ox, o, y)));
    }
    return st_if(L, ix_lt(L, oy, ix_int(L, w->y.height)), body_block(&b));
}

static Stmt *output_transform(Make *m, const Winograd *w)
{
    Arena *L = m->L;
    int n = w->form->n, rows = w->form->m;
    Var *j = loop_var(L, "j"), *k = loop_var(L, "k");
    Expr *jx = ix_var(L, j), *value[WINOGRAD_MAX] = { 0 };
    Buffer *s = loop_buffer(L, "s", BUFFER_LOCAL, 2, (int64_t)rows, (int64_t)n);
    for (int i = 0; i < n; i++) {
        Expr *point = ix_add(L, ix_int(L, i * n), jx);
        value[i] = val_load(L, w->p, 3, (Expr *[]){ point, tile_index(L, w), ix_var(L, w->o) });
    }
    Body b = { .L = L };
    append(&b, st_local(L, s));
    append(&b, st_for(L, j, ix_int(L, 0), ix_int(L, n),
                      transform_column(L, value, w->form->at, rows, n, s, jx)));
    append(&b, st_for(L, k, ix_int(L, 0), ix_int(L, rows), output_row(m, w, s, ix_var(L, k))));
    Stmt *nest = st_for(L, w->o, ix_int(L, 0), ix_int(L, w->y.channels), body_block(&b));
    nest = tile_channels(m, over_tiles(L, w, nest), w->o, w->y.channels);
    return loop_mark(L, loop_mark(L, nest, j, LOOP_UNROLL), k, LOOP_UNROLL);
}

static int64_t div_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* What a batch of so many tiles costs, in cycles as measured: products, a tile of registers once
 * more than its pixels; weights, hidden until they come from memory; and more, the more v and p
 * take up of the second-level cache. Threads that divide pixels are two at the least, with a
 * cache each. */
static double batch_cycles(const KernelEnv *env, const Winograd *w, int64_t tiles)
{
    const Target *t = env->target;
    bool by_pixels = env->share == SHARE_PIXELS;
    double points = w->form->n * w->form->n, in = (double)w->x.channels,
           out = (double)w->y.channels;
    double cache = t ? t->l2_bytes : 1 << 20;
    double speed = t ? t->fma_per_cycle * t->tile_lanes : 1;
    int64_t registers = env->tile.pixels ? div_up(tiles, env->tile.pixels) : tiles;
    if (by_pixels && registers % 2)
        registers++;
    double products = points * in * out * ((double)tiles + 1.5 * (double)registers) / speed;
    double weights = 4 * points * in * out;
    double used = 4 * points * (double)tiles * (in + out) / cache / (by_pixels ? 2 : 1);
    return (products + weights / (weights > 4 * cache ? 20 : 64)) *
           (used > 0.25 ? 1 + 0.2 * (used - 0.25) : 1);
}

/* Tile rows of a batch, or whole pictures. */
static void choose_batch(const KernelEnv *env, Winograd *w)
{
    int64_t all = env->pictures > 1 ? env->pictures : 1;
    double best = INFINITY;
    w->pictures = 1;
    for (int64_t rows = 1; rows <= w->rows; rows++) {
        double cost = (double)(all * div_up(w->rows, rows)) *
                      batch_cycles(env, w, rows * w->columns);
        if (cost < best) {
            best = cost;
            w->batch = rows;
        }
    }
    for (int64_t k = 2; k <= all; k++) {
        double cost = (double)(all / k) * batch_cycles(env, w, k * w->rows * w->columns);
        if (all % k == 0 && cost < best) {
            best = cost;
            w->batch = w->rows;
            w->pictures = k;
        }
    }
}

static Winograd winograd_of(const KernelEnv *env, const Node *n)
{
    Winograd w = { .form = &forms[env->tile.winograd == 2 ? 0 : 1],
                   .x = map_of(n->input[0]),
                   .y = map_of(n),
                   .pad_top = n->attr.pad[0],
                   .pad_left = n->attr.pad[1] };
    w.rows = div_up(w.y.height, w.form->m);
    w.columns = div_up(w.y.width, w.form->m);
    choose_batch(env, &w);
    return w;
}

int64_t winograd_batch(const Target *target, const Node *n, Tile tile)
{
    return winograd_of(&(KernelEnv){ .target = target, .tile = tile }, n).batch;
}

bool winograd_applies(const Node *n)
{
    const Attr *a = &n->attr;
    return n->op == OP_CONV2D && a->groups == 1 && a->kernel[0] == 3 && a->kernel[1] == 3 &&
           a->stride[0] * a->stride[1] == 1 && a->dilation[0] * a->dilation[1] == 1;
}

static void declare(Make *m, Winograd *w)
{
    Arena *L = m->L;
    const Node *n = m->n;
    const Param *bias = n->param[PARAM_BIAS];
    int64_t points = w->form->n * w->form->n, tiles = w->pictures * w->batch * w->columns;
    w->in = make_input(m, 0, "x", w->x);
    if (n->has_residual)
        w->r = make_input(m, 1, "r", map_of(n->input[1]));
    w->u = make_const(m, "u", pack_winograd(L, n->param[PARAM_WEIGHT], w->form->m));
    const char *path = bias ? bias->name : arena_printf(L, "%s.bias", n->path);
    w->b = make_const(m, "b", pack_vector(L, path, bias ? bias->data : NULL, w->y.channels, 1));
    w->out = make_output(m, "y", w->y);
    w->v = make_scratch(m, "v", 3, points, tiles, w->x.channels);
    w->p = make_scratch(m, "p", 3, points, tiles, div_up(w->y.channels, PACK_LANES) * PACK_LANES);
}

const char *make_winograd(Make *m, int size)
{
    Arena *L = m->L;
    const Node *n = m->n;
    Winograd w = winograd_of(m->env, n);
    w.group = loop_var(L, "group");
    w.picture = loop_var(L, "picture");
    w.batch_row = loop_var(L, "tb");
    w.ty = loop_var(L, "ty");
    w.tx = loop_var(L, "tx");
    w.c = loop_var(L, "c");
    w.o = loop_var(L, "o");
    text_printf(&m->name, "winograd%dx%d_p%lld_%lld", size, size, (long long)w.pad_top,
                (long long)w.pad_left);
    name_map(m, w.x);
    name_map(m, w.y);
    name_epilogue(m);
    text_printf(&m->summary, "conv2d 3x3 stride 1 pad %lld by Winograd F(%dx%d, 3x3)",
                (long long)w.pad_top, size, size);
    declare(m, &w);
    int64_t groups = m->env->pictures > 1 ? m->env->pictures / w.pictures : 1;
    Stmt *nests[] = { input_transform(m, &w), products(m, &w), output_transform(m, &w) };
    Stmt *batch = st_block(L, 3, nests);
    Stmt *nest = st_for(L, w.batch_row, ix_int(L, 0), ix_int(L, div_up(w.rows, w.batch)), batch);
    nest->mark = LOOP_SEQUENTIAL;
    if (m->env->pictures > 1) {
        Expr *picture = ix_mul(L, ix_var(L, w.group), w.pictures);
        if (w.pictures > 1)
            picture = ix_add(L, picture, ix_var(L, w.picture));
        nest = make_pictures(m, nest, picture);
    }
    nest = st_for(L, w.group, ix_int(L, 0), ix_int(L, groups), nest);
    nest->mark = LOOP_SEQUENTIAL;
    make_finish(m, nest);
    return NULL;
}
