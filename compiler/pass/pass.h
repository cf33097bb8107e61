/* Passes: each rewrites the graph into one that computes the same values with less work. None needs
 * parameters to have data: without it they do the same to the structure, so that a network can be
 * shown and measured before it is trained. */
#ifndef KILN_PASS_PASS_H
#define KILN_PASS_PASS_H

#include "compiler/graph/graph.h"

typedef struct Pass {
    const char *name;
    const char *summary;
    void (*run)(Graph *g, Arena *scratch);
} Pass;

/* The passes in the order in which they run (pipeline.c). */
extern const Pass pass_pipeline[];
extern const int pass_count;

/* The pass of that name, or NULL. */
const Pass *pass_find(const char *name);

/* Runs the passes, verifying after each. With `last` it stops after that one; NULL: runs all. */
void pass_run(Graph *g, const Pass *last, Arena *scratch);

/* One per file. */
void pass_estimate_magnitude(Graph *g, Arena *scratch);
void pass_remove_identity(Graph *g, Arena *scratch);
void pass_fold_constant(Graph *g, Arena *scratch);
void pass_fold_pad(Graph *g, Arena *scratch);
void pass_fold_batch_norm(Graph *g, Arena *scratch);
void pass_fuse_residual(Graph *g, Arena *scratch);
void pass_fuse_activation(Graph *g, Arena *scratch);
void pass_remove_dead(Graph *g, Arena *scratch);
void pass_concat_views(Graph *g, Arena *scratch);
void pass_alias_views(Graph *g, Arena *scratch);
void pass_in_place(Graph *g, Arena *scratch);

#endif
