/* What classify.c and preprocess.c share; nobody else includes it. */
#ifndef KILN_ELABORATE_CLASSIFY_H
#define KILN_ELABORATE_CLASSIFY_H

#include "compiler/classifier/classifier.h"
#include "compiler/elaborate/elaborator.h"

/* Appends the step that a line of a preprocess group says; reports where it says none. */
void classify_step(Elaborator *e, const Entry *entry, Member *member);

#endif
