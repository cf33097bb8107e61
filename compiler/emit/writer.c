/* The writer of all emitted text. A line goes in without indentation; it comes out indented by the
 * braces that are open before it, and broken where it would exceed 100 columns. */
#include "compiler/emit/writer.h"

#include "compiler/base/diag.h"
#include "compiler/base/text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { COLUMNS = 100, INDENT = 4 };

void w_start(Writer *w, FILE *out, Arena *arena)
{
    *w = (Writer){ .out = out, .arena = arena };
}

void w_set(Writer *w, const char *name, const char *value)
{
    map_set(w->arena, &w->values, name, (void *)value);
}

void w_setf(Writer *w, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    w_set(w, name, arena_vprintf(w->arena, format, args));
    va_end(args);
}

const char *text_substitute(Arena *a, const char *text, Find *find, void *context)
{
    Text t = { .arena = a };
    const char *dollar;
    while ((dollar = strstr(text, "${"))) {
        const char *close = strchr(dollar, '}');
        if (!close)
            bug("placeholder without end in '%s'", text);
        const char *name = arena_strndup(a, dollar + 2, (size_t)(close - dollar - 2));
        const char *value = find(context, name);
        if (!value)
            bug("no value for ${%s} in '%s'", name, text);
        text_append(&t, text, (size_t)(dollar - text));
        text_puts(&t, value);
        text = close + 1;
    }
    text_puts(&t, text);
    return text_string(&t);
}

static const char *find_value(void *context, const char *name)
{
    return map_get(context, name);
}

/* Runs over a line, telling what is code from what is a string, a character or a comment. */
typedef struct Lexer {
    char quote; /* the delimiter of the literal that we are in, or 0 */
    bool comment;
} Lexer;

static bool is_code(Lexer *l, const char *p)
{
    if (l->comment) {
        l->comment = !(p[0] == '/' && p[-1] == '*');
        return false;
    }
    if (l->quote) {
        if (*p == l->quote && p[-1] != '\\')
            l->quote = 0;
        return false;
    }
    if (p[0] == '/' && p[1] == '*') {
        l->comment = true;
        return false;
    }
    if (*p == '"' || *p == '\'')
        l->quote = *p;
    return !l->quote;
}

/* How good a place the space line[i] is to break at, 0 is best: after a comma or before an operator
 * of low depth; after `=` where the rest then fits. -1: not at all, as between a type and its
 * name. */
static int break_rank(const char *line, size_t i, int depth, int room)
{
    if (line[i] != ' ' || i == 0)
        return -1;
    if (line[i - 1] == '=')
        return (int)strlen(line + i + 1) <= room - INDENT ? 0 : 3;
    if (line[i - 1] == ',')
        return 2 * depth;
    return strchr("+-*/?:<&", line[i + 1]) && line[i + 2] == ' ' ? 2 * depth + 1 : -1;
}

/* Where to break `line` so that at most `room` columns stay: the last of the best places.
 * 0: nowhere. */
static size_t break_at(const char *line, int room)
{
    Lexer l = { 0 };
    int depth = 0, best_rank = INT_MAX;
    size_t best = 0;
    for (size_t i = 0; line[i] && (int)i <= room; i++) {
        if (!is_code(&l, line + i))
            continue;
        depth += (strchr("([{", line[i]) != NULL) - (strchr(")]}", line[i]) != NULL);
        int rank = break_rank(line, i, depth, room);
        if (rank >= 0 && rank <= best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

static void indent(Writer *w, int columns)
{
    fprintf(w->out, "%*s", columns, "");
}

/* Columns, not bytes: UTF-8 continuation bytes take none. */
static int columns_of(const char *s)
{
    int n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void put_wrapped(Writer *w, const char *line, int columns)
{
    indent(w, columns);
    size_t at;
    while (columns + columns_of(line) > COLUMNS && (at = break_at(line, COLUMNS - columns)) > 0) {
        fprintf(w->out, "%.*s\n", (int)at, line);
        line += at + 1;
        columns = w->depth * INDENT + INDENT;
        indent(w, columns);
    }
    fprintf(w->out, "%s\n", line);
}

static void put_line(Writer *w, const char *line)
{
    int opened = 0, closed_first = 0;
    Lexer l = { 0 };
    for (const char *p = line; *p; p++) {
        if (!is_code(&l, p))
            continue;
        opened += (*p == '{') - (*p == '}');
        closed_first += p == line && *p == '}';
    }
    w->depth -= closed_first;
    put_wrapped(w, line, line[0] == '#' ? 0 : w->depth * INDENT);
    w->depth += opened + closed_first;
    if (w->depth < 0)
        bug("unbalanced braces at '%s'", line);
}

void w_line(Writer *w, const char *line)
{
    put_line(w, text_substitute(w->arena, line, find_value, &w->values));
}

void w_linef(Writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line(w, arena_vprintf(w->arena, format, args));
    va_end(args);
}

void w_raw(Writer *w, const char *line)
{
    fprintf(w->out, "%s\n", line);
}

void w_blank(Writer *w)
{
    fputc('\n', w->out);
}

/* Text in a comment must not end it. */
static const char *comment_safe(Arena *a, const char *text)
{
    Text t = { .arena = a };
    for (const char *p = text; *p; p++) {
        text_append(&t, p, 1);
        if ((p[0] == '*' && p[1] == '/') || (p[0] == '/' && p[1] == '*') ||
            (p[0] == '?' && p[1] == '?'))
            text_puts(&t, " ");
    }
    return text_string(&t);
}

/* The bytes of `text` that fit into `room` columns and end at a space or a newline. */
static size_t comment_row(const char *text, int room)
{
    size_t best = 0, i = 0;
    int columns = 0;
    for (; text[i] && text[i] != '\n'; i++) {
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (columns > room && best)
            return best;
        if (text[i] == ' ' && text[i + 1] != ' ')
            best = i;
    }
    return i;
}

void w_comment(Writer *w, const char *text)
{
    text = comment_safe(w->arena, text);
    int columns = w->depth * INDENT;
    const char *head = "/* ";
    for (;;) {
        size_t n = comment_row(text, COLUMNS - columns - 6);
        indent(w, columns);
        fprintf(w->out, "%s%.*s", n || head[1] == '*' ? head : " *", (int)n, text);
        text += n;
        if (!*text)
            break;
        text++;
        fputc('\n', w->out);
        head = " * ";
    }
    fputs(" */\n", w->out);
}
