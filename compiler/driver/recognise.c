/* A checkpoint is recognised by the shapes of its tensors, as a multiset: the order in a file
 * depends on who wrote it. Of models with equal shapes the names decide, and where Keras has
 * numbered the layers anew, the names without numbers. The number of classes is free: whatever
 * stands where the model has ZOO_CLASSES. A prefix of all names ("module.", "model.") is what most
 * tensors have before a name of the model. */
#include "compiler/driver/recognise.h"

#include "compiler/import/keras.h"

#include <ctype.h>
#include <stdlib.h>

typedef Vec(const char *) Strings;

/* A tensor of the checkpoint as a parameter would have it. */
typedef struct Found {
    const char *name;
    Shape shape;
    const char *shape_key; /* "64x3x7x7" */
} Found;
typedef Vec(Found) FoundVec;

/* --- keys ------------------------------------------------------------------------------------ */

/* Of the shape with the number of classes put in. */
static const char *shape_key(Arena *a, const Shape *s, int64_t classes)
{
    Text t = { .arena = a };
    for (int i = 0; i < s->rank; i++)
        text_printf(&t, i ? "x%lld" : "%lld",
                    (long long)(s->dim[i] == ZOO_CLASSES ? classes : s->dim[i]));
    return text_string(&t);
}

/* The name without its numbers: `conv2d_7.weight` as `conv2d.weight`. */
static const char *stem_of(Arena *a, const char *name)
{
    Text t = { .arena = a };
    for (; *name; name++)
        if (!isdigit((unsigned char)*name) && *name != '_')
            text_append(&t, name, 1);
    return text_string(&t);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(Strings *s)
{
    if (s->count)
        qsort(s->at, (size_t)s->count, sizeof *s->at, compare_strings);
}

/* How many strings two sorted lists share, each counted as often as both have it. */
static int count_common(const Strings *a, const Strings *b)
{
    int i = 0, j = 0, common = 0;
    while (i < a->count && j < b->count) {
        int order = strcmp(a->at[i], b->at[j]);
        common += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return common;
}

/* --- the checkpoint -------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);
    return n >= m && strcmp(name + n - m, tail) == 0;
}

/* Counters and what is no tensor of a network are passed over. */
static FoundVec list_found(Arena *a, const WeightStore *store)
{
    FoundVec found = { 0 };
    for (int i = 0; i < store->tensors.count; i++) {
        const WeightTensor *t = store->tensors.entry[i].value;
        WeightTensor view = keras_view(a, store, t);
        if (t->problem || view.rank == 0 || view.rank > SHAPE_MAX_RANK ||
            ends_with(view.name, "num_batches_tracked"))
            continue;
        Found f = { .name = view.name, .shape = { .rank = view.rank } };
        for (int axis = 0; axis < view.rank; axis++)
            f.shape.dim[axis] = view.dim[axis];
        f.shape_key = shape_key(a, &f.shape, 0);
        vec_push(a, &found, f);
    }
    return found;
}

/* --- prefix ---------------------------------------------------------------------------------- */

/* Counts, for each text that stands before a name of the model, how often it does. */
static void vote(Arena *a, const Map *names, const char *name, Map *votes)
{
    for (const char *tail = name; tail; tail = strpbrk(tail, "./")) {
        tail += tail != name;
        if (!map_get(names, tail))
            continue;
        const char *prefix = arena_strndup(a, name, (size_t)(tail - name));
        int *count = map_get(votes, prefix);
        if (!count) {
            count = arena_new_of(a, int);
            map_set(a, votes, prefix, count);
        }
        ++*count;
    }
}

static const char *find_prefix(Arena *a, const ZooModel *m, const FoundVec *found)
{
    Map names = { 0 }, votes = { 0 };
    for (int i = 0; i < m->count; i++)
        map_set(a, &names, m->tensors[i].name, (void *)m);
    for_each_vec(Found, f, found)
        vote(a, &names, f->name, &votes);
    const char *best = "";
    int most = 0;
    for (int i = 0; i < votes.count; i++)
        if (*(int *)votes.entry[i].value > most) {
            most = *(int *)votes.entry[i].value;
            best = votes.entry[i].key;
        }
    return 2 * most > m->count ? best : "";
}

/* --- one model ------------------------------------------------------------------------------- */

/* The part of the checkpoint below the prefix, with names as the model has them. */
static FoundVec below_prefix(Arena *a, const FoundVec *found, const char *prefix)
{
    FoundVec some = { 0 };
    size_t n = strlen(prefix);
    for_each_vec(Found, f, found)
        if (strncmp(f->name, prefix, n) == 0) {
            Found cut = *f;
            cut.name += n;
            vec_push(a, &some, cut);
        }
    return some;
}

static int count_shapes(Arena *a, const ZooModel *m, const FoundVec *found, int64_t classes)
{
    Strings model = { 0 }, file = { 0 };
    for (int i = 0; i < m->count; i++)
        vec_push(a, &model, shape_key(a, &m->tensors[i].shape, classes));
    for_each_vec(Found, f, found)
        vec_push(a, &file, f->shape_key);
    sort(&model);
    sort(&file);
    return count_common(&model, &file);
}

/* The number of classes for which `found` would be the tensor `p`; 0: none. */
static int64_t classes_for(const Param *p, const Found *found)
{
    int64_t classes = 0;
    if (p->shape.rank != found->shape.rank)
        return 0;
    for (int i = 0; i < p->shape.rank; i++) {
        if (p->shape.dim[i] == ZOO_CLASSES)
            classes = found->shape.dim[i];
        else if (p->shape.dim[i] != found->shape.dim[i])
            return 0;
    }
    return classes;
}

/* The tensor with most dimensions that depends on the number of classes. */
static const Param *head_of(const ZooModel *m)
{
    const Param *head = NULL;
    for (int i = 0; i < m->count; i++)
        for (int axis = 0; axis < m->tensors[i].shape.rank; axis++)
            if (m->tensors[i].shape.dim[axis] == ZOO_CLASSES &&
                (!head || m->tensors[i].shape.rank > head->shape.rank))
                head = &m->tensors[i];
    return head;
}

/* Tries every number of classes that some tensor allows. */
static void fit_shapes(Arena *a, const FoundVec *found, Fit *fit)
{
    const Param *head = fit->model->has_classes ? head_of(fit->model) : NULL;
    fit->shaped = count_shapes(a, fit->model, found, 0);
    for_each_vec(Found, f, found) {
        int64_t classes = head ? classes_for(head, f) : 0;
        int shaped = classes && classes != fit->classes
                         ? count_shapes(a, fit->model, found, classes)
                         : 0;
        bool is_named = classes && strcmp(f->name, head->name) == 0;
        if (shaped > fit->shaped || (shaped && shaped == fit->shaped && is_named)) {
            fit->shaped = shaped;
            fit->classes = classes;
        }
    }
}

static void fit_names(Arena *a, const FoundVec *found, Fit *fit)
{
    Strings names[2] = { 0 }, stems[2] = { 0 };
    for (int i = 0; i < fit->model->count; i++) {
        const Param *p = &fit->model->tensors[i];
        const char *key = shape_key(a, &p->shape, fit->classes);
        vec_push(a, &names[0], arena_printf(a, "%s %s", p->name, key));
        vec_push(a, &stems[0], arena_printf(a, "%s %s", stem_of(a, p->name), key));
    }
    for_each_vec(Found, f, found) {
        vec_push(a, &names[1], arena_printf(a, "%s %s", f->name, f->shape_key));
        vec_push(a, &stems[1], arena_printf(a, "%s %s", stem_of(a, f->name), f->shape_key));
    }
    for (int i = 0; i < 2; i++) {
        sort(&names[i]);
        sort(&stems[i]);
    }
    fit->named = count_common(&names[0], &names[1]);
    fit->stemmed = count_common(&stems[0], &stems[1]);
}

static Fit fit_model(Arena *a, const ZooModel *m, const FoundVec *found)
{
    Arena *scratch = arena_new();
    Fit fit = { .model = m, .prefix = arena_strdup(a, find_prefix(scratch, m, found)) };
    FoundVec some = below_prefix(scratch, found, fit.prefix);
    fit_shapes(scratch, &some, &fit);
    fit_names(scratch, &some, &fit);
    fit.extra = some.count - fit.shaped;
    arena_free(scratch);
    return fit;
}

/* --- all models ------------------------------------------------------------------------------ */

/* Tensors that one side has and the other has not. */
static int distance(const Fit *f)
{
    return f->model->count - f->shaped + f->extra;
}

static int compare_fits(const void *a, const void *b)
{
    const Fit *x = a, *y = b;
    if (distance(x) != distance(y))
        return distance(x) < distance(y) ? -1 : 1;
    if (x->named != y->named)
        return x->named > y->named ? -1 : 1;
    if (x->stemmed != y->stemmed)
        return x->stemmed > y->stemmed ? -1 : 1;
    return (x->model > y->model) - (x->model < y->model);
}

Fits recognise(Arena *a, const Zoo *zoo, const WeightStore *store)
{
    Fits fits = { 0 };
    FoundVec found = list_found(a, store);
    for_each_vec(ZooModel, m, zoo)
        vec_push(a, &fits, fit_model(a, m, &found));
    qsort(fits.at, (size_t)fits.count, sizeof *fits.at, compare_fits);
    return fits;
}

bool fit_is_exact(const Fit *f)
{
    return f->shaped == f->model->count && 10 * f->extra <= f->model->count;
}

bool fit_is_equal(const Fit *a, const Fit *b)
{
    return distance(a) == distance(b) && a->named == b->named && a->stemmed == b->stemmed;
}

/* --- differences ----------------------------------------------------------------------------- */

static void list_missing(Arena *a, const Fit *f, const Map *have, int limit, Text *out)
{
    int shown = 0;
    for (int i = 0; i < f->model->count && shown < limit; i++) {
        const Param *p = &f->model->tensors[i];
        const char *key = shape_key(a, &p->shape, f->classes);
        const char *other = map_get(have, p->name);
        if (other && strcmp(other, key) == 0)
            continue;
        text_printf(out, "  %s has %s %s", f->model->name, p->name, key);
        text_printf(out, other ? ", the file %s\n" : ", the file has no such tensor\n", other);
        shown++;
    }
}

static void list_extra(const Fit *f, const FoundVec *found, const Map *wanted, int limit, Text *out)
{
    int shown = 0;
    for (int i = 0; i < found->count && shown < limit; i++)
        if (!map_get(wanted, found->at[i].name)) {
            text_printf(out, "  the file has %s %s, %s has no such tensor\n", found->at[i].name,
                        found->at[i].shape_key, f->model->name);
            shown++;
        }
}

void fit_describe(Arena *a, const Fit *f, const WeightStore *store, int limit, Text *out)
{
    FoundVec all = list_found(a, store), found = below_prefix(a, &all, f->prefix);
    Map have = { 0 }, wanted = { 0 };
    for_each_vec(Found, t, &found)
        map_set(a, &have, t->name, (void *)t->shape_key);
    for (int i = 0; i < f->model->count; i++)
        map_set(a, &wanted, f->model->tensors[i].name, (void *)f);
    list_missing(a, f, &have, limit, out);
    list_extra(f, &found, &wanted, limit, out);
}
