/* Small pictures of every format, for unit tests and as seeds of the fuzzers. JPEG and PNG are
 * written by their libraries. */
#ifndef KILN_TESTS_PICTURE_CASES_H
#define KILN_TESTS_PICTURE_CASES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

enum { PICTURE_SIDE = 24 };

typedef struct Picture {
    uint8_t bytes[8192];
    size_t length;
} Picture;

/* The i-th sample of every picture here. */
static inline uint8_t picture_noise(int i)
{
    return (uint8_t)(i * 37 ^ i >> 3);
}

/* --- PPM ------------------------------------------------------------------------------------- */

typedef struct PictureText {
    const char *text;
    size_t length;
} PictureText;

#define PICTURE_TEXT(text)     \
    {                          \
        text, sizeof(text) - 1 \
    }

static const PictureText good_ppm[] = {
    PICTURE_TEXT("P1 2 2 10#x\n0\n1"),        PICTURE_TEXT("P2 2 1 255 7 8"),
    PICTURE_TEXT("P2 2 1 1000 7 800"),        PICTURE_TEXT("P3 # c\n1\n1 #\n3 1 2 3"),
    PICTURE_TEXT("P4 9 1\n\x80\x80"),         PICTURE_TEXT("P5 2 1 65535\n\x12\xff\xff\x00"),
    PICTURE_TEXT("P6 1 1 100\n\x32\x64\x65"), PICTURE_TEXT("P6 1 1 255\n\1\2\3"),
};

/* --- BMP ------------------------------------------------------------------------------------- */

static inline void picture_put32(uint8_t *at, long v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)((unsigned long)v >> 8 * i);
}

/* A 40-byte header; `rest` is palette (or masks) and pixels. */
static inline Picture make_bmp(int width, int height, int bits, int compression, int colors,
                               const void *rest, size_t count)
{
    Picture p = { .bytes = "BM", .length = 54 + count };

    picture_put32(p.bytes + 10, 54 + 4 * colors + (compression == 3 ? 12 : 0));
    picture_put32(p.bytes + 14, 40);
    picture_put32(p.bytes + 18, width);
    picture_put32(p.bytes + 22, height);
    p.bytes[26] = 1;
    p.bytes[28] = (uint8_t)bits;
    picture_put32(p.bytes + 30, compression);
    picture_put32(p.bytes + 46, colors);
    memcpy(p.bytes + 54, rest, count);
    return p;
}

/* A 12-byte header of OS/2 with 24 bits a pixel. */
static inline Picture make_os2_bmp(void)
{
    Picture p = { .bytes = "BM", .length = 30 };

    p.bytes[10] = 26;
    p.bytes[14] = 12;
    p.bytes[18] = p.bytes[20] = p.bytes[22] = 1;
    p.bytes[24] = 24;
    return p;
}

/* --- JPEG ------------------------------------------------------------------------------------ */

/* 1, 3 or 4 components. */
static inline Picture make_jpeg(int components, int is_progressive)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    uint8_t row[PICTURE_SIDE * 4];
    JSAMPROW rows = row;
    Picture p;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &length);
    jpeg.image_width = jpeg.image_height = PICTURE_SIDE;
    jpeg.input_components = components;
    jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    if (is_progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < PICTURE_SIDE; y++) {
        for (int i = 0; i < PICTURE_SIDE * components; i++)
            row[i] = picture_noise(y * PICTURE_SIDE * components + i);
        jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    if (length > sizeof p.bytes)
        abort();
    memcpy(p.bytes, bytes, length);
    p.length = length;
    free(bytes);
    return p;
}

/* --- PNG ------------------------------------------------------------------------------------- */

static inline void picture_append(png_structp png, png_bytep bytes, png_size_t count)
{
    Picture *p = png_get_io_ptr(png);

    if (count > sizeof p->bytes - p->length)
        abort();
    memcpy(p->bytes + p->length, bytes, count);
    p->length += count;
}

static inline void picture_flush(png_structp png)
{
    (void)png;
}

static inline Picture make_png(int color_type, int depth, int is_interlaced)
{
    static const png_color palette[4] = { { 1, 2, 3 }, { 250, 0, 9 }, { 7, 7, 7 }, { 9, 99, 199 } };
    static uint8_t samples[PICTURE_SIDE][PICTURE_SIDE * 8];
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_bytep rows[PICTURE_SIDE];
    Picture p = { .length = 0 };

    for (int y = 0; y < PICTURE_SIDE; y++) {
        rows[y] = samples[y];
        for (int i = 0; i < PICTURE_SIDE * 8; i++)
            samples[y][i] = picture_noise(y * PICTURE_SIDE * 3 + i);
    }
    png_set_check_for_invalid_index(png, 0); /* some readers must cope with them */
    png_set_write_fn(png, &p, picture_append, picture_flush);
    png_set_IHDR(png, info, PICTURE_SIDE, PICTURE_SIDE, depth, color_type,
                 is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, depth == 1 ? 2 : 4);
    png_write_info(png, info);
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return p;
}

#endif
