/* The names of the classifier's enumerators: in the source, and in kiln_model.h. */
#include "compiler/classifier/classifier.h"

#include <string.h>

#define X(e, name) name,
static const char *const step_names[] = { STEP_LIST(X) };
static const char *const decoder_names[] = { DECODER_LIST(X) };
static const char *const color_names[] = { COLOR_LIST(X) };
static const char *const method_names[] = { METHOD_LIST(X) };
static const char *const output_names[] = { OUTPUT_LIST(X) };
static const char *const flip_names[] = { FLIP_LIST(X) };
static const char *const corner_names[] = { CORNER_LIST(X) };
static const char *const merge_names[] = { MERGE_LIST(X) };
static const char *const score_names[] = { SCORE_LIST(X) };
static const char *const kernel_names[] = { KERNEL_LIST(X) };
static const char *const grouping_names[] = { GROUPING_LIST(X) };
#undef X

#define X(e, method, name) name,
static const char *const filter_names[] = { FILTER_LIST(X) };
#undef X
#define X(e, method, name) METHOD_##method,
static const Method filter_methods[] = { FILTER_LIST(X) };
#undef X

#define X(e, name) "KILN_STEP_" #e,
static const char *const step_c_names[] = { STEP_LIST(X) };
#undef X
#define X(e, name) "KILN_DECODER_" #e,
static const char *const decoder_c_names[] = { DECODER_LIST(X) };
#undef X
#define X(e, name) "KILN_COLOR_" #e,
static const char *const color_c_names[] = { COLOR_LIST(X) };
#undef X
#define X(e, method, name) "KILN_FILTER_" #e,
static const char *const filter_c_names[] = { FILTER_LIST(X) };
#undef X
#define X(e, name) "KILN_ACTIVATION_" #e,
static const char *const output_c_names[] = { OUTPUT_LIST(X) };
#undef X

#define X(e, name) "KILN_FLIP_" #e,
static const char *const flip_c_names[] = { FLIP_LIST(X) };
#undef X
#define X(e, name) "KILN_CORNER_" #e,
static const char *const corner_c_names[] = { CORNER_LIST(X) };
#undef X
#define X(e, name) "KILN_MERGE_" #e,
static const char *const merge_c_names[] = { MERGE_LIST(X) };
#undef X
#define X(e, name) "KILN_SCORE_" #e,
static const char *const score_c_names[] = { SCORE_LIST(X) };
#undef X
#define X(e, name) "KILN_KERNEL_" #e,
static const char *const kernel_c_names[] = { KERNEL_LIST(X) };
#undef X
#define X(e, name) "KILN_GROUPING_" #e,
static const char *const grouping_c_names[] = { GROUPING_LIST(X) };
#undef X

static const char *const rule_c_names[] = { "KILN_RULE_BEST", "KILN_RULE_TAGS" };
_Static_assert(COUNT_OF(rule_c_names) == RULE_COUNT, "a rule has no name");

static const char *name_of(const char *const *names, int count, int i)
{
    return i >= 0 && i < count ? names[i] : NULL;
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *step_name(StepOp op)
{
    return name_of(step_names, STEP_COUNT, (int)op);
}

const char *decoder_name(Decoder decoder)
{
    return name_of(decoder_names, DECODER_COUNT, (int)decoder);
}

const char *method_name(Method method)
{
    return name_of(method_names, METHOD_COUNT, (int)method);
}

Method filter_method(Filter filter)
{
    return filter_methods[filter];
}

const char *color_name(Color color)
{
    return name_of(color_names, COLOR_COUNT, (int)color);
}

const char *filter_name(Filter filter)
{
    return name_of(filter_names, FILTER_COUNT, (int)filter);
}

const char *output_name(OutputActivation activation)
{
    return name_of(output_names, OUTPUT_COUNT, (int)activation);
}

const char *step_c_name(StepOp op)
{
    return name_of(step_c_names, STEP_COUNT, (int)op);
}

const char *decoder_c_name(Decoder decoder)
{
    return name_of(decoder_c_names, DECODER_COUNT, (int)decoder);
}

const char *color_c_name(Color color)
{
    return name_of(color_c_names, COLOR_COUNT, (int)color);
}

const char *filter_c_name(Filter filter)
{
    return name_of(filter_c_names, FILTER_COUNT, (int)filter);
}

const char *output_c_name(OutputActivation activation)
{
    return name_of(output_c_names, OUTPUT_COUNT, (int)activation);
}

const char *rule_c_name(Rule rule)
{
    return name_of(rule_c_names, RULE_COUNT, (int)rule);
}

const char *merge_c_name(Merge merge)
{
    return name_of(merge_c_names, MERGE_COUNT, (int)merge);
}

int color_from_name(const char *name, Color *color)
{
    const int i = find_name(color_names, COLOR_COUNT, name);

    *color = i >= 0 ? (Color)i : COLOR_RGB;
    return i >= 0;
}

int method_from_name(const char *name, Method *method)
{
    const int i = find_name(method_names, METHOD_COUNT, name);

    *method = i >= 0 ? (Method)i : METHOD_PILLOW;
    return i >= 0;
}

int filter_from_name(Method method, const char *name, Filter *filter)
{
    for (int i = 0; i < FILTER_COUNT; i++)
        if (filter_methods[i] == method && strcmp(filter_names[i], name) == 0) {
            *filter = (Filter)i;
            return 1;
        }
    return 0;
}

int output_from_name(const char *name, OutputActivation *activation)
{
    const int i = find_name(output_names, OUTPUT_COUNT, name);

    *activation = i >= 0 ? (OutputActivation)i : OUTPUT_NONE;
    return i >= 0;
}

int step_is_resize(const Step *s)
{
    return s->op == STEP_RESIZE || s->op == STEP_RESIZE_SHORTER || s->op == STEP_RESIZE_WITHIN;
}

int step_is_pad(const Step *s)
{
    return s->op == STEP_PAD || s->op == STEP_PAD_TO || s->op == STEP_PAD_RATIO;
}

const char *step_method_c_name(const Step *s)
{
    if (s->op == STEP_DECODE)
        return decoder_c_name((Decoder)s->method);
    if (s->op == STEP_COLOR)
        return color_c_name((Color)s->method);
    if (s->op == STEP_FLIP)
        return flip_c_name((Flip)s->method);
    if (s->op == STEP_CORNER_CROP)
        return corner_c_name((Corner)s->method);
    return step_is_resize(s) ? filter_c_name((Filter)s->method) : "0";
}

const char *score_c_name(ScoreOp op)
{
    return name_of(score_c_names, SCORE_COUNT, (int)op);
}

const char *score_name(ScoreOp op)
{
    return name_of(score_names, SCORE_COUNT, (int)op);
}

const char *kernel_c_name(SvmKernel kernel)
{
    return name_of(kernel_c_names, KERNEL_COUNT, (int)kernel);
}

const char *svm_kernel_name(SvmKernel kernel)
{
    return name_of(kernel_names, KERNEL_COUNT, (int)kernel);
}

const char *grouping_c_name(Grouping grouping)
{
    return name_of(grouping_c_names, GROUPING_COUNT, (int)grouping);
}

const char *grouping_name(Grouping grouping)
{
    return name_of(grouping_names, GROUPING_COUNT, (int)grouping);
}

const char *merge_name(Merge merge)
{
    return name_of(merge_names, MERGE_COUNT, (int)merge);
}

int merge_from_name(const char *name, Merge *merge)
{
    const int i = find_name(merge_names, MERGE_COUNT, name);

    *merge = i >= 0 ? (Merge)i : MERGE_SINGLE;
    return i >= 0;
}

int kernel_from_name(const char *name, SvmKernel *kernel)
{
    const int i = find_name(kernel_names, KERNEL_COUNT, name);

    *kernel = i >= 0 ? (SvmKernel)i : KERNEL_RBF;
    return i >= 0;
}

int grouping_from_name(const char *name, Grouping *grouping)
{
    const int i = find_name(grouping_names, GROUPING_COUNT, name);

    *grouping = i >= 0 ? (Grouping)i : GROUPING_NONE;
    return i >= 0;
}

const char *flip_name(Flip flip)
{
    return name_of(flip_names, FLIP_COUNT, (int)flip);
}

const char *flip_c_name(Flip flip)
{
    return name_of(flip_c_names, FLIP_COUNT, (int)flip);
}

int flip_from_name(const char *name, Flip *flip)
{
    const int i = find_name(flip_names, FLIP_COUNT, name);

    *flip = i >= 0 ? (Flip)i : FLIP_HORIZONTAL;
    return i >= 0;
}

const char *corner_name(Corner corner)
{
    return name_of(corner_names, CORNER_COUNT, (int)corner);
}

const char *corner_c_name(Corner corner)
{
    return name_of(corner_c_names, CORNER_COUNT, (int)corner);
}

int corner_from_name(const char *name, Corner *corner)
{
    const int i = find_name(corner_names, CORNER_COUNT, name);

    *corner = i >= 0 ? (Corner)i : CORNER_TOP_LEFT;
    return i >= 0;
}
