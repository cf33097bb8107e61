/* Writing .npy files, version 1, row by row. Rows go to a temporary file beside the final one,
 * whose header has a fixed length and is written again when the number of rows is known. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 128 };

/* A header of fixed length, so that it can be rewritten when the number of rows is known. */
static int write_header(NpyWriter *w)
{
    uint8_t header[HEADER_BYTES];
    char text[HEADER_BYTES];
    int n = snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld,",
                     (long long)w->rows);

    for (int i = 0; i < w->shape.rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, i ? ", %d" : " %d", w->shape.dim[i]);
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = HEADER_BYTES - 10;
    header[9] = 0;
    memcpy(header + 10, text, (size_t)n);
    header[HEADER_BYTES - 1] = '\n';
    return fwrite(header, sizeof header, 1, w->stream) == 1;
}

static int write_failed(NpyWriter *w, Reason *why)
{
    const int code = errno;

    npy_writer_discard(w);
    return reason_set(why, "cannot write: %s", strerror(code));
}

/* Opens a file that did not exist before. */
static FILE *create_file(const char *path)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    return descriptor < 0 ? NULL : fdopen(descriptor, "wb");
}

int npy_writer_open(NpyWriter *w, const char *path, kiln_shape shape, Reason *why)
{
    const size_t room = strlen(path) + 32;
    struct stat status;

    memset(w, 0, sizeof *w);
    w->path = path;
    w->shape = shape;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return reason_set(why, "cannot write: it is not a regular file");
    w->temporary = malloc(room);
    if (!w->temporary)
        return reason_set(why, "out of memory");
    snprintf(w->temporary, room, "%s.%ld.tmp", path, (long)getpid());
    w->stream = create_file(w->temporary);
    if (!w->stream) {
        const int code = errno;
        free(w->temporary);
        w->temporary = NULL;
        return reason_set(why, "cannot write: %s", strerror(code));
    }
    return write_header(w) ? 1 : write_failed(w, why);
}

int npy_writer_row(NpyWriter *w, const float *row, Reason *why)
{
    size_t count = 1;

    for (int i = 0; i < w->shape.rank; i++)
        count *= (size_t)w->shape.dim[i];
    w->rows++;
    for (size_t i = 0; i < count; i++) {
        const uint32_t u = kiln_to_bits(row[i]);
        const uint8_t bytes[4] = { (uint8_t)u, (uint8_t)(u >> 8), (uint8_t)(u >> 16),
                                   (uint8_t)(u >> 24) };
        if (fwrite(bytes, 4, 1, w->stream) != 1)
            return write_failed(w, why);
    }
    return 1;
}

int npy_writer_commit(NpyWriter *w, Reason *why)
{
    int ok = fseek(w->stream, 0, SEEK_SET) == 0 && write_header(w);
    FILE *stream = w->stream;

    w->stream = NULL;
    if (fclose(stream) != 0 || !ok || rename(w->temporary, w->path) != 0)
        return write_failed(w, why);
    free(w->temporary);
    w->temporary = NULL;
    return 1;
}

void npy_writer_discard(NpyWriter *w)
{
    if (w->stream)
        fclose(w->stream);
    if (w->temporary)
        remove(w->temporary);
    free(w->temporary);
    w->stream = NULL;
    w->temporary = NULL;
}
