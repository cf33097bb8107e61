/* Child processes: the C compiler, and the programs that verify runs. */
#ifndef KILN_DRIVER_PROCESS_H
#define KILN_DRIVER_PROCESS_H

#include "compiler/base/vec.h"

#include <stdbool.h>

typedef struct Job {
    Vec(const char *) argument; /* the program first; no shell is involved */
    const char *what;           /* for progress: "CC lenet.c" */
} Job;

void job_add(Arena *a, Job *j, const char *argument);
/* Adds the words of a command like "ccache gcc -m32". */
void job_add_words(Arena *a, Job *j, const char *words);

/* Runs the jobs in `folder` (NULL: here), several at a time; what they print goes to `log`. NULL,
 * or which one failed and how. */
const char *jobs_run(Arena *a, const Job *jobs, int count, const char *folder, const char *log,
                     bool verbose);

/* A new folder for temporary files. NULL on success. */
const char *temporary_folder(Arena *a, const char **path);
/* Removes a folder and all that is in it. */
void remove_tree(const char *path);

#endif
