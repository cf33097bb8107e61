/* The story of an evaluation: read the truth, send the pictures through the pool, count what comes
 * back, report. Everything that can be wrong with the request is found before the first picture is
 * opened. A picture that fails is said, and is counted nowhere else. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/evaluate.h"

#include "runtime/bench.h"
#include "runtime/contact_sheet.h"
#include "runtime/eval_report.h"
#include "runtime/pool.h"
#include "runtime/program.h"
#include "runtime/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30 };

typedef struct Evaluation {
    const char *name;
    const Options *options;
    Session *session;
    Truth truth;
    Metrics metrics;
    MistakeList mistakes;
    size_t *answered; /* by each member of a cascade; else NULL */
    ClassNames names;
    size_t next, failed; /* pictures reported, and how many of them failed */
    int is_broken;       /* out of memory */
    int shows_progress, is_visible;
    double started, shown, seconds;
} Evaluation;

/* --- interruption ---------------------------------------------------------------------------- */

static volatile sig_atomic_t is_interrupted; /* of this process: signals are, too */

static void interrupt(int number)
{
    (void)number;
    is_interrupted = 1;
}

/* The second SIGINT ends the process as ever. */
static void catch_interrupts(struct sigaction *before)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    is_interrupted = 0;
    sigaction(SIGINT, &action, before);
}

/* --- messages -------------------------------------------------------------------------------- */

static void clear_progress(Evaluation *e)
{
    if (e->is_visible)
        fputs("\r\033[K", stderr);
    e->is_visible = 0;
}

/* On a terminal, ten times a second. */
static void show_progress(Evaluation *e)
{
    const double now = e->shows_progress ? clock_seconds() : 0.0;
    const size_t total = e->truth.inputs.count;
    char bar[BAR + 1];

    if (!e->shows_progress || now - e->shown < 0.1)
        return;
    for (size_t i = 0; i < BAR; i++)
        bar[i] = i * total < e->next * BAR ? '#' : '.';
    bar[BAR] = 0;
    fprintf(stderr, "\r\033[K[%s] %zu of %zu, %.1f a second, %s %.4f", bar, e->next, total,
            (double)e->next / (now - e->started > 0.0 ? now - e->started : 1.0),
            e->metrics.has_tags ? "exact" : "accuracy", metrics_accuracy(&e->metrics));
    e->shown = now;
    e->is_visible = 1;
}

static void complain(Evaluation *e, const char *what, const Reason *why)
{
    clear_progress(e);
    fprintf(stderr, "%s: %s: %s\n", e->name, what, why->text);
}

/* --- counting -------------------------------------------------------------------------------- */

static Verdict verdict_of(const Decision *d)
{
    const Verdict v = { d->score, d->rank, d->rank, d->chosen };
    return v;
}

static int is_right(const int *truth, int count, const Verdict *v)
{
    int right = 0;

    for (int i = 0; i < v->chosen_count; i++)
        for (int j = 0; j < count; j++)
            right += v->chosen[i] == truth[j];
    return right == count && right == v->chosen_count;
}

static int count_picture(Evaluation *e, const Task *task, Reason *why)
{
    const size_t first = e->truth.first[e->next];
    const int count = (int)(e->truth.first[e->next + 1] - first);
    const int *truth = e->truth.label + first;
    const Verdict v = verdict_of(&task->decision);

    if (e->answered)
        e->answered[task->decision.member]++;
    return metrics_add(&e->metrics, truth, count, &v, why) &&
           (!e->options->mistakes || is_right(truth, count, &v) ||
            mistakes_add(&e->mistakes, task->input.path, truth, count, &v, why));
}

/* Called by the pool, in the order of the pictures. */
static int finish_picture(void *context, const Task *task)
{
    Evaluation *e = context;
    Reason why;

    if (!task->ok) {
        complain(e, task->input.path, &task->why);
        e->failed++;
    } else if (!count_picture(e, task, &why)) {
        complain(e, e->options->eval, &why);
        e->is_broken = 1;
    }
    e->next++;
    e->seconds = clock_seconds() - e->started;
    show_progress(e);
    return !e->is_broken && !is_interrupted;
}

/* --- the pictures ---------------------------------------------------------------------------- */

static int count_jobs(const Evaluation *e)
{
    const int jobs = e->options->jobs ? e->options->jobs : pool_default_jobs();
    const size_t pictures = e->truth.inputs.count;

    if (session_is_serial(e->session))
        return 1;
    return pictures < (size_t)jobs ? (int)pictures + !pictures : jobs;
}

static int classify(Evaluation *e)
{
    struct sigaction before;
    Pool pool;
    Reason why;

    if (!pool_open(&pool, e->session, count_jobs(e), finish_picture, e, &why)) {
        complain(e, e->session->program->name, &why);
        return 0;
    }
    catch_interrupts(&before);
    e->started = clock_seconds();
    for (size_t i = 0; i < e->truth.inputs.count && !is_interrupted; i++) {
        Input *input = &e->truth.inputs.at[i];
        const int goes_on = pool_submit(&pool, *input, e->truth.inputs.count);
        memset(input, 0, sizeof *input); /* it is the pool's now */
        if (!goes_on)
            break;
    }
    pool_close(&pool);
    sigaction(SIGINT, &before, NULL);
    clear_progress(e);
    return !e->is_broken;
}

/* --- results --------------------------------------------------------------------------------- */

static int report(Evaluation *e)
{
    const kiln_decision *rule = &e->session->rule;
    const EvalReport r = { .metrics = &e->metrics,
                           .names = e->names,
                           .listed = e->truth.inputs.count,
                           .failed = e->failed,
                           .interrupted = e->truth.inputs.count > e->next,
                           .seconds = e->seconds,
                           .beta = e->options->beta > 0.0 ? e->options->beta : 1.0,
                           .threshold = rule->has_threshold ? rule->threshold : 0.5,
                           .program = e->session->program,
                           .answered = e->answered };
    Reason why;

    if (!eval_report_print(&r, e->options->format, stdout, &why)) {
        complain(e, e->options->eval, &why);
        return 0;
    }
    if (fflush(stdout) == 0)
        return 1;
    reason_write(&why, "cannot write: %s", strerror(errno));
    complain(e, "standard output", &why);
    return 0;
}

static int write_files(Evaluation *e)
{
    const Options *o = e->options;
    Reason why;
    int ok = 1;

    if (o->confusion && !confusion_save(&e->metrics, &e->names, o->confusion, &why)) {
        complain(e, o->confusion, &why);
        ok = 0;
    }
    if (o->mistakes && !contact_sheet_save(e->session, &e->mistakes, e->metrics.pictures, &e->names,
                                           o->mistakes, &why)) {
        complain(e, o->mistakes, &why);
        ok = 0;
    }
    return ok;
}

static int prepare(Evaluation *e, Reason *why)
{
    const Session *s = e->session;
    const int classes = s->decision.classes;
    const int has_tags = e->session->rule.rule == KILN_RULE_TAGS;
    const LabelNames labels = { s->labels, s->label_count, classes };

    if (s->program->merge == KILN_MERGE_CASCADE) {
        e->answered = calloc((size_t)s->program->member_count, sizeof *e->answered);
        if (!e->answered)
            return reason_set(why, "out of memory");
    }
    if (e->options->confusion && has_tags)
        return reason_set(why, "--confusion is for classifiers with one answer; this one has tags");
    return truth_read(&e->truth, e->options->eval, e->options->eval_map, &labels, has_tags, why) &&
           metrics_new(&e->metrics, classes, has_tags, why);
}

int evaluation_run(Session *session, const Options *options, const char *name)
{
    Evaluation e = { .name = name,
                     .options = options,
                     .session = session,
                     .names = { session->labels, session->label_count },
                     .shows_progress = isatty(STDERR_FILENO) };
    Reason why;
    int ok = prepare(&e, &why);

    if (!ok)
        complain(&e, "--eval", &why);
    ok = ok && classify(&e) && report(&e) && write_files(&e);
    ok = ok && !e.failed && e.next == e.truth.inputs.count;
    free(e.answered);
    mistakes_free(&e.mistakes);
    metrics_free(&e.metrics);
    truth_free(&e.truth);
    return ok ? KILN_EXIT_DONE : KILN_EXIT_FAILED;
}
