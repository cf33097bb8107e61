/* One block of memory holds input, output and arena, allocated once, each as large as the network
 * needs that needs most: members run one after the other. The output in logical order lies apart,
 * so that it can be handed over. Inputs from files are logical, [C,H,W]; networks store [H][W][C];
 * outputs go the way back. */
#include "runtime/session.h"

#include "runtime/bench.h"
#include "runtime/bytes.h"
#include "runtime/merge.h"
#include "runtime/preprocess.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

static size_t count_of(const kiln_shape *shape)
{
    size_t n = 1;

    for (int i = 0; i < shape->rank; i++)
        n *= (size_t)shape->dim[i];
    return n;
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* --- memory ---------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The room that the networks need together: the most of each kind. */
typedef struct Room {
    size_t input, output, arena; /* floats, floats, bytes */
} Room;

static size_t batch_of(const kiln_network *n)
{
    return n->batch > 1 ? (size_t)n->batch : 1;
}

static void add_network(Room *r, const kiln_network *n)
{
    const size_t batch = batch_of(n);

    r->input = larger(r->input, batch * count_of(&n->input));
    r->output = larger(r->output, batch * count_of(&n->output));
    r->arena = larger(r->arena, n->arena_bytes);
}

static void add_steps(Room *r, const kiln_score *steps, int count)
{
    for (int i = 0; i < count; i++)
        if (steps[i].op == KILN_SCORE_NETWORK)
            add_network(r, steps[i].network);
}

static Room room_of(const kiln_classifier *p)
{
    Room r = { 0, 0, 0 };

    for (int m = 0; m < p->member_count; m++) {
        add_network(&r, p->members[m].network);
        add_steps(&r, p->members[m].scores, p->members[m].score_count);
    }
    add_steps(&r, p->scores, p->score_count);
    return r;
}

/* The longest vector of scores on the way from the networks to the decision. */
static int longest_vector(const Session *s)
{
    const kiln_classifier *p = s->program;
    int all = 0, longest = s->classes;

    for (int m = 0; m < p->member_count; m++) {
        const kiln_member *member = &p->members[m];
        const int n = scores_longest(member->scores, member->score_count,
                                     (int)count_of(&member->network->output));
        longest = n > longest ? n : longest;
        all += session_member_classes(s, m);
    }
    return scores_longest(p->scores, p->score_count, all > longest ? all : longest);
}

static int allocate(Session *s, Reason *why)
{
    const Room room = room_of(s->program);
    const size_t in = aligned(room.input * sizeof(float));
    const size_t out = aligned(room.output * sizeof(float));
    const size_t longest = (size_t)longest_vector(s);
    char *at;

    s->memory = malloc(2 * in + out + aligned(room.arena) + ALIGN);
    s->logical = malloc(larger(out, s->output_count * sizeof(float)));
    s->scores.at = malloc(longest * sizeof(double));
    s->scores.spare = malloc(longest * sizeof(double));
    s->member_scores = malloc(longest * sizeof(double) * 2);
    if (!s->memory || !s->logical || !s->scores.at || !s->scores.spare || !s->member_scores)
        return reason_set(why, "out of memory: the network needs %zu bytes",
                          in + 2 * out + room.arena);
    at = (char *)s->memory + (ALIGN - (uintptr_t)s->memory % ALIGN) % ALIGN;
    s->input = (float *)(void *)at;
    s->scores.input = (float *)(void *)(at + in);
    s->output = s->scores.output = (float *)(void *)(at + 2 * in);
    s->arena = s->scores.arena = at + 2 * in + out;
    return 1;
}

/* Without merging or steps, the raw output is what --out writes; else the last vector is. */
static int has_one_run(const kiln_classifier *p)
{
    return p->member_count == 1 && plan_view_count(&p->members[0]) == 1;
}

static void set_sizes(Session *s)
{
    const kiln_classifier *p = s->program;

    s->network = p->members[0].network;
    s->rule = p->decision;
    s->input_count = count_of(&s->network->input);
    s->batch = batch_of(s->network);
    s->classes = p->class_count ? p->class_count : session_member_classes(s, 0);
    s->output_shape = s->network->output;
    if (!has_one_run(p)) {
        s->output_shape.rank = 1;
        s->output_shape.dim[0] = s->classes;
    }
    s->output_count = count_of(&s->output_shape);
}

/* Batches are of pictures that need one run each. */
static int has_fitting_batch(const kiln_classifier *p)
{
    for (int m = 0; m < p->member_count; m++)
        if (batch_of(p->members[m].network) > 1 && !has_one_run(p))
            return 0;
    return 1;
}

static int is_known(const kiln_classifier *p)
{
    return has_fitting_batch(p) && p->member_count > 0 && p->merge >= 0 &&
           p->merge < KILN_MERGE_COUNT && (p->member_count == 1 || p->merge != KILN_MERGE_SINGLE);
}

int session_open(Session *s, const kiln_classifier *program, Reason *why)
{
    memset(s, 0, sizeof *s);
    if (!is_known(program))
        return reason_set(why, "its table is not of a kind that this runtime knows");
    s->program = program;
    set_sizes(s);
    if (allocate(s, why) && plan_new(&s->plan, program, why) &&
        decision_new(&s->decision, s->classes, why) &&
        session_set_grouping(s, s->rule.grouping, why))
        return 1;
    session_close(s);
    return 0;
}

void session_close(Session *s)
{
    decision_free(&s->decision);
    groups_free(&s->groups);
    plan_free(&s->plan);
    free(s->member_scores);
    free(s->scores.at);
    free(s->scores.spare);
    free(s->logical);
    free(s->memory);
    memset(s, 0, sizeof *s);
}

int session_set_grouping(Session *s, int grouping, Reason *why)
{
    const kiln_classifier *p = s->program;
    const int only = grouping == KILN_GROUPING_ONLY;

    if (grouping != KILN_GROUPING_NONE && p->label_count != s->classes)
        return reason_set(why, "groups are the parts of labels before a '/', and it has no labels");
    if (grouping != KILN_GROUPING_NONE && !s->groups.of &&
        !groups_new(&s->groups, p->labels, p->label_count, why))
        return 0;
    s->rule.grouping = grouping;
    s->labels = only ? s->groups.label : p->labels;
    s->label_count = only ? s->groups.count : p->label_count;
    s->decision.classes = only ? s->groups.count : s->classes;
    return 1;
}

/* --- inputs ---------------------------------------------------------------------------------- */

static int decode_picture(Session *s, const Bytes *bytes, Reason *why)
{
    const double start = clock_seconds();
    Image picture;

    plan_forget(&s->plan);
    for (int d = 0; d < KILN_DECODER_COUNT; d++) {
        const enum kiln_decoder decoder = (enum kiln_decoder)d;
        if (!plan_uses(&s->plan, decoder))
            continue;
        if (!image_decode_as(decoder, bytes->at, bytes->length, IMAGE_MAX_PIXELS, &picture, why))
            return 0;
        plan_set_picture(&s->plan, &picture);
    }
    s->plan.decode_seconds = clock_seconds() - start;
    return 1;
}

int session_load_picture(Session *s, size_t at, const char *path, Reason *why)
{
    Bytes bytes;
    int ok;

    if (!bytes_read(path, &bytes, why))
        return 0;
    s->is_run = 0;
    s->source = has_one_run(s->program) ? SESSION_STREAM : SESSION_PICTURE;
    ok = s->source == SESSION_STREAM
             ? preprocess_encoded(&s->program->members[0], bytes.at, bytes.length,
                                  s->input + at * s->input_count, why)
             : decode_picture(s, &bytes, why);
    bytes_free(&bytes);
    return ok;
}

/* How a shape is stored: [C,H,W] as [H][W][C], any other as it is. */
static size_t channels_of(const kiln_shape *shape)
{
    return shape->rank == 3 ? (size_t)shape->dim[0] : 1;
}

/* to[p][c] = from[c][p] */
static void transpose(const float *from, size_t channels, size_t pixels, float *to)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < pixels; p++)
            to[p * channels + c] = from[c * pixels + p];
}

void session_set_tensor(Session *s, size_t at, const NpyArray *array, size_t index)
{
    const size_t channels = channels_of(&s->network->input);

    s->source = SESSION_TENSOR;
    s->is_run = 0;
    transpose(array->data + index * s->input_count, channels, s->input_count / channels,
              s->input + at * s->input_count);
}

void session_pad(Session *s, size_t at)
{
    if (at < s->batch)
        memset(s->input + at * s->input_count, 0, (s->batch - at) * s->input_count * sizeof(float));
}

void session_repeat(Session *s)
{
    for (size_t i = 1; i < s->batch; i++)
        memcpy(s->input + i * s->input_count, s->input, s->input_count * sizeof(float));
}

void session_set_noise(Session *s)
{
    uint32_t state = 2463534242u;

    s->source = SESSION_TENSOR;
    s->is_run = 0;
    for (size_t i = 0; i < room_of(s->program).input; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        s->input[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static const char *shape_text(int rank, const int64_t *dim, char *room, size_t size)
{
    int n = snprintf(room, size, "[");

    for (int i = 0; i < rank && (size_t)n < size; i++)
        n += snprintf(room + n, size - (size_t)n, i ? ",%lld" : "%lld", (long long)dim[i]);
    if ((size_t)n < size)
        snprintf(room + n, size - (size_t)n, "]");
    return room;
}

static int same_shape(const kiln_shape *a, const kiln_shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

int session_check_tensor(const Session *s, const NpyArray *array, size_t *count, Reason *why)
{
    const kiln_shape *shape = &s->network->input;
    const int batched = array->rank == shape->rank + 1;
    int64_t wanted[4];
    char have[160], want[160];
    int same = batched || array->rank == shape->rank;

    for (int m = 1; m < s->program->member_count; m++)
        if (!same_shape(&s->program->members[m].network->input, shape))
            return reason_set(why,
                              "a tensor is the input of all members, and those of '%s' and "
                              "'%s' differ in shape",
                              s->program->members[0].name, s->program->members[m].name);
    for (int i = 0; i < shape->rank; i++) {
        wanted[i] = shape->dim[i];
        same = same && array->dim[i + batched] == wanted[i];
    }
    *count = !same ? 0 : batched ? (size_t)array->dim[0] : 1;
    if (*count > 0)
        return 1;
    if (same)
        return reason_set(why, "its batch is empty");
    return reason_set(why, "its shape is %s, the network expects %s, or a batch of them",
                      shape_text(array->rank, array->dim, have, sizeof have),
                      shape_text(shape->rank, wanted, want, sizeof want));
}

/* --- running --------------------------------------------------------------------------------- */

int session_member_classes(const Session *s, int m)
{
    const kiln_member *member = &s->program->members[m];

    return member->class_count ? member->class_count : (int)count_of(&member->network->output);
}

/* Where the scores of members lie one behind the other. */
static double *scores_of(const Session *s, int m)
{
    double *at = s->member_scores;

    for (int i = 0; i < m; i++)
        at += session_member_classes(s, i);
    return at;
}

const double *session_member_scores(const Session *s, int m)
{
    return scores_of(s, m);
}

/* One network on one input, or what it has made of it with others of a batch; its output in logical
 * order, as scores. */
static int run_network(Session *s, const kiln_member *m, const float *input,
                       const kiln_trace *trace, Reason *why)
{
    const kiln_network *n = m->network;
    const size_t channels = channels_of(&n->output), count = count_of(&n->output);

    if (!s->is_run)
        n->run(n->context, input, s->output, s->arena, trace);
    transpose(s->output + s->place * count, count / channels, channels, s->logical);
    return scores_set(&s->scores, s->logical, (int)count, why) &&
           scores_run(&s->scores, m->scores, m->score_count, why);
}

static int first_run_of(const Session *s, int m)
{
    int run = 0;

    while (s->plan.run[run].member != m)
        run++;
    return run;
}

const float *session_input(Session *s, int member, Reason *why)
{
    const float *input = s->input;

    if (s->source == SESSION_PICTURE &&
        !plan_prepare(&s->plan, first_run_of(s, member), &input, why))
        return NULL;
    return input;
}

/* All views of a picture; a tensor is what it is. */
static int run_member(Session *s, int m, const kiln_trace *trace, Reason *why)
{
    const kiln_member *member = &s->program->members[m];
    const int views = s->source == SESSION_PICTURE ? plan_view_count(member) : 1;
    const int first = first_run_of(s, m), classes = session_member_classes(s, m);
    double *sum = scores_of(s, m);

    for (int v = 0; v < views; v++) {
        const float *input = s->input;
        if (s->source == SESSION_PICTURE && !plan_prepare(&s->plan, first + v, &input, why))
            return 0;
        if (!run_network(s, member, input, trace, why))
            return 0;
        merge_view(views > 1 ? member->view_merge : KILN_MERGE_SINGLE, sum, s->scores.at, classes,
                   v == 0);
    }
    if (views > 1)
        merge_end_views(member->view_merge, sum, classes, views);
    return 1;
}

int session_is_serial(const Session *s)
{
    for (int m = 0; m < s->program->member_count; m++)
        if (s->program->members[m].network->is_serial)
            return 1;
    return 0;
}

int64_t session_macs(const Session *s)
{
    int64_t macs = 0;

    for (int r = 0; r < s->plan.run_count; r++)
        macs += s->program->members[s->plan.run[r].member].network->macs;
    return macs;
}

int session_run(Session *s, const kiln_trace *trace, int member, Reason *why)
{
    for (int m = 0; m < s->program->member_count; m++)
        if (!run_member(s, m, member < 0 || m == member ? trace : NULL, why))
            return 0;
    return 1;
}

/* Members until one is sure; the index of the one that answers is the decision's. */
static int run_cascade(Session *s, Reason *why)
{
    const kiln_classifier *p = s->program;
    int m = 0;

    for (;; m++) {
        const double *score = scores_of(s, m);
        if (!run_member(s, m, NULL, why))
            return 0;
        if (m + 1 == p->member_count ||
            score[merge_best(score, s->classes)] >= p->members[m].threshold)
            break;
    }
    s->decision.member = m;
    memcpy(s->scores.at, scores_of(s, m), (size_t)s->classes * sizeof(double));
    s->scores.count = s->classes;
    return 1;
}

static void merge_all(Session *s)
{
    const kiln_classifier *p = s->program;
    const int n = session_member_classes(s, 0);
    const double *all = s->member_scores;

    s->scores.count = n;
    if (p->member_count > 1 && p->merge != KILN_MERGE_CONCAT) {
        s->decision.has_set = p->merge == KILN_MERGE_UNION || p->merge == KILN_MERGE_INTERSECTION;
        merge_members(p, all, n, s->scores.at, s->decision.set);
        return;
    }
    s->scores.count = (int)(scores_of(s, p->member_count) - all);
    memcpy(s->scores.at, all, (size_t)s->scores.count * sizeof *all);
}

/* The last vector to the decision, and to what --out writes. */
static void hand_over(Session *s)
{
    Decision *d = &s->decision;

    d->classes = s->classes;
    memcpy(d->score, s->scores.at, (size_t)s->classes * sizeof *d->score);
    if (has_one_run(s->program))
        return;
    for (int i = 0; i < s->classes; i++)
        s->logical[i] = (float)d->score[i];
}

int session_classify(Session *s, Reason *why)
{
    const kiln_classifier *p = s->program;

    s->decision.member = 0;
    if (p->merge == KILN_MERGE_CASCADE) {
        if (!run_cascade(s, why))
            return 0;
    } else {
        if (!session_run(s, NULL, -1, why))
            return 0;
        merge_all(s);
    }
    if (!scores_run(&s->scores, p->scores, p->score_count, why))
        return 0;
    hand_over(s);
    decision_make(&s->rule, s->groups.of ? &s->groups : NULL, &s->decision);
    return 1;
}

void session_run_batch(Session *s)
{
    if (s->batch == 1)
        return;
    s->network->run(s->network->context, s->input, s->output, s->arena, NULL);
    s->is_run = 1;
}

int session_decide(Session *s, size_t at, Reason *why)
{
    int ok;

    s->place = at;
    ok = session_classify(s, why);
    s->place = 0;
    return ok;
}
