/* The source that `kiln init` writes for a recognised checkpoint. */
#ifndef KILN_DRIVER_STARTER_H
#define KILN_DRIVER_STARTER_H

#include "compiler/driver/recognise.h"

typedef struct Starter {
    const Fit *fit;
    const char *name;       /* of the classifier */
    const char *checkpoint; /* as seen from the folder of the source */
    bool is_keras;
} Starter;

/* A name of the language made from that of a file; never one of its words. */
const char *starter_name(Arena *a, const char *checkpoint);

/* The text. What the weights do not tell stands in lines marked CHOOSE. */
const char *starter_text(Arena *a, const Starter *s);

/* Elaborates the text in memory, as it will lie beside the pages that it imports; NULL, or that it
 * does not. */
const char *starter_check(Arena *a, const char *text);

#endif
