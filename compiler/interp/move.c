/* Operators that copy elements to other places, and reductions over named axes. */
#include "compiler/interp/eval.h"

#include <string.h>

static void copy_floats(float *to, const float *from, int64_t count)
{
    memcpy(to, from, (size_t)count * sizeof *to);
}

void eval_concat(const Eval *e)
{
    int axis = e->n->attr.axis;
    Split s = split_shape(&e->n->shape, axis);
    float *to = e->y;
    for (int i = 0; i < e->n->input_count - e->n->has_residual; i++) {
        int64_t run = e->n->input[i]->shape.dim[axis] * s.inner;
        for (int64_t o = 0; o < s.outer; o++)
            copy_floats(to + o * s.size * s.inner, e->in[i] + o * run, run);
        to += run;
    }
}

void eval_pad(const Eval *e)
{
    const Attr *a = &e->n->attr;
    const Shape *x = &e->n->input[0]->shape, *y = &e->n->shape;
    int64_t count = shape_count(y), rows = x->dim[2], width = x->dim[3];
    for (int64_t i = 0; i < count; i++)
        e->y[i] = (float)a->value;
    for (int64_t i = 0; i < shape_count(x) / width; i++) {
        int64_t row = i / rows * y->dim[2] + i % rows + a->pad[0];
        copy_floats(e->y + row * y->dim[3] + a->pad[1], e->x + i * width, width);
    }
}

void eval_pad_channels(const Eval *e)
{
    Split x = split_shape(&e->n->input[0]->shape, 1), y = split_shape(&e->n->shape, 1);
    int64_t run = x.size * x.inner;
    memset(e->y, 0, (size_t)shape_count(&e->n->shape) * sizeof *e->y);
    for (int64_t o = 0; o < x.outer; o++)
        copy_floats(e->y + (o * y.size + e->n->attr.begin) * y.inner, e->x + o * run, run);
}

void eval_slice(const Eval *e)
{
    const Attr *a = &e->n->attr;
    Split x = split_shape(&e->n->input[0]->shape, a->axis), y = split_shape(&e->n->shape, a->axis);
    for (int64_t i = 0; i < y.outer * y.size; i++) {
        int64_t from = i / y.size * x.size + a->begin + i % y.size * a->step;
        copy_floats(e->y + i * y.inner, e->x + from * x.inner, y.inner);
    }
}

void eval_permute(const Eval *e)
{
    const Shape *x = &e->n->input[0]->shape, *y = &e->n->shape;
    int64_t step[SHAPE_MAX_RANK], count = shape_count(y);
    for (int i = 0; i < y->rank; i++)
        step[i] = split_shape(x, e->n->attr.axes[i]).inner;
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, from = 0;
        for (int d = y->rank - 1; d >= 0; d--) {
            from += rest % y->dim[d] * step[d];
            rest /= y->dim[d];
        }
        e->y[i] = e->x[from];
    }
}

/* Zhang et al., 2018: channels [groups][size] become [size][groups]. */
void eval_channel_shuffle(const Eval *e)
{
    Split s = split_shape(&e->n->shape, 1);
    int64_t groups = e->n->attr.groups, size = s.size / groups;
    for (int64_t i = 0; i < s.outer * s.size; i++) {
        int64_t image = i / s.size, c = i % s.size;
        int64_t from = image * s.size + c % groups * size + c / groups;
        copy_floats(e->y + i * s.inner, e->x + from * s.inner, s.inner);
    }
}

/* Steps through the result for each axis of the input; 0 along the reduced ones. */
static void reduced_steps(const Node *n, int64_t *step)
{
    const Shape *x = &n->input[0]->shape;
    int64_t size = 1;
    for (int d = x->rank - 1; d >= 0; d--) {
        bool reduced = false;
        for (int i = 0; i < n->attr.axis_count; i++)
            reduced = reduced || n->attr.axes[i] == d;
        step[d] = reduced ? 0 : size;
        size *= reduced ? 1 : x->dim[d];
    }
}

void eval_reduce(const Eval *e)
{
    const Shape *x = &e->n->input[0]->shape;
    int64_t step[SHAPE_MAX_RANK], count = shape_count(x), results = shape_count(&e->n->shape);
    bool is_max = e->n->op == OP_MAX;
    Arena *scratch = arena_new();
    double *total = arena_new_array(scratch, double, results);
    int64_t *seen = arena_new_array(scratch, int64_t, results);
    reduced_steps(e->n, step);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, to = 0;
        for (int d = x->rank - 1; d >= 0; d--) {
            to += rest % x->dim[d] * step[d];
            rest /= x->dim[d];
        }
        double v = e->x[i];
        total[to] = !seen[to]++ ? v : !is_max ? total[to] + v : v > total[to] ? v : total[to];
    }
    for (int64_t i = 0; i < results; i++)
        e->y[i] = (float)(is_max ? total[i] : total[i] / (double)seen[i]);
    arena_free(scratch);
}
