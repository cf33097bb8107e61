/* Kernels that only move values: concatenation of members that are not in place, padding, slices,
 * and flattening into the order C,H,W. */
#include "compiler/kernel/common.h"

#include "compiler/graph/view.h"

/* A copy nest: y[i + to] = x[begin + step * i], over `size`. */
typedef struct Move {
    Buffer *x, *y;
    int64_t size[3], begin[3], step[3], to[3];
} Move;

/* Which of [height][width][channels] a logical axis is. */
static int map_axis(const Node *n, int axis)
{
    if (n->shape.rank == 4)
        return (int[]){ -1, 2, 0, 1 }[axis];
    if (n->shape.rank == 3)
        return (int[]){ -1, 0, 2 }[axis];
    return axis == 1 ? 2 : -1;
}

static Stmt *move_nest(Make *m, const Move *v)
{
    Arena *L = m->L;
    Var *var[] = { loop_var(L, "oy"), loop_var(L, "ox"), loop_var(L, "c") };
    Expr *from[3], *to[3];
    for (int i = 0; i < 3; i++) {
        Expr *at = ix_mul(L, ix_var(L, var[i]), v->step[i]);
        from[i] = ix_add(L, at, ix_int(L, v->begin[i]));
        to[i] = ix_add(L, ix_var(L, var[i]), ix_int(L, v->to[i]));
    }
    Expr *value = v->x ? val_load(L, v->x, 3, from) : val_real(L, 0.0);
    Stmt *s = st_store(L, v->y, 3, to, value);
    for (int i = 2; i >= 0; i--)
        s = st_for(L, var[i], ix_int(L, 0), ix_int(L, v->size[i]), s);
    return v->step[2] == 1 ? tile_channels(m, s, var[2], v->size[2]) : s;
}

static Move whole_map(Buffer *x, Buffer *y, FeatureMap size)
{
    return (Move){ x, y, { size.height, size.width, size.channels }, { 0 }, { 1, 1, 1 }, { 0 } };
}

const char *make_concat(Make *m)
{
    const Node *n = m->n;
    int axis = map_axis(n, n->attr.axis), inputs = n->input_count - n->has_residual;
    if (n->has_residual || n->activation != ACT_NONE)
        return "concat with a fused operation";
    if (axis < 0)
        return make_concat_any(m);
    if (inputs >= KERNEL_MAX_PARAMS)
        return "concat of so many tensors";
    Buffer *x[KERNEL_MAX_PARAMS] = { 0 };
    text_printf(&m->name, "concat%d", axis);
    text_puts(&m->summary, "concat");
    for (int i = 0; i < inputs; i++) {
        bool held = view_holds_member(n, i);
        name_map(m, map_of(n->input[i]));
        text_puts(&m->name, held ? "held" : "");
        if (!held)
            x[i] = make_input(m, i, arena_printf(m->L, "x%d", i), map_of(n->input[i]));
    }
    name_map(m, map_of(n));
    Buffer *y = make_output(m, "y", map_of(n));
    Body body = { .L = m->L };
    int64_t at = 0;
    for (int i = 0; i < inputs; i++) {
        FeatureMap size = map_of(n->input[i]);
        Move v = whole_map(x[i], y, size);
        v.to[axis] = at;
        at += v.size[axis];
        if (x[i])
            append(&body, move_nest(m, &v));
    }
    make_finish(m, body_block(&body));
    return NULL;
}

const char *make_slice(Make *m)
{
    const Node *n = m->n;
    int axis = map_axis(n, n->attr.axis);
    if (n->has_residual || n->activation != ACT_NONE)
        return "slice with a fused operation";
    if (axis < 0)
        return make_slice_any(m);
    FeatureMap x = map_of(n->input[0]), y = map_of(n);
    text_printf(&m->name, "slice%d_%lld_%lld", axis, (long long)n->attr.begin,
                (long long)n->attr.step);
    text_puts(&m->summary, "slice");
    name_map(m, x);
    name_map(m, y);
    Buffer *in = make_input(m, 0, "x", x);
    Move v = whole_map(in, make_output(m, "y", y), y);
    v.begin[axis] = n->attr.begin;
    v.step[axis] = n->attr.step;
    make_finish(m, move_nest(m, &v));
    return NULL;
}

static const char *make_pad_channels(Make *m, FeatureMap x, FeatureMap y)
{
    int64_t before = m->n->attr.begin, after = m->n->attr.end;
    text_printf(&m->name, "pad_channels%lld_%lld", (long long)before, (long long)after);
    name_map(m, x);
    name_map(m, y);
    Buffer *in = make_input(m, 0, "x", x), *out = make_output(m, "y", y);
    Move copy = whole_map(in, out, x), low = whole_map(NULL, out, x), high = low;
    copy.to[2] = before;
    low.size[2] = before;
    high.size[2] = after;
    high.to[2] = before + x.channels;
    Body body = { .L = m->L };
    append(&body, move_nest(m, &copy));
    if (before)
        append(&body, move_nest(m, &low));
    if (after)
        append(&body, move_nest(m, &high));
    make_finish(m, body_block(&body));
    return NULL;
}

static const char *make_pad_space(Make *m, FeatureMap x, FeatureMap y)
{
    Arena *L = m->L;
    const Attr *a = &m->n->attr;
    text_printf(&m->name, "pad%lld_%lld_value%.9g", (long long)a->pad[0], (long long)a->pad[1],
                a->value);
    name_map(m, x);
    name_map(m, y);
    Buffer *in = make_input(m, 0, "x", x), *out = make_output(m, "y", y);
    Var *oy = loop_var(L, "oy"), *ox = loop_var(L, "ox"), *c = loop_var(L, "c");
    Expr *iy = ix_sub(L, ix_var(L, oy), ix_int(L, a->pad[0]));
    Expr *ix = ix_sub(L, ix_var(L, ox), ix_int(L, a->pad[1]));
    Expr *is_inside = ix_and(L, inside(L, iy, x.height), inside(L, ix, x.width));
    Expr *value = val_if(L, is_inside, val_load(L, in, 3, (Expr *[]){ iy, ix, ix_var(L, c) }),
                         val_real(L, a->value));
    Expr *at[] = { ix_var(L, oy), ix_var(L, ox), ix_var(L, c) };
    Stmt *s = st_store(L, out, 3, at, value);
    s = st_for(L, c, ix_int(L, 0), ix_int(L, y.channels), s);
    s = st_for(L, ox, ix_int(L, 0), ix_int(L, y.width), s);
    s = st_for(L, oy, ix_int(L, 0), ix_int(L, y.height), s);
    make_finish(m, tile_channels(m, s, c, y.channels));
    return NULL;
}

const char *make_pad(Make *m)
{
    const Node *n = m->n;
    if (n->has_residual || n->activation != ACT_NONE)
        return "pad with a fused operation";
    FeatureMap x = map_of(n->input[0]), y = map_of(n);
    text_puts(&m->summary, op_info(n->op)->name);
    return n->op == OP_PAD ? make_pad_space(m, x, y) : make_pad_channels(m, x, y);
}

/* Flattening in C,H,W order, and copies of what must not share storage. */
const char *make_copy(Make *m)
{
    Arena *L = m->L;
    const Node *n = m->n;
    FeatureMap x = map_of(n->input[0]), y = map_of(n);
    text_puts(&m->summary, op_info(n->op)->name);
    text_puts(&m->name, n->op == OP_FLATTEN ? "flatten" : "copy");
    name_map(m, x);
    name_map(m, y);
    Buffer *in = make_input(m, 0, "x", x), *out = make_output(m, "y", y);
    if (n->op != OP_FLATTEN) {
        Move v = whole_map(in, out, x);
        make_finish(m, move_nest(m, &v));
        return NULL;
    }
    Var *iy = loop_var(L, "iy"), *ix = loop_var(L, "ix"), *c = loop_var(L, "c");
    Expr *from[] = { ix_var(L, iy), ix_var(L, ix), ix_var(L, c) }, *zero = ix_int(L, 0);
    Expr *to = ix_mul(L, ix_var(L, c), x.height * x.width);
    to = ix_add(L, to, ix_add(L, ix_mul(L, ix_var(L, iy), x.width), ix_var(L, ix)));
    Stmt *s = st_store(L, out, 3, (Expr *[]){ zero, zero, to }, val_load(L, in, 3, from));
    s = st_for(L, c, zero, ix_int(L, x.channels), s);
    s = st_for(L, ix, zero, ix_int(L, x.width), s);
    make_finish(m, st_for(L, iy, zero, ix_int(L, x.height), s));
    return NULL;
}
