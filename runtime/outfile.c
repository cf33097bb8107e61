/* Written beside its place under another name, renamed when everything has been written. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(Outfile *o, Reason *why)
{
    const int code = errno;

    outfile_discard(o);
    return reason_set(why, "cannot write: %s", strerror(code));
}

int outfile_open(Outfile *o, const char *path, Reason *why)
{
    const size_t room = strlen(path) + 32;
    struct stat status;
    int descriptor;

    memset(o, 0, sizeof *o);
    o->path = path;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return reason_set(why, "cannot write: it is not a regular file");
    o->temporary = malloc(room);
    if (!o->temporary)
        return reason_set(why, "out of memory");
    snprintf(o->temporary, room, "%s.%ld.tmp", path, (long)getpid());
    descriptor = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    o->stream = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (o->stream)
        return 1;
    free(o->temporary);
    o->temporary = NULL;
    return reason_set(why, "cannot write: %s", strerror(errno));
}

int outfile_commit(Outfile *o, Reason *why)
{
    FILE *stream = o->stream;
    const int broken = ferror(stream);

    o->stream = NULL;
    if (fclose(stream) != 0 || broken || rename(o->temporary, o->path) != 0)
        return failed(o, why);
    free(o->temporary);
    o->temporary = NULL;
    return 1;
}

void outfile_discard(Outfile *o)
{
    if (o->stream)
        fclose(o->stream);
    if (o->temporary)
        remove(o->temporary);
    free(o->temporary);
    o->stream = NULL;
    o->temporary = NULL;
}
