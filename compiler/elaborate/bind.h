/* Weights to the parameters of a graph. */
#ifndef KILN_ELABORATE_BIND_H
#define KILN_ELABORATE_BIND_H

#include "compiler/elaborate/elaborate.h"
#include "compiler/graph/graph.h"
#include "compiler/import/weights.h"

/* Gives every parameter of the graph the tensor of its name, after the rename rules have been
 * applied to the names of the store. Missing and misshapen tensors, and two that would get one
 * name, are errors; tensors that nothing asks for are a warning, but not counters
 * (num_batches_tracked) and what a rule ignores. All of them are reported in one run; false if one
 * was an error. */
bool bind_weights(Graph *g, WeightStore *store, const RenameList *renames, Diag *diag);

/* Fills every parameter by the rule of compiler/import/random_weights.h (-w random[:SEED]). */
void bind_random(Graph *g, WeightStore *store, uint64_t seed);

/* Applies one rule to a name: the new name, NULL where the pattern does not match. */
const char *bind_rename(Arena *arena, const RenameRule *rule, const char *name);

#endif
