/* A folder for the files of one test, and small files in it. */
#ifndef KILN_TESTS_SCRATCH_H
#define KILN_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static inline void scratch_open(void)
{
    strcpy(scratch, "/tmp/kiln-test-XXXXXX");
    if (!mkdtemp(scratch))
        abort();
}

static inline int scratch_remove(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s, (void)kind, (void)f;
    return remove(path);
}

static inline void scratch_close(void)
{
    nftw(scratch, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in the folder, in one of 64 rotating buffers. */
static inline const char *scratch_path(const char *name)
{
    static char room[64][512];
    static int next;
    char *path = room[next++ % 64];

    snprintf(path, sizeof room[0], "%s/%s", scratch, name);
    return path;
}

static inline const char *scratch_write(const char *name, const void *bytes, size_t length)
{
    const char *path = scratch_path(name);
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, length, f) != length || fclose(f) != 0)
        abort();
    return path;
}

/* A file's bytes with a NUL behind them; free() it. NULL where there is no file. */
static inline char *scratch_read(const char *path, size_t *length)
{
    FILE *f = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 20);

    if (!f || !bytes) {
        free(bytes);
        return NULL;
    }
    *length = fread(bytes, 1, (1 << 20) - 1, f);
    fclose(f);
    return bytes;
}

#endif
