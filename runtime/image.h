/* Pictures, decoded to 8-bit RGB as Pillow's Image.open(file).convert("RGB") does: EXIF
 * orientation, gamma and colour profiles are not applied, alpha is dropped. Of 16-bit grey the high
 * byte is taken. */
#ifndef KILN_RUNTIME_IMAGE_H
#define KILN_RUNTIME_IMAGE_H

#include "runtime/reason.h"

#include <stddef.h>
#include <stdint.h>

/* A larger picture is refused before memory is asked for. */
enum { IMAGE_MAX_PIXELS = 178956970, IMAGE_MAX_SIDE = 1000000 };

typedef struct Image {
    int width, height;
    uint8_t *rgb; /* [height][width][3], owned; free with image_free() */
} Image;

/* Enough bytes of a file's start for image_format(). */
enum { IMAGE_MAGIC_BYTES = 8 };

/* "JPEG", "PNG", ... judged by the first bytes; NULL where it is no picture. */
const char *image_format(const uint8_t *bytes, size_t length);

/* Decodes a picture of at most max_pixels pixels. */
int image_decode(const uint8_t *bytes, size_t length, long max_pixels, Image *image, Reason *why);
int image_load(const char *path, Image *image, Reason *why);
int image_new(Image *image, int width, int height, Reason *why);
void image_free(Image *image);

typedef struct Box {
    int left, top, width, height;
} Box;

/* Takes a picture row by row from the top, so that it need not be in memory as a whole. */
typedef struct RowSink {
    /* *wanted is the whole picture and may be narrowed: rows outside it do not come, pixels of a
     * row outside it may hold anything. */
    int (*begin)(void *context, Box *wanted, Reason *why);
    uint8_t *(*next_row)(void *context); /* room for the next row; the one before it is full */
    void *context;
} RowSink;

/* Whether a format is read row by row; others are to be decoded as a whole. */
int image_is_streamed(const uint8_t *bytes, size_t length);
int image_decode_rows(const uint8_t *bytes, size_t length, long max_pixels, const RowSink *sink,
                      Reason *why);

/* The readers, one per format. image_check_size() checks the size that a header states,
 * image_start() also allocates. */
typedef struct ImageSource {
    const uint8_t *bytes;
    size_t length;
    long max_pixels;
} ImageSource;

int image_start(const ImageSource *source, int64_t width, int64_t height, Image *image,
                Reason *why);
int image_check_size(const ImageSource *source, int64_t width, int64_t height, Reason *why);
int jpeg_decode_rows(const ImageSource *source, const RowSink *sink, Reason *why);
int png_decode(const ImageSource *source, Image *image, Reason *why);
int ppm_decode(const ImageSource *source, Image *image, Reason *why);
int bmp_decode(const ImageSource *source, Image *image, Reason *why);

#endif
