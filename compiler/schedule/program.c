/* From a graph to the program that emit/ prints: a kernel for every node that computes something,
 * the memory plan, and the arguments of each call. Functions with one name are one function. */
#include "compiler/schedule/program.h"

#include "compiler/base/diag.h"
#include "compiler/base/map.h"
#include "compiler/graph/view.h"
#include "compiler/kernel/kernel.h"
#include "compiler/schedule/choose.h"
#include "compiler/schedule/cost.h"
#include "compiler/schedule/picturewise.h"
#include "compiler/schedule/plan_memory.h"

#include <string.h>

typedef struct Builder {
    Arena *arena;
    const Graph *g;
    Program *p;
    Kernel *kernel;   /* [nodes] */
    Map functions;    /* name -> Function */
    Tile *tile;       /* [nodes] */
    LoopShare *share; /* [nodes] */
    Map arrays;       /* path and layout -> ConstArray */
    int picturewise;  /* nodes before it run picture by picture */
    Pairs pairs;
    MemoryPlan plan;
    const bool
        *crosses; /* [nodes]: storage of all pictures, in the part that runs one by one, too */
    CostModel cost;
} Builder;

/* Of one run of its function. */
static int64_t pictures_of(const Builder *b, const Node *n)
{
    return n->id < b->picturewise ? 1 : b->p->pictures;
}

/* Is it a small depthwise map that squeeze-excite reads twice? Its rows would come out uneven, and
 * a pool of so few pixels is divided by channels: so is all between the two 1x1 convolutions. */
static bool is_pooled_and_scaled(const Builder *b, const Node *n)
{
    enum { FEWEST_ROWS = 12 };
    bool depthwise = n->attr.groups > 1 && n->attr.groups == node_channels(n);
    return depthwise && node_height(n) < FEWEST_ROWS && graph_use_count(b->g, n) > 1;
}

/* Threads divide what is larger, so that the rest is what they all read; nodes without weights
 * follow what they read. */
static LoopShare choose_share(const Builder *b, const Node *n)
{
    if (!b->p->parallel)
        return SHARE_NONE;
    if (n->input_count == 0 || !n->param[PARAM_WEIGHT])
        return n->input_count && b->share[n->input[0]->id] ? b->share[n->input[0]->id]
                                                           : SHARE_PIXELS;
    if (is_pooled_and_scaled(b, n))
        return SHARE_CHANNELS;
    int64_t weights = shape_count(&n->param[PARAM_WEIGHT]->shape);
    int64_t values = shape_count(&n->input[0]->shape) + shape_count(&n->shape);
    int form = b->tile[n->id].form;
    if (form == TILE_STRASSEN) { /* sums of pixels are shared by all channels */
        values *= 9;
    } else if (form && form != TILE_INNER) { /* its weights, and tiles that overlap */
        WinogradTile t = winograd_tile(n, form);
        weights = weights * t.points / (n->attr.kernel[0] * n->attr.kernel[1]);
        values = values * t.points / (t.height * t.width);
    }
    return weights > values ? SHARE_CHANNELS : SHARE_PIXELS;
}

static bool fetches_ahead(const Builder *b)
{
    const Target *t = b->p->target;
    return t->has_prefetch && b->cost.weight_bytes > t->l2_bytes;
}

/* Is it computed, and not together with a later one? */
static bool has_call(const Builder *b, const Node *n)
{
    return !kernel_is_void(n) && b->pairs.computed_at[n->id] == n->id;
}

static bool has_one_pixel(const Builder *b, const Node *n)
{
    return node_height(n) * node_width(n) * pictures_of(b, n) == 1;
}

/* The weights of a node that reads each of them once; NULL: it does not. */
static const ConstArray *read_once(const Builder *b, const Node *n)
{
    const Kernel *k = &b->kernel[n->id];
    const ConstArray *largest = NULL;
    bool has_matrix = n->op == OP_CONV2D || n->op == OP_DENSE;
    if (!has_call(b, n) || !has_matrix || !has_one_pixel(b, n))
        return NULL;
    for (int i = 0; i < k->function->param_count; i++) {
        const ConstArray *array = k->operand[i].array;
        if (array && (!largest || array->count > largest->count))
            largest = array;
    }
    return largest;
}

/* What a convolution of many pixels fetches: what is read once before the next one, as far as it
 * fits half of the second-level cache. */
static void choose_fetched(const Builder *b, const Node *n, KernelEnv *env)
{
    enum { FEWEST_LINES = 128 };
    int64_t room = b->p->target->l2_bytes / 2 / (PACK_LANES * (int64_t)sizeof(float));
    if (!env->fetches_ahead || n->op != OP_CONV2D || pictures_of(b, n) > 1 || has_one_pixel(b, n))
        return;
    for (int i = n->id + 1, count = 0; i < b->g->nodes.count && count < KERNEL_MAX_FETCHED; i++) {
        const Node *next = b->g->nodes.at[i];
        const ConstArray *array = next->param[PARAM_WEIGHT] ? read_once(b, next) : NULL;
        int64_t lines = array ? array->count / PACK_LANES : 0;
        if (next->param[PARAM_WEIGHT] && (!array || lines > room))
            return;
        room -= lines;
        if (lines >= FEWEST_LINES)
            env->fetched[count++] = array;
    }
}

static const char *build_kernel(Builder *b, const Node *n)
{
    KernelEnv env = { .arena = b->arena,
                      .target = b->p->target,
                      .tile = b->tile[n->id],
                      .share = b->share[n->id],
                      .pictures = pictures_of(b, n),
                      .fetches_ahead = fetches_ahead(b),
                      .rows = b->pairs.rows[n->id] };
    const Node *first = b->pairs.producer[n->id];
    if (first && env.rows) {
        env.producer = first;
        env.producer_tile = b->tile[first->id];
    } else {
        env.product = first;
    }
    choose_fetched(b, n, &env);
    Kernel *k = &b->kernel[n->id];
    const char *error = kernel_build(&env, n, k);
    if (error)
        return arena_printf(b->arena, "%s: %s", n->path, error);
    error = loop_check(b->arena, k->function);
    if (error) {
        Text t = { .arena = b->arena };
        loop_print(k->function, &t);
        bug("%s: %s\n%s", n->path, error, text_string(&t));
    }
    return NULL;
}

/* The function of that name, which must be the same one. */
static const Function *intern_function(Builder *b, const Function *f)
{
    Function *known = map_get(&b->functions, f->name);
    if (!known) {
        map_set(b->arena, &b->functions, f->name, (void *)f);
        vec_push(b->arena, &b->p->functions, f);
        return f;
    }
    Text mine = { .arena = b->arena }, other = { .arena = b->arena };
    loop_print(f, &mine);
    loop_print(known, &other);
    if (strcmp(text_string(&mine), text_string(&other)) != 0)
        bug("two functions are called '%s'", f->name);
    return known;
}

/* A parameter that two nodes share is packed once. */
static const ConstArray *intern_array(Builder *b, const ConstArray *a)
{
    const char *key = arena_printf(b->arena, "%s %s", a->path, a->layout);
    const ConstArray *known = map_get(&b->arrays, key);
    if (known && known->count == a->count)
        return known;
    map_set(b->arena, &b->arrays, key, (void *)a);
    vec_push(b->arena, &b->p->arrays, a);
    return a;
}

/* Where a call of `reader` finds the value of n, or of its first picture. */
static Argument storage(const Builder *b, const Node *reader, const Node *n)
{
    const Node *owner = n->view.owner;
    Argument a = { .offset = n->view.channel };
    if (pictures_of(b, reader) < b->p->pictures)
        a.pitch = shape_count(&owner->shape);
    if (owner == b->g->input->view.owner) {
        a.kind = ARGUMENT_INPUT;
    } else if (owner == b->g->output->view.owner) {
        a.kind = ARGUMENT_OUTPUT;
    } else {
        a.kind = ARGUMENT_ARENA;
        a.pitch = b->crosses[owner->id] ? a.pitch : 0;
        a.offset += b->plan.offset[owner->id] / (int64_t)sizeof(float);
    }
    return a;
}

static double predicted(const Builder *b, const Node *n)
{
    return cost_milliseconds(b->p->target, cost_cycles(&b->cost, n, b->tile[n->id]));
}

static int64_t parameter_bytes(const Node *n)
{
    int64_t bytes = 0;
    for (int r = 0; r < PARAM_ROLES; r++)
        if (n->param[r])
            bytes += (int64_t)sizeof(float) * shape_count(&n->param[r]->shape);
    return bytes;
}

static void build_call(Builder *b, const Node *n)
{
    const Kernel *k = &b->kernel[n->id];
    Argument *argument = arena_new_array(b->arena, Argument, k->function->param_count);
    int64_t scratch = b->plan.scratch_offset[n->id] / (int64_t)sizeof(float);
    for (int i = 0; i < k->function->param_count; i++) {
        const Operand *o = &k->operand[i];
        switch (o->kind) {
        case OPERAND_INPUT:
            argument[i] = storage(b, n, o->node->input[o->input]);
            break;
        case OPERAND_OUTPUT:
            argument[i] = storage(b, n, n);
            break;
        case OPERAND_CONST:
            argument[i] = (Argument){ .kind = ARGUMENT_CONST, .array = intern_array(b, o->array) };
            break;
        case OPERAND_SCRATCH:
            argument[i] = (Argument){ .kind = ARGUMENT_ARENA, .offset = scratch };
            scratch += o->count;
            break;
        }
    }
    const Node *producer = b->pairs.producer[n->id];
    b->p->winograd |= b->tile[n->id].form != TILE_DIRECT;
    b->p->weight_originals += parameter_bytes(n) + (producer ? parameter_bytes(producer) : 0);
    Call call = { .function = intern_function(b, k->function),
                  .argument = argument,
                  .node = n,
                  .producer = producer,
                  .summary = k->summary,
                  .tile = k->tile,
                  .pictures = pictures_of(b, n),
                  .macs = b->p->pictures * node_macs(n),
                  .predicted = (double)b->p->pictures * predicted(b, n) };
    if (producer && b->pairs.rows[n->id]) {
        call.macs += b->p->pictures * node_macs(producer);
        call.predicted += (double)b->p->pictures * predicted(b, producer);
    }
    vec_push(b->arena, &b->p->calls, call);
    b->p->picturewise += n->id < b->picturewise;
}

static void plan(Builder *b)
{
    int64_t *scratch = arena_new_array(b->arena, int64_t, b->g->nodes.count);
    for_each_node(n, b->g)
        scratch[n->id] = b->kernel[n->id].scratch * (int64_t)sizeof(float);
    const PlanNeeds needs = { b->p->pictures, scratch, b->pairs.computed_at, b->picturewise };
    b->crosses = plan_crossing(b->g, &needs, b->arena);
    plan_memory(b->g, &needs, b->arena, &b->plan);
    const char *error = plan_check(b->g, &needs, &b->plan, b->arena);
    if (error)
        bug("memory plan of %s: %s", b->g->name, error);
    b->p->arena_bytes = b->plan.bytes;
    b->p->arena_lower_bound = b->plan.lower_bound;
}

/* From the last to the first, which fetch for those behind them. */
static const char *build_kernels(Builder *b)
{
    const char *first_error = NULL;
    for (int i = b->g->nodes.count - 1; i >= 0; i--) {
        const Node *n = b->g->nodes.at[i];
        const char *error = has_call(b, n) ? build_kernel(b, n) : NULL;
        first_error = error ? error : first_error;
    }
    return first_error;
}

const char *program_build(Arena *arena, const Graph *g, const ProgramOptions *options, Program *out)
{
    *out = (Program){
        .name = g->name, .graph = g, .target = options->target, .parallel = options->parallel
    };
    out->pictures = options->pictures > 1 ? options->pictures : 1;
    out->input_count = out->pictures * shape_count(&g->input->shape);
    out->output_count = out->pictures * shape_count(&g->output->shape);
    Builder b = { .arena = arena, .g = g, .p = out };
    const char *problem = choose_tiles(arena, options->target, g, options->optimize,
                                       options->tuning, &b.tile);
    if (problem)
        return problem;
    /* Threads share a layer: they have more to do when all pictures run at once. */
    bool divides = out->pictures > 1 && !options->parallel;
    b.picturewise = divides ? picturewise_choose(g, b.tile, out->pictures) : 0;
    for_each_node(n, g)
        if (n->op == OP_DENSE &&
            pictures_of(&b, n) > 1) { /* a matrix product, not matrix by vector */
            b.tile[n->id].pixels = options->target->tile_pixels;
            b.tile[n->id].vectors = options->target->tile_vectors;
        }
    b.cost = cost_model(options->target, g);
    /* Blocks of rows follow each other: threads would have to meet after each. */
    b.pairs = pairs_choose(arena, g, options->target, b.tile, out->pictures, b.picturewise,
                           options->parallel ? PAIRS_NONE : options->pairs);
    b.kernel = arena_new_array(arena, Kernel, g->nodes.count);
    b.share = arena_new_array(arena, LoopShare, g->nodes.count);
    for_each_node(n, g)
        b.share[n->id] = choose_share(&b, n);
    problem = build_kernels(&b);
    if (problem)
        return problem;
    plan(&b);
    for_each_node(n, g)
        if (has_call(&b, n))
            build_call(&b, n);
    return NULL;
}
