/* Folders are walked through symbolic links too, but each folder is entered once, so that loops
 * end. What is no picture by its first bytes is passed over in a folder, and an error where it is
 * named. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/inputs.h"

#include "runtime/bytes.h"
#include "runtime/image.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Folder {
    dev_t device;
    ino_t number;
} Folder;

typedef struct Walk {
    InputList *list;
    Folder *entered;
    size_t count, room;
    Reason *why;
} Walk;

static char *copy_text(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = malloc(n);

    return copy ? memcpy(copy, text, n) : NULL;
}

/* Doubles an array that is full. */
static void *grow(void *at, size_t count, size_t *room, size_t item)
{
    void *larger;

    if (count < *room)
        return at;
    larger = realloc(at, (*room ? 2 * *room : 16) * item);
    if (larger)
        *room = *room ? 2 * *room : 16;
    return larger;
}

static int append(InputList *list, const char *path, const char *problem, Reason *why)
{
    Input *at = grow(list->at, list->count, &list->room, sizeof *at);
    Input entry = { copy_text(path), problem ? copy_text(problem) : NULL };

    if (at)
        list->at = at;
    if (!at || !entry.path || (problem && !entry.problem)) {
        free(entry.path);
        free(entry.problem);
        return reason_set(why, "out of memory");
    }
    list->at[list->count++] = entry;
    return 1;
}

void inputs_free(InputList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->at[i].path);
        free(list->at[i].problem);
    }
    free(list->at);
    memset(list, 0, sizeof *list);
}

/* -1: no memory; 0: it was entered before; 1: it is new. */
static int enter(Walk *w, const struct stat *status)
{
    Folder *at;

    for (size_t i = 0; i < w->count; i++)
        if (w->entered[i].device == status->st_dev && w->entered[i].number == status->st_ino)
            return 0;
    at = grow(w->entered, w->count, &w->room, sizeof *at);
    if (!at)
        return -1;
    w->entered = at;
    w->entered[w->count].device = status->st_dev;
    w->entered[w->count++].number = status->st_ino;
    return 1;
}

static int add_file(Walk *w, const char *path)
{
    Bytes start;
    Reason problem;
    int is_picture;

    if (!bytes_read_start(path, IMAGE_MAGIC_BYTES, &start, &problem))
        return append(w->list, path, problem.text, w->why);
    is_picture = image_format(start.at, start.length) != NULL;
    bytes_free(&start);
    return is_picture ? append(w->list, path, NULL, w->why) : 1;
}

static int walk_folder(Walk *w, const char *path, const struct stat *status);

static int walk_entry(Walk *w, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return append(w->list, path, strerror(errno), w->why);
    if (S_ISDIR(status.st_mode))
        return walk_folder(w, path, &status);
    return S_ISREG(status.st_mode) ? add_file(w, path) : 1;
}

static char *join(const char *folder, const char *name)
{
    const size_t n = strlen(folder), m = strlen(name);
    char *path = malloc(n + m + 2);

    if (!path)
        return NULL;
    memcpy(path, folder, n);
    path[n] = '/';
    memcpy(path + n + (n == 0 || folder[n - 1] != '/'), name, m + 1);
    return path;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **name, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(name[i]);
    free(name);
}

/* All names in a folder, sorted; *count is set in any case. */
static char **list_names(DIR *folder, size_t *count, Reason *why)
{
    char **name = NULL;
    size_t room = 0;
    struct dirent *entry;

    for (*count = 0; (entry = readdir(folder)) != NULL;) {
        char **larger = grow(name, *count, &room, sizeof *name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            name = larger ? larger : name;
            continue;
        }
        if (!larger || !(larger[*count] = copy_text(entry->d_name))) {
            free_names(larger ? larger : name, *count);
            reason_write(why, "out of memory");
            return NULL;
        }
        name = larger;
        *count += 1;
    }
    if (*count)
        qsort(name, *count, sizeof *name, compare_names);
    return name ? name : malloc(1);
}

static int walk_names(Walk *w, const char *folder, char *const *name, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *path = join(folder, name[i]);
        int ok = path ? walk_entry(w, path) : reason_set(w->why, "out of memory");
        free(path);
        if (!ok)
            return 0;
    }
    return 1;
}

static int walk_folder(Walk *w, const char *path, const struct stat *status)
{
    const int is_new = enter(w, status);
    DIR *folder;
    char **name;
    size_t count;
    int ok;

    if (is_new <= 0)
        return is_new == 0 ? 1 : reason_set(w->why, "out of memory");
    folder = opendir(path);
    if (!folder)
        return append(w->list, path, strerror(errno), w->why);
    name = list_names(folder, &count, w->why);
    closedir(folder);
    if (!name)
        return 0;
    ok = walk_names(w, path, name, count);
    free_names(name, count);
    return ok;
}

static int compare_inputs(const void *a, const void *b)
{
    return strcmp(((const Input *)a)->path, ((const Input *)b)->path);
}

int inputs_add(InputList *list, const char *path, Reason *why)
{
    Walk w = { .list = list, .why = why };
    const size_t before = list->count;
    struct stat status;
    int ok;

    if (stat(path, &status) != 0)
        return append(list, path, strerror(errno), why);
    if (!S_ISDIR(status.st_mode))
        return append(list, path, NULL, why);
    ok = walk_folder(&w, path, &status);
    free(w.entered);
    if (ok && list->count == before)
        return append(list, path, "no picture is in this folder", why);
    if (ok) /* "a-b/1" comes before "a/1", which the order of names alone does not give */
        qsort(list->at + before, list->count - before, sizeof *list->at, compare_inputs);
    return ok;
}
