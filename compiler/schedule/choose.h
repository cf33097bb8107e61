/* Choosing the kernel and tile of each node: from a schedule where it names the layer, else from
 * the target's row and the cost model. */
#ifndef KILN_SCHEDULE_CHOOSE_H
#define KILN_SCHEDULE_CHOOSE_H

#include "compiler/kernel/kernel.h"
#include "compiler/schedule/tuning.h"

/* What weight bytes may be spent on: Winograd's transformed weights are up to four times the
 * originals. BALANCED spends them where the model predicts at least 5 % of the network's time,
 * and never on targets without vectors. */
typedef enum Optimize { OPTIMIZE_BALANCED, OPTIMIZE_SPEED, OPTIMIZE_SIZE } Optimize;

/* The share of a network's time for which OPTIMIZE_BALANCED spends weight bytes. */
extern const double choose_worth_share;

/* The tile of one node that the target's row says, computed directly. */
Tile choose_tile(const Target *target, const Node *n);

/* The forms that layers may have: direct; also the inner product, whose weights take the same
 * bytes; also those of transformed weights. */
typedef enum Forms { FORMS_DIRECT, FORMS_INNER, FORMS_ALL } Forms;
Forms choose_forms(const Target *target, Optimize optimize);
bool choose_has_form(Forms forms, Tile tile);

/* The tiles that make a difference to a node, the row's own first; returns their number, 0 where
 * its kernel has no tile. */
enum { CHOOSE_MAX_CANDIDATES = 4 * (TARGET_MAX_TILES + 1) };
int choose_candidates(const Target *target, const Node *n, Forms forms,
                      Tile out[CHOOSE_MAX_CANDIDATES]);

/* The tiles of all nodes, by id. `tuning` may be NULL. NULL, or which line of the schedule does not
 * belong to this network, target or goal. */
const char *choose_tiles(Arena *arena, const Target *target, const Graph *g, Optimize optimize,
                         const Tuning *tuning, Tile **out);

#endif
