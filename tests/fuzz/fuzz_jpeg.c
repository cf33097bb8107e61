/* Fuzz driver of the JPEG decoder. */
#include "tests/fuzz/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_picture(data, size, "\xff\xd8\xff", 3);
}
