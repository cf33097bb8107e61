/* eval(loop nest) = run(emitted C), bit for bit: every function of every kernel case, and
 * Winograd's and Strassen's forms, printed into one translation unit per target, compiled and run
 * on the values that the evaluator got.
 *
 *   printed TARGET [--cc CC] [--cflags FLAGS] [--run LAUNCHER]    closing line: N passed, N
 * failed */
#include "compiler/base/diag.h"
#include "compiler/base/file.h"
#include "compiler/base/map.h"
#include "compiler/emit/printer.h"
#include "compiler/kernel/kernel.h"
#include "compiler/pass/pass.h"
#include "compiler/schedule/choose.h"
#include "compiler/schedule/program.h"
#include "tests/support/kernel_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Suite {
    Arena *arena;
    const Target *target;
    Map functions; /* name -> Function */
} Suite;

/* --- collecting functions --------------------------------------------------------------------- */

static void collect(Suite *s, const Function *f)
{
    map_set(s->arena, &s->functions, f->name, (void *)f);
}

static void collect_case(Suite *s, const KernelCase *c)
{
    Arena *scratch = arena_new();
    Program p;
    Graph *g = graph_copy(s->arena, kernel_case_graph(s->arena, c));
    pass_run(g, NULL, scratch);
    const char *error = program_build(
        s->arena, g,
        &(ProgramOptions){ .target = s->target, .optimize = OPTIMIZE_SIZE, .pairs = PAIRS_ALL },
        &p);
    if (error)
        bug("%s: %s", c->name, error);
    for (int i = 0; i < p.functions.count; i++)
        collect(s, p.functions.at[i]);
    arena_free(scratch);
}

static void collect_form(Suite *s, const KernelCase *c, Node *n, int form)
{
    Kernel k;
    const Target *t = s->target;
    KernelEnv env = { .arena = s->arena, .target = t, .tile = choose_tile(t, n) };
    env.tile.form = form;
    if (form == TILE_INNER)
        env.tile = (Tile){ t->tile_lanes, t->inner_tiles[0].pixels, t->inner_tiles[0].vectors,
                           form };
    const char *error = kernel_build(&env, n, &k);
    error = error ? error : loop_check(s->arena, k.function);
    if (error)
        bug("%s: %s", c->name, error);
    collect(s, k.function);
}

/* Winograd's, Strassen's and the inner product's forms, whether or not they would be chosen. */
static void collect_forms(Suite *s, const KernelCase *c)
{
    Graph *g = kernel_case_graph(s->arena, c);
    Node *n = g->output;
    while (n->op != OP_CONV2D && n->op != OP_DENSE && n->input_count == 1)
        n = n->input[0];
    n->view = (View){ n, 0 };
    n->input[0]->view = (View){ n->input[0], 0 };
    for (int size = 2; size <= TILE_MAX_WINOGRAD; size++)
        if (winograd_applies(n, size))
            collect_form(s, c, n, size);
    if (strassen_applies(n))
        collect_form(s, c, n, TILE_STRASSEN);
    if (inner_applies(s->target, n))
        collect_form(s, c, n, TILE_INNER);
}

/* --- the program ------------------------------------------------------------------------------ */

static int64_t floats_of(const Buffer *b)
{
    int64_t count = b->pitch;
    for (int i = 0; i < b->rank - 1; i++)
        count *= b->extent[i];
    return count;
}

static void print_call(Writer *w, Arena *a, const Function *f, int id)
{
    w_linef(w, "static void test%d(FILE *in, FILE *out)", id);
    w_line(w, "{");
    for (int i = 0; i < f->param_count; i++)
        w_linef(w, "static float p%d[%lld] KILN_ALIGN(64);", i, (long long)floats_of(f->param[i]));
    for (int i = 0; i < f->param_count; i++)
        w_linef(w, "if (fread(p%d, sizeof p%d, 1, in) != 1) exit(3);", i, i);
    Text call = { .arena = a };
    text_printf(&call, "%s(", f->name);
    for (int i = 0; i < f->param_count; i++)
        text_printf(&call, "%s(%s)(void *)p%d", i ? ", " : "", print_pointer(a, f->param[i], ""),
                    i);
    w_linef(w, "%s);", text_string(&call));
    for (int i = 0; i < f->param_count; i++)
        w_linef(w, "fwrite(p%d, sizeof p%d, 1, out);", i, i);
    w_line(w, "}");
}

static void print_program(Suite *s, FILE *out)
{
    Writer w;
    w_start(&w, out, s->arena);
    w_raw(&w, "#include <stdio.h>");
    w_raw(&w, "#include <stdlib.h>");
    w_raw(&w, "#include \"runtime/kiln_model.h\"");
    if (s->target->header)
        w_linef(&w, "#include <%s>", s->target->header);
    for (int i = 0; i < s->functions.count; i++) {
        Printer p = { .w = &w, .arena = s->arena, .target = s->target };
        const Function *f = s->functions.entry[i].value;
        print_function(&p, f);
        print_call(&w, s->arena, f, i);
    }
    w_line(&w, "int main(int argc, char **argv)");
    w_line(&w, "{");
    w_line(&w, "FILE *in = fopen(argv[argc - 2], \"rb\"), *out = fopen(argv[argc - 1], \"wb\");");
    for (int i = 0; i < s->functions.count; i++)
        w_linef(&w, "test%d(in, out);", i);
    w_line(&w, "return fclose(out);");
    w_line(&w, "}");
}

/* --- values ----------------------------------------------------------------------------------- */

/* Everything is noise, also what is written: an element that a kernel forgets shows. Norms take
 * roots of sums of squares, so nothing needs care. */
static float **random_arguments(Arena *a, const Function *f)
{
    float **arg = arena_new_array(a, float *, f->param_count);
    for (int i = 0; i < f->param_count; i++) {
        int64_t count = floats_of(f->param[i]);
        arg[i] = arena_new_array(a, float, count);
        for (int64_t k = 0; k < count; k++)
            arg[i][k] = kernel_case_noise();
    }
    return arg;
}

static void write_arguments(FILE *out, const Function *f, float *const *arg)
{
    for (int i = 0; i < f->param_count; i++)
        fwrite(arg[i], sizeof(float), (size_t)floats_of(f->param[i]), out);
}

/* Scratch may differ where nothing was written to it; the output may not. */
static bool same_output(FILE *in, const Function *f, float *const *want, Arena *a)
{
    bool same = true;
    for (int i = 0; i < f->param_count; i++) {
        size_t count = (size_t)floats_of(f->param[i]);
        float *got = arena_new_array(a, float, count);
        same &= fread(got, sizeof(float), count, in) == count;
        for (size_t k = 0; same && k < count && f->param[i]->role == BUFFER_OUTPUT; k++)
            if (memcmp(&got[k], &want[i][k], sizeof(float)) != 0) {
                printf("FAIL %s: element %zu of '%s' is %.9g, evaluated %.9g\n", f->name, k,
                       f->param[i]->name, (double)got[k], (double)want[i][k]);
                same = false;
            }
    }
    return same;
}

static bool build(Suite *s, const char *folder, const char *cc, const char *cflags)
{
    Output o;
    if (output_open(s->arena, path_join(s->arena, folder, "printed.c"), &o))
        return false;
    print_program(s, o.stream);
    if (output_commit(&o))
        return false;
    return system(arena_printf(s->arena,
                               "%s -std=c99 %s %s -ffp-contract=off -I. %s/printed.c -o %s/run -lm "
                               "-static",
                               cc, s->target->cflags, cflags, folder, folder)) == 0;
}

int main(int argc, char **argv)
{
    const char *cc = "cc", *cflags = "", *launcher = "";
    Suite s = { .arena = arena_new(), .target = argc > 1 ? target_find(argv[1]) : NULL };
    for (int i = 2; i + 1 < argc; i += 2)
        *(strcmp(argv[i], "--cc") == 0    ? &cc
          : strcmp(argv[i], "--run") == 0 ? &launcher
                                          : &cflags) = argv[i + 1];
    if (!s.target)
        return fprintf(stderr, "usage: printed TARGET [--cc CC] [--cflags F] [--run L]\n"), 2;
    for (int i = 0; i < kernel_case_count; i++) {
        collect_case(&s, &kernel_cases[i]);
        collect_forms(&s, &kernel_cases[i]);
    }
    char folder[] = "/tmp/kiln-printed-XXXXXX";
    if (!mkdtemp(folder) || !build(&s, folder, cc, cflags))
        return printf("0 passed, 1 failed\n"), 1;
    float ***want = arena_new_array(s.arena, float **, s.functions.count);
    FILE *in = fopen(path_join(s.arena, folder, "in"), "wb");
    for (int i = 0; in && i < s.functions.count; i++) {
        const Function *f = s.functions.entry[i].value;
        want[i] = random_arguments(s.arena, f);
        write_arguments(in, f, want[i]);
        loop_eval(f, want[i], s.target->fused);
    }
    int passed = 0, failed = 0;
    if (!in || fclose(in) ||
        system(arena_printf(s.arena, "cd %s && %s ./run in out", folder, launcher)))
        failed++;
    FILE *out = fopen(path_join(s.arena, folder, "out"), "rb");
    for (int i = 0; out && i < s.functions.count; i++)
        if (same_output(out, s.functions.entry[i].value, want[i], s.arena))
            passed++;
        else
            failed++;
    if (system(arena_printf(s.arena, "rm -rf %s", folder)))
        failed++;
    arena_free(s.arena);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
