/* The writer of all emitted text. A line goes in without indentation; it comes out indented by the
 * braces that are open before it, and broken where it would exceed 100 columns. */
#include "compiler/emit/writer.h"

#include "compiler/base/diag.h"
#include "compiler/base/text.h"

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

/* A stretch of a line. */
typedef struct Span {
    const char *at;
    int length;
} Span;

/* Where the pen is, and what is still to come behind what is being put. */
typedef struct Place {
    Writer *w;
    int column;
} Place;

static void put_layout(Place *p, Span text, int columns, int tail);

/* The length of the first piece of `text`: up to a space at depth 0 behind `,` `;` or `=`, or in
 * front of a binary operator. Never between a type and its name. */
static int first_piece(Span text)
{
    Lexer l = { 0 };
    int depth = 0;
    for (int i = 0; i + 2 < text.length; i++) {
        const char *c = text.at + i;
        if (!is_code(&l, c))
            continue;
        depth += (strchr("([{", *c) != NULL) - (strchr(")]}", *c) != NULL);
        if (depth != 0 || *c != ' ' || i == 0)
            continue;
        if (strchr(",;=", c[-1]) || (strchr("+-*/?:<&", c[1]) && c[2] == ' '))
            return i;
    }
    return text.length;
}

/* The longest group in parentheses at depth 0, without them; length 0: there is none. */
static Span longest_group(Span text)
{
    Lexer l = { 0 };
    Span best = { text.at, 0 };
    int depth = 0, open = 0;
    for (int i = 0; i < text.length; i++) {
        const char *c = text.at + i;
        if (!is_code(&l, c))
            continue;
        if (strchr("([{", *c) && depth++ == 0)
            open = i + 1;
        if (strchr(")]}", *c) && --depth == 0 && i - open > best.length)
            best = (Span){ text.at + open, i - open };
    }
    return best;
}

static void put_span(Place *p, Span text)
{
    fwrite(text.at, 1, (size_t)text.length, p->w->out);
    p->column += text.length;
}

static void new_line(Place *p, int columns)
{
    fprintf(p->w->out, "\n%*s", columns, "");
    p->column = columns;
}

/* The pieces of `text`, as many as fit on a line; a piece that fits nowhere is broken in itself,
 * right behind the `=` where there is one. */
static void put_pieces(Place *p, Span text, int columns, int tail)
{
    for (bool first = true; text.length > 0; first = false) {
        int n = first_piece(text), inner = columns;
        int behind = n == text.length ? tail : 0;
        bool assigned = !first && text.at[-2] == '=' && columns + n + behind > COLUMNS;
        if (assigned || (!first && p->column + 1 + n + behind <= COLUMNS))
            put_span(p, (Span){ " ", 1 });
        else if (!first)
            new_line(p, columns);
        if (assigned)
            inner -= INDENT;
        put_layout(p, (Span){ text.at, n }, inner, behind);
        n += n < text.length;
        text = (Span){ text.at + n, text.length - n };
    }
}

/* `text` from the pen on, `columns` being the indentation of the line; `tail` columns must stay
 * free. */
static void put_layout(Place *p, Span text, int columns, int tail)
{
    if (p->column + text.length + tail <= COLUMNS) {
        put_span(p, text);
        return;
    }
    if (first_piece(text) < text.length) {
        put_pieces(p, text, columns + INDENT, tail);
        return;
    }
    Span group = longest_group(text);
    int head = (int)(group.at - text.at), behind = text.length - head - group.length;
    if (group.length == 0) {
        put_span(p, text);
        return;
    }
    put_span(p, (Span){ text.at, head });
    int first = first_piece(group);
    if (p->column + first + (first == group.length ? behind + tail : 0) > COLUMNS)
        new_line(p, columns + INDENT);
    put_pieces(p, group, columns + INDENT, tail + behind);
    put_span(p, (Span){ group.at + group.length, behind });
}

static void indent(Writer *w, int columns)
{
    fprintf(w->out, "%*s", columns, "");
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
    int columns = line[0] == '#' ? 0 : w->depth * INDENT;
    Place place = { w, columns };
    indent(w, columns);
    put_layout(&place, (Span){ line, (int)strlen(line) }, columns, 0);
    fputc('\n', w->out);
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
