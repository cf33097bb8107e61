/* The functions of a network, one per distinct shape, and NAME_run: the list of calls, each with
 * what it computes and with its arguments as arrays in the arena. */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"
#include "compiler/emit/printer.h"

#include <string.h>

/* --- measures --------------------------------------------------------------------------------- */

int64_t emit_weight_bytes(const Program *p)
{
    int64_t bytes = 0;
    for_each_vec(const ConstArray *, array, &p->arrays)
        bytes += (*array)->count * (int64_t)sizeof(float);
    return bytes;
}

static int64_t buffer_bytes(const Buffer *b)
{
    int64_t bytes = (int64_t)sizeof(float) * b->lanes;
    for (int i = 0; i < b->rank; i++)
        bytes *= b->extent[i];
    return bytes;
}

/* The automatic arrays alive at once: those of a block, and of the deepest of its parts, which
 * compilers let share their place. */
static int64_t local_bytes(const Stmt *s)
{
    int64_t own = 0, deepest = s->body ? local_bytes(s->body) : 0;
    for (int i = 0; i < s->count; i++) {
        if (s->item[i]->kind == STMT_LOCAL)
            own += buffer_bytes(s->item[i]->buffer);
        int64_t part = local_bytes(s->item[i]);
        deepest = part > deepest ? part : deepest;
    }
    return own + deepest;
}

int64_t emit_stack_bytes(const Program *p)
{
    int64_t most = 0;
    for_each_vec(const Function *, f, &p->functions) {
        int64_t bytes = local_bytes((*f)->body);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* 1234567 as "1.235 M": what a reader compares. */
static const char *count_text(Arena *a, int64_t n)
{
    if (n < 1000)
        return arena_printf(a, "%lld", (long long)n);
    if (n < 1000000)
        return arena_printf(a, "%.4g k", (double)n / 1e3);
    if (n < 1000000000)
        return arena_printf(a, "%.4g M", (double)n / 1e6);
    return arena_printf(a, "%.4g G", (double)n / 1e9);
}

/* --- the head --------------------------------------------------------------------------------- */

static void put_head(Emission *e, Writer *w)
{
    const Program *p = e->program;
    int64_t macs = 0;
    for_each_vec(Call, c, &p->calls)
        macs += c->macs;
    w_comment(
        w, arena_printf(e->arena,
                        "%s for %s, made by kiln. %s multiply-accumulates, %lld bytes of weights, "
                        "%lld bytes of scratch.\nCompiler flags: %s\nDigest of the network "
                        "and its weights: %s",
                        p->name, p->target->name, count_text(e->arena, macs),
                        (long long)emit_weight_bytes(p), (long long)p->arena_bytes,
                        p->target->cflags ? p->target->cflags : "none needed", e->digest));
    w_line(w, "#include \"${name}.h\"");
    w_line(w, "#include \"${name}_weights.h\"");
    if (p->target->header) {
        w_blank(w);
        w_linef(w, "#include <%s>", p->target->header);
    }
    w_blank(w);
    if (!p->target->fused) {
        w_line(w, "KILN_NO_CONTRACTION");
        w_blank(w);
    }
    w_linef(w, "const char %s_digest[] = \"%s\";", e->name, e->digest);
}

/* A label as it reads, behind its escaped form; "" where that says it already. Bytes 0xE2 begin,
 * among others, the characters that turn text around, of which compilers warn. */
static const char *label_comment(Arena *a, const char *label)
{
    bool escaped = false, plain = true;
    for (const unsigned char *c = (const unsigned char *)label; *c; c++) {
        escaped |= *c >= 128;
        plain &= *c >= ' ' && *c != 127 && *c != 0xE2 && *c != '*' && *c != '\\';
    }
    return escaped && plain ? arena_printf(a, " /* %s */", label) : "";
}

static void put_labels(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    if (!emit_has_labels(e))
        return;
    w_blank(w);
    w_linef(w, "const char *const %s_labels[%d] = {", e->name, c->labels.count);
    for_each_vec(const char *const, label, &c->labels)
        w_linef(w, "%s,%s", c_string(e->arena, *label), label_comment(e->arena, *label));
    w_line(w, "};");
}

/* --- calls ------------------------------------------------------------------------------------ */

static const char *plus(Arena *a, const char *base, int64_t offset)
{
    return offset ? arena_printf(a, "%s + %lld", base, (long long)offset) : base;
}

/* The address of an argument without its type. */
static const char *argument_address(Arena *a, const Argument *x)
{
    static const char *const base[] = {
        [ARGUMENT_INPUT] = "input", [ARGUMENT_OUTPUT] = "output", [ARGUMENT_ARENA] = "arena"
    };
    const char *first = plus(a, base[x->kind], x->offset);
    return x->pitch ? arena_printf(a, "%s + picture * %lld", first, (long long)x->pitch) : first;
}

static bool same_rows(const Buffer *b, const ConstArray *array)
{
    if (b->rank != array->rank)
        return false;
    for (int i = 1; i < b->rank; i++)
        if (b->extent[i] != array->extent[i])
            return false;
    return b->rank < 2 || !b->pitch || b->pitch == b->extent[b->rank - 1];
}

/* From the table of weights that networks with one code have each. */
static const char *table_argument(Arena *a, const Buffer *b, const Argument *x)
{
    const char *field = arena_printf(a, "weights->%s", c_identifier(a, x->array->path));
    const char *at = plus(a, field, x->offset);
    return b->rank < 2 ? at
                       : arena_printf(a, "(%s)(const void *)(%s)", print_pointer(a, b, ""), at);
}

/* An argument with the type of its parameter: what is declared with that type needs no cast. */
static const char *argument_text(Emission *e, const Buffer *b, const Argument *x)
{
    Arena *a = e->arena;
    if (x->kind == ARGUMENT_CONST && e->network->is_shared)
        return table_argument(a, b, x);
    if (x->kind == ARGUMENT_CONST) {
        const char *symbol = array_symbol(a, e->program, x->array);
        const char *values = emit_is_literal(e, x->array) ? arena_printf(a, "%s.f", symbol)
                                                          : symbol;
        if (x->offset == 0 && same_rows(b, x->array))
            return values;
        const char *first = x->array->rank > 1 ? arena_printf(a, "(const float *)%s", values)
                                               : values;
        return arena_printf(a, "(%s)(const void *)(%s)", print_pointer(a, b, ""),
                            plus(a, first, x->offset));
    }
    const char *address = argument_address(a, x);
    if (b->rank < 2)
        return address;
    const char *untyped = x->kind == ARGUMENT_INPUT ? "const void *" : "void *";
    return arena_printf(a, x->offset || x->pitch ? "(%s)(%s)(%s)" : "(%s)(%s)%s",
                        print_pointer(a, b, ""), untyped, address);
}

static const char *call_text(Emission *e, const Call *c)
{
    Text t = { .arena = e->arena };
    text_printf(&t, "%s(", c->function->name);
    for (int i = 0; i < c->function->param_count; i++)
        text_printf(&t, "%s%s", i ? ", " : "",
                    argument_text(e, c->function->param[i], &c->argument[i]));
    text_puts(&t, ");");
    return text_string(&t);
}

/* As it lies in memory: "56x56x64". */
static const char *size_text(Arena *a, const Node *n)
{
    const int64_t *d = n->shape.dim;
    if (n->shape.rank == 4)
        return arena_printf(a, "%lldx%lldx%lld", (long long)d[2], (long long)d[3], (long long)d[1]);
    Text t = { .arena = a };
    for (int i = 1; i < n->shape.rank; i++)
        text_printf(&t, "%s%lld", i > 1 ? "x" : "", (long long)d[i]);
    return text_string(&t);
}

const char *emit_call_summary(Arena *a, const Call *c)
{
    if (!c->node->input_count)
        return c->summary;
    const Node *first = c->producer ? c->producer : c->node;
    return arena_printf(a, "%s, %s -> %s", c->summary, size_text(a, first->input[0]),
                        size_text(a, c->node));
}

const char *emit_call_path(Arena *a, const Call *c)
{
    return c->producer ? arena_printf(a, "%s + %s", c->producer->path, c->node->path)
                       : c->node->path;
}

/* Path, what is computed, shapes, cost, tile. */
static const char *call_comment(Emission *e, const Call *c)
{
    Arena *a = e->arena;
    Text t = { .arena = a };
    text_printf(&t, "%s: %s", emit_call_path(a, c), emit_call_summary(a, c));
    if (c->pictures > 1)
        text_printf(&t, ", %lld pictures", (long long)c->pictures);
    if (c->macs)
        text_printf(&t, "; %s MACs", count_text(a, c->macs / e->program->pictures * c->pictures));
    if (c->tile && c->tile[0])
        text_printf(&t, "; tile %s", c->tile);
    return text_string(&t);
}

/* Which argument a node's value is: the last one that the function writes. */
int emit_result_argument(const Function *f)
{
    for (int i = f->param_count - 1; i >= 0; i--)
        if (f->param[i]->role == BUFFER_OUTPUT)
            return i;
    bug("function %s has no output", f->name);
}

static void put_run_signature(Writer *w)
{
    w_line(w, "void ${name}_run(const ${name}_input_t *input, ${name}_output_t *output, "
              "void *memory KILN_TRACE_PARAMETER)");
}

static void put_call(Emission *e, Writer *w, int i)
{
    const Program *p = e->program;
    const Call *c = &p->calls.at[i];
    if (i || !p->picturewise)
        w_blank(w);
    w_comment(w, call_comment(e, c));
    w_linef(w, "%s", call_text(e, c));
    if (p->parallel)
        w_line(w, "KILN_BARRIER;");
    if (emit_completes_node(p, i))
        w_linef(w, "KILN_TRACE_NODE%s(%d, %s);", p->parallel ? "_OF_THREADS" : "",
                c->node->origin->id,
                argument_address(e->arena, &c->argument[emit_result_argument(c->function)]));
}

static void put_calls(Emission *e, Writer *w)
{
    const Program *p = e->program;
    if (p->picturewise) {
        w_blank(w);
        w_linef(w, "for (size_t picture = 0; picture < %lld; picture++) {", (long long)p->pictures);
    }
    for (int i = 0; i < p->calls.count; i++) {
        if (p->picturewise && i == p->picturewise)
            w_line(w, "}");
        put_call(e, w, i);
    }
    if (p->picturewise == p->calls.count)
        w_line(w, "}");
}

static void put_run(Emission *e, Writer *w)
{
    const Program *p = e->program;
    bool uses_arena = false;
    for_each_vec(Call, c, &p->calls)
        for (int i = 0; i < c->function->param_count; i++)
            uses_arena |= c->argument[i].kind == ARGUMENT_ARENA;
    w_blank(w);
    if (e->network->is_shared)
        w_line(w, "void ${name}_run_on(const struct ${name}_table *weights, const float *input, "
                  "float *output, void *memory KILN_TRACE_PARAMETER)");
    else
        put_run_signature(w);
    w_line(w, "{");
    w_line(w, uses_arena ? "float *const arena = memory;" : "(void)memory;");
    if (p->parallel) {
        w_line(w, "KILN_THREADS");
        w_line(w, "{");
    }
    put_calls(e, w);
    if (p->parallel)
        w_line(w, "}");
    w_line(w, "}");
}

/* --- networks that share their code ----------------------------------------------------------- */

void emit_table_type(Emission *e, Writer *w)
{
    w_blank(w);
    w_comment(w, "The weights of one of the networks that share this one's code.");
    w_line(w, "struct ${name}_table {");
    for_each_vec(const ConstArray *, array, &e->program->arrays)
        w_linef(w, "const float *%s;", c_identifier(e->arena, (*array)->path));
    w_line(w, "};");
    w_blank(w);
    w_line(w, "void ${name}_run_on(const struct ${name}_table *weights, const float *input, "
              "float *output, void *memory KILN_TRACE_PARAMETER);");
}

void emit_table(Emission *e, Writer *w)
{
    for_each_vec(const ConstArray *, array, &e->program->arrays) {
        const char *symbol = array_symbol(e->arena, e->program, *array);
        w_linef(w, "%s%s%s,", (*array)->rank > 1 ? "(const float *)" : "", symbol,
                emit_is_literal(e, *array) ? ".f" : "");
    }
}

/* NAME_run of a network whose code `code`_run_on is. */
static void put_table_and_run(Emission *e, Writer *w, const char *code)
{
    w_blank(w);
    w_linef(w, "static const struct %s_table table = {", code);
    emit_table(e, w);
    w_line(w, "};");
    w_blank(w);
    put_run_signature(w);
    w_line(w, "{");
    w_linef(w, "%s_run_on(&table, input, output, memory KILN_TRACE_ARGUMENT);", code);
    w_line(w, "}");
}

const char *emit_model_c(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, arena_printf(e->arena, "%s.c", e->name));
    if (error)
        return error;
    vec_push(e->arena, &e->model, f.name);
    w_set(&f.w, "name", e->name);
    put_head(e, &f.w);
    put_labels(e, &f.w);
    Printer printer = { .w = &f.w, .arena = e->arena, .target = e->program->target };
    for_each_vec(const Function *, function, &e->program->functions) {
        w_blank(&f.w);
        print_function(&printer, *function);
    }
    put_run(e, &f.w);
    if (e->network->is_shared)
        put_table_and_run(e, &f.w, e->name);
    return emit_file_close(&f);
}

const char *emit_twin_c(Emission *e)
{
    EmitFile f;
    const EmittedNetwork *code = &e->networks[e->network->code];
    const char *error = emit_file_open(e, &f, arena_printf(e->arena, "%s.c", e->name));
    if (error)
        return error;
    vec_push(e->arena, &e->model, f.name);
    Writer *w = &f.w;
    w_set(w, "name", e->name);
    w_comment(w, arena_printf(e->arena,
                              "%s for %s, made by kiln: the code of %s on weights of its own.\n"
                              "Digest of the network and its weights: %s",
                              e->program->name, e->program->target->name, code->program->name,
                              e->digest));
    w_line(w, "#include \"${name}.h\"");
    w_linef(w, "#include \"%s_weights.h\"", code->name);
    w_line(w, "#include \"${name}_weights.h\"");
    w_blank(w);
    w_linef(w, "const char %s_digest[] = \"%s\";", e->name, e->digest);
    put_table_and_run(e, w, code->name);
    return emit_file_close(&f);
}
