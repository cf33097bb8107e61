/* The story of one call of a classifier program: check the processor, read the command line, then
 * for each input load, preprocess, run, decide, print. A failed input does not stop the others. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/program.h"

#include "runtime/bench.h"
#include "runtime/blend.h"
#include "runtime/cpu_check.h"
#include "runtime/evaluate.h"
#include "runtime/explain.h"
#include "runtime/inputs.h"
#include "runtime/options.h"
#include "runtime/outfile.h"
#include "runtime/pool.h"
#include "runtime/profile.h"
#include "runtime/report.h"
#include "runtime/session.h"
#include "runtime/submit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Run {
    const char *name; /* of this program, in messages */
    Options options;
    Session session;
    Report report;
    NpyWriter writer;   /* open when options.out */
    Submit submit;      /* with options.submit: its rows are printed instead of results */
    Outfile submission; /* open when options.submission */
    Pool pool;
    size_t listed;              /* pictures so far */
    size_t done, failed, total; /* of what has been reported */
    int stopped;                /* nothing more can be printed or written */
    int shows_progress, is_visible;
    double started, shown; /* seconds */
} Run;

/* --- messages and progress ------------------------------------------------------------------- */

static void clear_progress(Run *r)
{
    if (r->is_visible)
        fputs("\r\033[K", stderr);
    r->is_visible = 0;
}

/* On a terminal, from the second second on, ten times a second. */
static void show_progress(Run *r)
{
    const double now = r->shows_progress ? clock_seconds() : 0.0;

    if (!r->shows_progress || now - r->started < 1.0 || now - r->shown < 0.1)
        return;
    fprintf(stderr, "\r\033[K%zu of %zu, %.1f a second", r->done, r->total,
            (double)r->done / (now - r->started));
    r->shown = now;
    r->is_visible = 1;
}

static void fail_input(Run *r, const char *file, const Reason *why)
{
    clear_progress(r);
    fprintf(stderr, "%s: %s: %s\n", r->name, file, why->text);
    r->failed++;
}

static void stop(Run *r, const char *file, const Reason *why)
{
    fail_input(r, file, why);
    r->stopped = 1;
}

/* --- one input ------------------------------------------------------------------------------- */

static FILE *submit_stream(const Run *r)
{
    return r->submission.stream ? r->submission.stream : stdout;
}

/* Prints a result, keeps the raw output. */
static void finish_input(Run *r, const char *file, const Decision *decision, const float *logical)
{
    Reason why;

    if (isatty(STDOUT_FILENO))
        clear_progress(r);
    if (r->options.submit)
        submit_row(&r->submit, file, decision, submit_stream(r));
    else
        report_result(&r->report, file, decision);
    if (fflush(stdout) != 0) {
        reason_write(&why, "cannot write: %s", strerror(errno));
        stop(r, "standard output", &why);
    } else if (r->options.out && r->failed == 0 && !npy_writer_row(&r->writer, logical, &why)) {
        stop(r, r->options.out, &why);
    }
}

/* Called by the pool, in the order of the pictures. */
static int finish_picture(void *context, const Task *task)
{
    Run *r = context;

    r->total = task->total;
    if (task->ok)
        finish_input(r, task->input.path, &task->decision, task->logical);
    else
        fail_input(r, task->input.path, &task->why);
    r->done++;
    show_progress(r);
    return !r->stopped;
}

/* The tensors `first` .. `end` - 1 of a file, which fit into one run; those of an array of them are
 * called FILE[0], FILE[1], ... */
static void run_tensors(Run *r, const char *path, const NpyArray *array, size_t first, size_t end)
{
    const size_t room = strlen(path) + 32;
    char *name = malloc(room);
    Reason why;

    for (size_t i = first; i < end; i++)
        session_set_tensor(&r->session, i - first, array, i);
    session_pad(&r->session, end - first);
    session_run_batch(&r->session);
    for (size_t i = first; i < end && !r->stopped; i++) {
        if (name)
            snprintf(name, room, r->total > 1 ? "%s[%zu]" : "%s", path, i);
        if (session_decide(&r->session, i - first, &why))
            finish_input(r, name ? name : path, &r->session.decision, r->session.logical);
        else
            fail_input(r, name ? name : path, &why);
        r->done++;
        show_progress(r);
    }
    free(name);
}

static void classify_tensors(Run *r, const char *path)
{
    const size_t batch = r->session.batch;
    NpyArray array = { 0 };
    size_t count = 0;
    Reason why;

    if (!npy_array_load(path, &array, &why) ||
        !session_check_tensor(&r->session, &array, &count, &why))
        fail_input(r, path, &why);
    r->total = count;
    for (size_t i = 0; i < count && !r->stopped; i += batch)
        run_tensors(r, path, &array, i, count - i < batch ? count : i + batch);
    npy_array_free(&array);
}

/* --- all inputs ------------------------------------------------------------------------------ */

/* Hands what was listed to the pool, and empties the list. Returns 0 where no more is to come. */
static int submit_list(Run *r, InputList *list)
{
    int goes_on = 1;

    r->listed += list->count;
    pool_expect(&r->pool, 1);
    for (size_t i = 0; i < list->count && goes_on; i++) {
        goes_on = pool_submit(&r->pool, list->at[i], r->listed);
        memset(&list->at[i], 0, sizeof list->at[i]);
    }
    pool_expect(&r->pool, 0);
    inputs_free(list);
    return goes_on;
}

static void list_input(Run *r, InputList *list, const char *path)
{
    Reason why;

    if (inputs_add(list, path, &why))
        return;
    pool_drain(&r->pool);
    fail_input(r, path, &why);
}

/* One path a line; results come while the other side still writes. */
static int submit_standard_input(Run *r)
{
    InputList list = { 0 };
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int goes_on = 1;

    while (goes_on && (length = getline(&line, &room, stdin)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            line[--length] = 0;
        if (length == 0)
            continue;
        list_input(r, &list, line);
        goes_on = submit_list(r, &list);
    }
    goes_on = pool_drain(&r->pool) && goes_on;
    if (goes_on && ferror(stdin)) {
        Reason why;
        reason_write(&why, "%s", strerror(errno));
        fail_input(r, "standard input", &why);
    }
    free(line);
    return goes_on;
}

/* Everything before a "-" is listed before the first picture is opened, for the progress shown. */
static void submit_inputs(Run *r, InputList *list, int from)
{
    int goes_on = 1;

    for (int i = from; i < r->options.input_count && goes_on; i++) {
        if (strcmp(r->options.input[i], "-") != 0)
            list_input(r, list, r->options.input[i]);
        else
            goes_on = submit_list(r, list) && submit_standard_input(r);
    }
    if (goes_on)
        submit_list(r, list);
    else
        inputs_free(list);
}

/* Lists the inputs up to a "-", whose pictures cannot be counted; returns its place. */
static int list_first_inputs(Run *r, InputList *list)
{
    int i = 0;

    for (; i < r->options.input_count && strcmp(r->options.input[i], "-") != 0; i++) {
        Reason why;
        if (!inputs_add(list, r->options.input[i], &why))
            fail_input(r, r->options.input[i], &why);
    }
    return i;
}

/* No more workers than runs of the network. */
static int count_jobs(const Run *r, const InputList *list, int lists_all)
{
    const int jobs = r->options.jobs ? r->options.jobs : pool_default_jobs();
    const size_t runs = (list->count + r->session.batch - 1) / r->session.batch;

    if (session_is_serial(&r->session))
        return 1;
    return lists_all && runs < (size_t)jobs ? (int)runs + !runs : jobs;
}

static void classify_pictures(Run *r)
{
    InputList list = { 0 };
    const int from = list_first_inputs(r, &list);
    const int jobs = count_jobs(r, &list, from == r->options.input_count);
    Reason why;

    if (pool_open(&r->pool, &r->session, jobs, finish_picture, r, &why)) {
        submit_inputs(r, &list, from);
        pool_close(&r->pool);
    } else {
        fail_input(r, r->session.program->name, &why);
    }
    inputs_free(&list);
}

static void classify_all(Run *r)
{
    if (r->options.submit)
        submit_begin(&r->submit, submit_stream(r));
    else
        report_begin(&r->report);
    if (r->options.tensor)
        classify_tensors(r, r->options.tensor);
    else
        classify_pictures(r);
    clear_progress(r);
}

static int classify_and_write(Run *r)
{
    const char *out = r->options.out;
    Reason why;

    if (out && !npy_writer_open(&r->writer, out, r->session.output_shape, &why)) {
        fail_input(r, out, &why);
        return KILN_EXIT_FAILED;
    }
    classify_all(r);
    if (out && r->failed) {
        npy_writer_discard(&r->writer);
        fprintf(stderr, "%s: %s: not written, because inputs failed\n", r->name, out);
    } else if (out && !npy_writer_commit(&r->writer, &why)) {
        fail_input(r, out, &why);
    }
    return r->failed ? KILN_EXIT_FAILED : KILN_EXIT_DONE;
}

/* Around that the file of --submission, which needs every picture, as that of --out does. */
static int classify_and_submit(Run *r)
{
    const char *path = r->options.submission;
    const ClassNames names = { r->report.labels, r->report.label_count };
    int status = KILN_EXIT_FAILED;
    Reason why;

    if (!r->options.submit)
        return classify_and_write(r);
    if (!submit_new(&r->submit, r->options.submit, &names, &why)) {
        fprintf(stderr, "%s: %s\n", r->name, why.text);
        return KILN_EXIT_USAGE;
    }
    if (path && !outfile_open(&r->submission, path, &why))
        fail_input(r, path, &why);
    else
        status = classify_and_write(r);
    if (r->submission.stream && status != KILN_EXIT_DONE) {
        outfile_discard(&r->submission);
        fprintf(stderr, "%s: %s: not written, because inputs failed\n", r->name, path);
    } else if (r->submission.stream && !outfile_commit(&r->submission, &why)) {
        fail_input(r, path, &why);
        status = KILN_EXIT_FAILED;
    }
    submit_free(&r->submit);
    return status;
}

static int explain(Run *r)
{
    Reason why;

    if (explain_picture(&r->session, &r->options, stdout, &why))
        return fflush(stdout) == 0 ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
    fail_input(r, r->options.input[0], &why);
    return KILN_EXIT_FAILED;
}

/* --- --bench, --profile and --info ----------------------------------------------------------- */

/* Sets the first input given, in every place of a batch, or noise. */
static int set_bench_input(Run *r, const char **file, Reason *why)
{
    NpyArray array = { 0 };
    size_t count;
    int ok;

    *file = r->options.tensor        ? r->options.tensor
            : r->options.input_count ? r->options.input[0]
                                     : "";
    if (r->options.input_count) {
        ok = session_load_picture(&r->session, 0, *file, why);
        session_repeat(&r->session);
        return ok;
    }
    if (!r->options.tensor) {
        session_set_noise(&r->session);
        return 1;
    }
    ok = npy_array_load(*file, &array, why) &&
         session_check_tensor(&r->session, &array, &count, why);
    if (ok)
        session_set_tensor(&r->session, 0, &array, 0);
    session_repeat(&r->session);
    npy_array_free(&array);
    return ok;
}

static int bench(Run *r)
{
    const char *file = "";
    Reason why;

    if (set_bench_input(r, &file, &why) &&
        (r->options.profile ? profile_run(&r->session, r->options.format, stdout, &why)
                            : bench_run(&r->session, r->options.bench, stdout, &why)))
        return fflush(stdout) == 0 ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
    fail_input(r, *file ? file : r->options.profile ? "--profile" : "--bench", &why);
    return KILN_EXIT_FAILED;
}

static void print_shape(const char *what, const kiln_shape *shape)
{
    printf("%-8s float32 [", what);
    for (int i = 0; i < shape->rank; i++)
        printf(i ? ",%d" : "%d", shape->dim[i]);
    printf("]\n");
}

/* The number of labels and the first few. */
static void print_labels(const kiln_classifier *program)
{
    const int shown = program->label_count < 6 ? program->label_count : 6;

    printf("%-8s %d", "labels", program->label_count);
    for (int i = 0; i < shown; i++)
        printf("%s%s", i ? "; " : ": ", program->labels[i]);
    puts(shown < program->label_count ? "; ..." : "");
}

/* The scores that a result is read off. */
static int class_count(const kiln_classifier *p)
{
    int n = 1;

    if (p->class_count)
        return p->class_count;
    for (int i = 0; i < p->members[0].network->output.rank; i++)
        n *= p->members[0].network->output.dim[i];
    return n;
}

static void print_network(const kiln_network *n)
{
    printf("%-8s %s\n", "digest", n->digest);
    printf("%-8s %s\n", "target", n->target);
    print_shape("input", &n->input);
    print_shape("output", &n->output);
}

static void print_sizes(const kiln_network *n)
{
    printf("%-8s %zu bytes\n", "weights", n->weight_bytes);
    printf("%-8s %zu bytes\n", "arena", n->arena_bytes);
    printf("%-8s %zu bytes\n", "stack", n->stack_bytes);
    printf("%-8s %lld\n", "MACs", (long long)n->macs);
    if (n->batch > 1)
        printf("%-8s %d pictures a run, for which these figures hold\n", "batch", n->batch);
}

/* Sums, but of memory that members use one after the other the most. */
static kiln_network together(const kiln_classifier *p)
{
    kiln_network all = { .name = p->name };

    for (int m = 0; m < p->member_count; m++) {
        const kiln_network *n = p->members[m].network;
        all.weight_bytes += n->weight_bytes;
        all.arena_bytes = n->arena_bytes > all.arena_bytes ? n->arena_bytes : all.arena_bytes;
        all.stack_bytes = n->stack_bytes > all.stack_bytes ? n->stack_bytes : all.stack_bytes;
        all.macs += n->macs * plan_view_count(&p->members[m]);
    }
    return all;
}

static void print_members(const kiln_classifier *p)
{
    const kiln_network all = together(p);

    for (int m = 0; m < p->member_count; m++) {
        const kiln_member *member = &p->members[m];
        printf("%-8s %s, %d views, weight %g\n", "member", member->name, plan_view_count(member),
               member->weight);
        print_network(member->network);
        print_sizes(member->network);
        putchar('\n');
    }
    printf("%-8s %s, %d members\n", "program", p->name, p->member_count);
    printf("%-8s %d\n", "classes", class_count(p));
    print_labels(p);
    print_sizes(&all);
}

static int info(const kiln_classifier *program)
{
    const kiln_network *n = program->members[0].network;

    if (program->member_count > 1) {
        print_members(program);
        return fflush(stdout) == 0 ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
    }
    printf("%-8s %s\n", "model", n->name);
    if (strcmp(program->name, n->name) != 0)
        printf("%-8s %s\n", "program", program->name);
    print_network(n);
    print_labels(program);
    print_sizes(n);
    return fflush(stdout) == 0 ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
}

/* --- the program ----------------------------------------------------------------------------- */

static void apply_options(Run *r)
{
    kiln_decision *rule = &r->session.rule;

    if (r->options.top)
        rule->top = r->options.top;
    if (r->options.has_threshold) {
        rule->has_threshold = 1;
        rule->threshold = r->options.threshold;
        rule->thresholds = NULL;
    }
    r->report.out = stdout;
    r->report.format = r->options.format;
    r->report.labels = r->session.labels;
    r->report.label_count = r->session.label_count;
    r->report.reject_label = rule->reject_label;
    r->report.rule = rule->rule;
    r->report.top = decision_top(rule, r->session.decision.classes);
    r->shows_progress = isatty(STDERR_FILENO);
    r->started = clock_seconds();
}

static int fit_blend(Run *r)
{
    const Options *o = &r->options;
    Reason why;

    if (blend_run(&r->session, o->fit_blend, o->eval_map, stdout, &why))
        return fflush(stdout) == 0 ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
    fail_input(r, o->fit_blend, &why);
    return KILN_EXIT_FAILED;
}

static int run_mode(Run *r)
{
    if (r->options.fit_blend)
        return fit_blend(r);
    if (r->options.bench || r->options.profile)
        return bench(r);
    if (r->options.eval)
        return evaluation_run(&r->session, &r->options, r->name);
    return r->options.cam ? explain(r) : classify_and_submit(r);
}

static int run_program(Run *r, const kiln_classifier *program)
{
    Reason why;
    int status;

    if (r->options.help) {
        options_help(program, r->name, stdout);
        return fflush(stdout) == 0 ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
    }
    if (r->options.info)
        return info(program);
    if (!session_open(&r->session, program, &why)) {
        fail_input(r, program->name, &why);
        return KILN_EXIT_FAILED;
    }
    if (r->options.groups && !session_set_grouping(&r->session, KILN_GROUPING_ONLY, &why)) {
        fprintf(stderr, "%s: --groups: %s\n", r->name, why.text);
        session_close(&r->session);
        return KILN_EXIT_USAGE;
    }
    apply_options(r);
    status = run_mode(r);
    session_close(&r->session);
    return status;
}

/* The first feature that some member's code needs and this processor lacks. */
static const char *missing_feature(const kiln_classifier *program, const char **target)
{
    for (int i = 0; i < program->member_count; i++) {
        const char *feature = cpu_check(program->members[i].network->features);
        *target = program->members[i].network->target;
        if (feature)
            return feature;
    }
    return NULL;
}

int kiln_main(const kiln_classifier *program, int argc, char **argv)
{
    Run r = { .name = argc > 0 && argv[0] ? argv[0] : "kiln" };
    const char *target = "", *feature = missing_feature(program, &target);
    Reason why;
    int status = KILN_EXIT_USAGE;

    if (!options_parse(&r.options, program, argc, argv, &why)) {
        fprintf(stderr, "%s: %s\n", r.name, why.text);
    } else if (feature && !r.options.help && !r.options.info) {
        fprintf(stderr,
                "%s: it was compiled for %s, and this processor does not have %s; build it with "
                "--target for this machine\n",
                r.name, target, feature);
        status = KILN_EXIT_PROCESSOR;
    } else {
        status = run_program(&r, program);
    }
    options_free(&r.options);
    return status;
}
