/* Time per layer, from the trace of a network: what lies between two nodes of the trace belongs to
 * the second. The least time of each layer counts, which other load on the machine disturbs least.
 */
#include "runtime/profile.h"

#include "runtime/bench.h"
#include "runtime/report.h"

#include <stdlib.h>

enum { MIN_RUNS = 3, MAX_RUNS = 1000 };

typedef struct Timing {
    const kiln_layer *layer;
    double seconds; /* the least so far; below 0: none */
    double run;     /* of this run, whose pictures may come one by one */
} Timing;

/* Of one member's network. Each of its views tells of all layers. */
typedef struct Profile {
    Timing *timing;
    int member;
    int count;              /* layers */
    int picturewise, batch; /* so many of them run so many times */
    int at, calls;          /* what this run has told of; of how many calls a run is */
    double last;            /* when the layer before it ended */
} Profile;

/* Which layer the call is of. */
static int layer_at(const Profile *p, int call)
{
    const int single = p->picturewise * p->batch;

    return call < single ? call % p->picturewise : call - single + p->picturewise;
}

static void keep_least(Profile *p)
{
    for (Timing *t = p->timing; t < p->timing + p->count; t++) {
        if (t->seconds < 0.0 || t->run < t->seconds)
            t->seconds = t->run;
        t->run = 0.0;
    }
}

static void end_layer(void *context, int index, const void *data)
{
    Profile *p = context;
    const double seconds = clock_seconds() - p->last;

    (void)index, (void)data;
    if (p->count > 0) {
        const int at = p->at % p->calls;
        p->timing[layer_at(p, at)].run += seconds;
        if (at == p->calls - 1)
            keep_least(p);
    }
    p->at++;
    p->last = clock_seconds();
}

/* Whether the trace told of every layer. */
static int run_once(Session *s, Profile *p, Reason *why)
{
    const kiln_trace trace = { end_layer, p };

    p->at = 0;
    p->last = clock_seconds();
    return session_run(s, &trace, p->member, why) && p->count > 0 && p->at >= p->calls &&
           p->at % p->calls == 0;
}

/* Returns how many runs were timed. */
static int run_for_a_second(Session *s, Profile *p, Reason *why)
{
    const double start = clock_seconds();
    int runs = 0;

    while (runs < MAX_RUNS && (runs < MIN_RUNS || clock_seconds() - start < 1.0)) {
        run_once(s, p, why);
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

static void print_text(const kiln_network *n, Profile *p, int runs, FILE *out)
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

static void print_json(const Profile *p, FILE *out)
{
    for (int i = 0; i < p->count; i++) {
        const kiln_layer *layer = p->timing[i].layer;
        fputs("{\"layer\": ", out);
        report_json_string(out, layer->path);
        fprintf(out, ", \"milliseconds\": %.6f, \"macs\": %lld, \"summary\": ",
                p->timing[i].seconds * 1e3, (long long)layer->macs);
        report_json_string(out, layer->summary);
        fputs("}\n", out);
    }
}

static void print_csv(const Profile *p, FILE *out)
{
    fputs("milliseconds,macs,layer,summary\n", out);
    for (int i = 0; i < p->count; i++) {
        const kiln_layer *layer = p->timing[i].layer;
        fprintf(out, "%.6f,%lld,", p->timing[i].seconds * 1e3, (long long)layer->macs);
        report_csv_field(out, layer->path);
        fputc(',', out);
        report_csv_field(out, layer->summary);
        fputc('\n', out);
    }
}

static int profile_member(Session *s, int member, Format format, FILE *out, Reason *why)
{
    const kiln_network *n = s->program->members[member].network;
    Profile p = { .member = member, .count = n->layer_count, .picturewise = n->picturewise };
    int ok;

    p.batch = n->batch > 1 ? n->batch : 1;
    p.calls = p.count + (p.batch - 1) * p.picturewise;
    p.timing = malloc((size_t)(p.count + 1) * sizeof *p.timing);
    if (!p.timing)
        return reason_set(why, "out of memory");
    for (int i = 0; i < p.count; i++) {
        p.timing[i].layer = &n->layers[i];
        p.timing[i].seconds = -1.0;
        p.timing[i].run = 0.0;
    }
    reason_write(why, "the network was compiled without -DKILN_TRACE, which a profile needs");
    ok = run_once(s, &p, why);
    if (ok) {
        const int runs = run_for_a_second(s, &p, why);
        if (format == FORMAT_TEXT)
            print_text(n, &p, runs, out);
        else
            (format == FORMAT_JSON ? print_json : print_csv)(&p, out);
    }
    free(p.timing);
    return ok;
}

/* --- what is done before the networks -------------------------------------------------------- */

static const char *member_name(const Session *s, int m)
{
    const kiln_member *member = &s->program->members[m];
    return member->name ? member->name : member->network->name;
}

/* Each step on pixels stands here once, with how many runs share it. */
static void print_plan(const Session *s, FILE *out)
{
    const Plan *p = &s->plan;

    fprintf(out, "preprocessing, each step once\n%10s %7s  %s\n", "ms", "runs", "steps");
    fprintf(out, "%10.4f %7d  decoding\n", p->decode_seconds * 1e3, p->run_count);
    for (int i = 0; i < p->stage_count; i++) {
        const PlanStage *t = &p->stage[i];
        fprintf(out, "%10.4f %7d  steps %d to %d of %s\n", t->seconds * 1e3, t->run_count,
                t->first + 1, t->first + t->steps.step_count, member_name(s, t->member));
    }
    for (int i = 0; i < p->input_count; i++)
        fprintf(out, "%10.4f %7d  to floats\n", p->input[i].seconds * 1e3, p->input[i].run_count);
}

int profile_run(Session *s, Format format, FILE *out, Reason *why)
{
    for (int m = 0; m < s->program->member_count; m++)
        if (!profile_member(s, m, format, out, why))
            return 0;
    if (format == FORMAT_TEXT && s->source == SESSION_PICTURE)
        print_plan(s, out);
    return 1;
}
