/* Kernels that read elements from elsewhere by their logical indices: permutations, reshapes,
 * channel shuffles; concatenations and slices along axes that move.c does not know; and
 * element-wise operators whose operands repeat along some of many dimensions. Loops run over the
 * result in the order of its storage. */
#include "compiler/kernel/common.h"

/* The result's dimensions with their loops. */
typedef struct Places {
    const Shape *shape;
    Var *var[SHAPE_MAX_RANK];
    Expr *index[SHAPE_MAX_RANK]; /* logical */
    Expr *at[3];
} Places;

static Places places_of(Arena *L, const Shape *s)
{
    static const char *const names[] = { "", "i", "j", "k", "u", "v" };
    Places p = { .shape = s, .index = { ix_int(L, 0) } };
    for (int d = 1; d < s->rank; d++) {
        p.var[d] = loop_var(L, names[d]);
        p.index[d] = ix_var(L, p.var[d]);
    }
    place_element(L, s, p.index, p.at);
    return p;
}

static void put_dimensions(Text *t, const Shape *s)
{
    for (int d = 1; d < s->rank; d++)
        text_printf(t, "%c%lld", d == 1 ? '_' : 'x', (long long)s->dim[d]);
}

/* The name of a function: operator, logical shapes, and where rows are apart. */
static void name_shapes(Make *m, int inputs)
{
    text_puts(&m->summary, op_info(m->n->op)->name);
    for (int i = 0; i < inputs; i++) {
        put_dimensions(&m->name, &m->n->input[i]->shape);
        FeatureMap x = map_of(m->n->input[i]);
        if (x.stride != x.channels)
            text_printf(&m->name, "of%lld", (long long)x.stride);
    }
    put_dimensions(&m->name, &m->n->shape);
    FeatureMap y = map_of(m->n);
    if (y.stride != y.channels)
        text_printf(&m->name, "of%lld", (long long)y.stride);
    name_epilogue(m);
}

/* y = x[from], everywhere */
static void finish_copy(Make *m, const Places *p, Expr **from)
{
    Buffer *in = make_input(m, 0, "x", map_of(m->n->input[0]));
    Buffer *out = make_output(m, "y", map_of(m->n));
    Stmt *s = st_store(m->L, out, 3, p->at, val_load(m->L, in, 3, from));
    make_finish(m, loops_over(m->L, p->shape, p->var, s));
}

static bool is_bare(const Node *n)
{
    return !n->has_residual && n->activation == ACT_NONE;
}

const char *make_permute(Make *m)
{
    const Node *n = m->n;
    const int *order = n->attr.axes;
    if (!is_bare(n) || order[0] != 0)
        return "permute of the batch, or with a fused operation";
    Places p = places_of(m->L, &n->shape);
    Expr *index[SHAPE_MAX_RANK], *from[3];
    text_puts(&m->name, "permute");
    for (int d = 0; d < n->shape.rank; d++) {
        index[order[d]] = p.index[d];
        text_printf(&m->name, "%d", order[d]);
    }
    place_element(m->L, &n->input[0]->shape, index, from);
    name_shapes(m, 1);
    finish_copy(m, &p, from);
    return NULL;
}

const char *make_reshape(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    if (!is_bare(n))
        return "reshape with a fused operation";
    Places p = places_of(L, &n->shape);
    Expr *position = ix_int(L, 0), *from[3];
    for (int d = 1; d < n->shape.rank; d++)
        position = ix_add(L, ix_mul(L, position, n->shape.dim[d]), p.index[d]);
    place_position(L, &n->input[0]->shape, position, from);
    text_puts(&m->name, "reshape");
    name_shapes(m, 1);
    finish_copy(m, &p, from);
    return NULL;
}

const char *make_flatten(Make *m)
{
    return m->n->input[0]->shape.rank == 4 ? make_copy(m) : make_reshape(m);
}

/* Zhang et al., 2018: channels [groups][size] become [size][groups]. */
const char *make_channel_shuffle(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    int64_t groups = n->attr.groups, size = n->shape.dim[1] / groups;
    if (!is_bare(n))
        return "channel_shuffle with a fused operation";
    text_printf(&m->name, "channel_shuffle%lld", (long long)groups);
    name_shapes(m, 1);
    Buffer *in = make_input(m, 0, "x", map_of(n->input[0]));
    Buffer *out = make_output(m, "y", map_of(n));
    Var *oy = loop_var(L, "oy"), *ox = loop_var(L, "ox"), *g = loop_var(L, "g"),
        *c = loop_var(L, "c");
    Expr *group = ix_var(L, g), *member = ix_var(L, c), *zero = ix_int(L, 0);
    Expr *from = ix_add(L, ix_mul(L, group, size), member);
    Expr *to = ix_add(L, ix_mul(L, member, groups), group);
    Expr *value = val_load(L, in, 3, (Expr *[]){ ix_var(L, oy), ix_var(L, ox), from });
    Stmt *s = st_store(L, out, 3, (Expr *[]){ ix_var(L, oy), ix_var(L, ox), to }, value);
    s = st_for(L, g, zero, ix_int(L, groups), s);
    s = st_for(L, c, zero, ix_int(L, size), s);
    s = st_for(L, ox, zero, ix_int(L, n->shape.dim[3]), s);
    make_finish(m, st_for(L, oy, zero, ix_int(L, n->shape.dim[2]), s));
    return NULL;
}

const char *make_slice_any(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    const Attr *a = &n->attr;
    if (a->axis == 0)
        return "slice of the batch";
    Places p = places_of(L, &n->shape);
    Expr *index[SHAPE_MAX_RANK], *from[3];
    for (int d = 0; d < n->shape.rank; d++)
        index[d] = p.index[d];
    index[a->axis] = ix_add(L, ix_mul(L, index[a->axis], a->step), ix_int(L, a->begin));
    place_element(L, &n->input[0]->shape, index, from);
    text_printf(&m->name, "slice%d_%lld_%lld", a->axis, (long long)a->begin, (long long)a->step);
    name_shapes(m, 1);
    finish_copy(m, &p, from);
    return NULL;
}

const char *make_concat_any(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    int axis = n->attr.axis;
    if (axis == 0)
        return "concat of batches";
    text_printf(&m->name, "concat%d", axis);
    name_shapes(m, n->input_count);
    Buffer **x = arena_new_array(L, Buffer *, n->input_count);
    for (int i = 0; i < n->input_count; i++)
        x[i] = make_input(m, i, arena_printf(L, "x%d", i), map_of(n->input[i]));
    Buffer *y = make_output(m, "y", map_of(n));
    Body body = body_for(m);
    int64_t begin = 0;
    for (int i = 0; i < n->input_count; i++) {
        Places p = places_of(L, &n->input[i]->shape);
        Expr *from = val_load(L, x[i], 3, p.at), *to[3];
        p.index[axis] = ix_add(L, p.index[axis], ix_int(L, begin));
        place_element(L, &n->shape, p.index, to);
        append(&body, loops_over(L, p.shape, p.var, st_store(L, y, 3, to, from)));
        begin += n->input[i]->shape.dim[axis];
    }
    make_finish(m, body_block(&body));
    return NULL;
}

/* The operand at the result's place; dimensions of one element are repeated. */
static Expr *repeated(Arena *L, const Places *p, Buffer *b, const Shape *s)
{
    Expr *index[SHAPE_MAX_RANK], *at[3];
    for (int d = 0; d < s->rank; d++)
        index[d] = s->dim[d] == 1 ? ix_int(L, 0) : p->index[d];
    place_element(L, s, index, at);
    return val_load(L, b, 3, at);
}

const char *make_broadcast(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    Places p = places_of(L, &n->shape);
    text_printf(&m->name, "%s", op_info(n->op)->name);
    name_shapes(m, n->input_count);
    Buffer *a = make_input(m, 0, "a", map_of(n->input[0]));
    Buffer *b = make_input(m, 1, "b", map_of(n->input[1]));
    Buffer *r = n->has_residual ? make_input(m, 2, "r", map_of(n->input[2])) : NULL;
    Buffer *y = make_output(m, "y", map_of(n));
    Body body = body_for(m);
    Expr *value = elementwise_formula(m, &body, repeated(L, &p, a, &n->input[0]->shape),
                                      repeated(L, &p, b, &n->input[1]->shape));
    append(&body, epilogue(m, y, r, p.at[0], p.at[1], p.at[2], value));
    make_finish(m, loops_over(L, p.shape, p.var, body_group(&body)));
    return NULL;
}
