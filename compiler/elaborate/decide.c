/* The lines on what becomes of scores: which are read off the networks' outputs, and which class or
 * classes they choose. Those of a member, `output` and `thresholds`, are about its own. */
#include "compiler/elaborate/classify.h"

#include "compiler/base/file.h"

/* --- output --------------------------------------------------------------------------------- */

static void set_top(Reader *r, double value, Loc loc)
{
    if (value >= 1 && value <= 1e9 && value == (double)(int)value)
        r->classifier->top = (int)value;
    else
        classify_reject(r, loc, "top is a whole number from 1 on");
}

/* A member's threshold is for sets of tags. */
static void set_threshold(Reader *r, double value, Loc loc)
{
    if (r->part) {
        r->part->member.threshold = value;
        r->part->member.threshold_loc = loc;
    } else {
        r->classifier->has_threshold = true;
        r->classifier->threshold = value;
    }
}

static void read_option(Reader *r, const Entry *entry, int i)
{
    static const char usage[] = "top and threshold are followed by a number";
    const char *name = classify_word(entry, i);
    bool top = strcmp(name, "top") == 0;
    double value = 0;
    if (!top && strcmp(name, "threshold") != 0)
        classify_reject(r, entry->items.at[i]->loc, "write output KIND [top K] [threshold T]");
    else if (classify_number(r, entry, i + 1, &value, usage) && top)
        set_top(r, value, entry->items.at[i + 1]->loc);
    else if (!top)
        set_threshold(r, value, entry->items.at[i + 1]->loc);
}

static void set_activation(Reader *r, OutputActivation activation, Loc loc)
{
    if (!r->part) {
        r->classifier->activation = activation;
        return;
    }
    r->part->activation = activation;
    r->part->has_output = true;
    if (r->part->has_svm && activation != OUTPUT_NONE)
        classify_reject(r, loc,
                        "the scores of an svm are shares of votes already: write output "
                        "none, or leave this line out");
}

/* output softmax|sigmoid|none [top K] [threshold T] */
void classify_output(Reader *r, const Entry *entry)
{
    OutputActivation activation;
    if (!output_from_name(classify_word(entry, 1), &activation)) {
        classify_reject(r, entry->items.count > 1 ? entry->items.at[1]->loc : entry->loc,
                        "write output softmax, output sigmoid or output none");
        return;
    }
    set_activation(r, activation, entry->loc);
    if (r->part && activation == OUTPUT_SIGMOID)
        set_threshold(r, 0.5, entry->loc);
    if (!r->part) {
        r->classifier->output_loc = entry->loc;
        if (activation == OUTPUT_SIGMOID)
            r->classifier->rule = RULE_TAGS;
    }
    for (int i = 2; i < entry->items.count; i += 2)
        read_option(r, entry, i);
}

/* --- tables --------------------------------------------------------------------------------- */

/* Appends the numbers of a list; false where it holds anything else. */
static bool push_numbers(Matrix *m, double *values, const Value *list)
{
    int count = m->rows * m->columns;
    if (m->rows && list->list.count != m->columns)
        return false;
    for (int i = 0; i < list->list.count; i++) {
        if (!value_is_numeric(&list->list.item[i]))
            return false;
        values[count + i] = value_as_double(&list->list.item[i]);
    }
    m->columns = list->list.count;
    m->rows++;
    return true;
}

/* [a, b] is one row; [[a, b], [c, d]] are two. */
static const Matrix *matrix_of_list(Reader *r, const Expr *item, const char *what)
{
    Value v = evaluate(r->e, item);
    if (v.kind == VALUE_ERROR)
        return NULL;
    bool nested = v.kind == VALUE_LIST && v.list.count && v.list.item[0].kind == VALUE_LIST;
    int rows = nested ? v.list.count : 1;
    bool ok = v.kind == VALUE_LIST && v.list.count;
    int64_t room = ok ? (int64_t)rows * (nested ? v.list.item[0].list.count : v.list.count) : 0;
    double *values = arena_new_array(r->e->arena, double, room + 1);
    Matrix *m = arena_new_of(r->e->arena, Matrix);
    m->file = "this list";
    m->values = values;
    for (int i = 0; i < rows && ok; i++) {
        const Value *row = nested ? &v.list.item[i] : &v;
        ok = row->kind == VALUE_LIST && push_numbers(m, values, row);
    }
    if (!ok)
        elaborate_error(r->e, item->loc, "entry",
                        "%s are a list of numbers, a list of such rows, or a file", what);
    return ok ? m : NULL;
}

const Matrix *classify_matrix(Reader *r, const Entry *entry, int i, const char *what)
{
    const Expr *item = i < entry->items.count ? entry->items.at[i] : NULL;
    if (!item || entry->items.count > i + 1 || entry->has_entries) {
        elaborate_error(r->e, entry->loc, "entry",
                        "%s are a list of numbers, a list of such rows, or a file", what);
        return NULL;
    }
    if (item->kind != EXPR_STRING)
        return matrix_of_list(r, item, what);
    Matrix *m = arena_new_of(r->e->arena, Matrix);
    const char *path = classify_path(r, entry, i, "the name of a table");
    const char *why = path ? matrix_read(r->e->arena, path, m) : NULL;
    if (why)
        elaborate_error(r->e, item->loc, "table", "%s: %s", path, why);
    return path && !why ? m : NULL;
}

void classify_thresholds(Reader *r, const Entry *entry)
{
    const Matrix *m = classify_matrix(r, entry, 1, "thresholds");
    if (r->part) {
        r->part->member.thresholds = m;
        r->part->member.threshold_loc = entry->loc;
        return;
    }
    Merge merge = r->classifier->merge;
    if (merge == MERGE_UNION || merge == MERGE_INTERSECTION)
        return; /* it was for the members */
    r->classifier->thresholds = m;
    r->classifier->thresholds_loc = entry->loc;
}

void classify_cost(Reader *r, const Entry *entry)
{
    r->classifier->cost = classify_matrix(r, entry, 1, "costs");
    r->classifier->cost_loc = entry->loc;
}

/* --- groups, rejection ---------------------------------------------------------------------- */

/* groups first: the best class of the best group; groups only: the best group */
void classify_groups(Reader *r, const Entry *entry)
{
    Grouping *grouping = &r->classifier->grouping;
    r->classifier->grouping_loc = entry->loc;
    if (entry->items.count != 2 || !grouping_from_name(classify_word(entry, 1), grouping) ||
        *grouping == GROUPING_NONE)
        classify_reject(r, entry->loc, "write groups first or groups only");
}

/* below 0.4 -> "unknown" */
void classify_below(Reader *r, const Entry *entry)
{
    static const char usage[] = "write below SCORE -> \"LABEL\"";
    Classifier *c = r->classifier;
    if (entry->items.count != 4 || entry->items.at[2]->kind != EXPR_ARROW) {
        classify_reject(r, entry->loc, usage);
        return;
    }
    if (c->has_threshold || c->rule == RULE_TAGS)
        classify_reject(r, entry->loc,
                        c->has_threshold
                            ? "there is a threshold already, in the line 'output'"
                            : "'below' is for the one best class, and several tags are asked for");
    else if (classify_number(r, entry, 1, &c->threshold, usage))
        c->has_threshold = true;
    c->output_loc = entry->loc;
    c->reject_label = entry_string(r->e, entry->items.at[3], "the label of what is rejected");
}
