/* Fuzz driver of the .npy reader of --tensor. */
#include "runtime/npy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    NpyArray array;
    Reason why = { "" };

    if (!copy)
        abort();
    memcpy(copy, data, size);
    if (size >= 8)
        memcpy(copy, "\x93NUMPY", 6);
    if (npy_array_parse(copy, size, &array, &why))
        npy_array_free(&array);
    else if (!why.text[0] || array.data)
        abort();
    free(copy);
    return 0;
}
