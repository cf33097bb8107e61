/* What is computed together with the node behind it: convolutions, row by row with a depthwise one,
 * and products with a factor per channel, by a 1x1 convolution that multiplies its weights. */
#ifndef KILN_SCHEDULE_PAIRS_H
#define KILN_SCHEDULE_PAIRS_H

#include "compiler/kernel/kernel.h"

/* By node id. */
typedef struct Pairs {
    const Node **producer; /* of the second of a pair: the first; else NULL */
    int64_t *rows;         /* of the second: how many of its rows at a time; 0: of a product */
    int *computed_at;      /* the node with which each is computed, mostly itself */
} Pairs;

typedef enum PairRule {
    PAIRS_PAYING, /* those that save time or memory */
    PAIRS_NONE,   /* of convolutions; products are chosen alike by all rules */
    PAIRS_ALL     /* that can be made: for tests */
} PairRule;

/* `tile` are the tiles of all nodes; those before `picturewise` run one picture at a time, the
 * others so many. */
Pairs pairs_choose(Arena *a, const Graph *g, const Target *target, const Tile *tile,
                   int64_t pictures, int picturewise, PairRule rule);

#endif
