/* Files: mapped for reading, complete or absent when written. Functions that can fail return NULL
 * on success and otherwise the reason, allocated in the arena (it names no file: the caller
 * does). */
#ifndef KILN_BASE_FILE_H
#define KILN_BASE_FILE_H

#include "compiler/base/arena.h"

#include <stdio.h>

typedef struct FileMap {
    const unsigned char *bytes; /* never NULL after success, also for an empty file */
    size_t length;
} FileMap;

/* Maps a regular file read-only. It stays mapped until file_unmap(). */
const char *file_map(Arena *a, const char *path, FileMap *map);
void file_unmap(FileMap *map);

/* A file under construction: written beside its place as a temporary, renamed by
 * output_commit(). */
typedef struct Output {
    FILE *stream;
    const char *path, *temporary;
    Arena *arena;
} Output;

const char *output_open(Arena *a, const char *path, Output *o);
/* flushes and renames; on failure the temporary is gone. */
const char *output_commit(Output *o);
void output_discard(Output *o);

/* Writes a whole file, complete or not at all. */
const char *file_write(Arena *a, const char *path, const void *bytes, size_t length);
/* The same, allowed to be run. */
const char *file_write_executable(Arena *a, const char *path, const void *bytes, size_t length);

/* Creates a folder and its parents where they do not exist. */
const char *folder_create(Arena *a, const char *path);

/* `name` relative to the folder of `file`; an absolute name stays as it is. */
const char *path_beside(Arena *a, const char *file, const char *name);
const char *path_join(Arena *a, const char *folder, const char *name);
/* The part behind the last slash. */
const char *path_base(const char *path);

#endif
