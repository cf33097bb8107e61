/* Fuzzes the reader of PyTorch's old stream files as they come. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();
    fuzz_weights(arena, data, size);
    arena_free(arena);
    return 0;
}
