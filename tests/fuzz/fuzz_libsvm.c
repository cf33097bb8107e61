/* Fuzzes the reader of libsvm's text models. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();
    fuzz_weights(arena, data, size);
    arena_free(arena);
    return 0;
}
