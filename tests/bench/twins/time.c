/* Runs each emitted kernel and its hand-written twin on the same buffers, compares their
 * results, and times them in turn: A B A B ...
 *
 * time TARGET: prints "| kernel | emitted us | written us | ratio | equal |" rows
 *
 * The ratio is the median over the pairs of written / emitted time. Time is the thread's
 * processor time; each sample repeats its kernel for half a millisecond. */
#include "tests/bench/twins/twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAIRS = 21, SAMPLE_NS = 500000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static float *buffer_new(const TwinBuffer *b, unsigned seed)
{
    float *data = aligned_alloc(64, ((size_t)b->count * sizeof(float) + 127) & ~(size_t)63);
    if (!data)
        exit(3);
    for (long i = 0; i < b->count; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = b->weights ? b->weights[i] : (float)(seed >> 8) / (float)(1 << 23) - 1.0f;
    }
    return data;
}

static double sample(void (*run)(float *const *), float *const *p, long repeats)
{
    double start = now();
    for (long i = 0; i < repeats; i++)
        run(p);
    return (now() - start) / (double)repeats;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x)
{
    qsort(x, PAIRS, sizeof *x, ascending);
    return x[PAIRS / 2];
}

/* How many floats of the outputs differ in a bit. */
static long differences(const Twin *t, float *const *a, float *const *b)
{
    long count = 0;
    for (int i = 0; i < t->buffer_count; i++)
        for (long k = 0; t->buffer[i].is_output && k < t->buffer[i].count; k++)
            count += memcmp(&a[i][k], &b[i][k], sizeof(float)) != 0;
    return count;
}

static int compare(const char *target, const Twin *e, const Twin *w)
{
    float *p[TWIN_BUFFERS], *q[TWIN_BUFFERS];
    double first[PAIRS], second[PAIRS], ratio[PAIRS];
    for (int i = 0; i < e->buffer_count; i++) {
        p[i] = buffer_new(&e->buffer[i], (unsigned)i);
        q[i] = buffer_new(&e->buffer[i], (unsigned)i);
    }
    e->run(p);
    w->run(q);
    long different = differences(e, p, q);
    long repeats = 1 + (long)(SAMPLE_NS / (1 + sample(e->run, p, 3)));
    for (int i = 0; i < PAIRS; i++) {
        first[i] = sample(e->run, p, repeats);
        second[i] = sample(w->run, p, repeats);
        ratio[i] = second[i] / first[i];
    }
    printf("| %s | %s | %.1f | %.1f | %.2f | %s |\n", target, e->name, median(first) * 1e-3,
           median(second) * 1e-3, median(ratio), different ? "**no**" : "yes");
    fflush(stdout);
    for (int i = 0; i < e->buffer_count; i++) {
        free(p[i]);
        free(q[i]);
    }
    return different != 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 0; emitted[i].name; i++)
        failed |= compare(argc > 1 ? argv[1] : "", &emitted[i], &written[i]);
    return failed;
}
