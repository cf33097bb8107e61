/* Prints messages with the source line and a caret. Long lines are shown as a window around the
 * place, so that a one-line file of megabytes still gives a readable message. */
#include "compiler/base/diag.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 96 };

static int is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

void source_position(const Source *s, size_t offset, int *line, int *column)
{
    *line = 1;
    size_t begin = 0;
    for (size_t i = 0; i < offset && i < s->length; i++)
        if (s->text[i] == '\n') {
            ++*line;
            begin = i + 1;
        }
    *column = 1;
    for (size_t i = begin; i < offset && i < s->length; i++)
        *column += !is_continuation(s->text[i]);
}

Loc loc_join(Loc a, Loc b)
{
    return (Loc){ a.source, a.start, b.end > a.end ? b.end : a.end };
}

/* The part [*from, *to) of the line around `offset` that is worth printing. */
static void line_window(const Source *s, size_t offset, size_t *from, size_t *to)
{
    size_t begin = offset, end = offset;
    while (begin > 0 && s->text[begin - 1] != '\n' && offset - begin < WINDOW / 2)
        begin--;
    while (end < s->length && s->text[end] != '\n' && end - begin < WINDOW)
        end++;
    while (begin < offset && is_continuation(s->text[begin]))
        begin++;
    while (end > offset && end < s->length && is_continuation(s->text[end]))
        end--;
    *from = begin;
    *to = end;
}

static void print_excerpt(FILE *out, Loc loc)
{
    const Source *s = loc.source;
    size_t start = loc.start < s->length ? loc.start : s->length, from, to;
    line_window(s, start, &from, &to);
    fputs("    ", out);
    for (size_t i = from; i < to; i++)
        fputc((unsigned char)s->text[i] < ' ' ? ' ' : s->text[i], out);
    fputs("\n    ", out);
    for (size_t i = from; i < start; i++)
        if (!is_continuation(s->text[i]))
            fputc(' ', out);
    fputc('^', out);
    for (size_t i = start + 1; i < loc.end && i < to; i++)
        if (!is_continuation(s->text[i]))
            fputc('~', out);
    fputc('\n', out);
}

static void report(Diag *d, Loc loc, const char *kind, const char *key, const char *format,
                   va_list args)
{
    if (loc.source) {
        int line, column;
        source_position(loc.source, loc.start, &line, &column);
        fprintf(d->out, "%s:%d:%d: ", loc.source->name, line, column);
    } else {
        fputs("kiln: ", d->out);
    }
    fprintf(d->out, "%s: ", kind);
    vfprintf(d->out, format, args);
    if (key)
        fprintf(d->out, " [%s]", key);
    fputc('\n', d->out);
    if (loc.source)
        print_excerpt(d->out, loc);
}

static int is_over_limit(Diag *d)
{
    return d->limit && d->errors > d->limit;
}

void diag_error(Diag *d, Loc loc, const char *key, const char *format, ...)
{
    d->errors++;
    if (is_over_limit(d))
        return;
    va_list args;
    va_start(args, format);
    report(d, loc, "error", key, format, args);
    va_end(args);
}

void diag_warning(Diag *d, Loc loc, const char *key, const char *format, ...)
{
    d->warnings++;
    va_list args;
    va_start(args, format);
    report(d, loc, "warning", key, format, args);
    va_end(args);
}

void diag_note(Diag *d, Loc loc, const char *format, ...)
{
    if (is_over_limit(d))
        return;
    va_list args;
    va_start(args, format);
    report(d, loc, "note", NULL, format, args);
    va_end(args);
}

void diag_file_error(Diag *d, const char *file, const char *key, const char *format, ...)
{
    d->errors++;
    if (is_over_limit(d))
        return;
    va_list args;
    va_start(args, format);
    fprintf(d->out, "%s: error: ", file);
    vfprintf(d->out, format, args);
    fprintf(d->out, " [%s]\n", key);
    va_end(args);
}

void bug_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "kiln: internal error at %s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}
