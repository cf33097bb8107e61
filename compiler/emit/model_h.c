/* The public header of a network: types, sizes, labels, digest and the one function. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"

#include <string.h>

/* "NHWC [1][32][32][3]", "[1][10]": how a logical shape lies in memory. */
static const char *storage_text(Arena *a, const Shape *s, int64_t pictures)
{
    if (s->rank == 4)
        return arena_printf(a, "NHWC [%lld][%lld][%lld][%lld]", (long long)pictures,
                            (long long)s->dim[2], (long long)s->dim[3], (long long)s->dim[1]);
    Text t = { .arena = a };
    for (int i = 0; i < s->rank; i++)
        text_printf(&t, "[%lld]", (long long)(i ? s->dim[i] : pictures));
    return text_string(&t);
}

/* A size with its comment behind it, or above it where that would be too wide. */
static void define(Writer *w, const char *what, int64_t value, const char *comment)
{
    const char *line = arena_printf(w->arena, "#define %s_%-13s %lld",
                                    (const char *)map_get(&w->values, "NAME"), what,
                                    (long long)value);
    const char *both = arena_printf(w->arena, "%-43s /* %s */", line, comment);
    if (strlen(both) <= 100) {
        w_raw(w, both);
        return;
    }
    w_comment(w, comment);
    w_raw(w, line);
}

static void put_sizes(Emission *e, Writer *w)
{
    const Program *p = e->program;
    if (p->pictures > 1)
        define(w, "BATCH", p->pictures, "pictures of one call, all of which are computed");
    define(w, "INPUT_COUNT", p->input_count,
           storage_text(e->arena, &p->graph->input->shape, p->pictures));
    define(w, "OUTPUT_COUNT", p->output_count,
           storage_text(e->arena, &p->graph->output->shape, p->pictures));
    define(w, "ARENA_BYTES", p->arena_bytes,
           "scratch, 64-byte aligned, no contents kept between calls");
    define(w, "STACK_BYTES", emit_stack_bytes(p), "automatic arrays of its deepest function");
    define(w, "WEIGHT_BYTES", emit_weight_bytes(p), "constant");
}

static void put_declarations(Emission *e, Writer *w)
{
    int labels = emit_has_labels(e) ? e->classifier->labels.count : 0;
    if (labels)
        w_linef(w, "extern const char *const %s_labels[%d];", e->name, labels);
    w_line(w, "extern const char ${name}_digest[];");
    w_blank(w);
    w_line(w, "void ${name}_run(const ${name}_input_t *input, ${name}_output_t *output, "
              "void *arena KILN_TRACE_PARAMETER);");
}

/* Braces of extern "C" do not indent. */
static void put_linkage(Writer *w, const char *brace)
{
    w_blank(w);
    w_raw(w, "#ifdef __cplusplus");
    w_raw(w, brace);
    w_raw(w, "#endif");
}

const char *emit_model_h(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, arena_printf(e->arena, "%s.h", e->name));
    if (error)
        return error;
    Writer *w = &f.w;
    const Program *p = e->program;
    w_set(w, "name", e->name);
    w_set(w, "NAME", c_upper(e->arena, e->name));
    w_set(w, "order", p->target->big_endian ? "BIG" : "LITTLE");
    w_comment(w, arena_printf(e->arena, "%s for %s, made by kiln.", p->name, p->target->name));
    w_line(w, "#ifndef ${NAME}_H");
    w_line(w, "#define ${NAME}_H");
    w_blank(w);
    w_line(w, "#include \"kiln_model.h\"");
    w_blank(w);
    w_line(w, "#if KILN_BYTE_ORDER != KILN_${order}_ENDIAN");
    w_line(w, "#error \"the weights of ${name} have the other byte order\"");
    w_line(w, "#endif");
    put_linkage(w, "extern \"C\" {");
    w_blank(w);
    w_line(w, "typedef float ${name}_input_t;");
    w_line(w, "typedef float ${name}_output_t;");
    w_blank(w);
    put_sizes(e, w);
    w_blank(w);
    put_declarations(e, w);
    put_linkage(w, "}");
    w_blank(w);
    w_line(w, "#endif");
    return emit_file_close(&f);
}
