/* Pictures, decoded to 8 bits by the rules of one of the libraries of enum kiln_decoder. None
 * applies gamma and colour profiles, alpha is dropped; only OpenCV obeys EXIF's orientation. */
#ifndef KILN_RUNTIME_IMAGE_H
#define KILN_RUNTIME_IMAGE_H

#include "runtime/kiln_model.h"
#include "runtime/reason.h"

#include <stddef.h>
#include <stdint.h>

/* A larger picture is refused before memory is asked for. */
enum { IMAGE_MAX_PIXELS = 178956970, IMAGE_MAX_SIDE = 1000000 };

/* What a picture of KILN_DECODER_PILLOW_OWN still is. Any other is IMAGE_PLAIN. */
enum image_kind {
    IMAGE_PLAIN,   /* Pillow's RGB and L */
    IMAGE_INDEXED, /* P and 1: pixels are colours already, but only "nearest" resizes them */
    IMAGE_ALPHA,   /* RGBA and LA: `fourth` is alpha */
    IMAGE_INK,     /* CMYK: `rgb` is C M Y, `fourth` K, 0 is no ink */
    IMAGE_WIDE     /* I, 16-bit grey: `rgb` is what it becomes, clipped */
};

/* Three values a pixel, as bytes or, once a step has worked on floats, as floats. All memory is
 * owned; free with image_free(). */
typedef struct Image {
    int width, height;
    uint8_t *rgb;          /* [height][width][3], in the order of `order`; or NULL */
    float *floats;         /* the same; or NULL */
    uint8_t *fourth;       /* [height][width], or NULL */
    enum kiln_color order; /* GRAY: three equal values */
    enum kiln_decoder decoder;
    enum image_kind kind;
} Image;

/* Enough bytes of a file's start for image_format(). */
enum { IMAGE_MAGIC_BYTES = 8 };

/* "JPEG", "PNG", ... judged by the first bytes; NULL where it is no picture. */
const char *image_format(const uint8_t *bytes, size_t length);

/* Decodes a picture of at most max_pixels pixels. */
int image_decode(const uint8_t *bytes, size_t length, long max_pixels, Image *image, Reason *why);
int image_decode_as(enum kiln_decoder decoder, const uint8_t *bytes, size_t length, long max_pixels,
                    Image *image, Reason *why);
int image_load(const char *path, Image *image, Reason *why);
/* What `image` says of itself apart from size and memory. */
void image_inherit(Image *image, const Image *from);
int image_new(Image *image, int width, int height, Reason *why);
int image_new_floats(Image *image, int width, int height, Reason *why);
/* Bytes or floats as `from` has them, and what it says of itself. */
int image_new_like(Image *image, const Image *from, int width, int height, Reason *why);
void image_free(Image *image);

/* What KILN_DECODER_PILLOW_OWN left becomes RGB. */
void image_to_rgb(Image *image);
/* Turns and mirrors a picture of bytes so that orientation 1 shows what `orientation` showed. */
int image_turn(Image *image, int orientation, Reason *why);

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
    Image *image; /* that rows go to, for what is not in them; NULL where nobody wants it */
} RowSink;

/* Whether a format is read row by row; others are to be decoded as a whole. Rows are those of
 * KILN_DECODER_DEFAULT. */
int image_is_streamed(const uint8_t *bytes, size_t length);
int image_decode_rows(const uint8_t *bytes, size_t length, long max_pixels, const RowSink *sink,
                      Reason *why);

/* The readers, one per format. image_check_size() checks the size that a header states,
 * image_start() also allocates. */
typedef struct ImageSource {
    const uint8_t *bytes;
    size_t length;
    long max_pixels;
    enum kiln_decoder decoder;
} ImageSource;

int image_start(const ImageSource *source, int64_t width, int64_t height, Image *image,
                Reason *why);
int image_check_size(const ImageSource *source, int64_t width, int64_t height, Reason *why);
/* Memory for image->fourth. */
int image_add_fourth(Image *image, Reason *why);
/* The orientation (1..8) that the EXIF block of a file states; 1 where there is none. */
int jpeg_orientation(const ImageSource *source);
int png_orientation(const ImageSource *source);
int exif_orientation(const uint8_t *tiff, size_t length);

int jpeg_decode_rows(const ImageSource *source, const RowSink *sink, Reason *why);
int png_decode(const ImageSource *source, Image *image, Reason *why);
int ppm_decode(const ImageSource *source, Image *image, Reason *why);
int bmp_decode(const ImageSource *source, Image *image, Reason *why);

#endif
