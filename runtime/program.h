/* The classifier program: everything an executable does besides running its network. It keeps no
 * state between calls, so that other programs can call it with networks of their own. */
#ifndef KILN_RUNTIME_PROGRAM_H
#define KILN_RUNTIME_PROGRAM_H

#include "runtime/kiln_model.h"

/* Exit statuses. */
enum { KILN_EXIT_DONE, KILN_EXIT_FAILED, KILN_EXIT_USAGE, KILN_EXIT_PROCESSOR };

/* Reads pictures or tensors as argv says, classifies them, and prints results on standard output
 * and failures on standard error. Returns the exit status. argv[0] is what messages call it. */
int kiln_main(const kiln_classifier *program, int argc, char **argv);

#endif
