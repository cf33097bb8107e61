/* Exact algebra: over the prime field GF(2^61 - 1) a sum has one value in any order, so the tiled
 * nest of a kernel must equal an independent textbook loop exactly: borders, tails, packing,
 * groups, Winograd's transforms and inner product, Strassen's, a batch norm folded into the
 * weights, and pairs that are computed row by row.
 *
 *   algebra            closing line: N passed, N failed */
#include "compiler/base/diag.h"
#include "compiler/kernel/kernel.h"
#include "compiler/loop/field.h"
#include "compiler/pass/pass.h"
#include "compiler/schedule/choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Layer {
    int64_t in, height, width, out, kernel[2], stride[2], pad[4], dilation[2], groups;
    bool residual;
} Layer;

static const Layer layers[] = {
    /* in h w   out   kernel     stride     pad             dilation  groups */
    { 5, 3, 7, 9, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
    { 16, 7, 7, 24, { 3, 3 }, { 2, 2 }, { 1, 1, 1, 1 }, { 1, 1 }, 1, true },
    { 3, 11, 13, 37, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 1, false },
    { 2, 14, 14, 16, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 1, true },
    { 3, 5, 6, 20, { 3, 3 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
    { 3, 16, 17, 64, { 7, 7 }, { 2, 2 }, { 3, 3, 3, 3 }, { 1, 1 }, 1, false },
    { 3, 9, 9, 16, { 3, 3 }, { 1, 1 }, { 2, 2, 2, 2 }, { 2, 2 }, 1, false },
    { 4, 9, 31, 70, { 1, 7 }, { 1, 1 }, { 0, 3, 0, 3 }, { 1, 1 }, 1, false },
    { 3, 17, 17, 37, { 7, 1 }, { 1, 1 }, { 3, 0, 3, 0 }, { 1, 1 }, 1, true },
    { 5, 3, 10, 16, { 1, 7 }, { 1, 1 }, { 0, 5, 0, 1 }, { 1, 1 }, 1, false },
    { 2, 4, 5, 9, { 7, 1 }, { 1, 1 }, { 2, 1, 3, 2 }, { 1, 1 }, 1, true },
    { 17, 8, 8, 24, { 1, 3 }, { 1, 1 }, { 0, 1, 0, 1 }, { 1, 1 }, 1, true },
    { 2, 13, 3, 20, { 3, 1 }, { 1, 1 }, { 0, 0, 2, 0 }, { 1, 1 }, 1, false },
    { 4, 1, 11, 18, { 1, 5 }, { 1, 1 }, { 0, 2, 0, 2 }, { 1, 1 }, 1, false },
    { 3, 7, 6, 33, { 5, 5 }, { 1, 1 }, { 2, 2, 2, 2 }, { 1, 1 }, 1, true },
    { 3, 6, 7, 18, { 3, 5 }, { 1, 1 }, { 1, 2, 1, 2 }, { 1, 1 }, 1, false },
    { 16, 9, 6, 32, { 1, 7 }, { 1, 1 }, { 0, 3, 0, 3 }, { 1, 1 }, 4, false },
    { 4, 5, 16, 16, { 1, 7 }, { 1, 2 }, { 0, 3, 0, 3 }, { 1, 1 }, 1, false },
    { 4, 8, 8, 16, { 3, 3 }, { 2, 2 }, { 0, 0, 1, 1 }, { 1, 1 }, 1, false },
    { 16, 6, 6, 32, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 4, true },
    { 19, 6, 9, 19, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 19, false },
    { 32, 11, 13, 32, { 5, 5 }, { 2, 2 }, { 2, 2, 2, 2 }, { 1, 1 }, 32, true },
    { 40, 1, 1, 130, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
    { 64, 7, 7, 96, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, true },
    { 53, 5, 7, 21, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, true },
    { 96, 16, 16, 12, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
    { 70, 8, 12, 80, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
    { 90, 11, 14, 40, { 1, 1 }, { 2, 2 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, true },
    { 24, 9, 17, 20, { 1, 1 }, { 1, 3 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
    { 2, 1, 1, 5, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 1, false },
};

static uint64_t state = 7;

static uint64_t random_element(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 3) % FIELD_PRIME;
}

static uint64_t *random_elements(Arena *a, int64_t count)
{
    uint64_t *x = arena_new_array(a, uint64_t, count);
    for (int64_t i = 0; i < count; i++)
        x[i] = random_element();
    return x;
}

/* Weights are small multiples of 31185 = 3^4 * 5 * 7 * 11, which all odd factors of the
 * denominators of Winograd's G g H' divide, those of 5x5 twice: transformed weights have few bits,
 * so that float32 holds them exactly. So it holds the sums of products of weights that the inner
 * product needs, if they are small integers. */
static float weight_unit = 31185.0f;

static const float *random_weights(Arena *a, int64_t count)
{
    float *w = arena_new_array(a, float, count);
    for (int64_t i = 0; i < count; i++)
        w[i] = weight_unit * ((float)(int64_t)(random_element() % 8) - 4.0f);
    return w;
}

/* The definition, on logical weights [out][in/groups][kh][kw] and maps in storage order. */
static void direct(const Layer *l, const Node *n, const uint64_t *x, const uint64_t *r, uint64_t *y)
{
    int64_t oh = node_height(n), ow = node_width(n), in = l->in / l->groups,
            out = l->out / l->groups;
    const float *w = n->param[PARAM_WEIGHT]->data, *b = n->param[PARAM_BIAS]->data;
    for (int64_t i = 0; i < oh * ow * l->out; i++) {
        int64_t o = i % l->out, ox = i / l->out % ow, oy = i / l->out / ow;
        uint64_t sum = field_add(field_from_double((double)b[o]), r ? r[i] : 0);
        for (int64_t t = 0; t < l->kernel[0] * l->kernel[1] * in; t++) {
            int64_t c = t % in, kx = t / in % l->kernel[1], ky = t / in / l->kernel[1];
            int64_t iy = oy * l->stride[0] + ky * l->dilation[0] - l->pad[0];
            int64_t ix = ox * l->stride[1] + kx * l->dilation[1] - l->pad[1];
            if (iy < 0 || iy >= l->height || ix < 0 || ix >= l->width)
                continue;
            double weight = (double)w[((o * in + c) * l->kernel[0] + ky) * l->kernel[1] + kx];
            sum = field_add(sum, field_mul(x[(iy * l->width + ix) * l->in + o / out * in + c],
                                           field_from_double(weight)));
        }
        y[i] = sum;
    }
}

static Node *build_conv(Graph *g, Node *x, const char *path, const Layer *l, Diag *d)
{
    Attr a = attr_default();
    a.out = l->out;
    a.groups = l->groups;
    memcpy(a.kernel, l->kernel, sizeof a.kernel);
    memcpy(a.stride, l->stride, sizeof a.stride);
    memcpy(a.pad, l->pad, sizeof a.pad);
    memcpy(a.dilation, l->dilation, sizeof a.dilation);
    Node *n = graph_add(g, OP_CONV2D, path, (Loc){ 0 }, &x, 1, &a, d);
    if (!n)
        exit(2);
    for (int r = 0; r <= PARAM_BIAS; r++)
        n->param[r]->data = random_weights(g->arena, shape_count(&n->param[r]->shape));
    n->view = (View){ n, 0 };
    return n;
}

static Node *build_layer(Graph *g, const Layer *l, Diag *d)
{
    Attr a = attr_default();
    a.shape = shape_of(4, (int64_t)1, l->in, l->height, l->width);
    Node *x = graph_add(g, OP_INPUT, "x", (Loc){ 0 }, NULL, 0, &a, d);
    x->view = (View){ x, 0 };
    return build_conv(g, x, "conv", l, d);
}

/* A second input of the output's shape, as the fusing pass would leave it. */
static void add_residual(Graph *g, Node *n, Diag *d)
{
    Attr a = attr_default();
    a.shape = n->shape;
    Node *r = graph_add(g, OP_INPUT, "r", (Loc){ 0 }, NULL, 0, &a, d);
    r->view = (View){ r, 0 };
    Node **inputs = arena_new_array(g->arena, Node *, 2);
    inputs[0] = n->input[0];
    inputs[1] = r;
    n->input = inputs;
    n->input_count = 2;
    n->has_residual = true;
}

static uint64_t *as_field(Arena *a, const ConstArray *array)
{
    uint64_t *x = arena_new_array(a, uint64_t, array->count);
    for (int64_t i = 0; i < array->count; i++)
        x[i] = field_from_double((double)array->data[i]);
    return x;
}

static void run_kernel(Arena *a, const Kernel *k, uint64_t *x, uint64_t *r, uint64_t *y)
{
    uint64_t *arg[KERNEL_MAX_PARAMS];
    for (int i = 0; i < k->function->param_count; i++) {
        const Operand *o = &k->operand[i];
        if (o->kind == OPERAND_INPUT)
            arg[i] = o->input == 0 ? x : r;
        else if (o->kind == OPERAND_OUTPUT)
            arg[i] = y;
        else if (o->kind == OPERAND_CONST)
            arg[i] = as_field(a, o->array);
        else
            arg[i] = random_elements(a, o->count);
    }
    loop_eval_field(k->function, arg);
}

static bool check(const Layer *l, const Target *t, int form)
{
    Arena *a = arena_new();
    Diag d = { .out = stderr };
    Graph *g = graph_new(a, "layer");
    weight_unit = form == TILE_INNER ? 1.0f : 31185.0f;
    Node *n = build_layer(g, l, &d);
    if (l->residual)
        add_residual(g, n, &d);
    int64_t count = shape_count(&n->shape);
    uint64_t *x = random_elements(a, l->in * l->height * l->width);
    uint64_t *r = l->residual ? random_elements(a, count) : NULL;
    uint64_t *want = arena_new_array(a, uint64_t, count), *got = random_elements(a, count);
    direct(l, n, x, r, want);
    KernelEnv env = { .arena = a, .target = t };
    if (t)
        env.tile = choose_tile(t, n);
    env.tile.form = form;
    if (t && form == TILE_INNER)
        env.tile = (Tile){ t->tile_lanes, 5, 2, form };
    Kernel k;
    const char *error = kernel_build(&env, n, &k);
    if (!error)
        run_kernel(a, &k, x, r, got);
    bool ok = !error && memcmp(want, got, (size_t)count * sizeof *got) == 0;
    if (!ok)
        printf("FAIL %s for %s: %s\n", error ? "kernel" : k.function->name,
               t ? t->name : "textbook", error ? error : "differs from the definition");
    arena_free(a);
    return ok;
}

/* --- batch norm
 * -------------------------------------------------------------------------------- */

/* The scales are quotients that float32 holds exactly, root of var + eps a power of two. So the
 * folded weights are exact too, and what the pass made must be what the definition says. */
enum { NORM_EPS_FRACTION = 4 };

static int64_t norm_root(int64_t c)
{
    return 1 << (c % 4);
}

static Node *add_norm(Graph *g, Node *conv, Diag *d)
{
    Attr a = attr_default();
    a.eps = 1.0 / NORM_EPS_FRACTION;
    Node *n = graph_add(g, OP_BATCH_NORM, "norm", (Loc){ 0 }, &conv, 1, &a, d);
    if (!n)
        exit(2);
    int64_t channels = node_channels(n);
    for (int r = 0; r < PARAM_ROLES; r++) {
        float *p = arena_new_array(g->arena, float, channels);
        for (int64_t c = 0; c < channels; c++)
            p[c] = r == PARAM_VAR ? (float)(norm_root(c) * norm_root(c)) - (float)a.eps
                                  : (float)(random_element() % 15) - 7.0f;
        n->param[r]->data = p;
    }
    g->output = n;
    return n;
}

/* (y - mean) * gamma / root + beta, with the quotient taken in the field. */
static void normalize(const Node *norm, uint64_t *y)
{
    int64_t channels = node_channels(norm);
    for (int64_t i = 0; i < shape_count(&norm->shape); i++) {
        int64_t c = i % channels;
        uint64_t p[PARAM_ROLES];
        for (int r = 0; r < PARAM_ROLES; r++)
            p[r] = field_from_double((double)norm->param[r]->data[c]);
        uint64_t scale = field_mul(p[PARAM_WEIGHT], field_rational(1, norm_root(c)));
        y[i] = field_mul(field_sub(y[i], p[PARAM_MEAN]), scale);
        y[i] = field_add(y[i], p[PARAM_BIAS]);
    }
}

static bool check_folded(const Layer *l, const Target *t)
{
    Arena *a = arena_new(), *scratch = arena_new();
    Diag d = { .out = stderr };
    Graph *g = graph_new(a, "layer");
    Node *conv = build_layer(g, l, &d), *norm = add_norm(g, conv, &d);
    int64_t count = shape_count(&norm->shape);
    uint64_t *x = random_elements(a, l->in * l->height * l->width);
    uint64_t *want = arena_new_array(a, uint64_t, count), *got = random_elements(a, count);
    direct(l, conv, x, NULL, want);
    normalize(norm, want);
    pass_find("fold_batch_norm")->run(g, scratch);
    KernelEnv env = { .arena = a, .target = t, .tile = choose_tile(t, g->output) };
    Kernel k;
    const char *error = g->output->op == OP_CONV2D ? kernel_build(&env, g->output, &k)
                                                   : "the batch norm is still there";
    if (!error)
        run_kernel(a, &k, x, NULL, got);
    bool ok = !error && memcmp(want, got, (size_t)count * sizeof *got) == 0;
    if (!ok)
        printf("FAIL folded batch norm behind %s for %s: %s\n", error ? "conv" : k.function->name,
               t->name, error ? error : "differs from the definition");
    arena_free(scratch);
    arena_free(a);
    return ok;
}

/* --- pairs, row by row ------------------------------------------------------------------------ */

static const Layer pairs[][2] = {
    { { 5, 9, 17, 32, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
      { 32, 9, 17, 32, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 32, false } },
    { { 3, 19, 22, 48, { 3, 3 }, { 2, 2 }, { 1, 1, 1, 1 }, { 1, 1 }, 1, false },
      { 48, 10, 11, 48, { 5, 5 }, { 2, 2 }, { 2, 2, 2, 2 }, { 1, 1 }, 48, false } },
    { { 6, 11, 6, 20, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
      { 20, 11, 6, 20, { 3, 3 }, { 2, 2 }, { 0, 0, 1, 1 }, { 1, 1 }, 20, false } },
    { { 4, 13, 8, 16, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 1, false },
      { 16, 13, 8, 16, { 3, 3 }, { 1, 1 }, { 2, 2, 2, 2 }, { 2, 2 }, 16, false } },
    { { 88, 9, 17, 32, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
      { 32, 9, 17, 32, { 3, 3 }, { 1, 1 }, { 1, 1, 1, 1 }, { 1, 1 }, 32, false } },
    { { 24, 11, 6, 20, { 1, 1 }, { 1, 1 }, { 0, 0, 0, 0 }, { 1, 1 }, 1, false },
      { 20, 11, 6, 20, { 3, 3 }, { 2, 2 }, { 0, 0, 1, 1 }, { 1, 1 }, 20, false } },
};

/* Beside the ring, a part by the inner product keeps a number of each pixel. */
static int64_t pair_scratch(const Node *first, const Node *second, int64_t rows, int form)
{
    int64_t pixels = first->shape.dim[2] * first->shape.dim[3];
    return interleave_floats(first, second, rows) + (form == TILE_INNER ? pixels : 0);
}

static bool check_pair(const Layer *pair, const Target *t, int64_t rows, int form)
{
    weight_unit = form == TILE_INNER ? 1.0f : 31185.0f;
    Arena *a = arena_new();
    Diag d = { .out = stderr };
    Graph *g = graph_new(a, "pair");
    Node *first = build_layer(g, &pair[0], &d);
    Node *second = build_conv(g, first, "depthwise", &pair[1], &d);
    int64_t between = shape_count(&first->shape), count = shape_count(&second->shape);
    uint64_t *x = random_elements(a, pair->in * pair->height * pair->width);
    uint64_t *y = arena_new_array(a, uint64_t, between);
    uint64_t *want = arena_new_array(a, uint64_t, count), *got = random_elements(a, count);
    direct(&pair[0], first, x, NULL, y);
    direct(&pair[1], second, y, NULL, want);
    KernelEnv env = { .arena = a, .target = t, .producer = first, .rows = rows };
    if (t) {
        env.tile = choose_tile(t, second);
        env.producer_tile = choose_tile(t, first);
    }
    if (t && form == TILE_INNER)
        env.producer_tile = (Tile){ t->tile_lanes, 5, 1, form };
    env.producer_tile.form = form;
    Kernel k;
    const char *error = interleave_applies(first, second) ? kernel_build(&env, second, &k)
                                                          : "does not apply";
    error = error ? error : loop_check(a, k.function);
    if (!error)
        run_kernel(a, &k, x, NULL, got);
    bool ok = !error && k.scratch == pair_scratch(first, second, rows, form) &&
              memcmp(want, got, (size_t)count * sizeof *got) == 0;
    if (!ok)
        printf("FAIL pair of %lld channels, %lld rows, for %s: %s\n", (long long)pair->out,
               (long long)rows, t ? t->name : "textbook",
               error ? error : "differs from the definition");
    arena_free(a);
    return ok;
}

/* The forms that winograd.c has: m, the taps of one axis, of the other. */
static const struct {
    int m;
    int64_t taps, other;
} forms[] = { { 2, 3, 1 }, { 4, 3, 1 }, { 2, 5, 1 }, { 2, 7, 1 }, { 3, 7, 1 },
              { 2, 3, 3 }, { 4, 3, 3 }, { 2, 5, 5 }, { 2, 3, 5 } };

static bool is_winograd(const Layer *l, int m)
{
    bool is_plain = l->groups == 1 && l->stride[0] * l->stride[1] == 1 && l->dilation[0] == 1;
    for (int i = 0; i < COUNT_OF(forms); i++)
        for (int axis = 0; axis < 2; axis++)
            if (is_plain && forms[i].m == m && forms[i].taps == l->kernel[axis] &&
                forms[i].other == l->kernel[1 - axis])
                return true;
    return false;
}

static bool is_strassen(const Layer *l)
{
    return l->kernel[0] * l->kernel[1] * l->stride[0] == 1 && l->in >= 64 && l->out >= 64 &&
           l->height > 1;
}

static bool is_inner(const Layer *l, const Target *t)
{
    return l->kernel[0] * l->kernel[1] == 1 && l->pad[0] == 0 && l->in >= 12 && l->height > 1 &&
           (!t || t->inner_step > 0);
}

int main(void)
{
    int passed = 0, failed = 0;
    for (int i = 0; i < COUNT_OF(layers); i++)
        for (int t = 0; targets[t]; t++)
            if (check_folded(&layers[i], targets[t]))
                passed++;
            else
                failed++;
    for (int i = 0; i < COUNT_OF(layers); i++)
        for (int t = -1; t < 0 || targets[t]; t++)
            for (int winograd = 0; winograd <= TILE_MAX_WINOGRAD; winograd++)
                if (winograd && !is_winograd(&layers[i], winograd))
                    continue;
                else if (check(&layers[i], t < 0 ? NULL : targets[t], winograd))
                    passed++;
                else
                    failed++;
    for (int i = 0; i < COUNT_OF(pairs); i++)
        for (int t = -1; t < 0 || targets[t]; t++)
            for (int64_t rows = 1; rows <= 5; rows++)
                for (int inner = 0; inner <= is_inner(pairs[i], t < 0 ? NULL : targets[t]); inner++)
                    if (check_pair(pairs[i], t < 0 ? NULL : targets[t], rows,
                                   inner ? TILE_INNER : TILE_DIRECT))
                        passed++;
                    else
                        failed++;
    for (int i = 0; i < COUNT_OF(layers); i++)
        for (int t = -1; is_strassen(&layers[i]) && (t < 0 || targets[t]); t++)
            if (check(&layers[i], t < 0 ? NULL : targets[t], TILE_STRASSEN))
                passed++;
            else
                failed++;
    for (int i = 0; i < COUNT_OF(layers); i++)
        for (int t = -1; t < 0 || targets[t]; t++)
            if (!is_inner(&layers[i], t < 0 ? NULL : targets[t]))
                continue;
            else if (check(&layers[i], t < 0 ? NULL : targets[t], TILE_INNER))
                passed++;
            else
                failed++;
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
