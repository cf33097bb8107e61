/* A pair pays where the map between its two convolutions does not stay in the second-level cache;
 * on targets without vectors, whose memory is small, where the arena would be larger without it. */
#include "compiler/schedule/pairs.h"

#include "compiler/graph/view.h"
#include "compiler/schedule/plan_memory.h"

#include <stdlib.h>

Pairs pairs_none(Arena *a, const Graph *g)
{
    Pairs p = { arena_new_array(a, const Node *, g->nodes.count),
                arena_new_array(a, int64_t, g->nodes.count),
                arena_new_array(a, int, g->nodes.count) };
    for_each_node(n, g)
        p.computed_at[n->id] = n->id;
    return p;
}

/* --- what may be a pair ----------------------------------------------------------------------- */

/* Is its storage its own, and read by nothing but one node? */
static bool is_private(const Graph *g, const Node *n)
{
    if (n == g->output || n->view.owner != n || graph_use_count(g, n) != 1)
        return false;
    for_each_node(other, g)
        if (other != n && other->view.owner == n)
            return false;
    return true;
}

/* Nothing may be computed between the two, lest it overwrite what the first reads. */
static bool are_neighbours(const Graph *g, const Node *first, const Node *second)
{
    for (int i = first->id + 1; i < second->id; i++)
        if (!kernel_is_void(g->nodes.at[i]))
            return false;
    return first->id < second->id && second->view.owner != first->input[0]->view.owner;
}

static bool may_pair(const Graph *g, const Node *n, const Tile *tile)
{
    const Node *first = n->input_count ? n->input[0] : NULL;
    return first && first->op == OP_CONV2D && interleave_applies(first, n) &&
           !tile[first->id].winograd && is_private(g, first) && are_neighbours(g, first, n);
}

/* --- which pay -------------------------------------------------------------------------------- */

static int64_t bytes_of(const Node *n)
{
    return (int64_t)sizeof(float) * shape_count(&n->shape);
}

static bool leaves_cache(const Target *t, const Node *first)
{
    const double share = 0.75; /* as in cost.c */
    return (double)bytes_of(first) > share * t->l2_bytes;
}

static int64_t rows_of(const Target *t, const Node *first, const Node *second)
{
    (void)t, (void)first, (void)second;
    return getenv("ROWS") ? atoi(getenv("ROWS")) : 1;
}

static void set_pair(Pairs *p, const Target *t, const Node *second)
{
    const Node *first = second->input[0];
    p->producer[second->id] = first;
    p->rows[second->id] = rows_of(t, first, second);
    p->computed_at[first->id] = second->id;
}

Pairs pairs_choose(Arena *a, const Graph *g, const Target *target, const Tile *tile,
                   int64_t pictures)
{
    (void)pictures;
    Pairs p = pairs_none(a, g);
    for_each_node(n, g)
        if (may_pair(g, n, tile) && leaves_cache(target, n->input[0]))
            set_pair(&p, target, n);
    return p;
}
