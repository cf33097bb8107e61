/* Fuzz driver of the PNG decoder. */
#include "tests/fuzz/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_picture(data, size, "\x89PNG\r\n\x1a\n", 8);
}
