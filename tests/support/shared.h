/* The reference data beside the repository: $KILN_SHARED, or ../shared. */
#ifndef KILN_TESTS_SHARED_H
#define KILN_TESTS_SHARED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A path below the reference data, in one of four rotating buffers. */
static inline const char *shared_path(const char *below)
{
    static char room[4][4096];
    static int next;
    const char *root = getenv("KILN_SHARED");
    char *path = room[next++ % 4];

    snprintf(path, sizeof room[0], "%s/%s", root ? root : "../shared", below);
    return path;
}

/* Whether a file of the reference data is there; says so loudly where it is not. */
static inline int shared_has(const char *below)
{
    if (access(shared_path(below), R_OK) == 0)
        return 1;
    fprintf(stderr, "SKIPPED: %s is not there; set KILN_SHARED\n", shared_path(below));
    return 0;
}

#endif
