/* Fuzzes the readers of label files: by content, and as the extensions say. */
#include "compiler/classifier/classifier.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A reader that refuses must say why; one that does not must give labels. */
static void read_as(Arena *arena, const char *path, const unsigned char *data, size_t size)
{
    Classifier c = { 0 };
    const char *why = labels_read_bytes(arena, path, data, size, &c);

    if (why ? !*why : c.labels.count == 0)
        abort();
    for (int i = 0; !why && i < c.labels.count; i++)
        if (!*c.labels.at[i])
            abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();

    read_as(arena, "labels.txt", data, size);
    read_as(arena, "labels.json", data, size);
    read_as(arena, "labels.csv", data, size);
    arena_free(arena);
    return 0;
}
