/* Time per layer, from the trace of a network: what lies between two nodes of the trace belongs to
 * the second. The least time of each layer counts, which other load on the machine disturbs least.
 */
#include "runtime/profile.h"

#include "runtime/bench.h"

#include <stdlib.h>

enum { MIN_RUNS = 3, MAX_RUNS = 1000 };

typedef struct Timing {
    const kiln_layer *layer;
    double seconds; /* the least so far; below 0: none */
} Timing;

typedef struct Profile {
    Timing *timing;
    int count, at; /* layers; the next one of this run */
    double last;   /* when the layer before it ended */
} Profile;

static void end_layer(void *context, int index, const void *data)
{
    Profile *p = context;
    const double seconds = clock_seconds() - p->last;

    (void)index, (void)data;
    if (p->at < p->count) {
        Timing *t = &p->timing[p->at];
        if (t->seconds < 0.0 || seconds < t->seconds)
            t->seconds = seconds;
    }
    p->at++;
    p->last = clock_seconds();
}

/* Whether the trace told of every layer. */
static int run_once(Session *s, Profile *p)
{
    const kiln_trace trace = { end_layer, p };

    p->at = 0;
    p->last = clock_seconds();
    session_run(s, &trace);
    return p->count > 0 && p->at == p->count;
}

/* Returns how many runs were timed. */
static int run_for_a_second(Session *s, Profile *p)
{
    const double start = clock_seconds();
    int runs = 0;

    while (runs < MAX_RUNS && (runs < MIN_RUNS || clock_seconds() - start < 1.0)) {
        run_once(s, p);
        runs++;
    }
    return runs;
}

static int compare_timings(const void *a, const void *b)
{
    const Timing *x = a, *y = b;

    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return (x->layer > y->layer) - (x->layer < y->layer);
}

static void print_row(FILE *out, double seconds, double total, int64_t macs)
{
    fprintf(out, "%10.4f %6.1f%%", seconds * 1e3, total > 0.0 ? 100.0 * seconds / total : 0.0);
    if (macs > 0 && seconds > 0.0)
        fprintf(out, " %9.2f", 2e-9 * (double)macs / seconds);
    else
        fprintf(out, " %9s", "-");
}

static void print_profile(const kiln_network *n, Profile *p, int runs, FILE *out)
{
    double total = 0.0;

    for (int i = 0; i < p->count; i++)
        total += p->timing[i].seconds;
    qsort(p->timing, (size_t)p->count, sizeof *p->timing, compare_timings);
    fprintf(out, "%s on %s, least of %d runs", n->name, n->target, runs);
    if (n->batch > 1)
        fprintf(out, " of %d pictures", n->batch);
    fprintf(out, "\n");
    fprintf(out, "%10s %7s %9s  %s\n", "ms", "share", "GFLOP/s", "layer");
    for (int i = 0; i < p->count; i++) {
        const kiln_layer *layer = p->timing[i].layer;
        print_row(out, p->timing[i].seconds, total, layer->macs);
        fprintf(out, "  %s: %s\n", layer->path, layer->summary);
    }
    print_row(out, total, total, n->macs);
    fprintf(out, "  all\n");
}

int profile_run(Session *s, FILE *out, Reason *why)
{
    const kiln_network *n = s->network;
    Profile p = { .count = n->layer_count };
    int ok;

    p.timing = malloc((size_t)(p.count + 1) * sizeof *p.timing);
    if (!p.timing)
        return reason_set(why, "out of memory");
    for (int i = 0; i < p.count; i++) {
        p.timing[i].layer = &n->layers[i];
        p.timing[i].seconds = -1.0;
    }
    ok = run_once(s, &p);
    if (ok)
        print_profile(n, &p, run_for_a_second(s, &p), out);
    else
        reason_write(why, "the network was compiled without -DKILN_TRACE, which a profile needs");
    free(p.timing);
    return ok;
}
