/* The tables that a hosted program hands to the runtime: the networks with their sizes, and the
 * classifier around them (classifier_c.c). They are interpreted there; nothing of a network's
 * arithmetic is in this file. */
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
    w_set(w, "list", text_string(&t));
    w_line(w, "static const char *const ${its}features[] = { ${list}NULL };");
    w_blank(w);
}

static void put_shape(Emission *e, Writer *w, const char *what, const Shape *s)
{
    Text t = { .arena = e->arena };
    for (int i = 1; i < s->rank; i++)
        text_printf(&t, "%s%lld", i > 1 ? ", " : "", (long long)s->dim[i]);
    w_linef(w, ".%s = { %d, { %s } },", what, s->rank - 1, text_string(&t));
}

/* What is done up to each node that a trace tells of. Returns their number, and how many of them
 * run picture by picture. */
static int put_layers(Emission *e, Writer *w, int *picturewise)
{
    const Program *p = e->program;
    int64_t macs = 0;
    int count = 0;
    *picturewise = 0;
    w_line(w, "static const kiln_layer ${its}layers[] = {");
    for (int i = 0; i < p->calls.count; i++) {
        const Call *c = &p->calls.at[i];
        macs += c->macs;
        if (!emit_completes_node(p, i))
            continue;
        w_linef(w, "{ %s, %s, %lld },", c_string(e->arena, emit_call_path(e->arena, c)),
                c_string(e->arena, emit_call_summary(e->arena, c)), (long long)macs);
        macs = 0;
        count++;
        *picturewise += i < p->picturewise;
    }
    if (count == 0)
        w_line(w, "{ NULL, NULL, 0 },");
    w_line(w, "};");
    w_blank(w);
    return count;
}

static void put_run(Writer *w)
{
    w_line(w, "static void ${its}call(void *context, const float *input, float *output, "
              "void *arena, const kiln_trace *trace)");
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
    int picturewise, layers = put_layers(e, w, &picturewise);
    put_run(w);
    bool has_map = emit_class_map(e, w);
    w_line(w, "static const kiln_network ${its}network = {");
    w_linef(w, ".name = %s,", c_string(e->arena, p->name));
    w_line(w, ".digest = ${name}_digest,");
    w_linef(w, ".target = \"%s\",", p->target->name);
    if (p->target->features)
        w_line(w, ".features = ${its}features,");
    put_shape(e, w, "input", &p->graph->input->shape);
    put_shape(e, w, "output", &p->graph->output->shape);
    w_line(w, ".arena_bytes = ${NAME}_ARENA_BYTES,");
    w_line(w, ".weight_bytes = ${NAME}_WEIGHT_BYTES,");
    w_line(w, ".stack_bytes = ${NAME}_STACK_BYTES,");
    w_linef(w, ".macs = %lld,", macs);
    if (p->pictures > 1)
        w_linef(w, ".batch = %lld,", (long long)p->pictures);
    w_line(w, ".layers = ${its}layers,");
    w_linef(w, ".layer_count = %d,", layers);
    if (picturewise)
        w_linef(w, ".picturewise = %d,", picturewise);
    if (has_map)
        w_line(w, ".class_map = &${its}class_map,");
    w_line(w, ".run = ${its}call,");
    w_line(w, "};");
}

/* What the names of its tables begin with; nothing where there is but one network. */
static void name_network(Emission *e, Writer *w, const EmittedNetwork *n)
{
    e->program = n->program;
    w_set(w, "name", n->name);
    w_set(w, "NAME", c_upper(e->arena, n->name));
    w_set(w, "its", e->network_count > 1 ? arena_printf(e->arena, "%s_", n->name) : "");
}

static void put_networks(Emission *e, Writer *w)
{
    for (int i = 0; i < e->network_count; i++) {
        name_network(e, w, &e->networks[i]);
        w_blank(w);
        put_network(e, w);
    }
    name_network(e, w, &e->networks[0]);
}

static void put_includes(Emission *e, Writer *w)
{
    for (int i = 0; i < e->network_count; i++) {
        w_linef(w, "#include \"%s.h\"", e->networks[i].name);
        if (emit_needs_weights(&e->networks[i]))
            w_linef(w, "#include \"%s_weights.h\"", e->networks[i].name);
    }
}

static void put_program(Emission *e, Writer *w)
{
    w_comment(w, e->network_count > 1 ? "What a program around the networks needs to know of them."
                                      : "What a program around the network needs to know of it.");
    put_includes(e, w);
    put_networks(e, w);
    emit_classifier(e, w);
}

const char *emit_program_c(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, arena_printf(e->arena, "%s_program.c", e->title));
    if (error)
        return error;
    vec_push(e->arena, &e->hosted, f.name);
    put_program(e, &f.w);
    return emit_file_close(&f);
}
