/* Counting decisions against the truth. Of classifiers with one answer the confusion matrix holds
 * everything; of those with several labels scores are kept, because a sweep over thresholds and the
 * average precision need them all. Sums are in double. */
#include "runtime/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { TOP = 5, FIRST_ROOM = 256 };

int metrics_new(Metrics *m, int classes, int has_tags, Reason *why)
{
    const size_t n = (size_t)classes;

    memset(m, 0, sizeof *m);
    m->classes = classes;
    m->has_tags = has_tags;
    m->actual = calloc(3 * n, sizeof *m->actual);
    m->confusion = has_tags ? NULL : calloc(n * (n + 1), sizeof *m->confusion);
    if (!m->actual || (!has_tags && !m->confusion)) {
        metrics_free(m);
        return reason_set(why, "out of memory for the counts of %d classes", classes);
    }
    m->predicted = m->actual + n;
    m->correct = m->predicted + n;
    return 1;
}

void metrics_free(Metrics *m)
{
    free(m->actual);
    free(m->confusion);
    free(m->score);
    free(m->truth);
    memset(m, 0, sizeof *m);
}

/* --- adding ---------------------------------------------------------------------------------- */

static int holds(const int *list, int count, int value)
{
    for (int i = 0; i < count; i++)
        if (list[i] == value)
            return 1;
    return 0;
}

static int keep_scores(Metrics *m, const int *truth, int count, const Verdict *v, Reason *why)
{
    const size_t n = (size_t)m->classes;

    if (m->pictures == m->room) {
        const size_t room = m->room ? 2 * m->room : FIRST_ROOM;
        float *score = realloc(m->score, room * n * sizeof *score);
        unsigned char *marks = score ? realloc(m->truth, room * n) : NULL;
        m->score = score ? score : m->score;
        m->truth = marks ? marks : m->truth;
        if (!marks)
            return reason_set(why, "out of memory for the scores of %zu pictures", room);
        m->room = room;
    }
    memset(m->truth + m->pictures * n, 0, n);
    for (int i = 0; i < count; i++)
        m->truth[m->pictures * n + (size_t)truth[i]] = 1;
    for (size_t c = 0; c < n; c++)
        m->score[m->pictures * n + c] = (float)v->score[c];
    return 1;
}

static void count_one(Metrics *m, int truth, const Verdict *v)
{
    const size_t n = (size_t)m->classes;
    const int answer = v->chosen_count ? v->chosen[0] : m->classes;

    m->actual[truth]++;
    m->confusion[(size_t)truth * (n + 1) + (size_t)answer]++;
    m->top5 += (size_t)holds(v->rank, m->classes < TOP ? m->classes : TOP, truth);
    if (answer == m->classes)
        m->rejected++;
    else
        m->predicted[answer]++;
    if (answer == truth) {
        m->correct[truth]++;
        m->exact++;
    }
}

static void count_tags(Metrics *m, const int *truth, int count, const Verdict *v)
{
    int right = 0;

    for (int i = 0; i < count; i++)
        m->actual[truth[i]]++;
    for (int i = 0; i < v->chosen_count; i++) {
        m->predicted[v->chosen[i]]++;
        if (holds(truth, count, v->chosen[i])) {
            m->correct[v->chosen[i]]++;
            right++;
        }
    }
    m->rejected += v->chosen_count == 0;
    m->exact += right == count && right == v->chosen_count;
}

int metrics_add(Metrics *m, const int *truth, int count, const Verdict *verdict, Reason *why)
{
    if (m->has_tags) {
        if (!keep_scores(m, truth, count, verdict, why))
            return 0;
        count_tags(m, truth, count, verdict);
    } else {
        count_one(m, truth[0], verdict);
    }
    m->pictures++;
    return 1;
}

/* --- figures --------------------------------------------------------------------------------- */

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

double metrics_accuracy(const Metrics *m)
{
    return ratio((double)m->exact, (double)m->pictures);
}

double metrics_top5(const Metrics *m)
{
    return ratio((double)m->top5, (double)m->pictures);
}

double metrics_precision(const Metrics *m, int c)
{
    return ratio((double)m->correct[c], (double)m->predicted[c]);
}

double metrics_recall(const Metrics *m, int c)
{
    return ratio((double)m->correct[c], (double)m->actual[c]);
}

double metrics_f1(const Metrics *m, int c)
{
    return ratio(2.0 * (double)m->correct[c], (double)(m->actual[c] + m->predicted[c]));
}

int metrics_predicted_classes(const Metrics *m)
{
    int count = 0;

    for (int c = 0; c < m->classes; c++)
        count += m->predicted[c] > 0;
    return count;
}

static double precision_sum(const Metrics *m)
{
    double sum = 0.0;

    for (int c = 0; c < m->classes; c++)
        sum += (double)m->correct[c] / ((double)m->predicted[c] + 1e-6);
    return sum;
}

double metrics_macro_predicted(const Metrics *m)
{
    return ratio(precision_sum(m), metrics_predicted_classes(m));
}

double metrics_macro_all(const Metrics *m)
{
    return ratio(precision_sum(m), m->classes);
}

/* --- several labels -------------------------------------------------------------------------- */

typedef struct Scored {
    float score;
    int is_true;
} Scored;

static int compare_scored(const void *a, const void *b)
{
    const Scored *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

/* Of pictures sorted by score; `positives` of them have the tag. */
static double average_precision(const Scored *s, size_t count, size_t positives)
{
    double sum = 0.0;
    size_t hits = 0, before = 0;

    for (size_t i = 0; i < count; i++) {
        hits += (size_t)s[i].is_true;
        if (i + 1 < count && !(s[i + 1].score < s[i].score))
            continue; /* equal scores are one threshold */
        sum += (double)(hits - before) / (double)positives * ((double)hits / (double)(i + 1));
        before = hits;
    }
    return sum;
}

double metrics_map(const Metrics *m, int *counted)
{
    const size_t n = (size_t)m->classes;
    Scored *s = malloc((m->pictures + 1) * sizeof *s);
    double sum = 0.0;

    *counted = 0;
    if (!s)
        return -1.0;
    for (size_t c = 0; c < n; c++) {
        if (m->actual[c] == 0)
            continue;
        for (size_t i = 0; i < m->pictures; i++) {
            s[i].score = m->score[i * n + c];
            s[i].is_true = m->truth[i * n + c];
        }
        qsort(s, m->pictures, sizeof *s, compare_scored);
        sum += average_precision(s, m->pictures, m->actual[c]);
        *counted += 1;
    }
    free(s);
    return ratio(sum, *counted);
}

/* (1 + b^2) P R / (b^2 P + R), in counts; 1 where nothing is to be found and nothing was. */
static double f_beta(double hits, double chosen, double wanted, double beta)
{
    const double b = beta * beta, below = b * wanted + chosen;
    return below > 0.0 ? (1.0 + b) * hits / below : 1.0;
}

TagPoint metrics_at(const Metrics *m, double threshold, double beta)
{
    const size_t n = (size_t)m->classes;
    double hits = 0.0, chosen = 0.0, wanted = 0.0, sum = 0.0;
    TagPoint point = { .threshold = threshold };

    for (size_t i = 0; i < m->pictures; i++) {
        double h = 0.0, k = 0.0, w = 0.0;
        for (size_t c = 0; c < n; c++) {
            const int is_chosen = (double)m->score[i * n + c] > threshold;
            h += is_chosen && m->truth[i * n + c];
            k += is_chosen;
            w += m->truth[i * n + c];
        }
        hits += h;
        chosen += k;
        wanted += w;
        sum += f_beta(h, k, w, beta);
    }
    point.precision = ratio(hits, chosen);
    point.recall = ratio(hits, wanted);
    point.f = f_beta(hits, chosen, wanted, beta);
    point.f_picture = ratio(sum, (double)m->pictures);
    return point;
}
