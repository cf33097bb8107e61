/* The reference semantics: runs a graph node by node on logical tensors in C order, in float32 with
 * OpenBLAS for the products. It runs the graph elaborated from the source; it also runs what passes
 * make of it (fused activations and residuals), which is how passes are checked. Views are ignored.
 */
#ifndef KILN_INTERP_INTERP_H
#define KILN_INTERP_INTERP_H

#include "compiler/graph/graph.h"

/* The values of one run. Each has an arena of its own, so that it can go after its last use. */
typedef struct Interp {
    int count;
    const float **value; /* [nodes], by id, in C order of the logical shape; NULL: not kept */
    Arena **storage;
    Arena *arena;
} Interp;

/* Runs g on `input`, whose elements are in C order of the input's shape. Kept are the output and
 * the nodes with keep[id]; keep may be NULL. Returns NULL, or why g cannot run (a parameter without
 * data). interp_free() releases the values in either case. */
const char *interp_run(Arena *arena, const Graph *g, const float *input, const bool *keep,
                       Interp *out);
/* A `keep` that is true for every node. */
const bool *interp_keep_all(Arena *arena, const Graph *g);
void interp_free(Interp *run);

/* One node: out[shape_count] from the values of its inputs. */
void interp_node(const Node *n, const float *const *inputs, float *out);

/* How many threads OpenBLAS may use; 0: as many as there are processors, at most 8. */
void interp_set_threads(int threads);

#endif
