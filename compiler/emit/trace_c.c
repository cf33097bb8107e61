/* The program of `kiln verify`: runs one of the networks, by its index, on a file of floats and
 * writes what every node has computed, node by node: its number in the source graph, the first
 * picture and how many there are, then their values, H,W,C without gaps, picture by picture. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"
#include "compiler/graph/view.h"

/* A traced node: its values are `rows` rows of `channels` floats, `pitch` apart. */
static void put_layout(Writer *w, const Call *c)
{
    const Node *n = c->node;
    long long channels = node_channels(n);
    long long rows = c->pictures * shape_count(&n->shape) / channels;
    w_linef(w, "{ %d, 0, %lld, %lld, %lld, %lld }, /* %s */", n->origin->id, (long long)c->pictures,
            rows, channels, (long long)view_pixel_stride(n), n->path);
}

bool emit_completes_node(const Program *p, int i)
{
    const Node *node = p->calls.at[i].node;
    return node && node->origin && (i + 1 == p->calls.count || p->calls.at[i + 1].node != node);
}

static const char *const head[] = {
    "",
    "#include <stdio.h>",
    "#include <stdlib.h>",
    "",
    "typedef struct Layout {",
    "int id, first, pictures;",
    "long rows, channels, pitch;",
    "} Layout;",
    "",
    "typedef struct Trace {",
    "Layout *layouts;",
    "FILE *out;",
    "} Trace;",
    "",
    "static void write_node(void *context, int id, const void *data)",
    "{",
    "const Trace *t = context;",
    "Layout *l = t->layouts;",
    "while (l->id != id)",
    "    l++;",
    "fwrite(&l->id, sizeof(int), 3, t->out);",
    "l->first += l->pictures;",
    "for (long row = 0; row < l->rows; row++)",
    "    fwrite((const float *)data + row * l->pitch, sizeof(float),",
    "           (size_t)l->channels, t->out);",
    "}",
};

static const char *const body[] = {
    "",
    "static int trace_${name}(FILE *in, FILE *out)",
    "{",
    "static KILN_ALIGN(64) float input[${NAME}_INPUT_COUNT];",
    "static KILN_ALIGN(64) float output[${NAME}_OUTPUT_COUNT];",
    "static KILN_ALIGN(64) unsigned char arena[${NAME}_ARENA_BYTES + 64];",
    "Trace t = { layouts_of_${name}, out };",
    "const kiln_trace trace = { write_node, &t };",
    "const int last[] = { -1, 0, ${pictures} };",
    "if (fread(input, sizeof input, 1, in) != 1)",
    "    return 3;",
    "${name}_run(input, output, arena, &trace);",
    "fwrite(last, sizeof last, 1, out);",
    "fwrite(output, sizeof output, 1, out);",
    "return fclose(out) == 0 ? 0 : 3;",
    "}",
};

static const char *const end[] = {
    "",
    "int main(int argc, char **argv)",
    "{",
    "if (argc != 4)",
    "    return 2;",
    "FILE *in = fopen(argv[2], \"rb\"), *out = fopen(argv[3], \"wb\");",
    "if (!in || !out)",
    "    return 3;",
    "switch (atoi(argv[1])) {",
};

static void put_lines(Writer *w, const char *const *lines, int count)
{
    for (int i = 0; i < count; i++)
        w_line(w, lines[i]);
}

static void put_network(Emission *e, Writer *w, const EmittedNetwork *n)
{
    w_set(w, "name", n->name);
    w_set(w, "NAME", c_upper(e->arena, n->name));
    w_set(w, "pictures", arena_printf(e->arena, "%lld", (long long)n->program->pictures));
    w_blank(w);
    w_line(w, "static Layout layouts_of_${name}[] = {");
    for (int i = 0; i < n->program->calls.count; i++)
        if (emit_completes_node(n->program, i))
            put_layout(w, &n->program->calls.at[i]);
    w_line(w, "};");
    put_lines(w, body, COUNT_OF(body));
}

const char *emit_trace_c(Emission *e, const char *name)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, name);
    if (error)
        return error;
    Writer *w = &f.w;
    for (int i = 0; i < e->network_count; i++)
        w_linef(w, "#include \"%s.h\"", e->networks[i].name);
    put_lines(w, head, COUNT_OF(head));
    for (int i = 0; i < e->network_count; i++)
        put_network(e, w, &e->networks[i]);
    put_lines(w, end, COUNT_OF(end));
    for (int i = 0; i < e->network_count; i++) {
        w_linef(w, "case %d:", i);
        w_linef(w, "return trace_%s(in, out);", e->networks[i].name);
    }
    w_line(w, "}");
    w_line(w, "return 2;");
    w_line(w, "}");
    return emit_file_close(&f);
}
