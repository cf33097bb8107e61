/* --eval: a labelled set of pictures. */
#ifndef KILN_RUNTIME_EVALUATE_H
#define KILN_RUNTIME_EVALUATE_H

#include "runtime/options.h"
#include "runtime/session.h"

/* Classifies the pictures of options->eval, `jobs` at a time (0: as many as there are processors),
 * and prints how good that was; writes --confusion and --mistakes. SIGINT ends it early: what is
 * there by then is printed. `name` is what messages call this program. Returns the exit status. */
int evaluation_run(Session *session, const Options *options, const char *name);

#endif
