/* Products of two tensors, one pair of matrices after the other:
 *   y[..][i][n] = act(sum over k of a[..][i][k] * b[..][k][n] + r), or b[..][n][k] with transpose.
 * The sum is one chain in the order of k. Columns n are lanes, so b has to have them side by side
 * in whole groups of 16: where it has not, it is copied into scratch so. A tensor of four
 * dimensions is stored with its second one innermost, so there y comes out of scratch as well. */
#include "compiler/kernel/common.h"

typedef struct Matmul {
    const Shape *shape; /* of y */
    int64_t rows, columns, depth, padded;
    bool transpose, copies, scatters;
    Var *pair[SHAPE_MAX_RANK]; /* which pair of matrices */
    Var *i, *n, *k;
    Buffer *a, *b, *r, *y;
    Buffer *packed, *block; /* scratch: b and y of one pair */
} Matmul;

static Matmul matmul_of(Make *m)
{
    const Node *n = m->n;
    int rank = n->shape.rank;
    Matmul p = { .shape = &n->shape,
                 .rows = n->shape.dim[rank - 2],
                 .columns = n->shape.dim[rank - 1],
                 .depth = n->input[0]->shape.dim[rank - 1],
                 .transpose = n->attr.transpose };
    p.padded = (p.columns + PACK_LANES - 1) / PACK_LANES * PACK_LANES;
    p.scatters = rank == 4;
    p.copies = p.transpose || p.scatters || p.padded != p.columns;
    for (int d = 1; d < rank - 2; d++)
        p.pair[d] = loop_var(m->L, (const char *[]){ "", "g", "h", "u" }[d]);
    p.i = loop_var(m->L, "i");
    p.n = loop_var(m->L, "n");
    p.k = loop_var(m->L, "k");
    return p;
}

/* Where element [row][column] of the matrix of this pair lies. */
static void place(Arena *L, const Matmul *p, const Shape *s, Expr *row, Expr *column, Expr **at)
{
    Expr *index[SHAPE_MAX_RANK] = { ix_int(L, 0) };
    for (int d = 1; d < s->rank - 2; d++)
        index[d] = ix_var(L, p->pair[d]);
    index[s->rank - 2] = row;
    index[s->rank - 1] = column;
    place_element(L, s, index, at);
}

static Expr *load(Arena *L, const Matmul *p, Buffer *b, const Shape *s, Expr *row, Expr *column)
{
    Expr *at[3];
    place(L, p, s, row, column, at);
    return val_load(L, b, 3, at);
}

/* packed[k][n] = b[k][n], 0 for the columns that only fill a group. */
static Stmt *copy_columns(Make *m, const Matmul *p)
{
    Arena *L = m->L;
    Expr *k = ix_var(L, p->k), *n = ix_var(L, p->n), *zero = ix_int(L, 0), *at[] = { k, n };
    const Shape *s = &m->n->input[1]->shape;
    Expr *value = load(L, p, p->b, s, p->transpose ? n : k, p->transpose ? k : n);
    Stmt *copy = st_store(L, p->packed, 2, at, value);
    copy = st_for(L, p->n, zero, ix_int(L, p->columns), copy);
    copy = st_for(L, p->k, zero, ix_int(L, p->depth), copy);
    if (p->padded == p->columns)
        return copy;
    Stmt *fill = st_store(L, p->packed, 2, at, val_real(L, 0.0));
    fill = st_for(L, p->n, ix_int(L, p->columns), ix_int(L, p->padded), fill);
    fill = st_for(L, p->k, zero, ix_int(L, p->depth), fill);
    return st_block(L, 2, (Stmt *[]){ copy, fill });
}

/* for n, i: the sum, stored to y, or to block[i][n] */
static Stmt *multiply(Make *m, const Matmul *p)
{
    Arena *L = m->L;
    Expr *i = ix_var(L, p->i), *n = ix_var(L, p->n), *k = ix_var(L, p->k), *zero = ix_int(L, 0);
    Buffer *acc = loop_scalar(L, "acc");
    Expr *sum = val_load(L, acc, 0, NULL), *at[3];
    Body body = body_for(m);
    append(&body, st_local(L, acc));
    append(&body, st_store(L, acc, 0, NULL, real(&body, 0.0)));
    Expr *a = load(L, p, p->a, &m->n->input[0]->shape, i, k);
    Expr *b = p->copies ? val_load(L, p->packed, 2, (Expr *[]){ k, n })
                        : load(L, p, p->b, &m->n->input[1]->shape, k, n);
    Stmt *step = st_store(L, acc, 0, NULL, val_fma(L, a, b, sum));
    append(&body, st_for(L, p->k, zero, ix_int(L, p->depth), step));
    place(L, p, p->shape, i, n, at);
    Stmt *store = p->scatters ? st_store(L, p->block, 2, (Expr *[]){ i, n }, sum)
                              : epilogue(m, p->y, p->r, at[0], at[1], at[2], sum);
    append(&body, st_if(L, ix_lt(L, n, ix_int(L, p->columns)), store));
    Stmt *s = st_for(L, p->i, zero, ix_int(L, p->rows), body_block(&body));
    s = st_for(L, p->n, zero, ix_int(L, p->columns), s);
    TileLoops loops = { .o = p->n,
                        .ox = p->i,
                        .channels = p->columns,
                        .columns = p->rows,
                        .padded = true,
                        .step = 1,
                        .reach = 1,
                        .width = p->rows };
    return tile_nest(m, s, &loops);
}

static Stmt *scatter(Make *m, const Matmul *p)
{
    Arena *L = m->L;
    Expr *i = ix_var(L, p->i), *n = ix_var(L, p->n), *at[3];
    place(L, p, p->shape, i, n, at);
    Expr *value = val_load(L, p->block, 2, (Expr *[]){ i, n });
    Stmt *s = epilogue(m, p->y, p->r, at[0], at[1], at[2], value);
    s = st_for(L, p->n, ix_int(L, 0), ix_int(L, p->columns), s);
    return st_for(L, p->i, ix_int(L, 0), ix_int(L, p->rows), s);
}

static void name_matmul(Make *m, const Matmul *p)
{
    text_puts(&m->name, p->transpose ? "matmul_transposed" : "matmul");
    text_printf(&m->summary, "matmul %lldx%lldx%lld", (long long)p->rows, (long long)p->depth,
                (long long)p->columns);
    if (p->shape->rank > 3)
        text_printf(&m->name, "_%lldx%lldx%lld", (long long)p->rows, (long long)p->depth,
                    (long long)p->columns);
    name_map(m, map_of(m->n->input[0]));
    name_map(m, map_of(m->n->input[1]));
    name_map(m, map_of(m->n));
    name_epilogue(m);
}

const char *make_matmul(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    Matmul p = matmul_of(m);
    name_matmul(m, &p);
    p.a = make_input(m, 0, "a", map_of(n->input[0]));
    p.b = make_input(m, 1, "b", map_of(n->input[1]));
    if (n->has_residual)
        p.r = make_input(m, 2, "r", map_of(n->input[2]));
    p.y = make_output(m, "y", map_of(n));
    Body body = body_for(m);
    if (p.copies) {
        p.packed = make_scratch(m, "columns", 2, p.depth, p.padded);
        append(&body, copy_columns(m, &p));
    }
    if (p.scatters)
        p.block = make_scratch(m, "block", 2, p.rows, p.padded);
    append(&body, multiply(m, &p));
    if (p.scatters)
        append(&body, scatter(m, &p));
    Stmt *nest = body_block(&body);
    for (int d = p.shape->rank - 3; d > 0; d--) {
        nest = st_for(L, p.pair[d], ix_int(L, 0), ix_int(L, p.shape->dim[d]), nest);
        nest->mark = p.copies ? LOOP_SEQUENTIAL : LOOP_PLAIN;
    }
    make_finish(m, nest);
    return NULL;
}
