/* Reads an oracle: manifest.json through cJSON, expected.npz through libzip; builds the graph and
 * generates weights by the rule of ../shared/oracle/README.md. */
#include "tests/support/oracle.h"

#include "compiler/base/file.h"
#include "compiler/base/map.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

typedef struct Load {
    Arena *a;
    Oracle *o;
    const cJSON *manifest;
    Map rules;   /* name -> tensor of the manifest */
    Map paths;   /* paths in use */
    Node **node; /* by index in the manifest's graph */
    Diag diag;
} Load;

const char *oracle_shared_folder(void)
{
    const char *folder = getenv("KILN_SHARED");
    return folder ? folder : "../shared";
}

/* --- the rule ------------------------------------------------------------------------------ */

static float element(uint64_t seed, uint64_t i, double offset, double scale)
{
    uint64_t z = seed + (i + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (float)(offset + scale * ((double)(z >> 40) * 0x1p-23 - 1.0));
}

static float *generate(Arena *a, const char *name, int64_t count, double offset, double scale)
{
    uint64_t seed = 0xcbf29ce484222325u;
    for (const char *s = name; *s; s++)
        seed = (seed ^ (unsigned char)*s) * 0x100000001b3u;
    float *v = arena_new_array(a, float, count);
    for (int64_t i = 0; i < count; i++)
        v[i] = element(seed, (uint64_t)i, offset, scale);
    return v;
}

/* --- JSON ---------------------------------------------------------------------------------- */

static double number(const cJSON *object, const char *key, double otherwise)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(v) ? v->valuedouble : otherwise;
}

static bool flag(const cJSON *object, const char *key, bool otherwise)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, key);
    return v ? cJSON_IsTrue(v) : otherwise;
}

static int64_t item(const cJSON *array, int i)
{
    return (int64_t)cJSON_GetArrayItem(array, i)->valuedouble;
}

static void pair(const cJSON *attrs, const char *key, int64_t *out)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(attrs, key);
    for (int i = 0; v && i < 2; i++)
        out[i] = item(v, i);
}

static const char *text_at(const cJSON *array, int i)
{
    return cJSON_GetArrayItem(array, i)->valuestring;
}

/* --- from entries to nodes ----------------------------------------------------------------- */

/* One entry [op, inputs, attributes, module, shape] of the manifest's graph. */
typedef struct Entry {
    int index;
    const char *op, *module;
    const cJSON *attrs;
    Node *input[64];
    int inputs;
    Shape shape; /* of the result, [N,C,H,W] */
} Entry;

static Shape read_shape(const Load *l, const cJSON *array)
{
    Shape s = { .rank = cJSON_GetArraySize(array) };
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = item(array, i);
    if (l->o->is_nhwc && s.rank == 4)
        return shape_of(4, s.dim[0], s.dim[3], s.dim[1], s.dim[2]);
    return s;
}

/* An axis of the manifest in our order. */
static int logical_axis(const Load *l, int axis, int rank)
{
    static const int from_nhwc[4] = { 0, 2, 3, 1 };
    return l->o->is_nhwc && rank == 4 ? from_nhwc[axis] : axis;
}

static const char *unique_path(Load *l, const Entry *e)
{
    const char *path = *e->module ? e->module : e->op;
    if (map_get(&l->paths, path))
        path = arena_printf(l->a, "%s#%d", path, e->index);
    while (map_get(&l->paths, path))
        path = arena_printf(l->a, "%s'", path);
    map_set(l->a, &l->paths, path, l);
    return path;
}

static Node *add(Load *l, const Entry *e, OpKind op, const Attr *attr)
{
    Node *n = graph_add(l->o->graph, op, unique_path(l, e), (Loc){ 0 }, e->input, e->inputs, attr,
                        &l->diag);
    return n;
}

/* Gives parameter `role` the name that the manifest has for it. */
static void name_param(Load *l, Node *n, ParamRole role, const char *module, const char *torch,
                       const char *keras)
{
    if (n && n->param[role])
        n->param[role]->name = l->o->is_nhwc ? arena_printf(l->a, "%s/%s:0", module, keras)
                                             : arena_printf(l->a, "%s.%s", module, torch);
}

static void read_padding(const Entry *e, Attr *a)
{
    const cJSON *tlbr = cJSON_GetObjectItemCaseSensitive(e->attrs, "pad_tlbr");
    const cJSON *lrtb = cJSON_GetObjectItemCaseSensitive(e->attrs, "pad_lrtb");
    static const int from_lrtb[4] = { 2, 0, 3, 1 };
    pair(e->attrs, "p", a->pad);
    pair(e->attrs, "p", a->pad + 2);
    for (int i = 0; i < 4; i++)
        a->pad[i] = tlbr ? item(tlbr, i) : lrtb ? item(lrtb, from_lrtb[i]) : a->pad[i];
}

static Attr window(const Entry *e)
{
    Attr a = attr_default();
    pair(e->attrs, "k", a.kernel);
    pair(e->attrs, "s", a.stride);
    read_padding(e, &a);
    a.ceil_mode = flag(e->attrs, "ceil", false);
    a.count_include_pad = flag(e->attrs, "include_pad", true);
    return a;
}

static Node *add_conv2d(Load *l, const Entry *e)
{
    bool depthwise = strcmp(e->op, "depthwise_conv2d") == 0;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(e->attrs, "kernel");
    Attr a = window(e);
    a.out = e->shape.dim[1];
    a.groups = depthwise ? e->shape.dim[1] : (int64_t)number(e->attrs, "g", 1);
    a.bias = flag(e->attrs, "bias", false);
    Node *n = add(l, e, OP_CONV2D, &a);
    name_param(l, n, PARAM_WEIGHT, e->module, "weight",
               depthwise ? "depthwise_kernel"
               : name    ? arena_printf(l->a, "%s", name->valuestring)
                         : "kernel");
    name_param(l, n, PARAM_BIAS, e->module, "bias", "bias");
    return n;
}

static Node *add_dense(Load *l, const Entry *e)
{
    Attr a = attr_default();
    a.out = e->shape.dim[e->shape.rank - 1];
    Node *n = add(l, e, OP_DENSE, &a);
    name_param(l, n, PARAM_WEIGHT, e->module, "weight", "kernel");
    name_param(l, n, PARAM_BIAS, e->module, "bias", "bias");
    return n;
}

static Node *add_norm(Load *l, const Entry *e, OpKind op)
{
    Attr a = attr_default();
    a.eps = number(e->attrs, "eps", 0);
    a.groups = (int64_t)number(e->attrs, "groups", 1);
    a.scale_param = flag(e->attrs, "scale", true);
    Node *n = add(l, e, op, &a);
    name_param(l, n, PARAM_WEIGHT, e->module, "weight", "gamma");
    name_param(l, n, PARAM_BIAS, e->module, "bias", "beta");
    name_param(l, n, PARAM_MEAN, e->module, "running_mean", "moving_mean");
    name_param(l, n, PARAM_VAR, e->module, "running_var", "moving_variance");
    return n;
}

static Node *add_mean(Load *l, const Entry *e)
{
    Attr a = attr_default();
    a.keep = strcmp(e->op, "mean") != 0 || flag(e->attrs, "keepdim", false);
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(e->attrs, "size");
    bool identity = size && (item(size, 0) != 1 || item(size, 1) != 1);
    return add(l, e, identity ? OP_DROPOUT : OP_GLOBAL_AVG_POOL, &a);
}

static Node *add_binary(Load *l, const Entry *e, OpKind op)
{
    Attr a = attr_default();
    const cJSON *constant = cJSON_GetObjectItemCaseSensitive(e->attrs, "const");
    if (!constant)
        return add(l, e, op, &a);
    *(op == OP_MUL ? &a.scale : &a.shift) = constant->valuedouble;
    return add(l, e, OP_AFFINE, &a);
}

static Node *add_concat(Load *l, const Entry *e)
{
    Attr a = attr_default();
    a.axis = logical_axis(l, (int)number(e->attrs, "axis", 1), e->shape.rank);
    return add(l, e, OP_CONCAT, &a);
}

/* A slice from `start` along every axis, to their ends: one node per axis that is cut. */
static Node *add_slice(Load *l, const Entry *e)
{
    const cJSON *start = cJSON_GetObjectItemCaseSensitive(e->attrs, "start");
    Entry step = *e;
    for (int i = 0; i < cJSON_GetArraySize(start) && step.input[0]; i++) {
        Attr a = attr_default();
        a.axis = logical_axis(l, i, 4);
        a.begin = item(start, i);
        a.end = step.input[0]->shape.dim[a.axis];
        if (a.begin > 0)
            step.input[0] = add(l, &step, OP_SLICE, &a);
    }
    return step.input[0];
}

static Node *add_reshape(Load *l, const Entry *e)
{
    Attr a = attr_default();
    a.shape = e->shape;
    return add(l, e, e->shape.rank == 2 && !l->o->is_nhwc ? OP_FLATTEN : OP_RESHAPE, &a);
}

static Node *add_input(Load *l, const Entry *e)
{
    Attr a = attr_default();
    a.shape = e->shape;
    return add(l, e, OP_INPUT, &a);
}

static Node *add_entry(Load *l, const Entry *e)
{
    static const struct {
        const char *op;
        Node *(*add)(Load *, const Entry *);
    } own[] = {
        { "input", add_input },  { "conv2d", add_conv2d },
        { "linear", add_dense }, { "depthwise_conv2d", add_conv2d },
        { "dense", add_dense },  { "adaptive_avg_pool2d", add_mean },
        { "mean", add_mean },    { "concat", add_concat },
        { "slice", add_slice },  { "reshape", add_reshape },
    };
    for (int i = 0; i < COUNT_OF(own); i++)
        if (strcmp(own[i].op, e->op) == 0)
            return own[i].add(l, e);
    OpKind op;
    Attr a = window(e);
    if (strcmp(e->op, "max_pool2d") == 0 || strcmp(e->op, "avg_pool2d") == 0)
        return add(l, e, e->op[0] == 'm' ? OP_MAX_POOL : OP_AVG_POOL, &a);
    if (strcmp(e->op, "zero_pad2d") == 0)
        return add(l, e, OP_PAD, &a);
    if (!op_from_name(e->op, &op))
        return NULL;
    if (op == OP_ADD || op == OP_MUL)
        return add_binary(l, e, op);
    if (op == OP_BATCH_NORM || op == OP_GROUP_NORM)
        return add_norm(l, e, op);
    return activation_of(op) ? add(l, e, op, &a) : NULL;
}

static const char *read_entry(Load *l, const cJSON *json, int index)
{
    const cJSON *inputs = cJSON_GetArrayItem(json, 1), *shape = cJSON_GetArrayItem(json, 4);
    Entry e = { .index = index,
                .op = text_at(json, 0),
                .module = text_at(json, 3),
                .attrs = cJSON_GetArrayItem(json, 2),
                .inputs = cJSON_GetArraySize(inputs) };
    if (e.inputs > COUNT_OF(e.input))
        return "an operation has too many inputs";
    for (int i = 0; i < e.inputs; i++)
        e.input[i] = l->node[item(inputs, i)];
    e.shape = shape ? read_shape(l, shape) : e.input[0]->shape;
    Node *n = l->node[index] = add_entry(l, &e);
    if (!n)
        return arena_printf(l->a, "entry %d, %s of '%s', cannot be built", index, e.op, e.module);
    if (!shape_equal(&n->shape, &e.shape))
        return arena_printf(l->a, "entry %d, %s of '%s', is %s, but must be %s", index, e.op,
                            e.module, shape_text(l->a, &n->shape), shape_text(l->a, &e.shape));
    return NULL;
}

static const char *read_graph(Load *l)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(l->manifest, "graph"), *e;
    l->o->graph = graph_new(l->a, l->o->arch);
    l->node = arena_new_array(l->a, Node *, cJSON_GetArraySize(entries));
    int index = 0;
    cJSON_ArrayForEach(e, entries)
    {
        const char *problem = read_entry(l, e, index++);
        if (problem)
            return problem;
    }
    l->o->graph->output = l->node[index - 1];
    return NULL;
}

/* --- weights ------------------------------------------------------------------------------- */

/* to[i][j] = from[j][i] of blocks of `run` elements. */
static float *transpose(Arena *a, const float *from, int64_t rows, int64_t columns)
{
    float *to = arena_new_array(a, float, rows *columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * rows + i] = from[i * columns + j];
    return to;
}

/* Keras stores kernels [h][w][in][out], depthwise [h][w][c][1], dense [in][out]; a kernel becomes
 * [out][in][h][w] by two transpositions. */
static const float *from_keras(Arena *a, const Node *n, const float *v)
{
    const Shape *s = &n->param[PARAM_WEIGHT]->shape;
    int64_t taps = s->rank == 4 ? s->dim[2] * s->dim[3] : 1;
    int64_t in = s->dim[1], out = s->dim[0];
    float *out_first = transpose(a, v, taps * in, out); /* [out][h][w][in] */
    if (in == 1 || taps == 1)
        return out_first;
    float *all = arena_new_array(a, float, taps *in *out);
    for (int64_t o = 0; o < out; o++) {
        float *one = transpose(a, out_first + o * taps * in, taps, in);
        memcpy(all + o * taps * in, one, (size_t)(taps * in) * sizeof *all);
    }
    return all;
}

static const char *fill_param(Load *l, const Node *n, ParamRole role)
{
    Param *p = n->param[role];
    const cJSON *rule = map_get(&l->rules, p->name);
    if (!rule)
        return arena_printf(l->a, "no tensor '%s'", p->name);
    int64_t count = 1;
    const cJSON *extent;
    cJSON_ArrayForEach(extent, cJSON_GetObjectItemCaseSensitive(rule, "shape"))
        count *= (int64_t)extent->valuedouble;
    if (count != shape_count(&p->shape))
        return arena_printf(l->a, "tensor '%s' has %lld elements, but must be %s", p->name,
                            (long long)count, shape_text(l->a, &p->shape));
    p->data = generate(l->a, p->name, count, number(rule, "offset", 0), number(rule, "scale", 0));
    if (l->o->is_nhwc && role == PARAM_WEIGHT && (n->op == OP_CONV2D || n->op == OP_DENSE))
        p->data = from_keras(l->a, n, p->data);
    return NULL;
}

static float *from_nhwc(Arena *a, const float *v, const Shape *s)
{
    return transpose(a, v, s->dim[2] * s->dim[3], s->dim[1]);
}

static const char *fill(Load *l)
{
    const cJSON *t;
    cJSON_ArrayForEach(t, cJSON_GetObjectItemCaseSensitive(l->manifest, "tensors")) map_set(
        l->a, &l->rules, cJSON_GetObjectItemCaseSensitive(t, "name")->valuestring, (void *)t);
    for_each_node(n, l->o->graph)
        for (int r = 0; r < PARAM_ROLES; r++) {
            const char *problem = n->param[r] ? fill_param(l, n, (ParamRole)r) : NULL;
            if (problem)
                return problem;
        }
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(l->manifest, "input");
    const Shape *s = &l->o->graph->input->shape;
    l->o->input = generate(l->a, "input", shape_count(s), number(input, "offset", 0),
                           number(input, "scale", 0));
    if (l->o->is_nhwc)
        l->o->input = from_nhwc(l->a, l->o->input, s);
    return NULL;
}

/* --- expected.npz -------------------------------------------------------------------------- */

/* The elements of a float array of the archive, behind the header of its .npy. */
static const void *read_array(Arena *a, zip_t *zip, const char *name, const char *descr)
{
    zip_stat_t stat;
    const char *member = arena_printf(a, "%s.npy", name);
    if (zip_stat(zip, member, 0, &stat) != 0)
        return NULL;
    unsigned char *bytes = arena_alloc(a, stat.size + 1);
    zip_file_t *file = zip_fopen(zip, member, 0);
    bool whole = file && zip_fread(file, bytes, stat.size) == (zip_int64_t)stat.size;
    if (file)
        zip_fclose(file);
    if (!whole || stat.size < 12 || memcmp(bytes, "\x93NUMPY\x01", 7) != 0)
        return NULL;
    size_t header = 10u + bytes[8] + 256u * bytes[9];
    bytes[header - 1] = 0;
    return strstr((char *)bytes + 10, descr) ? bytes + header : NULL;
}

static const char *read_nodes(Load *l, const float *first, const float *spread)
{
    const cJSON *j;
    int i = 0;
    cJSON_ArrayForEach(j, cJSON_GetObjectItemCaseSensitive(l->manifest, "nodes"))
    {
        OracleNode n = { .name = arena_strdup(
                             l->a, cJSON_GetObjectItemCaseSensitive(j, "name")->valuestring),
                         .node = l->node[(int)number(j, "graph", 0)],
                         .mean = number(j, "mean", NAN),
                         .std = number(j, "std", NAN),
                         .absmax = number(j, "absmax", NAN),
                         .float32_max_abs_diff = number(j, "float32_max_abs_diff", 0) };
        memcpy(n.first, first + (size_t)i * ORACLE_SAMPLES, sizeof n.first);
        memcpy(n.spread, spread + (size_t)i++ * ORACLE_SAMPLES, sizeof n.spread);
        vec_push(l->a, &l->o->nodes, n);
    }
    return NULL;
}

static const char *read_expected(Load *l, const char *file)
{
    zip_t *zip = zip_open(file, ZIP_RDONLY, NULL);
    if (!zip)
        return arena_printf(l->a, "%s cannot be opened", file);
    l->o->logits = read_array(l->a, zip, "logits", "'<f4'");
    const float *first = read_array(l->a, zip, "node_first16", "'<f4'");
    const float *spread = read_array(l->a, zip, "node_spread16", "'<f4'");
    zip_close(zip);
    if (!l->o->logits || !first || !spread)
        return arena_printf(l->a, "%s lacks an array of float32", file);
    return read_nodes(l, first, spread);
}

/* --- the whole ----------------------------------------------------------------------------- */

const char *oracle_load(Arena *a, const char *arch, bool weights, Oracle *o)
{
    *o = (Oracle){ .arena = a, .arch = arch };
    const char *folder = arena_printf(a, "%s/oracle/%s", oracle_shared_folder(), arch);
    const char *path = path_join(a, folder, "manifest.json");
    FileMap map;
    const char *problem = file_map(a, path, &map);
    if (problem)
        return arena_printf(a, "%s: %s", path, problem);
    cJSON *json = cJSON_ParseWithLength((const char *)map.bytes, map.length);
    file_unmap(&map);
    if (!json)
        return arena_printf(a, "%s is not JSON", path);
    const cJSON *flavour = cJSON_GetObjectItemCaseSensitive(json, "flavour");
    o->is_nhwc = flavour && strcmp(flavour->valuestring, "keras") == 0;
    o->float32_max_abs_diff = number(json, "float32_max_abs_diff", 0);
    o->macs = (int64_t)number(json, "macs", 0);
    o->params = (int64_t)number(json, "params", 0);
    o->classes = (int64_t)number(json, "num_classes", 0);
    Load l = { .a = a, .o = o, .manifest = json, .diag = { .out = stderr } };
    problem = read_graph(&l);
    if (!problem)
        problem = read_expected(&l, path_join(a, folder, "expected.npz"));
    if (!problem && weights)
        problem = fill(&l);
    cJSON_Delete(json);
    return problem;
}

/* --- comparison ---------------------------------------------------------------------------- */

/* max that lets no NaN pass. */
static double worse(double a, double b)
{
    return isnan(b) ? INFINITY : b > a ? b : a;
}

double oracle_logits_ratio(const Oracle *o, const float *logits)
{
    double worst = 0;
    for (int64_t i = 0; i < o->classes; i++)
        worst = worse(worst, fabs((double)logits[i] - o->logits[i]));
    return worst / o->float32_max_abs_diff;
}

/* Where element i of the file's order is in ours. */
static int64_t place(const Oracle *o, const Shape *s, int64_t i)
{
    if (!o->is_nhwc || s->rank != 4)
        return i;
    int64_t channels = s->dim[1], pixels = s->dim[2] * s->dim[3];
    return i % channels * pixels + i / channels;
}

double oracle_node_ratio(const Oracle *o, const OracleNode *n, const float *value)
{
    const Shape *s = &n->node->shape;
    int64_t count = shape_count(s);
    double sum = 0, squares = 0, absmax = 0, worst = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += value[i];
        absmax = worse(absmax, fabs((double)value[i]));
    }
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += (value[i] - mean) * (value[i] - mean);
    for (int64_t j = 0; j < ORACLE_SAMPLES; j++) {
        int64_t far = j * (count - 1) / (ORACLE_SAMPLES - 1);
        if (j < count)
            worst = worse(worst, fabs((double)value[place(o, s, j)] - n->first[j]));
        worst = worse(worst, fabs((double)value[place(o, s, far)] - n->spread[j]));
    }
    worst = worse(worst, fabs(mean - n->mean));
    worst = worse(worst, fabs(sqrt(squares / (double)count) - n->std));
    worst = worse(worst, fabs(absmax - n->absmax));
    return worst / n->float32_max_abs_diff;
}

const OracleNode *oracle_find(const Oracle *o, const Node *source)
{
    for (int i = 0; i < o->nodes.count; i++)
        if (o->nodes.at[i].node == source)
            return &o->nodes.at[i];
    return NULL;
}
