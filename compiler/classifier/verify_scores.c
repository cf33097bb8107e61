/* What scores go through, from the networks to the decision: every step fits the vector before it,
 * members that are merged agree in their classes, tables have a value for each class, thresholds
 * are where scores can be. */
#include "compiler/classifier/classifier.h"

#include <math.h>
#include <stdbool.h>

typedef struct Verifier {
    const Classifier *classifier;
    Diag *diag;
    int errors;
} Verifier;

#define fail(v, loc, key, ...) ((v)->errors++, diag_error((v)->diag, (loc), (key), __VA_ARGS__))

/* --- counts ----------------------------------------------------------------------------------- */

static int count_after(const Score *s, int before)
{
    if (s->op == SCORE_SVM)
        return s->svm->class_count;
    if (s->op == SCORE_DENSE)
        return s->matrix->rows;
    return s->op == SCORE_NETWORK ? s->counts : before;
}

int scores_count(const ScoreList *scores, int from)
{
    for_each_vec(const Score, s, scores)
        from = count_after(s, from);
    return from;
}

static int merged_count(const Classifier *c, const NetworkShape *networks)
{
    int sum = 0;
    for (int i = 0; i < c->members.count; i++)
        sum += scores_count(&c->members.at[i].scores, networks[i].outputs);
    return c->merge == MERGE_CONCAT ? sum
                                    : scores_count(&c->members.at[0].scores, networks[0].outputs);
}

int classifier_classes(const Classifier *c, const NetworkShape *networks)
{
    return scores_count(&c->scores, merged_count(c, networks));
}

/* --- steps ------------------------------------------------------------------------------------ */

static void check_score(Verifier *v, const Score *s, int count)
{
    if (s->op == SCORE_TEMPERATURE && !(s->v > 0.0 && isfinite(s->v)))
        fail(v, s->loc, "temperature", "temperature %g: scores are divided by it, it is above 0",
             s->v);
    if (s->op == SCORE_SVM && s->svm->feature_count != count)
        fail(v, s->loc, "svm-width",
             "the support vectors of %s have %d features, the network gives %d", s->svm->file,
             s->svm->feature_count, count);
    if (s->op == SCORE_DENSE && s->matrix->columns != count)
        fail(v, s->loc, "stack-width",
             "the dense layer of %s takes %d values, the members together give %d", s->matrix->file,
             s->matrix->columns, count);
    if (s->op == SCORE_NETWORK && s->inputs != count)
        fail(v, s->loc, "stack-width",
             "the stacking network takes %d values, the members together give %d", s->inputs,
             count);
}

static void check_scores(Verifier *v, const ScoreList *scores, int count)
{
    for_each_vec(const Score, s, scores) {
        check_score(v, s, count);
        count = count_after(s, count);
    }
}

/* --- tables ----------------------------------------------------------------------------------- */

static bool is_share(OutputActivation activation)
{
    return activation != OUTPUT_NONE;
}

static bool gives_shares(const ScoreList *scores)
{
    if (!scores->count)
        return false;
    ScoreOp last = vec_last(scores).op;
    return last == SCORE_SOFTMAX || last == SCORE_SIGMOID || last == SCORE_SVM;
}

static void check_thresholds(Verifier *v, const Matrix *m, Loc loc, int classes, bool shares)
{
    if (!m)
        return;
    if (m->rows * m->columns != classes || (m->rows != 1 && m->columns != 1)) {
        fail(v, loc, "threshold-count", "%s has %d x %d thresholds, there are %d classes", m->file,
             m->rows, m->columns, classes);
        return;
    }
    for (int i = 0; i < classes && shares; i++)
        if (!(m->values[i] >= 0.0 && m->values[i] <= 1.0)) {
            fail(v, loc, "threshold", "threshold %g of class %d in %s: scores are within 0..1",
                 m->values[i], i, m->file);
            return;
        }
}

static void check_cost(Verifier *v, int classes)
{
    const Classifier *c = v->classifier;
    const Matrix *m = c->cost;

    if (!m)
        return;
    if (m->rows != m->columns)
        fail(v, c->cost_loc, "cost-square",
             "the cost matrix of %s has %d rows and %d columns: it has one of each per class",
             m->file, m->rows, m->columns);
    else if (m->rows != classes)
        fail(v, c->cost_loc, "cost-count", "the cost matrix of %s is for %d classes, there are %d",
             m->file, m->rows, classes);
    else if (c->rule == RULE_TAGS)
        fail(v, c->cost_loc, "cost-rule", "costs choose one class, and several tags are asked for");
}

/* --- members ---------------------------------------------------------------------------------- */

static bool is_of_sets(Merge merge)
{
    return merge == MERGE_UNION || merge == MERGE_INTERSECTION;
}

static void check_member(Verifier *v, const Member *m, int outputs)
{
    const int errors = v->errors, classes = scores_count(&m->scores, outputs);
    const Merge merge = v->classifier->merge;

    check_scores(v, &m->scores, outputs);
    if (v->errors > errors)
        return;
    if (is_of_sets(merge) && m->thresholds)
        check_thresholds(v, m->thresholds, m->threshold_loc, classes, gives_shares(&m->scores));
    else if ((is_of_sets(merge) || merge == MERGE_CASCADE) && gives_shares(&m->scores) &&
             !(m->threshold >= 0.0 && m->threshold <= 1.0))
        fail(v, m->threshold_loc, "threshold", "threshold %g: scores are within 0..1",
             m->threshold);
}

/* Merging needs equally many classes from all. */
static void check_class_counts(Verifier *v, const NetworkShape *networks)
{
    const Classifier *c = v->classifier;
    const int classes = scores_count(&c->members.at[0].scores, networks[0].outputs);

    for (int i = 1; i < c->members.count && c->merge != MERGE_CONCAT; i++) {
        const Member *m = &c->members.at[i];
        const int count = scores_count(&m->scores, networks[i].outputs);
        if (count == classes)
            continue;
        fail(v, m->loc, "class-count", "member '%s' has %d classes, member '%s' has %d", m->name,
             count, c->members.at[0].name, classes);
        diag_note(v->diag, c->members.at[0].loc, "the first member is here");
    }
}

static void check_weights(Verifier *v)
{
    const Classifier *c = v->classifier;
    double sum = 0.0;

    if (!c->weight_count)
        return;
    if (c->weight_count != c->members.count) {
        fail(v, c->merge_loc, "weight-count", "%d weights for %d members", c->weight_count,
             c->members.count);
        return;
    }
    for (int i = 0; i < c->members.count; i++) {
        const double w = c->members.at[i].weight;
        if (!(w >= 0.0 && isfinite(w)))
            fail(v, c->merge_loc, "weight", "the weight %g of member '%s' is not 0 or above", w,
                 c->members.at[i].name);
        sum += w;
    }
    if (sum == 0.0)
        fail(v, c->merge_loc, "weight", "the weights of the members are all 0");
}

/* --- the decision ----------------------------------------------------------------------------- */

static void check_output(Verifier *v, int classes)
{
    const Classifier *c = v->classifier;
    const bool of_members = !c->scores.count && !is_share(c->activation);
    const bool shares = is_share(c->activation) ||
                        (of_members && gives_shares(&c->members.at[0].scores));

    if (!output_name(c->activation) || !rule_c_name(c->rule))
        bug("unknown output %d or rule %d", (int)c->activation, (int)c->rule);
    if (c->top < 0 || c->top > classes)
        fail(v, c->output_loc, "top", "top %d: the network has only %d classes", c->top, classes);
    if (c->has_threshold && !isfinite(c->threshold))
        fail(v, c->output_loc, "threshold", "the threshold is not a finite number");
    else if (c->has_threshold && shares && (c->threshold < 0.0 || c->threshold > 1.0))
        fail(v, c->output_loc, "threshold", "threshold %g: scores after %s are within 0..1",
             c->threshold, is_share(c->activation) ? output_name(c->activation) : "this");
    check_thresholds(v, c->thresholds, c->thresholds_loc, classes, shares);
    check_cost(v, classes);
    if (c->grouping != GROUPING_NONE && !c->labels.count)
        fail(v, c->grouping_loc, "groups",
             "groups are the parts of labels before a '/', and there are no labels");
    if (c->grouping == GROUPING_ONLY && (c->cost || c->thresholds))
        fail(v, c->grouping_loc, "groups", "%s are of classes, and only groups are decided on",
             c->cost ? "costs" : "thresholds");
}

static void check_labels(Verifier *v, int classes)
{
    const Classifier *c = v->classifier;

    if (!c->labels_file || c->labels.count == classes)
        return;
    if (c->labels_loc.source)
        fail(v, c->labels_loc, "label-count", "%s has %d labels, the network has %d classes",
             c->labels_file, c->labels.count, classes);
    else {
        v->errors++;
        diag_file_error(v->diag, c->labels_file, "label-count",
                        "it has %d labels, the network has %d classes", c->labels.count, classes);
    }
}

int classifier_verify_scores(const Classifier *c, Diag *d, const NetworkShape *networks)
{
    Verifier v = { .classifier = c, .diag = d };

    if (c->members.count < 1 || (c->merge == MERGE_SINGLE) != (c->members.count == 1))
        bug("%d members merged by %d", c->members.count, (int)c->merge);
    for (int i = 0; i < c->members.count; i++)
        check_member(&v, &c->members.at[i], networks[i].outputs);
    check_class_counts(&v, networks);
    check_weights(&v);
    if (v.errors)
        return v.errors;
    check_scores(&v, &c->scores, merged_count(c, networks));
    if (v.errors)
        return v.errors;
    check_output(&v, classifier_classes(c, networks));
    check_labels(&v, classifier_classes(c, networks));
    return v.errors;
}
