/* The names of the classifier's enumerators: in the source, and in kiln_model.h. */
#include "compiler/classifier/classifier.h"

#include <string.h>

#define X(e, name) name,
static const char *const step_names[] = { STEP_LIST(X) };
static const char *const color_names[] = { COLOR_LIST(X) };
static const char *const filter_names[] = { FILTER_LIST(X) };
static const char *const output_names[] = { OUTPUT_LIST(X) };
#undef X

#define X(e, name) "KILN_STEP_" #e,
static const char *const step_c_names[] = { STEP_LIST(X) };
#undef X
#define X(e, name) "KILN_COLOR_" #e,
static const char *const color_c_names[] = { COLOR_LIST(X) };
#undef X
#define X(e, name) "KILN_FILTER_" #e,
static const char *const filter_c_names[] = { FILTER_LIST(X) };
#undef X
#define X(e, name) "KILN_ACTIVATION_" #e,
static const char *const output_c_names[] = { OUTPUT_LIST(X) };
#undef X

static const char *const rule_c_names[] = { "KILN_RULE_BEST", "KILN_RULE_TAGS" };
static const char *const merge_c_names[] = { "KILN_MERGE_SINGLE" };
_Static_assert(COUNT_OF(rule_c_names) == RULE_COUNT, "a rule has no name");
_Static_assert(COUNT_OF(merge_c_names) == MERGE_COUNT, "a merge has no name");

static const char *name_of(const char *const *names, int count, int i)
{
    return i >= 0 && i < count ? names[i] : NULL;
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *step_name(StepOp op)
{
    return name_of(step_names, STEP_COUNT, (int)op);
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

int filter_from_name(const char *name, Filter *filter)
{
    const int i = find_name(filter_names, FILTER_COUNT, name);

    *filter = i >= 0 ? (Filter)i : FILTER_NEAREST;
    return i >= 0;
}

int output_from_name(const char *name, OutputActivation *activation)
{
    const int i = find_name(output_names, OUTPUT_COUNT, name);

    *activation = i >= 0 ? (OutputActivation)i : OUTPUT_NONE;
    return i >= 0;
}
