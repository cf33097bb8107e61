/* Heads that are trained apart from their network: support vector machines as scikit-learn and
 * libsvm keep them (both formats give the same tensors, see compiler/import/libsvm.c), and dense
 * layers on the scores of several members.
 *
 *   support_vectors [vectors, features], grouped by class    n_support [classes]
 *   dual_coef [classes - 1, vectors]    intercept [classes (classes - 1) / 2]
 *   classes [classes], which one each group is; gamma, degree, coef0: numbers; kernel: 0 linear, 1
 *   polynomial, 2 rbf. Without `kernel` it is rbf where there is a gamma, else linear. */
#include "compiler/elaborate/classify.h"

#include "compiler/import/weights.h"

#include <math.h>

enum { MAX_CLASSES = 100000 };

typedef struct Head {
    Arena *arena;
    WeightStore store;
    const char *why; /* the first thing that is wrong */
} Head;

static const WeightTensor *find(Head *h, const char *name, int rank)
{
    const WeightTensor *t = map_get(&h->store.tensors, name);
    if (!t && !h->why)
        h->why = arena_printf(h->arena, "it has no tensor '%s'", name);
    if (t && t->problem && !h->why)
        h->why = arena_printf(h->arena, "tensor '%s': %s", name, t->problem);
    if (t && t->rank != rank && !h->why)
        h->why = arena_printf(h->arena, "tensor '%s' has %d dimensions, not %d", name, t->rank,
                              rank);
    return h->why ? NULL : t;
}

/* The numbers of a tensor whose dimensions must be these; NULL after noting why. */
static const double *numbers(Head *h, const char *name, int rank, int64_t rows, int64_t columns)
{
    const WeightTensor *t = find(h, name, rank);
    if (!t)
        return NULL;
    if (t->dim[0] != rows || (rank == 2 && t->dim[1] != columns)) {
        h->why = rank == 2 ? arena_printf(h->arena,
                                          "tensor '%s' is [%lld, %lld], it must be [%lld, %lld]",
                                          name, (long long)t->dim[0], (long long)t->dim[1],
                                          (long long)rows, (long long)columns)
                           : arena_printf(h->arena, "tensor '%s' has %lld values, not %lld", name,
                                          (long long)t->dim[0], (long long)rows);
        return NULL;
    }
    int64_t count = weight_count(t);
    double *values = arena_new_array(h->arena, double, count + 1);
    weight_read_doubles(t, values);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]) && !h->why)
            h->why = arena_printf(h->arena, "tensor '%s' holds a value that is not finite", name);
    return values;
}

static const int *integers(Head *h, const char *name, int count)
{
    const double *values = numbers(h, name, 1, count, 0);
    int *out = arena_new_array(h->arena, int, count + 1);
    for (int i = 0; values && i < count; i++) {
        if (!(values[i] >= 0 && values[i] < 1e9) || values[i] != floor(values[i]))
            h->why = arena_printf(h->arena, "tensor '%s' holds %g, which is no count", name,
                                  values[i]);
        else
            out[i] = (int)values[i];
    }
    return out;
}

/* A number that may be missing. */
static double number(Head *h, const char *name, double otherwise)
{
    const WeightTensor *t = map_get(&h->store.tensors, name);
    double value = otherwise;
    if (t && !t->problem && weight_count(t) == 1)
        weight_read_doubles(t, &value);
    else if (t && !h->why)
        h->why = arena_printf(h->arena, "tensor '%s' is no single number", name);
    return value;
}

static const char *open(Head *h, Arena *a, const char *path)
{
    *h = (Head){ .arena = a, .store = { .arena = a } };
    return weights_read_file(&h->store, path);
}

/* --- support vector machines ---------------------------------------------------------------- */

static void read_sizes(Head *h, Svm *svm)
{
    const WeightTensor *vectors = find(h, "support_vectors", 2);
    const WeightTensor *sizes = find(h, "n_support", 1);
    if (!vectors || !sizes)
        return;
    if (sizes->dim[0] < 2 || sizes->dim[0] > MAX_CLASSES || vectors->dim[0] > INT32_MAX ||
        vectors->dim[1] > INT32_MAX || vectors->dim[1] < 1) {
        h->why = arena_printf(h->arena, "%lld classes and %lld x %lld support vectors are no SVM",
                              (long long)sizes->dim[0], (long long)vectors->dim[0],
                              (long long)vectors->dim[1]);
        return;
    }
    svm->class_count = (int)sizes->dim[0];
    svm->vector_count = (int)vectors->dim[0];
    svm->feature_count = (int)vectors->dim[1];
}

/* Groups cover all vectors; their classes are each one of 0, 1, ... */
static void check_groups(Head *h, const Svm *svm)
{
    int64_t sum = 0;
    bool *seen = arena_new_array(h->arena, bool, svm->class_count);
    for (int i = 0; i < svm->class_count && !h->why; i++) {
        int k = svm->group_class[i];
        sum += svm->group_size[i];
        if (k >= svm->class_count || seen[k])
            h->why = arena_printf(h->arena, "its classes are not 0 to %d, each once: there is a %d",
                                  svm->class_count - 1, k);
        else
            seen[k] = true;
    }
    if (!h->why && sum != svm->vector_count)
        h->why = arena_printf(h->arena, "its groups have %lld support vectors, there are %d",
                              (long long)sum, svm->vector_count);
}

static void read_kernel(Head *h, Svm *svm)
{
    bool has_gamma = map_get(&h->store.tensors, "gamma") != NULL;
    double kernel = number(h, "kernel", has_gamma ? KERNEL_RBF : KERNEL_LINEAR);
    double degree = number(h, "degree", 3);
    svm->gamma = number(h, "gamma", 1);
    svm->coef0 = number(h, "coef0", 0);
    if (!(kernel >= 0 && kernel < KERNEL_COUNT) || kernel != floor(kernel))
        h->why = arena_printf(h->arena, "its kernel %g is none of 0, 1, 2", kernel);
    else if (!(degree >= 1 && degree <= 100) || degree != floor(degree))
        h->why = arena_printf(h->arena, "its degree %g is no whole number from 1 to 100", degree);
    if (h->why)
        return;
    svm->kernel = (SvmKernel)kernel;
    svm->degree = (int)degree;
}

const char *head_read_svm(Arena *a, const char *path, Svm *svm)
{
    Head h;
    const char *why = open(&h, a, path);
    if (why)
        return why;
    *svm = (Svm){ .file = path };
    read_sizes(&h, svm);
    if (h.why)
        return h.why;
    int k = svm->class_count, pairs = (int)((int64_t)k * (k - 1) / 2);
    svm->vectors = numbers(&h, "support_vectors", 2, svm->vector_count, svm->feature_count);
    svm->coefficients = numbers(&h, "dual_coef", 2, k - 1, svm->vector_count);
    svm->intercepts = numbers(&h, "intercept", 1, pairs, 0);
    svm->group_size = integers(&h, "n_support", k);
    svm->group_class = integers(&h, "classes", k);
    read_kernel(&h, svm);
    if (!h.why)
        check_groups(&h, svm);
    return h.why;
}

static void read_option(Reader *r, const Entry *entry, int i, Svm *svm)
{
    static const char usage[] = "write svm \"FILE\" [linear|polynomial|rbf] [gamma G] [degree D] "
                                "[coef0 C]";
    const char *name = classify_word(entry, i);
    double value = 0;
    bool gamma = strcmp(name, "gamma") == 0, coef0 = strcmp(name, "coef0") == 0;
    if (!gamma && !coef0 && strcmp(name, "degree") != 0) {
        classify_reject(r, entry->items.at[i]->loc, usage);
        return;
    }
    if (!classify_number(r, entry, i + 1, &value, usage))
        return;
    if (gamma)
        svm->gamma = value;
    else if (coef0)
        svm->coef0 = value;
    else if (value >= 1 && value <= 100 && value == floor(value))
        svm->degree = (int)value;
    else
        classify_reject(r, entry->items.at[i + 1]->loc, "a degree is a whole number from 1 to 100");
}

void classify_svm(Reader *r, const Entry *entry)
{
    if (entry->items.count < 2 || entry->items.at[1]->kind != EXPR_STRING) {
        classify_reject(r, entry->loc, "write svm \"FILE\"");
        return;
    }
    Svm *svm = arena_new_of(r->e->arena, Svm);
    const char *path = classify_path(r, entry, 1, "the file of a support vector machine");
    const char *why = path ? head_read_svm(r->e->arena, path, svm) : NULL;
    if (why)
        elaborate_error(r->e, entry->items.at[1]->loc, "svm", "%s: %s", path, why);
    if (!path || why)
        return;
    int first = 2;
    SvmKernel kernel;
    if (kernel_from_name(classify_word(entry, 2), &kernel)) {
        svm->kernel = kernel;
        first = 3;
    }
    for (int i = first; i < entry->items.count; i += 2)
        read_option(r, entry, i, svm);
    Score score = { .loc = entry->loc, .op = SCORE_SVM, .svm = svm };
    vec_push(r->e->arena, &r->part->member.scores, score);
    r->part->has_svm = true;
    r->part->activation = OUTPUT_NONE;
}

/* --- dense layers --------------------------------------------------------------------------- */

const char *head_read_dense(Arena *a, const char *path, Matrix *m)
{
    Head h;
    const char *why = open(&h, a, path);
    if (why)
        return why;
    const WeightTensor *weight = find(&h, "weight", 2);
    if (!weight)
        return h.why;
    if (weight->dim[0] < 1 || weight->dim[0] > MAX_CLASSES || weight->dim[1] > INT32_MAX)
        return arena_printf(a, "its layer has %lld outputs", (long long)weight->dim[0]);
    *m = (Matrix){ .file = path, .rows = (int)weight->dim[0], .columns = (int)weight->dim[1] };
    m->values = numbers(&h, "weight", 2, m->rows, m->columns);
    m->bias = map_get(&h.store.tensors, "bias") ? numbers(&h, "bias", 1, m->rows, 0)
                                                : arena_new_array(a, double, m->rows);
    return h.why;
}
