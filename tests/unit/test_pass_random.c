/* Random graphs through all passes: whatever the structure, each node must compute what its origin
 * in the source graph computes, the memory plan must be sound, and running in planned storage must
 * give the same bits as running with a tensor per node. */
#include "compiler/interp/interp.h"
#include "compiler/pass/pass.h"
#include "tests/support/graphs.h"
#include "tests/support/storage.h"

#include <check.h>
#include <math.h>

enum { GRAPHS_PER_CASE = 25, CASES = 16 };

typedef struct Random {
    Build *b;
    uint64_t state;
    Vec(Node *) maps; /* [1, c, 4, 3] */
} Random;

static int below(Random *r, int n)
{
    r->state = r->state * 6364136223846793005u + 1442695040888963407u;
    return (int)((r->state >> 33) % (uint64_t)n);
}

/* A map, more often a late one than an early one. */
static Node *any_map(Random *r)
{
    int count = r->maps.count, back = below(r, count) * (below(r, 3) + 1) / 3;
    return r->maps.at[count - 1 - back];
}

/* A map with the channels of x where one turns up; else x. */
static Node *alike(Random *r, const Node *x)
{
    for (int i = 0; i < 6; i++) {
        Node *y = any_map(r);
        if (shape_equal(&y->shape, &x->shape))
            return y;
    }
    return (Node *)x;
}

static Node *random_concat(Random *r, const char *path)
{
    Node *members[4];
    int count = 1 + below(r, 4);
    for (int i = 0; i < count; i++)
        members[i] = any_map(r);
    return build_list(r->b, OP_CONCAT, path, members, count, attr_default());
}

static Node *random_slice(Random *r, const char *path, Node *x)
{
    Attr a = attr_default();
    int channels = (int)x->shape.dim[1];
    a.begin = below(r, channels);
    a.end = a.begin + 1 + below(r, channels - (int)a.begin);
    a.step = below(r, 4) == 0 ? 2 : 1;
    return build_1(r->b, OP_SLICE, path, x, a);
}

static Node *random_pool(Random *r, const char *path, Node *x)
{
    Attr a = attr_default();
    for (int i = 0; i < 4; i++) {
        a.kernel[i % 2] = 3;
        a.pad[i] = 1;
    }
    return build_1(r->b, below(r, 2) ? OP_MAX_POOL : OP_AVG_POOL, path, x, a);
}

/* A pad that a convolution takes back. */
static Node *random_padded(Random *r, const char *path, Node *x)
{
    Attr a = attr_default();
    a.pad[below(r, 4)] = 1;
    x = build_1(r->b, OP_PAD, arena_printf(r->b->a, "%s.pad", path), x, a);
    a = attr_default();
    a.out = 1 + below(r, 5);
    a.kernel[0] = x->shape.dim[2] - 3;
    a.kernel[1] = x->shape.dim[3] - 2;
    return build_1(r->b, OP_CONV2D, path, x, a);
}

/* x scaled by what a squeezed copy of it says. */
static Node *random_gate(Random *r, const char *path, Node *x)
{
    Attr a = attr_default();
    Build *b = r->b;
    a.out = x->shape.dim[1];
    Node *s = build_1(b, OP_GLOBAL_AVG_POOL, arena_printf(b->a, "%s.pool", path), x, a);
    s = build_1(b, OP_DENSE, arena_printf(b->a, "%s.fc", path), s, a);
    s = build_1(b, OP_SIGMOID, arena_printf(b->a, "%s.sigmoid", path), s, a);
    a.shape = shape_of(4, (int64_t)1, a.out, (int64_t)1, (int64_t)1);
    s = build_1(b, OP_RESHAPE, arena_printf(b->a, "%s.reshape", path), s, a);
    return build_2(b, OP_MUL, path, x, s);
}

static Node *random_node(Random *r, const char *path)
{
    static const OpKind unary[] = { OP_RELU, OP_TANH, OP_DROPOUT, OP_BATCH_NORM, OP_HARDSWISH };
    static const OpKind binary[] = { OP_ADD, OP_ADD, OP_SUB, OP_MUL };
    Node *x = any_map(r);
    Attr a = attr_default();
    switch (below(r, 13)) {
    case 0:
    case 1:
    case 2:
        return build_conv(r->b, path, x, 1 + below(r, 5), 1 + 2 * below(r, 2));
    case 3:
    case 4:
        return build_2(r->b, binary[below(r, COUNT_OF(binary))], path, x, alike(r, x));
    case 5:
    case 6:
        return random_concat(r, path);
    case 7:
        return random_slice(r, path, x);
    case 8:
        return random_pool(r, path, x);
    case 9:
        return random_padded(r, path, x);
    case 10:
        return random_gate(r, path, x);
    case 11:
        a.scale = below(r, 3);
        a.shift = below(r, 2);
        return build_1(r->b, OP_AFFINE, path, x, a);
    default:
        return build_1(r->b, unary[below(r, COUNT_OF(unary))], path, x, a);
    }
}

static void random_graph(Random *r)
{
    Build *b = r->b;
    int count = 3 + below(r, 25);
    Node *input = build_input(b, shape_of(4, (int64_t)1, (int64_t)3, (int64_t)4, (int64_t)3));
    vec_push(b->a, &r->maps, input);
    for (int i = 0; i < count; i++) {
        Node *n = random_node(r, arena_printf(b->a, "n%d", i));
        ck_assert_msg(n != NULL, "%s", build_messages(b));
        if (n->shape.dim[1] <= 24)
            vec_push(b->a, &r->maps, n);
    }
    if (below(r, 3) == 0) {
        Attr a = attr_default();
        a.out = 2;
        Node *flat = build_1(b, OP_FLATTEN, "flat", vec_last(&r->maps), a);
        build_1(b, below(r, 2) ? OP_DENSE : OP_SOFTMAX, "head", flat, a);
    }
    build_bind(b);
}

/* Products grow: errors are judged against the largest value of the node. */
static void compare_node(const Build *b, const Node *n, const float *after, const float *source)
{
    float most = 1;
    for (int64_t i = 0; i < shape_count(&n->shape); i++)
        most = fmaxf(most, fabsf(source[i]));
    for (int64_t i = 0; i < shape_count(&n->shape); i++) {
        Text t = { .arena = b->a };
        if (fabsf(after[i] - source[i]) <= 1e-3f * most)
            continue;
        graph_dump(b->g, &t);
        ck_abort_msg("%s[%d] is %g, not %g, in\n%s", n->path, (int)i, (double)after[i],
                     (double)source[i], text_string(&t));
    }
}

static void check_graph(Build *b)
{
    Arena *scratch = arena_new();
    Graph *g = graph_copy(b->a, b->g);
    pass_run(g, NULL, scratch);
    arena_free(scratch);
    const float *input = build_numbers(b->a, shape_count(&b->g->input->shape), 11);
    Interp source, after;
    interp_run(b->a, b->g, input, interp_keep_all(b->a, b->g), &source);
    interp_run(b->a, g, input, interp_keep_all(b->a, g), &after);
    for_each_node(n, g)
        compare_node(b, n, after.value[n->id], source.value[n->origin->id]);
    MemoryPlan plan;
    plan_memory(g, &(PlanNeeds){ .pictures = 1 }, b->a, &plan);
    const char *problem = plan_check(g, &(PlanNeeds){ .pictures = 1 }, &plan, b->a);
    ck_assert_msg(!problem, "%s", problem);
    const float *stored = storage_run(g, input, b->a);
    ck_assert_mem_eq(stored, after.value[g->output->id],
                     (size_t)shape_count(&g->output->shape) * sizeof *stored);
    interp_free(&source);
    interp_free(&after);
}

START_TEST(random_graphs)
{
    for (int i = 0; i < GRAPHS_PER_CASE; i++) {
        Random r = { .b = build_new(), .state = (uint64_t)(_i * GRAPHS_PER_CASE + i) };
        random_graph(&r);
        check_graph(r.b);
        build_free(r.b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pass/random");
    TCase *t = tcase_create("graphs");
    tcase_add_loop_test(t, random_graphs, 0, CASES);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
