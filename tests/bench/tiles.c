/* Emits representative layers with a given register tile, and a program that times them.
 *
 *   tiles TARGET LANES PIXELS VECTORS DEPTHWISE MATRIX WINOGRAD FOLDER
 *
 * WINOGRAD is 1 where the cost model may choose it; the other numbers replace those of the target's
 * row. tests/bench/tiles.sh compiles what is written with several compilers and flags. FOLDER/time
 * prints one line a layer: name and GFLOP/s, the best of many runs. */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/graph/view.h"
#include "compiler/pass/pass.h"
#include "compiler/schedule/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Layer {
    const char *name;
    OpKind op;
    int64_t channels, size, out, kernel, stride, groups;
} Layer;

static const Layer layers[] = {
    { "conv3x3", OP_CONV2D, 64, 28, 64, 3, 1, 1 },
    { "wide3x3", OP_CONV2D, 64, 56, 64, 3, 1, 1 },
    { "deep3x3", OP_CONV2D, 256, 14, 256, 3, 1, 1 },
    { "last3x3", OP_CONV2D, 512, 7, 512, 3, 1, 1 },
    { "uneven3x3", OP_CONV2D, 32, 27, 128, 3, 1, 1 },
    { "conv1x1", OP_CONV2D, 256, 14, 64, 1, 1, 1 },
    { "strided3x3", OP_CONV2D, 64, 28, 128, 3, 2, 1 },
    { "narrow1x1", OP_CONV2D, 96, 28, 24, 1, 1, 1 },
    { "first3x3", OP_CONV2D, 3, 112, 32, 3, 2, 1 },
    { "depthwise", OP_CONV2D, 96, 28, 96, 3, 1, 96 },
    { "dense", OP_DENSE, 2048, 1, 1000, 1, 1, 1 },
};

static const char prologue[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <time.h>\n"
    "static double now(void) {\n"
    "    struct timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);\n"
    "    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;\n"
    "}\n"
    "static void report(const char *name, double macs, float *in, float *out,\n"
    "    void *arena, long n, void (*run)(const float *, float *, void *)) {\n"
    "    double best = 1e9, end = now() + 0.06;\n"
    "    for (long i = 0; i < n; i++) in[i] = (float)(i % 17) * 0.1f - 0.8f;\n"
    "    for (int r = 0; r < 10 || now() < end; r++) {\n"
    "        double t = now(); run(in, out, arena); t = now() - t;\n"
    "        if (t < best) best = t;\n"
    "    }\n"
    "    printf(\"%s %.2f\\n\", name, 2e-9 * macs / best);\n"
    "}\n";

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "tiles: %s: %s\n", what, why);
    return 1;
}

static Graph *layer_graph(Arena *a, const Layer *l, Diag *d)
{
    Graph *g = graph_new(a, l->name);
    Attr attr = attr_default();
    attr.shape = l->op == OP_DENSE ? shape_of(2, (int64_t)1, l->channels)
                                   : shape_of(4, (int64_t)1, l->channels, l->size, l->size);
    Node *x = graph_add(g, OP_INPUT, "x", (Loc){ 0 }, NULL, 0, &attr, d);
    Attr own = attr_default();
    own.out = l->out;
    own.groups = l->groups;
    for (int i = 0; i < 4; i++)
        own.pad[i] = l->kernel / 2;
    for (int i = 0; i < 2; i++) {
        own.kernel[i] = l->kernel;
        own.stride[i] = l->stride;
    }
    Node *y = graph_add(g, l->op, "layer", (Loc){ 0 }, &x, 1, &own, d);
    g->output = y ? graph_add(g, OP_RELU, "relu", (Loc){ 0 }, &y, 1, &own, d) : NULL;
    return g->output ? g : NULL;
}

static void fill_params(Graph *g)
{
    for_each_node(n, g)
        for (int r = 0; r < PARAM_ROLES; r++) {
            Param *p = n->param[r];
            if (!p)
                continue;
            int64_t count = shape_count(&p->shape);
            float *data = arena_new_array(g->arena, float, count);
            for (int64_t i = 0; i < count; i++)
                data[i] = 0.01f * (float)(i % 13 - 6);
            p->data = data;
        }
}

static const char *emit_layer(Arena *a, const Layer *l, const Target *t, bool winograd,
                              const char *folder, int64_t *macs)
{
    Diag d = { .out = stderr };
    Graph *g = layer_graph(a, l, &d);
    if (!g)
        return "no such layer";
    fill_params(g);
    Arena *scratch = arena_new();
    pass_run(g, NULL, scratch);
    arena_free(scratch);
    Program p;
    const char *error = program_build(
        a, g,
        &(ProgramOptions){ .target = t,
                           .optimize = winograd ? OPTIMIZE_SPEED : OPTIMIZE_SIZE,
                           .pairs = PAIRS_NONE },
        &p);
    if (error)
        return error;
    p.name = l->name;
    *macs = 0;
    for_each_vec(Call, c, &p.calls)
        *macs += c->macs;
    Emission e = { .arena = a, .program = &p, .digest = "0", .weights = WEIGHTS_INCBIN };
    return emit_folder(&e, path_join(a, folder, l->name));
}

static const char *upper(Arena *a, const char *name)
{
    char *s = arena_strndup(a, name, strlen(name));
    for (char *c = s; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    return s;
}

/* A call that times one layer. */
static void print_call(Arena *a, Text *t, const char *name, int64_t macs)
{
    const char *big = upper(a, name);
    text_printf(t, "    report(\"%s\", %lld.0,\n        calloc(%s_INPUT_COUNT, 4), ", name,
                (long long)macs, big);
    text_printf(t, "calloc(%s_OUTPUT_COUNT, 4),\n", big);
    text_printf(t, "        aligned_alloc(64, (%s_ARENA_BYTES + 127) / 64 * 64),\n", big);
    text_printf(t, "        %s_INPUT_COUNT, %s_run);\n", big, name);
}

static const char *emit_all(Arena *a, const Target *t, bool winograd, const char *folder)
{
    Text includes = { .arena = a }, calls = { .arena = a };
    mkdir(folder, 0777);
    for (int i = 0; i < COUNT_OF(layers); i++) {
        const char *name = layers[i].name;
        int64_t macs;
        const char *error = emit_layer(a, &layers[i], t, winograd, folder, &macs);
        if (error)
            return arena_printf(a, "%s: %s", name, error);
        text_printf(&includes, "#include \"%s/%s.h\"\n", name, name);
        print_call(a, &calls, name, macs);
    }
    Text all = { .arena = a };
    text_printf(&all, "%s%sint main(void)\n{\n%s    return 0;\n}\n", text_string(&includes),
                prologue, text_string(&calls));
    return file_write(a, path_join(a, folder, "time.c"), text_string(&all), all.length);
}

int main(int argc, char **argv)
{
    if (argc != 9)
        return fail("usage", "TARGET LANES PIXELS VECTORS DEPTHWISE MATRIX WINOGRAD FOLDER");
    const Target *known = target_find(argv[1]);
    if (!known)
        return fail(argv[1], "no such target");
    Target t = *known;
    t.tiles[0] = t.winograd_tiles[0] = (RegisterTile){ 0 }; /* no other than what is asked for */
    t.tile_lanes = atoi(argv[2]);
    t.tile_pixels = atoi(argv[3]);
    t.tile_vectors = atoi(argv[4]);
    t.tile_depthwise = atoi(argv[5]);
    t.tile_matrix = atoi(argv[6]);
    t.strict = atoi(argv[7]) == 0; /* no Winograd */
    Arena *a = arena_new();
    const char *error = emit_all(a, &t, atoi(argv[7]) != 0, argv[8]);
    int status = error ? fail(argv[8], error) : 0;
    arena_free(a);
    return status;
}
