/* kiln tune: times the tiles that each layer could get and writes the best as a schedule. A layer
 * is all nodes that share a function. In round k every layer is given its k-th candidate and the
 * whole network is built and run, so that each is timed among its neighbours, with caches as they
 * leave them, and there are as many builds as the layer with most candidates has. */
#include "compiler/driver/measure.h"

#include "compiler/schedule/cost.h"

#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* A candidate must beat the cost model's choice by this much: less is noise, and would make the
 * file change from one run to the next. */
static const double least_gain = 0.02;

/* Candidates that the model predicts this many times slower than its best are not timed. */
static const double ruled_out = 1.4;

typedef struct TuneLayer {
    const char *name;
    Tile tile[CHOOSE_MAX_CANDIDATES];
    double milliseconds[CHOOSE_MAX_CANDIDATES]; /* of all its nodes together */
    int count, model, best;                     /* candidates; indices of the two that matter */
} TuneLayer;

typedef struct Tune {
    Compilation *c;
    Map layers;           /* name -> TuneLayer */
    TuneLayer **layer_of; /* [nodes], NULL where there is no choice */
    double other;         /* ms of the calls that have none */
    int rounds, builds, done;
} Tune;

/* --- layers ----------------------------------------------------------------------------------- */

static int index_of(const TuneLayer *l, Tile tile)
{
    for (int i = 0; i < l->count; i++)
        if (l->tile[i].form == tile.form && l->tile[i].pixels == tile.pixels &&
            l->tile[i].vectors == tile.vectors)
            return i;
    return 0;
}

/* Keeps what the model does not rule out, and its best tile of the forms that store no more bytes
 * than the weights have: how much the others save is to be known. */
static void keep_promising(const CostModel *m, const Node *n, TuneLayer *l)
{
    double predicted[CHOOSE_MAX_CANDIDATES], least = INFINITY, direct = INFINITY;
    int count = l->count;
    for (int i = 0; i < count; i++) {
        predicted[i] = cost_cycles(m, n, l->tile[i]);
        least = predicted[i] < least ? predicted[i] : least;
        if (choose_has_form(FORMS_INNER, l->tile[i]) && predicted[i] < direct)
            direct = predicted[i];
    }
    l->count = 0;
    for (int i = 0; i < count; i++)
        if (predicted[i] <= ruled_out * least ||
            (choose_has_form(FORMS_INNER, l->tile[i]) && predicted[i] <= direct))
            l->tile[l->count++] = l->tile[i];
}

static const char *find_layers(Tune *t)
{
    Compilation *c = t->c;
    Arena *a = c->source_arena;
    CostModel cost = cost_model(c->target, c->graph);
    Forms forms = choose_forms(c->target, compile_goal(c->line));
    Tile *model;
    const char *error = choose_tiles(a, c->target, c->graph, compile_goal(c->line), NULL, &model);
    t->layer_of = arena_new_array(a, TuneLayer *, c->graph->nodes.count);
    for_each_node(n, c->graph) {
        TuneLayer found = { 0 };
        found.count = choose_candidates(c->target, n, forms, found.tile);
        keep_promising(&cost, n, &found);
        found.name = found.count ? kernel_name(a, n) : NULL;
        if (!found.name)
            continue;
        TuneLayer *layer = map_get(&t->layers, found.name);
        if (!layer) {
            layer = arena_new_of(a, TuneLayer);
            *layer = found;
            layer->model = layer->best = index_of(layer, model[n->id]);
            map_set(a, &t->layers, layer->name, layer);
        }
        t->layer_of[n->id] = layer;
        t->rounds = layer->count > t->rounds ? layer->count : t->rounds;
    }
    return error;
}

#define for_each_layer(l, t)                                                          \
    for (int l##_at = 0; l##_at < (t)->layers.count; l##_at++)                        \
        for (TuneLayer *l = (t)->layers.entry[l##_at].value, *l##_once = l; l##_once; \
             l##_once = NULL)

/* --- interruption ----------------------------------------------------------------------------- */

/* Tuning takes minutes: where it is interrupted, nothing may stay behind. */
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

static void catch_interruption(void)
{
    struct sigaction act = { .sa_handler = interrupt };
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

static ExitStatus stop(const Tune *t)
{
    return compile_fail(EXIT_ENVIRONMENT, t->c->line->output, "not written: interrupted");
}

/* --- one round -------------------------------------------------------------------------------- */

static void show_progress(const Tune *t)
{
    char bar[31];
    if (!isatty(STDERR_FILENO) || t->c->line->verbose)
        return;
    int full = 30 * t->done / (t->builds ? t->builds : 1);
    for (int i = 0; i < 30; i++)
        bar[i] = i < full ? '#' : '.';
    bar[30] = 0;
    fprintf(stderr, "\r\033[K[%s] %d of %d builds", bar, t->done, t->builds);
}

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* A build of the network, in arenas of its own: weights are packed for each. */
typedef struct Build {
    Compilation c;
    Measure measure;
} Build;

static ExitStatus build_begin(Tune *t, const Tuning *tuning, Build *b)
{
    b->c = *t->c;
    b->c.graph_arena = arena_new();
    b->c.pairs = PAIRS_NONE;
    b->measure = (Measure){ 0 };
    ExitStatus status = compile_schedule(&b->c, tuning);
    if (status != EXIT_DONE)
        return status;
    const char *error = measure_begin(&b->measure, &b->c);
    t->done++;
    if (is_interrupted)
        return stop(t);
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : EXIT_DONE;
}

static void build_end(Build *b)
{
    measure_end(&b->measure);
    arena_free(b->c.graph_arena);
}

static ExitStatus build_run(const Tune *t, Build *b)
{
    const char *error = measure_run(&b->measure);
    if (is_interrupted)
        return stop(t);
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : EXIT_DONE;
}

/* The schedule in which each layer has the candidate that `which` says. */
static Tuning tuning_of(Tune *t, int (*which)(const TuneLayer *, int), int round)
{
    Tuning tuning = { .file = "kiln tune", .target = t->c->target->name };
    for_each_layer(l, t) tuning_add(t->c->source_arena, &tuning, l->name, l->tile[which(l, round)]);
    return tuning;
}

static int in_round(const TuneLayer *l, int round)
{
    return round < l->count ? round : l->model;
}

static int by_model(const TuneLayer *l, int round)
{
    (void)round;
    return l->model;
}

static int best(const TuneLayer *l, int round)
{
    (void)round;
    return l->best;
}

static void take_times(Tune *t, const Build *b, int round)
{
    const Program *p = b->c.program;
    double other = 0;
    for (int i = 0; i < p->calls.count; i++) {
        TuneLayer *l = t->layer_of[p->calls.at[i].node->id];
        if (!l)
            other += b->measure.milliseconds[i];
        else if (round < l->count)
            l->milliseconds[round] += b->measure.milliseconds[i];
    }
    t->other = round == 0 || other < t->other ? other : t->other;
}

static ExitStatus run_round(Tune *t, int round)
{
    enum { RUNS = 2 };
    Build b;
    Tuning tuning = tuning_of(t, in_round, round);
    ExitStatus status = build_begin(t, &tuning, &b);
    for (int i = 0; i < RUNS && status == EXIT_DONE; i++)
        status = build_run(t, &b);
    if (status == EXIT_DONE)
        take_times(t, &b, round);
    build_end(&b);
    show_progress(t);
    return status;
}

/* --- the choice ------------------------------------------------------------------------------- */

/* The fastest candidate of these forms. */
static int fastest(const TuneLayer *l, Forms forms)
{
    int found = choose_has_form(forms, l->tile[l->model]) ? l->model : 0;
    double least = l->milliseconds[found] * (1 - least_gain);
    for (int i = 0; i < l->count; i++)
        if (choose_has_form(forms, l->tile[i]) && l->milliseconds[i] < least) {
            least = l->milliseconds[i];
            found = i;
        }
    return found;
}

/* As choose_tiles() does with predictions: transformed weights only where they are worth it. */
static void choose_best(Tune *t)
{
    double direct = t->other, with = t->other;
    for_each_layer(l, t)
    {
        direct += l->milliseconds[fastest(l, FORMS_INNER)];
        with += l->milliseconds[fastest(l, FORMS_ALL)];
    }
    bool worth = compile_goal(t->c->line) == OPTIMIZE_SPEED ||
                 direct - with >= choose_worth_share * direct;
    for_each_layer(l, t) l->best = fastest(l, worth ? FORMS_ALL : FORMS_INNER);
}

static void report_layers(const Tune *t)
{
    Arena *a = t->c->scratch_arena;
    for_each_layer(l, t) for (int i = 0; i < l->count; i++)
        fprintf(stderr, "%-60s %-16s %9.4f ms%s%s\n", l->name, tuning_tile_text(a, l->tile[i]),
                l->milliseconds[i], i == l->best ? " best" : "", i == l->model ? " model" : "");
}

/* The two programs in turn, so that what else the machine does disturbs both. */
static ExitStatus compare_with_model(Tune *t)
{
    enum { PAIRS = 3 };
    Build tuned, model;
    Tuning best_tuning = tuning_of(t, best, 0), model_tuning = tuning_of(t, by_model, 0);
    ExitStatus status = build_begin(t, &best_tuning, &tuned);
    show_progress(t);
    ExitStatus other = build_begin(t, &model_tuning, &model);
    status = status == EXIT_DONE ? other : status;
    show_progress(t);
    for (int i = 0; i < PAIRS && status == EXIT_DONE; i++) {
        status = build_run(t, &tuned);
        if (status == EXIT_DONE)
            status = build_run(t, &model);
    }
    clear_progress();
    double ours = measure_total(&tuned.measure), theirs = measure_total(&model.measure);
    if (status == EXIT_DONE)
        printf("%s on %s: %d layers, tuned %.3f ms, by the cost model %.3f ms (%+.1f %%)\n",
               t->c->graph->name, t->c->target->name, t->layers.count, ours, theirs,
               100 * (theirs / ours - 1));
    build_end(&tuned);
    build_end(&model);
    return status;
}

static ExitStatus write_schedule(Tune *t)
{
    Text text = { .arena = t->c->scratch_arena };
    Tuning tuning = tuning_of(t, best, 0);
    tuning_print(&tuning, &text);
    const char *path = t->c->line->output;
    const char *error = file_write(t->c->scratch_arena, path, text_string(&text), text.length);
    return error ? compile_fail(EXIT_ENVIRONMENT, path, error) : EXIT_DONE;
}

static ExitStatus tune(Compilation *c)
{
    Tune t = { .c = c };
    const char *error = find_layers(&t);
    if (error)
        return compile_fail(EXIT_INPUT, c->line->source, error);
    t.builds = t.rounds + 2;
    catch_interruption();
    ExitStatus status = EXIT_DONE;
    show_progress(&t);
    for (int round = 0; round < t.rounds && status == EXIT_DONE; round++)
        status = run_round(&t, round);
    if (status == EXIT_DONE) {
        choose_best(&t);
        if (c->line->verbose)
            report_layers(&t);
        status = compare_with_model(&t);
    }
    if (status != EXIT_DONE) {
        clear_progress();
        return status;
    }
    return write_schedule(&t);
}

/* Faults that would show only after minutes of measuring. */
static ExitStatus check(Compilation *c)
{
    struct stat st;
    const char *path = c->line->output;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return compile_fail(EXIT_USAGE, path, "is a folder; name the file to write with -o");
    if (stat(path_beside(c->scratch_arena, path, "."), &st) != 0 || !S_ISDIR(st.st_mode))
        return compile_fail(EXIT_USAGE, path, "its folder does not exist");
    const char *refusal = measure_refuses(c->scratch_arena, c->target);
    if (refusal)
        return compile_fail(EXIT_ENVIRONMENT, c->target->name,
                            arena_printf(c->scratch_arena, "cannot be tuned here: %s", refusal));
    return EXIT_DONE;
}

ExitStatus command_tune(const CommandLine *line)
{
    if (compile_lists(line))
        return EXIT_DONE;
    Compilation c;
    compile_begin(&c, line);
    ExitStatus status = compile_choose_target(&c);
    if (status == EXIT_DONE)
        status = check(&c);
    if (status == EXIT_DONE)
        status = compile_source(&c, WEIGHTS_OPTIONAL);
    if (status == EXIT_DONE)
        status = compile_passes(&c);
    if (status == EXIT_DONE && c.network_count > 1)
        status = compile_fail(EXIT_INPUT, c.classifier->name,
                              "has several networks; tune the model of one after the other");
    if (status == EXIT_DONE)
        status = tune(&c);
    return compile_end(&c, status);
}
