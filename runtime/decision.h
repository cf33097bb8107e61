/* From a network's output to a result. */
#ifndef KILN_RUNTIME_DECISION_H
#define KILN_RUNTIME_DECISION_H

#include "runtime/kiln_model.h"
#include "runtime/reason.h"

typedef struct Decision {
    double *score; /* [classes] */
    int *rank;     /* [classes]: class indices, best first; equal scores by index */
    int classes;
    int chosen; /* how many of rank[] are the result; 0: rejected, or no tag */
} Decision;

int decision_new(Decision *d, int classes, Reason *why);
void decision_free(Decision *d);

/* Fills scores, ranks and the choice. Fails where the output is no number. */
int decision_make(const kiln_decision *rule, const float *output, Decision *d, Reason *why);

/* How many classes are listed. */
int decision_top(const kiln_decision *rule, int classes);

#endif
