/* A layer that runs for N pictures, one after the other with the layers around it, reads its
 * weights N times instead of once; one that runs for all at once finds the maps of N pictures no
 * more in the caches where those of one would be. The bytes of both decide, summed over the layers
 * from one on to the end: on the way maps shrink and weights grow, so one cut is enough. Maps count
 * twice: a line of the cache is fetched before it is written, and written back.
 *
 * Measured layer by layer with 8 pictures (AVX-512): resnet18's first convolutions lose 7 to 16 %
 * when all pictures run at once, pools more than half; its last two blocks, whose transformed
 * weights are 4 to 17 MB a layer, gain 11 to 34 %, vgg16's dense layers 80 %; where N - 1 times
 * the weights are once to twice the maps, it hardly matters. */
#include "compiler/schedule/picturewise.h"

/* As they are read: transformed. */
static int64_t weight_bytes(const Node *n, Tile tile)
{
    const Param *w = n->param[PARAM_WEIGHT];
    int64_t bytes = w ? shape_count(&w->shape) * (int64_t)sizeof(float) : 0;
    if (tile.form == TILE_STRASSEN)
        return bytes / 4 * 7;
    if (tile.form && tile.form <= TILE_MAX_WINOGRAD)
        return bytes / (n->attr.kernel[0] * n->attr.kernel[1]) * winograd_tile(n, tile.form).points;
    return bytes;
}

static int64_t map_bytes(const Node *n)
{
    int64_t values = shape_count(&n->shape);
    for (int i = 0; i < n->input_count; i++)
        if (n->input[i]->op != OP_PARAMETER)
            values += shape_count(&n->input[i]->shape);
    return values * (int64_t)sizeof(float);
}

int picturewise_choose(const Graph *g, const Tile *tile, int64_t pictures)
{
    int64_t saved = 0, most = 0;
    int first = g->nodes.count;
    for (int id = g->nodes.count - 1; id >= 0; id--) {
        const Node *n = g->nodes.at[id];
        if (kernel_is_void(n))
            continue;
        saved += (pictures - 1) * weight_bytes(n, tile[id]) - 2 * pictures * map_bytes(n);
        if (saved > most) {
            most = saved;
            first = id;
        }
    }
    return first;
}
