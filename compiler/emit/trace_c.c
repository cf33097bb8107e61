/* The program of `kiln verify`: runs the network once on a file of floats and writes what every
 * node has computed, node by node: its number in the source graph, then its values, H,W,C without
 * gaps, picture by picture. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"
#include "compiler/graph/view.h"

/* A traced node: its values are `rows` rows of `channels` floats, `pitch` apart. */
static void put_layout(Writer *w, const Program *p, const Node *n)
{
    long long channels = node_channels(n);
    long long rows = p->pictures * shape_count(&n->shape) / channels;
    w_linef(w, "{ %d, %lld, %lld, %lld }, /* %s */", n->origin->id, rows, channels,
            (long long)view_pixel_stride(n), n->path);
}

bool emit_completes_node(const Program *p, int i)
{
    const Node *node = p->calls.at[i].node;
    return node && node->origin && (i + 1 == p->calls.count || p->calls.at[i + 1].node != node);
}

static const char *const head[] = {
    "#include \"${name}.h\"",
    "",
    "#include <stdio.h>",
    "",
    "typedef struct Layout {",
    "int id;",
    "long rows, channels, pitch;",
    "} Layout;",
    "",
};

static const char *const body[] = {
    "",
    "static KILN_ALIGN(64) float input[${NAME}_INPUT_COUNT];",
    "static KILN_ALIGN(64) float output[${NAME}_OUTPUT_COUNT];",
    "static KILN_ALIGN(64) unsigned char arena[${NAME}_ARENA_BYTES + 64];",
    "",
    "static void write_node(void *context, int id, const void *data)",
    "{",
    "const Layout *l = layouts;",
    "while (l->id != id)",
    "    l++;",
    "fwrite(&id, sizeof id, 1, context);",
    "for (long row = 0; row < l->rows; row++)",
    "    fwrite((const float *)data + row * l->pitch, sizeof(float),",
    "           (size_t)l->channels, context);",
    "}",
    "",
    "int main(int argc, char **argv)",
    "{",
    "if (argc != 3)",
    "    return 2;",
    "FILE *in = fopen(argv[1], \"rb\"), *out = fopen(argv[2], \"wb\");",
    "if (!in || !out || fread(input, sizeof input, 1, in) != 1)",
    "    return 3;",
    "const kiln_trace trace = { write_node, out };",
    "${name}_run(input, output, arena, &trace);",
    "const int last = -1;",
    "fwrite(&last, sizeof last, 1, out);",
    "fwrite(output, sizeof output, 1, out);",
    "return fclose(out) == 0 ? 0 : 3;",
    "}",
};

const char *emit_trace_c(Emission *e, const char *name)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, name);
    if (error)
        return error;
    Writer *w = &f.w;
    w_set(w, "name", e->name);
    w_set(w, "NAME", c_upper(e->arena, e->name));
    for (int i = 0; i < COUNT_OF(head); i++)
        w_line(w, head[i]);
    w_line(w, "static const Layout layouts[] = {");
    for (int i = 0; i < e->program->calls.count; i++)
        if (emit_completes_node(e->program, i))
            put_layout(w, e->program, e->program->calls.at[i].node);
    w_line(w, "};");
    for (int i = 0; i < COUNT_OF(body); i++)
        w_line(w, body[i]);
    return emit_file_close(&f);
}
