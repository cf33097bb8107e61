/* Whether this processor has what emitted code was compiled for. */
#ifndef KILN_RUNTIME_CPU_CHECK_H
#define KILN_RUNTIME_CPU_CHECK_H

/* The first of the NULL-terminated features that is missing (or that this program cannot test), or
 * NULL where all are there. */
const char *cpu_check(const char *const *features);

#endif
