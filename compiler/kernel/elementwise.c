/* Element-wise operators: y = act(f(a, b) + r), where an operand may be broadcast over space or
 * over channels; and batch normalisation that could not be folded, as scale and shift per
 * channel. */
#include "compiler/kernel/common.h"

#include <math.h>

typedef struct Elementwise {
    Buffer *a, *b, *r, *y;
    FeatureMap out;
    Expr *at[3];
    Var *oy, *ox, *c;
} Elementwise;

/* The operand at the output's position; dimensions of one are broadcast. */
static Expr *operand(Arena *L, const Elementwise *e, Buffer *b)
{
    Expr *index[3];
    for (int i = 0; i < 3; i++)
        index[i] = b->extent[i] == 1 ? ix_int(L, 0) : e->at[i];
    return val_load(L, b, 3, index);
}

static Elementwise new_loops(Make *m, FeatureMap out)
{
    Elementwise e = { .out = out };
    e.oy = loop_var(m->L, "oy");
    e.ox = loop_var(m->L, "ox");
    e.c = loop_var(m->L, "c");
    Var *v[] = { e.oy, e.ox, e.c };
    for (int i = 0; i < 3; i++)
        e.at[i] = ix_var(m->L, v[i]);
    return e;
}

static void finish_loops(Make *m, const Elementwise *e, Stmt *s)
{
    Arena *L = m->L;
    Expr *zero = ix_int(L, 0);
    s = st_for(L, e->c, zero, ix_int(L, e->out.channels), s);
    s = st_for(L, e->ox, zero, ix_int(L, e->out.width), s);
    s = st_for(L, e->oy, zero, ix_int(L, e->out.height), s);
    make_finish(m, tile_channels(m, s, e->c, e->out.channels));
}

static bool same_size(FeatureMap a, FeatureMap b)
{
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

/* Without views and broadcasts a map is one long vector. */
static FeatureMap as_vector(FeatureMap m)
{
    int64_t count = m.height * m.width * m.channels;
    return (FeatureMap){ 1, 1, count, count };
}

Expr *elementwise_formula(Make *m, Body *b, Expr *x, Expr *y)
{
    const Attr *a = &m->n->attr;
    switch (m->n->op) {
    case OP_ADD:
        return add(b, x, y);
    case OP_SUB:
        return sub(b, x, y);
    case OP_MUL:
        return mul(b, x, y);
    case OP_AFFINE:
        if (a->scale == 1.0)
            return add(b, x, real(b, a->shift));
        x = mul(b, x, real(b, a->scale));
        return a->shift == 0.0 ? x : add(b, x, real(b, a->shift));
    default:
        return math_activation(b, activation_of(m->n->op), a->alpha, x);
    }
}

static void name_elementwise(Make *m, FeatureMap a, FeatureMap b, bool binary, FeatureMap y)
{
    const char *op = op_info(m->n->op)->name;
    text_printf(&m->summary, "%s", op);
    text_printf(&m->name, "%s", op);
    if (m->n->op == OP_AFFINE)
        text_printf(&m->name, "%.9g_%.9g", m->n->attr.scale, m->n->attr.shift);
    if (m->n->op == OP_LEAKY_RELU)
        text_printf(&m->name, "%.9g", m->n->attr.alpha);
    name_map(m, a);
    if (binary)
        name_map(m, b);
    name_map(m, y);
    name_epilogue(m);
}

const char *make_elementwise(Make *m)
{
    const Node *n = m->n;
    bool binary = op_info(n->op)->inputs == 2;
    if (binary && n->shape.rank > 4 && !shape_equal(&n->input[0]->shape, &n->input[1]->shape))
        return make_broadcast(m);
    FeatureMap y = map_of(n), a = map_of(n->input[0]), b = map_of(n->input[binary ? 1 : 0]);
    FeatureMap r = n->has_residual ? map_of(n->input[n->input_count - 1]) : y;
    bool flat = same_size(a, y) && same_size(b, y) && same_size(r, y) && a.stride == a.channels &&
                b.stride == b.channels && r.stride == r.channels && y.stride == y.channels;
    if (flat) {
        FeatureMap vector = as_vector(y);
        y = a = b = r = vector;
    }
    Elementwise e = new_loops(m, y);
    name_elementwise(m, a, b, binary, y);
    e.a = make_input(m, 0, "a", a);
    e.b = binary ? make_input(m, 1, "b", b) : NULL;
    e.r = n->has_residual ? make_input(m, n->input_count - 1, "r", r) : NULL;
    e.y = make_output(m, "y", y);
    Body body = body_for(m);
    Expr *value = elementwise_formula(m, &body, operand(m->L, &e, e.a),
                                      binary ? operand(m->L, &e, e.b) : NULL);
    append(&body, epilogue(m, e.y, e.r, e.at[0], e.at[1], e.at[2], value));
    finish_loops(m, &e, body_group(&body));
    return NULL;
}

/* Ioffe, Szegedy, 2015, at inference: scale = w / sqrt(var + eps), shift = b - mean * scale. */
static void scale_and_shift(Make *m, int64_t channels, float *scale, float *shift)
{
    Param *const *p = m->n->param;
    for (int64_t c = 0; c < channels; c++) {
        double w = p[PARAM_WEIGHT] ? (double)p[PARAM_WEIGHT]->data[c] : 1.0;
        double b = p[PARAM_BIAS] ? (double)p[PARAM_BIAS]->data[c] : 0.0;
        double s = w / sqrt((double)p[PARAM_VAR]->data[c] + m->n->attr.eps);
        scale[c] = (float)s;
        shift[c] = (float)(b - (double)p[PARAM_MEAN]->data[c] * s);
    }
}

static Expr *per_channel(Arena *L, Buffer *b, Expr *c)
{
    return val_load(L, b, 3,
                    (Expr *[]){ ix_int(L, 0), ix_div(L, c, PACK_LANES), ix_mod(L, c, PACK_LANES) });
}

const char *make_batch_norm(Make *m)
{
    Arena *L = m->L;
    FeatureMap x = map_of(m->n->input[0]), y = map_of(m->n);
    float *scale = arena_new_array(L, float, y.channels);
    float *shift = arena_new_array(L, float, y.channels);
    scale_and_shift(m, y.channels, scale, shift);
    Elementwise e = new_loops(m, y);
    text_puts(&m->name, "batch_norm");
    text_puts(&m->summary, "batch_norm");
    name_map(m, x);
    name_map(m, y);
    name_epilogue(m);
    e.a = make_input(m, 0, "x", x);
    if (m->n->has_residual)
        e.r = make_input(m, 1, "r", map_of(m->n->input[1]));
    const char *path = m->n->path;
    Buffer *s = make_const(m, "scale",
                           pack_vector(L, arena_printf(L, "%s.scale", path), scale, y.channels, 1));
    Buffer *t = make_const(m, "shift",
                           pack_vector(L, arena_printf(L, "%s.shift", path), shift, y.channels, 1));
    e.y = make_output(m, "y", y);
    Expr *value = val_fma(L, operand(L, &e, e.a), per_channel(L, s, e.at[2]),
                          per_channel(L, t, e.at[2]));
    finish_loops(m, &e, epilogue(m, e.y, e.r, e.at[0], e.at[1], e.at[2], value));
    return NULL;
}
