/* Labels as comma-separated values (RFC 4180): one column of names, in order; or a column of names
 * and one of indices. A first row that has no number where the others have one is a heading; with
 * more than two columns it must call them by the names below. */
#include "compiler/classifier/labels.h"

#include <string.h>
#include <strings.h>

enum { MAX_COLUMNS = 64 };

typedef struct Row {
    int line, count;
    const char *field[MAX_COLUMNS];
} Row;

typedef Vec(Row *) Rows;

/* --- rows ------------------------------------------------------------------------------------ */

/* A field in quotes, "" being one of them; NULL where it does not end. */
static const char *read_quoted(const LabelText *t, const char **at)
{
    Text out = { .arena = t->arena };

    for (const char *p = *at + 1; p < t->end; p++) {
        if (*p == '"' && !(p + 1 < t->end && p[1] == '"')) {
            *at = p + 1;
            return text_string(&out);
        }
        p += *p == '"';
        text_printf(&out, "%c", *p);
    }
    return NULL;
}

static const char *read_field(const LabelText *t, const char **at)
{
    const char *start = *at, *end;

    if (start < t->end && *start == '"')
        return read_quoted(t, at);
    while (*at < t->end && !strchr(",\r\n", **at))
        ++*at;
    for (end = *at; start < end && strchr(" \t", *start);)
        start++;
    while (end > start && strchr(" \t", end[-1]))
        end--;
    return arena_strndup(t->arena, start, (size_t)(end - start));
}

/* Reads the row at *at and goes behind its end. */
static const char *read_row(const LabelText *t, const char **at, Row *row)
{
    row->line = labels_line_of(t, *at);
    for (row->count = 0;; ++*at) {
        if (row->count == MAX_COLUMNS)
            return arena_printf(t->arena, "line %d has more than %d columns", row->line,
                                MAX_COLUMNS);
        const char *field = read_field(t, at);
        if (!field)
            return arena_printf(t->arena, "line %d: a quoted field without end", row->line);
        row->field[row->count++] = field;
        if (*at == t->end || **at != ',')
            break;
    }
    *at += *at < t->end && **at == '\r';
    if (*at < t->end && **at != '\n')
        return arena_printf(t->arena, "line %d: text behind a quoted field", row->line);
    *at += *at < t->end;
    return NULL;
}

static const char *read_rows(const LabelText *t, Rows *rows)
{
    for (const char *at = t->at; at < t->end;) {
        Row *row = arena_new_of(t->arena, Row);
        const char *why = read_row(t, &at, row);
        if (why)
            return why;
        if (rows->count && row->count != rows->at[0]->count)
            return arena_printf(t->arena, "line %d has %d columns, line %d has %d", row->line,
                                row->count, rows->at[0]->line, rows->at[0]->count);
        vec_push(t->arena, rows, row);
    }
    return NULL;
}

/* --- columns --------------------------------------------------------------------------------- */

static bool is_index(const char *field)
{
    int64_t index;
    return labels_parse_index(field, strlen(field), &index);
}

/* The first column that is a number in all rows from `first` on; -1 where there is none. */
static int numeric_column(const Rows *rows, int first)
{
    for (int c = 0; c < rows->at[0]->count; c++) {
        int r = first;
        while (r < rows->count && is_index(rows->at[r]->field[c]))
            r++;
        if (r == rows->count && rows->count > first)
            return c;
    }
    return -1;
}

static int column_called(const Row *heading, const char *const *names)
{
    for (; *names; names++)
        for (int c = 0; c < heading->count; c++)
            if (strcasecmp(heading->field[c], *names) == 0)
                return c;
    return -1;
}

typedef struct Columns {
    int first; /* row behind the heading */
    int name, index;
} Columns;

static const char *const name_headings[] = { "label", "name",     "class_name",
                                             "class", "category", NULL };
static const char *const index_headings[] = { "index",       "id",     "class_id", "label_id",
                                              "class_index", "number", NULL };

static const char *find_columns(const LabelText *t, const Rows *rows, Columns *c)
{
    const Row *top = rows->at[0];
    const int name = column_called(top, name_headings), index = column_called(top, index_headings);

    *c = (Columns){ 0, 0, -1 };
    if (top->count == 1) {
        c->first = name == 0 && rows->count > 1;
        return NULL;
    }
    c->index = numeric_column(rows, 0);
    if (c->index < 0) {
        c->first = 1;
        c->index = index >= 0 ? index : numeric_column(rows, 1);
    }
    c->name = c->first && name >= 0 && name != c->index ? name : c->index == 0;
    if (c->index < 0)
        return arena_printf(t->arena, "line %d: no column is an index in every row", top->line);
    if (top->count > 2 && (name < 0 || name == c->index))
        return arena_printf(t->arena, "line %d: of %d columns none is headed 'label' or 'name'",
                            top->line, top->count);
    return NULL;
}

const char *labels_read_table(const LabelText *t, LabelList *list)
{
    Rows rows = { 0 };
    Columns columns;
    const char *why = read_rows(t, &rows);

    if (!why)
        why = find_columns(t, &rows, &columns);
    for (int r = why ? rows.count : columns.first; r < rows.count; r++) {
        const Row *row = rows.at[r];
        Label label = { row->field[columns.name], list->count, row->line };
        const char *index = columns.index >= 0 ? row->field[columns.index] : NULL;
        if (index && !labels_parse_index(index, strlen(index), &label.index))
            return arena_printf(t->arena, "line %d: '%s' is not the index of a class", row->line,
                                index);
        vec_push(t->arena, list, label);
    }
    return why;
}

/* Commas alone prove nothing, for labels have them: "tench, Tinca tinca". */
bool labels_is_table(const LabelText *t)
{
    Rows rows = { 0 };

    if (!memchr(t->at, ',', (size_t)(t->end - t->at)) || read_rows(t, &rows) ||
        rows.at[0]->count != 2)
        return false;
    return numeric_column(&rows, 0) >= 0 || numeric_column(&rows, 1) >= 0;
}
