/* What a node may be given is read off the target's row, brought to the form that tiling.c makes of
 * it, so that no two candidates are the same code. Among them a schedule decides, or the model. */
#include "compiler/schedule/choose.h"

#include "compiler/schedule/cost.h"

#include <string.h>

const double choose_worth_share = 0.05;

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

static bool is_channelwise(const Node *n)
{
    return n->op == OP_MAX_POOL || n->op == OP_AVG_POOL || is_depthwise(n);
}

Tile choose_tile(const Target *target, const Node *n)
{
    Tile tile = { .lanes = target->tile_lanes,
                  .pixels = target->tile_pixels,
                  .vectors = target->tile_vectors };
    if (is_channelwise(n)) {
        tile.pixels = target->tile_depthwise;
        tile.vectors = 1;
    } else if (is_matrix_vector(n)) {
        tile.pixels = 1;
        tile.vectors = target->tile_matrix;
    }
    return tile;
}

/* --- candidates ------------------------------------------------------------------------------- */

static int div_up(int64_t a, int64_t b)
{
    return (int)((a + b - 1) / b);
}

/* The largest of the nearly equal parts that tiling.c cuts `extent` into. */
static int even_part(int64_t extent, int largest)
{
    return div_up(extent, div_up(extent, largest));
}

/* Columns that a row of tiles goes over: of the flattened picture where a 1x1 convolution sees it
 * as one row. */
static int64_t tiled_columns(const Node *n)
{
    const Attr *a = &n->attr;
    if (n->op == OP_DENSE)
        return node_height(n) * node_width(n);
    bool flat = n->op == OP_CONV2D && a->kernel[0] * a->kernel[1] == 1 &&
                a->stride[0] * a->stride[1] == 1 && !is_depthwise(n) &&
                node_height(n) == node_height(n->input[0]) &&
                node_width(n) == node_width(n->input[0]);
    return flat ? node_height(n) * node_width(n) : node_width(n);
}

static Tile normal_tile(const Target *target, const Node *n, Tile tile)
{
    int64_t groups_of_conv = n->op == OP_CONV2D && !is_depthwise(n) ? n->attr.groups : 1;
    int64_t channels = node_channels(n) / groups_of_conv, columns = tiled_columns(n);
    int groups = div_up(channels, tile.lanes);
    if (!tile.form && groups > 1 && tile_half_lanes(target, tile.lanes, columns, channels))
        groups--; /* the half vector is a tile of its own */
    tile.vectors = even_part(groups, tile.vectors);
    if (!tile.form)
        tile.pixels = even_part(columns, tile.pixels);
    return tile;
}

/* The row's tile; where a layer has fewer vectors, more pixels use the registers. */
static Tile row_tile(const Target *target, const Node *n)
{
    enum { MAX_PIXELS = 14 };
    Tile row = choose_tile(target, n), tile = normal_tile(target, n, row);
    if (tile.vectors < row.vectors && row.pixels > 1 && target->vector.lanes > 1) {
        int room = (target->vector_registers - tile.vectors - 1) / tile.vectors;
        tile.pixels = room < MAX_PIXELS ? room : MAX_PIXELS;
    }
    return tile;
}

static bool same_tile(Tile a, Tile b)
{
    return a.form == b.form && a.pixels == b.pixels && a.vectors == b.vectors;
}

static bool suits(const Node *n, RegisterTile tile)
{
    if (is_channelwise(n))
        return tile.vectors == 1 && tile.pixels > 1;
    return is_matrix_vector(n) == (tile.pixels == 1);
}

static int add_candidate(const Target *target, const Node *n, Tile tile, Tile *out, int count)
{
    tile = normal_tile(target, n, tile);
    for (int i = 0; i < count; i++)
        if (same_tile(out[i], tile))
            return count;
    out[count] = tile;
    return count + 1;
}

static int add_inner(const Target *target, const Node *n, Tile *out, int count)
{
    for (const RegisterTile *t = target->inner_tiles; t->pixels; t++) {
        Tile tile = { target->tile_lanes, t->pixels, t->vectors, TILE_INNER };
        count = add_candidate(target, n, tile, out, count);
    }
    return count;
}

int choose_candidates(const Target *target, const Node *n, Forms forms,
                      Tile out[CHOOSE_MAX_CANDIDATES])
{
    bool is_tiled = n->op == OP_CONV2D || n->op == OP_DENSE || is_channelwise(n);
    int count = 0;
    for (int form = 0; is_tiled && form <= (forms == FORMS_ALL ? TILE_MAX_WINOGRAD : 0); form++) {
        Tile tile = row_tile(target, n);
        tile.form = form;
        if (form && !winograd_applies(n, form))
            continue;
        count = add_candidate(target, n, tile, out, count);
        for (const RegisterTile *t = form ? target->winograd_tiles : target->tiles; t->pixels;
             t++) {
            tile.pixels = t->pixels;
            tile.vectors = t->vectors;
            if (form || suits(n, *t))
                count = add_candidate(target, n, tile, out, count);
        }
    }
    if (forms == FORMS_ALL && strassen_applies(n)) {
        Tile tile = row_tile(target, n);
        tile.form = TILE_STRASSEN;
        count = add_candidate(target, n, tile, out, count);
    }
    if (forms >= FORMS_INNER && inner_applies(target, n))
        count = add_inner(target, n, out, count);
    return count;
}

Forms choose_forms(const Target *target, Optimize optimize)
{
    if (optimize == OPTIMIZE_SIZE || target->strict)
        return FORMS_DIRECT;
    bool is_portable = target->vector.lanes == 1; /* C that goes into flash */
    return optimize == OPTIMIZE_BALANCED && is_portable ? FORMS_INNER : FORMS_ALL;
}

bool choose_has_form(Forms forms, Tile tile)
{
    Forms needed = tile.form == TILE_DIRECT  ? FORMS_DIRECT
                   : tile.form == TILE_INNER ? FORMS_INNER
                                             : FORMS_ALL;
    return forms >= needed;
}

/* --- by the model ----------------------------------------------------------------------------- */

/* The candidate that the model finds fastest, among the direct ones or all; *cycles is its time.
 * Groups of scalars keep the row's tile unless asked for speed: the numbers of their cost are those
 * of a processor whose C compiler makes vectors of them, and small ones are slower with others. */
static Tile fastest(const CostModel *m, const Node *n, Forms forms, Optimize optimize,
                    double *cycles)
{
    Tile candidate[CHOOSE_MAX_CANDIDATES];
    bool keeps_row = m->target->vector.lanes == 1 && optimize != OPTIMIZE_SPEED;
    int count = choose_candidates(m->target, n, forms, candidate), best = 0;
    if (!count)
        candidate[0] = choose_tile(m->target, n);
    *cycles = cost_cycles(m, n, candidate[0]);
    for (int i = 1; i < count; i++) {
        bool same_form = candidate[i].form == candidate[i - 1].form;
        double c = cost_cycles(m, n, candidate[i]);
        if (c < *cycles && !(same_form && keeps_row)) {
            *cycles = c;
            best = i;
        }
    }
    return candidate[best];
}

static void choose_by_model(Arena *a, const Target *target, const Graph *g, Optimize optimize,
                            Tile *tile)
{
    CostModel m = cost_model(target, g);
    Forms forms = choose_forms(target, optimize);
    Forms cheap = forms == FORMS_ALL ? FORMS_INNER : forms; /* no more bytes */
    Tile *direct = arena_new_array(a, Tile, g->nodes.count);
    double total = 0, least = 0;
    for_each_node(n, g) {
        double cycles[2];
        direct[n->id] = fastest(&m, n, cheap, optimize, &cycles[0]);
        tile[n->id] = fastest(&m, n, forms, optimize, &cycles[1]);
        total += cycles[0];
        least += cycles[1];
    }
    bool worth = optimize == OPTIMIZE_SPEED || total - least >= choose_worth_share * total;
    for_each_node(n, g)
        if (!worth)
            tile[n->id] = direct[n->id];
}

/* --- by a schedule ---------------------------------------------------------------------------- */

static const char *tile_error(Arena *a, const Tuning *t, const TunedLayer *layer, const char *why)
{
    return arena_printf(a, "%s:%d: %s for %s: %s", t->file, layer->line,
                        tuning_tile_text(a, layer->tile), layer->name, why);
}

/* The tile of a schedule's line for a node. NULL, or why the node cannot have it. */
static const char *take_tuned(Arena *a, const Target *target, const Node *n, Forms forms,
                              const Tuning *t, const TunedLayer *layer, Tile *tile)
{
    Tile candidate[CHOOSE_MAX_CANDIDATES];
    int count = choose_candidates(target, n, forms, candidate);
    for (int i = 0; i < count; i++)
        if (same_tile(candidate[i], layer->tile)) {
            *tile = candidate[i];
            return NULL;
        }
    if (!choose_has_form(forms, layer->tile))
        return tile_error(a, t, layer,
                          target->strict ? "--strict allows no Winograd"
                                         : "--optimize allows no transformed weights here");
    if (layer->tile.form == TILE_STRASSEN && !strassen_applies(n))
        return tile_error(a, t, layer, "only large 1x1 convolutions of stride 1 have that form");
    if (layer->tile.form == TILE_INNER && !inner_applies(target, n))
        return tile_error(a, t, layer,
                          "only 1x1 convolutions and dense layers with at least 12 inputs and "
                          "20 pixels have that form, on processors that add beside "
                          "multiplying");
    if (layer->tile.form > TILE_STRASSEN && !winograd_applies(n, layer->tile.form))
        return tile_error(a, t, layer,
                          arena_printf(a, "only convolutions of stride 1 have that form: %s",
                                       winograd_kernels(a, layer->tile.form)));
    return tile_error(a, t, layer,
                      arena_printf(a, "%s has no such tile for this layer", target->name));
}

/* A layer of the file that the network has not. */
static const char *find_unused(Arena *a, const Tuning *t, const Map *used, const Graph *g)
{
    for (int i = 0; i < t->layers.count; i++) {
        const TunedLayer *layer = t->layers.entry[i].value;
        if (!map_get(used, layer->name))
            return arena_printf(a, "%s:%d: %s has no layer '%.200s'", t->file, layer->line, g->name,
                                layer->name);
    }
    return NULL;
}

static const char *choose_by_tuning(Arena *a, const Target *target, const Graph *g, Forms forms,
                                    const Tuning *t, Tile *tile)
{
    Map used = { 0 };
    if (strcmp(t->target, target->name) != 0)
        return arena_printf(a, "%s:%d: this schedule is for %s, the target is %s", t->file,
                            t->target_line, t->target, target->name);
    for_each_node(n, g) {
        Tile any[CHOOSE_MAX_CANDIDATES];
        if (!choose_candidates(target, n, false, any))
            continue;
        const char *name = kernel_name(a, n), *error = NULL;
        TunedLayer *layer = name ? map_get(&t->layers, name) : NULL;
        if (layer)
            error = take_tuned(a, target, n, forms, t, layer, &tile[n->id]);
        if (error)
            return error;
        if (layer)
            map_set(a, &used, name, layer);
    }
    return find_unused(a, t, &used, g);
}

const char *choose_tiles(Arena *arena, const Target *target, const Graph *g, Optimize optimize,
                         const Tuning *tuning, Tile **out)
{
    *out = arena_new_array(arena, Tile, g->nodes.count);
    choose_by_model(arena, target, g, optimize, *out);
    if (!tuning)
        return NULL;
    bool all = !target->strict && optimize != OPTIMIZE_SIZE;
    return choose_by_tuning(arena, target, g, all ? FORMS_ALL : FORMS_DIRECT, tuning, *out);
}
