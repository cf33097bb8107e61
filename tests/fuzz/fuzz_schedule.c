/* Fuzzes the reader of schedules; what it accepts is written and read again, and stays the same. */
#include "tests/fuzz/fuzz.h"

#include "compiler/schedule/tuning.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();
    Tuning t, again;
    Text first = { .arena = arena }, second = { .arena = arena };
    const char *error = tuning_read(arena, "fuzz", data, size, &t);
    if (error && !*error)
        abort();
    if (!error) {
        tuning_print(&t, &first);
        if (tuning_read(arena, "fuzz", text_string(&first), first.length, &again))
            abort();
        tuning_print(&again, &second);
        if (strcmp(text_string(&first), text_string(&second)) != 0)
            abort();
    }
    arena_free(arena);
    return 0;
}
