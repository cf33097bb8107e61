/* Reading files. Pipes and devices work as regular files do, so the size is not known
 * beforehand. */
#include "runtime/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1 << 16, MAX_BYTES = 1 << 30 };

void bytes_free(Bytes *bytes)
{
    free(bytes->at);
    bytes->at = NULL;
    bytes->length = 0;
}

static int make_room(Bytes *bytes, size_t *room, Reason *why)
{
    size_t wanted = *room ? 2 * *room : FIRST_ROOM;
    uint8_t *at = realloc(bytes->at, wanted);

    if (!at)
        return reason_set(why, "out of memory");
    bytes->at = at;
    *room = wanted;
    return 1;
}

static int read_stream(FILE *stream, size_t limit, Bytes *bytes, Reason *why)
{
    size_t room = 0;

    while (bytes->length < limit) {
        if (bytes->length == room && !make_room(bytes, &room, why))
            return 0;
        size_t wanted = room < limit ? room : limit;
        size_t got = fread(bytes->at + bytes->length, 1, wanted - bytes->length, stream);
        bytes->length += got;
        if (got == 0)
            return ferror(stream) ? reason_set(why, "%s", strerror(errno)) : 1;
    }
    return 1;
}

int bytes_read_start(const char *path, size_t limit, Bytes *bytes, Reason *why)
{
    FILE *stream = fopen(path, "rb");
    int ok;

    memset(bytes, 0, sizeof *bytes);
    if (!stream)
        return reason_set(why, "%s", strerror(errno));
    ok = read_stream(stream, limit, bytes, why);
    fclose(stream);
    if (!ok)
        bytes_free(bytes);
    return ok;
}

int bytes_read(const char *path, Bytes *bytes, Reason *why)
{
    if (!bytes_read_start(path, (size_t)MAX_BYTES + 1, bytes, why))
        return 0;
    if (bytes->length > MAX_BYTES) {
        bytes_free(bytes);
        return reason_set(why, "larger than %d bytes", MAX_BYTES);
    }
    return 1;
}
