/* The text of a graph, one node a line:
 *
 *   layer1.0 = conv2d(layer1.0.relu; residual maxpool) out=64 kernel=3 pad=1 relu -> [1, 64, 9, 9]
 *
 * Attributes are those that the operator's signature names, left out where they have their default.
 * A tensor that lies in the storage of another node ends in `in OWNER+CHANNEL`. */
#include "compiler/graph/graph.h"

#include <string.h>

static const char *pair(Arena *a, const int64_t *v)
{
    return v[0] == v[1] ? arena_printf(a, "%lld", (long long)v[0])
                        : arena_printf(a, "[%lld, %lld]", (long long)v[0], (long long)v[1]);
}

static const char *padding(Arena *a, const Attr *attr)
{
    const int64_t *p = attr->pad;
    if (attr->pad_mode == PAD_SAME)
        return "same";
    if (p[0] == p[2] && p[1] == p[3])
        return pair(a, p);
    return arena_printf(a, "[%lld, %lld, %lld, %lld]", (long long)p[0], (long long)p[1],
                        (long long)p[2], (long long)p[3]);
}

static const char *integer(Arena *a, int64_t v)
{
    return arena_printf(a, "%lld", (long long)v);
}

static const char *real(Arena *a, double v)
{
    return arena_printf(a, "%.9g", v);
}

static const char *boolean(bool v)
{
    return v ? "true" : "false";
}

static const char *axes(Arena *a, const Attr *attr)
{
    Text t = { .arena = a };
    for (int i = 0; i < attr->axis_count; i++)
        text_printf(&t, "%s%d", i ? ", " : "[", attr->axes[i]);
    text_puts(&t, "]");
    return text_string(&t);
}

/* The text of the attribute that signatures call `name`; NULL where it is a tensor or unused. */
static const char *attribute(Arena *a, const Attr *attr, const char *name)
{
    const struct {
        const char *name, *text;
    } rows[] = {
        { "out", integer(a, attr->out) },
        { "kernel", pair(a, attr->kernel) },
        { "stride", pair(a, attr->stride) },
        { "pad", padding(a, attr) },
        { "dilation", pair(a, attr->dilation) },
        { "groups", integer(a, attr->groups) },
        { "bias", boolean(attr->bias) },
        { "scale", real(a, attr->scale) },
        { "center", boolean(attr->center) },
        { "ceil_mode", boolean(attr->ceil_mode) },
        { "count_include_pad", boolean(attr->count_include_pad) },
        { "keep", boolean(attr->keep) },
        { "transpose", boolean(attr->transpose) },
        { "eps", real(a, attr->eps) },
        { "alpha", real(a, attr->alpha) },
        { "value", real(a, attr->value) },
        { "shift", real(a, attr->shift) },
        { "axis", integer(a, attr->axis) },
        { "features", integer(a, attr->features) },
        { "axes", axes(a, attr) },
        { "order", axes(a, attr) },
        { "begin", integer(a, attr->begin) },
        { "end", integer(a, attr->end) },
        { "before", integer(a, attr->begin) },
        { "after", integer(a, attr->end) },
        { "step", integer(a, attr->step) },
        { "shape", shape_text(a, &attr->shape) },
    };
    for (int i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].text;
    return NULL;
}

/* What the attributes are where a call does not name them. */
static Attr defaults(const Node *n)
{
    Attr d = attr_default();
    if (n->op == OP_MAX_POOL || n->op == OP_AVG_POOL)
        memcpy(d.stride, n->attr.kernel, sizeof d.stride);
    return d;
}

static void dump_attribute(const Node *n, const char *name, Text *out)
{
    Arena *a = out->arena;
    Attr d = defaults(n);
    if (n->op == OP_BATCH_NORM && strcmp(name, "scale") == 0) {
        if (!n->attr.scale_param)
            text_puts(out, " scale=false");
        return;
    }
    const char *text = attribute(a, &n->attr, name);
    bool always = strcmp(name, "out") == 0 || strcmp(name, "kernel") == 0;
    if (text && (always || strcmp(text, attribute(a, &d, name)) != 0))
        text_printf(out, " %s=%s", name, text);
}

/* Walks the names of a signature "x, out, stride = 1". */
static void dump_attributes(const Node *n, Text *out)
{
    const char *s = op_info(n->op)->signature;
    while (*s) {
        size_t name = strcspn(s, " ,");
        dump_attribute(n, arena_strndup(out->arena, s, name), out);
        s += strcspn(s, ",");
        s += strspn(s, ", ");
    }
    if (n->op == OP_INPUT || n->op == OP_PARAMETER)
        return;
    if (n->activation == ACT_LEAKY_RELU)
        text_printf(out, " leaky_relu(%.9g)", n->activation_alpha);
    else if (n->activation != ACT_NONE)
        text_printf(out, " %s", activation_name(n->activation));
}

static void dump_node(const Node *n, Text *out)
{
    text_printf(out, "%s = %s(", n->path, op_info(n->op)->name);
    for (int i = 0; i < n->input_count; i++) {
        bool residual = n->has_residual && i == n->input_count - 1;
        text_printf(out, "%s%s", residual ? "; residual " : i ? ", " : "", n->input[i]->path);
    }
    text_puts(out, ")");
    dump_attributes(n, out);
    text_printf(out, " -> %s", shape_text(out->arena, &n->shape));
    if (n->view.owner != n)
        text_printf(out, " in %s+%lld", n->view.owner->path, (long long)n->view.channel);
    text_puts(out, "\n");
}

void graph_dump(const Graph *g, Text *out)
{
    text_printf(out, "graph %s\n", g->name);
    for_each_node(n, g)
        dump_node(n, out);
    text_printf(out, "output %s\n", g->output ? g->output->path : "-");
}

static void put_quoted(Text *out, const char *s)
{
    text_puts(out, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_puts(out, "\\");
        text_append(out, s, 1);
    }
    text_puts(out, "\"");
}

void graph_dump_dot(const Graph *g, Text *out)
{
    text_puts(out, "digraph ");
    put_quoted(out, g->name);
    text_puts(out, " {\n    node [shape=box, fontname=\"sans-serif\"];\n");
    for_each_node(n, g) {
        text_printf(out, "    n%d [label=", n->id);
        put_quoted(out, arena_printf(out->arena, "%s\n%s%s%s %s", n->path, op_info(n->op)->name,
                                     n->activation ? " + " : "",
                                     n->activation ? activation_name(n->activation) : "",
                                     shape_text(out->arena, &n->shape)));
        text_puts(out, "];\n");
        for (int i = 0; i < n->input_count; i++)
            text_printf(out, "    n%d -> n%d;\n", n->input[i]->id, n->id);
    }
    text_puts(out, "}\n");
}
