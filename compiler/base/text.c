/* Text grows by doubling; the arena keeps the outgrown copies until it is freed. */
#include "compiler/base/text.h"

#include <stdio.h>
#include <string.h>

static void reserve(Text *t, size_t more)
{
    if (t->length + more + 1 <= t->room)
        return;
    size_t room = 2 * (t->length + more + 64);
    char *wider = arena_alloc(t->arena, room);
    if (t->length)
        memcpy(wider, t->at, t->length);
    t->at = wider;
    t->room = room;
}

void text_append(Text *t, const char *bytes, size_t count)
{
    reserve(t, count);
    if (count)
        memcpy(t->at + t->length, bytes, count);
    t->length += count;
    t->at[t->length] = 0;
}

void text_puts(Text *t, const char *string)
{
    text_append(t, string, strlen(string));
}

void text_printf(Text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    reserve(t, (size_t)length);
    vsnprintf(t->at + t->length, (size_t)length + 1, format, again);
    t->length += (size_t)length;
    va_end(again);
    va_end(args);
}

const char *text_string(Text *t)
{
    reserve(t, 0);
    t->at[t->length] = 0;
    return t->at;
}
