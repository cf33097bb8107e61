/* Messages to the user. Library code that can fail without a source position returns a status and
 * a text instead, and its caller reports it here.
 *
 *   FILE:LINE:COLUMN: error: MESSAGE [KEY]
 *       source line
 *          ^~~~~
 *
 * KEY names the diagnostic; tests refer to it. */
#ifndef KILN_BASE_DIAG_H
#define KILN_BASE_DIAG_H

#include "compiler/base/arena.h"

#include <stdio.h>

/* One source text. `name` is what messages call it. */
typedef struct Source {
    const char *name;
    const char *text;
    size_t length;
} Source;

/* The bytes [start, end) of a source; source NULL: no position. */
typedef struct Loc {
    const Source *source;
    size_t start, end;
} Loc;

typedef struct Diag {
    FILE *out;
    int errors, warnings;
    int limit; /* after this many errors the rest is only counted; 0: no limit */
} Diag;

void diag_error(Diag *d, Loc loc, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_warning(Diag *d, Loc loc, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* An explanation of the message before it. */
void diag_note(Diag *d, Loc loc, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An error about a whole file (a weight file, a picture): `FILE: error: MESSAGE [KEY]`. */
void diag_file_error(Diag *d, const char *file, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Line and column (both from 1, columns in UTF-8 code points) of a byte offset. */
void source_position(const Source *s, size_t offset, int *line, int *column);
/* From the start of `a` to the end of `b`. */
Loc loc_join(Loc a, Loc b);

/* Reports a broken invariant of the compiler itself and aborts. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
