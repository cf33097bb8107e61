/* The tables of the runtime, made from a compilation, so that its program can run in this
 * process. */
#ifndef KILN_DRIVER_TABLES_H
#define KILN_DRIVER_TABLES_H

#include "compiler/driver/compile.h"
#include "runtime/program.h"

typedef void RunNetwork(void *context, const float *input, float *output, void *arena,
                        const kiln_trace *trace);

/* --- interpret.c: runs a Network by the reference interpreter --- */
RunNetwork interpret_network;

/* A classifier whose networks are run by `run`, with a Network of `c` as context. */
const kiln_classifier *tables_build(Compilation *c, const char *target, RunNetwork *run);

/* Between logical order, C,H,W, and the order in which networks store it, H,W,C. */
void tensor_to_logical(const Shape *s, const float *stored, float *logical);
void tensor_to_stored(const Shape *s, const float *logical, float *stored);

#endif
