/* Times of layers: the program is built with the hooks of --profile and run on this machine. */
#ifndef KILN_DRIVER_MEASURE_H
#define KILN_DRIVER_MEASURE_H

#include "compiler/driver/toolchain.h"

/* A program that can be timed, in a temporary folder. */
typedef struct Measure {
    Toolchain tools;
    const Program *program;
    const char *executable;
    double *milliseconds; /* [calls of the program]: the least so far; 0 before the first run */
} Measure;

/* Why this machine cannot run code of the target; NULL: it can. */
const char *measure_refuses(Arena *a, const Target *target);

/* Builds c->program. measure_end() is due even after a failure. */
const char *measure_begin(Measure *m, Compilation *c);
void measure_end(Measure *m);
/* Runs for about a second and takes the least time of each call. */
const char *measure_run(Measure *m);
double measure_total(const Measure *m);

#endif
