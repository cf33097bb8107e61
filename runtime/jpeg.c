/* JPEG through libjpeg-turbo: slow integer DCT and triangle chroma upsampling, which are its
 * defaults and Pillow's. Four components are taken for inverted CMYK, as Adobe writes it and Pillow
 * assumes.
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
    uint8_t *cmyk; /* one row, or NULL */
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

static void row_from_cmyk(const uint8_t *cmyk, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        const int light = cmyk[3];
        for (int c = 0; c < 3; c++) {
            int v = light - multiply(255 - cmyk[c], light);
            rgb[c] = (uint8_t)(v > 0 ? v : 0);
        }
    }
}

static void row_from_gray(uint8_t *row, int width)
{
    for (int x = width - 1; x >= 0; x--)
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = row[x];
}

static int read_header(Decoder *d, const ImageSource *source, const RowSink *sink)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;

    jpeg_mem_src(jpeg, source->bytes, (unsigned long)source->length);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3 && jpeg->num_components != 4)
        return reason_set(d->why, "it has %d components, not 1, 3 or 4", jpeg->num_components);
    jpeg->out_color_space = jpeg->num_components == 4   ? JCS_CMYK
                            : jpeg->num_components == 1 ? JCS_GRAYSCALE
                                                        : JCS_RGB;
    return image_check_size(source, jpeg->image_width, jpeg->image_height, d->why) &&
           sink->begin(sink->context, (int)jpeg->image_width, (int)jpeg->image_height, d->why);
}

static int read_rows(Decoder *d, const RowSink *sink)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const int width = (int)jpeg->image_width;

    jpeg_start_decompress(jpeg);
    if (jpeg->output_components == 4 && !(d->cmyk = malloc((size_t)width * 4)))
        return reason_set(d->why, "out of memory");
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rgb = sink->next_row(sink->context);
        JSAMPROW row = d->cmyk ? d->cmyk : rgb;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (d->cmyk)
            row_from_cmyk(d->cmyk, width, rgb);
        else if (jpeg->output_components == 1)
            row_from_gray(rgb, width);
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
    return read_header(d, source, sink) && read_rows(d, sink);
}

int jpeg_decode_rows(const ImageSource *source, const RowSink *sink, Reason *why)
{
    Decoder d = { .why = why };
    int ok;

    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = fail;
    d.errors.emit_message = hear;
    d.errors.output_message = be_silent;
    ok = decode_guarded(&d, source, sink);
    jpeg_destroy_decompress(&d.jpeg);
    free(d.cmyk);
    return ok;
}
#else
typedef int jpeg_is_left_out; /* a file must hold a declaration */
#endif
