/* A file that appears complete or not at all. */
#ifndef KILN_RUNTIME_OUTFILE_H
#define KILN_RUNTIME_OUTFILE_H

#include "runtime/reason.h"

#include <stdio.h>

typedef struct Outfile {
    FILE *stream;
    const char *path; /* borrowed */
    char *temporary;
} Outfile;

int outfile_open(Outfile *o, const char *path, Reason *why);
int outfile_commit(Outfile *o, Reason *why);
void outfile_discard(Outfile *o);

#endif
