/* kiln verify: the emitted C and the reference interpreter on the same input, compared node by
 * node. The C is built with tracing as a program of its own, which writes the value of every node
 * to a file; a fused node is compared at the last of the nodes that it was made from. */
#include "compiler/driver/tables.h"
#include "compiler/driver/toolchain.h"
#include "compiler/import/random_weights.h"
#include "compiler/interp/interp.h"
#include "runtime/npy.h"

#include <math.h>

enum { TOLERANCE_PER_MILLION = 100 };

typedef struct Verify {
    Compilation c;
    Toolchain tools;
    const char *program;
    int compared, departed;
    const char *first; /* the first node that departed */
} Verify;

/* --- the emitted side ------------------------------------------------------------------------- */

static const char *build_traced(Verify *v)
{
    Toolchain *t = &v->tools;
    const char *error = toolchain_begin(t, &v->c);
    if (error)
        return error;
    Emission e = compile_emission(&v->c, toolchain_weight_form(t, v->c.line));
    t->defines = "-DKILN_TRACE";
    t->libraries = "";
    error = emit_folder(&e, t->source);
    e.hosted.count = 0;
    vec_push(e.arena, &e.hosted, "kiln_trace.c");
    if (!error)
        error = emit_trace_c(&e, "kiln_trace.c");
    v->program = path_join(e.arena, t->folder, "traced");
    return error ? error : toolchain_build(t, &e, v->program);
}

static const char *run_traced(Verify *v, const float *stored, FileMap *trace)
{
    Arena *a = v->c.scratch_arena;
    const char *in = path_join(a, v->tools.folder, "in.bin");
    const char *error = file_write(a, in, stored,
                                   (size_t)v->c.program->input_count * sizeof(float));
    if (!error)
        error = toolchain_run(&v->tools, v->program, "in.bin out.bin");
    return error ? error : file_map(a, path_join(a, v->tools.folder, "out.bin"), trace);
}

/* --- comparison ------------------------------------------------------------------------------- */

typedef struct Error {
    double absolute, largest; /* largest |difference|, largest |expected| */
    bool is_nan;
} Error;

static Error compare(const float *got, const float *want, int64_t count)
{
    Error e = { 0 };
    for (int64_t i = 0; i < count; i++) {
        double d = fabs((double)got[i] - (double)want[i]);
        e.is_nan |= isnan(got[i]) != isnan(want[i]) || (isnan(d) && got[i] != want[i]);
        e.absolute = d > e.absolute ? d : e.absolute;
        e.largest = fabs((double)want[i]) > e.largest ? fabs((double)want[i]) : e.largest;
    }
    return e;
}

static bool is_within(const Error *e)
{
    return !e->is_nan && e->absolute <= TOLERANCE_PER_MILLION * 1e-6 * e->largest;
}

static void report(Verify *v, const char *path, const char *operator, const Error * e)
{
    bool within = is_within(e);
    double relative = e->largest > 0 ? e->absolute / e->largest : e->absolute > 0 ? INFINITY : 0;
    printf("%-40s %-16s %10.3g %10.3g %10.3g%s\n", path, operator, e->largest, e->absolute,
           relative,
           e->is_nan ? "  not a number"
           : within  ? ""
                     : "  departs");
    v->compared++;
    v->departed += !within;
    if (!within && !v->first)
        v->first = path;
}

/* One node of the trace; returns the bytes that it takes. */
static size_t compare_node(Verify *v, const unsigned char *bytes, const Interp *run)
{
    int id;
    memcpy(&id, bytes, sizeof id);
    const Node *n = v->c.source->nodes.at[id];
    int64_t count = shape_count(&n->shape);
    float *stored = arena_new_array(v->c.scratch_arena, float, count);
    float *logical = arena_new_array(v->c.scratch_arena, float, count);
    memcpy(stored, bytes + sizeof id, (size_t)count * sizeof(float));
    tensor_to_logical(&n->shape, stored, logical);
    Error e = compare(logical, run->value[id], count);
    report(v, n->path, op_info(n->op)->name, &e);
    return sizeof id + (size_t)count * sizeof(float);
}

static void compare_output(Verify *v, const float *want, const char *name, const FileMap *trace)
{
    const Node *n = v->c.source->output;
    int64_t count = shape_count(&n->shape);
    float *stored = arena_new_array(v->c.scratch_arena, float, count);
    float *logical = arena_new_array(v->c.scratch_arena, float, count);
    memcpy(stored, trace->bytes + trace->length - (size_t)count * sizeof(float),
           (size_t)count * sizeof(float));
    tensor_to_logical(&n->shape, stored, logical);
    Error e = compare(logical, want, count);
    report(v, name, "", &e);
}

static const char *verify_one(Verify *v, const float *logical, const float *expected)
{
    Compilation *c = &v->c;
    float *stored = arena_new_array(c->scratch_arena, float, c->program->input_count);
    tensor_to_stored(&c->source->input->shape, logical, stored);
    FileMap trace;
    const char *error = run_traced(v, stored, &trace);
    if (error)
        return error;
    Interp run = { 0 };
    if (!expected) {
        error = interp_run(c->scratch_arena, c->source, logical,
                           interp_keep_all(c->scratch_arena, c->source), &run);
        for (size_t at = 0; !error && at < trace.length;)
            at += compare_node(v, trace.bytes + at, &run);
        interp_free(&run);
    } else {
        compare_output(v, expected, c->line->expect, &trace);
    }
    file_unmap(&trace);
    arena_reset(c->scratch_arena);
    return error;
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* A .npy file of whole tensors of `shape`; their number is *count. */
static bool load_tensors(const char *path, const Shape *shape, NpyArray *array, int64_t *count)
{
    Reason why;
    if (!npy_array_load(path, array, &why)) {
        fprintf(stderr, "kiln: %s: %s\n", path, why.text);
        return false;
    }
    int64_t size = shape_count(shape);
    *count = (int64_t)array->count / size;
    if (*count > 0 && (int64_t)array->count % size == 0)
        return true;
    fprintf(stderr, "kiln: %s: holds %zu values, the network's tensor has %lld\n", path,
            array->count, (long long)size);
    npy_array_free(array);
    return false;
}

static ExitStatus verify_file(Verify *v, const char *path)
{
    const Graph *g = v->c.source;
    NpyArray in = { 0 }, want = { 0 };
    int64_t inputs, outputs;
    if (!load_tensors(path, &g->input->shape, &in, &inputs))
        return EXIT_INPUT;
    const char *expect = v->c.line->expect, *error = NULL;
    if (expect && !load_tensors(expect, &g->output->shape, &want, &outputs)) {
        npy_array_free(&in);
        return EXIT_INPUT;
    }
    ExitStatus status = EXIT_DONE;
    if (expect && inputs != outputs)
        status = compile_fail(EXIT_INPUT, expect, "holds another number of tensors than the input");
    for (int64_t i = 0; i < inputs && status == EXIT_DONE && !error; i++)
        error = verify_one(v, in.data + i * v->c.program->input_count,
                           expect ? want.data + i * v->c.program->output_count : NULL);
    npy_array_free(&in);
    npy_array_free(&want);
    return error ? compile_fail(EXIT_ENVIRONMENT, path, error) : status;
}

/* Without an input: numbers in [-1.7, 1.7) by the rule of the reference vectors. */
static ExitStatus verify_random(Verify *v)
{
    int64_t count = v->c.program->input_count;
    float *input = arena_new_array(v->c.graph_arena, float, count);
    random_fill(random_stream("input", 0), (RandomRule){ 0, 1.7 }, count, input);
    const char *error = verify_one(v, input, NULL);
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : EXIT_DONE;
}

static ExitStatus verify_inputs(Verify *v)
{
    const CommandLine *line = v->c.line;
    printf("%-40s %-16s %10s %10s %10s\n", "node", "operator", "max", "abs error", "rel error");
    if (!line->inputs.count)
        return verify_random(v);
    ExitStatus status = EXIT_DONE;
    for (int i = 0; i < line->inputs.count && status == EXIT_DONE; i++)
        status = verify_file(v, line->inputs.at[i]);
    return status;
}

static ExitStatus conclude(const Verify *v)
{
    if (v->departed) {
        printf("%d of %d nodes depart; the first is %s\n", v->departed, v->compared, v->first);
        return EXIT_INPUT;
    }
    printf("%d nodes agree\n", v->compared);
    return EXIT_DONE;
}

static ExitStatus verify(Verify *v)
{
    const char *error = build_traced(v);
    if (error)
        return compile_fail(EXIT_ENVIRONMENT, NULL, error);
    ExitStatus status = verify_inputs(v);
    return status == EXIT_DONE ? conclude(v) : status;
}

ExitStatus command_verify(const CommandLine *line)
{
    if (compile_lists(line))
        return EXIT_DONE;
    if (line->expect && line->inputs.count != 1)
        return compile_fail(EXIT_USAGE, NULL,
                            "--expect OUT.npy needs the one INPUT.npy that it belongs to");
    Verify v = { 0 };
    compile_begin(&v.c, line);
    ExitStatus status = compile_choose_target(&v.c);
    if (status == EXIT_DONE)
        status = compile_source(&v.c, WEIGHTS_REQUIRED);
    if (status == EXIT_DONE)
        status = compile_program(&v.c);
    if (status == EXIT_DONE && !compile_dumps(&v.c)) {
        status = verify(&v);
        toolchain_end(&v.tools);
    }
    return compile_end(&v.c, status);
}
