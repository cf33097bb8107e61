/* Which reader a picture needs, judged by its first bytes, and the memory of decoded pictures.
 *
 * -DKILN_WITHOUT_JPEG and -DKILN_WITHOUT_PNG leave those readers out where their libraries are not
 * to be had; such pictures are then refused by name. */
#include "runtime/image.h"

#include "runtime/bytes.h"

#include <stdlib.h>
#include <string.h>

typedef struct Format {
    const char *name;
    int (*matches)(const uint8_t *bytes, size_t length);
    int (*decode)(const ImageSource *source, Image *image, Reason *why); /* or: */
    int (*decode_rows)(const ImageSource *source, const RowSink *sink, Reason *why);
    int (*orientation)(const ImageSource *source);
} Format;

static int is_jpeg(const uint8_t *b, size_t n)
{
    return n >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff;
}

static int is_png(const uint8_t *b, size_t n)
{
    return n >= 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static int is_ppm(const uint8_t *b, size_t n)
{
    return n >= 3 && b[0] == 'P' && b[1] >= '1' && b[1] <= '6' && b[2] &&
           strchr(" \t\n\v\f\r", b[2]);
}

static int is_bmp(const uint8_t *b, size_t n)
{
    return n >= 2 && b[0] == 'B' && b[1] == 'M';
}

#ifdef KILN_WITHOUT_JPEG
int jpeg_decode_rows(const ImageSource *source, const RowSink *sink, Reason *why)
{
    (void)source, (void)sink;
    return reason_set(why, "this program was built without JPEG");
}
#endif

#ifdef KILN_WITHOUT_PNG
int png_decode(const ImageSource *source, Image *image, Reason *why)
{
    (void)source, (void)image;
    return reason_set(why, "this program was built without PNG");
}
#endif

static const Format formats[] = {
    { "JPEG", is_jpeg, NULL, jpeg_decode_rows, jpeg_orientation },
    { "PNG", is_png, png_decode, NULL, png_orientation },
    { "PPM", is_ppm, ppm_decode, NULL, NULL },
    { "BMP", is_bmp, bmp_decode, NULL, NULL },
};

static const Format *find_format(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].matches(bytes, length))
            return &formats[i];
    return NULL;
}

const char *image_format(const uint8_t *bytes, size_t length)
{
    const Format *f = find_format(bytes, length);
    return f ? f->name : NULL;
}

void image_inherit(Image *image, const Image *from)
{
    image->order = from->order;
    image->decoder = from->decoder;
    image->kind = from->kind;
}

int image_new(Image *image, int width, int height, Reason *why)
{
    memset(image, 0, sizeof *image);
    image->width = width;
    image->height = height;
    image->rgb = malloc((size_t)width * (size_t)height * 3);
    return image->rgb ? 1 : reason_set(why, "out of memory for %d x %d pixels", width, height);
}

int image_new_floats(Image *image, int width, int height, Reason *why)
{
    memset(image, 0, sizeof *image);
    image->width = width;
    image->height = height;
    image->floats = malloc((size_t)width * (size_t)height * 3 * sizeof *image->floats);
    return image->floats ? 1 : reason_set(why, "out of memory for %d x %d pixels", width, height);
}

int image_new_like(Image *image, const Image *from, int width, int height, Reason *why)
{
    if (!(from->floats ? image_new_floats : image_new)(image, width, height, why))
        return 0;
    image_inherit(image, from);
    return 1;
}

void image_free(Image *image)
{
    free(image->rgb);
    free(image->floats);
    free(image->fourth);
    image->rgb = image->fourth = NULL;
    image->floats = NULL;
}

int image_add_fourth(Image *image, Reason *why)
{
    image->fourth = malloc((size_t)image->width * (size_t)image->height);
    return image->fourth ? 1 : reason_set(why, "out of memory");
}

int image_check_size(const ImageSource *source, int64_t width, int64_t height, Reason *why)
{
    if (width < 1 || height < 1)
        return reason_set(why, "its header states a size of %lld x %lld pixels", (long long)width,
                          (long long)height);
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return reason_set(why, "%lld x %lld pixels: a side is longer than the limit of %d",
                          (long long)width, (long long)height, IMAGE_MAX_SIDE);
    if (height > source->max_pixels / width)
        return reason_set(why, "%lld x %lld pixels are more than the limit of %ld",
                          (long long)width, (long long)height, source->max_pixels);
    return 1;
}

int image_start(const ImageSource *source, int64_t width, int64_t height, Image *image, Reason *why)
{
    return image_check_size(source, width, height, why) &&
           image_new(image, (int)width, (int)height, why);
}

/* --- rows into an image ---------------------------------------------------------------------- */

typedef struct Collector {
    Image *image;
    size_t row;
} Collector;

static int begin_image(void *context, Box *wanted, Reason *why)
{
    const Collector *c = context;
    return image_new(c->image, wanted->width, wanted->height, why);
}

static uint8_t *next_image_row(void *context)
{
    Collector *c = context;
    return c->image->rgb + c->row++ * (size_t)c->image->width * 3;
}

static int decode_whole(const Format *f, const ImageSource *source, Image *image, Reason *why)
{
    Collector c = { image, 0 };
    const RowSink sink = { begin_image, next_image_row, &c, image };

    return f->decode ? f->decode(source, image, why) : f->decode_rows(source, &sink, why);
}

/* --- as OpenCV leaves them ------------------------------------------------------------------- */

/* The pixel of `in` that comes to (x, y) of `out`. */
static const uint8_t *turned_pixel(const Image *in, const Image *out, int orientation, int x, int y)
{
    const int mirrored = orientation == 2 || orientation == 3 || orientation == 6 ||
                         orientation == 7;
    const int upside_down = orientation == 3 || orientation == 4 || orientation >= 7;
    const size_t u = (size_t)(mirrored ? out->width - 1 - x : x);
    const size_t v = (size_t)(upside_down ? out->height - 1 - y : y);
    const size_t width = (size_t)in->width;

    return in->rgb + 3 * (orientation >= 5 ? u * width + v : v * width + u);
}

int image_turn(Image *image, int orientation, Reason *why)
{
    const int swap = orientation >= 5;
    Image out;
    uint8_t *to;

    if (orientation <= 1)
        return 1;
    if (!image_new(&out, swap ? image->height : image->width, swap ? image->width : image->height,
                   why))
        return 0;
    to = out.rgb;
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++, to += 3)
            memcpy(to, turned_pixel(image, &out, orientation, x, y), 3);
    image_inherit(&out, image);
    image_free(image);
    *image = out;
    return 1;
}

static void swap_colors(Image *image)
{
    const size_t bytes = (size_t)image->width * (size_t)image->height * 3;

    for (uint8_t *p = image->rgb; p < image->rgb + bytes; p += 3) {
        const uint8_t red = p[0];
        p[0] = p[2];
        p[2] = red;
    }
}

/* The weights of OpenCV's readers of BMP and PNM; JPEG and PNG have been made grey by their
 * libraries and stay what they are. */
static void make_gray(Image *image)
{
    const size_t bytes = (size_t)image->width * (size_t)image->height * 3;

    for (uint8_t *p = image->rgb; p < image->rgb + bytes; p += 3)
        p[0] = p[1] = p[2] = (uint8_t)((4899 * p[0] + 9617 * p[1] + 1868 * p[2] + 8192) >> 14);
}

static int finish_opencv(const Format *f, const ImageSource *source, Image *image, Reason *why)
{
    if (source->decoder == KILN_DECODER_OPENCV)
        swap_colors(image);
    else
        make_gray(image);
    image->order = source->decoder == KILN_DECODER_OPENCV ? KILN_COLOR_BGR : KILN_COLOR_GRAY;
    return !f->orientation || image_turn(image, f->orientation(source), why);
}

/* --- decoding -------------------------------------------------------------------------------- */

static int is_opencv(enum kiln_decoder decoder)
{
    return decoder == KILN_DECODER_OPENCV || decoder == KILN_DECODER_OPENCV_GRAY;
}

static int set_decoder(Image *image, enum kiln_decoder decoder)
{
    image->decoder = decoder;
    return 1;
}

int image_decode_as(enum kiln_decoder decoder, const uint8_t *bytes, size_t length, long max_pixels,
                    Image *image, Reason *why)
{
    const ImageSource source = { bytes, length, max_pixels, decoder };
    const Format *f = find_format(bytes, length);
    Reason detail;

    memset(image, 0, sizeof *image);
    if (length == 0)
        return reason_set(why, "the file is empty");
    if (!f)
        return reason_set(why, "not a picture: neither JPEG, PNG, PPM/PGM/PBM nor BMP");
    if (decode_whole(f, &source, image, &detail) && set_decoder(image, decoder) &&
        (!is_opencv(decoder) || finish_opencv(f, &source, image, &detail)))
        return 1;
    image_free(image);
    return reason_set(why, "%s: %.480s", f->name, detail.text);
}

int image_decode(const uint8_t *bytes, size_t length, long max_pixels, Image *image, Reason *why)
{
    return image_decode_as(KILN_DECODER_DEFAULT, bytes, length, max_pixels, image, why);
}

int image_is_streamed(const uint8_t *bytes, size_t length)
{
    const Format *f = find_format(bytes, length);
    return f && f->decode_rows;
}

int image_decode_rows(const uint8_t *bytes, size_t length, long max_pixels, const RowSink *sink,
                      Reason *why)
{
    const ImageSource source = { bytes, length, max_pixels, KILN_DECODER_DEFAULT };
    const Format *f = find_format(bytes, length);
    Reason detail;

    return f->decode_rows(&source, sink, &detail) ||
           reason_set(why, "%s: %.480s", f->name, detail.text);
}

int image_load(const char *path, Image *image, Reason *why)
{
    Bytes bytes;
    int ok;

    memset(image, 0, sizeof *image);
    if (!bytes_read(path, &bytes, why))
        return 0;
    ok = image_decode(bytes.at, bytes.length, IMAGE_MAX_PIXELS, image, why);
    bytes_free(&bytes);
    return ok;
}
