/* What emitted and hand-written kernels have in common: a table of five, in the same order. */
#ifndef KILN_BENCH_TWINS_H
#define KILN_BENCH_TWINS_H

#include "runtime/kiln_model.h"

enum { TWIN_BUFFERS = 8 };

typedef struct TwinBuffer {
    long count;           /* floats */
    int is_output;        /* compared */
    const float *weights; /* NULL: filled with noise */
} TwinBuffer;

typedef struct Twin {
    const char *name;
    void (*run)(float *const *buffer);
    int buffer_count;
    TwinBuffer buffer[TWIN_BUFFERS];
} Twin;

extern const Twin emitted[], written[]; /* end with a row without a name */

#endif
