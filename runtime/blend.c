/* The weights of a mean of probabilities that minimise its log loss, by expectation maximisation
 * (Dempster, Laird and Rubin, 1977): the mean is a mixture whose components are given, each round
 * makes a weight the mean part that its member has in the probability of the truth, and no round
 * makes the loss larger. The problem is convex, so it does not matter where one begins. */
#include "runtime/blend.h"

#include "runtime/merge.h"
#include "runtime/truth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 2000 };

typedef struct Blend {
    Session *session;
    Truth truth;
    int members, classes;
    size_t pictures;
    double *score; /* [pictures][members][classes] */
    int *label;    /* [pictures] */
    double *weight;
} Blend;

static const double *scores_of(const Blend *b, size_t picture, int member)
{
    return b->score + (picture * (size_t)b->members + (size_t)member) * (size_t)b->classes;
}

/* The mixture's score of one class. */
static double mixed(const Blend *b, size_t picture, int class_index)
{
    double sum = 0.0;

    for (int m = 0; m < b->members; m++)
        sum += b->weight[m] * scores_of(b, picture, m)[class_index];
    return sum;
}

/* --- the members' scores --------------------------------------------------------------------- */

static int score_picture(Blend *b, size_t i, Reason *why)
{
    Session *s = b->session;
    double *to = b->score + i * (size_t)b->members * (size_t)b->classes;

    if (!session_load_picture(s, 0, b->truth.inputs.at[i].path, why) ||
        !session_run(s, NULL, -1, why))
        return 0;
    for (int m = 0; m < b->members; m++, to += b->classes)
        memcpy(to, session_member_scores(s, m), (size_t)b->classes * sizeof *to);
    b->label[i] = b->truth.label[b->truth.first[i]];
    return 1;
}

static int score_all(Blend *b, Reason *why)
{
    Reason cause;

    for (b->pictures = 0; b->pictures < b->truth.inputs.count; b->pictures++) {
        const Input *input = &b->truth.inputs.at[b->pictures];
        if (input->problem)
            return reason_set(why, "%.200s: %.200s", input->path, input->problem);
        if (!score_picture(b, b->pictures, &cause))
            return reason_set(why, "%.200s: %.250s", input->path, cause.text);
    }
    return 1;
}

static int allocate(Blend *b, Reason *why)
{
    const size_t n = b->truth.inputs.count;

    if (n == 0)
        return reason_set(why, "there are no pictures");
    b->score = calloc(n * (size_t)b->members * (size_t)b->classes, sizeof *b->score);
    b->label = calloc(n, sizeof *b->label);
    b->weight = calloc((size_t)b->members, sizeof *b->weight);
    return b->score && b->label && b->weight ? 1 : reason_set(why, "out of memory");
}

/* --- the weights ----------------------------------------------------------------------------- */

static void improve(Blend *b, double *next)
{
    memset(next, 0, (size_t)b->members * sizeof *next);
    for (size_t i = 0; i < b->pictures; i++) {
        const double all = mixed(b, i, b->label[i]);
        for (int m = 0; m < b->members && all > 0.0; m++)
            next[m] += b->weight[m] * scores_of(b, i, m)[b->label[i]] / all;
    }
}

static int fit(Blend *b, Reason *why)
{
    double *next = malloc((size_t)b->members * sizeof *next);

    if (!next)
        return reason_set(why, "out of memory");
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0.0;
        improve(b, next);
        for (int m = 0; m < b->members; m++)
            sum += next[m];
        for (int m = 0; m < b->members && sum > 0.0; m++)
            b->weight[m] = next[m] / sum;
    }
    free(next);
    return 1;
}

static void print_quality(const Blend *b, const char *what, FILE *out)
{
    double loss = 0.0, best;
    size_t right = 0;

    for (size_t i = 0; i < b->pictures; i++) {
        int answer = 0;
        best = mixed(b, i, 0);
        for (int c = 1; c < b->classes; c++) {
            const double score = mixed(b, i, c);
            answer = score > best ? c : answer;
            best = score > best ? score : best;
        }
        right += answer == b->label[i];
        loss -= log(fmax(mixed(b, i, b->label[i]), 1e-300));
    }
    fprintf(out, "// %s: accuracy %.4f, log loss %.5f on %zu pictures\n", what,
            (double)right / (double)b->pictures, loss / (double)b->pictures, b->pictures);
}

static void print_line(const Blend *b, FILE *out)
{
    fputs("merge mean [", out);
    for (int m = 0; m < b->members; m++)
        fprintf(out, "%s%.4f", m ? ", " : "", b->weight[m]);
    fputs("]\n", out);
}

/* --------------------------------------------------------------------------------------------- */

static int find_weights(Blend *b, FILE *out, Reason *why)
{
    if (!allocate(b, why) || !score_all(b, why))
        return 0;
    for (int m = 0; m < b->members; m++)
        b->weight[m] = 1.0 / b->members;
    print_quality(b, "equal weights", out);
    if (!fit(b, why))
        return 0;
    print_quality(b, "fitted weights", out);
    print_line(b, out);
    return 1;
}

int blend_run(Session *s, const char *source, const char *map, FILE *out, Reason *why)
{
    const LabelNames names = { s->labels, s->label_count, s->classes };
    Blend b = { .session = s, .members = s->program->member_count, .classes = s->classes };
    int ok;

    if (s->program->merge != KILN_MERGE_MEAN)
        return reason_set(why, "weights are fitted to 'merge mean', and '%s' has none",
                          s->program->name);
    ok = truth_read(&b.truth, source, map, &names, 0, why) && find_weights(&b, out, why);
    truth_free(&b.truth);
    free(b.score);
    free(b.label);
    free(b.weight);
    return ok;
}
