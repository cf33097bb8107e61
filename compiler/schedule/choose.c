/* Tiles are read off the target's row; how many vectors a layer really has is tiling.c's to see. */
#include "compiler/schedule/choose.h"

/* One output pixel: nothing to share weights between, so only many chains keep the processor
 * busy. */
static bool is_matrix_vector(const Node *n)
{
    return n->op == OP_DENSE || node_height(n) * node_width(n) == 1;
}

static bool is_depthwise(const Node *n)
{
    return n->op == OP_CONV2D && n->attr.groups > 1 && n->attr.groups == node_channels(n) &&
           n->attr.groups == node_channels(n->input[0]);
}

/* The transforms cost as much per channel of either side as the products save: both need many. */
enum { WINOGRAD_CHANNELS = 32 };

static bool pays_winograd(const Target *target, const Node *n)
{
    int64_t side = node_height(n) < node_width(n) ? node_height(n) : node_width(n);
    return target->winograd_side && side >= target->winograd_side && winograd_applies(n) &&
           node_channels(n) >= WINOGRAD_CHANNELS && node_channels(n->input[0]) >= WINOGRAD_CHANNELS;
}

Tile choose_tile(const Target *target, const Node *n)
{
    Tile tile = { .lanes = target->tile_lanes,
                  .pixels = target->tile_pixels,
                  .vectors = target->tile_vectors,
                  .winograd = pays_winograd(target, n) ? 4 : 0 };
    if (n->op == OP_MAX_POOL || n->op == OP_AVG_POOL || is_depthwise(n)) {
        tile.pixels = target->tile_depthwise;
        tile.vectors = 1;
    } else if (is_matrix_vector(n)) {
        tile.pixels = 1;
        tile.vectors = target->tile_matrix;
    }
    return tile;
}
