/* A ring of tasks, filled by the thread that lists the pictures and emptied by workers, each of
 * which decodes, resizes and classifies whole pictures with memory of its own: so decoding of one
 * picture overlaps with the network of another, and nothing is shared but the ring.
 *
 * Results are reported by whichever worker finishes the oldest picture that is under way, with all
 * finished ones behind it. The thread that lists pictures may therefore sleep on a pipe: results
 * appear as soon as the order allows. The ring bounds how far a slow picture lets others run ahead.
 */
#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for the processors that this process may use */
#endif
#elif !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/pool.h"

#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#elif defined(__linux__)
#include <sched.h>
#else
#include <unistd.h>
#endif

enum { MAX_JOBS = 1024, TASKS_PER_JOB = 8 };

/* --- processors ------------------------------------------------------------------------------ */

int pool_default_jobs(void)
{
#ifdef _OPENMP
    const int n = omp_get_max_threads();
#elif defined(__linux__)
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
#else
    const int n = (int)sysconf(_SC_NPROCESSORS_ONLN);
#endif
    return n < 1 ? 1 : n;
}

/* What remains to each worker of the threads that a network with threads of its own would take. */
static int threads_each(int jobs)
{
#ifdef _OPENMP
    const int n = omp_get_max_threads() / jobs;
    return n < 1 ? 1 : n;
#else
    (void)jobs;
    return 1;
#endif
}

/* Holds for the calling thread only. */
static void limit_threads(int n)
{
#ifdef _OPENMP
    omp_set_num_threads(n);
#else
    (void)n;
#endif
}

/* --- one task -------------------------------------------------------------------------------- */

/* The result changes places with the task's memory for one. */
static void take_result(Session *s, Task *t)
{
    float *const logical = s->logical;
    const Decision decision = s->decision;

    s->logical = t->logical;
    s->decision = t->decision;
    t->logical = logical;
    t->decision = decision;
}

/* What a worker takes at a time: tasks first .. first + count - 1. */
typedef struct Share {
    size_t first, count;
} Share;

static Task *task_at(const Pool *p, size_t i)
{
    return &p->ring[i % p->window];
}

/* The next tasks, as many as the network runs at a time; none where it is worth to wait for
 * more. */
static Share take_share(Pool *p)
{
    const size_t waiting = p->tail - p->next, batch = p->worker[0].session.batch;
    Share share = { p->next, waiting < batch ? waiting : batch };

    if (waiting < batch && p->expects && !p->ends)
        share.count = 0;
    p->next += share.count;
    return share;
}

/* Loads the pictures of a share side by side. Returns how many there are. */
static size_t load_share(const Pool *p, Session *s, Share share)
{
    size_t loaded = 0;

    for (size_t i = share.first; i < share.first + share.count; i++) {
        Task *t = task_at(p, i);
        t->ok = 0;
        if (t->input.problem)
            reason_write(&t->why, "%s", t->input.problem);
        else
            t->ok = session_load_picture(s, loaded, t->input.path, &t->why);
        loaded += (size_t)t->ok;
    }
    return loaded;
}

static void run_share(const Pool *p, Session *s, Share share)
{
    const size_t loaded = load_share(p, s, share);
    size_t at = 0;

    if (loaded == 0)
        return;
    session_pad(s, loaded);
    session_run_batch(s);
    for (size_t i = share.first; i < share.first + share.count; i++) {
        Task *t = task_at(p, i);
        if (!t->ok)
            continue;
        t->ok = session_decide(s, at++, &t->why);
        if (t->ok)
            take_result(s, t);
    }
}

static void report_task(Pool *p, Task *t)
{
    if (!p->is_stopped && !p->report(p->context, t))
        p->is_stopped = 1;
    free(t->input.path);
    free(t->input.problem);
    t->input.path = t->input.problem = NULL;
    t->is_done = 0;
}

/* --- workers --------------------------------------------------------------------------------- */

static void report_finished(Pool *p)
{
    for (; p->head < p->next && task_at(p, p->head)->is_done; p->head++)
        report_task(p, task_at(p, p->head));
    pthread_cond_signal(&p->has_room);
}

static void *work(void *context)
{
    Worker *w = context;
    Pool *p = w->pool;

    limit_threads(p->threads_each);
    pthread_mutex_lock(&p->lock);
    for (;;) {
        Share share = take_share(p);
        int is_dropped;
        for (; share.count == 0 && !p->ends; share = take_share(p))
            pthread_cond_wait(&p->has_work, &p->lock);
        if (share.count == 0)
            break;
        is_dropped = p->is_stopped;
        pthread_mutex_unlock(&p->lock);
        if (!is_dropped)
            run_share(p, &w->session, share);
        pthread_mutex_lock(&p->lock);
        for (size_t i = share.first; i < share.first + share.count; i++)
            task_at(p, i)->is_done = 1;
        report_finished(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* --- the pool -------------------------------------------------------------------------------- */

static int open_sessions(Pool *p, const Session *model, Reason *why)
{
    p->worker = calloc((size_t)p->jobs, sizeof *p->worker);
    if (!p->worker)
        return reason_set(why, "out of memory");
    for (int i = 0; i < p->jobs; i++) {
        Worker *w = &p->worker[i];
        w->pool = p;
        if (!session_open(&w->session, model->program, why)) {
            p->jobs = i; /* as many as there is memory for */
            return i > 0;
        }
        w->session.rule = model->rule;
        if (!session_set_grouping(&w->session, model->rule.grouping, why))
            return 0;
    }
    return 1;
}

static int open_ring(Pool *p, const Session *model, Reason *why)
{
    p->window = model->batch * (p->jobs > 1 ? (size_t)p->jobs * TASKS_PER_JOB : 1);
    p->ring = calloc(p->window, sizeof *p->ring);
    for (size_t i = 0; p->ring && i < p->window; i++) {
        p->ring[i].logical = malloc(model->output_count * sizeof(float));
        if (!p->ring[i].logical)
            return reason_set(why, "out of memory");
        if (!decision_new(&p->ring[i].decision, model->classes, why))
            return 0;
    }
    return p->ring ? 1 : reason_set(why, "out of memory");
}

/* One more thread with each of the first pictures, so that few pictures start few threads. */
static void start_worker(Pool *p)
{
    if (p->started < p->jobs &&
        pthread_create(&p->worker[p->started].thread, NULL, work, &p->worker[p->started]) == 0)
        p->started++;
}

int pool_open(Pool *p, const Session *model, int jobs, PoolReport *report, void *context,
              Reason *why)
{
    memset(p, 0, sizeof *p);
    p->jobs = jobs > MAX_JOBS ? MAX_JOBS : jobs;
    p->report = report;
    p->context = context;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->has_work, NULL);
    pthread_cond_init(&p->has_room, NULL);
    if (open_sessions(p, model, why) && open_ring(p, model, why)) {
        p->threads_each = threads_each(p->jobs);
        return 1;
    }
    pool_close(p);
    return 0;
}

/* Without threads, or where none could be started: the caller does the work. */
static void work_here(Pool *p)
{
    const Share share = take_share(p);

    if (share.count == 0)
        return;
    run_share(p, &p->worker[0].session, share);
    for (; p->head < p->next; p->head++)
        report_task(p, task_at(p, p->head));
}

void pool_expect(Pool *p, int more)
{
    pthread_mutex_lock(&p->lock);
    p->expects = more;
    if (!more && p->started == 0)
        work_here(p);
    else if (!more)
        pthread_cond_broadcast(&p->has_work);
    pthread_mutex_unlock(&p->lock);
}

int pool_submit(Pool *p, Input input, size_t total)
{
    Task *t;
    int goes_on;

    pthread_mutex_lock(&p->lock);
    while (p->tail - p->head == p->window)
        pthread_cond_wait(&p->has_room, &p->lock);
    t = task_at(p, p->tail++);
    t->input = input;
    t->total = total;
    if (p->jobs > 1)
        start_worker(p);
    if (p->started == 0)
        work_here(p);
    else
        pthread_cond_signal(&p->has_work);
    goes_on = !p->is_stopped;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

int pool_drain(Pool *p)
{
    int goes_on;

    pthread_mutex_lock(&p->lock);
    while (p->head != p->tail)
        pthread_cond_wait(&p->has_room, &p->lock);
    goes_on = !p->is_stopped;
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

static void end_workers(Pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->ends = 1;
    pthread_cond_broadcast(&p->has_work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->worker[i].thread, NULL);
}

void pool_close(Pool *p)
{
    pool_drain(p);
    end_workers(p);
    for (int i = 0; p->worker && i < p->jobs; i++)
        session_close(&p->worker[i].session);
    for (size_t i = 0; p->ring && i < p->window; i++) {
        free(p->ring[i].logical);
        decision_free(&p->ring[i].decision);
    }
    free(p->worker);
    free(p->ring);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->has_work);
    pthread_cond_destroy(&p->has_room);
}
