/* The steps on vectors of scores that a classifier's table lists. Sums are in double, so that
 * scores do not depend on the number of classes. The SVM is that of libsvm (Chang and Lin, 2011):
 * a class wins a duel where the decision value is positive for it. */
#include "runtime/scores.h"

#include <math.h>
#include <string.h>

void scores_softmax(double *score, int count)
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

void scores_sigmoid(double *score, int count)
{
    for (int i = 0; i < count; i++)
        score[i] = 1.0 / (1.0 + exp(-score[i]));
}

int scores_set(Scores *s, const float *output, int count, Reason *why)
{
    for (int i = 0; i < count; i++) {
        if (!isfinite(output[i]))
            return reason_set(why, "the network's output %d is not a finite number", i);
        s->at[i] = (double)output[i];
    }
    s->count = count;
    return 1;
}

/* --- support vector machines ----------------------------------------------------------------- */

static double dot(const double *x, const double *y, int n)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static double squared_distance(const double *x, const double *y, int n)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum;
}

static double kernel(const kiln_svm *svm, const double *x, const double *y)
{
    const int n = svm->feature_count;

    if (svm->kernel == KILN_KERNEL_RBF)
        return exp(-svm->gamma * squared_distance(x, y, n));
    if (svm->kernel == KILN_KERNEL_LINEAR)
        return dot(x, y, n);
    return pow(svm->gamma * dot(x, y, n) + svm->coef0, svm->degree);
}

void svm_kernels(const kiln_svm *svm, const double *x, double *kernels)
{
    for (int i = 0; i < svm->vector_count; i++)
        kernels[i] = kernel(svm, x, svm->vectors + (size_t)i * (size_t)svm->feature_count);
}

void svm_decide(const kiln_svm *svm, const double *kernels, double *values)
{
    const int n = svm->class_count;
    int first_i = 0, pair = 0;

    for (int i = 0; i < n; first_i += svm->group_size[i++]) {
        int first_j = first_i + svm->group_size[i];
        for (int j = i + 1; j < n; first_j += svm->group_size[j++]) {
            const double *of_i = svm->coefficients + (size_t)(j - 1) * (size_t)svm->vector_count;
            const double *of_j = svm->coefficients + (size_t)i * (size_t)svm->vector_count;
            values[pair] = svm->intercepts[pair] +
                           dot(of_i + first_i, kernels + first_i, svm->group_size[i]) +
                           dot(of_j + first_j, kernels + first_j, svm->group_size[j]);
            pair++;
        }
    }
}

static void count_votes(const kiln_svm *svm, const double *values, double *votes)
{
    const int n = svm->class_count;

    for (int i = 0; i < n; i++)
        votes[i] = 0.0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            votes[svm->group_class[*values++ > 0.0 ? i : j]] += 1.0;
}

/* `spare` has room for the kernels, and behind them for the values of all pairs. */
static void run_svm(Scores *s, const kiln_svm *svm)
{
    double *values = s->spare + svm->vector_count;

    svm_kernels(svm, s->at, s->spare);
    svm_decide(svm, s->spare, values);
    count_votes(svm, values, s->at);
    for (int i = 0; i < svm->class_count; i++)
        s->at[i] /= svm->class_count > 1 ? svm->class_count - 1 : 1;
    s->count = svm->class_count;
}

/* --- steps ----------------------------------------------------------------------------------- */

static void run_dense(Scores *s, const kiln_matrix *m)
{
    for (int i = 0; i < m->rows; i++)
        s->spare[i] = m->bias[i] +
                      dot(m->values + (size_t)i * (size_t)m->columns, s->at, m->columns);
    memcpy(s->at, s->spare, (size_t)m->rows * sizeof *s->at);
    s->count = m->rows;
}

static int shape_count(const kiln_shape *shape)
{
    int n = 1;

    for (int i = 0; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

static int run_network(Scores *s, const kiln_network *n, Reason *why)
{
    for (int i = 0; i < s->count; i++)
        s->input[i] = (float)s->at[i];
    n->run(n->context, s->input, s->output, s->arena, NULL);
    return scores_set(s, s->output, shape_count(&n->output), why);
}

static int run_step(Scores *s, const kiln_score *step, Reason *why)
{
    switch (step->op) {
    case KILN_SCORE_TEMPERATURE:
        for (int i = 0; i < s->count; i++)
            s->at[i] /= step->v;
        return 1;
    case KILN_SCORE_SOFTMAX:
        scores_softmax(s->at, s->count);
        return 1;
    case KILN_SCORE_SIGMOID:
        scores_sigmoid(s->at, s->count);
        return 1;
    case KILN_SCORE_DENSE:
        run_dense(s, step->matrix);
        return 1;
    case KILN_SCORE_SVM:
        run_svm(s, step->svm);
        return 1;
    case KILN_SCORE_NETWORK:
        return run_network(s, step->network, why);
    default:
        return reason_set(why, "score step %d is unknown to this program", step->op);
    }
}

int scores_run(Scores *s, const kiln_score *steps, int count, Reason *why)
{
    for (int i = 0; i < count; i++)
        if (!run_step(s, &steps[i], why))
            return 0;
    return 1;
}

static int step_room(const kiln_score *step)
{
    const kiln_svm *svm = step->svm;

    if (step->op == KILN_SCORE_SVM)
        return svm->vector_count + svm->class_count * (svm->class_count + 1) / 2;
    if (step->op == KILN_SCORE_DENSE)
        return step->matrix->rows;
    return step->op == KILN_SCORE_NETWORK ? shape_count(&step->network->output) : 0;
}

int scores_longest(const kiln_score *steps, int count, int from)
{
    int longest = from;

    for (int i = 0; i < count; i++) {
        const int room = step_room(&steps[i]);
        longest = room > longest ? room : longest;
    }
    return longest;
}
