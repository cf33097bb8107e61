/* interp(graph) = eval(program), per operator, target and awkward shape. printed.c has the other
 * edge of the triangle, eval(program) = run(emitted C).
 *
 *   kernels [TARGET [CASE]]    default: every target; closing line: N passed, N failed */
#include "compiler/base/diag.h"
#include "compiler/graph/view.h"
#include "compiler/interp/interp.h"
#include "compiler/pass/pass.h"
#include "compiler/schedule/program.h"
#include "tests/support/kernel_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Logical order to storage order: of maps [C][H*W] to [H*W][C], of others as it is. */
static void to_storage(const Node *n, const float *logical, float *stored)
{
    int64_t c = node_channels(n), pixels = node_height(n) * node_width(n);
    for (int64_t i = 0; i < c; i++)
        for (int64_t p = 0; p < pixels; p++)
            stored[p * c + i] = logical[n->shape.rank == 4 ? i * pixels + p : p * c + i];
}

static float *argument_at(const Argument *a, const float *input, float *output, float *arena)
{
    switch (a->kind) {
    case ARGUMENT_INPUT:
        return (float *)input + a->offset;
    case ARGUMENT_OUTPUT:
        return output + a->offset;
    case ARGUMENT_ARENA:
        return arena + a->offset;
    case ARGUMENT_CONST:
        return (float *)a->array->data;
    }
    return NULL;
}

static void evaluate_program(const Program *p, const float *input, float *output, Arena *scratch)
{
    float *arena = arena_new_array(scratch, float, p->arena_bytes / 4 + 16);
    for_each_vec(Call, c, &p->calls) {
        float *arg[64];
        for (int i = 0; i < c->function->param_count; i++)
            arg[i] = argument_at(&c->argument[i], input, output, arena);
        loop_eval(c->function, arg, p->target->fused);
    }
}

static double largest_error(const float *want, const float *got, int64_t count)
{
    double scale = 1e-3, error = 0;
    for (int64_t i = 0; i < count; i++) {
        scale = fmax(scale, fabs((double)want[i]));
        double d = fabs((double)want[i] - (double)got[i]);
        error = d > error || isnan(d) ? d : error;
    }
    return error / scale;
}

/* What is computed row by row must have the bits of what is computed map by map. */
static bool same_apart(Arena *a, const Graph *g, const Target *t, const float *input,
                       const float *want)
{
    Program p;
    ProgramOptions how = { .target = t, .optimize = OPTIMIZE_SIZE, .pairs = PAIRS_NONE };
    if (program_build(a, g, &how, &p))
        return false;
    float *got = arena_new_array(a, float, p.output_count);
    evaluate_program(&p, input, got, a);
    return memcmp(want, got, (size_t)p.output_count * sizeof *got) == 0;
}

static const double tolerance = 4e-6; /* of the largest value: sums of up to a few hundred terms */

static int run_case(const KernelCase *c, const Target *t)
{
    Arena *a = arena_new(), *scratch = arena_new();
    Graph *source = kernel_case_graph(a, c);
    const Node *x = source->input;
    int64_t in = shape_count(&x->shape), out = shape_count(&source->output->shape);
    float *logical = arena_new_array(a, float, in), *stored = arena_new_array(a, float, in);
    for (int64_t i = 0; i < in; i++)
        logical[i] = 2.0f * kernel_case_noise();
    to_storage(x, logical, stored);
    Interp run;
    const char *error = interp_run(a, source, logical, NULL, &run);
    float *want = arena_new_array(a, float, out), *got = arena_new_array(a, float, out);
    Program p;
    Graph *g = graph_copy(a, source);
    pass_run(g, NULL, scratch);
    if (!error)
        error = program_build(
            a, g, &(ProgramOptions){ .target = t, .optimize = OPTIMIZE_SIZE, .pairs = PAIRS_ALL },
            &p);
    double worst = 0;
    if (!error) {
        to_storage(source->output, run.value[source->output->id], want);
        evaluate_program(&p, stored, got, a);
        worst = largest_error(want, got, out);
        if (!same_apart(a, g, t, stored, got))
            error = "pairs change bits";
    }
    bool good = !error && worst <= tolerance;
    if (!good)
        printf("FAIL %s, %s: %s %g\n", c->name, t->name, error ? error : "relative error", worst);
    interp_free(&run);
    arena_free(scratch);
    arena_free(a);
    return good;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    const char *only = argc > 2 ? argv[2] : NULL;
    for (const Target *const *t = targets; *t; t++) {
        if (argc > 1 && strcmp(argv[1], (*t)->name) != 0)
            continue;
        for (int i = 0; i < kernel_case_count; i++)
            if (!only || strcmp(only, kernel_cases[i].name) == 0) {
                if (run_case(&kernel_cases[i], *t))
                    passed++;
                else
                    failed++;
            }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
