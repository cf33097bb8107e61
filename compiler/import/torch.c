/* From the object that torch.save() was given to named tensors: finds the weights among what
 * training scripts put beside them, joins the keys of nested dictionaries and of whole pickled
 * modules with dots, and takes off the prefixes of wrappers that all names carry.
 *
 * A pickle may share and nest its values as it likes (dictionaries within themselves included), so
 * every walk bounds its depth and the number of values it visits. */
#include "compiler/import/torch.h"

#include <string.h>

enum { VISIT_LIMIT = 500000, DEPTH_LIMIT = 64, UNWRAP_LIMIT = 8 };

/* Keys under which scripts store the weights, the likeliest first. */
static const char *const weight_keys[] = {
    "state_dict", "model_state_dict", "model_state", "model",   "net",
    "network",    "net_state_dict",   "weights",     "params",  "module",
    "params_ema", "state_dict_ema",   "model_ema",   "teacher", "ema",
};

/* Prefixes that DataParallel and torch.compile put before every name. */
static const char *const wrapper_prefixes[] = { "module.", "_orig_mod." };

/* --- dictionaries ----------------------------------------------------------------------------- */

static int is_dictionary_class(const PickleValue *callable)
{
    return pickle_is_global(callable, "collections", "OrderedDict") ||
           pickle_is_global(callable, "collections", "defaultdict") ||
           pickle_is_global(callable, "builtins", "dict");
}

/* The keys and values of a dictionary in turn, or NULL for anything else. */
static const PickleItems *dictionary(const PickleValue *v)
{
    if (v->kind == PICKLE_DICT)
        return &v->items;
    if (v->kind == PICKLE_RECORD && is_dictionary_class(v->record->callable))
        return &v->record->pairs;
    return NULL;
}

/* Python 2 passed an OrderedDict its items as one list of [key, value]. */
static const PickleItems *item_list(const PickleValue *v)
{
    if (v->kind != PICKLE_RECORD || !is_dictionary_class(v->record->callable) ||
        v->record->arguments->kind != PICKLE_TUPLE || v->record->arguments->items.count != 1 ||
        v->record->arguments->items.at[0]->kind != PICKLE_LIST)
        return NULL;
    return &v->record->arguments->items.at[0]->items;
}

static const PickleValue *find_in(const PickleValue *v, const char *key)
{
    const PickleItems *pairs = dictionary(v);
    for (int i = 0; pairs && i + 1 < pairs->count; i += 2)
        if (pickle_is_text(pairs->at[i], key))
            return pairs->at[i + 1];
    return NULL;
}

/* A pickled torch.nn.Module: a record whose state has these three dictionaries. */
static int is_module(const PickleValue *v)
{
    return v->kind == PICKLE_RECORD && v->record->state && dictionary(v->record->state) &&
           find_in(v->record->state, "_parameters") && find_in(v->record->state, "_modules");
}

/* A module of TorchScript: its state is the dictionary of its members. */
static int is_script_module(const PickleValue *v)
{
    static const char package[] = "__torch__.";
    size_t n = sizeof package - 1;
    return v->kind == PICKLE_RECORD && v->record->callable->kind == PICKLE_GLOBAL &&
           v->record->state && dictionary(v->record->state) &&
           v->record->callable->module->length > n &&
           memcmp(v->record->callable->module->text, package, n) == 0;
}

static int is_optimizer_state(const PickleValue *v)
{
    return find_in(v, "state") && find_in(v, "param_groups");
}

/* --- walking ---------------------------------------------------------------------------------- */

/* Counts `values` more of them. */
static const char *visit(Checkpoint *c, int depth, int values)
{
    if (depth > DEPTH_LIMIT)
        return arena_printf(c->reader->arena, "its dictionaries nest more than %d deep (the limit)",
                            DEPTH_LIMIT);
    c->visits += values;
    if (c->visits > VISIT_LIMIT)
        return arena_printf(c->reader->arena, "it holds more than %d values (the limit)",
                            VISIT_LIMIT);
    return NULL;
}

static const char *collect(Checkpoint *c, const PickleValue *v, const char *path, int depth);

static const char *join(Checkpoint *c, const char *path, const PickleValue *key)
{
    Arena *a = c->reader->arena;
    const char *dot = *path ? "." : "";
    if (key->kind == PICKLE_INT)
        return arena_printf(a, "%s%s%lld", path, dot, (long long)key->integer);
    if (key->kind != PICKLE_STRING)
        return NULL;
    size_t before = strlen(path) + strlen(dot);
    char *name = arena_alloc(a, before + key->length + 1);
    memcpy(name, path, strlen(path));
    memcpy(name + strlen(path), dot, strlen(dot));
    memcpy(name + before, key->text, key->length);
    return name;
}

/* Names are checked while they grow: a walk makes many of them. */
static const char *check_name(Checkpoint *c, const char *path, const PickleValue *key)
{
    Arena *a = c->reader->arena;
    if (memchr(key->text, 0, key->length))
        return arena_printf(a, "the name %s contains a zero byte",
                            quote_text(a, key->text, key->length));
    if (strlen(path) + key->length < READER_NAME_LIMIT)
        return NULL;
    return arena_printf(a, "the name %s within %s makes more than %d bytes (the limit)",
                        quote_text(a, key->text, key->length), quote_text(a, path, strlen(path)),
                        READER_NAME_LIMIT);
}

static const char *collect_pair(Checkpoint *c, const PickleValue *key, const PickleValue *value,
                                const char *path, int depth)
{
    const char *error = visit(c, depth, 1);
    if (error || (value->kind != PICKLE_RECORD && value->kind != PICKLE_DICT))
        return error;
    if (key->kind == PICKLE_STRING)
        error = check_name(c, path, key);
    if (error)
        return error;
    const char *name = join(c, path, key);
    return name ? collect(c, value, name, depth + 1) : NULL;
}

static const char *collect_pairs(Checkpoint *c, const PickleItems *pairs, const char *path,
                                 int depth)
{
    const char *error = NULL;
    for (int i = 0; !error && i + 1 < pairs->count; i += 2)
        error = collect_pair(c, pairs->at[i], pairs->at[i + 1], path, depth);
    return error;
}

static const char *collect_list(Checkpoint *c, const PickleItems *items, const char *path,
                                int depth)
{
    const char *error = NULL;
    for (int i = 0; !error && i < items->count; i++) {
        const PickleValue *pair = items->at[i];
        if ((pair->kind == PICKLE_LIST || pair->kind == PICKLE_TUPLE) && pair->items.count == 2)
            error = collect_pair(c, pair->items.at[0], pair->items.at[1], path, depth);
    }
    return error;
}

static const char *collect_module(Checkpoint *c, const PickleValue *state, const char *path,
                                  int depth)
{
    static const char *const parts[] = { "_parameters", "_buffers", "_modules" };
    const char *error = NULL;
    for (int i = 0; !error && i < COUNT_OF(parts); i++) {
        const PickleValue *part = find_in(state, parts[i]);
        if (part && dictionary(part))
            error = collect_pairs(c, dictionary(part), path, depth);
    }
    return error;
}

static const char *collect_tensor(Checkpoint *c, const PickleValue *v, const char *path)
{
    WeightTensor *t;
    const char *name = *path ? path : reader_stem(c->reader);
    const char *error = reader_add(c->reader, name, strlen(name), &t);
    return error ? error : torch_tensor(c, v, t);
}

/* Adds the tensors of `v`, whose name so far is `path`. A record of an unknown class is taken for a
 * tensor that cannot be had. */
static const char *collect(Checkpoint *c, const PickleValue *v, const char *path, int depth)
{
    const PickleItems *state = v->kind == PICKLE_RECORD && v->record->state
                                   ? dictionary(v->record->state)
                                   : NULL;
    const char *error = visit(c, depth, 1 + (state ? state->count / 2 : 0));
    if (error)
        return error;
    if (is_module(v))
        return collect_module(c, v->record->state, path, depth);
    if (is_script_module(v))
        return collect_pairs(c, dictionary(v->record->state), path, depth);
    if (is_optimizer_state(v))
        return NULL;
    const PickleItems *pairs = dictionary(v), *items = item_list(v);
    if (items)
        error = collect_list(c, items, path, depth);
    if (error || pairs)
        return error ? error : collect_pairs(c, pairs, path, depth);
    return v->kind == PICKLE_RECORD ? collect_tensor(c, v, path) : NULL;
}

/* --- finding the weights ---------------------------------------------------------------------- */

static int is_container(const PickleValue *v)
{
    return (dictionary(v) && !is_optimizer_state(v)) || is_module(v) || is_script_module(v);
}

/* The value under the first key of the list that holds a dictionary or a module, or NULL. */
static const PickleValue *inner_weights(const PickleValue *v)
{
    for (int i = 0; dictionary(v) && i < COUNT_OF(weight_keys); i++) {
        const PickleValue *inner = find_in(v, weight_keys[i]);
        if (inner && is_container(inner))
            return inner;
    }
    return NULL;
}

static int all_begin_with(const Reader *r, const char *prefix)
{
    size_t n = strlen(prefix);
    for_each_vec(WeightTensor *const, t, &r->tensors)
        if (strncmp((*t)->name, prefix, n) != 0 || !(*t)->name[n])
            return 0;
    return r->tensors.count > 0;
}

static void strip_prefixes(Reader *r)
{
    for (int i = 0; i < COUNT_OF(wrapper_prefixes);)
        if (all_begin_with(r, wrapper_prefixes[i])) {
            for_each_vec(WeightTensor *, t, &r->tensors)
                (*t)->name += strlen(wrapper_prefixes[i]);
            i = 0;
        } else {
            i++;
        }
}

const char *checkpoint_collect(Checkpoint *c, const PickleValue *root)
{
    for (int i = 0; i < UNWRAP_LIMIT; i++) {
        const PickleValue *inner = inner_weights(root);
        if (!inner)
            break;
        root = inner;
    }
    const char *error = collect(c, root, "", 0);
    if (error)
        return error;
    if (c->reader->tensors.count == 0)
        return "it holds no tensors";
    strip_prefixes(c->reader);
    return NULL;
}
