/* Buffers, names and small builders that all kernels share. */
#include "compiler/kernel/common.h"

#include "compiler/base/diag.h"
#include "compiler/graph/view.h"

#include <stdarg.h>

FeatureMap map_of(const Node *n)
{
    return (FeatureMap){ node_height(n), node_width(n), node_channels(n), view_pixel_stride(n) };
}

FeatureMap map_one_row(FeatureMap m, int64_t pictures)
{
    return (FeatureMap){ 1, pictures * m.height * m.width, m.channels, m.stride };
}

int64_t map_batches(const Target *target, int64_t pixels, int64_t shortest, int64_t floats)
{
    int64_t cache = target ? target->l2_bytes : 1 << 20;
    for (int64_t n = 1; n <= pixels / shortest; n++)
        if (pixels % n == 0 && pixels / n * floats * 4 <= cache / 4)
            return n;
    return 1;
}

static Buffer *add_param(Make *m, Buffer *b, Operand operand)
{
    Function *f = m->k->function;
    if (f->param_count == COUNT_OF(m->k->operand))
        bug("a kernel of more than %d parameters", COUNT_OF(m->k->operand));
    operand.node = m->n;
    m->k->operand[f->param_count] = operand;
    f->param[f->param_count++] = b;
    return b;
}

static Buffer *map_buffer(Make *m, const char *name, BufferRole role, FeatureMap map)
{
    Buffer *b = loop_buffer(m->L, name, role, 3, map.height, map.width, map.channels);
    b->pitch = map.stride;
    return b;
}

/* A trained tensor that is an operand, in the order of storage. */
static const ConstArray *stored_param(Arena *L, const Node *n)
{
    const Param *p = n->param[PARAM_WEIGHT];
    ConstArray *array = arena_new_of(L, ConstArray);
    int64_t pixels = node_height(n) * node_width(n), channels = node_channels(n);
    float *data = arena_new_array(L, float, pixels *channels);
    for (int64_t i = 0; i < pixels * channels; i++)
        data[i] = n->shape.rank == 4 ? p->data[i % channels * pixels + i / channels] : p->data[i];
    *array = (ConstArray){ .path = p->name,
                           .layout = "[height][width][channel]",
                           .rank = 3,
                           .extent = { node_height(n), node_width(n), channels },
                           .count = pixels * channels,
                           .data = data };
    return array;
}

Buffer *make_input(Make *m, int input, const char *name, FeatureMap map)
{
    const Node *x = m->n->input[input];
    if (m->part && !m->part->is_first && input == 0)
        return m->part->between = map_buffer(m, name, BUFFER_INPUT, map);
    if (x->op != OP_PARAMETER)
        return add_param(m, map_buffer(m, name, BUFFER_INPUT, map),
                         (Operand){ .kind = OPERAND_INPUT, .input = input });
    text_printf(&m->name, "_const%d", input);
    return add_param(m, map_buffer(m, name, BUFFER_CONST, map),
                     (Operand){ .kind = OPERAND_CONST, .array = stored_param(m->L, x) });
}

Buffer *make_residual(Make *m, FeatureMap y)
{
    int last = m->n->input_count - 1;
    if (!m->n->has_residual)
        return NULL;
    y.stride = map_of(m->n->input[last]).stride;
    return make_input(m, last, "r", y);
}

Buffer *make_output(Make *m, const char *name, FeatureMap map)
{
    if (m->part && m->part->is_first)
        return m->part->between = map_buffer(m, name, BUFFER_OUTPUT, map);
    return add_param(m, map_buffer(m, name, BUFFER_OUTPUT, map),
                     (Operand){ .kind = OPERAND_OUTPUT });
}

Buffer *make_const(Make *m, const char *name, const ConstArray *array)
{
    Buffer *b = loop_buffer(m->L, name, BUFFER_CONST, 0);
    b->rank = array->rank;
    for (int i = 0; i < array->rank; i++)
        b->extent[i] = array->extent[i];
    b->pitch = array->extent[array->rank - 1];
    return add_param(m, b, (Operand){ .kind = OPERAND_CONST, .array = array });
}

Buffer *make_scratch(Make *m, const char *name, int rank, ...)
{
    Buffer *b = loop_buffer(m->L, name, BUFFER_SCRATCH, 0);
    int64_t count = 1;
    va_list extents;
    va_start(extents, rank);
    for (int i = 0; i < rank; i++)
        count *= b->extent[i] = va_arg(extents, int64_t);
    va_end(extents);
    b->rank = rank;
    b->pitch = b->extent[rank - 1];
    m->k->scratch += count;
    return add_param(m, b, (Operand){ .kind = OPERAND_SCRATCH, .count = count });
}

/* Numbers in names: 1e-05 becomes 1em05, 0.1 becomes 0p1. */
static const char *as_identifier(Arena *a, const char *name)
{
    char *c = arena_strdup(a, name);
    for (char *p = c; *p; p++)
        if (*p == '.' || *p == '-')
            *p = *p == '.' ? 'p' : 'm';
    return c;
}

const char *make_name(Make *m)
{
    return as_identifier(m->L, text_string(&m->name));
}

/* Reading a weight from memory takes as long as some ten products with it: it can only matter where
 * few pixels, or tiles of Winograd's form, share it. */
static bool fetches_ahead(const Make *m)
{
    enum { MOST_USES = 1000 };
    const Node *n = m->n;
    int form = m->env->tile.form;
    if (!m->env->fetches_ahead || m->env->producer || !n->param[PARAM_WEIGHT])
        return false;
    int64_t uses = node_height(n) * node_width(n);
    uses *= m->has_pictures && m->env->pictures > 1 ? m->env->pictures : 1;
    if (form > TILE_STRASSEN && form <= TILE_MAX_WINOGRAD) {
        WinogradTile t = winograd_tile(n, form);
        uses /= t.height * t.width;
    }
    return uses <= MOST_USES;
}

/* The nest, which meanwhile fetches for calls behind it. */
static Stmt *fetch_for_others(Make *m, Stmt *body)
{
    for (int i = 0; i < KERNEL_MAX_FETCHED && m->env->fetched[i]; i++) {
        const ConstArray *array = m->env->fetched[i];
        int64_t count = array->count / PACK_LANES, lanes = PACK_LANES;
        Buffer *lines = loop_buffer(m->L, i ? "next2" : "next", BUFFER_CONST, 2, count, lanes);
        add_param(m, lines, (Operand){ .kind = OPERAND_CONST, .array = array });
        text_printf(&m->name, "_fetch%lld", (long long)count);
        body = loop_fetch(m->L, body, lines);
    }
    return body;
}

void make_finish(Make *m, Stmt *nest)
{
    Stmt *body = loop_simplify(m->L, nest);
    if (fetches_ahead(m))
        body = loop_prefetch(m->L, body);
    body = fetch_for_others(m, body);
    if (m->env->pictures > 1) {
        body = m->has_pictures ? body : loop_simplify(m->L, make_batch(m, body));
        text_printf(&m->name, "_batch%lld", (long long)m->env->pictures);
    }
    if (m->env->share)
        body = loop_share(m->L, m->k->function, body, m->env->share);
    if (m->env->share == SHARE_CHANNELS)
        text_puts(&m->name, "_by_channels");
    m->k->function->body = body->kind == STMT_BLOCK ? body : st_block(m->L, 1, &body);
    m->k->function->name = make_name(m);
    text_puts(&m->summary, text_string(&m->extras));
    m->k->summary = text_string(&m->summary);
    if (!m->k->tile)
        m->k->tile = "";
}

void make_finish_rows(Make *m, Stmt *nest, const Var *row)
{
    if (!m->part) {
        make_finish(m, nest);
        return;
    }
    m->part->row = row;
    m->part->nest = loop_simplify(m->L, nest);
}

void name_map(Make *m, FeatureMap map)
{
    text_printf(&m->name, "_%lldx%lldx%lld", (long long)map.height, (long long)map.width,
                (long long)map.channels);
    if (map.stride != map.channels)
        text_printf(&m->name, "of%lld", (long long)map.stride);
}

void name_epilogue(Make *m)
{
    const Node *n = m->n;
    if (n->has_residual) {
        FeatureMap r = map_of(n->input[n->input_count - 1]);
        text_puts(&m->name, "_residual");
        if (r.stride != r.channels)
            text_printf(&m->name, "of%lld", (long long)r.stride);
        text_puts(&m->extras, ", residual");
    }
    if (n->activation == ACT_NONE)
        return;
    text_printf(&m->name, "_%s", activation_name(n->activation));
    text_printf(&m->extras, ", %s", activation_name(n->activation));
    if (n->activation == ACT_LEAKY_RELU) {
        text_printf(&m->name, "%lld", (long long)(n->activation_alpha * 1e6));
        text_printf(&m->extras, " %g", n->activation_alpha);
    }
}

Body body_for(const Make *m)
{
    const Target *t = m->env->target;
    return (Body){ .L = m->L, .fused = t && t->fused, .has_exp2 = t && t->fused && t->has_exp2 };
}

void append(Body *b, Stmt *s)
{
    vec_push(b->L, &b->items, s);
}

Expr *let(Body *b, const char *name, Expr *value)
{
    Buffer *local = loop_scalar(b->L, name);
    append(b, st_let(b->L, local, value));
    return val_load(b->L, local, 0, NULL);
}

Stmt *body_block(Body *b)
{
    return st_block(b->L, b->items.count, b->items.at);
}

Stmt *body_group(Body *b)
{
    return b->items.count == 1 ? b->items.at[0] : body_block(b);
}

Expr *real(Body *b, double value)
{
    return val_real(b->L, value);
}

Expr *add(Body *b, Expr *x, Expr *y)
{
    return val_op2(b->L, VOP_ADD, x, y);
}

Expr *sub(Body *b, Expr *x, Expr *y)
{
    return val_op2(b->L, VOP_SUB, x, y);
}

Expr *mul(Body *b, Expr *x, Expr *y)
{
    return val_op2(b->L, VOP_MUL, x, y);
}

Expr *quotient(Body *b, Expr *x, Expr *y)
{
    return val_op2(b->L, VOP_DIV, x, y);
}

static bool has_scaled_silu(const Make *m)
{
    const Node *n = m->n;
    return (n->op == OP_CONV2D || n->op == OP_DENSE) && n->activation == ACT_SILU &&
           !n->has_residual && body_for(m).has_exp2;
}

double make_weight_factor(const Make *m)
{
    return has_scaled_silu(m) ? MATH_LOG2E : 1;
}

static const Param *scaled(const Make *m, const Param *p)
{
    double factor = make_weight_factor(m);
    if (!p || !p->data || factor == 1)
        return p;
    Param *copy = arena_new_of(m->L, Param);
    int64_t count = shape_count(&p->shape);
    float *data = arena_new_array(m->L, float, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(factor * (double)p->data[i]);
    *copy = *p;
    copy->data = data;
    return copy;
}

const Param *make_weight(const Make *m)
{
    return scaled(m, m->n->param[PARAM_WEIGHT]);
}

const Param *make_bias(const Make *m)
{
    return scaled(m, m->n->param[PARAM_BIAS]);
}

Expr *make_activation(const Make *m, Body *b, Expr *value)
{
    const Node *n = m->n;
    return has_scaled_silu(m) ? math_scaled_silu(b, value)
                              : math_activation(b, n->activation, n->activation_alpha, value);
}

Stmt *epilogue(const Make *m, Buffer *y, Buffer *r, Expr *oy, Expr *ox, Expr *o, Expr *value)
{
    Body b = body_for(m);
    Expr *index[] = { oy, ox, o };
    if (r)
        value = add(&b, value, val_load(m->L, r, 3, index));
    append(&b, st_store(m->L, y, 3, index, make_activation(m, &b, value)));
    return body_group(&b);
}

/* The first ky with origin + ky * dilation >= 0. */
Expr *window_lo(Arena *L, Expr *origin, int64_t dilation)
{
    Expr *missing = ix_sub(L, ix_int(L, dilation - 1), origin);
    return ix_max(L, ix_int(L, 0), ix_div(L, missing, dilation));
}

/* The first ky beyond: origin + ky * dilation >= extent, or the kernel's end. */
Expr *window_hi(Arena *L, Expr *origin, int64_t dilation, int64_t extent, int64_t kernel)
{
    Expr *room = ix_sub(L, ix_int(L, extent + dilation - 1), origin);
    return ix_min(L, ix_int(L, kernel), ix_div(L, room, dilation));
}

Expr *inside(Arena *L, Expr *x, int64_t extent)
{
    return ix_and(L, ix_lt(L, ix_int(L, -1), x), ix_lt(L, x, ix_int(L, extent)));
}

void place_element(Arena *L, const Shape *s, Expr *const *index, Expr **at)
{
    Expr *zero = ix_int(L, 0);
    if (s->rank == 4) {
        at[0] = index[2];
        at[1] = index[3];
        at[2] = index[1];
        return;
    }
    at[0] = at[1] = zero;
    at[2] = index[s->rank - 1];
    for (int i = 1; i < s->rank - 1; i++)
        at[0] = ix_add(L, ix_mul(L, at[0], s->dim[i]), index[i]);
}

void place_position(Arena *L, const Shape *s, Expr *position, Expr **at)
{
    int64_t last = s->dim[s->rank - 1];
    at[1] = s->rank == 4 ? ix_mod(L, position, last) : ix_int(L, 0);
    if (s->rank == 4) {
        at[0] = ix_mod(L, ix_div(L, position, last), s->dim[2]);
        at[2] = ix_div(L, position, last * s->dim[2]);
    } else {
        at[0] = ix_div(L, position, last);
        at[2] = ix_mod(L, position, last);
    }
}

Stmt *loops_over(Arena *L, const Shape *s, Var *const *var, Stmt *body)
{
    for (int i = s->rank - 1; i > 0; i--) {
        int d = s->rank == 4 ? (int[]){ 0, 2, 3, 1 }[i] : i;
        if (var[d])
            body = st_for(L, var[d], ix_int(L, 0), ix_int(L, s->dim[d]), body);
    }
    return body;
}
