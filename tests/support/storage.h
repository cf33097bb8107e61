/* Runs a transformed graph in its real storage: one arena with the offsets of the memory plan,
 * tensors in NHWC at the places that their views say. Each node reads its arguments from there and
 * writes its result there; aliases do nothing. So a value that is overwritten too early, or a view
 * that is off, changes the result, which must equal the interpreter's bit for bit. */
#ifndef KILN_TESTS_SUPPORT_STORAGE_H
#define KILN_TESTS_SUPPORT_STORAGE_H

#include "compiler/graph/view.h"
#include "compiler/interp/interp.h"
#include "compiler/schedule/plan_memory.h"

#include <math.h>

typedef struct Storage {
    Arena *a;
    const Graph *g;
    MemoryPlan plan;
    float **base; /* [nodes]: of each owner's storage */
} Storage;

/* Where element i of the logical C order lies in the storage of n's owner. */
static int64_t storage_place(const Node *n, int64_t i)
{
    const Node *order = view_is_permuted(n) ? n->input[0] : n; /* whose axes i runs over */
    int64_t channels = node_channels(order), c = i % channels, pixel = i / channels;
    if (order->shape.rank == 4) {
        int64_t map = node_height(order) * node_width(order);
        c = i / map % channels;
        pixel = i / (channels * map) * map + i % map;
    }
    return view_is_permuted(n) ? pixel * channels + c
                               : n->view.channel + pixel * view_pixel_stride(n) + c;
}

static float *storage_gather(const Storage *s, const Node *n, Arena *a)
{
    int64_t count = shape_count(&n->shape);
    float *value = arena_new_array(a, float, count);
    for (int64_t i = 0; i < count; i++)
        value[i] = s->base[n->view.owner->id][storage_place(n, i)];
    return value;
}

static void storage_scatter(const Storage *s, const Node *n, const float *value)
{
    int64_t count = shape_count(&n->shape);
    for (int64_t i = 0; i < count; i++)
        s->base[n->view.owner->id][storage_place(n, i)] = value[i];
}

/* Owners in the arena lie where the plan says; the others have buffers of their own. All is NaN. */
static void storage_allocate(Storage *s)
{
    int64_t floats = s->plan.bytes / (int64_t)sizeof(float);
    float *arena = arena_new_array(s->a, float, floats);
    for (int64_t i = 0; i < floats; i++)
        arena[i] = NAN;
    s->base = arena_new_array(s->a, float *, s->g->nodes.count);
    for_each_node(n, s->g) {
        int64_t offset = s->plan.offset[n->id];
        s->base[n->id] = offset >= 0 ? arena + offset / (int64_t)sizeof(float)
                                     : arena_new_array(s->a, float, shape_count(&n->shape));
    }
}

static void storage_run_node(const Storage *s, const Node *n)
{
    Arena *step = arena_new();
    const float **inputs = arena_new_array(step, const float *, n->input_count + 1);
    for (int i = 0; i < n->input_count; i++)
        inputs[i] = storage_gather(s, n->input[i], step);
    float *value = arena_new_array(step, float, shape_count(&n->shape));
    interp_node(n, inputs, value);
    storage_scatter(s, n, value);
    arena_free(step);
}

/* The output, in C order of its logical shape. */
static float *storage_run(const Graph *g, const float *input, Arena *a)
{
    Storage s = { .a = a, .g = g };
    plan_memory(g, &(PlanNeeds){ .pictures = 1 }, a, &s.plan);
    storage_allocate(&s);
    storage_scatter(&s, g->input, input);
    for_each_node(n, g)
        if (n->op != OP_INPUT && !view_is_alias(n))
            storage_run_node(&s, n);
    return storage_gather(&s, g->output, a);
}

#endif
