/* Where tensors and scratch lie in the arena. */
#ifndef KILN_SCHEDULE_PLAN_MEMORY_H
#define KILN_SCHEDULE_PLAN_MEMORY_H

#include "compiler/graph/graph.h"

enum { PLAN_ALIGNMENT = 64, PLAN_NOWHERE = -1 };

/* Bytes from the start of the arena, by node id. A tensor is found through its view:
 * offset[n->view.owner->id]. */
typedef struct MemoryPlan {
    int64_t *offset;         /* [nodes]; PLAN_NOWHERE: owns no storage in the arena */
    int64_t *scratch_offset; /* [nodes]; PLAN_NOWHERE: needs no scratch */
    int64_t bytes;           /* of the whole arena */
    int64_t lower_bound;     /* the largest sum of bytes in use at one node: no plan needs less */
} MemoryPlan;

/* What besides the values of a graph decides what is in use when. */
typedef struct PlanNeeds {
    int64_t pictures;             /* at once */
    const int64_t *scratch_bytes; /* [nodes]; NULL: none */
    /* [nodes]: the node with which each is computed, mostly itself; one that is computed with
     * another needs no place. NULL: each by itself. */
    const int *computed_at;
    /* The nodes before this one run picture by picture, all of them for one and then for the next;
     * 0: none do. What they and later ones use holds all pictures, and does so from the start. */
    int picturewise;
} PlanNeeds;

/* By node id: do both nodes before `picturewise` and later ones use the storage that it owns? */
bool *plan_crossing(const Graph *g, const PlanNeeds *needs, Arena *a);

/* Plans a graph whose views are decided. Not in the arena are the graph's input and output, which
 * are the caller's buffers (the output's is written and read while the network runs, where views
 * say so), and parameters, which are constants. */
void plan_memory(const Graph *g, const PlanNeeds *needs, Arena *a, MemoryPlan *out);
/* Only what no plan can undercut. */
int64_t plan_lower_bound(const Graph *g, const PlanNeeds *needs);

/* Proves that no two things in use at the same time overlap, that all are aligned and inside the
 * arena, and that the lower bound holds. NULL, or what is wrong. */
const char *plan_check(const Graph *g, const PlanNeeds *needs, const MemoryPlan *plan, Arena *a);

#endif
