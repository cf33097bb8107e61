/* Memory planning is packing rectangles: each block of memory has a size and is in use from the
 * node that first writes it to the node that last reads it; blocks in use at one time must not
 * overlap.
 *
 * The blocks are placed one by one, each into the smallest gap that holds it between the blocks in
 * use at the same time that have their place already (best fit; Pisarchyk and Lee, 2020, compare
 * such greedy planners). The order decides how good it gets, so several are tried and the best is
 * kept; then blocks that ended on top are moved to the front of the order, as long as that may
 * help. Everything is deterministic. */
#include "compiler/schedule/plan_memory.h"

#include <stdlib.h>
#include <string.h>

enum { IMPROVEMENTS = 64 };

typedef struct Block {
    int node;
    bool is_scratch;
    int first, last; /* nodes, inclusive */
    int64_t bytes;   /* a multiple of the alignment */
    int64_t offset;
    int64_t rank; /* order of placement: largest first, then by place in the list */
} Block;

typedef Vec(Block) Blocks;

static int64_t align(int64_t bytes)
{
    return (bytes + PLAN_ALIGNMENT - 1) / PLAN_ALIGNMENT * PLAN_ALIGNMENT;
}

/* --- what is in use when ------------------------------------------------------------------- */

static bool is_in_arena(const Graph *g, const Node *owner)
{
    return owner->op != OP_INPUT && owner->op != OP_PARAMETER && owner != g->output;
}

/* When a node is computed: with a later one, or in its turn. */
static int time_of(const PlanNeeds *needs, const Node *n)
{
    return needs->computed_at ? needs->computed_at[n->id] : n->id;
}

/* Marks what a node reads and writes. */
static void mark_storage(const Node *n, bool *used)
{
    used[n->view.owner->id] = true;
    for (int i = 0; i < n->input_count; i++)
        used[n->input[i]->view.owner->id] = true;
}

bool *plan_crossing(const Graph *g, const PlanNeeds *needs, Arena *a)
{
    bool *before = arena_new_array(a, bool, g->nodes.count);
    bool *after = arena_new_array(a, bool, g->nodes.count);
    for_each_node(n, g)
        mark_storage(n, time_of(needs, n) < needs->picturewise ? before : after);
    for (int id = 0; id < g->nodes.count; id++)
        before[id] &= after[id];
    return before;
}

/* A storage of all pictures, if it is used when they run at once. What crosses is in use from the
 * start: the first picture's is kept while the nodes before run again. */
static void give_pictures(const Graph *g, const PlanNeeds *needs, Arena *a, Blocks *blocks)
{
    bool *crosses = plan_crossing(g, needs, a);
    for_each_vec(Block, b, blocks) {
        int64_t pictures = crosses[b->node] || b->first >= needs->picturewise ? needs->pictures : 1;
        b->bytes = align(pictures * shape_count(&g->nodes.at[b->node]->shape) *
                         (int64_t)sizeof(float));
        if (crosses[b->node])
            b->first = 0;
    }
}

static void add_tensors(const Graph *g, const PlanNeeds *needs, Arena *a, Blocks *blocks)
{
    int *block_of = arena_new_array(a, int, g->nodes.count); /* index + 1 */
    for_each_node(n, g) {
        int owner = n->view.owner->id;
        if (!is_in_arena(g, n->view.owner) || time_of(needs, n) != n->id)
            continue;
        if (!block_of[owner]) {
            vec_push(a, blocks, (Block){ .node = owner, .first = n->id });
            block_of[owner] = blocks->count;
        }
        blocks->at[block_of[owner] - 1].last = n->id;
    }
    for_each_node(n, g)
        for (int i = 0; i < n->input_count; i++) {
            int b = block_of[n->input[i]->view.owner->id];
            if (b && blocks->at[b - 1].last < time_of(needs, n))
                blocks->at[b - 1].last = time_of(needs, n);
        }
    give_pictures(g, needs, a, blocks);
}

static void add_scratch(const Graph *g, const int64_t *scratch_bytes, Arena *a, Blocks *blocks)
{
    for (int id = 0; scratch_bytes && id < g->nodes.count; id++)
        if (scratch_bytes[id] > 0)
            vec_push(a, blocks,
                     (Block){ .node = id,
                              .is_scratch = true,
                              .first = id,
                              .last = id,
                              .bytes = align(scratch_bytes[id]) });
}

static Blocks find_blocks(const Graph *g, const PlanNeeds *needs, Arena *a)
{
    Blocks blocks = { 0 };
    add_tensors(g, needs, a, &blocks);
    add_scratch(g, needs->scratch_bytes, a, &blocks);
    return blocks;
}

static int64_t find_lower_bound(const Graph *g, const Blocks *blocks)
{
    int64_t most = 0;
    for (int time = 0; time < g->nodes.count; time++) {
        int64_t sum = 0;
        for_each_vec(const Block, b, blocks)
            sum += b->first <= time && time <= b->last ? b->bytes : 0;
        most = sum > most ? sum : most;
    }
    return most;
}

/* --- placing ------------------------------------------------------------------------------- */

static bool meet(const Block *x, const Block *y)
{
    return x->first <= y->last && y->first <= x->last;
}

static int by_rank(const void *x, const void *y)
{
    const Block *a = *(Block *const *)x, *b = *(Block *const *)y;
    return a->rank != b->rank ? (a->rank < b->rank ? 1 : -1) : (a < b ? -1 : 1);
}

/* The smallest gap between `placed`, which are sorted by offset, that holds b; else behind them. */
static int64_t best_fit(const Block *b, Block *const *placed, int count)
{
    int64_t end = 0, best = -1, best_size = INT64_MAX;
    for (int i = 0; i < count; i++) {
        if (!meet(b, placed[i]))
            continue;
        int64_t gap = placed[i]->offset - end;
        if (gap >= b->bytes && gap < best_size) {
            best = end;
            best_size = gap;
        }
        int64_t next = placed[i]->offset + placed[i]->bytes;
        end = next > end ? next : end;
    }
    return best >= 0 ? best : end;
}

static void insert_by_offset(Block *b, Block **placed, int count)
{
    int i = count;
    for (; i > 0 && placed[i - 1]->offset > b->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = b;
}

/* Places all blocks in the order of their ranks; returns the bytes needed. */
static int64_t place(Blocks *blocks, Arena *a)
{
    Block **order = arena_new_array(a, Block *, blocks->count);
    Block **placed = arena_new_array(a, Block *, blocks->count);
    int64_t bytes = 0;
    for (int i = 0; i < blocks->count; i++)
        order[i] = &blocks->at[i];
    qsort(order, (size_t)blocks->count, sizeof *order, by_rank);
    for (int i = 0; i < blocks->count; i++) {
        order[i]->offset = best_fit(order[i], placed, i);
        insert_by_offset(order[i], placed, i);
        int64_t end = order[i]->offset + order[i]->bytes;
        bytes = end > bytes ? end : bytes;
    }
    return bytes;
}

/* --- orders -------------------------------------------------------------------------------- */

static void rank_by_size(Blocks *blocks)
{
    for_each_vec(Block, b, blocks)
        b->rank = b->bytes;
}

static void rank_by_area(Blocks *blocks)
{
    for_each_vec(Block, b, blocks)
        b->rank = b->bytes * (b->last - b->first + 1);
}

static void rank_by_life(Blocks *blocks)
{
    for_each_vec(Block, b, blocks)
        b->rank = b->last - b->first;
}

static void rank_by_time(Blocks *blocks)
{
    for_each_vec(Block, b, blocks)
        b->rank = -b->first;
}

/* By the bytes in use at the fullest moment of each block's life. */
static void rank_by_crowd(Blocks *blocks)
{
    for_each_vec(Block, b, blocks) {
        b->rank = 0;
        for (int time = b->first; time <= b->last; time++) {
            int64_t sum = 0;
            for_each_vec(const Block, other, blocks)
                sum += other->first <= time && time <= other->last ? other->bytes : 0;
            b->rank = sum > b->rank ? sum : b->rank;
        }
    }
}

static void keep_better(const Blocks *blocks, int64_t bytes, int64_t *best_offset, int64_t *best)
{
    if (bytes >= *best)
        return;
    *best = bytes;
    for (int i = 0; i < blocks->count; i++)
        best_offset[i] = blocks->at[i].offset;
}

/* Places again and again, each time with the blocks that reach the top placed earlier. */
static void improve(Blocks *blocks, int64_t bytes, int64_t bound, Arena *a, int64_t *best_offset,
                    int64_t *best)
{
    for (int round = 0; round<IMPROVEMENTS && * best> bound; round++) {
        int64_t front = 0;
        for_each_vec(const Block, b, blocks)
            front = b->rank > front ? b->rank : front;
        for_each_vec(Block, b, blocks)
            if (b->offset + b->bytes == bytes)
                b->rank = front + 1;
        bytes = place(blocks, a);
        keep_better(blocks, bytes, best_offset, best);
    }
}

static int64_t place_best(Blocks *blocks, int64_t bound, Arena *a)
{
    void (*const orders[])(Blocks *) = { rank_by_size, rank_by_area, rank_by_crowd, rank_by_life,
                                         rank_by_time };
    int64_t *offset = arena_new_array(a, int64_t, blocks->count), best = INT64_MAX;
    for (int i = 0; i < COUNT_OF(orders) && best > bound; i++) {
        orders[i](blocks);
        int64_t bytes = place(blocks, a);
        keep_better(blocks, bytes, offset, &best);
        improve(blocks, bytes, bound, a, offset, &best);
    }
    for (int i = 0; i < blocks->count; i++)
        blocks->at[i].offset = offset[i];
    return blocks->count ? best : 0;
}

/* --- the plan ------------------------------------------------------------------------------ */

static int64_t *nowhere(Arena *a, int count)
{
    int64_t *offset = arena_new_array(a, int64_t, count);
    for (int i = 0; i < count; i++)
        offset[i] = PLAN_NOWHERE;
    return offset;
}

int64_t plan_lower_bound(const Graph *g, const PlanNeeds *needs)
{
    Arena *scratch = arena_new();
    Blocks blocks = find_blocks(g, needs, scratch);
    int64_t bound = find_lower_bound(g, &blocks);
    arena_free(scratch);
    return bound;
}

void plan_memory(const Graph *g, const PlanNeeds *needs, Arena *a, MemoryPlan *out)
{
    Arena *scratch = arena_new();
    Blocks blocks = find_blocks(g, needs, scratch);
    out->offset = nowhere(a, g->nodes.count);
    out->scratch_offset = nowhere(a, g->nodes.count);
    out->lower_bound = find_lower_bound(g, &blocks);
    out->bytes = place_best(&blocks, out->lower_bound, scratch);
    for_each_vec(const Block, b, &blocks)
        (b->is_scratch ? out->scratch_offset : out->offset)[b->node] = b->offset;
    arena_free(scratch);
}

static const char *check_pair(const Graph *g, const Block *x, const Block *y, Arena *a)
{
    if (!meet(x, y) || x->offset + x->bytes <= y->offset || y->offset + y->bytes <= x->offset)
        return NULL;
    return arena_printf(a, "%s of '%s' at %lld and %s of '%s' at %lld overlap",
                        x->is_scratch ? "scratch" : "tensor", g->nodes.at[x->node]->path,
                        (long long)x->offset, y->is_scratch ? "scratch" : "tensor",
                        g->nodes.at[y->node]->path, (long long)y->offset);
}

static const char *check_block(const Graph *g, const Block *b, const MemoryPlan *plan, Arena *a)
{
    if (b->offset >= 0 && b->offset % PLAN_ALIGNMENT == 0 && b->offset + b->bytes <= plan->bytes)
        return NULL;
    return arena_printf(a, "%lld bytes of '%s' at %lld do not lie in %lld bytes of arena",
                        (long long)b->bytes, g->nodes.at[b->node]->path, (long long)b->offset,
                        (long long)plan->bytes);
}

const char *plan_check(const Graph *g, const PlanNeeds *needs, const MemoryPlan *plan, Arena *a)
{
    Blocks blocks = find_blocks(g, needs, a);
    if (plan->bytes < find_lower_bound(g, &blocks))
        return "the arena is smaller than what is in use at one time";
    for_each_vec(Block, b, &blocks)
        b->offset = (b->is_scratch ? plan->scratch_offset : plan->offset)[b->node];
    for_each_vec(const Block, b, &blocks) {
        const char *problem = check_block(g, b, plan, a);
        for (const Block *other = blocks.at; !problem && other < b; other++)
            problem = check_pair(g, b, other, a);
        if (problem)
            return problem;
    }
    return NULL;
}
