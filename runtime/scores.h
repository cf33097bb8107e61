/* Steps on vectors of scores. */
#ifndef KILN_RUNTIME_SCORES_H
#define KILN_RUNTIME_SCORES_H

#include "runtime/kiln_model.h"
#include "runtime/reason.h"

/* A vector and the room that steps need: both arrays are as long as any vector becomes. */
typedef struct Scores {
    double *at, *spare;
    int count;
    float *input, *output; /* of networks among the steps, in their 64-byte aligned `arena` */
    void *arena;
} Scores;

void scores_softmax(double *score, int count);
void scores_sigmoid(double *score, int count);

/* Takes a network's output over; fails where a value is no finite number. */
int scores_set(Scores *s, const float *output, int count, Reason *why);
int scores_run(Scores *s, const kiln_score *steps, int count, Reason *why);
/* The longest vector that there is on the way. */
int scores_longest(const kiln_score *steps, int count, int from);

/* The classes that an SVM's duels are won by: votes[class_count]. */
void svm_vote(const kiln_svm *svm, const double *x, double *votes);
/* values[p] of pair p; kernels[vector_count] is room for the kernel's values. */
void svm_decide(const kiln_svm *svm, const double *kernels, double *values);
void svm_kernels(const kiln_svm *svm, const double *x, double *kernels);

#endif
