/* Two convolutions in one function: a depthwise one reads a row of its input soon after that was
 * computed, so that the map between the two need not exist. Only the rows that are still to be read
 * do, in a ring, where row y lies at y % rows; and, as a channel of the second depends on one
 * channel of the first, only those of a slice of the channels, few enough for the first-level
 * cache.
 *
 *   for each slice of channels:
 *       for each block of B output rows of the second:
 *           the rows of the first that these read and that are not there yet
 *           the B rows
 *
 * Both nests are those of conv2d.c and window.c, tiled as ever, of a slice; here their loops over
 * rows get the bounds of a block and the map between them becomes the ring. So every value is
 * summed in the order in which the two kernels alone would sum it. (Sliding windows: Halide's
 * compute_at inside of store_at, Ragan-Kelley et al., 2013.) */
#include "compiler/kernel/common.h"

#include "compiler/loop/rewrite.h"

/* Of output rows of the second, and of rows of the first. */
typedef struct Rows {
    int64_t block, blocks, outputs; /* rows of a block; blocks; all rows */
    int64_t inputs, ring;           /* all rows; those in the ring */
    int64_t step, ahead; /* block i begins at row i * block, and before it the first `ahead` rows
                          * from step * i * block on have been computed */
} Rows;

typedef struct Interleave {
    Arena *L;
    Rows rows;
    Var *slice, *block;
    int64_t slices, channels; /* their number; of one */
    Buffer *ring;
} Interleave;

static Rows rows_of(const Node *first, const Node *second, int64_t block)
{
    const Attr *a = &second->attr;
    Rows r = { .block = block,
               .outputs = node_height(second),
               .inputs = node_height(first),
               .step = a->stride[0] };
    int64_t reach = (a->kernel[0] - 1) * a->dilation[0] + 1, most = r.step * (block - 1) + reach;
    r.ahead = reach - r.step - a->pad[0];
    r.blocks = (r.outputs + block - 1) / block;
    r.ring = most < r.inputs ? most : r.inputs;
    return r;
}

/* Slices are of whole groups of packed weights, or there is but one. */
static int64_t slices_of(const Node *first)
{
    int64_t channels = node_channels(first);
    return channels % PACK_LANES ? 1 : channels / PACK_LANES;
}

bool interleave_applies(const Node *first, const Node *second)
{
    if (first->op != OP_CONV2D || second->op != OP_CONV2D || second->input[0] != first ||
        first->has_residual || second->has_residual || first->attr.groups != 1)
        return false;
    const Attr *a = &second->attr;
    int64_t channels = node_channels(second);
    bool depthwise = a->groups > 1 && a->groups == channels && channels == node_channels(first);
    return depthwise && a->stride[0] <= a->kernel[0] && a->pad[0] < a->kernel[0] &&
           node_height(first) > a->kernel[0];
}

bool interleave_has_slices(const Node *first)
{
    return slices_of(first) > 1 || node_channels(first) <= PACK_LANES;
}

int64_t interleave_floats(const Node *first, const Node *second, int64_t block)
{
    int64_t channels = node_channels(first) / slices_of(first);
    return rows_of(first, second, block).ring * node_width(first) * channels;
}

/* --- slices ----------------------------------------------------------------------------------- */

static Expr *slice_begin(const Interleave *v)
{
    return ix_mul(v->L, ix_var(v->L, v->slice), v->channels);
}

typedef struct Slicing {
    const Interleave *v;
    const Var *o;
} Slicing;

static Stmt *to_slice(Rewriter *r, Stmt *s)
{
    const Slicing *k = r->self;
    if (s->kind != STMT_FOR || s->var != k->o)
        return rewrite_parts(r, s);
    Stmt *loop = arena_new_of(r->L, Stmt);
    *loop = *s;
    loop->hi = ix_int(r->L, k->v->channels);
    loop->body = loop_substitute(r->L, s->body, s->var,
                                 ix_add(r->L, slice_begin(k->v), ix_var(r->L, s->var)));
    return loop;
}

Stmt *make_slices(const Make *m, Stmt *nest, const Var *o, int64_t *channels)
{
    const Interleave *v = m->part ? m->part->pair : NULL;
    if (!v || v->slices == 1)
        return nest;
    *channels = v->channels;
    Rewriter r = { m->L, same_expr, to_slice, &(Slicing){ v, o } };
    return st_for(m->L, v->slice, ix_int(m->L, 0), ix_int(m->L, v->slices), to_slice(&r, nest));
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The first row of the first convolution that a block computes. */
static Expr *first_new(const Interleave *v)
{
    Arena *L = v->L;
    int64_t rows = v->rows.step * v->rows.block, ahead = v->rows.ahead;
    Expr *at = ix_mul(L, ix_var(L, v->block), rows), *next = ix_add(L, at, ix_int(L, ahead));
    if (ahead <= 0)
        return ix_max(L, ix_int(L, 0), next);
    /* 0 in block 0, and in the others as much as `next` at least */
    return ix_min(L, ix_mul(L, at, 1 + (ahead + rows - 1) / rows), next);
}

static Expr *end_of_new(const Interleave *v)
{
    Arena *L = v->L;
    int64_t rows = v->rows.step * v->rows.block;
    Expr *next = ix_add(L, ix_mul(L, ix_var(L, v->block), rows), ix_int(L, rows + v->rows.ahead));
    return ix_min(L, ix_int(L, v->rows.inputs), next);
}

static Expr *first_output(const Interleave *v)
{
    return ix_mul(v->L, ix_var(v->L, v->block), v->rows.block);
}

static Expr *end_of_outputs(const Interleave *v)
{
    Expr *end = ix_add(v->L, first_output(v), ix_int(v->L, v->rows.block));
    return ix_min(v->L, ix_int(v->L, v->rows.outputs), end);
}

/* A nest of a whole map becomes that of a block. */
typedef struct Blocking {
    const Interleave *v;
    const MakePart *part;
    Expr *lo, *hi;
} Blocking;

static void place_in_ring(const Blocking *k, Expr **index)
{
    Arena *L = k->v->L;
    index[0] = ix_mod(L, index[0], k->v->rows.ring);
    if (k->v->slices > 1)
        index[2] = ix_sub(L, index[2], slice_begin(k->v));
}

static Expr *expr_of_block(Rewriter *r, Expr *e)
{
    const Blocking *k = r->self;
    Expr *copy = rewrite_args(r, e);
    if (copy->kind != EXPR_LOAD || copy->buffer != k->part->between)
        return copy;
    Expr *load = arena_new_of(r->L, Expr);
    *load = *copy;
    load->buffer = k->v->ring;
    place_in_ring(k, load->arg);
    return load;
}

static Stmt *stmt_of_block(Rewriter *r, Stmt *s)
{
    const Blocking *k = r->self;
    Stmt *copy = rewrite_parts(r, s);
    if (copy->kind == STMT_FOR && copy->var == k->part->row) {
        copy->lo = k->lo;
        copy->hi = k->hi;
    } else if (copy->kind == STMT_STORE && copy->buffer == k->part->between) {
        copy->buffer = k->v->ring;
        place_in_ring(k, copy->index);
    }
    return copy;
}

static Stmt *block_of_rows(const Interleave *v, const MakePart *part, Expr *lo, Expr *hi)
{
    Rewriter r = { v->L, expr_of_block, stmt_of_block, &(Blocking){ v, part, lo, hi } };
    return stmt_of_block(&r, v->slices > 1 ? part->nest->body : part->nest);
}

/* --- the function ----------------------------------------------------------------------------- */

/* Makes a kernel that leaves its nest in `part` and its parameters in the function of m. */
static const char *make_part(Make *m, const KernelEnv *env, const Node *n, MakePart *part,
                             const char *(*make)(Make *))
{
    Make p = { .env = env, .L = m->L, .n = n, .k = m->k, .part = part };
    p.name.arena = p.summary.arena = p.extras.arena = m->L;
    const char *error = make(&p);
    text_printf(&m->name, "%s%s", m->name.length ? "_then_" : "", make_name(&p));
    text_printf(&m->summary, "%s%s%s", m->summary.length ? ", then row by row " : "",
                text_string(&p.summary), text_string(&p.extras));
    return error;
}

/* The constants of the second bear the names that those of the first have: w2, b2. */
static void rename_constants(Make *m, int from)
{
    Function *f = m->k->function;
    for (int i = from; i < f->param_count; i++)
        if (f->param[i]->role == BUFFER_CONST)
            f->param[i]->name = arena_printf(m->L, "%s2", f->param[i]->name);
}

static const char *make_parts(Make *m, const Interleave *v, MakePart *first, MakePart *second)
{
    KernelEnv env = *m->env;
    env.tile = env.producer_tile;
    const char *error = make_part(m, &env, m->env->producer, first, make_conv2d);
    const char *tile = m->k->tile;
    int params = m->k->function->param_count;
    error = error ? error : make_part(m, m->env, m->n, second, make_depthwise);
    rename_constants(m, params);
    text_printf(&m->name, "_rows%lld", (long long)v->rows.block);
    if (tile)
        m->k->tile = arena_printf(m->L, "%s, then %s", tile, m->k->tile);
    return error;
}

/* An iteration overwrites what the one before has read. */
static Stmt *in_sequence(Arena *L, Var *v, int64_t count, Stmt *body)
{
    Stmt *loop = st_for(L, v, ix_int(L, 0), ix_int(L, count), body);
    loop->mark = LOOP_SEQUENTIAL;
    return loop;
}

const char *make_interleaved(Make *m)
{
    Arena *L = m->L;
    const Node *producer = m->env->producer;
    Interleave v = { .L = L,
                     .rows = rows_of(producer, m->n, m->env->rows),
                     .slice = loop_var(L, "slice"),
                     .block = loop_var(L, "block"),
                     .slices = slices_of(producer) };
    v.channels = node_channels(producer) / v.slices;
    MakePart first = { .pair = &v, .is_first = true }, second = { .pair = &v };
    const char *error = make_parts(m, &v, &first, &second);
    if (error)
        return error;
    v.ring = make_scratch(m, "rows", 3, v.rows.ring, node_width(producer), v.channels);
    Stmt *parts[] = { block_of_rows(&v, &first, first_new(&v), end_of_new(&v)),
                      block_of_rows(&v, &second, first_output(&v), end_of_outputs(&v)) };
    Stmt *nest = in_sequence(L, v.block, v.rows.blocks, st_block(L, 2, parts));
    if (v.slices > 1)
        nest = in_sequence(L, v.slice, v.slices, nest);
    make_finish(m, first.before ? st_block(L, 2, (Stmt *[]){ first.before, nest }) : nest);
    return NULL;
}
