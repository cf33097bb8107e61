/* What a kernel does per cycle is bounded by the worst of its multiply-adds, its loads, the
 * chain of its sums and the stream of its weights (these overlap); what it must fetch first or
 * write back adds up. A thing is where it fits: each level of the caches has a size and a rate
 * in the row. The loops are those of tiling.c, conv2d.c, window.c and winograd.c. */
#include "compiler/schedule/cost.h"

#include "compiler/base/vec.h"
#include "compiler/graph/view.h"

#include <math.h>

static int64_t div_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* --- where things are ------------------------------------------------------------------------- */

/* Bytes per cycle of something that is read again and again, and that large. */
static double rate_of(const Target *t, double bytes)
{
    const double share = 0.75; /* other things live in a cache, too */
    if (bytes <= share * t->l1_bytes)
        return t->l1_bytes_per_cycle;
    if (bytes <= share * t->l2_bytes)
        return t->l2_bytes_per_cycle;
    return bytes <= share * t->l3_bytes ? t->l3_bytes_per_cycle : t->memory_bytes_per_cycle;
}

/* Weights are met once in a run, after all others. */
static double fetch_weights(const CostModel *m, double bytes)
{
    return bytes / rate_of(m->target, m->weight_bytes);
}

/* Once more, after no others. One stream alone does not keep the memory busy. */
static double fetch_again(const Target *t, double bytes, Tile tile)
{
    const double share_of_one_stream = 0.6;
    double rate = rate_of(t, bytes);
    bool is_slow = tile.vectors == 1 && rate <= t->memory_bytes_per_cycle;
    return bytes / rate / (is_slow ? share_of_one_stream : 1);
}

static double bytes_of(const Node *n)
{
    return 4.0 * (double)shape_count(&n->shape);
}

static double read_input(const Target *t, const Node *n)
{
    double bytes = bytes_of(n->input[0]);
    return bytes / rate_of(t, bytes);
}

static double write_output(const Target *t, const Node *n)
{
    return bytes_of(n) / rate_of(t, bytes_of(n));
}

/* --- register tiles --------------------------------------------------------------------------- */

/* Parts of nearly equal size: `wider` of size + 1 among `count`. */
typedef struct Parts {
    int64_t count, size, wider;
} Parts;

static Parts parts_of(int64_t extent, int64_t largest)
{
    int64_t count = div_up(extent, largest);
    return count ? (Parts){ count, extent / count, extent % count } : (Parts){ 0, 0, 0 };
}

/* Whole vectors of channels, and half ones: at most one. */
typedef struct Groups {
    int64_t whole, halves;
} Groups;

static Groups groups_of(const Target *t, int64_t columns, int64_t channels, Tile tile)
{
    bool half = tile_half_lanes(t, tile.lanes, columns, channels) != 0;
    return (Groups){ div_up(channels, tile.lanes) - half, half };
}

/* Vectors of a register tile; in half vectors everything but a chain of sums takes half as long. */
typedef struct Vectors {
    int64_t count;
    double width; /* of whole vectors: 1 or 1/2 */
} Vectors;

/* One step of the reduction: every pixel with every vector of weights, which come at a rate. */
static double step_cycles(const Target *t, int64_t pixels, Vectors v, double weight_rate)
{
    double fma = v.width * (double)(pixels * v.count) / t->fma_per_cycle;
    double loads = v.width * (double)(pixels + v.count) / t->loads_per_cycle;
    double stream = v.width * (double)v.count * t->tile_lanes * 4 / weight_rate;
    const double contention = 0.05; /* loads are not quite hidden behind products */
    return larger(larger(fma, loads), larger(stream, t->fma_latency)) + contention * loads;
}

/* All tiles of one row of `columns`, for one tile of channels. */
static double row_cycles(const Target *t, int64_t columns, Tile tile, Vectors v, double steps,
                         double weight_rate)
{
    Parts p = parts_of(columns, tile.pixels);
    double cycles = 0;
    for (int wide = 0; wide <= 1; wide++) {
        int64_t count = wide ? p.wider : p.count - p.wider, size = p.size + wide;
        double values = v.width * (double)(size * v.count);
        if (count)
            cycles += (double)count * (steps * step_cycles(t, size, v, weight_rate) +
                                       t->tile_cycles + t->store_cycles * values);
    }
    return cycles;
}

/* `rows` rows for all channels: each tile of channels goes over the whole picture. */
static double map_cycles(const Target *t, int64_t rows, int64_t columns, int64_t channels,
                         Tile tile, double steps, double most_rate)
{
    Groups g = groups_of(t, columns, channels, tile);
    Parts p = parts_of(g.whole, tile.vectors);
    double cycles = 0;
    for (int wide = 0; wide <= 1; wide++) {
        int64_t count = wide ? p.wider : p.count - p.wider, size = p.size + wide;
        double rate = rate_of(t, (double)(size * tile.lanes) * 4 * steps);
        rate = rate < most_rate ? rate : most_rate;
        cycles += (double)(count * rows) *
                  row_cycles(t, columns, tile, (Vectors){ size, 1 }, steps, rate);
    }
    double rate = rate_of(t, tile.lanes * 2 * steps);
    rate = rate < most_rate ? rate : most_rate;
    return cycles + (double)(g.halves * rows) *
                        row_cycles(t, columns, tile, (Vectors){ 1, 0.5 }, steps, rate);
}

/* A tile of several vectors reads as many streams of weights, each of which is left and taken up
 * again where the tile's channels end; those of one vector are a single stream. */
static double restart_cycles(const Target *t, int64_t channels, Tile tile, double weights)
{
    int64_t groups = div_up(channels, tile.lanes);
    double restarts = (double)(groups - parts_of(groups, tile.vectors).count);
    return weights <= t->l1_bytes ? 0 : restarts * t->stream_cycles;
}

/* --- convolutions and dense layers ------------------------------------------------------------ */

typedef struct Work {
    int64_t groups, out; /* channels of one group */
    int64_t rows, columns;
    double steps;   /* of the reduction */
    double weights; /* bytes */
} Work;

/* The share of the taps along an axis that fall inside the picture; the others are not computed. */
static double inside_share(const Node *n, int axis)
{
    const Attr *a = &n->attr;
    int64_t extent = axis == 0 ? node_height(n->input[0]) : node_width(n->input[0]);
    int64_t outputs = axis == 0 ? node_height(n) : node_width(n), inside = 0;
    for (int64_t o = 0; o < outputs; o++)
        for (int64_t k = 0; k < a->kernel[axis]; k++) {
            int64_t at = o * a->stride[axis] + k * a->dilation[axis] - a->pad[axis];
            inside += at >= 0 && at < extent;
        }
    return (double)inside / (double)(outputs * a->kernel[axis]);
}

static Work work_of(const Node *n)
{
    const Attr *a = &n->attr;
    const Shape *weight = &n->param[PARAM_WEIGHT]->shape;
    Work w = {
        .groups = 1, .rows = 1, .out = weight->dim[0], .weights = 4.0 * (double)shape_count(weight)
    };
    w.steps = (double)(shape_count(weight) / w.out);
    w.columns = shape_count(&n->shape) / w.out;
    if (n->op == OP_DENSE)
        return w;
    w.groups = a->groups;
    w.out /= a->groups;
    w.steps *= inside_share(n, 0) * inside_share(n, 1);
    if (a->kernel[0] * a->kernel[1] * a->stride[0] * a->stride[1] != 1) { /* not one flat row */
        w.rows = node_height(n);
        w.columns = node_width(n);
    }
    return w;
}

static double direct_cycles(const CostModel *m, const Node *n, Tile tile)
{
    const Target *t = m->target;
    Work w = work_of(n);
    bool is_streamed = w.rows * w.columns <= tile.pixels; /* no weight is used twice */
    double rate = is_streamed ? rate_of(t, m->weight_bytes) : INFINITY;
    double cycles = map_cycles(t, w.rows, w.columns, w.out, tile, w.steps, rate);
    double fetch = is_streamed ? 0 : fetch_weights(m, w.weights);
    if (!is_streamed)
        cycles += restart_cycles(t, w.out, tile, w.weights);
    return (double)w.groups * cycles + fetch + read_input(t, n) + write_output(t, n);
}

static double winograd_cycles(const CostModel *m, const Node *n, Tile tile)
{
    const Target *t = m->target;
    WinogradTile form = winograd_tile(n, tile.form);
    int64_t points = form.points;
    int64_t in = node_channels(n->input[0]), out = node_channels(n);
    int64_t rows = div_up(node_height(n), form.height);
    int64_t columns = div_up(node_width(n), form.width);
    int64_t batch = winograd_batch(t, n, tile);
    double batches = (double)div_up(rows, batch);
    double weights = 4.0 * (double)(points * in * div_up(out, tile.lanes) * tile.lanes);
    double vectors = (double)(points * rows * columns) *
                     (double)(div_up(in, tile.lanes) + div_up(out, tile.lanes));
    double products = (double)points *
                      map_cycles(t, 1, batch * columns, out, tile, (double)in, INFINITY);
    products += (double)points * restart_cycles(t, out, tile, weights);
    return batches * products + (batches - 1) * fetch_again(t, weights, tile) +
           fetch_weights(m, weights) + vectors * t->transform_cycles_per_vector + read_input(t, n) +
           write_output(t, n);
}

/* Seven products of half the sizes, the sums of the input, and the outputs without a partner. */
static double strassen_cycles(const CostModel *m, const Node *n, Tile tile)
{
    const Target *t = m->target;
    Work w = work_of(n);
    int64_t pairs = w.out / tile.lanes / 2, half = div_up(w.columns, 2);
    double weights = w.weights * 7 / 4, steps = w.steps / 2;
    double rate = rate_of(t, 7 * steps * (double)tile.vectors * tile.lanes * 4);
    double products = 7 * map_cycles(t, 1, half, pairs * tile.lanes, tile, steps, rate);
    if (w.out > 2 * pairs * tile.lanes)
        products += map_cycles(t, 1, w.columns, tile.lanes, tile, w.steps, INFINITY);
    double sums = 4 * (double)half * steps / tile.lanes * t->transform_cycles_per_vector;
    return products + sums + restart_cycles(t, w.out, tile, weights) + fetch_weights(m, weights) +
           read_input(t, n) + write_output(t, n);
}

/* Do the pixels of a tile, which are read together, compete for the ways of one set of L1? */
static bool pixels_collide(const Target *t, const Node *x, int64_t stride, int64_t pixels)
{
    int64_t pitch = 4 * stride * view_pixel_stride(x), way = t->l1_bytes / t->l1_ways, period = 1;
    while (pitch * period % way)
        period++;
    return div_up(pixels, period) > t->l1_ways;
}

/* Where channels are paired a step takes less time. Before, what belongs to a pixel is summed. */
static double inner_cycles(const CostModel *m, const Node *n, Tile tile)
{
    const Target *t = m->target;
    Work w = work_of(n);
    const double pixel_cycles = 12, pixel_lanes = 8, collision = 1.8;
    InnerBlock block[PACK_INNER_BLOCKS];
    double paired = (double)pack_inner_blocks((int64_t)w.steps, block);
    double steps = t->inner_step * paired + w.steps - paired;
    if (pixels_collide(t, n->input[0], n->attr.stride[1], tile.pixels))
        steps *= collision;
    double products = map_cycles(t, w.rows, w.columns, w.out, tile, steps, INFINITY);
    double terms = (double)(w.rows * w.columns) * (pixel_cycles + paired * 4 / 6 / pixel_lanes);
    return products + terms + fetch_weights(m, w.weights) + read_input(t, n) + write_output(t, n);
}

/* --- everything else -------------------------------------------------------------------------- */

/* Depthwise convolutions and pools: per tap a vector of each pixel; one of weights. */
static double window_cycles(const CostModel *m, const Node *n, Tile tile)
{
    const Target *t = m->target;
    double taps = (double)(n->attr.kernel[0] * n->attr.kernel[1]);
    Groups g = groups_of(t, node_width(n), node_channels(n), tile);
    double rate = t->l1_bytes_per_cycle;
    double row = (double)g.whole *
                 row_cycles(t, node_width(n), tile, (Vectors){ 1, 1 }, taps, rate);
    row += (double)g.halves * row_cycles(t, node_width(n), tile, (Vectors){ 1, 0.5 }, taps, rate);
    double input = bytes_of(n->input[0]);
    return (double)node_height(n) * row + input / rate_of(t, input) + write_output(t, n);
}

static double traffic_cycles(const Target *t, const Node *n)
{
    double bytes = bytes_of(n);
    for (int i = 0; i < n->input_count; i++)
        bytes += bytes_of(n->input[i]);
    return bytes / rate_of(t, bytes) + bytes / 4 / t->tile_lanes / t->loads_per_cycle;
}

/* Those with an exponential. */
static double activation_cycles(const Target *t, const Node *n)
{
    Activation a = n->activation != ACT_NONE ? n->activation : activation_of(n->op);
    bool has_exp = activation_has_exp(a) || n->op == OP_SOFTMAX;
    double vectors = (double)shape_count(&n->shape) / t->tile_lanes;
    return has_exp ? vectors * t->exp_cycles_per_vector : 0;
}

static bool is_channelwise(const Node *n)
{
    return n->op == OP_MAX_POOL || n->op == OP_AVG_POOL ||
           (n->op == OP_CONV2D && n->attr.groups > 1 && n->attr.groups == node_channels(n) &&
            n->attr.groups == node_channels(n->input[0]));
}

static double node_cycles(const CostModel *m, const Node *n, Tile tile)
{
    if (is_channelwise(n))
        return window_cycles(m, n, tile);
    if (n->op == OP_CONV2D || n->op == OP_DENSE)
        return tile.form == TILE_STRASSEN ? strassen_cycles(m, n, tile)
               : tile.form == TILE_INNER  ? inner_cycles(m, n, tile)
               : tile.form                ? winograd_cycles(m, n, tile)
                                          : direct_cycles(m, n, tile);
    return n->op == OP_INPUT ? 0 : traffic_cycles(m->target, n);
}

double cost_cycles(const CostModel *m, const Node *n, Tile tile)
{
    return node_cycles(m, n, tile) + activation_cycles(m->target, n);
}

CostModel cost_model(const Target *target, const Graph *g)
{
    CostModel m = { .target = target };
    for_each_node(n, g)
        for (int i = 0; i < PARAM_ROLES; i++)
            if (n->param[i])
                m.weight_bytes += 4.0 * (double)shape_count(&n->param[i]->shape);
    return m;
}

double cost_milliseconds(const Target *t, double cycles)
{
    return cycles / t->gigahertz * 1e-6;
}
