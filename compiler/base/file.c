/* POSIX files behind the small interface of file.h. */
#include "compiler/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *reason(Arena *a)
{
    return arena_strdup(a, strerror(errno));
}

static const char *map_descriptor(Arena *a, int fd, FileMap *map)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return reason(a);
    if (S_ISDIR(st.st_mode))
        return "is a folder, not a file";
    if (!S_ISREG(st.st_mode))
        return "is not a regular file";
    map->length = (size_t)st.st_size;
    if (map->length == 0) {
        map->bytes = (const unsigned char *)"";
        return NULL;
    }
    void *p = mmap(NULL, map->length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return reason(a);
    map->bytes = p;
    return NULL;
}

const char *file_map(Arena *a, const char *path, FileMap *map)
{
    *map = (FileMap){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return reason(a);
    const char *error = map_descriptor(a, fd, map);
    close(fd);
    return error;
}

void file_unmap(FileMap *map)
{
    if (map->length)
        munmap((void *)map->bytes, map->length);
    *map = (FileMap){ 0 };
}

const char *output_open(Arena *a, const char *path, Output *o)
{
    char *temporary = arena_printf(a, "%s.XXXXXX", path);
    *o = (Output){ .path = arena_strdup(a, path), .temporary = temporary, .arena = a };
    int fd = mkstemp(temporary);
    if (fd < 0)
        return reason(a);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    o->stream = fdopen(fd, "wb");
    return NULL;
}

void output_discard(Output *o)
{
    if (o->stream)
        fclose(o->stream);
    o->stream = NULL;
    unlink(o->temporary);
}

const char *output_commit(Output *o)
{
    int failed = ferror(o->stream);
    failed |= fclose(o->stream) != 0;
    o->stream = NULL;
    if (!failed && rename(o->temporary, o->path) == 0)
        return NULL;
    const char *error = failed && errno == 0 ? "could not be written" : reason(o->arena);
    unlink(o->temporary);
    return error;
}

static const char *write_all(Arena *a, const char *path, const void *bytes, size_t length,
                             mode_t more)
{
    Output o;
    const char *error = output_open(a, path, &o);
    if (error)
        return error;
    mode_t mask = umask(0);
    umask(mask);
    if (fwrite(bytes, 1, length, o.stream) != length ||
        fchmod(fileno(o.stream), (0666 | more) & ~mask) != 0) {
        error = reason(a);
        output_discard(&o);
        return error;
    }
    return output_commit(&o);
}

const char *file_write(Arena *a, const char *path, const void *bytes, size_t length)
{
    return write_all(a, path, bytes, length, 0);
}

const char *file_write_executable(Arena *a, const char *path, const void *bytes, size_t length)
{
    return write_all(a, path, bytes, length, 0111);
}

const char *folder_create(Arena *a, const char *path)
{
    char *copy = arena_strdup(a, path);
    for (char *p = copy + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(copy, 0777) != 0 && errno != EEXIST)
                return reason(a);
            *p = '/';
        }
    if (mkdir(copy, 0777) == 0)
        return NULL;
    struct stat st;
    if (errno == EEXIST && stat(copy, &st) == 0 && !S_ISDIR(st.st_mode))
        return "exists and is not a folder";
    return errno == EEXIST ? NULL : reason(a);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *path_join(Arena *a, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return arena_printf(a, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
}

const char *path_beside(Arena *a, const char *file, const char *name)
{
    const char *base = path_base(file);
    if (name[0] == '/' || base == file)
        return arena_strdup(a, name);
    return arena_printf(a, "%.*s%s", (int)(base - file), file, name);
}
