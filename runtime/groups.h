/* Groups of classes whose labels share what stands before the first '/'. */
#ifndef KILN_RUNTIME_GROUPS_H
#define KILN_RUNTIME_GROUPS_H

#include "runtime/reason.h"

typedef struct Groups {
    int class_count, count;
    int *of;            /* [classes] */
    const char **label; /* [count], in the order in which classes name them first */
    char *text;
} Groups;

int groups_new(Groups *g, const char *const *labels, int count, Reason *why);
void groups_free(Groups *g);

/* sum[group] of the scores of its classes. */
void groups_sum(const Groups *g, const double *score, double *sum);

#endif
