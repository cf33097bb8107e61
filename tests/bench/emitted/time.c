/* Times an emitted network: compiled with -DNETWORK=name -DHEADER='"name.h"' and the network's
 * size macros, with -DKILN_TRACE node by node.
 *
 *   time RUNS [OUTPUT]   prints "least median" in milliseconds, after one run to warm up
 *   profile RUNS         prints "index milliseconds" per node, the least of the runs
 *
 * OUTPUT receives what the network computed, as it lies in memory.
 *
 * Time is the thread's processor time, which other load on the machine disturbs little; the wall
 * clock where the network has several threads (-DWALL_CLOCK). */
#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define RUN         JOIN(NETWORK, _run)

enum { MAX_NODES = 10000 };

static double now(void)
{
    struct timespec t;
#ifdef WALL_CLOCK
    clock_gettime(CLOCK_MONOTONIC, &t);
#else
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
#endif
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static float input[INPUT_COUNT], output[OUTPUT_COUNT];
static void *arena;

#ifdef KILN_TRACE
static double least[MAX_NODES], last;
static int order[MAX_NODES], nodes;

static void node(void *context, int index, const void *data)
{
    double t = now();
    (void)context;
    (void)data;
    if (index >= MAX_NODES)
        exit(3);
    if (least[index] <= 0) {
        order[nodes++] = index;
        least[index] = 1e9;
    }
    if (t - last < least[index])
        least[index] = t - last;
    last = now();
}

static void measure(int runs)
{
    const kiln_trace trace = { node, NULL };
    for (int i = 0; i <= runs; i++) {
        last = now();
        RUN(input, output, arena, &trace);
    }
    for (int i = 0; i < nodes; i++)
        printf("%d %.6f\n", order[i], least[order[i]]);
}
#else
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(int runs)
{
    double *times = calloc((size_t)runs, sizeof *times);
    if (!times)
        exit(3);
    RUN(input, output, arena);
    for (int i = 0; i < runs; i++) {
        times[i] = now();
        RUN(input, output, arena);
        times[i] = now() - times[i];
    }
    qsort(times, (size_t)runs, sizeof *times, compare);
    printf("%.4f %.4f\n", times[0], (times[(runs - 1) / 2] + times[runs / 2]) / 2);
    free(times);
}
#endif

static int write_output(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(output, sizeof output, 1, file) != 1 || fclose(file) != 0)
        return perror(path), 3;
    return 0;
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 0;
    if (runs < 1)
        return fprintf(stderr, "usage: %s RUNS [OUTPUT]\n", argv[0]), 2;
    for (long i = 0; i < INPUT_COUNT; i++)
        input[i] = (float)(i * 7919 % 2001) / 1000.0f - 1.0f;
    arena = aligned_alloc(64, (ARENA_BYTES + 127) / 64 * 64);
    if (!arena)
        return 3;
    measure(runs);
    free(arena);
    return argc > 2 ? write_output(argv[2]) : 0;
}
