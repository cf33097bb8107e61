/* The pages of models/ are the networks that they are named after: their graphs equal those of
 * the reference manifests operator by operator, attributes and tensor names included. Compared
 * are hashes of each node's operator, attributes, parameters and inputs, so the order of
 * independent nodes does not matter. Identities (dropout, a flatten of single pixels), the two ways
 * to write a global average, and zeros padded before a convolution (or before a maximum over what
 * a relu made) instead of by it are seen through.
 *
 * Usage: zoo [MODEL...]        closing line: N passed, N failed, N skipped */
#include "compiler/base/map.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/import/keras.h"
#include "tests/support/oracle.h"
#include "tests/support/shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const pages[][2] = {
    { "resnet", "resnet18" },
    { "resnet", "resnet50" },
    { "resnet", "resnet101" },
    { "resnet", "resnext50_32x4d" },
    { "resnet", "resnet50_gn" },
    { "vgg", "vgg16_bn" },
    { "squeezenet", "squeezenet1_1" },
    { "mobilenet_v2", "mobilenet_v2" },
    { "densenet", "densenet121" },
    { "densenet", "densenet201" },
    { "efficientnet", "efficientnet_b0" },
    { "efficientnet", "efficientnet_b1" },
    { "efficientnet", "efficientnet_b2" },
    { "efficientnet", "efficientnet_b3" },
    { "efficientnet", "efficientnet_b4" },
    { "efficientnet", "efficientnet_b5" },
    { "efficientnet", "efficientnet_b6" },
    { "efficientnet", "efficientnet_b7" },
    { "inception_v3", "inception_v3" },
    { "se_resnet", "se_resnet50" },
    { "inception_resnet_v2", "inceptionresnetv2" },
    { "mobilenet_v3", "mobilenet_v3_small" },
    { "xception", "xception" },
    { "xception", "se_xception" },
    { "xception", "se_xception_top" },
    { "xception", "keras_xception" },
    { "xception", "keras_se_xception_top" },
    { "resnet_v1", "se_resnet50_top" },
    { "resnet_v1", "keras_resnet50" },
    { "resnet_v1", "keras_resnet50_classic" },
    { "resnet_v1", "keras_se_resnet50_top" },
    { "mobilenet_v2", "keras_mobilenet_v2" },
    { "efficientnet", "keras_efficientnet_b0" },
    { "efficientnet", "keras_efficientnet_b5" },
    { "inception_v3", "keras_inception_v3" },
    { "inception_resnet_v2", "keras_inception_resnet_v2" },
    { "nasnet", "nasnetamobile" },
    { "nasnet", "keras_nasnet_large" },
    { "pnasnet", "pnasnet5large" },
};

typedef struct Hashes {
    Arena *arena;
    uint64_t *at; /* by node id */
} Hashes;

static uint64_t fnv(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

static bool is_single_pixel(const Node *n)
{
    return node_height(n) == 1 && node_width(n) == 1;
}

/* Whether the value of n is that of its input, but for dimensions of extent 1. */
static bool is_identity(const Node *n)
{
    switch (n->op) {
    case OP_DROPOUT:
        return true;
    case OP_CONCAT:
        return n->input_count == 1;
    case OP_FLATTEN:
    case OP_RESHAPE:
        return is_single_pixel(n->input[0]) && node_channels(n) == node_channels(n->input[0]);
    default:
        return false;
    }
}

static bool is_global_average(const Node *n)
{
    const Attr *a = &n->attr;
    if (n->op == OP_AVG_POOL)
        return a->kernel[0] == node_height(n->input[0]) &&
               a->kernel[1] == node_width(n->input[0]) && is_single_pixel(n) && !a->pad[0] &&
               !a->pad[1] && !a->pad[2] && !a->pad[3];
    if (n->op == OP_MEAN)
        return a->axis_count == 2 && a->axes[0] == 2 && a->axes[1] == 3;
    return n->op == OP_GLOBAL_AVG_POOL;
}

/* The padding in front of a window that the window itself could do, or NULL. */
static const Node *own_padding(const Node *n)
{
    const Node *in = n->input_count == 1 ? n->input[0] : NULL;
    if (!in || in->op != OP_PAD || in->attr.value != 0)
        return NULL;
    if (n->op == OP_CONV2D)
        return in;
    return n->op == OP_MAX_POOL && in->input[0]->op == OP_RELU ? in : NULL;
}

static void describe_window(const Node *n, Text *t)
{
    const Attr *a = &n->attr;
    const Node *padding = own_padding(n);
    text_printf(t, " k%" PRId64 "x%" PRId64 " s%" PRId64 "x%" PRId64, a->kernel[0], a->kernel[1],
                a->stride[0], a->stride[1]);
    for (int i = 0; i < 4; i++)
        text_printf(t, " p%" PRId64, a->pad[i] + (padding ? padding->attr.pad[i] : 0));
}

static void describe(const Node *n, Text *t)
{
    const Attr *a = &n->attr;
    text_puts(t, is_global_average(n) ? "global_avg_pool" : op_info(n->op)->name);
    if (n->op == OP_CONV2D)
        text_printf(t, " o%" PRId64 " g%" PRId64 " d%" PRId64 "x%" PRId64, a->out, a->groups,
                    a->dilation[0], a->dilation[1]);
    if (n->op == OP_GROUP_NORM)
        text_printf(t, " g%" PRId64, a->groups);
    if (n->op == OP_BATCH_NORM || n->op == OP_GROUP_NORM)
        text_printf(t, " eps%.9g", a->eps);
    if (n->op == OP_AFFINE)
        text_printf(t, " %.9g %.9g", a->scale, a->shift);
    if (n->op == OP_CONCAT)
        text_printf(t, " axis%d", a->axis);
    if (!is_global_average(n) &&
        (n->op == OP_CONV2D || n->op == OP_MAX_POOL || n->op == OP_AVG_POOL))
        describe_window(n, t);
    if (n->op == OP_AVG_POOL && !is_global_average(n))
        text_printf(t, " include%d", a->count_include_pad);
    for (int role = 0; role < PARAM_ROLES; role++)
        if (n->param[role])
            text_printf(t, " %s", n->param[role]->name);
    text_printf(t, " %" PRId64 "x%" PRId64 "x%" PRId64, node_channels(n), node_height(n),
                node_width(n));
}

static uint64_t hash_node(const Hashes *h, const Node *n)
{
    if (is_identity(n))
        return h->at[n->input[0]->id];
    Text text = { .arena = h->arena };
    describe(n, &text);
    bool swaps = n->op == OP_ADD || n->op == OP_MUL;
    uint64_t sum = 0;
    const Node *padding = own_padding(n);
    for (int i = 0; i < n->input_count; i++) {
        uint64_t input = h->at[(padding ? padding : n)->input[i]->id];
        sum += input;
        if (!swaps)
            text_printf(&text, " %016" PRIx64, input);
    }
    if (swaps)
        text_printf(&text, " %016" PRIx64, sum);
    return fnv(text_string(&text));
}

static Hashes hash_graph(Arena *a, const Graph *g)
{
    Hashes h = { a, arena_new_array(a, uint64_t, g->nodes.count) };
    for_each_node(n, g)
        h.at[n->id] = hash_node(&h, n);
    return h;
}

/* Names the first node that the reference does not have. */
static void print_difference(Arena *a, const Graph *g, const Hashes *ours, const Graph *reference,
                             const Hashes *theirs)
{
    Map known = { 0 };
    for_each_node(n, reference)
        map_set(a, &known, arena_printf(a, "%016" PRIx64, theirs->at[n->id]), n);
    for_each_node(n, g)
        if (!map_get(&known, arena_printf(a, "%016" PRIx64, ours->at[n->id]))) {
            Text text = { .arena = a };
            describe(n, &text);
            printf("  %s: '%s' is not in the reference: %s\n", g->name, n->path,
                   text_string(&text));
            return;
        }
    printf("  %s: the outputs differ\n", g->name);
}

/* Keras's names of tensors as those of parameters, by the rule that binds them. */
static void rename_keras(Arena *a, const Graph *g)
{
    WeightStore store = { .arena = a };
    for_each_node(n, g)
        for (int role = 0; role < PARAM_ROLES; role++) {
            if (!n->param[role])
                continue;
            WeightTensor *t = arena_new_of(a, WeightTensor);
            *t = (WeightTensor){ .name = n->param[role]->name, .keras_layer = "" };
            map_set(a, &store.tensors, t->name, t);
        }
    for_each_node(n, g)
        for (int role = 0; role < PARAM_ROLES; role++)
            if (n->param[role])
                n->param[role]->name =
                    keras_view(a, &store, map_get(&store.tensors, n->param[role]->name)).name;
}

static bool check_page(Arena *a, const char *page, const char *model)
{
    Diag diag = { .out = stdout };
    ElaborateOptions options = { .name = model };
    Elaborated e;
    Oracle oracle;
    const char *why = oracle_load(a, model, false, &oracle);
    if (why) {
        printf("  %s: %s\n", model, why);
        return false;
    }
    if (!elaborate(a, arena_printf(a, "models/%s.kiln", page), &options, &diag, &e))
        return false;
    const Graph *g = e.member->graph;
    if (oracle.is_nhwc)
        rename_keras(a, oracle.graph);
    Hashes ours = hash_graph(a, g), theirs = hash_graph(a, oracle.graph);
    if (ours.at[g->output->id] == theirs.at[oracle.graph->output->id])
        return true;
    print_difference(a, g, &ours, oracle.graph, &theirs);
    return false;
}

static bool is_wanted(const char *model, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], model) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0, skipped = 0;
    for (int i = 0; i < COUNT_OF(pages); i++) {
        const char *model = pages[i][1];
        char below[256];
        snprintf(below, sizeof below, "oracle/%s/manifest.json", model);
        if (!is_wanted(model, argc, argv))
            continue;
        if (!shared_has(below)) {
            skipped++;
            continue;
        }
        Arena *a = arena_new();
        bool ok = check_page(a, pages[i][0], model);
        arena_free(a);
        passed += ok;
        failed += !ok;
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0;
}
