/* Five kernels as kiln prints them, for comparison with hand-written ones in tests/bench/twins/.
 *
 *   twins TARGET > emitted.c
 *
 * Each is a node built by hand, through the same kernels, tiles and printer as any network's. The
 * file that is printed ends in a table of them; twins/time.c runs it beside the table of the
 * hand-written ones. */
#include "compiler/base/diag.h"
#include "compiler/emit/printer.h"
#include "compiler/kernel/kernel.h"
#include "compiler/schedule/choose.h"

#include <stdio.h>
#include <stdlib.h>

/* A node on an input, where it is not the operator's default. */
typedef struct Twin {
    const char *name;
    OpKind op;
    int64_t channels, size, out, kernel, stride, pad, groups;
    Activation activation;
    bool residual;
    int64_t pitch, channel; /* a member of a concatenation of `pitch` channels; 0: none */
    int form;
} Twin;

static const Twin twins[] = {
    { "strided", OP_CONV2D, 64, 7, 24, 3, 2, 1, 1, ACT_RELU, true, 40, 8, 0 },
    { "depthwise", OP_CONV2D, 96, 28, 96, 5, 1, 2, 96, ACT_NONE, false, 0, 0, 0 },
    { "pointwise", OP_CONV2D, 512, 7, 128, 1, 1, 0, 1, ACT_NONE, false, 0, 0, 0 },
    { "winograd", OP_CONV2D, 64, 14, 64, 3, 1, 1, 1, ACT_NONE, false, 0, 0, 4 },
    { "group_norm", OP_GROUP_NORM, 64, 14, 64, 1, 1, 0, 8, ACT_SILU, false, 0, 0, 0 },
};

static Node *add(Graph *g, OpKind op, const char *path, Node **inputs, int count, const Attr *a)
{
    Diag d = { .out = stderr };
    Node *n = graph_add(g, op, path, (Loc){ 0 }, inputs, count, a, &d);
    if (!n)
        exit(2);
    n->view = (View){ n, 0 };
    return n;
}

static Node *add_input(Graph *g, const char *path, int64_t channels, int64_t height, int64_t width)
{
    Attr a = attr_default();
    a.shape = shape_of(4, (int64_t)1, channels, height, width);
    return add(g, OP_INPUT, path, NULL, 0, &a);
}

/* The residual and the wider storage, as passes would leave them. */
static void decorate(Graph *g, const Twin *t, Node *n)
{
    int64_t height = node_height(n), width = node_width(n);
    n->activation = t->activation;
    if (t->pitch)
        n->view = (View){ add_input(g, "wide", t->pitch, height, width), t->channel };
    if (!t->residual)
        return;
    Node **inputs = arena_new_array(g->arena, Node *, 2);
    inputs[0] = n->input[0];
    inputs[1] = add_input(g, "r", t->out, height, width);
    n->input = inputs;
    n->input_count = 2;
    n->has_residual = true;
}

static void bind(Graph *g, Node *n)
{
    uint32_t state = 1;
    for (int r = 0; r < PARAM_ROLES; r++) {
        if (!n->param[r])
            continue;
        int64_t count = shape_count(&n->param[r]->shape);
        float *data = arena_new_array(g->arena, float, count);
        for (int64_t i = 0; i < count; i++) {
            state = state * 1664525u + 1013904223u;
            data[i] = (float)(state >> 8) / (float)(1 << 24) - 0.5f;
        }
        n->param[r]->data = data;
    }
}

static Node *build_node(Graph *g, const Twin *t)
{
    Node *x = add_input(g, "x", t->channels, t->size, t->size);
    Attr a = attr_default();
    a.out = t->out;
    a.groups = t->groups;
    for (int i = 0; i < 2; i++) {
        a.kernel[i] = t->kernel;
        a.stride[i] = t->stride;
        a.pad[i] = a.pad[i + 2] = t->pad;
    }
    Node *n = add(g, t->op, t->name, &x, 1, &a);
    bind(g, n);
    decorate(g, t, n);
    return n;
}

static int64_t floats_of(const Buffer *b)
{
    int64_t count = b->pitch;
    for (int i = 0; i < b->rank - 1; i++)
        count *= b->extent[i];
    return count;
}

/* The packed weights are handed to both, so that they read the same. */
static void print_constants(Writer *w, const Kernel *k, const char *name)
{
    for (int i = 0; i < k->function->param_count; i++) {
        if (k->operand[i].kind != OPERAND_CONST)
            continue;
        const ConstArray *array = k->operand[i].array;
        w_linef(w, "static const float %s_%s[] = {", name, k->function->param[i]->name);
        for (int64_t j = 0; j < array->count; j++) {
            char text[PRINTED_FLOAT];
            w_linef(w, "%s,", float_text(text, array->data[j]));
        }
        w_line(w, "};");
    }
}

static void print_call(Writer *w, Arena *a, const Function *f, const char *name)
{
    w_linef(w, "static void run_%s(float *const *p)", name);
    w_line(w, "{");
    Text call = { .arena = a };
    text_printf(&call, "%s(", f->name);
    for (int i = 0; i < f->param_count; i++)
        text_printf(&call, "%s(%s)(void *)p[%d]", i ? ", " : "", print_pointer(a, f->param[i], ""),
                    i);
    w_linef(w, "%s);", text_string(&call));
    w_line(w, "}");
}

static void print_row(Writer *w, const Kernel *k, const Twin *t)
{
    const Function *f = k->function;
    w_linef(w, "{ \"%s\", run_%s, %d, {", t->name, t->name, f->param_count);
    for (int i = 0; i < f->param_count; i++) {
        const Buffer *b = f->param[i];
        bool constant = b->role == BUFFER_CONST;
        w_linef(w, "{ %lld, %d, %s%s%s },", (long long)floats_of(b), b->role == BUFFER_OUTPUT,
                constant ? t->name : "0", constant ? "_" : "", constant ? b->name : "");
    }
    w_line(w, "} },");
}

static void build_kernel(Arena *a, const Target *target, const Twin *t, Kernel *k)
{
    Node *n = build_node(graph_new(a, t->name), t);
    KernelEnv env = { .arena = a, .target = target, .tile = choose_tile(target, n) };
    env.tile.form = t->form;
    const char *error = kernel_build(&env, n, k);
    error = error ? error : loop_check(a, k->function);
    if (error)
        bug("%s: %s", t->name, error);
}

int main(int argc, char **argv)
{
    const Target *target = argc == 2 ? target_find(argv[1]) : NULL;
    if (!target)
        return fprintf(stderr, "usage: twins TARGET > emitted.c\n"), 2;
    Arena *a = arena_new();
    Writer w;
    w_start(&w, stdout, a);
    w_raw(&w, "#include \"tests/bench/twins/twins.h\"");
    if (target->header)
        w_linef(&w, "#include <%s>", target->header);
    Kernel kernels[COUNT_OF(twins)];
    for (int i = 0; i < COUNT_OF(twins); i++) {
        build_kernel(a, target, &twins[i], &kernels[i]);
        Printer p = { .w = &w, .arena = a, .target = target };
        print_function(&p, kernels[i].function);
        print_call(&w, a, kernels[i].function, twins[i].name);
        print_constants(&w, &kernels[i], twins[i].name);
    }
    w_line(&w, "const Twin emitted[] = {");
    for (int i = 0; i < COUNT_OF(twins); i++)
        print_row(&w, &kernels[i], &twins[i]);
    w_line(&w, "{ 0 } };");
    arena_free(a);
    return ferror(stdout) != 0;
}
