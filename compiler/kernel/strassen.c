/* One level of Strassen's matrix product in Winograd's form (Strassen, 1969; Winograd, 1971: seven
 * products and few sums) for 1x1 convolutions of stride 1: Y = A B with the pixels as rows of A.
 * A, B and Y are cut into quarters; the products with
 *   S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21   S4 = A12 - S2
 *   T1 = B12 - B11   T2 = B22 - T1   T3 = B22 - B12   T4 = T2 - B21
 * are, with U = A11 B11 + S2 T2, V = U + S3 T3 and P = S1 T1,
 *   Y11 = A11 B11 + A12 B21      Y12 = U + P + S4 B22
 *   Y21 = V - A22 T4             Y22 = V + P
 * T is computed at compile time, S into scratch. A register tile computes its part of all four
 * quarters, so that U, V and P never leave the first-level cache and sums of Y cost no pass (Huang
 * et al., 2016). An odd number of pixels gives halves that share the middle one, an odd number of
 * vectors of outputs leaves one to the plain product. */
#include "compiler/kernel/common.h"

enum { PRODUCTS = 7, SUMS = 4 };

typedef struct Strassen {
    FeatureMap x, y;
    int64_t rows, half, second; /* pixels of a batch, of a half; where the second half begins */
    int64_t batches, in, out;   /* half of the input channels; half of the outputs, whole vectors */
    Buffer *a, *w, *rest, *b, *r, *c, *s;
    Var *batch, *p, *o, *k;
} Strassen;

/* Tiles pay for copies with products saved: both sides must be long. */
enum { SHORTEST_IN = 64, SHORTEST_OUT = 64, SHORTEST_ROWS = 48, SHORTEST_BATCH = 32 };

bool strassen_applies(const Node *n)
{
    const Attr *a = &n->attr;
    if (n->op != OP_CONV2D || a->groups != 1 || a->kernel[0] * a->kernel[1] != 1 ||
        a->stride[0] * a->stride[1] != 1)
        return false;
    const Node *x = n->input[0];
    return node_height(x) == node_height(n) && node_width(x) == node_width(n) &&
           node_height(n) * node_width(n) >= SHORTEST_ROWS && node_channels(x) >= SHORTEST_IN &&
           node_channels(x) % 2 == 0 && node_channels(n) >= SHORTEST_OUT &&
           node_channels(n) % PACK_LANES == 0;
}

static Expr *row(Arena *L, const Strassen *t, Expr *p)
{
    return ix_add(L, ix_mul(L, ix_var(L, t->batch), t->rows), p);
}

/* A[p][k] of a quarter */
static Expr *quarter(Arena *L, const Strassen *t, int i, int j)
{
    Expr *p = ix_add(L, ix_var(L, t->p), ix_int(L, i ? t->second : 0));
    Expr *k = ix_add(L, ix_var(L, t->k), ix_int(L, j ? t->in : 0));
    return val_load(L, t->a, 3, (Expr *[]){ ix_int(L, 0), row(L, t, p), k });
}

/* s[i][p][k] */
static Expr *sum_of(Arena *L, const Strassen *t, int i)
{
    return val_load(L, t->s, 3, (Expr *[]){ ix_int(L, i), ix_var(L, t->p), ix_var(L, t->k) });
}

static void store_sum(Body *b, const Strassen *t, int i, Expr *value)
{
    Arena *L = b->L;
    append(b, st_store(L, t->s, 3, (Expr *[]){ ix_int(L, i), ix_var(L, t->p), ix_var(L, t->k) },
                       value));
}

static Stmt *sums(Make *m, const Strassen *t)
{
    Arena *L = m->L;
    Body b = { .L = L };
    Expr *a11 = let(&b, "a11", quarter(L, t, 0, 0)), *a21 = let(&b, "a21", quarter(L, t, 1, 0));
    Expr *s1 = let(&b, "s1", add(&b, a21, quarter(L, t, 1, 1)));
    Expr *s2 = let(&b, "s2", sub(&b, s1, a11));
    store_sum(&b, t, 0, s1);
    store_sum(&b, t, 1, s2);
    store_sum(&b, t, 2, sub(&b, a11, a21));
    store_sum(&b, t, 3, sub(&b, quarter(L, t, 0, 1), s2));
    Stmt *s = st_for(L, t->k, ix_int(L, 0), ix_int(L, t->in), body_group(&b));
    s = st_for(L, t->p, ix_int(L, 0), ix_int(L, t->half), s);
    return tile_channels(m, s, t->k, t->in);
}

static Stmt *set(Arena *L, Buffer *local, Expr *value)
{
    return st_store(L, local, 0, NULL, value);
}

static Expr *get(Arena *L, Buffer *local)
{
    return val_load(L, local, 0, NULL);
}

/* acc += sum over k of x * weights of a product */
static void multiply(Body *b, const Strassen *t, Buffer *acc, Expr *x, int product)
{
    Arena *L = b->L;
    Expr *o = ix_var(L, t->o), *k = ix_var(L, t->k);
    Expr *w = val_load(
        L, t->w, 4,
        (Expr *[]){ ix_div(L, o, PACK_LANES), ix_int(L, product), k, ix_mod(L, o, PACK_LANES) });
    append(b, st_for(L, t->k, ix_int(L, 0), ix_int(L, t->in),
                     set(L, acc, val_fma(L, x, w, get(L, acc)))));
}

/* Y[p][o] = act(value + bias + residual), in the quarter i, j; the middle pixel only once. */
static void finish(Make *m, Body *b, const Strassen *t, int i, int j, Expr *value)
{
    Arena *L = m->L;
    Expr *p = ix_add(L, ix_var(L, t->p), ix_int(L, i ? t->second : 0));
    Expr *o = ix_add(L, ix_var(L, t->o), ix_int(L, j ? t->out : 0));
    Expr *bias = val_load(
        L, t->b, 3, (Expr *[]){ ix_int(L, 0), ix_div(L, o, PACK_LANES), ix_mod(L, o, PACK_LANES) });
    Stmt *s = epilogue(m, t->c, t->r, ix_int(L, 0), row(L, t, p), o, add(b, value, bias));
    append(b, i ? s : st_if(L, ix_lt(L, ix_var(L, t->p), ix_int(L, t->second)), s));
}

/* The order of the products is that of the arrays of `w`. */
static Stmt *products(Make *m, const Strassen *t)
{
    Arena *L = m->L;
    Buffer *acc = loop_scalar(L, "acc"), *u = loop_scalar(L, "u"), *v = loop_scalar(L, "v");
    Body b = { .L = L };
    append(&b, st_local(L, acc));
    append(&b, st_local(L, u));
    append(&b, st_local(L, v));
    append(&b, set(L, acc, val_real(L, 0.0)));
    multiply(&b, t, acc, quarter(L, t, 0, 0), 0);
    append(&b, set(L, u, get(L, acc)));
    multiply(&b, t, acc, quarter(L, t, 0, 1), 1);
    finish(m, &b, t, 0, 0, get(L, acc));
    append(&b, set(L, acc, get(L, u)));
    multiply(&b, t, acc, sum_of(L, t, 1), 2);
    append(&b, set(L, u, get(L, acc)));
    multiply(&b, t, acc, sum_of(L, t, 2), 3);
    append(&b, set(L, v, get(L, acc)));
    multiply(&b, t, acc, quarter(L, t, 1, 1), 4);
    finish(m, &b, t, 1, 0, get(L, acc));
    append(&b, set(L, acc, val_real(L, 0.0)));
    multiply(&b, t, acc, sum_of(L, t, 0), 5);
    finish(m, &b, t, 1, 1, add(&b, get(L, acc), get(L, v)));
    append(&b, set(L, acc, add(&b, get(L, acc), get(L, u))));
    multiply(&b, t, acc, sum_of(L, t, 3), 6);
    finish(m, &b, t, 0, 1, get(L, acc));
    Stmt *s = st_for(L, t->p, ix_int(L, 0), ix_int(L, t->half), body_block(&b));
    s = st_for(L, t->o, ix_int(L, 0), ix_int(L, t->out), s);
    TileLoops loops = { .o = t->o,
                        .ox = t->p,
                        .channels = t->out,
                        .columns = t->half,
                        .padded = true,
                        .step = 1,
                        .reach = 1,
                        .width = t->half };
    return tile_nest(m, s, &loops);
}

/* The vector of outputs that has no partner, for the pixels of all batches. */
static Stmt *plain(Make *m, const Strassen *t)
{
    Arena *L = m->L;
    int64_t pixels = t->rows * t->batches;
    Var *o = loop_var(L, "o"), *p = loop_var(L, "p"), *c = loop_var(L, "c");
    Buffer *acc = loop_scalar(L, "acc");
    Expr *zero = ix_int(L, 0), *px = ix_var(L, p), *cx = ix_var(L, c), *ox = ix_var(L, o);
    Expr *bias = val_load(L, t->b, 3, (Expr *[]){ zero, ix_int(L, 2 * t->out / PACK_LANES), ox });
    Expr *x = val_load(L, t->a, 3, (Expr *[]){ zero, px, cx });
    Expr *w = val_load(L, t->rest, 2, (Expr *[]){ cx, ox });
    Body b = { .L = L };
    append(&b, st_local(L, acc));
    append(&b, set(L, acc, bias));
    append(&b,
           st_for(L, c, zero, ix_int(L, 2 * t->in), set(L, acc, val_fma(L, x, w, get(L, acc)))));
    append(&b,
           epilogue(m, t->c, t->r, zero, px, ix_add(L, ox, ix_int(L, 2 * t->out)), get(L, acc)));
    Stmt *s = st_for(L, p, zero, ix_int(L, pixels), body_block(&b));
    s = st_for(L, o, zero, ix_int(L, PACK_LANES), s);
    TileLoops loops = { .o = o,
                        .ox = p,
                        .channels = PACK_LANES,
                        .columns = pixels,
                        .padded = true,
                        .step = 1,
                        .reach = 1,
                        .width = pixels };
    return tile_nest(m, s, &loops);
}

static void declare(Make *m, Strassen *t)
{
    Arena *L = m->L;
    const Node *n = m->n;
    const Param *weight = make_weight(m), *bias = make_bias(m);
    const char *path = bias ? bias->name : arena_printf(L, "%s.bias", n->path);
    t->a = make_input(m, 0, "x", t->x);
    t->r = make_residual(m, t->y);
    t->w = make_const(m, "w", pack_strassen(L, weight));
    if (t->y.channels > 2 * t->out)
        t->rest = make_const(m, "rest", pack_last_outputs(L, weight));
    t->b = make_const(m, "b", pack_vector(L, path, bias ? bias->data : NULL, t->y.channels, 1));
    t->c = make_output(m, "y", t->y);
    t->s = make_scratch(m, "s", 3, (int64_t)SUMS, t->half, t->in);
}

const char *make_strassen(Make *m)
{
    Arena *L = m->L;
    Strassen t = { .x = map_one_row(map_of(m->n->input[0]), 1), .y = map_one_row(map_of(m->n), 1) };
    int64_t pixels = t.x.width;
    t.in = t.x.channels / 2;
    t.out = t.y.channels / PACK_LANES / 2 * PACK_LANES;
    t.batches = map_batches(m->env->target, pixels, SHORTEST_BATCH, 2 * t.in); /* its sums */
    t.rows = pixels / t.batches;
    t.half = (t.rows + 1) / 2;
    t.second = t.rows - t.half;
    t.batch = loop_var(L, "tb");
    t.p = loop_var(L, "p");
    t.o = loop_var(L, "o");
    t.k = loop_var(L, "c");
    text_puts(&m->name, "strassen");
    name_map(m, t.x);
    name_map(m, t.y);
    name_epilogue(m);
    text_puts(&m->summary, "conv2d 1x1 stride 1 pad 0 by Strassen");
    declare(m, &t);
    Stmt *last = t.rest ? plain(m, &t) : NULL;
    Stmt *pair[] = { sums(m, &t), products(m, &t) };
    Stmt *nest = st_for(L, t.batch, ix_int(L, 0), ix_int(L, t.batches), st_block(L, 2, pair));
    nest->mark = LOOP_SEQUENTIAL;
    make_finish(m, last ? st_block(L, 2, (Stmt *[]){ nest, last }) : nest);
    return NULL;
}
