/* Fuzzes the object of a checkpoint: the input is the data.pkl of an archive whose checksums are
 * right and which has two storages, twelve floats and two 64-bit integers. */
#include "tests/fuzz/fuzz.h"
#include "tests/support/weight_files.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();
    Text object = { .arena = arena }, floats = { .arena = arena }, numbers = { .arena = arena };
    text_append(&object, (const char *)data, size);
    put_floats(&floats, 12, 1);
    put_number(&numbers, 5, 8);
    put_number(&numbers, 6, 8);
    ZipWriter w = zip_writer(arena);
    zip_add(&w, "net/data.pkl", 0, &object);
    zip_add(&w, "net/data/0", 0, &floats);
    zip_add(&w, "net/data/1", 0, &numbers);
    Text t = zip_end(&w);
    fuzz_weights(arena, t.at, t.length);
    arena_free(arena);
    return 0;
}
