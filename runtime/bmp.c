/* BMP: OS/2 and Windows headers, 1, 4, 8 bits with a palette (also run-length encoded), 16, 24 and
 * 32 bits, with channel masks, bottom-up and top-down. Alpha is dropped. As in Pillow, a palette
 * index beyond the palette stands for the grey of that number. */
#include "runtime/image.h"

#include "runtime/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { RAW, RLE8, RLE4, BITFIELDS };

typedef struct Bitmap {
    const ImageSource *source;
    Reason *why;
    int64_t width, height;
    int top_down, bits, compression;
    size_t header_bytes, palette_start, pixels_start;
    size_t colors, color_bytes;
    uint32_t mask[3]; /* R G B */
    uint8_t palette[256][3];
} Bitmap;

static int truncated(const Bitmap *b, const char *where)
{
    return reason_set(b->why, "the file is truncated in its %s", where);
}

static void read_core_header(Bitmap *b, const uint8_t *h)
{
    b->width = bytes_u16(h + 4);
    b->height = bytes_u16(h + 6);
    b->bits = (int)bytes_u16(h + 10);
    b->compression = RAW;
    b->colors = 0;
    b->color_bytes = 3;
}

static int64_t as_signed(uint32_t v)
{
    return v < 0x80000000u ? (int64_t)v : (int64_t)v - 0x100000000;
}

static void read_info_header(Bitmap *b, const uint8_t *h)
{
    b->width = as_signed(bytes_u32(h + 4));
    b->height = as_signed(bytes_u32(h + 8));
    b->top_down = b->height < 0;
    if (b->top_down)
        b->height = -b->height;
    b->bits = (int)bytes_u16(h + 14);
    b->compression = (int)(bytes_u32(h + 16) & 0xff) | (bytes_u32(h + 16) > 255 ? 256 : 0);
    b->colors = bytes_u32(h + 32);
    b->color_bytes = 4;
}

static int check_depth(const Bitmap *b)
{
    const int rle = (b->compression == RLE8 && b->bits == 8) ||
                    (b->compression == RLE4 && b->bits == 4);

    if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 &&
        b->bits != 32)
        return reason_set(b->why, "%d bits a pixel are not supported", b->bits);
    if (b->compression == RAW || rle || (b->compression == BITFIELDS && b->bits >= 16))
        return 1;
    return reason_set(b->why, "compression %d with %d bits a pixel is not supported",
                      b->compression, b->bits);
}

static void set_masks(Bitmap *b, uint32_t red, uint32_t green, uint32_t blue)
{
    b->mask[0] = red;
    b->mask[1] = green;
    b->mask[2] = blue;
}

/* Masks are in a long header, or behind a short one. */
static int read_masks(Bitmap *b)
{
    const uint8_t *h = b->source->bytes + 14;

    if (b->bits == 16)
        set_masks(b, 0x7c00, 0x3e0, 0x1f);
    else
        set_masks(b, 0xff0000, 0xff00, 0xff);
    if (b->compression != BITFIELDS)
        return 1;
    if (b->source->length < 14 + 40 + 12)
        return truncated(b, "channel masks");
    if (b->header_bytes < 52)
        b->palette_start += 12;
    if (b->bits == 32 && b->source->decoder >= KILN_DECODER_OPENCV)
        return 1; /* it knows one order of four bytes, whatever the masks say */
    if (bytes_u32(h + 40) || bytes_u32(h + 44) || bytes_u32(h + 48))
        set_masks(b, bytes_u32(h + 40), bytes_u32(h + 44), bytes_u32(h + 48));
    return 1;
}

static int read_header(Bitmap *b)
{
    const uint8_t *file = b->source->bytes;

    if (b->source->length < 26)
        return truncated(b, "header");
    b->header_bytes = bytes_u32(file + 14);
    b->pixels_start = bytes_u32(file + 10);
    b->palette_start = 14 + b->header_bytes;
    if (b->header_bytes != 12 && (b->header_bytes < 40 || b->header_bytes > 124))
        return reason_set(b->why, "a header of %zu bytes is not supported", b->header_bytes);
    if (b->source->length < b->palette_start)
        return truncated(b, "header");
    if (b->header_bytes == 12)
        read_core_header(b, file + 14);
    else
        read_info_header(b, file + 14);
    return check_depth(b) && read_masks(b);
}

static int read_palette(Bitmap *b)
{
    const uint8_t *p = b->source->bytes + b->palette_start;

    if (b->bits > 8)
        return 1;
    if (b->colors == 0)
        b->colors = (size_t)1 << b->bits;
    if (b->colors > 65536)
        return reason_set(b->why, "a palette of %zu colours is not supported", b->colors);
    if (b->source->length - b->palette_start < b->colors * b->color_bytes)
        return truncated(b, "palette");
    for (size_t i = 0; i < 256; i++, p += b->color_bytes)
        for (size_t c = 0; c < 3; c++)
            b->palette[i][c] = i < b->colors                              ? p[2 - c]
                               : b->source->decoder < KILN_DECODER_OPENCV ? (uint8_t)i
                                                                          : 0;
    return 1;
}

/* Pillow drops a palette that is nothing but greys in order. */
static enum image_kind kind_of(const Bitmap *b)
{
    int is_ramp = b->colors != 2;

    if (b->source->decoder != KILN_DECODER_PILLOW_OWN || b->bits > 8)
        return IMAGE_PLAIN;
    for (size_t i = 0; i < b->colors && i < 256; i++)
        for (int c = 0; c < 3; c++)
            is_ramp &= b->palette[i][c] == i;
    return is_ramp ? IMAGE_PLAIN : IMAGE_INDEXED;
}

/* The row of the picture that the y-th stored row is. */
static uint8_t *row_at(const Bitmap *b, const Image *image, int64_t y)
{
    return image->rgb + (size_t)((b->top_down ? y : b->height - 1 - y) * b->width * 3);
}

static int channel(uint32_t pixel, uint32_t mask)
{
    if (!mask)
        return 0;
    while (!(mask & 1)) {
        mask >>= 1;
        pixel >>= 1;
    }
    return (int)((uint64_t)(pixel & mask) * 255 / mask);
}

/* OpenCV moves the bits of 16-bit pixels up and does not spread them. */
static int moved_channel(uint32_t pixel, uint32_t mask)
{
    uint32_t v = pixel & mask;

    for (; mask && mask < 0x80; mask <<= 1)
        v <<= 1;
    for (; mask > 0xff; mask >>= 1)
        v >>= 1;
    return (int)v;
}

static void read_index_row(const Bitmap *b, const uint8_t *row, uint8_t *rgb)
{
    const int per_byte = 8 / b->bits, mask = (1 << b->bits) - 1;

    for (int x = 0; x < b->width; x++, rgb += 3) {
        const int shift = 8 - b->bits * (x % per_byte + 1);
        memcpy(rgb, b->palette[row[x / per_byte] >> shift & mask], 3);
    }
}

static void read_color_row(const Bitmap *b, const uint8_t *row, uint8_t *rgb)
{
    const int bytes = b->bits / 8;
    const int moves = bytes == 2 && b->source->decoder >= KILN_DECODER_OPENCV;

    for (int x = 0; x < b->width; x++, row += bytes, rgb += 3) {
        uint32_t pixel = bytes_u16(row);
        if (bytes > 2)
            pixel |= (uint32_t)row[2] << 16;
        if (bytes > 3)
            pixel |= (uint32_t)row[3] << 24;
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(moves ? moved_channel : channel)(pixel, b->mask[c]);
    }
}

static int read_rows(const Bitmap *b, Image *image)
{
    const uint64_t stride = ((uint64_t)b->width * (uint64_t)b->bits + 31) / 32 * 4;
    const uint64_t last = ((uint64_t)b->width * (uint64_t)b->bits + 7) / 8;
    const uint8_t *row = b->source->bytes + b->pixels_start;

    if (b->source->length - b->pixels_start < stride * (uint64_t)(b->height - 1) + last)
        return truncated(b, "pixels");
    for (int64_t y = 0; y < b->height; y++, row += stride) {
        if (b->bits <= 8)
            read_index_row(b, row, row_at(b, image, y));
        else
            read_color_row(b, row, row_at(b, image, y));
    }
    return 1;
}

/* --- run lengths --------------------------------------------------------------------------- */

typedef struct Runs {
    const Bitmap *b;
    Image *image;
    const uint8_t *at, *end;
    int64_t x, y;
} Runs;

static void put_index(Runs *r, int index)
{
    if (r->x < r->b->width && r->y < r->b->height)
        memcpy(row_at(r->b, r->image, r->y) + 3 * r->x, r->b->palette[index], 3);
    r->x++;
}

static int nth_index(const Runs *r, const uint8_t *bytes, int i)
{
    if (r->b->bits == 8)
        return bytes[i];
    return i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4;
}

/* `count` pixels written out, padded to 16 bits. */
static int read_literal(Runs *r, int count)
{
    const int used = r->b->bits == 8 ? count : (count + 1) / 2, padded = (used + 1) & ~1;

    if (r->end - r->at < used)
        return truncated(r->b, "pixels");
    for (int i = 0; i < count; i++)
        put_index(r, nth_index(r, r->at, i));
    r->at += r->end - r->at < padded ? used : padded;
    return 1;
}

static int read_escape(Runs *r, int code)
{
    if (code >= 3)
        return read_literal(r, code);
    if (code == 1) {
        r->y = r->b->height;
    } else if (code == 0) {
        r->x = 0;
        r->y++;
    } else {
        if (r->end - r->at < 2)
            return truncated(r->b, "pixels");
        r->x += r->at[0];
        r->y += r->at[1];
        r->at += 2;
    }
    return 1;
}

static void clear_to_first_color(const Bitmap *b, Image *image)
{
    for (int64_t i = 0; i < b->width * b->height; i++)
        memcpy(image->rgb + 3 * i, b->palette[0], 3);
}

static int read_runs(const Bitmap *b, Image *image)
{
    Runs r = { b, image, b->source->bytes + b->pixels_start, b->source->bytes + b->source->length,
               0, 0 };

    clear_to_first_color(b, image);
    while (r.y < b->height && !(r.y == b->height - 1 && r.x >= b->width)) {
        if (r.end - r.at < 2)
            return truncated(b, "pixels");
        const int count = r.at[0];
        const uint8_t *value = r.at + 1;
        r.at += 2;
        for (int i = 0; i < count; i++)
            put_index(&r, b->bits == 8 ? *value : nth_index(&r, value, i % 2));
        if (count == 0 && !read_escape(&r, *value))
            return 0;
    }
    return 1;
}

int bmp_decode(const ImageSource *source, Image *image, Reason *why)
{
    Bitmap b = { .source = source, .why = why };

    if (!read_header(&b) || !read_palette(&b))
        return 0;
    if (b.pixels_start == 0)
        b.pixels_start = b.palette_start + b.colors * b.color_bytes;
    else if (b.pixels_start == 14 + b.header_bytes && b.bits <= 8)
        b.pixels_start += 4 * b.colors; /* some writers forget their palette */
    if (b.pixels_start > source->length)
        return truncated(&b, "pixels");
    if (!image_start(source, b.width, b.height, image, why))
        return 0;
    image->kind = kind_of(&b);
    return b.compression == RLE8 || b.compression == RLE4 ? read_runs(&b, image)
                                                          : read_rows(&b, image);
}
