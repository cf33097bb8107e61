/* Fetching ahead. A nest that multiplies many pixels by a block of weights reads the block once per
 * tile of pixels; the first time it comes from afar, and the sums wait for it: layers were measured
 * to lose a tenth to a quarter of their speed that way. So each tile fetches a part of the next
 * block, spread over the steps of its sum (all at its begin was measured to gain little):
 *   for block { for tile { for step { prefetch part `tile` of step `step` of block + 1; ... } } }
 * Which loops these are follows from the indices: a step's loop holds no other and its variable is
 * in them; the tiles are what they do not depend on, the blocks the next loop outside of those. */
#include "compiler/base/diag.h"
#include "compiler/loop/affine.h"
#include "compiler/loop/rewrite.h"

enum { MAX_DEPTH = 32, LINE_BYTES = 64 };

typedef struct Nest {
    const Stmt *loop[MAX_DEPTH]; /* outermost first */
    int depth;
} Nest;

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool holds_loop(const Stmt *s)
{
    if (s->kind == STMT_FOR && s->mark != LOOP_UNROLL)
        return true;
    if (s->body && holds_loop(s->body))
        return true;
    for (int i = 0; i < s->count; i++)
        if (holds_loop(s->item[i]))
            return true;
    return false;
}

/* --- what one step reads ---------------------------------------------------------------------- */

/* Lines of one buffer, as statements that would fetch them. */
typedef struct Lines {
    Arena *L;
    Buffer *buffer;
    Vec(Stmt *) items;
} Lines;

static bool is_same_line(const Stmt *a, const Stmt *b)
{
    for (int i = 0; i < a->index_count; i++)
        if (!ix_equal(a->index[i], b->index[i]))
            return false;
    return true;
}

/* The line of a load from an array whose rows are lines. */
static void add_load(Lines *l, const Expr *e)
{
    Buffer *b = e->buffer;
    int last = e->arg_count - 1;
    bool has_lines = b->role == BUFFER_CONST && last > 0 &&
                     b->extent[last] * (int64_t)sizeof(float) == LINE_BYTES;
    if (!has_lines || (l->buffer && l->buffer != b))
        return;
    Expr *index[LOOP_MAX_RANK];
    for (int i = 0; i < last; i++)
        index[i] = e->arg[i];
    index[last] = ix_int(l->L, 0);
    Stmt *line = loop_simplify(l->L, st_prefetch(l->L, b, e->arg_count, index));
    for (int i = 0; i < l->items.count; i++)
        if (is_same_line(l->items.at[i], line))
            return;
    l->buffer = b;
    vec_push(l->L, &l->items, line);
}

static void add_expr(Lines *l, const Expr *e)
{
    if (e->kind == EXPR_LOAD)
        add_load(l, e);
    for (int i = 0; i < e->arg_count; i++)
        add_expr(l, e->arg[i]);
}

static void add_stmt(Lines *l, const Stmt *s)
{
    int64_t lo, hi;
    if (s->kind == STMT_FOR && ix_is_constant(s->lo, &lo) && ix_is_constant(s->hi, &hi)) {
        for (int64_t i = lo; i < hi; i++)
            add_stmt(l, loop_substitute(l->L, s->body, s->var, ix_int(l->L, i)));
        return;
    }
    if (s->value)
        add_expr(l, s->value);
    if (s->body)
        add_stmt(l, s->body);
    for (int i = 0; i < s->count; i++)
        add_stmt(l, s->item[i]);
}

/* A box of lines: `size` of them along each dimension from `first` on. */
typedef struct Box {
    Buffer *buffer;
    int rank;
    Expr *first[LOOP_MAX_RANK];
    int64_t size[LOOP_MAX_RANK], count;
} Box;

/* False where the lines are none. */
static bool box_of(const Lines *l, Box *box)
{
    if (!l->items.count)
        return false;
    Stmt *reference = l->items.at[0];
    *box = (Box){ .buffer = l->buffer, .rank = reference->index_count, .count = 1 };
    for (int d = 0; d < box->rank; d++) {
        Affine at = affine_of(reference->index[d]);
        int64_t least = 0, most = 0;
        for (int i = 1; i < l->items.count; i++) {
            Affine other = affine_of(l->items.at[i]->index[d]);
            Affine distance = affine_add(&other, -1, &at);
            if (distance.count)
                return false;
            least = distance.constant < least ? distance.constant : least;
            most = larger(most, distance.constant);
        }
        box->first[d] = ix_add(l->L, reference->index[d], ix_int(l->L, least));
        box->size[d] = most - least + 1;
        box->count *= box->size[d];
    }
    return box->count == l->items.count;
}

/* --- fetching --------------------------------------------------------------------------------- */

static bool depends(const Box *box, const Stmt *loop)
{
    for (int d = 0; d < box->rank; d++)
        if (ix_uses(box->first[d], loop->var))
            return true;
    return false;
}

/* Of the loops over v in s, the most iterations. */
static int64_t most_trips(const Stmt *s, const Var *v)
{
    int64_t most = s->kind == STMT_FOR && s->var == v ? trips_of(s) : 0;
    if (s->body)
        most = larger(most, most_trips(s->body, v));
    for (int i = 0; i < s->count; i++)
        most = larger(most, most_trips(s->item[i], v));
    return most;
}

/* The loops over blocks and over tiles; false where there are none. Where the tiles of a block are
 * several loops, the longest fetches. */
static bool find_loops(const Nest *nest, const Box *box, const Stmt **block, const Stmt **tile)
{
    int at = nest->depth - 1;
    if (!depends(box, nest->loop[at]))
        return false;
    while (at >= 0 && depends(box, nest->loop[at]))
        at--;
    for (*tile = NULL; at >= 0 && !depends(box, nest->loop[at]); at--)
        if (trips_of(nest->loop[at]) > 1)
            *tile = nest->loop[at];
    *block = at >= 0 ? nest->loop[at] : NULL;
    return *block && *tile && trips_of(*tile) == most_trips(*block, (*tile)->var);
}

/* Indices beyond the end of a dimension go on in the one before it, as the array lies in memory;
 * what has no next block fetches its own end. */
static void carry(Arena *L, const Buffer *b, Expr **index, int d)
{
    for (; d > 0 && b->extent[d - 1] > 1; d--) {
        Expr *over = ix_div(L, index[d], b->extent[d]);
        index[d] = ix_mod(L, index[d], b->extent[d]);
        index[d - 1] = ix_add(L, index[d - 1], over);
    }
    index[d] = ix_min(L, index[d], ix_int(L, b->extent[d] - 1));
}

/* Line `number` of the box in the next block. */
static Stmt *fetch(Arena *L, const Box *box, const Stmt *block, Expr *number)
{
    Expr *index[LOOP_MAX_RANK], *next = ix_add(L, ix_var(L, block->var), ix_int(L, 1));
    int64_t step = 1;
    for (int d = box->rank - 1; d >= 0; d--) {
        Expr *part = ix_div(L, number, step);
        step *= box->size[d];
        if (step < box->count)
            part = ix_mod(L, part, box->size[d]);
        index[d] = expr_substitute(L, box->first[d], block->var, next);
        if (box->size[d] > 1)
            index[d] = ix_add(L, index[d], part);
    }
    for (int d = 0; d < box->rank; d++)
        if (ix_uses(box->first[d], block->var)) {
            carry(L, box->buffer, index, d);
            break;
        }
    return st_prefetch(L, box->buffer, box->rank, index);
}

/* `body` behind the tile's part of the box. */
static Stmt *fetch_first(Arena *L, const Box *box, const Stmt *block, const Stmt *tile, Stmt *body)
{
    Vec(Stmt *) items = { 0 };
    int64_t trips = trips_of(tile), each = (box->count + trips - 1) / trips;
    Expr *begin = ix_mul(L, ix_sub(L, ix_var(L, tile->var), tile->lo), each);
    Expr *last = ix_int(L, box->count - 1);
    for (int64_t i = 0; i < each; i++) {
        Expr *number = ix_min(L, ix_add(L, begin, ix_int(L, i)), last);
        vec_push(L, &items, fetch(L, box, block, number));
    }
    vec_push(L, &items, body);
    return st_block(L, items.count, items.at);
}

static Stmt *prefetch_stmt(Rewriter *r, Stmt *s)
{
    Nest *nest = r->self;
    if (s->kind != STMT_FOR || s->mark == LOOP_UNROLL)
        return rewrite_parts(r, s);
    if (nest->depth == MAX_DEPTH)
        bug("loops nested deeper than %d", MAX_DEPTH);
    nest->loop[nest->depth++] = s;
    Stmt *copy = rewrite_parts(r, s);
    if (!holds_loop(s->body)) {
        Lines lines = { .L = r->L };
        Box box;
        const Stmt *block, *tile;
        add_stmt(&lines, s->body);
        if (box_of(&lines, &box) && find_loops(nest, &box, &block, &tile))
            copy->body = fetch_first(r->L, &box, block, tile, copy->body);
    }
    nest->depth--;
    return copy;
}

Stmt *loop_prefetch(Arena *L, Stmt *s)
{
    Nest nest = { .depth = 0 };
    Rewriter r = { L, same_expr, prefetch_stmt, &nest };
    return loop_simplify(L, prefetch_stmt(&r, s));
}
