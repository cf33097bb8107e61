/* Small graphs for unit tests: one builder that collects messages, one call per operator. */
#ifndef KILN_TESTS_SUPPORT_GRAPHS_H
#define KILN_TESTS_SUPPORT_GRAPHS_H

#include "compiler/graph/graph.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Build {
    Arena *a;
    Graph *g;
    Diag diag;
    char *messages; /* what was reported; read with build_messages() */
    size_t length;
} Build;

static inline Build *build_new(void)
{
    Arena *a = arena_new();
    Build *b = arena_new_of(a, Build);
    b->a = a;
    b->g = graph_new(a, "test");
    b->diag.out = open_memstream(&b->messages, &b->length);
    return b;
}

static inline const char *build_messages(Build *b)
{
    fflush(b->diag.out);
    return b->messages;
}

static inline void build_free(Build *b)
{
    fclose(b->diag.out);
    free(b->messages);
    arena_free(b->a);
}

/* The node becomes the graph's output. */
static inline Node *build_list(Build *b, OpKind op, const char *path, Node *const *x, int count,
                               Attr attr)
{
    Node *n = graph_add(b->g, op, path, (Loc){ 0 }, x, count, &attr, &b->diag);
    if (n)
        b->g->output = n;
    return n;
}

static inline Node *build_input(Build *b, Shape shape)
{
    Attr attr = attr_default();
    attr.shape = shape;
    return build_list(b, OP_INPUT, "input", NULL, 0, attr);
}

static inline Node *build_1(Build *b, OpKind op, const char *path, Node *x, Attr attr)
{
    return build_list(b, op, path, &x, 1, attr);
}

static inline Node *build_2(Build *b, OpKind op, const char *path, Node *x, Node *y)
{
    Node *const inputs[] = { x, y };
    return build_list(b, op, path, inputs, 2, attr_default());
}

/* A square convolution with `same`-sized result at stride 1. */
static inline Node *build_conv(Build *b, const char *path, Node *x, int64_t out, int64_t kernel)
{
    Attr attr = attr_default();
    attr.out = out;
    for (int i = 0; i < 4; i++) {
        attr.kernel[i % 2] = kernel;
        attr.pad[i] = kernel / 2;
    }
    return build_1(b, OP_CONV2D, path, x, attr);
}

/* Numbers in [-1, 1), the same in every run. */
static inline float *build_numbers(Arena *a, int64_t count, unsigned seed)
{
    float *v = arena_new_array(a, float, count);
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = (float)(seed >> 8) * 0x1p-23f - 1;
    }
    return v;
}

/* Gives every parameter numbers; variances are positive. */
static inline void build_bind(Build *b)
{
    for_each_node(n, b->g)
        for (int r = 0; r < PARAM_ROLES; r++) {
            Param *p = n->param[r];
            if (!p || p->data)
                continue;
            float *v = build_numbers(b->a, shape_count(&p->shape), (unsigned)(97 * n->id + r));
            for (int64_t i = 0; r == PARAM_VAR && i < shape_count(&p->shape); i++)
                v[i] = 1.5f + v[i];
            p->data = v;
        }
}

#endif
