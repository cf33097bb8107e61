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
    { "JPEG", is_jpeg, NULL, jpeg_decode_rows },
    { "PNG", is_png, png_decode, NULL },
    { "PPM", is_ppm, ppm_decode, NULL },
    { "BMP", is_bmp, bmp_decode, NULL },
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

int image_new(Image *image, int width, int height, Reason *why)
{
    image->width = width;
    image->height = height;
    image->rgb = malloc((size_t)width * (size_t)height * 3);
    return image->rgb ? 1 : reason_set(why, "out of memory for %d x %d pixels", width, height);
}

void image_free(Image *image)
{
    free(image->rgb);
    image->rgb = NULL;
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
    const RowSink sink = { begin_image, next_image_row, &c };

    return f->decode ? f->decode(source, image, why) : f->decode_rows(source, &sink, why);
}

/* --- decoding -------------------------------------------------------------------------------- */

int image_decode(const uint8_t *bytes, size_t length, long max_pixels, Image *image, Reason *why)
{
    const ImageSource source = { bytes, length, max_pixels };
    const Format *f = find_format(bytes, length);
    Reason detail;

    memset(image, 0, sizeof *image);
    if (length == 0)
        return reason_set(why, "the file is empty");
    if (!f)
        return reason_set(why, "not a picture: neither JPEG, PNG, PPM/PGM/PBM nor BMP");
    if (decode_whole(f, &source, image, &detail))
        return 1;
    image_free(image);
    return reason_set(why, "%s: %.480s", f->name, detail.text);
}

int image_is_streamed(const uint8_t *bytes, size_t length)
{
    const Format *f = find_format(bytes, length);
    return f && f->decode_rows;
}

int image_decode_rows(const uint8_t *bytes, size_t length, long max_pixels, const RowSink *sink,
                      Reason *why)
{
    const ImageSource source = { bytes, length, max_pixels };
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
