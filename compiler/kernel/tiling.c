/* Register tiling of nests over output positions, from numbers: how many pixels and vectors.
 *
 * Columns are cut into tiles of nearly equal size, so that no tile is much slower than the others;
 * tiles that touch the left or right border are segments of their own, in which the columns of the
 * kernel are unrolled because each sees another part of the tile. Channels are cut likewise. */
#include "compiler/kernel/common.h"

enum { MAX_PIXELS = 14, FEWEST_PIXELS = 4 }; /* KILN_UNROLL unrolls 16 */

typedef struct TileVars {
    Var *channel_tile, *channel, *vector, *lane, *column_tile, *pixel;
} TileVars;

static int64_t div_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Tiles of nearly equal size: `wider` of them one longer than the others. */
typedef struct Cut {
    int64_t tiles, size, wider;
} Cut;

static Cut cut_evenly(int64_t extent, int64_t largest)
{
    int64_t tiles = div_up(extent, largest);
    return (Cut){ tiles, extent / tiles, extent % tiles };
}

/* Does the tile of columns [begin, end) read outside the picture? */
static int border_of(const TileLoops *t, int64_t begin, int64_t end)
{
    bool left = begin * t->step - t->before < 0;
    bool right = (end - 1) * t->step - t->before + t->reach > t->width;
    return left + 2 * right;
}

typedef Vec(Segment) Segments;

static void cut_columns(Arena *L, const TileLoops *t, int64_t pixels, Segments *out)
{
    Cut cut = cut_evenly(t->columns, pixels);
    int64_t begin = 0;
    int last_border = -1;
    for (int64_t i = 0; i < cut.tiles; i++) {
        int64_t size = cut.size + (i < cut.wider);
        int border = border_of(t, begin, begin + size);
        Segment *last = out->count ? &vec_last(out) : NULL;
        if (last && last->size == size && last_border == border && !border)
            last->tiles++;
        else
            vec_push(L, out, (Segment){ begin, 1, size, false });
        last_border = border;
        begin += size;
    }
}

/* Half vectors stand where the last channels need no more. A few pixels are too few chains for a
 * tile of its own. */
int64_t tile_half_lanes(const Target *t, int lanes, int64_t columns, int64_t channels)
{
    int64_t tail = columns >= FEWEST_PIXELS ? channels % lanes : 0;
    bool has_half = t->half && lanes == 2 * t->half->lanes;
    return has_half && tail > 0 && tail <= t->half->lanes ? t->half->lanes : 0;
}

static int64_t half_tail(const Make *m, const TileLoops *loops)
{
    return tile_half_lanes(m->env->target, m->env->tile.lanes, loops->columns, loops->channels);
}

/* Channels in tiles of whole groups of lanes; the last group may be partly padding. */
static void cut_groups(Arena *L, const TileLoops *t, int64_t lanes, int64_t vectors, Segments *out)
{
    Cut cut = cut_evenly(div_up(t->channels, lanes), vectors);
    if (cut.wider) {
        vec_push(L, out, (Segment){ 0, cut.wider, (cut.size + 1) * lanes, t->padded });
        vec_push(L, out,
                 (Segment){ cut.wider * (cut.size + 1) * lanes, cut.tiles - cut.wider,
                            cut.size * lanes, t->padded });
    } else {
        vec_push(L, out, (Segment){ 0, cut.tiles, cut.size * lanes, t->padded });
    }
    Segment *last = &vec_last(out);
    bool partial = t->channels % lanes != 0;
    if (partial && last->tiles > 1) { /* the tile with a partial group stands alone */
        last->tiles--;
        Segment tail = { last->begin + last->tiles * last->size, 1, last->size, t->padded };
        vec_push(L, out, tail);
    }
}

/* The same with a half vector for the last channels where that is enough. */
static void cut_channels(const Make *m, const TileLoops *t, int64_t vectors, Segments *out)
{
    int64_t lanes = m->env->tile.lanes, half = half_tail(m, t);
    TileLoops whole = *t;
    if (half)
        whole.channels -= t->channels % lanes;
    if (whole.channels)
        cut_groups(m->L, &whole, lanes, vectors, out);
    if (half)
        vec_push(m->L, out, (Segment){ whole.channels, 1, half, t->padded });
}

/* More pixels where few vectors leave registers unused. */
static int64_t pixels_for(const Make *m, int64_t vectors)
{
    const Target *t = m->env->target;
    if (t->vector.lanes == 1 || vectors >= m->env->tile.vectors)
        return m->env->tile.pixels;
    int64_t room = (t->vector_registers - vectors - 1) / vectors;
    return room < MAX_PIXELS ? room : MAX_PIXELS;
}

static Stmt *split_nest(Make *m, Stmt *nest, const TileLoops *loops, const TileVars *v,
                        int64_t pixels, int64_t vectors)
{
    Arena *L = m->L;
    int64_t lanes = m->env->tile.lanes;
    Segments channels = { 0 }, columns = { 0 };
    cut_channels(m, loops, vectors, &channels);
    nest = loop_split(L, nest, loops->o, channels.count, channels.at, v->channel_tile, v->channel);
    nest = loop_split_by(L, nest, v->channel, lanes, half_tail(m, loops), v->vector, v->lane);
    nest = loop_sink_lanes(L, nest, v->lane);
    nest = loop_sink(L, nest, v->vector);
    if (loops->columns > 1) {
        cut_columns(L, loops, pixels, &columns);
        nest = loop_split(L, nest, loops->ox, columns.count, columns.at, v->column_tile, v->pixel);
        nest = loop_sink(L, nest, v->pixel);
    }
    return nest;
}

Stmt *tile_lanes(Make *m, Stmt *nest, Var *lane)
{
    const Target *t = m->env->target;
    int lanes = t->vector.lanes;
    if (lanes > 1)
        return loop_vectorize(m->L, nest, lane, lanes, t->half ? t->half->lanes : 0);
    return loop_mark(m->L, nest, lane, LOOP_VECTOR);
}

Stmt *tile_nest(Make *m, Stmt *nest, const TileLoops *loops)
{
    Arena *L = m->L;
    const Tile *tile = &m->env->tile;
    if (!tile->lanes)
        return nest;
    TileVars v = { loop_var(L, "ot"), loop_var(L, "oc"), loop_var(L, "n"),
                   loop_var(L, "l"),  loop_var(L, "t"),  loop_var(L, "m") };
    int64_t groups = div_up(loops->channels, tile->lanes) - (half_tail(m, loops) != 0);
    groups = groups ? groups : 1;
    int64_t vectors = div_up(groups, div_up(groups, tile->vectors));
    int64_t pixels = loops->columns > 1 ? pixels_for(m, vectors) : 1;
    if (pixels > loops->columns)
        pixels = loops->columns;
    nest = split_nest(m, nest, loops, &v, pixels, vectors);
    nest = loop_simplify(L, nest);
    if (loops->kx)
        nest = loop_simplify(L, loop_unroll_dependent(L, nest, loops->kx));
    nest = loop_simplify(L, loop_unroll_dependent(L, nest, v.vector));
    m->k->tile = arena_printf(L, "%lld pixel%s x %lld channels", (long long)pixels,
                              pixels == 1 ? "" : "s", (long long)(vectors * tile->lanes));
    return tile_lanes(m, nest, v.lane);
}

Stmt *tile_channels(Make *m, Stmt *nest, Var *c, int64_t channels)
{
    Arena *L = m->L;
    int64_t lanes = m->env->tile.lanes;
    if (!lanes)
        return nest;
    Var *vector = loop_var(L, "cv"), *lane = loop_var(L, "l");
    int64_t whole = channels / lanes;
    Segment segments[] = { { 0, whole, lanes, false }, { whole * lanes, 1, lanes, false } };
    int first = whole ? 0 : 1, count = (whole ? 1 : 0) + (channels % lanes ? 1 : 0);
    nest = loop_split(L, nest, c, count, segments + first, vector, lane);
    nest = loop_sink_lanes(L, nest, lane);
    return tile_lanes(m, loop_simplify(L, nest), lane);
}
