/* How good decisions are. Counts go in picture by picture; figures come out at any time. */
#ifndef KILN_RUNTIME_METRICS_H
#define KILN_RUNTIME_METRICS_H

#include "runtime/reason.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Metrics {
    int classes, has_tags;
    size_t pictures, exact; /* of tags: all of them and no other */
    size_t top5, rejected;
    size_t *actual, *predicted, *correct; /* [classes] */
    uint32_t *confusion; /* [classes][classes + 1]: truth, prediction; the last one: none.
                            NULL with tags */
    /* With tags, picture by picture: */
    float *score;         /* [room][classes] */
    unsigned char *truth; /* [room][classes] */
    size_t room;
} Metrics;

int metrics_new(Metrics *m, int classes, int has_tags, Reason *why);
void metrics_free(Metrics *m);

/* What was decided about one picture. */
typedef struct Verdict {
    const double *score; /* [classes] */
    const int *rank;     /* [classes], best first */
    const int *chosen;   /* [chosen_count] classes */
    int chosen_count;
} Verdict;

/* Adds a picture whose class is truth[0], or whose tags are truth[0 .. count - 1]. */
int metrics_add(Metrics *m, const int *truth, int count, const Verdict *verdict, Reason *why);

double metrics_accuracy(const Metrics *m);
double metrics_top5(const Metrics *m);

/* Of one class; 0 where the denominator is. */
double metrics_precision(const Metrics *m, int c);
double metrics_recall(const Metrics *m, int c);
double metrics_f1(const Metrics *m, int c);

/* The sum over classes of correct / (predicted + 1e-6), divided by the number of classes that were
 * predicted at all, or by that of all classes. */
double metrics_macro_predicted(const Metrics *m);
double metrics_macro_all(const Metrics *m);
int metrics_predicted_classes(const Metrics *m);

/* --- several labels -------------------------------------------------------------------------- */

/* The mean of the average precisions of the classes that some picture has; *counted: how many. The
 * average precision is the sum over distinct scores, from above, of the gain in recall times the
 * precision there. -1 for lack of memory. */
double metrics_map(const Metrics *m, int *counted);

typedef struct TagPoint {
    double threshold, precision, recall;
    double f;         /* F-beta of all decisions together */
    double f_picture; /* the mean over pictures of each one's F-beta */
} TagPoint;

/* With every class above `threshold` as a tag. */
TagPoint metrics_at(const Metrics *m, double threshold, double beta);

#endif
