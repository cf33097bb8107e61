/* Timing of a network. */
#ifndef KILN_RUNTIME_BENCH_H
#define KILN_RUNTIME_BENCH_H

#include "runtime/session.h"

/* Runs the network `runs` times on the input that is set, after one run that is not counted. */
int bench_run(Session *s, int runs, FILE *out, Reason *why);

/* Seconds on a clock that only goes forward. */
double clock_seconds(void);

#endif
