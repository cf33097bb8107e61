/* A pair pays in time where the map between its two convolutions is large: it leaves the cache
 * before it is read, or does so in part. Measured on mobilenet_v2 and efficientnet_b0: maps of more
 * than half of the second-level cache win 6 to 20 % of both layers' time (AVX-512 and AVX2),
 * smaller ones nothing; rows of 14 pixels lose up to 6 %, those of 7 more, for the first then has
 * few tiles between one slice of its weights and the next.
 *
 * On targets without vectors memory is what is scarce: a pair is made where the arena would be
 * larger without it. */
#include "compiler/schedule/pairs.h"

#include "compiler/graph/view.h"
#include "compiler/schedule/plan_memory.h"

static Pairs no_pairs(Arena *a, const Graph *g)
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
    for (int i = 0; i < first->input_count; i++)
        if (second->view.owner == first->input[i]->view.owner)
            return false;
    return first->id < second->id;
}

/* The forms that compute a row from one row. */
static bool may_be_first(Tile tile)
{
    return tile.form == TILE_DIRECT || tile.form == TILE_INNER;
}

static bool may_pair(const Graph *g, const Node *n, const Tile *tile, int picturewise)
{
    const Node *first = n->input_count ? n->input[0] : NULL;
    return first && first->op == OP_CONV2D && interleave_applies(first, n) &&
           (first->id < picturewise) == (n->id < picturewise) && may_be_first(tile[first->id]) &&
           is_private(g, first) && are_neighbours(g, first, n);
}

/* The form must be one that stores weights as they are summed. */
static bool may_scale(const Graph *g, const Node *n, const Tile *tile, int picturewise)
{
    const Node *product = n->input_count ? n->input[0] : NULL;
    return product && may_be_first(tile[n->id]) && scale_applies(product, n) &&
           (product->id < picturewise) == (n->id < picturewise) && product != g->output &&
           graph_use_count(g, product) == 1 && are_neighbours(g, product, n);
}

/* --- for time --------------------------------------------------------------------------------- */

/* A layer goes over all pictures that run at once before the next one begins. */
static bool saves_time(const Target *t, const Node *first, int64_t pictures)
{
    const double share = 0.5;
    enum { NARROWEST = 20 };
    double bytes = sizeof(float) * (double)(pictures * shape_count(&first->shape));
    return bytes > share * t->l2_bytes && node_width(first) >= NARROWEST &&
           interleave_has_slices(first);
}

static void set_pair(Pairs *p, const Node *second, int64_t rows)
{
    const Node *first = second->input[0];
    p->producer[second->id] = first;
    p->rows[second->id] = rows;
    p->computed_at[first->id] = second->id;
}

static void unset_pair(Pairs *p, const Node *second)
{
    p->computed_at[p->producer[second->id]->id] = p->producer[second->id]->id;
    p->producer[second->id] = NULL;
}

/* --- for memory ------------------------------------------------------------------------------- */

static int64_t arena_with(const Graph *g, const Pairs *p, PlanNeeds needs)
{
    Arena *a = arena_new();
    int64_t *scratch = arena_new_array(a, int64_t, g->nodes.count);
    for_each_node(n, g)
        if (p->producer[n->id])
            scratch[n->id] = (int64_t)sizeof(float) *
                             interleave_floats(p->producer[n->id], n, p->rows[n->id]);
    needs.scratch_bytes = scratch;
    needs.computed_at = p->computed_at;
    int64_t bytes = plan_lower_bound(g, &needs);
    arena_free(a);
    return bytes;
}

/* Undoes those without which the arena is no larger. */
static void keep_smallest_arena(const Graph *g, Pairs *p, PlanNeeds needs)
{
    int64_t least = arena_with(g, p, needs);
    for_each_node(n, g) {
        const Node *first = p->producer[n->id];
        if (!first)
            continue;
        unset_pair(p, n);
        if (arena_with(g, p, needs) > least)
            set_pair(p, n, p->rows[n->id]);
    }
}

Pairs pairs_choose(Arena *a, const Graph *g, const Target *target, const Tile *tile,
                   int64_t pictures, int picturewise, PairRule rule)
{
    enum { ROWS = 4 }; /* 2 take 0.5 to 1 % longer */
    bool has_vectors = target->vector.lanes > 1, all = rule == PAIRS_ALL || !has_vectors;
    Pairs p = no_pairs(a, g);
    for_each_node(n, g)
        if (has_vectors && !target->strict && may_scale(g, n, tile, picturewise))
            set_pair(&p, n, 0);
    for_each_node(n, g)
        if (rule != PAIRS_NONE && may_pair(g, n, tile, picturewise) &&
            (all || saves_time(target, n->input[0], n->id < picturewise ? 1 : pictures)))
            set_pair(&p, n, has_vectors ? ROWS : 1);
    if (!has_vectors && rule == PAIRS_PAYING)
        keep_smallest_arena(g, &p, (PlanNeeds){ .pictures = pictures, .picturewise = picturewise });
    return p;
}
