/* Choosing the kernel and tile of each node from the target's row and the cost model. */
#ifndef KILN_SCHEDULE_CHOOSE_H
#define KILN_SCHEDULE_CHOOSE_H

#include "compiler/kernel/kernel.h"

/* What weight bytes may be spent on: Winograd's transformed weights are up to four times the
 * originals. BALANCED spends them where the model predicts at least 5 % of the network's time,
 * and never on targets without vectors. */
typedef enum Optimize { OPTIMIZE_BALANCED, OPTIMIZE_SPEED, OPTIMIZE_SIZE } Optimize;

/* The tile of one node, computed directly. */
Tile choose_tile(const Target *target, const Node *n);
/* The tiles of all nodes, by id, with Winograd's forms where they pay. */
Tile *choose_tiles(Arena *arena, const Target *target, const Graph *g, Optimize optimize);

#endif
