/* Least and median time of a run: the least is what the machine can do, the median what it does. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/bench.h"

#include <stdlib.h>
#include <time.h>

double clock_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int bench_run(Session *s, int runs, FILE *out, Reason *why)
{
    double *seconds = malloc((size_t)runs * sizeof *seconds);
    const double gmacs = (double)session_macs(s) * 1e-9 / (double)s->batch;
    double median;

    if (!seconds)
        return reason_set(why, "out of memory for %d times", runs);
    if (!session_run(s, NULL, -1, why)) {
        free(seconds);
        return 0;
    }
    for (int i = 0; i < runs; i++) {
        const double start = clock_seconds();
        session_run(s, NULL, -1, why);
        seconds[i] = (clock_seconds() - start) / (double)s->batch;
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, compare_times);
    median = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2;
    if (s->batch > 1)
        fprintf(out, "per picture, %zu pictures a run, ", s->batch);
    fprintf(out, "%d runs: min %.3f ms (%.2f GMAC/s), median %.3f ms, %.2f GMAC/s\n", runs,
            seconds[0] * 1e3, gmacs / seconds[0], median * 1e3, gmacs / median);
    free(seconds);
    return 1;
}
