/* What a program around the network needs to know of it. */
#include "tiny.h"
#include "tiny_weights.h"

static const char *const features[] = { "avx2", "fma", NULL };

static const kiln_layer layers[] = {
    { "stem", "conv2d 3x3 stride 2 pad 1, relu, 16x16x3 -> 8x8x16", 27648 },
    { "depthwise", "depthwise conv2d 3x3 stride 1 pad 1, relu, 8x8x16 -> 8x8x16", 9216 },
    { "pointwise", "conv2d 1x1 stride 1 pad 0, residual, relu, 8x8x16 -> 8x8x16", 16384 },
    { "pool", "max_pool 2x2 stride 2 pad 0, 8x8x16 -> 4x4x16", 0 },
    { "global_avg_pool", "global_avg_pool, 4x4x16 -> 16", 0 },
    { "classifier", "dense, 16 -> 4", 64 },
};

static void call(void *context, const float *input, float *output, void *arena,
    const kiln_trace *trace)
{
    (void)context, (void)trace;
    tiny_run(input, output, arena KILN_TRACE_ARGUMENT);
}

static const kiln_class_map class_map = {
    .node = 9,
    .offset = 4096,
    .channels = 16,
    .height = 4,
    .width = 4,
    .pitch = 16,
    .weight = (const float *)(const void *)tiny_classifier_weight,
    .block = 16,
};

static const kiln_network network = {
    .name = "tiny",
    .digest = tiny_digest,
    .target = "avx2",
    .features = features,
    .input = { 3, { 3, 16, 16 } },
    .output = { 1, { 4 } },
    .arena_bytes = TINY_ARENA_BYTES,
    .weight_bytes = TINY_WEIGHT_BYTES,
    .stack_bytes = TINY_STACK_BYTES,
    .macs = 53312,
    .layers = layers,
    .layer_count = 6,
    .class_map = &class_map,
    .run = call,
};

static const kiln_member members[] = {
    {
        .network = &network,
        .step_count = 0,
        .weight = 1,
        .class_count = 4,
    },
};

extern const kiln_classifier kiln_program;
const kiln_classifier kiln_program = {
    .name = "tiny",
    .members = members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .class_count = 4,
    .decision = {
        .activation = KILN_ACTIVATION_NONE,
        .rule = KILN_RULE_BEST,
        .top = 0,
        .has_threshold = 0,
        .threshold = 0,
    },
    .takes_pictures = 0,
};
