/* kiln verify: the emitted C and the reference interpreter on the same input, compared node by
 * node. The C is built with tracing as a program of its own, which writes the value of every
 * node to a file; a fused node is compared at the last of the nodes that it was made from. A
 * classifier's networks are verified one after the other; of a picture each on all views of it,
 * then the scores that the whole classifier makes of what each side's networks say. */
#include "compiler/driver/tables.h"
#include "compiler/driver/toolchain.h"
#include "compiler/import/random_weights.h"
#include "compiler/interp/interp.h"
#include "runtime/npy.h"
#include "runtime/preprocess.h"
#include "runtime/session.h"

#include <math.h>

/* Of the largest value of a node. Winograd's forms lose about two digits. */
static const double direct_tolerance = 1e-4, winograd_tolerance = 1e-3;

typedef struct Verify {
    Compilation c;
    Toolchain tools;
    const char *program;
    int compared, departed;
    const char *first; /* the first node that departed */
    const char *error; /* of run_emitted() */
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

/* So many pictures, and zeros for the others of the batch. */
static const char *run_traced(Verify *v, int64_t pictures, const float *stored, FileMap *trace)
{
    Arena *a = v->c.scratch_arena;
    const char *in = path_join(a, v->tools.folder, "in.bin");
    int64_t count = v->c.program->input_count, size = shape_count(&v->c.source->input->shape);
    float *filled = arena_new_array(a, float, count);
    memcpy(filled, stored, (size_t)(pictures * size) * sizeof(float));
    const char *error = file_write(a, in, filled, (size_t)count * sizeof(float));
    if (!error)
        error = toolchain_run(&v->tools, v->program,
                              arena_printf(a, "%d in.bin out.bin", v->c.index));
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

static bool is_within(const Verify *v, const Error *e)
{
    double tolerance = v->c.program->winograd ? winograd_tolerance : direct_tolerance;
    return !e->is_nan && e->absolute <= tolerance * e->largest;
}

static void report(Verify *v, const char *path, const char *operator, const Error * e)
{
    bool within = is_within(v, e);
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

/* Floats of the trace, stored as H,W,C, in the order of the logical shape. */
static const float *trace_values(Verify *v, const Node *n, const unsigned char *bytes)
{
    int64_t count = shape_count(&n->shape);
    float *stored = arena_new_array(v->c.scratch_arena, float, count);
    float *logical = arena_new_array(v->c.scratch_arena, float, count);
    memcpy(stored, bytes, (size_t)count * sizeof(float));
    tensor_to_logical(&n->shape, stored, logical);
    return logical;
}

/* Pictures of one run: their inputs as networks store them; their expected outputs, or NULL. The
 * network's batch is filled up with zeros. */
typedef struct Pictures {
    int64_t count;
    const float *stored, *expected;
} Pictures;

/* Compares picture `at`, if one record of the trace holds it, with `run`, or the output with
 * `expected` where that is given. Returns the bytes that the record takes. */
static size_t compare_record(Verify *v, const unsigned char *bytes, int64_t at, const Interp *run,
                             const float *expected)
{
    struct {
        int node, first, pictures;
    } of;
    memcpy(&of, bytes, sizeof of);
    const Graph *g = v->c.source;
    const Node *n = of.node < 0 ? g->output : g->nodes.at[of.node];
    size_t size = (size_t)shape_count(&n->shape) * sizeof(float);
    bool holds = of.first <= at && at < of.first + of.pictures;
    if (holds && (!expected || of.node < 0)) {
        const float *got = trace_values(v, n, bytes + sizeof of + (size_t)(at - of.first) * size);
        Error e = compare(got, expected ? expected : run->value[n->id], shape_count(&n->shape));
        report(v, of.node < 0 ? "(output)" : n->path, op_info(n->op)->name, &e);
    }
    return sizeof of + (size_t)of.pictures * size;
}

/* One picture of a run against the interpreter, or what is expected of it. */
static const char *compare_picture(Verify *v, const FileMap *trace, const Pictures *p, int64_t at)
{
    Compilation *c = &v->c;
    Arena *a = c->scratch_arena;
    int64_t in = shape_count(&c->source->input->shape);
    const float *expected = p->expected;
    Interp run = { 0 };
    const char *error = NULL;
    if (expected) {
        expected += at * shape_count(&c->source->output->shape);
    } else {
        float *logical = arena_new_array(a, float, in);
        tensor_to_logical(&c->source->input->shape, p->stored + at * in, logical);
        error = interp_run(a, c->source, logical, interp_keep_all(a, c->source), &run);
    }
    for (size_t byte = 0; !error && byte < trace->length;)
        byte += compare_record(v, trace->bytes + byte, at, &run, expected);
    if (!expected)
        interp_free(&run);
    return error;
}

static const char *verify_pictures(Verify *v, const Pictures *p)
{
    Compilation *c = &v->c;
    FileMap trace;
    const char *error = run_traced(v, p->count, p->stored, &trace);
    if (error)
        return error;
    for (int64_t at = 0; at < p->count && !error; at++)
        error = compare_picture(v, &trace, p, at);
    file_unmap(&trace);
    arena_reset(c->scratch_arena);
    return error;
}

/* Makes a network the one at hand, under its name where there are several. */
static void begin_network(Verify *v, int i)
{
    compile_select(&v->c, i);
    if (v->c.network_count > 1)
        printf("member %s\n", v->c.member->name);
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* Whether an array is one tensor of a shape [1, ...], or a batch of them; how many. */
static bool is_batch_of(const NpyArray *array, const Shape *s, int64_t *count)
{
    int batch = array->rank == s->rank;
    bool same = batch || array->rank == s->rank - 1;
    for (int i = 1; i < s->rank && same; i++)
        same = array->dim[i - 1 + batch] == s->dim[i];
    *count = batch ? array->dim[0] : 1;
    return same && *count > 0;
}

/* A .npy file of tensors of `shape`; their number is *count. */
static bool load_tensors(Verify *v, const char *path, const Shape *shape, NpyArray *array,
                         int64_t *count)
{
    Reason why;
    if (!npy_array_load(path, array, &why)) {
        fprintf(stderr, "kiln: %s: %s\n", path, why.text);
        return false;
    }
    if (is_batch_of(array, shape, count))
        return true;
    Text have = { .arena = v->c.source_arena };
    for (int i = 0; i < array->rank; i++)
        text_printf(&have, "%s%lld", i ? ", " : "", (long long)array->dim[i]);
    fprintf(stderr, "kiln: %s: its shape is [%s], the network has %s\n", path, text_string(&have),
            shape_text(v->c.source_arena, shape));
    npy_array_free(array);
    return false;
}

/* Of the network at hand. */
static ExitStatus verify_tensors(Verify *v, const NpyArray *in, int64_t inputs)
{
    const Graph *g = v->c.source;
    NpyArray want = { 0 };
    int64_t outputs, size = shape_count(&g->input->shape), batch = v->c.pictures;
    int64_t output_size = shape_count(&g->output->shape);
    const char *expect = v->c.line->expect, *error = NULL;
    if (expect && !load_tensors(v, expect, &g->output->shape, &want, &outputs))
        return EXIT_INPUT;
    ExitStatus status = EXIT_DONE;
    if (expect && inputs != outputs)
        status = compile_fail(EXIT_INPUT, expect, "holds another number of tensors than the input");
    float *stored = arena_new_array(v->c.graph_arena, float, size *batch);
    for (int64_t i = 0; i < inputs && status == EXIT_DONE && !error; i += batch) {
        Pictures p = { inputs - i < batch ? inputs - i : batch, stored,
                       expect ? want.data + i * output_size : NULL };
        for (int64_t k = 0; k < p.count; k++)
            tensor_to_stored(&g->input->shape, in->data + (i + k) * size, stored + k * size);
        error = verify_pictures(v, &p);
    }
    npy_array_free(&want);
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : status;
}

/* --- a picture through the whole classifier --------------------------------------------------- */

/* Runs the emitted network of the runtime's call; what goes wrong is kept in the Verify. */
static void run_emitted(void *context, const float *input, float *output, void *arena,
                        const kiln_trace *trace)
{
    Network *n = context;
    Verify *v = n->command;
    FileMap map;
    (void)arena, (void)trace;
    compile_select(&v->c, (int)(n - v->c.networks));
    const char *error = run_traced(v, 1, input, &map);
    size_t bytes = (size_t)shape_count(&n->source->output->shape) * sizeof(float);
    memset(output, 0, bytes);
    size_t batch = bytes * (size_t)v->c.pictures;
    if (!error && map.length >= batch)
        memcpy(output, map.bytes + map.length - batch, bytes);
    if (!error)
        file_unmap(&map);
    else
        v->error = arena_strdup(v->c.graph_arena, error);
}

/* The scores of the classifier whose networks `run` runs, in the arena of the graphs. */
static bool classify(Verify *v, const char *path, RunNetwork *run, float **scores, int *count,
                     Reason *why)
{
    const kiln_classifier *table = tables_build(&v->c, "", run);
    Session s;
    if (!session_open(&s, table, why))
        return false;
    bool ok = session_load_picture(&s, 0, path, why) && session_classify(&s, why);
    *count = ok ? s.decision.classes : 0;
    *scores = arena_new_array(v->c.graph_arena, float, *count + 1);
    for (int i = 0; i < *count; i++)
        (*scores)[i] = (float)s.decision.score[i];
    session_close(&s);
    return ok;
}

static ExitStatus verify_scores(Verify *v, const char *path)
{
    float *got, *want;
    int got_count, want_count;
    Reason why;
    bool ok = classify(v, path, run_emitted, &got, &got_count, &why) &&
              classify(v, path, interpret_network, &want, &want_count, &why);
    if (v->error)
        return compile_fail(EXIT_ENVIRONMENT, path, v->error);
    if (!ok)
        return compile_fail(EXIT_INPUT, path, why.text);
    compile_select(&v->c, 0);
    Error e = compare(got, want, want_count);
    report(v, "(scores)", "classifier", &e);
    return EXIT_DONE;
}

/* All views of the member whose network is at hand. */
static ExitStatus verify_views(Verify *v, const char *path, const kiln_member *member)
{
    const int count = plan_view_count(member);
    float *stored = arena_new_array(v->c.graph_arena, float, v->c.program->input_count);
    Reason why;
    for (int i = 0; i < count; i++) {
        const kiln_member view = plan_member_of_view(member, i);
        Image image;
        if (count > 1)
            printf("view %d of %d\n", i + 1, count);
        if (!preprocess_load(&view, path, &image, &why))
            return compile_fail(EXIT_INPUT, path, why.text);
        bool ok = preprocess_picture(&view, &image, stored, &why);
        image_free(&image);
        if (!ok)
            return compile_fail(EXIT_INPUT, path, why.text);
        const char *error = verify_pictures(v, &(Pictures){ 1, stored, NULL });
        if (error)
            return compile_fail(EXIT_ENVIRONMENT, path, error);
    }
    return EXIT_DONE;
}

static ExitStatus verify_picture(Verify *v, const char *path)
{
    const kiln_classifier *table = tables_build(&v->c, "", NULL);
    ExitStatus status = EXIT_DONE;
    if (!table->takes_pictures)
        return compile_fail(EXIT_USAGE, path, "a bare model takes tensors (.npy) only");
    for (int i = 0; i < table->member_count && status == EXIT_DONE; i++) {
        begin_network(v, i);
        status = verify_views(v, path, &table->members[i]);
    }
    return status == EXIT_DONE ? verify_scores(v, path) : status;
}

static bool is_npy(Verify *v, const char *path)
{
    FileMap map;
    if (file_map(v->c.scratch_arena, path, &map) != NULL)
        return true;
    bool npy = map.length >= 6 && memcmp(map.bytes, "\x93NUMPY", 6) == 0;
    file_unmap(&map);
    return npy;
}

static ExitStatus verify_file(Verify *v, const char *path)
{
    if (!v->c.line->expect && !is_npy(v, path))
        return verify_picture(v, path);
    ExitStatus status = EXIT_DONE;
    for (int i = 0; i < v->c.classifier->members.count && status == EXIT_DONE; i++) {
        NpyArray in;
        int64_t count;
        begin_network(v, i);
        if (!load_tensors(v, path, &v->c.source->input->shape, &in, &count))
            return EXIT_INPUT;
        status = verify_tensors(v, &in, count);
        npy_array_free(&in);
    }
    return status;
}

/* Of the network at hand. Without an input: a batch of numbers in [-1.7, 1.7) by the rule of the
 * reference vectors. */
static ExitStatus verify_random(Verify *v)
{
    const Shape *shape = &v->c.source->input->shape;
    int64_t count = shape_count(shape), pictures = v->c.pictures;
    float *logical = arena_new_array(v->c.graph_arena, float, count *pictures);
    float *stored = arena_new_array(v->c.graph_arena, float, count *pictures);
    random_fill(random_stream("input", 0), (RandomRule){ 0, 1.7 }, count * pictures, logical);
    for (int64_t i = 0; i < pictures; i++)
        tensor_to_stored(shape, logical + i * count, stored + i * count);
    const char *error = verify_pictures(v, &(Pictures){ pictures, stored, NULL });
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : EXIT_DONE;
}

static ExitStatus verify_inputs(Verify *v)
{
    const CommandLine *line = v->c.line;
    printf("%-40s %-16s %10s %10s %10s\n", "node", "operator", "max", "abs error", "rel error");
    ExitStatus status = EXIT_DONE;
    for (int i = 0; i < v->c.network_count && !line->inputs.count && status == EXIT_DONE; i++) {
        begin_network(v, i);
        status = verify_random(v);
    }
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
    if (status == EXIT_DONE && line->expect && v.c.network_count > 1)
        status = compile_fail(EXIT_USAGE, NULL, "--expect is for one network, this has several");
    for (int i = 0; i < v.c.network_count; i++)
        v.c.networks[i].command = &v;
    if (status == EXIT_DONE && !compile_dumps(&v.c)) {
        status = verify(&v);
        toolchain_end(&v.tools);
    }
    return compile_end(&v.c, status);
}
