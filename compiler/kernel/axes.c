/* Reductions over named axes: mean and max of any of them, and softmax along one that is not that
 * of storage. Loops run over logical dimensions; where the features of a pixel stay apart they are
 * lanes. Sums along the features are the 16 partial sums of reduce.c, the others one chain. */
#include "compiler/kernel/common.h"

#include <float.h>

static int feature_dimension(const Shape *s)
{
    return s->rank == 4 ? 1 : s->rank - 1;
}

typedef struct Reduce {
    const Shape *x, *y;
    bool reduced[SHAPE_MAX_RANK];
    Var *var[SHAPE_MAX_RANK]; /* of x's dimensions */
    int64_t count;            /* values behind one result */
} Reduce;

static Reduce reduce_of(Make *m)
{
    const Attr *a = &m->n->attr;
    Reduce r = { .x = &m->n->input[0]->shape, .y = &m->n->shape, .count = 1 };
    for (int i = 0; i < a->axis_count; i++) {
        r.reduced[a->axes[i]] = true;
        r.count *= r.x->dim[a->axes[i]];
    }
    for (int d = 1; d < r.x->rank; d++)
        r.var[d] = loop_var(m->L, d == feature_dimension(r.x)
                                      ? "c"
                                      : (const char *[]){ "", "i", "j", "k", "u", "v" }[d]);
    return r;
}

/* Every dimension but that of the features, so that each channel has one result? */
static bool is_global(const Reduce *r)
{
    for (int d = 1; d < r->x->rank; d++)
        if (r->reduced[d] == (d == feature_dimension(r->x)))
            return false;
    return node_channels(&(Node){ .shape = *r->y }) == r->x->dim[feature_dimension(r->x)];
}

/* The indices of the result, and which of its dimensions is which of x (0: none). */
static void result_indices(Arena *L, const Reduce *r, bool keep, Expr **index, int *from)
{
    int at = 0;
    for (int d = 0; d < r->x->rank; d++) {
        if (r->reduced[d] && !keep)
            continue;
        from[at] = r->reduced[d] ? 0 : d;
        index[at++] = r->reduced[d] || d == 0 ? ix_int(L, 0) : ix_var(L, r->var[d]);
    }
}

static Stmt *reduce_element(Make *m, const Reduce *r, Buffer *in, Buffer *out, Expr **to)
{
    Arena *L = m->L;
    bool is_max = m->n->op == OP_MAX;
    VOp op = is_max ? VOP_MAX : VOP_ADD;
    double first = is_max ? -FLT_MAX : 0.0;
    int features = feature_dimension(r->x);
    Expr *index[SHAPE_MAX_RANK] = { ix_int(L, 0) }, *from[3];
    for (int d = 1; d < r->x->rank; d++)
        index[d] = ix_var(L, r->var[d]);
    place_element(L, r->x, index, from);
    Body b = body_for(m), inner = body_for(m);
    Buffer *acc = loop_scalar(L, "acc");
    append(&b, st_local(L, acc));
    append(&b, st_store(L, acc, 0, NULL, real(&b, first)));
    Expr *value = val_load(L, in, 3, from), *now = val_load(L, acc, 0, NULL);
    if (r->reduced[features]) {
        Buffer *part = new_parts(&inner);
        part->in_memory = true;
        partial_reduction(&inner, op, first, r->x->dim[features], r->var[features], value, part);
        value = first_part(L, part);
    }
    append(&inner, st_store(L, acc, 0, NULL, val_op2(L, op, now, value)));
    Var *over[SHAPE_MAX_RANK] = { 0 };
    for (int d = 1; d < r->x->rank; d++)
        over[d] = r->reduced[d] && d != features ? r->var[d] : NULL;
    append(&b, loops_over(L, r->x, over, body_block(&inner)));
    Expr *result = is_max ? now : quotient(&b, now, real(&b, (double)r->count));
    append(&b, epilogue(m, out, NULL, to[0], to[1], to[2], result));
    return body_block(&b);
}

static void name_axes(Make *m)
{
    const Attr *a = &m->n->attr;
    const Shape *x = &m->n->input[0]->shape;
    text_printf(&m->name, "%s", op_info(m->n->op)->name);
    text_puts(&m->summary, op_info(m->n->op)->name);
    for (int i = 0; i < a->axis_count; i++)
        text_printf(&m->name, "_%d", a->axes[i]);
    text_puts(&m->name, "_of");
    for (int d = 1; d < x->rank; d++)
        text_printf(&m->name, "%c%lld", d == 1 ? '_' : 'x', (long long)x->dim[d]);
    name_map(m, map_of(m->n->input[0]));
    name_map(m, map_of(m->n));
    name_epilogue(m);
}

const char *make_reduce(Make *m)
{
    Arena *L = m->L;
    Reduce r = reduce_of(m);
    if (m->n->has_residual || r.reduced[0])
        return "a reduction of the batch, or with a fused residual";
    if (is_global(&r))
        return make_global_pool(m);
    Expr *index[SHAPE_MAX_RANK] = { ix_int(L, 0) }, *to[3];
    int from[SHAPE_MAX_RANK] = { 0 };
    result_indices(L, &r, m->n->attr.keep, index, from);
    place_element(L, r.y, index, to);
    name_axes(m);
    Buffer *in = make_input(m, 0, "x", map_of(m->n->input[0]));
    Buffer *out = make_output(m, "y", map_of(m->n));
    Var *outer[SHAPE_MAX_RANK] = { 0 };
    for (int d = 1; d < r.y->rank; d++)
        outer[d] = from[d] ? r.var[from[d]] : NULL;
    Stmt *nest = loops_over(L, r.y, outer, reduce_element(m, &r, in, out, to));
    int features = feature_dimension(r.x);
    if (!r.reduced[features] && from[feature_dimension(r.y)] == features)
        nest = tile_channels(m, nest, r.var[features], r.x->dim[features]);
    make_finish(m, nest);
    return NULL;
}

/* --- softmax ---------------------------------------------------------------------------------- */

typedef struct Soften {
    Body *b;
    Var *along;
    int64_t size; /* of that axis */
} Soften;

/* acc = first; along the axis: acc = acc op value. Returns acc, read. */
static Expr *accumulate(const Soften *s, const char *name, VOp op, double first, Expr *value)
{
    Arena *L = s->b->L;
    Buffer *acc = loop_scalar(L, name);
    Expr *now = val_load(L, acc, 0, NULL), *zero = ix_int(L, 0);
    append(s->b, st_local(L, acc));
    append(s->b, st_store(L, acc, 0, NULL, real(s->b, first)));
    Stmt *step = st_store(L, acc, 0, NULL, val_op2(L, op, now, value));
    append(s->b, st_for(L, s->along, zero, ix_int(L, s->size), step));
    return now;
}

/* One softmax: the largest, the exponentials and their sum, the quotients. */
static Stmt *soften(const Make *m, const Soften *s, Buffer *in, Buffer *out, Expr **at)
{
    Arena *L = s->b->L;
    Expr *zero = ix_int(L, 0), *size = ix_int(L, s->size);
    Expr *x = val_load(L, in, 3, at), *y = val_load(L, out, 3, at);
    Expr *top = accumulate(s, "top", VOP_MAX, -FLT_MAX, x);
    Body inner = body_for(m);
    append(&inner, st_store(L, out, 3, at, math_exp(&inner, sub(&inner, x, top))));
    append(s->b, st_for(L, s->along, zero, size, body_group(&inner)));
    Expr *sum = accumulate(s, "sum", VOP_ADD, 0.0, y);
    Stmt *share = st_store(L, out, 3, at, quotient(s->b, y, sum));
    append(s->b, st_for(L, s->along, zero, size, share));
    return body_block(s->b);
}

const char *make_softmax_axis(Make *m)
{
    Arena *L = m->L;
    const Shape *shape = &m->n->shape;
    int axis = m->n->attr.axis, features = feature_dimension(shape);
    if (axis == 0 || m->n->has_residual || m->n->activation)
        return "softmax over the batch, or with a fused operation";
    Var *var[SHAPE_MAX_RANK] = { 0 };
    Expr *index[SHAPE_MAX_RANK] = { ix_int(L, 0) }, *at[3];
    for (int d = 1; d < shape->rank; d++) {
        var[d] = loop_var(L, d == features ? "c" : (const char *[]){ "", "i", "j", "k", "u" }[d]);
        index[d] = ix_var(L, var[d]);
    }
    place_element(L, shape, index, at);
    text_printf(&m->name, "softmax%d_of", axis);
    text_printf(&m->summary, "softmax over axis %d", axis);
    for (int d = 1; d < shape->rank; d++)
        text_printf(&m->name, "%c%lld", d == 1 ? '_' : 'x', (long long)shape->dim[d]);
    name_map(m, map_of(m->n->input[0]));
    name_map(m, map_of(m->n));
    Buffer *in = make_input(m, 0, "x", map_of(m->n->input[0]));
    Buffer *out = make_output(m, "y", map_of(m->n));
    Body b = body_for(m);
    Soften s = { .b = &b, .along = var[axis], .size = shape->dim[axis] };
    Stmt *body = soften(m, &s, in, out, at);
    var[axis] = NULL;
    Stmt *nest = loops_over(L, shape, var, body);
    make_finish(m, tile_channels(m, nest, var[features], shape->dim[features]));
    return NULL;
}
