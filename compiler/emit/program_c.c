/* The tables that a hosted program hands to the runtime: the network with its sizes, and the
 * classifier around it. They are interpreted there; nothing of a network's arithmetic is in this
 * file. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"

#include <string.h>

/* --- the network ------------------------------------------------------------------------------ */

static void put_features(Emission *e, Writer *w)
{
    const char *features = e->program->target->features;
    if (!features)
        return;
    Text t = { .arena = e->arena };
    char *list = arena_strdup(e->arena, features);
    for (char *f = strtok(list, " "); f; f = strtok(NULL, " "))
        text_printf(&t, "%s, ", c_string(e->arena, f));
    w_linef(w, "static const char *const features[] = { %sNULL };", text_string(&t));
    w_blank(w);
}

static void put_shape(Emission *e, Writer *w, const char *what, const Shape *s)
{
    Text t = { .arena = e->arena };
    for (int i = 1; i < s->rank; i++)
        text_printf(&t, "%s%lld", i > 1 ? ", " : "", (long long)s->dim[i]);
    w_linef(w, ".%s = { %d, { %s } },", what, s->rank - 1, text_string(&t));
}

/* What is done up to each node that a trace tells of. Returns their number. */
static int put_layers(Emission *e, Writer *w)
{
    const Program *p = e->program;
    int64_t macs = 0;
    int count = 0;
    w_line(w, "static const kiln_layer layers[] = {");
    for (int i = 0; i < p->calls.count; i++) {
        const Call *c = &p->calls.at[i];
        macs += c->macs;
        if (!emit_completes_node(p, i))
            continue;
        w_linef(w, "{ %s, %s, %lld },", c_string(e->arena, c->node->path),
                c_string(e->arena, emit_call_summary(e->arena, c)), (long long)macs);
        macs = 0;
        count++;
    }
    if (count == 0)
        w_line(w, "{ NULL, NULL, 0 },");
    w_line(w, "};");
    w_blank(w);
    return count;
}

static void put_run(Writer *w)
{
    w_line(w, "static void run(void *context, const float *input, float *output, void *arena,");
    w_line(w, "                const kiln_trace *trace)");
    w_line(w, "{");
    w_line(w, "(void)context, (void)trace;");
    w_line(w, "${name}_run(input, output, arena KILN_TRACE_ARGUMENT);");
    w_line(w, "}");
    w_blank(w);
}

static void put_network(Emission *e, Writer *w)
{
    const Program *p = e->program;
    long long macs = 0;
    for_each_vec(Call, c, &p->calls)
        macs += c->macs;
    put_features(e, w);
    int layers = put_layers(e, w);
    put_run(w);
    bool has_map = emit_class_map(e, w);
    w_line(w, "static const kiln_network network = {");
    w_linef(w, ".name = %s,", c_string(e->arena, p->name));
    w_line(w, ".digest = ${name}_digest,");
    w_linef(w, ".target = \"%s\",", p->target->name);
    if (p->target->features)
        w_line(w, ".features = features,");
    put_shape(e, w, "input", &p->graph->input->shape);
    put_shape(e, w, "output", &p->graph->output->shape);
    w_line(w, ".arena_bytes = ${NAME}_ARENA_BYTES,");
    w_line(w, ".weight_bytes = ${NAME}_WEIGHT_BYTES,");
    w_line(w, ".stack_bytes = ${NAME}_STACK_BYTES,");
    w_linef(w, ".macs = %lld,", macs);
    w_line(w, ".layers = layers,");
    w_linef(w, ".layer_count = %d,", layers);
    if (has_map)
        w_line(w, ".class_map = &class_map,");
    w_line(w, ".run = run,");
    w_line(w, "};");
}

/* --- the classifier --------------------------------------------------------------------------- */

static const char *doubles(Arena *a, const double *v, int count)
{
    Text t = { .arena = a };
    for (int i = 0; i < count; i++)
        text_printf(&t, "%s%.17g", i ? ", " : "", v[i]);
    return text_string(&t);
}

/* Trailing zeros are left out; at least one value stays. */
static int used_doubles(const double *v, int count)
{
    while (count > 1 && v[count - 1] == 0)
        count--;
    return count;
}

static void put_step(Emission *e, Writer *w, const Step *s)
{
    w_linef(w, "{ %s, %s, { %d, %d, %d, %d }, { %s } },", step_c_name(s->op), step_method_c_name(s),
            s->n[0], s->n[1], s->n[2], s->n[3], doubles(e->arena, s->v, used_doubles(s->v, 8)));
}

static void put_members(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    const Member *m = c && c->members.count ? &c->members.at[0] : NULL;
    w_blank(w);
    if (m && m->steps.count) {
        w_line(w, "static const kiln_step steps[] = {");
        for_each_vec(Step, s, &m->steps)
            put_step(e, w, s);
        w_line(w, "};");
        w_blank(w);
    }
    w_line(w, "static const kiln_member members[] = {");
    if (m && m->steps.count)
        w_linef(w, "{ &network, steps, %d, %.17g },", m->steps.count, m->weight);
    else
        w_line(w, "{ &network, NULL, 0, 1 },");
    w_line(w, "};");
}

static void put_decision(Emission *e, Writer *w, const Classifier *c)
{
    w_line(w, ".decision = {");
    w_linef(w, ".activation = %s,", output_c_name(c->activation));
    w_linef(w, ".rule = %s,", rule_c_name(c->rule));
    w_linef(w, ".top = %d,", c->top);
    w_linef(w, ".has_threshold = %d,", c->has_threshold);
    w_linef(w, ".threshold = %s,", doubles(e->arena, &c->threshold, 1));
    w_line(w, "},");
}

static void put_classifier(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    w_blank(w);
    w_line(w, "extern const kiln_classifier kiln_program;");
    w_line(w, "const kiln_classifier kiln_program = {");
    w_linef(w, ".name = %s,", c_string(e->arena, c ? c->name : e->program->name));
    w_line(w, ".members = members,");
    w_line(w, ".member_count = 1,");
    w_linef(w, ".merge = %s,", c ? merge_c_name(c->merge) : "KILN_MERGE_SINGLE");
    if (c)
        put_decision(e, w, c);
    if (c && c->labels.count) {
        w_line(w, ".labels = ${name}_labels,");
        w_linef(w, ".label_count = %d,", c->labels.count);
    }
    w_linef(w, ".takes_pictures = %d,", c ? c->takes_pictures : 0);
    w_line(w, "};");
}

const char *emit_program_c(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, arena_printf(e->arena, "%s_program.c", e->name));
    if (error)
        return error;
    vec_push(e->arena, &e->hosted, f.name);
    Writer *w = &f.w;
    w_set(w, "name", e->name);
    w_set(w, "NAME", c_upper(e->arena, e->name));
    w_comment(w, "What a program around the network needs to know of it.");
    w_line(w, "#include \"${name}.h\"");
    if (emit_needs_weights(e))
        w_line(w, "#include \"${name}_weights.h\"");
    w_blank(w);
    put_network(e, w);
    put_members(e, w);
    put_classifier(e, w);
    return emit_file_close(&f);
}
