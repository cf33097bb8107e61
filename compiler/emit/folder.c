/* The emitted folder: everything is written into a temporary folder beside it, which then becomes
 * the folder, or, where that exists, gives its files to it one by one. Until then nothing of the
 * old contents is touched. */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *emit_file_open(Emission *e, EmitFile *f, const char *name)
{
    f->emission = e;
    f->name = name;
    const char *error = output_open(e->arena, path_join(e->arena, e->folder, name), &f->output);
    if (error)
        return arena_printf(e->arena, "%s: %s", name, error);
    w_start(&f->w, f->output.stream, e->arena);
    vec_push(e->arena, &e->written, name);
    return NULL;
}

const char *emit_file_close(EmitFile *f)
{
    if (f->w.depth != 0)
        bug("%s ends with %d open braces", f->name, f->w.depth);
    const char *error = output_commit(&f->output);
    return error ? arena_printf(f->emission->arena, "%s: %s", f->name, error) : NULL;
}

/* In the order in which they build on each other: build files list the C files. */
static const char *write_files(Emission *e)
{
    const char *(*const part[])(Emission *) = { emit_model_h,   emit_model_c, emit_weights,
                                                emit_program_c, emit_runtime, emit_build_files };
    const char *error = NULL;
    for (int i = 0; i < COUNT_OF(part) && !error; i++)
        error = part[i](e);
    return error;
}

static void remove_files(Emission *e)
{
    for_each_vec(const char *, name, &e->written)
        unlink(path_join(e->arena, e->folder, *name));
    rmdir(e->folder);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Moves the finished files to their place. */
static const char *publish(Emission *e, const char *folder)
{
    if (!is_folder(folder))
        return rename(e->folder, folder) == 0 ? NULL : arena_strdup(e->arena, strerror(errno));
    for_each_vec(const char *, name, &e->written)
        if (rename(path_join(e->arena, e->folder, *name), path_join(e->arena, folder, *name)) != 0)
            return arena_printf(e->arena, "%s: %s", *name, strerror(errno));
    rmdir(e->folder);
    return NULL;
}

static const char *create_temporary(Emission *e, const char *folder)
{
    char *temporary = arena_printf(e->arena, "%s.XXXXXX", folder);
    char *slash = strrchr(temporary, '/');
    if (slash && slash != temporary) {
        const char *parent = arena_strndup(e->arena, temporary, (size_t)(slash - temporary));
        const char *error = folder_create(e->arena, parent);
        if (error)
            return error;
    }
    if (!mkdtemp(temporary))
        return arena_strdup(e->arena, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    chmod(temporary, 0777 & ~mask);
    e->folder = temporary;
    return NULL;
}

/* "out/" and "out" are one folder. */
static const char *without_slashes(Arena *a, const char *folder)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return arena_strndup(a, folder, n);
}

const char *emit_folder(Emission *e, const char *folder)
{
    folder = without_slashes(e->arena, folder);
    e->name = c_identifier(e->arena, e->program->name);
    const char *error = names_verify(e->arena, e->program);
    struct stat st;
    if (!error && stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
        error = "exists and is not a folder";
    if (!error)
        error = create_temporary(e, folder);
    if (error)
        return error;
    error = write_files(e);
    if (!error)
        error = publish(e, folder);
    if (error)
        remove_files(e);
    e->folder = folder;
    return error;
}
