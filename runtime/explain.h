/* --cam: what in a picture speaks for an answer. */
#ifndef KILN_RUNTIME_EXPLAIN_H
#define KILN_RUNTIME_EXPLAIN_H

#include "runtime/options.h"
#include "runtime/session.h"

/* Writes the class activation map of options->input[0] to options->cam; of the class that the
 * options name, or else of the one that scores best. Prints which one. */
int explain_picture(Session *s, const Options *options, FILE *out, Reason *why);

#endif
