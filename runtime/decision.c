/* Scores, their order, and what the rule of the classifier makes of them. What ranks classes is the
 * score itself, the expected cost of answering with the class (least first), or the score within
 * the best group. */
#include "runtime/decision.h"

#include "runtime/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int decision_new(Decision *d, int classes, Reason *why)
{
    memset(d, 0, sizeof *d);
    d->classes = classes;
    d->score = malloc((size_t)classes * sizeof *d->score);
    d->key = malloc((size_t)classes * 2 * sizeof *d->key); /* the second half is for groups */
    d->set = calloc((size_t)classes, sizeof *d->set);
    d->rank = malloc((size_t)classes * 2 * sizeof *d->rank); /* the second half is for sorting */
    if (d->score && d->key && d->set && d->rank)
        return 1;
    decision_free(d);
    return reason_set(why, "out of memory");
}

void decision_free(Decision *d)
{
    free(d->score);
    free(d->key);
    free(d->set);
    free(d->rank);
    memset(d, 0, sizeof *d);
}

/* Merges the sorted halves from[a, middle) and from[middle, end) into to[a, end). */
static void merge(const Decision *d, const int *from, int *to, int a, int middle, int end)
{
    int b = middle;

    for (int i = a; i < end; i++) {
        const int take_b = a == middle || (b < end && d->key[from[b]] > d->key[from[a]]);
        to[i] = take_b ? from[b++] : from[a++];
    }
}

/* Merge sort, from the bottom up: stable, and without the global that qsort() would need. */
static void sort(Decision *d)
{
    const int n = d->classes;
    int *from = d->rank, *to = d->rank + n;

    for (int i = 0; i < n; i++)
        from[i] = i;
    for (int width = 1; width<n; width = width> n / 2 ? n : 2 * width) {
        for (int a = 0; a < n; a += 2 * width) {
            const int middle = n - a < width ? n : a + width;
            const int end = n - middle < width ? n : middle + width;
            merge(d, from, to, a, middle, end);
            if (n - a < 2 * width)
                break;
        }
        int *other = from;
        from = to;
        to = other;
    }
    if (from != d->rank)
        memcpy(d->rank, from, (size_t)n * sizeof *from);
}

/* --- what ranks ------------------------------------------------------------------------------ */

static void set_scores_as_keys(Decision *d)
{
    memcpy(d->key, d->score, (size_t)d->classes * sizeof *d->key);
}

/* Of answering with class i where the scores are probabilities. */
static void set_costs_as_keys(const double *cost, Decision *d)
{
    for (int i = 0; i < d->classes; i++) {
        double expected = 0.0;
        for (int t = 0; t < d->classes; t++)
            expected += d->score[t] * cost[(size_t)t * (size_t)d->classes + (size_t)i];
        d->key[i] = -expected;
    }
}

/* After sort(): groups by their sums, the order of classes within a group as it was. Equal sums are
 * kept apart by the order of the groups. */
static void sort_by_group(const Groups *g, Decision *d)
{
    double *sum = d->key + d->classes;
    int *before = d->rank + d->classes, n = 0;

    groups_sum(g, d->score, sum);
    memcpy(before, d->rank, (size_t)d->classes * sizeof *before);
    for (int done = 0; done < g->count; done++) {
        int best = 0;
        for (int i = 1; i < g->count; i++)
            best = sum[i] > sum[best] ? i : best;
        for (int i = 0; i < d->classes; i++)
            if (g->of[before[i]] == best)
                d->rank[n++] = before[i];
        sum[best] = -INFINITY;
    }
}

static void make_groups_the_classes(const Groups *g, Decision *d)
{
    double *sum = d->key + d->classes;

    groups_sum(g, d->score, sum);
    memcpy(d->score, sum, (size_t)g->count * sizeof *sum);
    d->classes = g->count;
}

/* --- the choice ------------------------------------------------------------------------------ */

static double threshold_of(const kiln_decision *rule, int class_index, double otherwise)
{
    if (rule->thresholds)
        return rule->thresholds[class_index];
    return rule->has_threshold ? rule->threshold : otherwise;
}

static int is_tag(const kiln_decision *rule, const Decision *d, int i)
{
    return d->has_set ? d->set[i] : d->score[i] > threshold_of(rule, i, 0.5);
}

/* Moves the tags to the front, without disturbing the order; returns their number. */
static int choose_tags(const kiln_decision *rule, Decision *d)
{
    int *rest = d->rank + d->classes, tags = 0, others = 0;

    for (int i = 0; i < d->classes; i++) {
        if (is_tag(rule, d, d->rank[i]))
            d->rank[tags++] = d->rank[i];
        else
            rest[others++] = d->rank[i];
    }
    memcpy(d->rank + tags, rest, (size_t)others * sizeof *rest);
    return tags;
}

static int choose_best(const kiln_decision *rule, const Decision *d)
{
    const int best = d->rank[0];

    return d->score[best] >= threshold_of(rule, best, -INFINITY);
}

void decision_make(const kiln_decision *rule, const Groups *groups, Decision *d)
{
    if (rule->activation == KILN_ACTIVATION_SOFTMAX)
        scores_softmax(d->score, d->classes);
    else if (rule->activation == KILN_ACTIVATION_SIGMOID)
        scores_sigmoid(d->score, d->classes);
    if (groups && rule->grouping == KILN_GROUPING_ONLY)
        make_groups_the_classes(groups, d);
    if (rule->cost)
        set_costs_as_keys(rule->cost, d);
    else
        set_scores_as_keys(d);
    sort(d);
    if (groups && rule->grouping == KILN_GROUPING_FIRST)
        sort_by_group(groups, d);
    d->chosen = rule->rule == KILN_RULE_TAGS ? choose_tags(rule, d) : choose_best(rule, d);
}

int decision_top(const kiln_decision *rule, int classes)
{
    const int wanted = rule->top > 0 ? rule->top : 5;
    return wanted < classes ? wanted : classes;
}
