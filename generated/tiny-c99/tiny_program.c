/* What a program around the network needs to know of it. */
#include "tiny.h"

static void run(void *context, const float *input, float *output, void *arena)
{
    (void)context;
    tiny_run(input, output, arena);
}

static const kiln_network network = {
    .name = "tiny",
    .digest = tiny_digest,
    .target = "c99",
    .input = { 3, { 3, 16, 16 } },
    .output = { 1, { 4 } },
    .arena_bytes = TINY_ARENA_BYTES,
    .weight_bytes = TINY_WEIGHT_BYTES,
    .stack_bytes = TINY_STACK_BYTES,
    .macs = 53312,
    .run = run,
};

static const kiln_member members[] = {
    { &network, NULL, 0, 1 },
};

extern const kiln_classifier kiln_program;
const kiln_classifier kiln_program = {
    .name = "tiny",
    .members = members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .decision = {
        .activation = KILN_ACTIVATION_NONE,
        .rule = KILN_RULE_BEST,
        .top = 0,
        .has_threshold = 0,
        .threshold = 0,
    },
    .takes_pictures = 0,
};
