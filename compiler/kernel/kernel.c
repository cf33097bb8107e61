/* Which kernel a node gets: one row per operator of op.def. */
#include "compiler/kernel/common.h"

#include "compiler/base/diag.h"
#include "compiler/graph/view.h"

typedef const char *(*MakeKernel)(Make *);

static const char *make_nothing(Make *m)
{
    (void)m;
    return "";
}

static const MakeKernel kernels[] = {
    [OP_INPUT] = make_nothing,
    [OP_PARAMETER] = make_nothing,
    [OP_CONV2D] = make_conv2d,
    [OP_DENSE] = make_dense,
    [OP_BATCH_NORM] = make_batch_norm,
    [OP_GROUP_NORM] = make_group_norm,
    [OP_LAYER_NORM] = make_layer_norm,
    [OP_MAX_POOL] = make_pool,
    [OP_AVG_POOL] = make_pool,
    [OP_GLOBAL_AVG_POOL] = make_global_pool,
    [OP_GLOBAL_MAX_POOL] = make_global_pool,
    [OP_ADD] = make_elementwise,
    [OP_SUB] = make_elementwise,
    [OP_MUL] = make_elementwise,
    [OP_AFFINE] = make_elementwise,
    [OP_RELU] = make_elementwise,
    [OP_RELU6] = make_elementwise,
    [OP_LEAKY_RELU] = make_elementwise,
    [OP_SIGMOID] = make_elementwise,
    [OP_SILU] = make_elementwise,
    [OP_HARDSIGMOID] = make_elementwise,
    [OP_HARDSWISH] = make_elementwise,
    [OP_TANH] = make_elementwise,
    [OP_GELU] = make_elementwise,
    [OP_SOFTMAX] = make_softmax,
    [OP_CONCAT] = make_concat,
    [OP_PAD] = make_pad,
    [OP_PAD_CHANNELS] = make_pad,
    [OP_CHANNEL_SHUFFLE] = make_channel_shuffle,
    [OP_SLICE] = make_slice,
    [OP_FLATTEN] = make_flatten,
    [OP_RESHAPE] = make_reshape,
    [OP_PERMUTE] = make_permute,
    [OP_MEAN] = make_reduce,
    [OP_MAX] = make_reduce,
    [OP_MATMUL] = make_matmul,
    [OP_DROPOUT] = make_copy,
};
_Static_assert(sizeof kernels / sizeof *kernels == OP_COUNT, "an operator without a kernel row");

bool kernel_is_void(const Node *n)
{
    return n->op == OP_INPUT || n->op == OP_PARAMETER || view_is_alias(n);
}

static Make make_of(const KernelEnv *env, const Node *n, Kernel *out)
{
    Arena *L = env->arena;
    *out = (Kernel){ .function = arena_new_of(L, Function) };
    out->function->param = arena_new_array(L, Buffer *, KERNEL_MAX_PARAMS);
    return (Make){ .env = env,
                   .L = L,
                   .n = n,
                   .k = out,
                   .name = { .arena = L },
                   .summary = { .arena = L },
                   .extras = { .arena = L } };
}

const char *kernel_name(Arena *arena, const Node *n)
{
    KernelEnv env = { .arena = arena };
    Kernel kernel;
    Make m = make_of(&env, n, &kernel);
    m.only_name = true;
    return kernels[n->op] && !kernels[n->op](&m) ? make_name(&m) : NULL;
}

const char *kernel_build(const KernelEnv *env, const Node *n, Kernel *out)
{
    Arena *L = env->arena;
    const char *op = op_info(n->op)->name;
    if (n->shape.dim[0] != 1)
        return arena_printf(L, "'%s' of a batch of %lld", op, (long long)n->shape.dim[0]);
    for (int i = 0; i < n->input_count; i++)
        if (n->input[i]->shape.dim[0] != 1)
            return arena_printf(L, "'%s' of '%s', a batch of %lld", op, n->input[i]->path,
                                (long long)n->input[i]->shape.dim[0]);
    Make m = make_of(env, n, out);
    const char *error = env->producer ? make_interleaved(&m) : kernels[n->op](&m);
    return error ? arena_printf(L, "no kernel for %s", error) : NULL;
}
