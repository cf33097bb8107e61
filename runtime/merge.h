/* Several vectors of scores to one. */
#ifndef KILN_RUNTIME_MERGE_H
#define KILN_RUNTIME_MERGE_H

#include "runtime/kiln_model.h"

/* The views of one member, one after the other: sum[n] collects them. */
void merge_view(int merge, double *sum, const double *view, int n, int is_first);
void merge_end_views(int merge, double *sum, int n, int views);

/* The class with the largest score; of equal ones the first. */
int merge_best(const double *score, int n);

/* The members' vectors lie one behind the other at `scores`; all but MERGE_CONCAT take vectors of
 * n scores. Sets[n], of a union or an intersection, says which classes are in it. */
void merge_members(const kiln_classifier *program, const double *scores, int n, double *out,
                   unsigned char *set);

#endif
