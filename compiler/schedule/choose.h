/* Choosing the tile of each node from the target's row. */
#ifndef KILN_SCHEDULE_CHOOSE_H
#define KILN_SCHEDULE_CHOOSE_H

#include "compiler/kernel/kernel.h"

Tile choose_tile(const Target *target, const Node *n);

#endif
