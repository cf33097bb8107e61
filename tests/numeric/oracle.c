/* Runs whole networks with known results through the interpreter, before and after the passes.
 *
 * Usage: oracle [--logits FACTOR] [--nodes FACTOR] [--plan] ARCH...
 * --plan checks only the graph, the passes and the memory plan, which needs no weights.
 * A network passes when no logit is further off than FACTOR (8) times PyTorch's own float32 error,
 * and no sampled node further than FACTOR (12) times its own. */
#include "compiler/interp/interp.h"
#include "compiler/pass/pass.h"
#include "tests/support/oracle.h"
#include "tests/support/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Limits {
    double logits, nodes;
} Limits;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The node of the source graph whose value n computes. */
static const Node *source_of(const Node *n)
{
    return n->origin ? n->origin : n;
}

static const bool *sampled(const Oracle *o, const Graph *g)
{
    bool *keep = arena_new_array(o->arena, bool, g->nodes.count);
    for_each_node(n, g)
        keep[n->id] = oracle_find(o, source_of(n)) != NULL;
    return keep;
}

static bool compare(const Oracle *o, const Graph *g, const Interp *run, Limits limits,
                    const char *what)
{
    double logits = oracle_logits_ratio(o, run->value[g->output->id]), worst = 0;
    const char *worst_name = "-";
    int compared = 0;
    for_each_node(n, g) {
        const OracleNode *known = oracle_find(o, source_of(n));
        double ratio = known ? oracle_node_ratio(o, known, run->value[n->id]) : 0;
        compared += known != NULL;
        if (ratio > limits.nodes)
            printf("  %s: node '%s' is off by %.3g times its float32 error\n", what, known->name,
                   ratio);
        if (ratio > worst) {
            worst = ratio;
            worst_name = known->name;
        }
    }
    bool ok = logits <= limits.logits && worst <= limits.nodes;
    printf("%-4s %-28s %-7s logits %5.2f of %g, %2d nodes at most %5.2f of %g (%s)",
           ok ? "ok" : "BAD", o->arch, what, logits, limits.logits, compared, worst, limits.nodes,
           worst_name);
    return ok;
}

static bool check_graph(const Oracle *o, const Graph *g, Limits limits, const char *what)
{
    Interp run;
    double start = seconds();
    const char *problem = interp_run(o->arena, g, o->input, sampled(o, g), &run);
    double took = seconds() - start;
    bool ok = !problem && compare(o, g, &run, limits, what);
    if (problem)
        printf("BAD  %s %s: %s", o->arch, what, problem);
    printf(" %.2f s\n", took);
    interp_free(&run);
    return ok;
}

/* Multiply-accumulates and trained parameters must be those that the literature counts. */
static bool check_counts(const Oracle *o)
{
    int64_t macs = 0, params = 0;
    for_each_node(n, o->graph) {
        macs += node_macs(n);
        for (int r = PARAM_WEIGHT; r <= PARAM_BIAS; r++)
            params += n->param[r] ? shape_count(&n->param[r]->shape) : 0;
    }
    bool ok = macs == o->macs && params == o->params;
    printf("%-4s %-28s counts  %lld MACs of %lld, %lld parameters of %lld\n", ok ? "ok" : "BAD",
           o->arch, (long long)macs, (long long)o->macs, (long long)params, (long long)o->params);
    return ok;
}

/* The plan must be sound and within 5 % of what no plan can undercut. */
static bool check_plan(const Oracle *o, const Graph *g)
{
    MemoryPlan plan;
    plan_memory(g, &(PlanNeeds){ .pictures = 1 }, o->arena, &plan);
    const char *problem = plan_check(g, &(PlanNeeds){ .pictures = 1 }, &plan, o->arena);
    double ratio = (double)plan.bytes / (double)plan.lower_bound;
    bool ok = !problem && ratio <= 1.05;
    printf("%-4s %-28s memory  %lld bytes, %.3f of the lower bound%s%s\n", ok ? "ok" : "BAD",
           o->arch, (long long)plan.bytes, ratio, problem ? ": " : "", problem ? problem : "");
    return ok;
}

/* Running in planned storage must give the bits that running with a tensor per node gives. */
static bool check_storage(const Oracle *o, const Graph *g)
{
    Interp run;
    interp_run(o->arena, g, o->input, NULL, &run);
    const float *stored = storage_run(g, o->input, o->arena);
    size_t bytes = (size_t)shape_count(&g->output->shape) * sizeof *stored;
    bool ok = memcmp(stored, run.value[g->output->id], bytes) == 0;
    printf("%-4s %-28s storage %s\n", ok ? "ok" : "BAD", o->arch,
           ok ? "gives the same bits" : "gives other values");
    interp_free(&run);
    return ok;
}

static Graph *transformed(const Oracle *o)
{
    Arena *scratch = arena_new();
    Graph *g = graph_copy(o->arena, o->graph);
    pass_run(g, NULL, scratch);
    arena_free(scratch);
    return g;
}

static bool check_arch(const char *arch, bool run, Limits limits)
{
    Arena *a = arena_new();
    Oracle o;
    const char *problem = oracle_load(a, arch, run, &o);
    if (!problem)
        problem = graph_verify(o.graph, a);
    if (problem)
        printf("BAD  %s: %s\n", arch, problem);
    bool ok = !problem;
    if (ok) {
        const Graph *g = transformed(&o);
        ok = check_counts(&o) & check_plan(&o, g);
        ok &= !run || check_graph(&o, o.graph, limits, "source");
        ok &= !run || check_graph(&o, g, limits, "passes");
        ok &= !run || check_storage(&o, g);
    }
    arena_free(a);
    return ok;
}

int main(int argc, char **argv)
{
    Limits limits = { 8, 12 };
    bool ok = true, run = true;
    interp_set_threads(0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--logits") == 0 && i + 1 < argc)
            limits.logits = atof(argv[++i]);
        else if (strcmp(argv[i], "--nodes") == 0 && i + 1 < argc)
            limits.nodes = atof(argv[++i]);
        else if (strcmp(argv[i], "--plan") == 0)
            run = false;
        else
            ok &= check_arch(argv[i], run, limits);
    }
    return !ok;
}
