/* The orientation in a picture's EXIF block, for those who obey it: found in the first APP1 segment
 * of a JPEG file or in the eXIf chunk of a PNG file, whose bytes are a TIFF header and a directory
 * of twelve-byte entries. A block that makes no sense states nothing. */
#include "runtime/image.h"

#include <string.h>

enum { UPRIGHT = 1, TAG_ORIENTATION = 0x0112, ENTRY_BYTES = 12 };

typedef struct Tiff {
    const uint8_t *bytes;
    size_t length;
    int is_big_endian;
} Tiff;

/* The unsigned number of `count` bytes at `at`; 0 behind the end. */
static size_t number_at(const Tiff *t, size_t at, int count)
{
    size_t v = 0;

    if (at > t->length || t->length - at < (size_t)count)
        return 0;
    for (int i = 0; i < count; i++)
        v |= (size_t)t->bytes[at + (size_t)i] << 8 * (t->is_big_endian ? count - 1 - i : i);
    return v;
}

int exif_orientation(const uint8_t *bytes, size_t length)
{
    Tiff t = { bytes, length, length > 0 && bytes[0] == 'M' };
    size_t at, count;

    if (length < 8 || (memcmp(bytes, "II", 2) != 0 && memcmp(bytes, "MM", 2) != 0) ||
        number_at(&t, 2, 2) != 42)
        return UPRIGHT;
    at = number_at(&t, 4, 4);
    count = number_at(&t, at, 2);
    for (at += 2; count > 0 && at + ENTRY_BYTES <= length; count--, at += ENTRY_BYTES)
        if (number_at(&t, at, 2) == TAG_ORIENTATION) {
            const size_t v = number_at(&t, at + 8, 2);
            return v >= 1 && v <= 8 ? (int)v : UPRIGHT;
        }
    return UPRIGHT;
}

static size_t big_endian(const uint8_t *p, int count)
{
    size_t v = 0;

    for (int i = 0; i < count; i++)
        v = v << 8 | p[i];
    return v;
}

/* Segments up to the first scan. */
int jpeg_orientation(const ImageSource *source)
{
    enum { APP1 = 0xe1, START_OF_SCAN = 0xda, NAME_BYTES = 6 };
    const uint8_t *p = source->bytes + 2, *end = source->bytes + source->length;

    while (end - p >= 4) {
        const int marker = p[1];
        const size_t length = big_endian(p + 2, 2);
        if (p[0] != 0xff || marker == START_OF_SCAN)
            break;
        if (marker == 0xff) { /* a byte of padding */
            p++;
            continue;
        }
        if (length < 2 || (size_t)(end - p) < 2 + length)
            break;
        if (marker == APP1)
            return length < 2 + NAME_BYTES
                       ? UPRIGHT
                       : exif_orientation(p + 4 + NAME_BYTES, length - 2 - NAME_BYTES);
        p += 2 + length;
    }
    return UPRIGHT;
}

int png_orientation(const ImageSource *source)
{
    enum { CHUNK_BYTES = 12 }; /* length, type and checksum */
    const uint8_t *p = source->bytes + 8, *end = source->bytes + source->length;

    while (end - p >= CHUNK_BYTES) {
        const size_t length = big_endian(p, 4);
        if (length > (size_t)(end - p) - CHUNK_BYTES)
            break;
        if (memcmp(p + 4, "eXIf", 4) == 0)
            return exif_orientation(p + 8, length);
        p += CHUNK_BYTES + length;
    }
    return UPRIGHT;
}
