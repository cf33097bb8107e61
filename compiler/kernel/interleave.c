/* Two convolutions in one function, row by row: a depthwise convolution reads a row of its input
 * soon after it was computed, so that the map between the two need not exist. Only the rows that
 * are still to be read do, in a ring: row y lies at y % rows.
 *
 *   for each block of B output rows of the second:
 *       the rows of the first that it reads and that are not there yet
 *       the B rows
 *
 * Both nests are those of conv2d.c and window.c, tiled as ever; here their loops over rows get the
 * bounds of a block and the map between them becomes the ring. So every value is summed in the
 * order in which the two kernels alone would (row-wise fusion of producer and consumer as in
 * Halide's compute_at with store_at outside: sliding windows, Ragan-Kelley et al., 2013). */
#include "compiler/kernel/common.h"

#include "compiler/loop/rewrite.h"

#include <stdlib.h>

/* Rows of the first that a block of the second's needs. */
typedef struct Interleave {
    Arena *L;
    int64_t block, blocks, outputs; /* rows of the second: of a block; blocks of them; all */
    int64_t inputs, ring;           /* rows of the first: all; kept */
    int64_t step, before, reach;    /* row y reads step * y - before ... + reach - 1 */
    Buffer *rows;                   /* the ring */
    Var *at;                        /* the block */
} Interleave;

static Interleave interleave_of(const Node *first, const Node *second, int64_t block)
{
    const Attr *a = &second->attr;
    Interleave v = { .block = block,
                     .outputs = node_height(second),
                     .inputs = node_height(first),
                     .step = a->stride[0],
                     .before = a->pad[0] };
    v.reach = (a->kernel[0] - 1) * a->dilation[0] + 1;
    v.blocks = (v.outputs + block - 1) / block;
    v.ring = v.step * (block - 1) + v.reach;
    v.ring = v.ring < v.inputs ? v.ring : v.inputs;
    return v;
}

bool interleave_applies(const Node *first, const Node *second)
{
    bool convolutions = first->op == OP_CONV2D && second->op == OP_CONV2D;
    if (!convolutions || second->input[0] != first || first->has_residual || second->has_residual)
        return false;
    const Attr *a = &second->attr;
    int64_t channels = node_channels(second);
    bool depthwise = a->groups > 1 && a->groups == channels && channels == node_channels(first);
    return depthwise && first->attr.groups == 1 && a->stride[0] <= a->kernel[0] &&
           a->pad[0] < a->kernel[0] && node_height(first) > a->kernel[0];
}

int64_t interleave_floats(const Node *first, const Node *second, int64_t block)
{
    return interleave_of(first, second, block).ring * node_width(first) * node_channels(first);
}

/* --- bounds ----------------------------------------------------------------------------------- */

/* The first row of the first convolution that a block computes: what the blocks before have read
 * is there. */
static Expr *first_new(const Interleave *v)
{
    Arena *L = v->L;
    int64_t rows = v->step * v->block, ahead = v->reach - v->step - v->before;
    Expr *at = ix_mul(L, ix_var(L, v->at), rows), *next = ix_add(L, at, ix_int(L, ahead));
    if (ahead <= 0)
        return ix_max(L, ix_int(L, 0), next);
    /* 0 in block 0, but at least `next` in every other one */
    return ix_min(L, ix_mul(L, at, 1 + (ahead + rows - 1) / rows), next);
}

static Expr *end_of_new(const Interleave *v)
{
    Arena *L = v->L;
    int64_t rows = v->step * v->block, ahead = v->reach - v->step - v->before;
    Expr *next = ix_add(L, ix_mul(L, ix_var(L, v->at), rows), ix_int(L, rows + ahead));
    return ix_min(L, ix_int(L, v->inputs), next);
}

static Expr *first_output(const Interleave *v)
{
    return ix_mul(v->L, ix_var(v->L, v->at), v->block);
}

static Expr *end_of_outputs(const Interleave *v)
{
    Expr *end = ix_add(v->L, first_output(v), ix_int(v->L, v->block));
    return ix_min(v->L, ix_int(v->L, v->outputs), end);
}

/* --- rewriting -------------------------------------------------------------------------------- */

/* What a nest over a whole map becomes. */
typedef struct Part {
    const Interleave *v;
    const Make *m;
    Expr *lo, *hi;
} Part;

static Expr *to_ring(Rewriter *r, Expr *e)
{
    const Part *p = r->self;
    Expr *copy = rewrite_args(r, e);
    if (copy->kind != EXPR_LOAD || copy->buffer != p->m->between)
        return copy;
    Expr *load = arena_new_of(r->L, Expr);
    *load = *copy;
    load->buffer = p->v->rows;
    load->arg[0] = ix_mod(r->L, copy->arg[0], p->v->ring);
    if (p->m->slice)
        load->arg[2] = ix_sub(r->L, copy->arg[2], p->m->slice);
    return load;
}

static Stmt *to_block(Rewriter *r, Stmt *s)
{
    const Part *p = r->self;
    Stmt *copy = rewrite_parts(r, s);
    if (copy->kind == STMT_FOR && copy->var == p->m->rows) {
        copy->lo = p->lo;
        copy->hi = p->hi;
    } else if (copy->kind == STMT_STORE && copy->buffer == p->m->between) {
        copy->buffer = p->v->rows;
        copy->index[0] = ix_mod(r->L, copy->index[0], p->v->ring);
        if (p->m->slice)
            copy->index[2] = ix_sub(r->L, copy->index[2], p->m->slice);
    }
    return copy;
}

static Stmt *part_of(const Interleave *v, const Make *m, Expr *lo, Expr *hi)
{
    Rewriter r = { v->L, to_ring, to_block, &(Part){ v, m, lo, hi } };
    return to_block(&r, m->slice ? m->nest->body : m->nest);
}

typedef struct Slicing {
    const Make *m;
    const Var *o;
} Slicing;

static Expr *same_expr(Rewriter *r, Expr *e)
{
    (void)r;
    return e;
}

static Stmt *to_slice(Rewriter *r, Stmt *s)
{
    const Slicing *k = r->self;
    if (s->kind != STMT_FOR || s->var != k->o)
        return rewrite_parts(r, s);
    Expr *at = ix_add(r->L, k->m->slice, ix_var(r->L, s->var));
    Stmt *loop = arena_new_of(r->L, Stmt);
    *loop = *s;
    loop->hi = ix_int(r->L, k->m->slice_channels);
    loop->body = loop_substitute(r->L, s->body, s->var, at);
    return loop;
}

Stmt *make_slice_channels(Make *m, Stmt *nest, const Var *o, int64_t *channels)
{
    if (!m->slice)
        return nest;
    *channels = m->slice_channels;
    Rewriter r = { m->L, same_expr, to_slice, &(Slicing){ m, o } };
    int64_t slices = m->slice_count;
    return st_for(m->L, m->slice_var, ix_int(m->L, 0), ix_int(m->L, slices), to_slice(&r, nest));
}

/* --- the function ----------------------------------------------------------------------------- */

/* The parameters of the second bear the names that the first one's have: w2, b2. */
static void rename_params(Make *m, int from)
{
    Function *f = m->k->function;
    for (int i = from; i < f->param_count; i++)
        if (f->param[i]->role == BUFFER_CONST)
            f->param[i]->name = arena_printf(m->L, "%s2", f->param[i]->name);
}

static Make part_maker(const Make *m, const KernelEnv *env, const Node *n, MakePart part)
{
    Make p = { .env = env, .L = m->L, .n = n, .k = m->k, .part = part };
    p.name.arena = p.summary.arena = p.extras.arena = m->L;
    return p;
}

static void join_texts(Make *m, const Make *p, const char *between)
{
    text_puts(&m->name, make_name((Make *)p));
    text_puts(&m->name, between[0] ? "_then_" : "");
    text_puts(&m->summary, text_string((Text *)&p->summary));
    text_puts(&m->summary, text_string((Text *)&p->extras));
    text_puts(&m->summary, between);
}

const char *make_interleaved(Make *m)
{
    const KernelEnv *env = m->env;
    const Node *first = env->producer, *second = m->n;
    KernelEnv own = *env;
    own.tile = env->producer_tile;
    Interleave v = interleave_of(first, second, env->rows);
    v.L = m->L;
    v.at = loop_var(m->L, "block");
    int64_t cb = getenv("CB") ? atoi(getenv("CB")) : 0, channels = node_channels(first);
    Expr *slice = NULL;
    Var *ct = loop_var(m->L, "ot");
    if (cb && channels % cb == 0 && cb < channels)
        slice = ix_mul(m->L, ix_var(m->L, ct), cb), channels = cb;
    Make a = part_maker(m, &own, first, MAKE_FIRST);
    a.slice_var = ct, a.slice_count = node_channels(first) / channels;
    a.slice = slice, a.slice_channels = channels;
    const char *error = make_conv2d(&a), *tile = m->k->tile;
    int params = m->k->function->param_count;
    Make b = part_maker(m, env, second, MAKE_SECOND);
    b.slice_var = ct, b.slice_count = node_channels(first) / channels;
    b.slice = slice, b.slice_channels = channels;
    error = error ? error : make_depthwise(&b);
    if (error)
        return error;
    rename_params(m, params);
    v.rows = make_scratch(m, "rows", 3, v.ring, node_width(first), channels);
    join_texts(m, &a, ", then row by row ");
    join_texts(m, &b, "");
    text_printf(&m->name, "_rows%lld", (long long)v.block);
    if (tile)
        m->k->tile = arena_printf(m->L, "%s, then %s", tile, m->k->tile);
    Stmt *parts[] = { part_of(&v, &a, first_new(&v), end_of_new(&v)),
                      part_of(&v, &b, first_output(&v), end_of_outputs(&v)) };
    Stmt *nest = st_for(m->L, v.at, ix_int(m->L, 0), ix_int(m->L, v.blocks),
                        st_block(m->L, 2, parts));
    nest->mark = LOOP_SEQUENTIAL;
    if (slice) {
        nest = st_for(m->L, ct, ix_int(m->L, 0), ix_int(m->L, node_channels(first) / cb), nest);
        nest->mark = LOOP_SEQUENTIAL;
    }
    make_finish(m, nest);
    return NULL;
}
