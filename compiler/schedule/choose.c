/* Tiles are read off the target's row; how many vectors a layer really has is tiling.c's to see. */
#include "compiler/schedule/choose.h"

#include "compiler/schedule/cost.h"

/* One output pixel: nothing to share weights between, so only many chains keep the processor
 * busy. */
static bool is_matrix_vector(const Node *n)
{
    return node_height(n) * node_width(n) == 1;
}

static bool is_depthwise(const Node *n)
{
    return n->op == OP_CONV2D && n->attr.groups > 1 && n->attr.groups == node_channels(n) &&
           n->attr.groups == node_channels(n->input[0]);
}

Tile choose_tile(const Target *target, const Node *n)
{
    Tile tile = { .lanes = target->tile_lanes,
                  .pixels = target->tile_pixels,
                  .vectors = target->tile_vectors };
    if (n->op == OP_MAX_POOL || n->op == OP_AVG_POOL || is_depthwise(n)) {
        tile.pixels = target->tile_depthwise;
        tile.vectors = 1;
    } else if (is_matrix_vector(n)) {
        tile.pixels = 1;
        tile.vectors = target->tile_matrix;
    }
    return tile;
}

static const double worth_share = 0.05; /* of the network's predicted time */

/* Winograd's form that the model finds fastest for a node, 0: none; saves *cycles. */
static int best_winograd(const Target *target, const Node *n, double *cycles)
{
    double direct = cost_cycles(target, n, 0), best = direct;
    int size = 0;
    for (int m = 2; m <= 4; m += 2)
        if (winograd_applies(n) && cost_cycles(target, n, m) < best) {
            best = cost_cycles(target, n, m);
            size = m;
        }
    *cycles = direct - best;
    return size;
}

Tile *choose_tiles(Arena *arena, const Target *target, const Graph *g, Optimize optimize)
{
    Tile *tile = arena_new_array(arena, Tile, g->nodes.count);
    double total = 0, saved = 0;
    if (optimize == OPTIMIZE_BALANCED && target->vector.lanes == 1)
        optimize = OPTIMIZE_SIZE; /* portable C goes into flash */
    for_each_node(n, g) {
        double cycles = 0;
        tile[n->id] = choose_tile(target, n);
        if (optimize != OPTIMIZE_SIZE && !target->strict)
            tile[n->id].winograd = best_winograd(target, n, &cycles);
        total += cost_cycles(target, n, 0);
        saved += cycles;
    }
    bool worth = optimize == OPTIMIZE_SPEED || saved >= worth_share * total;
    for_each_node(n, g)
        if (!worth)
            tile[n->id].winograd = 0;
    return tile;
}
