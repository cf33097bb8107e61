/* Merging: of the views of one member, and of members. Weights are normalised by their sum, so that
 * merged probabilities are probabilities; a geometric mean is left as it comes. */
#include "runtime/merge.h"

#include <math.h>
#include <string.h>

/* --- views ----------------------------------------------------------------------------------- */

void merge_view(int merge, double *sum, const double *view, int n, int is_first)
{
    for (int i = 0; i < n; i++) {
        const double v = merge == KILN_MERGE_GEOMETRIC ? log(view[i]) : view[i];
        if (is_first)
            sum[i] = v;
        else if (merge == KILN_MERGE_MAX)
            sum[i] = v > sum[i] ? v : sum[i];
        else
            sum[i] += v;
    }
}

void merge_end_views(int merge, double *sum, int n, int views)
{
    for (int i = 0; i < n && merge != KILN_MERGE_MAX; i++) {
        sum[i] /= views;
        if (merge == KILN_MERGE_GEOMETRIC)
            sum[i] = exp(sum[i]);
    }
}

/* --- members --------------------------------------------------------------------------------- */

int merge_best(const double *score, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        best = score[i] > score[best] ? i : best;
    return best;
}

static double weight_sum(const kiln_classifier *p)
{
    double sum = 0.0;

    for (int m = 0; m < p->member_count; m++)
        sum += p->members[m].weight;
    return sum;
}

static double merged(const kiln_classifier *p, const double *scores, int n, int i)
{
    double sum = 0.0, most = scores[i];

    for (int m = 0; m < p->member_count; m++) {
        const double v = scores[(size_t)m * (size_t)n + (size_t)i];
        /* A weight of nothing takes a member out, whatever it says. */
        if (p->members[m].weight > 0.0)
            sum += p->members[m].weight * (p->merge == KILN_MERGE_GEOMETRIC ? log(v) : v);
        most = v > most ? v : most;
    }
    if (p->merge == KILN_MERGE_MAX)
        return most;
    sum /= weight_sum(p);
    return p->merge == KILN_MERGE_GEOMETRIC ? exp(sum) : sum;
}

static void vote(const kiln_classifier *p, const double *scores, int n, double *out)
{
    const double all = weight_sum(p);

    memset(out, 0, (size_t)n * sizeof *out);
    for (int m = 0; m < p->member_count; m++) {
        const double *of_member = scores + (size_t)m * (size_t)n;
        const int best = merge_best(of_member, n);
        const double confidence = p->merge == KILN_MERGE_CONFIDENCE ? of_member[best] : 1.0;
        out[best] += p->members[m].weight * confidence / all;
    }
}

static int is_tag(const kiln_member *m, double score, int i)
{
    return score > (m->thresholds ? m->thresholds[i] : m->threshold);
}

/* A class in a union has its best score, one in an intersection its worst. */
static void merge_sets(const kiln_classifier *p, const double *scores, int n, double *out,
                       unsigned char *set)
{
    const int is_union = p->merge == KILN_MERGE_UNION;

    for (int i = 0; i < n; i++) {
        double score = scores[i];
        int in = !is_union;
        for (int m = 0; m < p->member_count; m++) {
            const double v = scores[(size_t)m * (size_t)n + (size_t)i];
            const int tag = is_tag(&p->members[m], v, i);
            in = is_union ? in || tag : in && tag;
            score = (is_union ? v > score : v < score) ? v : score;
        }
        out[i] = score;
        set[i] = (unsigned char)in;
    }
}

void merge_members(const kiln_classifier *p, const double *scores, int n, double *out,
                   unsigned char *set)
{
    switch (p->merge) {
    case KILN_MERGE_UNION:
    case KILN_MERGE_INTERSECTION:
        merge_sets(p, scores, n, out, set);
        break;
    case KILN_MERGE_VOTE:
    case KILN_MERGE_CONFIDENCE:
        vote(p, scores, n, out);
        break;
    default:
        for (int i = 0; i < n; i++)
            out[i] = merged(p, scores, n, i);
    }
}
