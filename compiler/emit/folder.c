/* The emitted folder: everything is written into a temporary folder beside it, which then becomes
 * the folder, or, where that exists, gives its files to it one by one. Until then nothing of the
 * old contents is touched. C files of weights that an earlier version of the network had and this
 * one has not are removed: who reviews models as a diff must not find dead ones. */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"

#include <dirent.h>
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

/* --- networks --------------------------------------------------------------------------------- */

static void select_network(Emission *e, int i)
{
    e->network = &e->networks[i];
    e->program = e->network->program;
    e->digest = e->network->digest;
    e->name = e->network->name;
}

bool emit_has_labels(const Emission *e)
{
    return e->classifier && e->classifier->labels.count && e->network_count == 1;
}

/* Everything of a program but its name and the values of its arrays. */
static const char *program_text(Emission *e, const Program *p)
{
    Program nameless = *p;
    Text t = { .arena = e->arena };
    nameless.name = "it";
    program_dump(&nameless, &t);
    return text_string(&t);
}

/* Finds for each network the first one with the same code. */
static void share_code(Emission *e)
{
    Map seen = { 0 };
    for (int i = 0; i < e->network_count; i++) {
        EmittedNetwork *n = &e->networks[i];
        EmittedNetwork *before = e->network_count > 1
                                     ? map_set(e->arena, &seen, program_text(e, n->program), n)
                                     : NULL;
        n->code = before ? (int)(before - e->networks) : i;
        if (before) {
            before->is_shared = true;
            map_set(e->arena, &seen, program_text(e, n->program), before);
        }
    }
}

static const char *name_networks(Emission *e)
{
    if (!e->networks) {
        e->networks = arena_new_of(e->arena, EmittedNetwork);
        e->networks[0] = (EmittedNetwork){ .program = e->program, .digest = e->digest };
        e->network_count = 1;
    }
    const char *error = NULL;
    for (int i = 0; i < e->network_count && !error; i++) {
        e->networks[i].name = c_identifier(e->arena, e->networks[i].program->name);
        error = names_verify(e->arena, e->networks[i].program);
    }
    share_code(e);
    select_network(e, 0);
    e->title = e->network_count > 1 ? c_identifier(e->arena, e->classifier->name) : e->name;
    if (!error && e->network_count > 1)
        error = names_verify_all(e->arena, e->title, e->networks, e->network_count);
    return error;
}

/* --- files ------------------------------------------------------------------------------------ */

static const char *write_network(Emission *e, int i)
{
    select_network(e, i);
    const char *error = emit_model_h(e);
    if (!error)
        error = e->network->code == i ? emit_model_c(e) : emit_twin_c(e);
    return error ? error : emit_weights(e);
}

/* In the order in which they build on each other: build files list the C files. */
static const char *write_files(Emission *e)
{
    const char *(*const part[])(Emission *) = { emit_program_c, emit_runtime, emit_build_files };
    const char *error = NULL;
    for (int i = 0; i < e->network_count && !error; i++)
        error = write_network(e, i);
    select_network(e, 0);
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

static bool is_written(const Emission *e, const char *name)
{
    for_each_vec(const char *, written, &e->written)
        if (strcmp(*written, name) == 0)
            return true;
    return false;
}

/* By name and first line, a file of weights of this network, as emit_weights() writes them. */
static bool is_own_weights(const Emission *e, const char *folder, const char *network,
                           const char *name)
{
    const char *prefix = arena_printf(e->arena, "%s_weights_", network);
    size_t length = strlen(name);
    if (strncmp(name, prefix, strlen(prefix)) != 0 || length < 2 ||
        strcmp(name + length - 2, ".c") != 0)
        return false;
    FileMap map;
    if (file_map(e->arena, path_join(e->arena, folder, name), &map))
        return false;
    const char *line = arena_printf(e->arena, "#include \"%s_weights.h\"\n", network);
    bool own = map.length >= strlen(line) && memcmp(map.bytes, line, strlen(line)) == 0;
    file_unmap(&map);
    return own;
}

static void remove_stale(const Emission *e, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        for (int i = 0; i < e->network_count; i++)
            if (!is_written(e, entry->d_name) &&
                is_own_weights(e, folder, e->networks[i].name, entry->d_name))
                unlink(path_join(e->arena, folder, entry->d_name));
    closedir(dir);
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
    remove_stale(e, folder);
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
    const char *error = name_networks(e);
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
