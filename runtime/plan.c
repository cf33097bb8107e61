/* The lists of steps of all runs, as a tree: a list is cut where another one departs from it, and
 * pieces that begin alike and have the same steps are one stage. Two runs that agree in all steps
 * and in the size of their input have one input. Nothing is made before a run asks for it, so that
 * a cascade that ends early does nothing for the networks behind. */
#include "runtime/plan.h"

#include "runtime/bench.h"
#include "runtime/preprocess.h"

#include <stdlib.h>
#include <string.h>

/* --- lists of steps -------------------------------------------------------------------------- */

static int same_step(const kiln_step *a, const kiln_step *b)
{
    return a->op == b->op && a->method == b->method && memcmp(a->n, b->n, sizeof a->n) == 0 &&
           memcmp(a->v, b->v, sizeof a->v) == 0;
}

/* How many steps two lists have in common at their beginning. */
static int common_steps(const kiln_step *a, int a_count, const kiln_step *b, int b_count)
{
    int n = 0;

    while (n < a_count && n < b_count && same_step(&a[n], &b[n]))
        n++;
    return n;
}

static int same_steps(const kiln_member *a, const kiln_member *b)
{
    return a->step_count == b->step_count &&
           common_steps(a->steps, a->step_count, b->steps, b->step_count) == a->step_count;
}

int plan_view_count(const kiln_member *m)
{
    return m->view_count > 1 ? m->view_count : 1;
}

kiln_member plan_member_of_view(const kiln_member *m, int view)
{
    kiln_member v = *m;

    if (m->view_count > 0) {
        v.steps = m->views[view].steps;
        v.step_count = m->views[view].step_count;
    }
    return v;
}

/* --- the tree -------------------------------------------------------------------------------- */

/* The next place behind `at` where some other list departs from that of input i. */
static int next_cut(const Plan *p, int i, int at)
{
    const kiln_member *m = &p->input[i].member;
    const int pixels = preprocess_pixel_steps(m);
    int cut = pixels;

    for (int k = 0; k < p->input_count; k++) {
        const kiln_member *other = &p->input[k].member;
        const int common = common_steps(m->steps, pixels, other->steps,
                                        preprocess_pixel_steps(other));
        if (common > at && common < cut)
            cut = common;
    }
    return cut;
}

static int add_stage(Plan *p, const PlanInput *input, int parent, int first, int count)
{
    const PlanStage stage = { .steps = { .network = input->member.network,
                                         .steps = input->member.steps + first,
                                         .step_count = count },
                              .first = first,
                              .parent = parent };

    for (int i = 0; i < p->stage_count; i++)
        if (p->stage[i].parent == parent && same_steps(&p->stage[i].steps, &stage.steps))
            return i;
    p->stage[p->stage_count] = stage;
    p->stage[p->stage_count].member = -1;
    return p->stage_count++;
}

static void build_stages(Plan *p)
{
    for (int i = 0; i < p->input_count; i++) {
        const int end = preprocess_pixel_steps(&p->input[i].member);
        int parent = -1;
        for (int at = 0; at < end;) {
            const int cut = next_cut(p, i, at);
            parent = add_stage(p, &p->input[i], parent, at, cut - at);
            at = cut;
        }
        p->input[i].stage = parent;
    }
}

static int same_input(const kiln_member *a, const kiln_member *b)
{
    const kiln_shape *x = &a->network->input, *y = &b->network->input;

    return x->rank == y->rank && memcmp(x->dim, y->dim, (size_t)x->rank * sizeof *x->dim) == 0 &&
           same_steps(a, b);
}

static int add_input(Plan *p, const kiln_member *m)
{
    for (int i = 0; i < p->input_count; i++)
        if (same_input(&p->input[i].member, m))
            return i;
    p->input[p->input_count].member = *m;
    return p->input_count++;
}

static void build_runs(Plan *p, const kiln_classifier *program)
{
    for (int m = 0; m < program->member_count; m++)
        for (int v = 0; v < plan_view_count(&program->members[m]); v++) {
            const kiln_member member = plan_member_of_view(&program->members[m], v);
            PlanRun *run = &p->run[p->run_count++];
            run->member = m;
            run->input = add_input(p, &member);
            p->input[run->input].run_count++;
        }
}

static void count_users(Plan *p)
{
    for (int r = 0; r < p->run_count; r++) {
        int s = p->input[p->run[r].input].stage;
        for (; s >= 0; s = p->stage[s].parent) {
            if (p->stage[s].run_count++ == 0)
                p->stage[s].member = p->run[r].member;
        }
    }
}

static size_t floats_of(const kiln_shape *shape)
{
    size_t n = 1;

    for (int i = 0; i < shape->rank; i++)
        n *= (size_t)shape->dim[i];
    return n;
}

int plan_new(Plan *p, const kiln_classifier *program, Reason *why)
{
    size_t runs = 0, steps = 0;

    memset(p, 0, sizeof *p);
    for (int m = 0; m < program->member_count; m++)
        for (int v = 0; v < plan_view_count(&program->members[m]); v++) {
            runs++;
            steps += (size_t)plan_member_of_view(&program->members[m], v).step_count;
        }
    p->run = calloc(runs, sizeof *p->run);
    p->input = calloc(runs, sizeof *p->input);
    p->stage = calloc(steps + 1, sizeof *p->stage);
    if (p->run && p->input && p->stage) {
        build_runs(p, program);
        build_stages(p);
        count_users(p);
        return 1;
    }
    plan_free(p);
    return reason_set(why, "out of memory");
}

/* --- running it ------------------------------------------------------------------------------ */

void plan_forget(Plan *p)
{
    for (int i = 0; i < p->stage_count; i++)
        image_free(&p->stage[i].image);
    for (int i = 0; i < p->input_count; i++)
        p->input[i].is_done = 0;
    for (int i = 0; i < KILN_DECODER_COUNT; i++)
        image_free(&p->picture[i]);
}

void plan_free(Plan *p)
{
    plan_forget(p);
    for (int i = 0; i < p->input_count; i++)
        free(p->input[i].data);
    free(p->run);
    free(p->input);
    free(p->stage);
    memset(p, 0, sizeof *p);
}

int plan_uses(const Plan *p, enum kiln_decoder decoder)
{
    for (int i = 0; i < p->input_count; i++)
        if (preprocess_decoder(&p->input[i].member) == decoder)
            return 1;
    return 0;
}

void plan_set_picture(Plan *p, const Image *picture)
{
    p->picture[picture->decoder] = *picture;
}

/* The image that a stage makes, with all those before it; NULL after failing. */
static const Image *make_stage(Plan *p, int i, Reason *why)
{
    PlanStage *stage = &p->stage[i];
    const Image *before;
    double start;

    if (stage->image.rgb || stage->image.floats)
        return &stage->image;
    before = stage->parent >= 0 ? make_stage(p, stage->parent, why)
                                : &p->picture[preprocess_decoder(&stage->steps)];
    start = clock_seconds();
    if (!before ||
        !preprocess_steps(stage->steps.steps, stage->steps.step_count, before, &stage->image, why))
        return NULL;
    stage->seconds = clock_seconds() - start;
    return &stage->image;
}

static int allocate_input(PlanInput *input, Reason *why)
{
    const size_t bytes = floats_of(&input->member.network->input) * sizeof(float);

    if (!input->data)
        input->data = malloc(bytes);
    return input->data ? 1 : reason_set(why, "out of memory: an input needs %zu bytes", bytes);
}

int plan_prepare(Plan *p, int run, const float **data, Reason *why)
{
    PlanInput *input = &p->input[p->run[run].input];

    if (!allocate_input(input, why))
        return 0;
    *data = input->data;
    if (!input->is_done) {
        const Image *image = input->stage >= 0 ? make_stage(p, input->stage, why)
                                               : &p->picture[preprocess_decoder(&input->member)];
        const double start = clock_seconds();
        if (!image || !preprocess_floats(&input->member, image, input->data, why))
            return 0;
        input->seconds = clock_seconds() - start;
        input->is_done = 1;
    }
    return 1;
}
