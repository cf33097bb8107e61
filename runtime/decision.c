/* Scores, their order, and what the rule of the classifier makes of them. Sums are in double, so
 * that scores do not depend on the number of classes. */
#include "runtime/decision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int decision_new(Decision *d, int classes, Reason *why)
{
    memset(d, 0, sizeof *d);
    d->classes = classes;
    d->score = malloc((size_t)classes * sizeof *d->score);
    d->rank = malloc((size_t)classes * 2 * sizeof *d->rank); /* the second half is for sorting */
    if (d->score && d->rank)
        return 1;
    decision_free(d);
    return reason_set(why, "out of memory");
}

void decision_free(Decision *d)
{
    free(d->score);
    free(d->rank);
    d->score = NULL;
    d->rank = NULL;
}

static void softmax(double *score, int count)
{
    double largest = score[0], sum = 0.0;

    for (int i = 1; i < count; i++)
        largest = score[i] > largest ? score[i] : largest;
    for (int i = 0; i < count; i++) {
        score[i] = exp(score[i] - largest);
        sum += score[i];
    }
    for (int i = 0; i < count; i++)
        score[i] /= sum;
}

static void sigmoid(double *score, int count)
{
    for (int i = 0; i < count; i++)
        score[i] = 1.0 / (1.0 + exp(-score[i]));
}

/* Merges the sorted halves from[a, middle) and from[middle, end) into to[a, end). */
static void merge(const Decision *d, const int *from, int *to, int a, int middle, int end)
{
    int b = middle;

    for (int i = a; i < end; i++) {
        const int take_b = a == middle || (b < end && d->score[from[b]] > d->score[from[a]]);
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

static int count_chosen(const kiln_decision *rule, const Decision *d)
{
    int n = 0;

    if (rule->rule == KILN_RULE_BEST)
        return !rule->has_threshold || d->score[d->rank[0]] >= rule->threshold;
    while (n < d->classes && d->score[d->rank[n]] > (rule->has_threshold ? rule->threshold : 0.5))
        n++;
    return n;
}

int decision_make(const kiln_decision *rule, const float *output, Decision *d, Reason *why)
{
    for (int i = 0; i < d->classes; i++) {
        if (!isfinite(output[i]))
            return reason_set(why, "the network's output %d is not a finite number", i);
        d->score[i] = (double)output[i];
    }
    if (rule->activation == KILN_ACTIVATION_SOFTMAX)
        softmax(d->score, d->classes);
    else if (rule->activation == KILN_ACTIVATION_SIGMOID)
        sigmoid(d->score, d->classes);
    sort(d);
    d->chosen = count_chosen(rule, d);
    return 1;
}

int decision_top(const kiln_decision *rule, int classes)
{
    const int wanted = rule->top > 0 ? rule->top : 5;
    return wanted < classes ? wanted : classes;
}
