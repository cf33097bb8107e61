/* Which part of a network runs its batch picture by picture. */
#ifndef KILN_SCHEDULE_PICTUREWISE_H
#define KILN_SCHEDULE_PICTUREWISE_H

#include "compiler/kernel/kernel.h"

/* The nodes before the one returned run for one picture after the other, the others for all at
 * once; `tile` are the tiles of all nodes. */
int picturewise_choose(const Graph *g, const Tile *tile, int64_t pictures);

#endif
