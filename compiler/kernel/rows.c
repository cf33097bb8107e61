/* Reductions along the features of each pixel (or token), which lie side by side: layer
 * normalisation and softmax. Sums are the 16 partial sums of reduce.c. */
#include "compiler/kernel/common.h"

#include <float.h>

/* The loops over `v`, all of at most 16 iterations, as vectors. */
static Stmt *tile_parts(Make *m, Stmt *nest, const Var *v)
{
    Arena *L = m->L;
    int lanes = m->env->tile.lanes;
    if (!lanes)
        return nest;
    Var *outer = loop_var(L, "n"), *lane = loop_var(L, "l");
    nest = loop_simplify(L, loop_split_by(L, nest, v, lanes, 0, outer, lane));
    nest = loop_simplify(L, loop_unroll_dependent(L, nest, outer)); /* a last, partial vector */
    nest = loop_simplify(L, loop_sink_lanes(L, nest, lane));
    return tile_lanes(m, nest, lane);
}

/* A map seen as rows of features. */
typedef struct Rows {
    FeatureMap x, y;
    Buffer *in, *out;
    Var *oy, *ox, *c;
    Expr *at[3];
} Rows;

static Rows new_rows(Make *m)
{
    Arena *L = m->L;
    Rows r = { .x = map_of(m->n->input[0]), .y = map_of(m->n) };
    r.oy = loop_var(L, "oy");
    r.ox = loop_var(L, "ox");
    r.c = loop_var(L, "c");
    r.at[0] = ix_var(L, r.oy);
    r.at[1] = ix_var(L, r.ox);
    r.at[2] = ix_var(L, r.c);
    name_map(m, r.x);
    name_map(m, r.y);
    name_epilogue(m);
    r.in = make_input(m, 0, "x", r.x);
    return r;
}

static Stmt *over_features(Arena *L, const Rows *r, Stmt *body)
{
    return st_for(L, r->c, ix_int(L, 0), ix_int(L, r->x.channels), body);
}

static void finish_rows(Make *m, const Rows *r, Body *b, const Var *first, const Var *second)
{
    Arena *L = m->L;
    Expr *zero = ix_int(L, 0);
    Stmt *nest = st_for(L, r->ox, zero, ix_int(L, r->x.width), body_block(b));
    nest = st_for(L, r->oy, zero, ix_int(L, r->x.height), nest);
    nest = tile_parts(m, tile_parts(m, nest, first), second);
    make_finish(m, tile_channels(m, nest, r->c, r->x.channels));
}

static Expr *at_feature(Arena *L, Buffer *packed, Expr *c)
{
    return val_load(L, packed, 3,
                    (Expr *[]){ ix_int(L, 0), ix_div(L, c, PACK_LANES), ix_mod(L, c, PACK_LANES) });
}

static Buffer *packed_param(Make *m, const char *name, const Param *p)
{
    return make_const(m, name, pack_vector(m->L, p->name, p->data, p->shape.dim[0], 1));
}

/* Ba, Kiros, Hinton, 2016: y = (x - mean) / sqrt(var + eps) * w + b over the features, with the
 * biased variance. */
const char *make_layer_norm(Make *m)
{
    Arena *L = m->L;
    if (m->n->has_residual)
        return "layer_norm with a fused residual";
    text_printf(&m->name, "layer_norm_eps%g", m->n->attr.eps);
    text_puts(&m->summary, "layer_norm");
    Rows r = new_rows(m);
    Buffer *w = packed_param(m, "w", m->n->param[PARAM_WEIGHT]);
    Buffer *bias = packed_param(m, "b", m->n->param[PARAM_BIAS]);
    r.out = make_output(m, "y", r.y);
    Body b = body_for(m);
    Buffer *sum = new_parts(&b), *squares = new_parts(&b);
    sum->in_memory = squares->in_memory = true;
    Expr *x = val_load(L, r.in, 3, r.at), *count = real(&b, (double)r.x.channels);
    Var *j = partial_reduction(&b, VOP_ADD, 0.0, r.x.channels, r.c, x, sum);
    Expr *mean = let(&b, "mean", quotient(&b, first_part(L, sum), count));
    Expr *centred = sub(&b, x, mean);
    Var *k = partial_reduction(&b, VOP_ADD, 0.0, r.x.channels, r.c, mul(&b, centred, centred),
                               squares);
    Expr *var = quotient(&b, first_part(L, squares), count);
    Expr *root = val_op1(L, VOP_SQRT, add(&b, var, real(&b, m->n->attr.eps)));
    Expr *inverse = let(&b, "inverse", quotient(&b, real(&b, 1.0), root));
    Expr *scaled = mul(&b, centred, inverse);
    Expr *y = val_fma(L, scaled, at_feature(L, w, r.at[2]), at_feature(L, bias, r.at[2]));
    append(&b, over_features(L, &r, epilogue(m, r.out, NULL, r.at[0], r.at[1], r.at[2], y)));
    finish_rows(m, &r, &b, j, k);
    return NULL;
}

/* y[c] = exp(x[c] - max) / sum of exp(x - max), per pixel. */
const char *make_softmax(Make *m)
{
    Arena *L = m->L;
    int axis = m->n->attr.axis, rank = m->n->shape.rank;
    if (axis != (rank == 4 ? 1 : rank - 1))
        return make_softmax_axis(m);
    text_puts(&m->name, "softmax");
    text_puts(&m->summary, "softmax");
    Rows r = new_rows(m);
    r.out = make_output(m, "y", r.y);
    Expr *loaded = val_load(L, r.in, 3, r.at), *stored = val_load(L, r.out, 3, r.at);
    Body b = body_for(m), inner = body_for(m);
    Buffer *largest = new_parts(&b), *sum = new_parts(&b);
    largest->in_memory = sum->in_memory = true;
    Var *j = partial_reduction(&b, VOP_MAX, -FLT_MAX, r.x.channels, r.c, loaded, largest);
    Expr *e = math_exp(&inner, sub(&inner, loaded, first_part(L, largest)));
    append(&inner, st_store(L, r.out, 3, r.at, e));
    append(&b, over_features(L, &r, body_group(&inner)));
    Var *k = partial_reduction(&b, VOP_ADD, 0.0, r.x.channels, r.c, stored, sum);
    Expr *share = quotient(&b, stored, first_part(L, sum));
    append(&b, over_features(L, &r, st_store(L, r.out, 3, r.at, share)));
    finish_rows(m, &r, &b, j, k);
    return NULL;
}
