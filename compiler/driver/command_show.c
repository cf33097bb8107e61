/* kiln show: what became of each node, as a table, as JSON or as a graph for dot. With --measure it
 * is built and run, and the cost model's time of each node stands beside the measured one. */
#include "compiler/driver/measure.h"

#include <string.h>

/* One row of the table. */
typedef struct Row {
    const Node *node;
    const Call *call; /* the last one of the node; NULL: nothing is computed, or ... */
    const Call *pair; /* ... row by row in this one, of the node that reads it */
    int64_t macs;
    int64_t parameters;
    const char *shape, *place;
    double predicted, measured; /* milliseconds; measured only with --measure */
} Row;

typedef Vec(Row) RowList;

static bool shows_times(const Compilation *c)
{
    return c->line->measure;
}

static const Call *last_call(const Program *p, const Node *n)
{
    const Call *found = NULL;
    for_each_vec(Call, c, &p->calls)
        if (c->node == n)
            found = c;
    return found;
}

static const Call *call_of_pair(const Program *p, const Node *producer)
{
    for_each_vec(Call, c, &p->calls)
        if (c->producer == producer)
            return c;
    return NULL;
}

static int64_t node_parameters(const Node *n)
{
    int64_t count = 0;
    for (int i = 0; i < PARAM_ROLES; i++)
        if (n->param[i])
            count += shape_count(&n->param[i]->shape);
    return count;
}

/* Where the result lies: "arena + 4096" (bytes), "output", "view"; "rows" where there are never
 * more than some rows of it, "none" where the next layer multiplies its weights instead. */
static const char *place_of(Arena *a, const Node *n, const Call *c, const Call *pair)
{
    if (pair)
        return n->op == OP_CONV2D ? "rows" : "none";
    if (!c)
        return n->op == OP_INPUT ? "input" : "view";
    const Argument *x = &c->argument[emit_result_argument(c->function)];
    long long bytes = (long long)x->offset * (long long)sizeof(float);
    if (x->kind == ARGUMENT_ARENA)
        return arena_printf(a, "%lld", bytes);
    return bytes ? arena_printf(a, "output + %lld", bytes) : "output";
}

static RowList rows_of(Compilation *c)
{
    RowList rows = { 0 };
    Arena *a = c->graph_arena;
    for_each_node(n, c->graph) {
        const Call *call = last_call(c->program, n);
        const Call *pair = call_of_pair(c->program, n);
        Shape shape = n->shape;
        if (n->op != OP_PARAMETER)
            shape.dim[0] = c->program->pictures;
        Row row = { .node = n,
                    .call = call,
                    .pair = pair,
                    .macs = call || pair ? c->program->pictures * node_macs(n) : 0,
                    .parameters = node_parameters(n),
                    .shape = shape_text(a, &shape),
                    .place = place_of(a, n, call, pair) };
        vec_push(a, &rows, row);
    }
    return rows;
}

/* Trained ones, as papers count them: running statistics are none. A shared parameter counts
 * once. */
static int64_t learned_parameters(Compilation *c)
{
    Vec(const Param *) seen = { 0 };
    int64_t count = 0;
    for_each_node(n, c->source)
        for (int i = PARAM_WEIGHT; i <= PARAM_BIAS; i++) {
            bool known = !n->param[i];
            for (int k = 0; k < seen.count && !known; k++)
                known = seen.at[k] == n->param[i];
            if (known)
                continue;
            vec_push(c->scratch_arena, &seen, n->param[i]);
            count += shape_count(&n->param[i]->shape);
        }
    return count;
}

static int64_t total_macs(const Program *p)
{
    int64_t macs = 0;
    for_each_vec(Call, c, &p->calls)
        macs += c->macs;
    return macs;
}

/* --- text ------------------------------------------------------------------------------------- */

static int widest_path(const RowList *rows)
{
    int width = 4;
    for_each_vec(const Row, r, rows)
        width = (int)strlen(r->node->path) > width ? (int)strlen(r->node->path) : width;
    return width;
}

static double sum_predicted(const RowList *rows)
{
    double sum = 0;
    for_each_vec(const Row, r, rows)
        sum += r->predicted;
    return sum;
}

static double sum_measured(const RowList *rows)
{
    double sum = 0;
    for_each_vec(const Row, r, rows)
        sum += r->measured;
    return sum;
}

static void show_text(Compilation *c, const RowList *rows)
{
    const Program *p = c->program;
    int width = widest_path(rows);
    printf("%-*s %-15s %-20s %10s %13s %12s", width, "node", "operator", "shape", "parameters",
           "MACs", "arena offset");
    if (shows_times(c))
        printf(" %12s %12s", "predicted ms", "measured ms");
    puts("  kernel");
    for_each_vec(const Row, r, rows) {
        printf("%-*s %-15s %-20s %10lld %13lld %12s", width, r->node->path,
               op_info(r->node->op)->name, r->shape, (long long)r->parameters, (long long)r->macs,
               r->place);
        if (shows_times(c))
            printf(" %12.4f %12.4f", r->predicted, r->measured);
        if (r->call)
            printf("  %s%s%s", r->call->function->name, r->call->tile[0] ? ", tile " : "",
                   r->call->tile);
        if (r->pair)
            printf("  with %s", r->pair->node->path);
        putchar('\n');
    }
    printf("\n%s for %s: %lld parameters, %lld MACs, %d functions\n", p->name, p->target->name,
           (long long)learned_parameters(c), (long long)total_macs(p), p->functions.count);
    printf("weights: %lld bytes, stored in %lld\n", (long long)p->weight_originals,
           (long long)emit_weight_bytes(p));
    printf("arena: %lld bytes; no plan can need less than %lld\n", (long long)p->arena_bytes,
           (long long)p->arena_lower_bound);
    if (shows_times(c))
        printf("time: %.3f ms predicted, %.3f ms measured\n", sum_predicted(rows),
               sum_measured(rows));
}

/* --- json ------------------------------------------------------------------------------------- */

static const char *json_string(Arena *a, const char *text)
{
    Text t = { .arena = a };
    text_puts(&t, "\"");
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_printf(&t, "\\%c", *s);
        else if (*s < ' ')
            text_printf(&t, "\\u%04x", *s);
        else
            text_append(&t, (const char *)s, 1);
    }
    text_puts(&t, "\"");
    return text_string(&t);
}

/* What the values are computed from, and how windows move over it. */
static void show_json_sources(Compilation *c, const Node *n)
{
    printf("\"inputs\": [");
    for (int i = 0; i < n->input_count; i++)
        printf("%s%s", i ? ", " : "", json_string(c->graph_arena, n->input[i]->path));
    printf("], ");
    if (n->op == OP_CONV2D || n->op == OP_MAX_POOL || n->op == OP_AVG_POOL)
        printf("\"window\": [%lld, %lld], \"stride\": [%lld, %lld], ", (long long)n->attr.kernel[0],
               (long long)n->attr.kernel[1], (long long)n->attr.stride[0],
               (long long)n->attr.stride[1]);
}

static void show_json_row(Compilation *c, const Row *r, bool is_last)
{
    Arena *a = c->graph_arena;
    printf("    {\"path\": %s, \"operator\": \"%s\", \"shape\": %s, \"parameters\": %lld, ",
           json_string(a, r->node->path), op_info(r->node->op)->name, r->shape,
           (long long)r->parameters);
    show_json_sources(c, r->node);
    printf("\"macs\": %lld, \"place\": \"%s\", ", (long long)r->macs, r->place);
    if (shows_times(c))
        printf("\"predicted_ms\": %.6f, \"measured_ms\": %.6f, ", r->predicted, r->measured);
    if (r->call)
        printf("\"kernel\": \"%s\", \"tile\": %s}", r->call->function->name,
               json_string(a, r->call->tile));
    else
        printf("\"kernel\": null, \"tile\": null%s}",
               r->pair ? arena_printf(a, ", \"with\": %s", json_string(a, r->pair->node->path))
                       : "");
    puts(is_last ? "" : ",");
}

static void show_json(Compilation *c, const RowList *rows)
{
    const Program *p = c->program;
    printf("{\n  \"network\": %s,\n  \"digest\": \"%s\",\n  \"target\": \"%s\",\n",
           json_string(c->graph_arena, p->name), c->digest, p->target->name);
    printf("  \"parameters\": %lld,\n  \"macs\": %lld,\n  \"weight_bytes\": %lld,\n",
           (long long)learned_parameters(c), (long long)total_macs(p),
           (long long)emit_weight_bytes(p));
    printf("  \"arena_bytes\": %lld,\n  \"arena_lower_bound\": %lld,\n", (long long)p->arena_bytes,
           (long long)p->arena_lower_bound);
    if (shows_times(c))
        printf("  \"predicted_ms\": %.6f,\n  \"measured_ms\": %.6f,\n", sum_predicted(rows),
               sum_measured(rows));
    puts("  \"nodes\": [");
    for (int i = 0; i < rows->count; i++)
        show_json_row(c, &rows->at[i], i == rows->count - 1);
    puts("  ]\n}");
}

/* --- dot -------------------------------------------------------------------------------------- */

static void show_dot(Compilation *c)
{
    Text text = { .arena = c->graph_arena };
    graph_dump_dot(c->graph, &text);
    fputs(text_string(&text), stdout);
}

/* --- times ------------------------------------------------------------------------------------ */

/* Adds the times of all calls of each row's node. */
static void add_times(const Measure *m, RowList *rows)
{
    for_each_vec(Row, r, rows)
        for (int i = 0; i < m->program->calls.count; i++)
            if (m->program->calls.at[i].node == r->node) {
                r->predicted += m->program->calls.at[i].predicted;
                r->measured += m->milliseconds[i];
            }
}

static ExitStatus measure(Compilation *c, RowList *rows)
{
    enum { RUNS = 3 };
    Measure m;
    const char *refusal = measure_refuses(c->graph_arena, c->target);
    if (refusal)
        return compile_fail(EXIT_ENVIRONMENT, c->target->name,
                            arena_printf(c->graph_arena, "cannot be measured here: %s", refusal));
    const char *error = measure_begin(&m, c);
    for (int i = 0; i < RUNS && !error; i++)
        error = measure_run(&m);
    measure_end(&m);
    add_times(&m, rows);
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : EXIT_DONE;
}

static ExitStatus show(Compilation *c)
{
    const char *format = c->line->format ? c->line->format : "text";
    if (strcmp(format, "dot") == 0) {
        show_dot(c);
        return EXIT_DONE;
    }
    RowList rows = rows_of(c);
    ExitStatus status = shows_times(c) ? measure(c, &rows) : EXIT_DONE;
    if (status != EXIT_DONE)
        return status;
    if (strcmp(format, "json") == 0)
        show_json(c, &rows);
    else
        show_text(c, &rows);
    return EXIT_DONE;
}

ExitStatus command_show(const CommandLine *line)
{
    if (compile_lists(line))
        return EXIT_DONE;
    Compilation c;
    compile_begin(&c, line);
    ExitStatus status = compile_choose_target(&c);
    if (status == EXIT_DONE)
        status = compile_source(&c, WEIGHTS_OPTIONAL);
    if (status == EXIT_DONE)
        status = compile_program(&c);
    bool dumped = status == EXIT_DONE && compile_dumps(&c);
    bool is_list = c.network_count > 1 && line->format && strcmp(line->format, "json") == 0;
    for (int i = 0; i < c.network_count && status == EXIT_DONE && !dumped; i++) {
        compile_select(&c, i);
        fputs(is_list ? i ? ",\n" : "[\n" : i ? "\n" : "", stdout);
        status = show(&c);
    }
    if (is_list && status == EXIT_DONE && !dumped)
        puts("]");
    return compile_end(&c, status);
}
