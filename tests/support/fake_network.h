/* A network written by hand, as emitted code would be: 3 x 4 x 5 pixels to four outputs, the sum of
 * each channel and the first pixel of the last row. */
#ifndef KILN_TESTS_FAKE_NETWORK_H
#define KILN_TESTS_FAKE_NETWORK_H

#include "runtime/kiln_model.h"

enum { FAKE_CHANNELS = 3, FAKE_HEIGHT = 4, FAKE_WIDTH = 5, FAKE_CLASSES = 4 };

static inline void fake_run(void *context, const float *input, float *output, void *arena,
                            const kiln_trace *trace)
{
    float *sum = (float *)arena;

    (void)context;
    for (int c = 0; c < FAKE_CHANNELS; c++) {
        sum[c] = 0.0f;
        for (int i = 0; i < FAKE_HEIGHT * FAKE_WIDTH; i++)
            sum[c] += input[i * FAKE_CHANNELS + c];
        output[c] = sum[c];
    }
    if (trace)
        trace->node(trace->context, 7, sum);
    output[3] = input[(FAKE_HEIGHT - 1) * FAKE_WIDTH * FAKE_CHANNELS];
    if (trace)
        trace->node(trace->context, 9, output);
}

static const kiln_layer fake_layers[] = { { "sums", "sum 4x5x3", 60 }, { "pick", "pixel", 0 } };

static const kiln_network fake_network = {
    .name = "fake",
    .digest = "0123456789abcdef",
    .target = "c99",
    .input = { 3, { FAKE_CHANNELS, FAKE_HEIGHT, FAKE_WIDTH } },
    .output = { 1, { FAKE_CLASSES } },
    .arena_bytes = 64,
    .weight_bytes = 12,
    .stack_bytes = 16,
    .macs = 60,
    .layers = fake_layers,
    .layer_count = 2,
    .run = fake_run,
};

static const kiln_step fake_steps[] = {
    { .op = KILN_STEP_COLOR, .method = KILN_COLOR_RGB },
    { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_BILINEAR, .n = { FAKE_HEIGHT, FAKE_WIDTH } },
    { .op = KILN_STEP_SCALE, .v = { 1.0 / 255 } },
};

static const char *const fake_labels[FAKE_CLASSES] = { "r\xc3\xb6t", "\"green\",\n", "blue/\\",
                                                       "corner" };

static const kiln_member fake_members[] = {
    { .network = &fake_network, .steps = fake_steps, .step_count = 3, .weight = 1.0 }
};
static const kiln_member fake_bare_members[] = { { .network = &fake_network, .weight = 1.0 } };

static const kiln_classifier fake_classifier = {
    .name = "fakes",
    .members = fake_members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .decision = { .activation = KILN_ACTIVATION_SOFTMAX, .rule = KILN_RULE_BEST },
    .labels = fake_labels,
    .label_count = FAKE_CLASSES,
    .takes_pictures = 1,
};

static const kiln_classifier fake_model = {
    .name = "fake",
    .members = fake_bare_members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .decision = { .activation = KILN_ACTIVATION_NONE, .rule = KILN_RULE_BEST },
};

#endif
