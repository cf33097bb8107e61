/* Emitted C against networks with known results: compiles what kiln emits for an oracle's network
 * and compares logits and every sampled node.
 *
 *   emitted [--cc CC] [--run LAUNCHER] [--optimize size|speed] [--unfused] [--keep DIR]
 *           TARGET ARCH...
 *
 * Logits may be off by 8 times PyTorch's own float32 error and nodes by 12 times theirs; by 12 and
 * 16 times where Winograd's form is used.
 * --unfused leaves out the passes that fold and fuse, so that every sampled node exists.
 * The emitted C is traced (KILN_TRACE), built into a small program with the C compiler CC and run,
 * by LAUNCHER (an emulator) where one is given. Closing line: N passed, N failed. */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/graph/view.h"
#include "compiler/pass/pass.h"
#include "compiler/schedule/program.h"
#include "tests/support/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Options {
    const char *cc, *launcher, *keep;
    Optimize optimize;
    bool unfused;
    double logits, nodes; /* limits, set by what the program uses */
} Options;

/* The program around the emitted network: input from a file, every traced node appended to
 * another. */
static const char driver[] =
    "#include \"net.h\"\n"
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <time.h>\n"
    "static FILE *out; static const long *bytes;\n"
    "static void node(void *context, int index, const void *data) {\n"
    "    (void)context;\n"
    "    if (bytes[index]) { fwrite(&index, sizeof index, 1, out);\n"
    "        fwrite(data, 1, (size_t)bytes[index], out); }\n"
    "}\n"
    "static float input[NET_INPUT_COUNT], output[NET_OUTPUT_COUNT];\n"
    "int main(int argc, char **argv) {\n"
    "    (void)argc;\n"
    "    static long size[100000]; bytes = size;\n"
    "    FILE *f = fopen(argv[1], \"rb\");\n"
    "    if (!f || fread(input, sizeof input, 1, f) != 1) return 1;\n"
    "    fclose(f); f = fopen(argv[2], \"r\");\n"
    "    int i; long n; while (fscanf(f, \"%d %ld\", &i, &n) == 2) size[i] = n;\n"
    "    fclose(f); out = fopen(argv[3], \"wb\");\n"
    "    void *arena = aligned_alloc(64, (NET_ARENA_BYTES + 127) / 64 * 64);\n"
    "    kiln_trace trace = { node, 0 };\n"
    "    net_run(input, output, arena, &trace);\n"
    "    i = -1; fwrite(&i, sizeof i, 1, out); fwrite(output, sizeof output, 1, out);\n"
    "    return fclose(out);\n"
    "}\n";

static int run(const char *command)
{
    int status = system(command);
    if (status != 0)
        printf("  failed: %s\n", command);
    return status == 0;
}

/* The bytes from a view's first element to behind its last one. */
static int64_t traced_bytes(const Node *n)
{
    int64_t pixels = n->shape.dim[0] * node_height(n) * node_width(n);
    return ((pixels - 1) * view_pixel_stride(n) + node_channels(n)) * (int64_t)sizeof(float);
}

/* The value of n in C order of its logical shape, from its view. */
static float *logical_value(Arena *a, const Node *n, const float *view)
{
    int64_t pixels = node_height(n) * node_width(n), channels = node_channels(n);
    float *value = arena_new_array(a, float, pixels *channels);
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < channels; c++) {
            int64_t at = n->shape.rank != 4 ? p * channels + c : c * pixels + p;
            value[at] = view[p * view_pixel_stride(n) + c];
        }
    return value;
}

static const Node *source_of(const Node *n)
{
    return n->origin ? n->origin : n;
}

static const Node *find_traced(const Graph *g, int index)
{
    for_each_node(n, g)
        if (source_of(n)->id == index)
            return n;
    return NULL;
}

static void write_inputs(const Oracle *o, const Graph *g, const char *folder)
{
    Arena *a = o->arena;
    int64_t pixels = node_height(g->input) * node_width(g->input), c = node_channels(g->input);
    float *stored = arena_new_array(a, float, pixels *c);
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t i = 0; i < c; i++)
            stored[p * c + i] = o->input[i * pixels + p];
    file_write(a, path_join(a, folder, "input"), stored, (size_t)(pixels * c) * sizeof(float));
    Text sizes = { .arena = a };
    for_each_node(n, g)
        if (oracle_find(o, source_of(n)))
            text_printf(&sizes, "%d %lld\n", source_of(n)->id, (long long)traced_bytes(n));
    file_write(a, path_join(a, folder, "sizes"), text_string(&sizes), sizes.length);
    file_write(a, path_join(a, folder, "driver.c"), driver, strlen(driver));
}

static bool compare(const Oracle *o, const Graph *g, const char *folder, Options *options)
{
    FileMap map;
    if (file_map(o->arena, path_join(o->arena, folder, "output"), &map))
        return false;
    double logits = 1e30, worst = 0;
    int nodes = 0;
    for (size_t at = 0; at + sizeof(int) < map.length;) {
        int index;
        memcpy(&index, map.bytes + at, sizeof index);
        const float *data = (const float *)(const void *)(map.bytes + at + sizeof index);
        const Node *n = index < 0 ? g->output : find_traced(g, index);
        if (index < 0) {
            logits = oracle_logits_ratio(o, data);
            break;
        }
        const OracleNode *known = oracle_find(o, source_of(n));
        double ratio = oracle_node_ratio(o, known, logical_value(o->arena, n, data));
        if (ratio > options->nodes)
            printf("  node '%s' is off by %.3g\n", known->name, ratio);
        worst = ratio > worst ? ratio : worst;
        nodes++;
        at += sizeof index + (size_t)traced_bytes(n);
    }
    file_unmap(&map);
    printf("  logits %.2f of %g, %d nodes at most %.2f of %g\n", logits, options->logits, nodes,
           worst, options->nodes);
    return logits <= options->logits && worst <= options->nodes && nodes > 0;
}

static bool build_and_run(const Oracle *o, const Graph *g, const Target *t, const char *folder,
                          Options *options)
{
    Arena *a = o->arena;
    Program p;
    ProgramOptions how = { .target = t, .optimize = options->optimize };
    how.pairs = options->unfused ? PAIRS_NONE : PAIRS_PAYING;
    const char *error = program_build(a, g, &how, &p);
    p.name = "net";
    options->logits = p.winograd ? 12 : 8;
    options->nodes = p.winograd ? 16 : 12;
    Emission e = { .arena = a, .program = &p, .digest = "0", .weights = WEIGHTS_INCBIN };
    error = error ? error : emit_folder(&e, folder);
    if (error) {
        printf("  %s\n", error);
        return false;
    }
    write_inputs(o, g, folder);
    Text sources = { .arena = a };
    for (int i = 0; i < e.model.count; i++)
        text_printf(&sources, " %s", e.model.at[i]);
    return run(arena_printf(a,
                            "cd %s && %s %s -std=c99 -DKILN_TRACE -I. -Wa,-I. -static "
                            "-D_ISOC11_SOURCE driver.c%s -o run && %s ./run input sizes output",
                            folder, options->cc, t->cflags, text_string(&sources),
                            options->launcher)) &&
           compare(o, g, folder, options);
}

static void run_passes(Graph *g, bool unfused, Arena *scratch)
{
    static const char *const views[] = { "remove_identity", "remove_dead", "concat_views",
                                         "alias_views" };
    if (!unfused)
        pass_run(g, NULL, scratch);
    for (int i = 0; unfused && i < COUNT_OF(views); i++) {
        pass_find(views[i])->run(g, scratch);
        const char *problem = graph_verify(g, scratch);
        if (problem)
            bug("after pass %s: %s", views[i], problem);
    }
}

static bool check(const char *arch, const Target *t, Options *options)
{
    Arena *a = arena_new(), *scratch = arena_new();
    Oracle o;
    const char *error = oracle_load(a, arch, true, &o);
    bool ok = !error;
    if (error)
        printf("  %s: %s\n", arch, error);
    const char *folder = options->keep ? options->keep
                                       : mkdtemp(arena_strdup(a, "/tmp/kiln-emitted-XXXXXX"));
    if (ok) {
        run(arena_printf(a, "rm -rf %s", folder));
        Graph *g = graph_copy(a, o.graph);
        run_passes(g, options->unfused, scratch);
        ok = build_and_run(&o, g, t, folder, options);
        if (!options->keep)
            run(arena_printf(a, "rm -rf %s", folder));
    }
    printf("%s %s on %s\n", ok ? "ok  " : "FAIL", arch, t->name);
    fflush(stdout);
    arena_free(scratch);
    arena_free(a);
    return ok;
}

int main(int argc, char **argv)
{
    Options options = { .cc = "cc", .launcher = "" };
    const Target *target = NULL;
    int passed = 0, failed = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--cc") == 0)
            options.cc = value, i++;
        else if (strcmp(argv[i], "--run") == 0)
            options.launcher = value, i++;
        else if (strcmp(argv[i], "--keep") == 0)
            options.keep = value, i++;
        else if (strcmp(argv[i], "--unfused") == 0)
            options.unfused = true;
        else if (strcmp(argv[i], "--optimize") == 0)
            options.optimize = value[1] == 'i' ? OPTIMIZE_SIZE : OPTIMIZE_SPEED, i++;
        else if (!target && !(target = target_find(argv[i])))
            return fprintf(stderr, "emitted: no target '%s'\n", argv[i]), 2;
        else if (target_find(argv[i]) != target && check(argv[i], target, &options))
            passed++;
        else if (target_find(argv[i]) != target)
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
