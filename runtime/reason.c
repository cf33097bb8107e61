/* Messages of fixed length: they are short, and failing must not itself fail for lack of memory. */
#include "runtime/reason.h"

#include <stdarg.h>
#include <stdio.h>

void reason_write(Reason *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
}
