/* The pen: lines of C (or of a makefile) to a stream, with named placeholders and the indentation
 * that the braces ask for. Lines longer than 100 columns are broken at a space of the lowest
 * depth. */
#ifndef KILN_EMIT_WRITER_H
#define KILN_EMIT_WRITER_H

#include "compiler/base/arena.h"
#include "compiler/base/map.h"

#include <stdio.h>

typedef struct Writer {
    FILE *out;
    Arena *arena; /* of the placeholders' values */
    int depth;    /* open braces */
    Map values;   /* placeholder -> const char * */
} Writer;

void w_start(Writer *w, FILE *out, Arena *arena);

/* Gives ${name} a value until the next time that it is set. */
void w_set(Writer *w, const char *name, const char *value);
void w_setf(Writer *w, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line; ${name} stands for its value, an unknown name is a bug. */
void w_line(Writer *w, const char *line);
/* The same with printf's placeholders. */
void w_linef(Writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A comment, wrapped. */
void w_comment(Writer *w, const char *text);
void w_blank(Writer *w);
/* One line as it is: neither placeholders nor braces mean anything in it. */
void w_raw(Writer *w, const char *line);

/* Replaces every ${name} of `text` by find(context, name). */
typedef const char *Find(void *context, const char *name);
const char *text_substitute(Arena *a, const char *text, Find *find, void *context);

#endif
