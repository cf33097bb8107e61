/* Keras numbers the layers that have no name from the start of a session, `conv2d_203`, so the
 * names of a file need not be those of the network. Two orders can be relied on:
 *
 *   - layers that are numbered on both sides were created in the order of their numbers;
 *   - Keras lists a layer before those that depend on it, so layers of equal shapes of which each
 *     follows from the one before are listed in that order.
 *
 * Where neither holds (two branches of equal shapes) any pairing would be a guess and is refused. A
 * layer is what shares a name up to the last dot; its signature is its tensors' shapes. */
#include "compiler/elaborate/bind_order.h"

#include "compiler/import/keras.h"

#include <stdlib.h>

enum { SLOTS = 4 };

typedef struct Layer {
    const char *path, *stem, *signature;
    int64_t number;
    const Node *node;    /* of the network's layers */
    Offer *offer[SLOTS]; /* of the file's, by slot */
    const char *name[SLOTS];
    const Shape *shape[SLOTS];
    struct Layer *partner;
    bool settled; /* bound by its name */
} Layer;
typedef Vec(Layer *) Layers;

typedef struct Ordering {
    Arena *arena;
    const Graph *g;
    Layers network, file;
    unsigned char *above; /* by node id: scratch of follows() */
    const char *reason;
} Ordering;

/* --- layers --------------------------------------------------------------------------------- */

/* The place of a tensor in its layer; -1: none that operators have. */
static int slot_of(const char *suffix)
{
    static const char *const suffixes[SLOTS] = { "weight", "bias", "running_mean", "running_var" };
    for (int i = 0; i < SLOTS; i++)
        if (strcmp(suffixes[i], suffix) == 0)
            return i;
    return -1;
}

/* `conv2d` of `conv2d_7`; the half of a separable convolution stays: `sep.depthwise` of
 * `sep_2.depthwise`. */
static void split_path(Arena *a, Layer *l)
{
    const char *dot = strrchr(l->path, '.');
    bool half = dot && (strcmp(dot, ".depthwise") == 0 || strcmp(dot, ".pointwise") == 0);
    size_t whole = half ? (size_t)(dot - l->path) : strlen(l->path);
    size_t stem = keras_layer_stem(l->path, whole, &l->number);
    l->stem = arena_printf(a, "%.*s%s", (int)stem, l->path, l->path + whole);
}

/* The layer that a tensor's name belongs to, made where it is new; NULL: it belongs to none. */
static Layer *layer_of(Ordering *o, Layers *layers, Map *seen, const char *name, int *slot)
{
    const char *dot = strrchr(name, '.');
    *slot = dot ? slot_of(dot + 1) : -1;
    if (*slot < 0)
        return NULL;
    const char *path = arena_strndup(o->arena, name, (size_t)(dot - name));
    Layer *l = map_get(seen, path);
    if (!l) {
        l = arena_new_of(o->arena, Layer);
        l->path = path;
        split_path(o->arena, l);
        map_set(o->arena, seen, path, l);
        vec_push(o->arena, layers, l);
    }
    return l;
}

static Shape shape_of_tensor(const WeightTensor *t)
{
    Shape s = { .rank = t->rank };
    for (int i = 0; i < t->rank && i < SHAPE_MAX_RANK; i++)
        s.dim[i] = t->dim[i];
    return s;
}

static void sign(Ordering *o, Layers *layers)
{
    for_each_vec(Layer *, l, layers) {
        Text text = { .arena = o->arena };
        for (int i = 0; i < SLOTS; i++)
            if ((*l)->shape[i])
                text_printf(&text, "%d%s", i, shape_text(o->arena, (*l)->shape[i]));
        (*l)->signature = text_string(&text);
    }
}

static void list_network(Ordering *o)
{
    Map seen = { 0 };
    for_each_node(n, o->g)
        for (int role = 0; role < PARAM_ROLES; role++) {
            int slot;
            const Param *p = n->param[role];
            Layer *l = p ? layer_of(o, &o->network, &seen, p->name, &slot) : NULL;
            if (!l)
                continue;
            l->node = n;
            l->name[slot] = p->name;
            l->shape[slot] = &p->shape;
        }
    sign(o, &o->network);
}

static void list_file(Ordering *o, OfferVec *offers)
{
    Map seen = { 0 };
    for_each_vec(Offer, offer, offers) {
        int slot;
        const WeightTensor *t = offer->tensor;
        if (!offer->name || !t->keras_layer || t->rank > SHAPE_MAX_RANK)
            continue;
        Layer *l = layer_of(o, &o->file, &seen, offer->name, &slot);
        if (!l)
            continue;
        Shape *shape = arena_new_of(o->arena, Shape);
        *shape = shape_of_tensor(t);
        l->offer[slot] = offer;
        l->shape[slot] = shape;
    }
    sign(o, &o->file);
}

/* --- pairs ---------------------------------------------------------------------------------- */

static void settle_named(Ordering *o)
{
    Map named = { 0 };
    for_each_vec(Layer *, l, &o->file)
        map_set(o->arena, &named, (*l)->path, *l);
    for_each_vec(Layer *, l, &o->network) {
        Layer *same = map_get(&named, (*l)->path);
        if (same && strcmp(same->signature, (*l)->signature) == 0)
            (*l)->settled = same->settled = true;
    }
}

static int by_number(const void *a, const void *b)
{
    const Layer *const *x = a, *const *y = b;
    return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static Layers with_stem(Ordering *o, const Layers *all, const char *stem)
{
    Layers some = { 0 };
    for_each_vec(Layer *, l, all)
        if (strcmp((*l)->stem, stem) == 0)
            vec_push(o->arena, &some, *l);
    if (some.count)
        qsort(some.at, (size_t)some.count, sizeof *some.at, by_number);
    return some;
}

static void pair(Layer *ours, Layer *theirs)
{
    ours->partner = theirs;
    theirs->partner = ours;
}

static bool same_signatures(const Layers *ours, const Layers *theirs)
{
    if (ours->count != theirs->count)
        return false;
    for (int i = 0; i < ours->count; i++)
        if (strcmp(ours->at[i]->signature, theirs->at[i]->signature) != 0)
            return false;
    return true;
}

/* The layers of one automatic name, by number; all or none: where the numbers are shifted, some
 * names meet by accident, and are not trusted. */
static void pair_numbered(Ordering *o, const char *stem)
{
    Layers ours = with_stem(o, &o->network, stem), theirs = with_stem(o, &o->file, stem);
    bool fit = same_signatures(&ours, &theirs);
    for (int i = 0; i < ours.count; i++) {
        if (fit)
            pair(ours.at[i], theirs.at[i]);
        ours.at[i]->settled = false;
    }
    for_each_vec(Layer *, l, &theirs)
        (*l)->settled = false;
}

static bool is_open(const Layer *l)
{
    return !l->settled && !l->partner;
}

static Layers open_like(Ordering *o, const Layers *all, const char *signature)
{
    Layers some = { 0 };
    for_each_vec(Layer *, l, all)
        if (is_open(*l) && strcmp((*l)->signature, signature) == 0)
            vec_push(o->arena, &some, *l);
    return some;
}

/* Whether the value of `later` depends on that of `sooner`. */
static bool follows(Ordering *o, const Node *later, const Node *sooner)
{
    memset(o->above, 0, (size_t)o->g->nodes.count);
    o->above[later->id] = 1;
    for (int id = later->id; id > sooner->id; id--)
        for (int i = 0; o->above[id] && i < o->g->nodes.at[id]->input_count; i++)
            o->above[o->g->nodes.at[id]->input[i]->id] = 1;
    return o->above[sooner->id];
}

static const char *not_ordered(Ordering *o, const Layers *ours, const Layers *theirs)
{
    for (int i = 1; i < ours->count; i++) {
        if (!follows(o, ours->at[i]->node, ours->at[i - 1]->node))
            return arena_printf(o->arena,
                                "'%s' and '%s' have the same shapes and neither follows from the "
                                "other",
                                ours->at[i - 1]->path, ours->at[i]->path);
        if (strcmp(theirs->at[i]->stem, theirs->at[i - 1]->stem) == 0 &&
            theirs->at[i]->number < theirs->at[i - 1]->number)
            return arena_printf(o->arena, "the file lists '%s' before '%s', against their numbers",
                                theirs->at[i - 1]->path, theirs->at[i]->path);
    }
    return NULL;
}

/* The layers of one signature, in the order of the file. */
static void pair_listed(Ordering *o, const char *signature)
{
    Layers ours = open_like(o, &o->network, signature);
    Layers theirs = open_like(o, &o->file, signature);
    if (ours.count != theirs.count) {
        o->reason = arena_printf(o->arena,
                                 "of the shapes of '%s' the network has %d such layers, the file "
                                 "%d",
                                 ours.at[0]->path, ours.count, theirs.count);
        return;
    }
    o->reason = not_ordered(o, &ours, &theirs);
    for (int i = 0; i < ours.count && !o->reason; i++)
        pair(ours.at[i], theirs.at[i]);
}

static void rename_offers(Ordering *o, LayerPairs *pairs)
{
    for_each_vec(Layer *, l, &o->network) {
        const Layer *theirs = (*l)->partner;
        if (!theirs)
            continue;
        if (strcmp((*l)->path, theirs->path) != 0)
            vec_push(o->arena, pairs, (LayerPair){ (*l)->path, theirs->path });
        for (int i = 0; i < SLOTS; i++)
            if (theirs->offer[i])
                theirs->offer[i]->name = (*l)->name[i];
    }
}

const char *bind_by_order(Arena *arena, const Graph *g, OfferVec *offers, LayerPairs *pairs)
{
    Ordering o = { .arena = arena, .g = g };
    o.above = arena_new_array(arena, unsigned char, g->nodes.count);
    list_network(&o);
    list_file(&o, offers);
    settle_named(&o);
    for_each_vec(Layer *, l, &o.network)
        if (is_open(*l))
            pair_numbered(&o, (*l)->stem);
    for_each_vec(Layer *, l, &o.network)
        if (is_open(*l) && !o.reason)
            pair_listed(&o, (*l)->signature);
    if (!o.reason)
        rename_offers(&o, pairs);
    return o.reason;
}
