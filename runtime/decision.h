/* From scores to a result. */
#ifndef KILN_RUNTIME_DECISION_H
#define KILN_RUNTIME_DECISION_H

#include "runtime/groups.h"
#include "runtime/kiln_model.h"
#include "runtime/reason.h"

typedef struct Decision {
    double *score; /* [classes] */
    double *key;   /* [classes]: what ranks them; the score, unless the rule says otherwise */
    int *rank;     /* [classes]: class indices, the chosen ones of several tags first, each part
                      best first; equal ones by index */
    unsigned char *set; /* [classes]: those that members have chosen, where has_set */
    int classes, has_set;
    int chosen; /* how many of rank[] are the result; 0: rejected, or no tag */
    int member; /* which one of a cascade has answered; else 0 */
} Decision;

int decision_new(Decision *d, int classes, Reason *why);
void decision_free(Decision *d);

/* From d->score: the activation, groups (NULL: none), ranks and the choice. With
 * KILN_GROUPING_ONLY, scores and ranks of groups take the place of those of classes. */
void decision_make(const kiln_decision *rule, const Groups *groups, Decision *d);

/* How many classes are listed. */
int decision_top(const kiln_decision *rule, int classes);

#endif
