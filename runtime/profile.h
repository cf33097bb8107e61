/* Where a network's time goes. */
#ifndef KILN_RUNTIME_PROFILE_H
#define KILN_RUNTIME_PROFILE_H

#include "runtime/options.h"
#include "runtime/session.h"

#include <stdio.h>

/* Runs the network on the input that is set, for about a second, and prints its layers: as text
 * slowest first, as JSON and CSV in the order of their execution. Fails where the network was
 * compiled without KILN_TRACE. */
int profile_run(Session *s, Format format, FILE *out, Reason *why);

#endif
