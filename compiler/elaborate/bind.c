/* Binds stored tensors to the parameters of a graph by name, those of Keras by order where names
 * fail. Nothing is converted until it is known that everything fits. */
#include "compiler/elaborate/bind.h"

#include "compiler/elaborate/bind_order.h"
#include "compiler/import/keras.h"
#include "compiler/import/random_weights.h"

enum { SHOWN = 20 };

typedef struct Binding {
    Arena *arena;
    const Graph *g;
    Diag *diag;
    const char *files; /* of the store, for messages */
    OfferVec offers;
    Map by_name; /* -> Offer * */
    Vec(const Param *) missing, misshapen, broken;
    int doubles;
    const char *no_order; /* why Keras layers are not bound by order */
} Binding;

/* --- renaming ------------------------------------------------------------------------------- */

typedef struct Capture {
    const char *at;
    size_t length;
} Capture;

/* Matches a pattern in which each star stands for the shortest run that lets the rest match. */
static bool match(const char *pattern, const char *name, Capture *captures)
{
    while (*pattern && *pattern != '*') {
        if (*pattern++ != *name++)
            return false;
    }
    if (!*pattern)
        return !*name;
    for (size_t length = 0;; length++) {
        *captures = (Capture){ name, length };
        if (match(pattern + 1, name + length, captures + 1))
            return true;
        if (!name[length])
            return false;
    }
}

const char *bind_rename(Arena *arena, const RenameRule *rule, const char *name)
{
    Capture captures[RENAME_MAX_STARS + 1];
    if (!match(rule->pattern, name, captures))
        return NULL;
    Text text = { .arena = arena };
    int star = 0;
    for (const char *c = rule->replacement ? rule->replacement : ""; *c; c++) {
        if (*c == '*') {
            text_append(&text, captures[star].at, captures[star].length);
            star++;
        } else {
            text_append(&text, c, 1);
        }
    }
    return text_string(&text);
}

/* The name by the first rule that matches; NULL: ignored. */
static const char *renamed(Binding *b, const RenameList *rules, const char *name)
{
    for_each_vec(RenameRule, rule, rules) {
        const char *other = bind_rename(b->arena, rule, name);
        if (other)
            return rule->replacement ? other : NULL;
    }
    return name;
}

/* --- what the store offers ------------------------------------------------------------------ */

static void note_files(Binding *b, const WeightStore *store)
{
    Map seen = { 0 };
    Text text = { .arena = b->arena };
    for (int i = 0; i < store->tensors.count; i++) {
        const WeightTensor *t = store->tensors.entry[i].value;
        if (t->file && !map_set(b->arena, &seen, t->file, b))
            text_printf(&text, "%s%s", text.length ? ", " : "", t->file);
    }
    b->files = text.length ? text_string(&text) : "the weight files";
}

static void report_double(Binding *b, const Offer *first, const Offer *second)
{
    b->doubles++;
    diag_file_error(b->diag, b->files, "rename", "the tensors '%s' and '%s' are both renamed '%s'",
                    first->stored, second->stored, second->name);
}

static void index_offers(Binding *b)
{
    b->by_name = (Map){ 0 };
    for_each_vec(Offer, offer, &b->offers) {
        Offer *before = offer->name ? map_get(&b->by_name, offer->name) : NULL;
        if (before)
            report_double(b, before, offer);
        else if (offer->name)
            map_set(b->arena, &b->by_name, offer->name, offer);
    }
}

static void collect_offers(Binding *b, const WeightStore *store, const RenameList *rules)
{
    for (int i = 0; i < store->tensors.count; i++) {
        const WeightTensor *t = store->tensors.entry[i].value;
        WeightTensor *view = arena_new_of(b->arena, WeightTensor);
        *view = keras_view(b->arena, store, t);
        const char *name = renamed(b, rules, t->name);
        if (name && strcmp(name, t->name) == 0)
            name = renamed(b, rules, view->name);
        vec_push(b->arena, &b->offers, (Offer){ view, t->name, name, false });
    }
    index_offers(b);
}

bool bind_same_shape(const WeightTensor *t, const Shape *s)
{
    if (t->rank != s->rank)
        return false;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] != s->dim[i])
            return false;
    return true;
}

static void check_param(Binding *b, const Param *p)
{
    Offer *offer = map_get(&b->by_name, p->name);
    if (offer)
        offer->used = true;
    if (!offer)
        vec_push(b->arena, &b->missing, p);
    else if (!bind_same_shape(offer->tensor, &p->shape))
        vec_push(b->arena, &b->misshapen, p);
    else if (offer->tensor->problem)
        vec_push(b->arena, &b->broken, p);
}

/* --- order ---------------------------------------------------------------------------------- */

static bool fits(const Binding *b, const Param *p)
{
    const Offer *offer = map_get(&b->by_name, p->name);
    return offer && bind_same_shape(offer->tensor, &p->shape);
}

static bool has_keras(const WeightStore *store)
{
    for (int i = 0; i < store->tensors.count; i++)
        if (((const WeightTensor *)store->tensors.entry[i].value)->keras_layer)
            return true;
    return false;
}

static void report_order(Binding *b, const LayerPairs *pairs)
{
    diag_warning(b->diag, (Loc){ 0 }, "bound-by-order",
                 "%d layers of the network '%s' are bound by the order of creation and by shapes, "
                 "not by name",
                 pairs->count, b->g->name);
    int shown = 0;
    for_each_vec(LayerPair, pair, pairs)
        if (shown++ < SHOWN)
            diag_note(b->diag, (Loc){ 0 }, "'%s' takes '%s'", pair->network, pair->file);
    if (pairs->count > SHOWN)
        diag_note(b->diag, (Loc){ 0 }, "and %d more", pairs->count - SHOWN);
}

/* Only where a name fails: names that all fit are right. */
static void order_offers(Binding *b, const WeightStore *store)
{
    LayerPairs pairs = { 0 };
    bool failed = false;
    for_each_node(n, b->g)
        for (int role = 0; role < PARAM_ROLES; role++)
            failed = failed || (n->param[role] && !fits(b, n->param[role]));
    if (!failed || !has_keras(store))
        return;
    b->no_order = bind_by_order(b->arena, b->g, &b->offers, &pairs);
    if (b->no_order)
        return;
    index_offers(b);
    if (pairs.count)
        report_order(b, &pairs);
}

/* --- reports -------------------------------------------------------------------------------- */

static const char *tensor_shape(Binding *b, const WeightTensor *t)
{
    Text text = { .arena = b->arena };
    text_puts(&text, "[");
    for (int i = 0; i < t->rank; i++)
        text_printf(&text, "%s%lld", i ? ", " : "", (long long)t->dim[i]);
    text_puts(&text, "]");
    return text_string(&text);
}

static bool is_unexpected(const Offer *o)
{
    static const char counter[] = "num_batches_tracked";
    if (o->used || !o->name)
        return false;
    size_t length = strlen(o->name), tail = sizeof counter - 1;
    return length < tail || strcmp(o->name + length - tail, counter) != 0;
}

static void note_rest(Binding *b, int count)
{
    if (count > SHOWN)
        diag_note(b->diag, (Loc){ 0 }, "and %d more", count - SHOWN);
}

static const char *place_of(Binding *b, Loc loc)
{
    if (!loc.source)
        return "";
    int line, column;
    source_position(loc.source, loc.start, &line, &column);
    return arena_printf(b->arena, " (%s:%d:%d)", loc.source->name, line, column);
}

/* The unused tensor of the parameter's shape whose name is nearest, or NULL. */
static const char *nearest_spare(Binding *b, const Param *p)
{
    Vec(const char *) spare = { 0 };
    for_each_vec(Offer, offer, &b->offers)
        if (is_unexpected(offer) && bind_same_shape(offer->tensor, &p->shape))
            vec_push(b->arena, &spare, offer->name);
    return nearest_name(p->name, spare.at, spare.count);
}

static void report_missing(Binding *b)
{
    diag_file_error(b->diag, b->files, "missing-tensor",
                    "%d of the tensors that the network '%s' needs %s missing", b->missing.count,
                    b->g->name, b->missing.count == 1 ? "is" : "are");
    for (int i = 0; i < b->missing.count && i < SHOWN; i++) {
        const Param *p = b->missing.at[i];
        const char *near = nearest_spare(b, p);
        diag_note(b->diag, (Loc){ 0 }, "missing: %s %s%s%s%s%s", p->name,
                  shape_text(b->arena, &p->shape), place_of(b, p->loc),
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    note_rest(b, b->missing.count);
    if (b->no_order)
        diag_note(b->diag, (Loc){ 0 }, "nor can layers be bound by their order: %s", b->no_order);
}

static void report_misshapen(Binding *b)
{
    diag_file_error(b->diag, b->files, "misshapen-tensor",
                    "%d tensor%s other shapes than the network '%s' needs", b->misshapen.count,
                    b->misshapen.count == 1 ? " has" : "s have", b->g->name);
    for (int i = 0; i < b->misshapen.count && i < SHOWN; i++) {
        const Param *p = b->misshapen.at[i];
        const Offer *offer = map_get(&b->by_name, p->name);
        diag_note(b->diag, (Loc){ 0 }, "misshapen: %s is %s in the file, the network needs %s%s",
                  p->name, tensor_shape(b, offer->tensor), shape_text(b->arena, &p->shape),
                  place_of(b, p->loc));
    }
    note_rest(b, b->misshapen.count);
}

static void report_broken(Binding *b)
{
    for (int i = 0; i < b->broken.count && i < SHOWN; i++) {
        const Offer *offer = map_get(&b->by_name, b->broken.at[i]->name);
        diag_file_error(b->diag, offer->tensor->file ? offer->tensor->file : b->files,
                        "broken-tensor", "the tensor '%s' cannot be read: %s", offer->stored,
                        offer->tensor->problem);
    }
    note_rest(b, b->broken.count);
}

static void report_unexpected(Binding *b)
{
    int count = 0;
    for_each_vec(Offer, offer, &b->offers)
        count += is_unexpected(offer);
    if (!count)
        return;
    diag_warning(b->diag, (Loc){ 0 }, "unexpected-tensor",
                 "%d tensor%s of %s %s not used by the network '%s'", count, count == 1 ? "" : "s",
                 b->files, count == 1 ? "is" : "are", b->g->name);
    int shown = 0;
    for_each_vec(Offer, offer, &b->offers)
        if (is_unexpected(offer) && shown++ < SHOWN)
            diag_note(b->diag, (Loc){ 0 }, "unexpected: %s %s", offer->name,
                      tensor_shape(b, offer->tensor));
    note_rest(b, count);
}

/* --- binding -------------------------------------------------------------------------------- */

/* The flatten whose result reaches n element by element, or NULL. */
static const Node *flatten_before(const Node *n)
{
    while (n->input_count == 1) {
        n = n->input[0];
        if (n->op == OP_FLATTEN)
            return n;
        if (n->op != OP_DROPOUT && n->op != OP_BATCH_NORM && activation_of(n->op) == ACT_NONE)
            return NULL;
    }
    return NULL;
}

/* Keras flattens in the order H, W, C, so what it has by flattened elements is put into the order
 * C, H, W: the last axis as one of channels and one of pixels. */
static void unflatten(const Node *n, WeightTensor *t)
{
    const Node *flatten = n->op == OP_DENSE || n->op == OP_BATCH_NORM ? flatten_before(n) : NULL;
    int last = t->rank - 1;
    if (!t->keras_layer || !flatten || (n->op == OP_DENSE && t->rank != 2))
        return;
    int64_t channels = node_channels(flatten->input[0]), step = t->stride[last];
    t->dim[last + 1] = t->dim[last] / channels;
    t->stride[last + 1] = step * channels;
    t->dim[last] = channels;
    t->rank++;
}

static void take_data(Binding *b)
{
    for_each_node(n, b->g)
        for (int role = 0; role < PARAM_ROLES; role++) {
            Param *p = n->param[role];
            if (!p)
                continue;
            const Offer *offer = map_get(&b->by_name, p->name);
            WeightTensor t = *offer->tensor;
            unflatten(n, &t);
            p->data = weight_floats(b->arena, &t);
        }
}

bool bind_weights(Graph *g, WeightStore *store, const RenameList *renames, Diag *diag)
{
    Binding b = { .arena = g->arena, .g = g, .diag = diag };
    note_files(&b, store);
    collect_offers(&b, store, renames);
    if (!b.doubles)
        order_offers(&b, store);
    for_each_node(n, g)
        for (int role = 0; role < PARAM_ROLES; role++)
            if (n->param[role])
                check_param(&b, n->param[role]);
    if (b.missing.count)
        report_missing(&b);
    if (b.misshapen.count)
        report_misshapen(&b);
    if (b.broken.count)
        report_broken(&b);
    report_unexpected(&b);
    if (b.missing.count || b.misshapen.count || b.broken.count || b.doubles)
        return false;
    take_data(&b);
    return true;
}

void bind_random(Graph *g, WeightStore *store, uint64_t seed)
{
    for_each_node(n, g)
        for (int role = 0; role < PARAM_ROLES; role++) {
            Param *p = n->param[role];
            if (!p || p->data)
                continue;
            const WeightTensor *t = weights_add_random(store, p->name, p->shape.rank, p->shape.dim,
                                                       seed);
            p->data = weight_floats(g->arena, t);
        }
}
