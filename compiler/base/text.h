/* A growable string in an arena, for dumps and messages. text_string() is always NUL-terminated. */
#ifndef KILN_BASE_TEXT_H
#define KILN_BASE_TEXT_H

#include "compiler/base/arena.h"

typedef struct Text {
    Arena *arena;
    char *at;
    size_t length, room;
} Text;

void text_append(Text *t, const char *bytes, size_t count);
void text_puts(Text *t, const char *string);
void text_printf(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *text_string(Text *t);

#endif
