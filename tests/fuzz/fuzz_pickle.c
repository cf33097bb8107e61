/* Fuzzes the pickle machine on its own. */
#include "compiler/import/pickle.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();
    PickleItems persistent = { 0 };
    const PickleValue *value = NULL;
    size_t at = 0;
    const char *error = pickle_read(arena, data, size, &at, &persistent, &value);
    if (error ? !*error : !value || at > size)
        abort();
    arena_free(arena);
    return 0;
}
