/* The text of a program, in the order of its execution:
 *
 *   program lenet for c99: input 3072, output 10 floats; arena 49152 bytes, at least 36864
 *     relu1 = conv3x3_s1(input, conv1.weight, conv1.bias, arena + 4096)
 *       conv2d 3x3 stride 1 pad 1, 32x32x3 -> 32x32x8, relu; tile 6 pixels x 16 channels
 *
 * then its constant arrays and the loop nest of each function. Offsets into the arena are bytes,
 * those into the input and output are channels of their storage. */
#include "compiler/schedule/program.h"

static const char *pitch_text(Arena *a, const Argument *x, int64_t unit)
{
    return x->pitch ? arena_printf(a, " + %lld picture", (long long)(x->pitch * unit)) : "";
}

static const char *joined(Arena *a, const char *what, const Argument *x)
{
    const char *pitch = pitch_text(a, x, 1);
    return x->offset ? arena_printf(a, "%s + %lld%s", what, (long long)x->offset, pitch)
                     : arena_printf(a, "%s%s", what, pitch);
}

static const char *argument_text(Arena *a, const Argument *x)
{
    switch (x->kind) {
    case ARGUMENT_INPUT:
        return joined(a, "input", x);
    case ARGUMENT_OUTPUT:
        return joined(a, "output", x);
    case ARGUMENT_ARENA:
        return arena_printf(a, "arena + %lld%s", (long long)x->offset * (long long)sizeof(float),
                            pitch_text(a, x, (int64_t)sizeof(float)));
    case ARGUMENT_CONST:
        break;
    }
    return x->array->path;
}

static void dump_call(const Call *c, Text *t)
{
    if (c->producer)
        text_printf(t, "  %s,\n", c->producer->path);
    text_printf(t, "  %s = %s(", c->node->path, c->function->name);
    for (int i = 0; i < c->function->param_count; i++)
        text_printf(t, "%s%s", i ? ", " : "", argument_text(t->arena, &c->argument[i]));
    text_printf(t, ")\n    %s%s%s\n", c->summary, c->tile[0] ? "; tile " : "", c->tile);
}

static void dump_array(const ConstArray *a, Text *t)
{
    text_printf(t, "  const %s", a->path);
    for (int i = 0; i < a->rank; i++)
        text_printf(t, "[%lld]", (long long)a->extent[i]);
    text_printf(t, ", %s\n", a->layout);
}

void program_dump(const Program *p, Text *t)
{
    text_printf(t, "program %s for %s: input %lld, output %lld floats; arena %lld bytes, ", p->name,
                p->target->name, (long long)p->input_count, (long long)p->output_count,
                (long long)p->arena_bytes);
    text_printf(t, "at least %lld\n", (long long)p->arena_lower_bound);
    for (int i = 0; i < p->calls.count; i++) {
        if (p->picturewise && i == 0)
            text_printf(t, "  for each picture of %lld:\n", (long long)p->pictures);
        if (p->picturewise && i == p->picturewise)
            text_puts(t, "  for all pictures:\n");
        dump_call(&p->calls.at[i], t);
    }
    for (int i = 0; i < p->arrays.count; i++)
        dump_array(p->arrays.at[i], t);
    for (int i = 0; i < p->functions.count; i++) {
        text_puts(t, "\n");
        loop_print(p->functions.at[i], t);
    }
}
