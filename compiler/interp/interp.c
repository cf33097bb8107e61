/* The loop over the nodes, and the table of evaluators. */
#include "compiler/interp/interp.h"

#include "compiler/interp/eval.h"

#include <cblas.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

void interp_set_threads(int threads)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads <= 0)
        threads = processors < 1 ? 1 : processors > 8 ? 8 : (int)processors;
    openblas_set_num_threads(threads);
}

Split split_shape(const Shape *s, int axis)
{
    Split p = { 1, s->dim[axis], 1 };
    for (int i = 0; i < axis; i++)
        p.outer *= s->dim[i];
    for (int i = axis + 1; i < s->rank; i++)
        p.inner *= s->dim[i];
    return p;
}

const float *eval_param(const Eval *e, ParamRole role)
{
    return e->n->param[role] ? e->n->param[role]->data : NULL;
}

int blas_int(int64_t v)
{
    if (v > INT_MAX)
        bug("a matrix of %lld rows or columns is beyond OpenBLAS", (long long)v);
    return (int)v;
}

typedef void Evaluator(const Eval *e);

static Evaluator *evaluator_of(const Node *n)
{
    switch (n->op) {
    case OP_CONV2D:
        return eval_conv2d;
    case OP_DENSE:
        return eval_dense;
    case OP_MATMUL:
        return eval_matmul;
    case OP_BATCH_NORM:
        return eval_batch_norm;
    case OP_GROUP_NORM:
        return eval_group_norm;
    case OP_LAYER_NORM:
        return eval_layer_norm;
    case OP_SOFTMAX:
        return eval_softmax;
    case OP_MAX_POOL:
    case OP_AVG_POOL:
        return eval_pool;
    case OP_GLOBAL_AVG_POOL:
    case OP_GLOBAL_MAX_POOL:
        return eval_global_pool;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
        return eval_binary;
    case OP_AFFINE:
        return eval_affine;
    case OP_RELU:
    case OP_RELU6:
    case OP_LEAKY_RELU:
    case OP_SIGMOID:
    case OP_SILU:
    case OP_HARDSIGMOID:
    case OP_HARDSWISH:
    case OP_TANH:
    case OP_GELU:
        return eval_activation;
    case OP_CONCAT:
        return eval_concat;
    case OP_PAD:
        return eval_pad;
    case OP_PAD_CHANNELS:
        return eval_pad_channels;
    case OP_SLICE:
        return eval_slice;
    case OP_PERMUTE:
        return eval_permute;
    case OP_CHANNEL_SHUFFLE:
        return eval_channel_shuffle;
    case OP_MEAN:
    case OP_MAX:
        return eval_reduce;
    case OP_FLATTEN:
    case OP_RESHAPE:
    case OP_DROPOUT:
        return eval_copy;
    case OP_INPUT:
    case OP_PARAMETER:
    case OP_COUNT:
        break;
    }
    bug("node '%s' has nothing to evaluate", n->path);
}

void interp_node(const Node *n, const float *const *inputs, float *out)
{
    int64_t count = shape_count(&n->shape);
    if (n->op == OP_PARAMETER) {
        memcpy(out, n->param[PARAM_WEIGHT]->data, (size_t)count * sizeof *out);
        return;
    }
    Eval e = { n, inputs, inputs[0], out };
    evaluator_of(n)(&e);
    const float *residual = n->has_residual ? inputs[n->input_count - 1] : NULL;
    for (int64_t i = 0; residual && i < count; i++)
        out[i] += residual[i];
    for (int64_t i = 0; n->activation && i < count; i++)
        out[i] = (float)activate(n->activation, n->activation_alpha, out[i]);
}

static const char *find_unbound(Arena *arena, const Graph *g)
{
    for_each_node(n, g)
        for (int r = 0; r < PARAM_ROLES; r++)
            if (n->param[r] && !n->param[r]->data)
                return arena_printf(arena, "parameter '%s' of '%s' has no value", n->param[r]->name,
                                    n->path);
    return NULL;
}

static void release(Interp *run, int id)
{
    arena_free(run->storage[id]);
    run->storage[id] = NULL;
    run->value[id] = NULL;
}

/* Frees the inputs of n that nothing after it reads. */
static void release_inputs(Interp *run, const Node *n, const int *last_use, const bool *keep)
{
    for (int i = 0; i < n->input_count; i++) {
        int id = n->input[i]->id;
        if (last_use[id] == n->id && !(keep && keep[id]))
            release(run, id);
    }
}

static void run_node(Interp *run, const Node *n, const float *input)
{
    run->storage[n->id] = arena_new();
    float *out = arena_new_array(run->storage[n->id], float, shape_count(&n->shape));
    run->value[n->id] = out;
    const float **inputs = arena_new_array(run->storage[n->id], const float *, n->input_count + 1);
    for (int i = 0; i < n->input_count; i++)
        inputs[i] = run->value[n->input[i]->id];
    if (n->op == OP_INPUT)
        memcpy(out, input, (size_t)shape_count(&n->shape) * sizeof *out);
    else
        interp_node(n, inputs, out);
}

const bool *interp_keep_all(Arena *arena, const Graph *g)
{
    bool *keep = arena_new_array(arena, bool, g->nodes.count);
    memset(keep, 1, (size_t)g->nodes.count);
    return keep;
}

const char *interp_run(Arena *arena, const Graph *g, const float *input, const bool *keep,
                       Interp *run)
{
    *run = (Interp){ .count = g->nodes.count, .arena = arena };
    run->value = arena_new_array(arena, const float *, run->count);
    run->storage = arena_new_array(arena, Arena *, run->count);
    const char *problem = find_unbound(arena, g);
    if (problem)
        return problem;
    int *last_use = arena_new_array(arena, int, run->count);
    for_each_node(n, g)
        for (int i = 0; i < n->input_count; i++)
            last_use[n->input[i]->id] = n->id;
    last_use[g->output->id] = run->count;
    for_each_node(n, g) {
        run_node(run, n, input);
        release_inputs(run, n, last_use, keep);
    }
    return NULL;
}

void interp_free(Interp *run)
{
    for (int i = 0; i < run->count; i++)
        release(run, i);
    run->count = 0;
}
