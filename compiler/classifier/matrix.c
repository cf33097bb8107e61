/* Tables of numbers in text: a row a line, values apart by commas, semicolons, tabs or blanks. A
 * first row whose values are no numbers is a heading, and so is a first value of every row. */
#include "compiler/classifier/classifier.h"

#include "compiler/base/file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct Table {
    Arena *arena;
    Vec(double) values;
    int rows, columns, line;
    bool has_names; /* rows begin with a name */
} Table;

static bool is_separator(char c)
{
    return c == ',' || c == ';' || c == '\t' || c == ' ' || c == '\r';
}

/* Takes the next value of a line; false at its end. Quotes are taken off. */
static bool next_field(Arena *a, const char **at, const char **field)
{
    const char *s = *at;
    while (is_separator(*s))
        s++;
    if (!*s)
        return false;
    const bool quoted = *s == '"';
    const char *start = s += quoted;
    while (*s && (quoted ? *s != '"' : !is_separator(*s)))
        s++;
    *field = arena_strndup(a, start, (size_t)(s - start));
    *at = s + (quoted && *s);
    return true;
}

static bool is_number(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && isfinite(*value);
}

/* Whether a first line is a heading: none of its values is a number. */
static bool is_heading(Table *t, const char *line)
{
    const char *field;
    double value;
    while (next_field(t->arena, &line, &field))
        if (is_number(field, &value))
            return false;
    return true;
}

static const char *read_row(Table *t, const char *line)
{
    const char *field;
    double value;
    int count = 0;
    for (int i = 0; next_field(t->arena, &line, &field); i++) {
        bool number = is_number(field, &value);
        if (i == 0 && t->rows == 0)
            t->has_names = !number;
        if (i == 0 && t->has_names)
            continue;
        if (!number)
            return arena_printf(t->arena, "line %d: '%s' is no number", t->line, field);
        vec_push(t->arena, &t->values, value);
        count++;
    }
    if (t->rows++ == 0)
        t->columns = count;
    if (count != t->columns)
        return arena_printf(t->arena, "line %d has %d numbers, the first row has %d", t->line,
                            count, t->columns);
    return NULL;
}

static bool is_blank(const char *line)
{
    while (is_separator(*line))
        line++;
    return !*line;
}

static const char *read_rows(Table *t, const FileMap *file)
{
    const char *at = (const char *)file->bytes, *end = at + file->length;
    const char *why = NULL;
    bool first = true;
    if (file->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* a byte order mark */
    while (at < end && !why) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        const char *line = arena_strndup(t->arena, at, (size_t)(stop - at));
        t->line++;
        if (!is_blank(line) && !(first && is_heading(t, line)))
            why = read_row(t, line);
        first = first && is_blank(line);
        at = stop + 1;
    }
    return why ? why : t->columns ? NULL : "it holds no numbers";
}

const char *matrix_read(Arena *a, const char *path, Matrix *m)
{
    FileMap file;
    Table t = { .arena = a };
    const char *why = file_map(a, path, &file);

    if (why)
        return why;
    why = read_rows(&t, &file);
    file_unmap(&file);
    *m = (Matrix){
        .file = arena_strdup(a, path), .rows = t.rows, .columns = t.columns, .values = t.values.at
    };
    return why;
}
