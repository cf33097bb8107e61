/* Pictures classified by several threads at a time, reported in the order in which they came. */
#ifndef KILN_RUNTIME_POOL_H
#define KILN_RUNTIME_POOL_H

#include "runtime/inputs.h"
#include "runtime/session.h"

#include <pthread.h>

/* A picture on its way from its path to its result. */
typedef struct Task {
    Input input;       /* owned; a task with a problem fails with it */
    size_t total;      /* pictures known when it was submitted */
    int is_done, ok;   /* ok: logical and decision are set, else why */
    float *logical;    /* as in a Session */
    Decision decision; /* as in a Session */
    Reason why;
} Task;

/* Told of each task in order, never by two threads at once. Returns 0 to drop all that follow. */
typedef int PoolReport(void *context, const Task *task);

typedef struct Worker {
    struct Pool *pool;
    Session session;
    pthread_t thread;
} Worker;

/* Tasks head .. next - 1 are being worked on or wait for an earlier one to be reported, those from
 * next .. tail - 1 wait for a worker. Task i lies at ring[i % window]. */
typedef struct Pool {
    PoolReport *report;
    void *context;
    Task *ring;
    Worker *worker; /* [jobs]; those behind `started` have no thread */
    int jobs, started;
    int threads_each; /* of a network that uses threads itself */
    size_t window;
    pthread_mutex_t lock; /* of all that follows, and of the tasks that no worker holds */
    pthread_cond_t has_work, has_room;
    size_t head, next, tail;
    int expects; /* more pictures come at once: a run waits until its batch is full */
    int ends, is_stopped;
} Pool;

/* How many pictures are worked on at a time where nobody says: one per processor at hand. */
int pool_default_jobs(void);

/* Each worker gets memory like that of `model`, and takes as many pictures at a time as its network
 * does. With one job there is no thread: submitting does the work. */
int pool_open(Pool *p, const Session *model, int jobs, PoolReport *report, void *context,
              Reason *why);
/* Takes the input over. Waits while too many are under way; returns 0 when the pool has stopped. */
int pool_submit(Pool *p, Input input, size_t total);
/* Says whether more pictures come without waiting for the results of those that came. */
void pool_expect(Pool *p, int more);
/* Waits until all that was submitted has been reported; returns 0 when the pool has stopped. */
int pool_drain(Pool *p);
/* Drains, ends the threads, frees. */
void pool_close(Pool *p);

#endif
