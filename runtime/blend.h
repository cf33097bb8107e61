/* Finding the weights of members on pictures whose labels are known. */
#ifndef KILN_RUNTIME_BLEND_H
#define KILN_RUNTIME_BLEND_H

#include "runtime/session.h"

#include <stdio.h>

/* Runs all members on the pictures of a folder, or of a list, as --eval takes them, and prints the
 * line `merge mean [...]` whose weights make the labels most likely. */
int blend_run(Session *s, const char *source, const char *map, FILE *out, Reason *why);

#endif
