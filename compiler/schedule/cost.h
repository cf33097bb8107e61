/* The cost model: predicted time of a node computed with a tile, from its multiply-accumulates, the
 * bytes that it moves between the levels of the caches, and the target's row. */
#ifndef KILN_SCHEDULE_COST_H
#define KILN_SCHEDULE_COST_H

#include "compiler/kernel/kernel.h"

typedef struct CostModel {
    const Target *target;
    double weight_bytes; /* of the whole network: where its weights are when a layer begins */
} CostModel;

CostModel cost_model(const Target *target, const Graph *g);
/* Predicted cycles of one run of the node. */
double cost_cycles(const CostModel *m, const Node *n, Tile tile);
double cost_milliseconds(const Target *t, double cycles);

#endif
