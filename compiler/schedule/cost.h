/* The cost model: predicted time of a convolution from its multiply-accumulates, the bytes of
 * its weights and the target's row. It decides between direct and Winograd's form. */
#ifndef KILN_SCHEDULE_COST_H
#define KILN_SCHEDULE_COST_H

#include "compiler/kernel/kernel.h"

/* Predicted cycles of one run of the node; winograd as in Tile. Of nodes other than convolutions
 * and dense layers only the memory traffic counts. */
double cost_cycles(const Target *t, const Node *n, int winograd);

#endif
