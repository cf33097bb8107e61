/* One block of memory holds input, output and arena of the network, allocated once; the output in
 * logical order lies apart, so that it can be handed over. Inputs from
 * files are logical, [C,H,W]; the network stores [H][W][C]; outputs go the way back. */
#include "runtime/session.h"

#include "runtime/bytes.h"
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

static int allocate(Session *s, Reason *why)
{
    const size_t in = aligned(s->batch * s->input_count * sizeof(float));
    const size_t out = aligned(s->batch * s->output_count * sizeof(float));
    char *at;

    s->memory = malloc(in + out + aligned(s->network->arena_bytes) + ALIGN);
    s->logical = malloc(s->output_count * sizeof(float));
    if (!s->memory || !s->logical)
        return reason_set(why, "out of memory: the network needs %zu bytes",
                          in + out + s->network->arena_bytes);
    at = (char *)s->memory + (ALIGN - (uintptr_t)s->memory % ALIGN) % ALIGN;
    s->input = (float *)(void *)at;
    s->output = (float *)(void *)(at + in);
    s->arena = at + in + out;
    return 1;
}

int session_open(Session *s, const kiln_classifier *program, Reason *why)
{
    memset(s, 0, sizeof *s);
    if (program->member_count != 1 || program->merge != KILN_MERGE_SINGLE)
        return reason_set(why, "its table is not of a kind that this runtime knows");
    s->program = program;
    s->network = program->members[0].network;
    s->batch = s->network->batch > 1 ? (size_t)s->network->batch : 1;
    s->rule = program->decision;
    s->input_count = count_of(&s->network->input);
    s->output_count = count_of(&s->network->output);
    if (allocate(s, why) && decision_new(&s->decision, (int)s->output_count, why))
        return 1;
    session_close(s);
    return 0;
}

void session_close(Session *s)
{
    decision_free(&s->decision);
    free(s->logical);
    free(s->memory);
    s->logical = NULL;
    s->memory = NULL;
}

int session_load_picture(Session *s, size_t at, const char *path, Reason *why)
{
    Bytes bytes;
    int ok;

    if (!bytes_read(path, &bytes, why))
        return 0;
    ok = preprocess_encoded(&s->program->members[0], bytes.at, bytes.length,
                            s->input + at * s->input_count, why);
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

    for (size_t i = 0; i < s->batch * s->input_count; i++) {
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

int session_check_tensor(const Session *s, const NpyArray *array, size_t *count, Reason *why)
{
    const kiln_shape *shape = &s->network->input;
    const int batched = array->rank == shape->rank + 1;
    int64_t wanted[4];
    char have[160], want[160];
    int same = batched || array->rank == shape->rank;

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

void session_run(Session *s, const kiln_trace *trace)
{
    s->network->run(s->network->context, s->input, s->output, s->arena, trace);
}

int session_decide(Session *s, size_t at, Reason *why)
{
    const size_t channels = channels_of(&s->network->output);

    transpose(s->output + at * s->output_count, s->output_count / channels, channels, s->logical);
    return decision_make(&s->rule, s->logical, &s->decision, why);
}

int session_classify(Session *s, Reason *why)
{
    session_pad(s, 1);
    session_run(s, NULL);
    return session_decide(s, 0, why);
}
