/* Fuzz driver of the PBM, PGM and PPM decoder: the second byte chooses the kind. */
#include "tests/fuzz/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char magic[3] = { 'P', '1', '\n' };

    if (size < 2)
        return 0;
    magic[1] = (char)('1' + data[1] % 6);
    return fuzz_picture(data, size, magic, 3);
}
