/* Which pictures the inputs of a command line stand for. */
#ifndef KILN_RUNTIME_INPUTS_H
#define KILN_RUNTIME_INPUTS_H

#include "runtime/reason.h"

#include <stddef.h>

typedef struct Input {
    char *path;
    char *problem; /* why it cannot be looked at, or NULL */
} Input;

typedef struct InputList {
    Input *at;
    size_t count, room;
} InputList;

/* Appends what `path` stands for: itself, or all pictures below it in byte order of their paths. A
 * folder that cannot be read, or that holds no picture, is an entry with a problem. Fails only for
 * lack of memory. */
int inputs_add(InputList *list, const char *path, Reason *why);
void inputs_free(InputList *list);

#endif
