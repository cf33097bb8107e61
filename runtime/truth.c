/* What is known about the pictures of an evaluation. In a folder, the path of a picture's folder
 * below it names the class: the longest part of it that is a label, or that the map has, so
 * "household/glass" may be one label, and pictures may lie deeper than their class. */
#include "runtime/truth.h"

#include "runtime/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- labels ---------------------------------------------------------------------------------- */

int truth_class(const LabelNames *names, const char *text)
{
    char *end;
    long index;

    for (int i = 0; i < names->count; i++)
        if (strcmp(names->labels[i], text) == 0)
            return i;
    errno = 0;
    index = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || index >= names->classes)
        return -1;
    return (int)index;
}

static void *grow(void *at, size_t count, size_t *room, size_t item)
{
    void *larger;

    if (count < *room)
        return at;
    larger = realloc(at, (*room ? 2 * *room : 64) * item);
    if (larger)
        *room = *room ? 2 * *room : 64;
    return larger;
}

static int push_label(Truth *t, int label, Reason *why)
{
    int *at = grow(t->label, t->label_count, &t->label_room, sizeof *at);

    if (!at)
        return reason_set(why, "out of memory");
    t->label = at;
    t->label[t->label_count++] = label;
    return 1;
}

/* Notes that the labels of picture `i` begin here. */
static int begin_picture(Truth *t, size_t i, Reason *why)
{
    size_t *at = grow(t->first, i, &t->first_room, sizeof *at);

    if (!at)
        return reason_set(why, "out of memory");
    t->first = at;
    t->first[i] = t->label_count;
    return 1;
}

void truth_free(Truth *t)
{
    inputs_free(&t->inputs);
    free(t->label);
    free(t->first);
    memset(t, 0, sizeof *t);
}

/* --- the map --------------------------------------------------------------------------------- */

typedef struct FolderMap {
    char **folder;
    int *label;
    size_t count, room, label_room;
} FolderMap;

static void map_free(FolderMap *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->folder[i]);
    free(m->folder);
    free(m->label);
}

static char *copy_text(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

static int map_add(FolderMap *m, const char *folder, int label)
{
    char **folders = grow(m->folder, m->count, &m->room, sizeof *folders);
    int *labels = grow(m->label, m->count, &m->label_room, sizeof *labels);

    m->folder = folders ? folders : m->folder;
    m->label = labels ? labels : m->label;
    if (!folders || !labels || !(m->folder[m->count] = copy_text(folder)))
        return 0;
    m->label[m->count++] = label;
    return 1;
}

static int map_row(FolderMap *m, const Csv *csv, const LabelNames *names, Reason *why)
{
    int label;

    if (csv->count != 2)
        return reason_set(why, "line %d: a row is FOLDER,LABEL; this one has %d fields", csv->line,
                          csv->count);
    label = truth_class(names, csv->field[1]);
    if (label < 0)
        return reason_set(why,
                          "line %d: '%.200s' is no label of this program, and no index below "
                          "%d",
                          csv->line, csv->field[1], names->classes);
    return map_add(m, csv->field[0], label) ? 1 : reason_set(why, "out of memory");
}

static void prefix_reason(Reason *why, const char *path)
{
    const Reason inner = *why;
    reason_write(why, "%.200s: %.300s", path, inner.text);
}

static int map_read(FolderMap *m, const char *path, const LabelNames *names, Reason *why)
{
    Csv csv;
    int row = -1;

    if (csv_open(&csv, path, why))
        while ((row = csv_row(&csv, why)) > 0)
            if (!map_row(m, &csv, names, why)) {
                row = -1;
                break;
            }
    csv_close(&csv);
    if (row < 0)
        prefix_reason(why, path);
    return row == 0;
}

/* --- folders --------------------------------------------------------------------------------- */

/* A folder's name by the map, else as a label. */
static int folder_class(const FolderMap *m, const LabelNames *names, const char *folder)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->folder[i], folder) == 0)
            return m->label[i];
    return truth_class(names, folder);
}

/* The class of a picture at `path` below the folder of all; cuts `path` up. */
static int class_of_path(const FolderMap *m, const LabelNames *names, char *path)
{
    char *slash;

    while ((slash = strrchr(path, '/')) != NULL) {
        int label;
        *slash = 0;
        label = folder_class(m, names, path);
        if (label >= 0)
            return label;
    }
    return -1;
}

static int label_of_input(const char *root, const Input *input, const FolderMap *m,
                          const LabelNames *names, int *label, Reason *why)
{
    const char *below = input->path + strlen(root);
    char *cut;

    while (*below == '/')
        below++;
    if (!strchr(below, '/'))
        return reason_set(why, "'%.200s' lies in no subfolder; the subfolders are the classes",
                          input->path);
    cut = copy_text(below);
    if (!cut)
        return reason_set(why, "out of memory");
    *label = class_of_path(m, names, cut);
    free(cut);
    if (*label >= 0)
        return 1;
    return reason_set(why,
                      "the folder '%.*s' is no label of this program, and no index below %d; "
                      "--eval-map FILE.csv says which label it is (FOLDER,LABEL)",
                      (int)strcspn(below, "/") < 200 ? (int)strcspn(below, "/") : 200, below,
                      names->classes);
}

static int read_folder(Truth *t, const char *root, const FolderMap *m, const LabelNames *names,
                       Reason *why)
{
    if (!inputs_add(&t->inputs, root, why))
        return 0;
    if (t->inputs.count == 1 && t->inputs.at[0].problem)
        return reason_set(why, "%.200s: %.200s", root, t->inputs.at[0].problem);
    for (size_t i = 0; i < t->inputs.count; i++) {
        int label = 0;
        if (!label_of_input(root, &t->inputs.at[i], m, names, &label, why) ||
            !begin_picture(t, i, why) || !push_label(t, label, why))
            return 0;
    }
    return begin_picture(t, t->inputs.count, why);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* `path` beside the list; absolute ones stay. NULL: no memory. */
static char *beside(const char *list, const char *path)
{
    const char *slash = strrchr(list, '/');
    const size_t n = slash && path[0] != '/' ? (size_t)(slash - list) + 1 : 0;
    char *joined = malloc(n + strlen(path) + 1);

    if (!joined)
        return NULL;
    memcpy(joined, list, n);
    strcpy(joined + n, path);
    return joined;
}

static int unknown_label(const Csv *csv, const char *text, const LabelNames *names, Reason *why)
{
    return reason_set(why, "line %d: '%.200s' is no label of this program, and no index below %d",
                      csv->line, text, names->classes);
}

/* A field that is one label, or several. */
static int add_field(Truth *t, const Csv *csv, char *field, const LabelNames *names, int has_tags,
                     Reason *why)
{
    const int whole = truth_class(names, field);

    if (whole >= 0)
        return push_label(t, whole, why);
    if (!has_tags || !strchr(field, ','))
        return has_tags && !*field ? 1 : unknown_label(csv, field, names, why);
    for (char *next = field; next;) {
        char *comma = strchr(next, ',');
        int label;
        if (comma)
            *comma++ = 0;
        label = truth_class(names, next);
        if (label < 0)
            return unknown_label(csv, next, names, why);
        if (!push_label(t, label, why))
            return 0;
        next = comma;
    }
    return 1;
}

static int is_heading(const Csv *csv)
{
    return csv->line == 1 && csv->count == 2 &&
           (strcmp(csv->field[0], "path") == 0 || strcmp(csv->field[0], "file") == 0) &&
           (strcmp(csv->field[1], "label") == 0 || strcmp(csv->field[1], "tags") == 0);
}

/* Doubled tags would count twice. */
static int check_doubles(const Truth *t, size_t from, const Csv *csv, Reason *why)
{
    for (size_t i = from; i < t->label_count; i++)
        for (size_t j = from; j < i; j++)
            if (t->label[i] == t->label[j])
                return reason_set(why, "line %d: a label occurs twice", csv->line);
    return 1;
}

static int read_row(Truth *t, const char *list, const Csv *csv, const LabelNames *names,
                    int has_tags, Reason *why)
{
    const size_t before = t->inputs.count, labels = t->label_count;
    char *path;
    int ok;

    if (csv->count < 2 || (csv->count > 2 && !has_tags))
        return reason_set(why, "line %d: a row is PATH,LABEL; this one has %d field%s", csv->line,
                          csv->count, csv->count == 1 ? "" : "s");
    path = beside(list, csv->field[0]);
    if (!path)
        return reason_set(why, "out of memory");
    ok = begin_picture(t, before, why) && inputs_add(&t->inputs, path, why);
    free(path);
    for (int i = 1; i < csv->count && ok; i++)
        ok = add_field(t, csv, csv->field[i], names, has_tags, why);
    if (ok && t->inputs.count != before + 1)
        return reason_set(why, "line %d: '%.200s' is a folder", csv->line, csv->field[0]);
    return ok && check_doubles(t, labels, csv, why);
}

static int read_list(Truth *t, const char *list, const LabelNames *names, int has_tags, Reason *why)
{
    Csv csv;
    int row = -1;

    if (csv_open(&csv, list, why))
        while ((row = csv_row(&csv, why)) > 0)
            if (!is_heading(&csv) && !read_row(t, list, &csv, names, has_tags, why)) {
                row = -1;
                break;
            }
    csv_close(&csv);
    if (row == 0 && t->inputs.count == 0)
        row = reason_set(why, "it lists no picture") - 1;
    if (row < 0)
        prefix_reason(why, list);
    return row == 0 && begin_picture(t, t->inputs.count, why);
}

int truth_read(Truth *t, const char *source, const char *map, const LabelNames *names, int has_tags,
               Reason *why)
{
    FolderMap folders = { 0 };
    struct stat status;
    int ok;

    memset(t, 0, sizeof *t);
    if (stat(source, &status) != 0)
        return reason_set(why, "%.200s: %s", source, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        ok = map ? reason_set(why, "--eval-map is for folders; '%.200s' is a file", source)
                 : read_list(t, source, names, has_tags, why);
    else
        ok = (!map || map_read(&folders, map, names, why)) &&
             read_folder(t, source, &folders, names, why);
    map_free(&folders);
    if (!ok)
        truth_free(t);
    return ok;
}
