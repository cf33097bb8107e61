/* Cycles are the sum of three terms, which measurements showed to add up rather than to overlap:
 * products at the rate of the target's tiles, weights that have to come from memory, and passes
 * over activations. */
#include "compiler/schedule/cost.h"

static double weight_cycles(const Target *t, double bytes)
{
    return bytes / t->memory_bytes_per_cycle;
}

static double round_up(int64_t x, int64_t multiple)
{
    return (double)((x + multiple - 1) / multiple * multiple);
}

/* Channels of the last, partly filled group of lanes cost as much as full ones. */
static double padded_channels(const Target *t, int64_t channels)
{
    return round_up(channels, t->tile_lanes);
}

static double direct_cycles(const Target *t, const Node *n)
{
    int64_t out = node_channels(n) / n->attr.groups;
    double macs = (double)node_macs(n) * padded_channels(t, out) / (double)out;
    double bytes = 4.0 * (double)shape_count(&n->param[PARAM_WEIGHT]->shape);
    return macs / t->macs_per_cycle + weight_cycles(t, bytes);
}

static double winograd_cycles(const Target *t, const Node *n, int size)
{
    double tiles = round_up(node_height(n), size) / size * round_up(node_width(n), size) / size;
    double points = (double)((size + 2) * (size + 2));
    double in = padded_channels(t, node_channels(n->input[0]));
    double out = padded_channels(t, node_channels(n));
    double macs = points * tiles * in * out, bytes = 4.0 * points * in * out;
    double vectors = points * tiles * (in + out) / t->tile_lanes;
    return macs / t->macs_per_cycle + weight_cycles(t, bytes) +
           vectors * t->transform_cycles_per_vector;
}

double cost_cycles(const Target *t, const Node *n, int winograd)
{
    if (n->op == OP_CONV2D)
        return winograd ? winograd_cycles(t, n, winograd) : direct_cycles(t, n);
    if (n->op == OP_DENSE)
        return weight_cycles(t, 4.0 * (double)shape_count(&n->param[PARAM_WEIGHT]->shape));
    return 4.0 * (double)shape_count(&n->shape) / t->memory_bytes_per_cycle;
}
