/* Label files: UTF-8 text in one of the forms in which people write them down, recognised by what
 * they hold: JSON and Python's literals by their bracket, tables by their commas, "name index" by
 * the number at the end of every line; all else is a label a line. Out come the labels in the order
 * of the classes. Where a file gives indices, they must be 0, 1, ... without gap or repetition.
 *
 * A byte order mark is skipped, lines may end in CR LF, and empty lines at the end count for
 * nothing. */
#include "compiler/classifier/labels.h"

#include "compiler/base/file.h"

#include <string.h>

/* --- text ------------------------------------------------------------------------------------ */

static bool is_between(unsigned char c, int low, int high)
{
    return c >= low && c <= high;
}

/* Bytes of the well-formed character at `p`, or 0: Unicode 15, table 3-7. */
static int character_length(const unsigned char *p, const unsigned char *end)
{
    const int length = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    const int low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
    const int high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;

    if (length == 1)
        return *p != 0;
    if (!is_between(*p, 0xc2, 0xf4) || end - p < length || !is_between(p[1], low, high))
        return 0;
    for (int i = 2; i < length; i++)
        if (!is_between(p[i], 0x80, 0xbf))
            return 0;
    return length;
}

static const char *check_utf8(const LabelText *t)
{
    const unsigned char *end = (const unsigned char *)t->end;
    const unsigned char *line = (const unsigned char *)t->at;
    int number = 1;

    for (const unsigned char *p = line; p < end;) {
        const int length = character_length(p, end);
        if (!length)
            return arena_printf(t->arena, "line %d is not UTF-8: byte 0x%02x at column %d", number,
                                *p, (int)(p - line) + 1);
        number += *p == '\n';
        line = *p == '\n' ? p + 1 : line;
        p += length;
    }
    return NULL;
}

int labels_line_of(const LabelText *t, const char *at)
{
    int line = 1;

    for (const char *p = t->at; p < at; p++)
        line += *p == '\n';
    return line;
}

bool labels_parse_index(const char *text, size_t length, int64_t *index)
{
    *index = 0;
    if (length < 1 || length > 9)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *index = *index * 10 + (text[i] - '0');
    }
    return true;
}

/* --- lines ----------------------------------------------------------------------------------- */

typedef struct Line {
    const char *at, *end, *next; /* next: the line behind it, or NULL */
    int number;
} Line;

/* Goes to the next line; to the first where *line is zero. */
static bool next_line(const LabelText *t, Line *line)
{
    const char *at = line->number ? line->next : t->at;

    if (!at)
        return false;
    const char *newline = memchr(at, '\n', (size_t)(t->end - at));
    line->at = at;
    line->end = newline ? newline : t->end;
    line->next = newline ? newline + 1 : NULL;
    if (line->end > at && line->end[-1] == '\r')
        line->end--;
    line->number++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The name and the index of a line "name index". */
static bool split_line(const Line *line, const char **name_end, int64_t *index)
{
    const char *end = line->end, *number;

    while (end > line->at && is_blank(end[-1]))
        end--;
    for (number = end; number > line->at && !is_blank(number[-1]);)
        number--;
    for (*name_end = number; *name_end > line->at && is_blank((*name_end)[-1]);)
        --*name_end;
    return *name_end > line->at && labels_parse_index(number, (size_t)(end - number), index);
}

/* Whether every line ends in a number and the names before them differ: "class 0", "class 1", ...
 * are labels as they stand. */
static bool has_indices(const LabelText *t, LabelList *list)
{
    Line line = { 0 };

    while (next_line(t, &line)) {
        const char *name_end;
        Label label = { .line = line.number };
        if (!split_line(&line, &name_end, &label.index))
            return false;
        label.name = arena_strndup(t->arena, line.at, (size_t)(name_end - line.at));
        vec_push(t->arena, list, label);
    }
    for (int i = 1; i < list->count; i++)
        if (strcmp(list->at[i].name, list->at[0].name) != 0)
            return true;
    return false;
}

static const char *read_lines(const LabelText *t, LabelList *list)
{
    Line line = { 0 };

    if (has_indices(t, list))
        return NULL;
    list->count = 0;
    while (next_line(t, &line)) {
        if (line.at == line.end)
            return arena_printf(t->arena, "line %d is empty", line.number);
        const Label label = { arena_strndup(t->arena, line.at, (size_t)(line.end - line.at)),
                              list->count, line.number };
        vec_push(t->arena, list, label);
    }
    return NULL;
}

/* --- from labels with indices to labels in order -------------------------------------------- */

/* Every class once. */
static const char *place_labels(const LabelText *t, const LabelList *list, Classifier *c)
{
    const Label **of = arena_new_array(t->arena, const Label *, list->count + 1);

    for_each_vec(const Label, l, list) {
        if (!*l->name)
            return arena_printf(t->arena, "line %d: the label is empty", l->line);
        if (l->index < 0 || l->index >= list->count)
            return arena_printf(t->arena,
                                "line %d: '%s' has the index %lld, but %d labels have the indices "
                                "0..%d",
                                l->line, l->name, (long long)l->index, list->count,
                                list->count - 1);
        if (of[l->index])
            return arena_printf(
                t->arena, "line %d: '%s' has the index %lld, which '%s' has (line %d)", l->line,
                l->name, (long long)l->index, of[l->index]->name, of[l->index]->line);
        of[l->index] = l;
    }
    for (int i = 0; i < list->count; i++)
        vec_push(t->arena, &c->labels, of[i]->name);
    return NULL;
}

static bool has_extension(const char *path, const char *extension)
{
    const size_t n = strlen(path), m = strlen(extension);
    return n > m && strcmp(path + n - m, extension) == 0;
}

/* The reader is chosen by content, unless the file's name says what it is. */
static const char *read_text(const LabelText *t, const char *path, LabelList *list)
{
    if (has_extension(path, ".json"))
        return labels_read_json(t, list);
    if (has_extension(path, ".csv"))
        return labels_read_table(t, list);
    if (labels_is_literal(t)) {
        const char *why = labels_read_json(t, list);
        list->count = why ? 0 : list->count;
        return why ? labels_read_python(t, list) : NULL;
    }
    return labels_is_table(t) ? labels_read_table(t, list) : read_lines(t, list);
}

const char *labels_read_bytes(Arena *a, const char *path, const void *bytes, size_t length,
                              Classifier *c)
{
    LabelText t = { a, bytes, (const char *)bytes + length };
    LabelList list = { 0 };

    c->labels.count = 0;
    while (t.end > t.at && (t.end[-1] == '\n' || t.end[-1] == '\r'))
        t.end--;
    if (t.end - t.at >= 3 && memcmp(t.at, "\xef\xbb\xbf", 3) == 0)
        t.at += 3;
    if (t.at == t.end)
        return "it holds no labels";
    const char *why = check_utf8(&t);
    if (!why)
        why = read_text(&t, path, &list);
    if (!why && list.count == 0)
        why = "it holds no labels";
    return why ? why : place_labels(&t, &list, c);
}

const char *labels_read(Arena *a, const char *path, Classifier *c)
{
    FileMap file;
    const char *why = file_map(a, path, &file);

    if (why)
        return why;
    c->labels_file = arena_strdup(a, path);
    why = labels_read_bytes(a, path, file.bytes, file.length, c);
    file_unmap(&file);
    return why;
}
