/* Fuzz driver of the PNG decoder. The checksums of all chunks are made right, or no mutation
 * would be seen behind them. */
#include "tests/fuzz/picture.h"

#include <zlib.h>

static size_t read32(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* A chunk: 4 bytes of length, 4 of type, the data, 4 of checksum over type and data. */
static void correct_checksums(uint8_t *at, size_t left)
{
    while (left >= 12 && read32(at) <= left - 12) {
        const size_t length = read32(at);
        const uLong sum = crc32(0, at + 4, (uInt)(length + 4));
        for (int i = 0; i < 4; i++)
            at[8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + length;
        left -= 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    int status;

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    if (size > 8)
        correct_checksums(copy + 8, size - 8);
    status = fuzz_picture(copy, size, "\x89PNG\r\n\x1a\n", 8);
    free(copy);
    return status;
}
