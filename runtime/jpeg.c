/* JPEG through libjpeg-turbo: slow integer DCT and triangle chroma upsampling, which are its
 * defaults, Pillow's and OpenCV's. Four components are taken for inverted CMYK, as Adobe writes it
 * and both assume.
 *
 * A warning after which pixels are guesses (data ends early, a broken code) is an error here. */
#ifndef KILN_WITHOUT_JPEG
#include "runtime/image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct Decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    Reason *why;
    enum kiln_decoder decoder;
    Image *image; /* of the sink */
    Box wanted;
    uint8_t *row; /* one, of CMYK or one that nobody wants */
} Decoder;

static void fail(j_common_ptr jpeg)
{
    Decoder *d = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, text);
    reason_write(d->why, "%s", text);
    longjmp(d->failed, 1);
}

static int loses_pixels(int code)
{
    return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
           code == JWRN_MUST_RESYNC || code == JWRN_ARITH_BAD_CODE;
}

static void hear(j_common_ptr jpeg, int level)
{
    Decoder *d = jpeg->client_data;

    if (level >= 0 || !loses_pixels(jpeg->err->msg_code))
        return;
    if (jpeg->err->msg_code != JWRN_JPEG_EOF)
        fail(jpeg);
    reason_write(d->why, "the file is truncated");
    longjmp(d->failed, 1);
}

static void be_silent(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* a b / 255, rounded as Pillow rounds it. */
static int multiply(int a, int b)
{
    int t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

static uint8_t darken(int light, int ink_light)
{
    const int v = light - ink_light;
    return (uint8_t)(v > 0 ? v : 0);
}

/* Pillow: N - m(C, N). */
static void row_from_cmyk(const uint8_t *cmyk, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = darken(cmyk[3], multiply(255 - cmyk[c], cmyk[3]));
}

/* OpenCV: N - (C N >> 8). */
static void row_from_cmyk_opencv(const uint8_t *cmyk, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = darken(cmyk[3], (255 - cmyk[c]) * cmyk[3] >> 8);
}

static void row_of_ink(const uint8_t *cmyk, int width, uint8_t *cmy, uint8_t *black)
{
    for (int x = 0; x < width; x++, cmyk += 4, cmy += 3) {
        for (int c = 0; c < 3; c++)
            cmy[c] = (uint8_t)(255 - cmyk[c]);
        black[x] = (uint8_t)(255 - cmyk[3]);
    }
}

static void row_from_gray(uint8_t *row, int width)
{
    for (int x = width - 1; x >= 0; x--)
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = row[x];
}

static int read_header(Decoder *d, const ImageSource *source, const RowSink *sink, Box *wanted)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;

    jpeg_mem_src(jpeg, source->bytes, (unsigned long)source->length);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3 && jpeg->num_components != 4)
        return reason_set(d->why, "it has %d components, not 1, 3 or 4", jpeg->num_components);
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK
                            : jpeg->num_components == 1 || d->decoder == KILN_DECODER_OPENCV_GRAY
                                ? JCS_GRAYSCALE
                                : JCS_RGB;
    if (!image_check_size(source, jpeg->image_width, jpeg->image_height, d->why))
        return 0;
    wanted->width = (int)jpeg->image_width;
    wanted->height = (int)jpeg->image_height;
    return sink->begin(sink->context, wanted, d->why);
}

static int keeps_ink(const Decoder *d)
{
    return d->decoder == KILN_DECODER_PILLOW_OWN && d->jpeg.num_components == 4;
}

/* Where the decoder may leave out pixels: all codes are read, so that a fault is found wherever it
 * is, but no pixels are made outside `wanted`. A margin is decoded with it, because the upsampling
 * of colours looks at neighbours. *left is the first column that comes. */
#ifdef LIBJPEG_TURBO_VERSION
enum { MARGIN = 16 };

static void crop_columns(struct jpeg_decompress_struct *jpeg, const Box *wanted, size_t *left)
{
    const int end = wanted->left + wanted->width + MARGIN, width = (int)jpeg->output_width;
    JDIMENSION start = wanted->left > MARGIN ? (JDIMENSION)(wanted->left - MARGIN) : 0;
    JDIMENSION count = (JDIMENSION)(end < width ? end : width) - start;

    *left = 0;
    if (count == jpeg->output_width)
        return;
    jpeg_crop_scanline(jpeg, &start, &count);
    *left = start;
}

static void skip_rows(struct jpeg_decompress_struct *jpeg, const Box *wanted)
{
    const int y = (int)jpeg->output_scanline, height = (int)jpeg->output_height;

    if (y == 0 && wanted->top > MARGIN)
        jpeg_skip_scanlines(jpeg, (JDIMENSION)(wanted->top - MARGIN));
    else if (y >= wanted->top + wanted->height &&
             y + 1 < height) /* the last row ends the reading */
        jpeg_skip_scanlines(jpeg, (JDIMENSION)(height - 1 - y));
}
#else
static void crop_columns(struct jpeg_decompress_struct *jpeg, const Box *wanted, size_t *left)
{
    (void)jpeg, (void)wanted;
    *left = 0;
}

static void skip_rows(struct jpeg_decompress_struct *jpeg, const Box *wanted)
{
    (void)jpeg, (void)wanted;
}
#endif

/* From `row` as the decoder wrote it to RGB at the same columns. */
static void convert_row(const Decoder *d, int y, int width, uint8_t *rgb)
{
    if (keeps_ink(d))
        row_of_ink(d->row, width, rgb, d->image->fourth + (size_t)y * (size_t)width);
    else if (d->jpeg.output_components == 4 && d->decoder >= KILN_DECODER_OPENCV)
        row_from_cmyk_opencv(d->row, width, rgb);
    else if (d->jpeg.output_components == 4)
        row_from_cmyk(d->row, width, rgb);
    else if (d->jpeg.output_components == 1)
        row_from_gray(rgb, width);
}

static int read_rows(Decoder *d, const Box *wanted, const RowSink *sink)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    size_t left;

    jpeg_start_decompress(jpeg);
    d->row = malloc((size_t)jpeg->output_width * (size_t)jpeg->output_components);
    if (!d->row)
        return reason_set(d->why, "out of memory");
    if (keeps_ink(d) && !image_add_fourth(d->image, d->why))
        return 0;
    if (keeps_ink(d))
        d->image->kind = IMAGE_INK;
    crop_columns(jpeg, wanted, &left);
    while (skip_rows(jpeg, wanted), jpeg->output_scanline < jpeg->output_height) {
        const int y = (int)jpeg->output_scanline;
        const int is_wanted = y >= wanted->top && y < wanted->top + wanted->height;
        uint8_t *rgb = is_wanted ? sink->next_row(sink->context) + 3 * left : NULL;
        JSAMPROW row = is_wanted && jpeg->output_components != 4 ? rgb : d->row;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (is_wanted)
            convert_row(d, y, (int)jpeg->output_width, rgb);
    }
    jpeg_finish_decompress(jpeg);
    return 1;
}

/* setjmp() lives apart from the decoder it guards, whose members would else be indeterminate. */
static int decode_guarded(Decoder *d, const ImageSource *source, const RowSink *sink)
{
    if (setjmp(d->failed))
        return 0;
    jpeg_create_decompress(&d->jpeg);
    return read_header(d, source, sink, &d->wanted) && read_rows(d, &d->wanted, sink);
}

int jpeg_decode_rows(const ImageSource *source, const RowSink *sink, Reason *why)
{
    Decoder d = { .why = why, .decoder = source->decoder, .image = sink->image };
    int ok;

    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = fail;
    d.errors.emit_message = hear;
    d.errors.output_message = be_silent;
    ok = decode_guarded(&d, source, sink);
    jpeg_destroy_decompress(&d.jpeg);
    free(d.row);
    return ok;
}
#else
typedef int jpeg_is_left_out; /* a file must hold a declaration */
#endif
