/* What a program around the network needs to know of it. */
#include "aluminium.h"
#include "aluminium_weights.h"

static const kiln_layer layers[] = {
    { "conv1", "conv2d 3x3 stride 2 pad 1, relu, 96x128x3 -> 48x64x16", 1327104 },
    { "layer1.0.conv1", "conv2d 3x3 stride 2 pad 1, relu, 48x64x16 -> 24x32x24", 2654208 },
    { "layer1.0.conv2", "conv2d 3x3 stride 1 pad 1, 24x32x24 -> 24x32x24", 3981312 },
    { "layer1.0.downsample.0", "conv2d 1x1 stride 2 pad 0, residual, relu, 48x64x16 -> 24x32x24",
        294912 },
    { "layer1.1.conv1", "conv2d 3x3 stride 1 pad 1, relu, 24x32x24 -> 24x32x24", 3981312 },
    { "layer1.1.conv2", "conv2d 3x3 stride 1 pad 1, residual, relu, 24x32x24 -> 24x32x24",
        3981312 },
    { "layer2.0.conv1", "conv2d 3x3 stride 2 pad 1, relu, 24x32x24 -> 12x16x48", 1990656 },
    { "layer2.0.conv2", "conv2d 3x3 stride 1 pad 1, 12x16x48 -> 12x16x48", 3981312 },
    { "layer2.0.downsample.0", "conv2d 1x1 stride 2 pad 0, residual, relu, 24x32x24 -> 12x16x48",
        221184 },
    { "layer3.0.conv1", "conv2d 3x3 stride 2 pad 1, relu, 12x16x48 -> 6x8x96", 1990656 },
    { "layer3.0.conv2", "conv2d 3x3 stride 1 pad 1, 6x8x96 -> 6x8x96", 3981312 },
    { "layer3.0.downsample.0", "conv2d 1x1 stride 2 pad 0, residual, relu, 12x16x48 -> 6x8x96",
        221184 },
    { "global_avg_pool", "global_avg_pool, 6x8x96 -> 96", 0 },
    { "fc", "dense, 96 -> 12", 1152 },
};

static void call(void *context, const float *input, float *output, void *arena,
    const kiln_trace *trace)
{
    (void)context, (void)trace;
    aluminium_run(input, output, arena KILN_TRACE_ARGUMENT);
}

static const kiln_class_map class_map = {
    .node = 38,
    .offset = 18432,
    .channels = 96,
    .height = 6,
    .width = 8,
    .pitch = 96,
    .weight = (const float *)(const void *)aluminium_fc_weight,
    .block = 16,
};

static const kiln_network network = {
    .name = "aluminium",
    .digest = aluminium_digest,
    .target = "c99",
    .input = { 3, { 3, 96, 128 } },
    .output = { 1, { 12 } },
    .arena_bytes = ALUMINIUM_ARENA_BYTES,
    .weight_bytes = ALUMINIUM_WEIGHT_BYTES,
    .stack_bytes = ALUMINIUM_STACK_BYTES,
    .macs = 28607616,
    .layers = layers,
    .layer_count = 14,
    .class_map = &class_map,
    .run = call,
};

static const kiln_step steps[] = {
    { KILN_STEP_COLOR, KILN_COLOR_RGB, { 0, 0, 0, 0 }, { 0 } },
    { KILN_STEP_RESIZE, KILN_FILTER_BILINEAR, { 96, 128, 0, 0 }, { 0 } },
    { KILN_STEP_SCALE, 0, { 0, 0, 0, 0 }, { 0.0039215686274509803 } },
    { KILN_STEP_NORMALIZE, 0, { 0, 0, 0, 0 }, { 0.5, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 1 } },
};

static const kiln_member members[] = {
    {
        .network = &network,
        .steps = steps,
        .step_count = 4,
        .weight = 1,
        .class_count = 12,
    },
};

extern const kiln_classifier kiln_program;
const kiln_classifier kiln_program = {
    .name = "aluminium",
    .members = members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .class_count = 12,
    .decision = {
        .activation = KILN_ACTIVATION_SOFTMAX,
        .rule = KILN_RULE_BEST,
        .top = 0,
        .has_threshold = 0,
        .threshold = 0,
    },
    .labels = aluminium_labels,
    .label_count = 12,
    .takes_pictures = 1,
};
