/* Fetching for the calls that follow. A layer whose weights serve one pixel reads each of them once
 * and waits for all of them: nothing of its own can hide that. So a nest before it, which computes
 * long enough, fetches its array, a few lines per iteration:
 *   for oy { for ot { prefetch lines 7 (72 oy + ot) .. + 6; ... } }
 * Which loops do so follows from the nest: of loops side by side those that store most, one inside
 * another until an iteration has few lines left to fetch. */
#include "compiler/base/diag.h"
#include "compiler/loop/rewrite.h"

enum { MAX_DEPTH = 32, MOST_LINES = 8 };

typedef struct Way {
    const Stmt *loop[MAX_DEPTH]; /* outermost first; with constant bounds */
    int depth;
    int64_t trips; /* of all together */
    Buffer *lines;
} Way;

/* How often it stores; loops whose bounds depend on others count once. */
static int64_t stores_of(const Stmt *s)
{
    int64_t stores = s->kind == STMT_STORE;
    if (s->body)
        stores += stores_of(s->body);
    for (int i = 0; i < s->count; i++)
        stores += stores_of(s->item[i]);
    return s->kind == STMT_FOR && trips_of(s) > 0 ? trips_of(s) * stores : stores;
}

/* Of the loops in s that lie in no other, the one that stores most; NULL: none to go on in. */
static const Stmt *main_loop(const Stmt *s)
{
    if (s->kind == STMT_FOR)
        return s->mark != LOOP_UNROLL && trips_of(s) > 0 ? s : NULL;
    const Stmt *best = s->body ? main_loop(s->body) : NULL;
    for (int i = 0; i < s->count; i++) {
        const Stmt *other = main_loop(s->item[i]);
        if (other && (!best || stores_of(other) > stores_of(best)))
            best = other;
    }
    return best;
}

static void find_way(Way *way, const Stmt *s)
{
    way->trips = 1;
    for (const Stmt *loop = main_loop(s); loop; loop = main_loop(loop->body)) {
        if (way->depth == MAX_DEPTH)
            bug("loops nested deeper than %d", MAX_DEPTH);
        way->loop[way->depth++] = loop;
        way->trips *= trips_of(loop);
        if (way->lines->extent[0] <= MOST_LINES * way->trips)
            return;
    }
}

/* How many iterations went before this one. */
static Expr *position(Arena *L, const Way *way)
{
    Expr *at = ix_int(L, 0);
    for (int i = 0; i < way->depth; i++) {
        Expr *iteration = ix_sub(L, ix_var(L, way->loop[i]->var), way->loop[i]->lo);
        at = ix_add(L, ix_mul(L, at, trips_of(way->loop[i])), iteration);
    }
    return at;
}

/* The iteration's lines; the last iterations fetch the array's end again. */
static Stmt *fetch(Arena *L, const Way *way)
{
    int64_t count = way->lines->extent[0], each = (count + way->trips - 1) / way->trips;
    Expr *begin = ix_min(L, ix_mul(L, position(L, way), each), ix_int(L, count - each));
    Var *i = loop_var(L, "i");
    Expr *index[] = { ix_add(L, begin, ix_var(L, i)), ix_int(L, 0) };
    Stmt *body = st_prefetch(L, way->lines, 2, index);
    Stmt *s = st_for(L, i, ix_int(L, 0), ix_int(L, each), body);
    return loop_mark(L, s, i, LOOP_UNROLL);
}

static Stmt *fetch_stmt(Rewriter *r, Stmt *s)
{
    const Way *way = r->self;
    Stmt *copy = rewrite_parts(r, s);
    if (s == way->loop[way->depth - 1]) {
        Stmt *both[] = { fetch(r->L, way), copy->body };
        copy->body = st_block(r->L, 2, both);
    }
    return copy;
}

Stmt *loop_fetch(Arena *L, Stmt *s, Buffer *lines)
{
    Way way = { .lines = lines };
    find_way(&way, s);
    if (!way.depth)
        return s;
    Rewriter r = { L, same_expr, fetch_stmt, &way };
    return loop_simplify(L, fetch_stmt(&r, s));
}
