/* PNG through libpng: palette, grey and alpha variants become RGB; 16 bits keep their high byte; no
 * gamma. As in Pillow, a palette index beyond the palette stands for the grey of that number, and
 * 16-bit grey is clipped where a source asks for Pillow's. OpenCV lets libpng do it all. */
#ifndef KILN_WITHOUT_PNG
#include "runtime/image.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct Decoder {
    const ImageSource *source;
    size_t position;
    Reason *why;
    png_structp png;
    png_infop info;
    int passes; /* over the rows: 7 where it is interlaced */
    png_color palette[256];
    int has_palette;
    int is_wide; /* rows are 16-bit grey */
    int has_alpha;
    int is_gray;   /* rows are grey, made so by libpng */
    uint8_t *rgba; /* the picture with has_alpha */
} Decoder;

static void fail(png_structp png, png_const_charp text)
{
    Decoder *d = png_get_error_ptr(png);

    reason_write(d->why, "%s", text);
    png_longjmp(png, 1);
}

static void be_silent(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void give_bytes(png_structp png, png_bytep out, size_t count)
{
    Decoder *d = png_get_io_ptr(png);

    if (count > d->source->length - d->position)
        png_error(png, "the file is truncated");
    memcpy(out, d->source->bytes + d->position, count);
    d->position += count;
}

/* libpng has refused a file that needs a palette and has none. */
static void read_palette(Decoder *d)
{
    png_colorp colors = NULL;
    int count = 0;

    for (int i = 0; i < 256; i++)
        d->palette[i].red = d->palette[i].green = d->palette[i].blue = (png_byte)i;
    png_get_PLTE(d->png, d->info, &colors, &count);
    for (int i = 0; i < count; i++)
        d->palette[i] = colors[i];
    d->has_palette = 1;
}

/* imread(): libpng expands palettes, and weighs colours where grey is asked for. */
static void choose_opencv_rows(Decoder *d, int type)
{
    png_set_strip_16(d->png);
    png_set_strip_alpha(d->png);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(d->png);
    if (!(type & PNG_COLOR_MASK_COLOR))
        png_set_expand_gray_1_2_4_to_8(d->png);
    d->is_gray = d->source->decoder == KILN_DECODER_OPENCV_GRAY;
    if (d->is_gray)
        png_set_rgb_to_gray(d->png, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
    else if (!(type & PNG_COLOR_MASK_COLOR))
        png_set_gray_to_rgb(d->png);
}

/* Asks libpng for rows of RGB, RGBA, 16-bit grey, or of one index a byte. */
static void choose_pillow_rows(Decoder *d, int type)
{
    const enum kiln_decoder decoder = d->source->decoder;

    if (type == PNG_COLOR_TYPE_PALETTE) {
        read_palette(d);
        png_set_packing(d->png);
        return;
    }
    d->is_wide = decoder != KILN_DECODER_DEFAULT && type == PNG_COLOR_TYPE_GRAY &&
                 png_get_bit_depth(d->png, d->info) == 16;
    if (d->is_wide)
        return;
    d->has_alpha = decoder == KILN_DECODER_PILLOW_OWN && (type & PNG_COLOR_MASK_ALPHA);
    png_set_strip_16(d->png);
    if (!d->has_alpha)
        png_set_strip_alpha(d->png);
    if (!(type & PNG_COLOR_MASK_COLOR)) {
        png_set_expand_gray_1_2_4_to_8(d->png);
        png_set_gray_to_rgb(d->png);
    }
}

static void choose_rows(Decoder *d)
{
    const int type = png_get_color_type(d->png, d->info);

    d->passes = png_set_interlace_handling(d->png);
    if (d->source->decoder >= KILN_DECODER_OPENCV)
        choose_opencv_rows(d, type);
    else
        choose_pillow_rows(d, type);
}

static enum image_kind kind_of(const Decoder *d)
{
    const int is_bits = png_get_color_type(d->png, d->info) == PNG_COLOR_TYPE_GRAY &&
                        png_get_bit_depth(d->png, d->info) == 1;

    if (d->source->decoder != KILN_DECODER_PILLOW_OWN)
        return IMAGE_PLAIN;
    return d->is_wide                  ? IMAGE_WIDE
           : d->has_alpha              ? IMAGE_ALPHA
           : d->has_palette || is_bits ? IMAGE_INDEXED
                                       : IMAGE_PLAIN;
}

static int read_header(Decoder *d, Image *image)
{
    png_set_read_fn(d->png, d, give_bytes);
    png_set_user_limits(d->png, 0x7fffffff, 0x7fffffff);
    png_set_check_for_invalid_index(d->png, 0);
    png_read_info(d->png, d->info);
    if (!image_start(d->source, png_get_image_width(d->png, d->info),
                     png_get_image_height(d->png, d->info), image, d->why))
        return 0;
    choose_rows(d);
    image->kind = kind_of(d);
    png_read_update_info(d->png, d->info);
    return 1;
}

static void color_row(const Decoder *d, uint8_t *row, int width)
{
    for (int x = width - 1; x >= 0; x--) {
        const png_color c = d->palette[row[x]];
        row[3 * x] = c.red;
        row[3 * x + 1] = c.green;
        row[3 * x + 2] = c.blue;
    }
}

/* Two bytes of grey a pixel become three, clipped. */
static void clip_row(uint8_t *row, int width)
{
    for (int x = width - 1; x >= 0; x--)
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = row[2 * x] ? 255 : row[2 * x + 1];
}

static void spread_row(uint8_t *row, int width)
{
    for (int x = width - 1; x >= 0; x--)
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = row[x];
}

static void finish_row(const Decoder *d, uint8_t *row, int width)
{
    if (d->has_palette)
        color_row(d, row, width);
    else if (d->is_wide)
        clip_row(row, width);
    else if (d->is_gray)
        spread_row(row, width);
}

static int read_rows(Decoder *d, Image *image)
{
    const size_t stride = (size_t)image->width * 3;

    if (png_get_rowbytes(d->png, d->info) > stride)
        return reason_set(d->why, "its rows have an unknown layout");
    for (int pass = 0; pass < d->passes; pass++)
        for (int y = 0; y < image->height; y++)
            png_read_row(d->png, image->rgb + (size_t)y * stride, NULL);
    for (int y = 0; y < image->height; y++)
        finish_row(d, image->rgb + (size_t)y * stride, image->width);
    return 1;
}

/* Rows of R G B A: the last goes to the fourth plane. */
static int read_alpha_rows(Decoder *d, Image *image)
{
    const size_t pixels = (size_t)image->width * (size_t)image->height;

    d->rgba = malloc(4 * pixels);
    if (!d->rgba)
        return reason_set(d->why, "out of memory");
    if (!image_add_fourth(image, d->why))
        return 0;
    if (png_get_rowbytes(d->png, d->info) != 4 * (size_t)image->width)
        return reason_set(d->why, "its rows have an unknown layout");
    for (int pass = 0; pass < d->passes; pass++)
        for (int y = 0; y < image->height; y++)
            png_read_row(d->png, d->rgba + 4 * (size_t)y * (size_t)image->width, NULL);
    for (size_t i = 0; i < pixels; i++) {
        memcpy(image->rgb + 3 * i, d->rgba + 4 * i, 3);
        image->fourth[i] = d->rgba[4 * i + 3];
    }
    return 1;
}

/* setjmp() lives apart from the decoder it guards, whose members would else be indeterminate. */
static int decode_guarded(Decoder *d, Image *image)
{
    if (setjmp(png_jmpbuf(d->png)))
        return 0;
    return read_header(d, image) && (d->has_alpha ? read_alpha_rows : read_rows)(d, image);
}

int png_decode(const ImageSource *source, Image *image, Reason *why)
{
    Decoder d = { .source = source, .why = why };
    int ok;

    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, fail, be_silent);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    ok = d.info ? decode_guarded(&d, image) : reason_set(why, "out of memory");
    png_destroy_read_struct(&d.png, &d.info, NULL);
    free(d.rgba);
    return ok;
}
#else
typedef int png_is_left_out; /* a file must hold a declaration */
#endif
