/* Winograd's minimal filtering (Winograd, 1980; Lavin, Gray, 2016) for convolutions of stride 1:
 *   Y = A' [ sum over c of (G g H') . (B' d D) ] C
 * for tiles d of input pixels; . is the element-wise product. An axis with a filter of r taps has a
 * form F(m, r), which makes m outputs of n = m + r - 1 inputs with n products, and so B, G, A for
 * rows and D, H, C for columns; an axis of one tap has F(1, 1), which changes nothing, so that
 * F(4x4, 3x3) and F(1x3, 1x7) are one kernel.
 * G g H' is computed at compile time. Per batch of tile rows there are three nests: the input
 * transform into v, for each point a matrix product of v and u into p, the output transform of p
 * with bias, residual and activation. Channels are lanes throughout. */
#include "compiler/kernel/common.h"

#include "compiler/base/diag.h"

#include <math.h>

enum { MAX_PAIRS = 4, MAX_OUTPUTS = 4, MAX_POINTS = PACK_MAX_POINTS };

/* F(m, r) follows from the points at which polynomials are multiplied (Toom, Cook): 0 where their
 * number asks for it, pairs p and -p, and infinity. The pairs chosen are those of few bits that
 * lose few digits: F(2, 7) errs twice as much as the direct sum, F(3, 7) three to four times, F(4,
 * 3) twice; for both axes that is squared, so forms of many points are for one axis `alone`. */
typedef struct Form {
    int m, taps;
    bool alone;
    double pair[MAX_PAIRS];
} Form;

static const Form forms[] = {
    { 2, 3, false, { 1 } },
    { 4, 3, false, { 1, 2 } },
    { 2, 5, false, { 1, 2 } },
    { 2, 7, true, { 1, 2, 0.5 } },
    { 3, 7, true, { 1, 2, 0.25, 0.75 } },
};

/* B', A' and G of one axis. Row i of B' is the product of x - p over all points p but the i-th,
 * lowest power first; points p, -p are side by side. */
typedef struct Axis {
    int m, pairs;
    bool has_zero;
    double bt[MAX_POINTS][MAX_POINTS], at[MAX_OUTPUTS][MAX_POINTS];
    PackTransform g;
} Axis;

/* poly *= x - p, which makes it one of that degree. */
static void multiply_root(double *poly, int degree, double p)
{
    for (int k = degree; k >= 0; k--)
        poly[k] = (k ? poly[k - 1] : 0) - p * poly[k];
}

/* Everything is exact in double. */
static void fill_point(Axis *a, const double *point, int i)
{
    int last = a->g.points - 1, degree = 0;
    a->bt[i][0] = a->g.divisor[i] = 1;
    for (int j = 0; j < last; j++)
        if (j != i) {
            multiply_root(a->bt[i], ++degree, point[j]);
            a->g.divisor[i] *= i < last ? point[i] - point[j] : 1;
        }
    for (int k = 0; k < a->m; k++)
        a->at[k][i] = i < last ? pow(point[i], k) : k == a->m - 1;
    for (int k = 0; k < a->g.taps; k++)
        a->g.row[i][k] = i < last ? pow(point[i], k) : k == a->g.taps - 1;
}

static Axis axis_of(const Form *f)
{
    int points = f->m + f->taps - 1, count = 0;
    Axis a = { .m = f->m, .pairs = (points - 1) / 2, .has_zero = points % 2 == 0 };
    a.g.taps = f->taps;
    a.g.points = points;
    double point[MAX_POINTS] = { 0 };
    count = a.has_zero;
    for (int i = 0; i < a.pairs; i++) {
        point[count++] = f->pair[i];
        point[count++] = -f->pair[i];
    }
    for (int i = 0; i < points; i++)
        fill_point(&a, point, i);
    return a;
}

/* The form of an axis, NULL where there is none. */
static const Form *find_form(const int64_t *kernel, int size, int axis)
{
    static const Form identity = { .m = 1, .taps = 1 };
    if (kernel[axis] == 1)
        return &identity;
    for (int i = 0; i < COUNT_OF(forms); i++)
        if (forms[i].m == size && forms[i].taps == kernel[axis] &&
            !(forms[i].alone && kernel[1 - axis] != 1))
            return &forms[i];
    return NULL;
}

static bool has_form(const int64_t *kernel, int size)
{
    return kernel[0] * kernel[1] != 1 && find_form(kernel, size, 0) && find_form(kernel, size, 1);
}

bool winograd_applies(const Node *n, int size)
{
    const Attr *a = &n->attr;
    return n->op == OP_CONV2D && a->groups == 1 && a->stride[0] * a->stride[1] == 1 &&
           a->dilation[0] * a->dilation[1] == 1 && has_form(a->kernel, size);
}

const char *winograd_kernels(Arena *a, int size)
{
    Text t = { .arena = a };
    int64_t k[2];
    for (k[0] = 1; k[0] <= PACK_MAX_TAPS; k[0]++)
        for (k[1] = 1; k[1] <= PACK_MAX_TAPS; k[1]++)
            if (has_form(k, size))
                text_printf(&t, "%s%lldx%lld", t.length ? ", " : "", (long long)k[0],
                            (long long)k[1]);
    return text_string(&t);
}

WinogradTile winograd_tile(const Node *n, int size)
{
    const Form *row = find_form(n->attr.kernel, size, 0),
               *column = find_form(n->attr.kernel, size, 1);
    int64_t points = (row->m + row->taps - 1) * (column->m + column->taps - 1);
    return (WinogradTile){ row->m, column->m, points };
}

typedef struct Winograd {
    Axis row, column;
    int64_t points;
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

/* y = B' x. The rows of p and -p are (x + p) R and (x - p) R with one R, whose powers are all even
 * or all odd: x R is the same in both, the other half turns its sign. */
static void transform_input(Body *b, const Axis *a, Expr *const *x, Expr **y)
{
    int n = a->g.points, i = 0;
    if (a->has_zero)
        y[i++] = combine(b, a->bt[0], n, x);
    for (; i < n - 1; i += 2) {
        double half[2][MAX_POINTS] = { 0 }, p = a->bt[i][n - 3];
        for (int k = 0; k < n; k++)
            half[(n - k) % 2][k] = (n - k) % 2 ? a->bt[i][k] / p : a->bt[i][k];
        Expr *same = let(b, arena_printf(b->L, "same%d", i), combine(b, half[0], n, x));
        Expr *other = let(b, arena_printf(b->L, "other%d", i), combine(b, half[1], n, x));
        y[i] = p == 1 ? add(b, same, other) : val_fma(b->L, real(b, p), other, same);
        y[i + 1] = p == 1 ? sub(b, same, other) : val_fma(b->L, real(b, -p), other, same);
    }
    y[i] = combine(b, a->bt[i], n, x);
}

/* y = A' x. Sharing sums and differences of p and -p was measured to be slower here. */
static void transform_output(Body *b, const Axis *a, Expr *const *x, Expr **y)
{
    for (int k = 0; k < a->m; k++)
        y[k] = combine(b, a->at[k], a->g.points, x);
}

/* First output of a tile along an axis: m * (batch * rows + t) */
static Expr *tile_row(Arena *L, const Winograd *w)
{
    Expr *ty = ix_add(L, ix_mul(L, ix_var(L, w->batch_row), w->batch), ix_var(L, w->ty));
    return ix_mul(L, ty, w->row.m);
}

static Expr *tile_column(Arena *L, const Winograd *w)
{
    return ix_mul(L, ix_var(L, w->tx), w->column.m);
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

typedef void Transform(Body *b, const Axis *a, Expr *const *x, Expr **y);

/* t[k][j] = the transform of value[i], for one j, which is a loop variable. */
static Stmt *transform_column(Arena *L, Transform *transform, const Axis *a, Expr *const *value,
                              int rows, Buffer *t, Expr *j)
{
    Body b = { .L = L };
    Expr *x[MAX_POINTS] = { 0 }, *y[MAX_POINTS] = { 0 };
    for (int i = 0; i < a->g.points; i++)
        x[i] = let(&b, arena_printf(L, "d%d", i), value[i]);
    transform(&b, a, x, y);
    for (int k = 0; k < rows; k++)
        append(&b, st_store(L, t, 2, (Expr *[]){ ix_int(L, k), j }, y[k]));
    return body_block(&b);
}

/* y = the transform of t[k][0 .. points - 1], for one k, which is a loop variable. */
static void transform_row(Body *b, Transform *transform, const Axis *a, Buffer *t, Expr *k,
                          Expr **y)
{
    Expr *x[MAX_POINTS] = { 0 };
    for (int i = 0; i < a->g.points; i++)
        x[i] = let(b, arena_printf(b->L, "e%d", i), pair(b->L, t, k, ix_int(b->L, i)));
    transform(b, a, x, y);
}

static Stmt *over_tiles(Arena *L, const Winograd *w, Stmt *s)
{
    s = st_for(L, w->tx, ix_int(L, 0), ix_int(L, w->columns), s);
    s = st_for(L, w->ty, ix_int(L, 0), ix_int(L, w->batch), s);
    return st_for(L, w->picture, ix_int(L, 0), ix_int(L, w->pictures), s);
}

/* d[i][j]: the i-th pixel of column j of a tile, zero outside the picture. */
static Expr *tile_pixel(Arena *L, const Winograd *w, int i, Expr *j)
{
    Expr *iy = ix_add(L, tile_row(L, w), ix_int(L, i - w->pad_top));
    Expr *ix = ix_sub(L, ix_add(L, tile_column(L, w), j), ix_int(L, w->pad_left));
    Expr *here = ix_and(L, inside(L, iy, w->x.height), inside(L, ix, w->x.width));
    Expr *x = val_load(L, w->in, 3, (Expr *[]){ iy, ix, ix_var(L, w->c) });
    return val_if(L, here, x, val_real(L, 0.0));
}

/* v[k * n + q][tile][c] = (B' d D)[k][q] */
static Stmt *input_transform(Make *m, const Winograd *w)
{
    Arena *L = m->L;
    int rows = w->row.g.points, columns = w->column.g.points;
    Var *j = loop_var(L, "j"), *k = loop_var(L, "k");
    Expr *kx = ix_var(L, k), *pixel[MAX_POINTS] = { 0 }, *y[MAX_POINTS] = { 0 };
    Buffer *t = loop_buffer(L, "t", BUFFER_LOCAL, 2, (int64_t)rows, (int64_t)columns);
    for (int i = 0; i < rows; i++)
        pixel[i] = tile_pixel(L, w, i, ix_var(L, j));
    Body b = { .L = L }, row = { .L = L };
    append(&b, st_local(L, t));
    append(&b, st_for(L, j, ix_int(L, 0), ix_int(L, columns),
                      transform_column(L, transform_input, &w->row, pixel, rows, t, ix_var(L, j))));
    transform_row(&row, transform_input, &w->column, t, kx, y);
    for (int q = 0; q < columns; q++) {
        Expr *point = ix_add(L, ix_mul(L, kx, columns), ix_int(L, q));
        append(&row,
               st_store(L, w->v, 3, (Expr *[]){ point, tile_index(L, w), ix_var(L, w->c) }, y[q]));
    }
    append(&b, st_for(L, k, ix_int(L, 0), ix_int(L, rows), body_block(&row)));
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
    s = st_for(L, f, zero, ix_int(L, w->points), s);
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

/* One row k of outputs of a tile, from s[k][0 .. points - 1]. */
static Stmt *output_row(Make *m, const Winograd *w, Buffer *s, Expr *k)
{
    Arena *L = m->L;
    Body b = { .L = L };
    Expr *value[MAX_POINTS] = { 0 }, *o = ix_var(L, w->o), *oy = ix_add(L, tile_row(L, w), k);
    Expr *bias = val_load(
        L, w->b, 3, (Expr *[]){ ix_int(L, 0), ix_div(L, o, PACK_LANES), ix_mod(L, o, PACK_LANES) });
    transform_row(&b, transform_output, &w->column, s, k, value);
    for (int q = 0; q < w->column.m; q++) {
        Expr *ox = ix_add(L, tile_column(L, w), ix_int(L, q));
        append(&b, st_if(L, ix_lt(L, ox, ix_int(L, w->y.width)),
                         epilogue(m, w->out, w->r, oy, ox, o, add(&b, value[q], bias))));
    }
    return st_if(L, ix_lt(L, oy, ix_int(L, w->y.height)), body_block(&b));
}

static Stmt *output_transform(Make *m, const Winograd *w)
{
    Arena *L = m->L;
    int columns = w->column.g.points, rows = w->row.m;
    Var *j = loop_var(L, "j"), *k = loop_var(L, "k");
    Expr *jx = ix_var(L, j), *value[MAX_POINTS] = { 0 };
    Buffer *s = loop_buffer(L, "s", BUFFER_LOCAL, 2, (int64_t)rows, (int64_t)columns);
    for (int i = 0; i < w->row.g.points; i++) {
        Expr *point = ix_add(L, ix_int(L, i * columns), jx);
        value[i] = val_load(L, w->p, 3, (Expr *[]){ point, tile_index(L, w), ix_var(L, w->o) });
    }
    Body b = { .L = L };
    append(&b, st_local(L, s));
    append(&b, st_for(L, j, ix_int(L, 0), ix_int(L, columns),
                      transform_column(L, transform_output, &w->row, value, rows, s, jx)));
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
    double points = (double)w->points, in = (double)w->x.channels, out = (double)w->y.channels;
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
    Winograd w = { .row = axis_of(find_form(n->attr.kernel, env->tile.form, 0)),
                   .column = axis_of(find_form(n->attr.kernel, env->tile.form, 1)),
                   .x = map_of(n->input[0]),
                   .y = map_of(n),
                   .pad_top = n->attr.pad[0],
                   .pad_left = n->attr.pad[1] };
    w.points = w.row.g.points * w.column.g.points;
    w.rows = div_up(w.y.height, w.row.m);
    w.columns = div_up(w.y.width, w.column.m);
    choose_batch(env, &w);
    return w;
}

int64_t winograd_batch(const Target *target, const Node *n, Tile tile)
{
    return winograd_of(&(KernelEnv){ .target = target, .tile = tile }, n).batch;
}

static void declare(Make *m, Winograd *w)
{
    Arena *L = m->L;
    const Node *n = m->n;
    const Param *bias = make_bias(m);
    int64_t tiles = w->pictures * w->batch * w->columns;
    w->in = make_input(m, 0, "x", w->x);
    w->r = make_residual(m, w->y);
    w->u = make_const(m, "u", pack_winograd(L, make_weight(m), &w->row.g, &w->column.g));
    const char *path = bias ? bias->name : arena_printf(L, "%s.bias", n->path);
    w->b = make_const(m, "b", pack_vector(L, path, bias ? bias->data : NULL, w->y.channels, 1));
    w->out = make_output(m, "y", w->y);
    w->v = make_scratch(m, "v", 3, w->points, tiles, w->x.channels);
    w->p = make_scratch(m, "p", 3, w->points, tiles,
                        div_up(w->y.channels, PACK_LANES) * PACK_LANES);
}

static void name_winograd(Make *m, const Winograd *w)
{
    int taps[] = { w->row.g.taps, w->column.g.taps };
    text_printf(&m->name, "winograd%dx%d_%dx%d_p%lld_%lld", w->row.m, w->column.m, taps[0], taps[1],
                (long long)w->pad_top, (long long)w->pad_left);
    name_map(m, w->x);
    name_map(m, w->y);
    name_epilogue(m);
    text_printf(&m->summary, "conv2d %dx%d stride 1 pad %lld by Winograd F(%dx%d, %dx%d)", taps[0],
                taps[1], (long long)w->pad_top, w->row.m, w->column.m, taps[0], taps[1]);
}

const char *make_winograd(Make *m)
{
    Arena *L = m->L;
    Winograd w = winograd_of(m->env, m->n);
    w.group = loop_var(L, "group");
    w.picture = loop_var(L, "picture");
    w.batch_row = loop_var(L, "tb");
    w.ty = loop_var(L, "ty");
    w.tx = loop_var(L, "tx");
    w.c = loop_var(L, "c");
    w.o = loop_var(L, "o");
    name_winograd(m, &w);
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
