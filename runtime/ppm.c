/* PBM, PGM and PPM, plain (P1 P2 P3) and raw (P4 P5 P6). Samples with another maximum than 255 are
 * scaled and rounded to nearest; 16-bit grey is scaled to 65535 and its high byte taken, or clipped
 * where a source asks for Pillow's. OpenCV scales plain
 * samples only, rounding down, and takes the high byte of 16 bits. */
#include "runtime/image.h"

#include <string.h>

typedef struct Reader {
    const uint8_t *at, *end;
    Reason *why;
    int kind; /* '1' .. '6' */
    long maximum;
    enum kiln_decoder decoder;
} Reader;

static int is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(Reader *r)
{
    while (r->at < r->end && (is_space(*r->at) || *r->at == '#')) {
        if (*r->at++ != '#')
            continue;
        while (r->at < r->end && *r->at != '\n' && *r->at != '\r')
            r->at++;
    }
}

/* A decimal number of at most ten digits, and the one white space behind it. */
static int read_number(Reader *r, const char *what, int64_t *value)
{
    int digits = 0;

    skip_space(r);
    for (*value = 0; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        *value = *value * 10 + (*r->at - '0');
        if (++digits > 10)
            return reason_set(r->why, "its %s has more than 10 digits", what);
    }
    if (r->at < r->end && !is_space(*r->at) && *r->at != '#')
        return reason_set(r->why, "a digit is expected in its %s, byte 0x%02x found", what, *r->at);
    if (digits == 0)
        return reason_set(r->why, "the file is truncated in its %s", what);
    r->at += r->at < r->end && is_space(*r->at);
    return 1;
}

static int is_wide_gray(const Reader *r)
{
    return r->maximum > 255 && (r->kind == '2' || r->kind == '5');
}

static uint8_t byte_of_sample(const Reader *r, int64_t v)
{
    const int wide_gray = is_wide_gray(r);
    const double scaled = (double)(v < r->maximum ? v : r->maximum) / (double)r->maximum;
    const double t = scaled * (wide_gray ? 65535.0 : 255.0);
    long n = (long)t;

    if (r->decoder >= KILN_DECODER_OPENCV)
        return (uint8_t)(r->maximum > 255 ? v >> 8 : r->kind <= '3' ? v * 255 / r->maximum : v);
    if (t - (double)n > 0.5 || (t - (double)n == 0.5 && n % 2 == 1))
        n++;
    if (wide_gray && r->decoder != KILN_DECODER_DEFAULT)
        return (uint8_t)(n > 255 ? 255 : n);
    return (uint8_t)(wide_gray ? n >> 8 : n);
}

static int read_plain_bit(Reader *r, uint8_t *value)
{
    skip_space(r);
    if (r->at == r->end)
        return reason_set(r->why, "the file is truncated in its pixels");
    if (*r->at != '0' && *r->at != '1')
        return reason_set(r->why, "0 or 1 is expected, byte 0x%02x found", *r->at);
    *value = *r->at++ == '1' ? 0 : 255;
    return 1;
}

static int read_plain_sample(Reader *r, uint8_t *value)
{
    int64_t v;

    if (!read_number(r, "pixels", &v))
        return 0;
    if (v > r->maximum)
        return reason_set(r->why, "a sample of %lld is larger than the stated maximum of %ld",
                          (long long)v, r->maximum);
    *value = byte_of_sample(r, v);
    return 1;
}

/* Fills samples[count], which are the whole picture. */
static int read_plain(Reader *r, uint8_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(r->kind == '1' ? read_plain_bit : read_plain_sample)(r, &samples[i]))
            return 0;
    return 1;
}

static void read_raw_bits(Reader *r, const Image *image)
{
    const size_t stride = ((size_t)image->width + 7) / 8;
    uint8_t *out = image->rgb;

    for (int y = 0; y < image->height; y++, r->at += stride)
        for (int x = 0; x < image->width; x++)
            *out++ = r->at[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
}

static void read_raw_samples(Reader *r, uint8_t *samples, size_t count)
{
    uint8_t table[256];

    if (r->maximum > 255) {
        for (size_t i = 0; i < count; i++, r->at += 2)
            samples[i] = byte_of_sample(r, r->at[0] << 8 | r->at[1]);
        return;
    }
    for (int v = 0; v < 256; v++)
        table[v] = byte_of_sample(r, v);
    for (size_t i = 0; i < count; i++)
        samples[i] = table[*r->at++];
}

static int read_raw(Reader *r, const Image *image, size_t count)
{
    const size_t row_bits = ((size_t)image->width + 7) / 8;
    const size_t needed = r->kind == '4' ? row_bits * (size_t)image->height
                                         : count * (r->maximum > 255 ? 2 : 1);

    if ((size_t)(r->end - r->at) < needed)
        return reason_set(r->why, "the file is truncated: %zu bytes of pixels, %zu expected",
                          (size_t)(r->end - r->at), needed);
    if (r->kind == '4')
        read_raw_bits(r, image);
    else
        read_raw_samples(r, image->rgb, count);
    return 1;
}

static void spread_gray(uint8_t *rgb, size_t pixels)
{
    for (size_t i = pixels; i-- > 0;)
        memset(rgb + 3 * i, rgb[i], 3);
}

static int read_header(Reader *r, const ImageSource *source, Image *image)
{
    int64_t width, height, maximum = 1;

    if (!read_number(r, "width", &width) || !read_number(r, "height", &height))
        return 0;
    if (r->kind != '1' && r->kind != '4' && !read_number(r, "maximum", &maximum))
        return 0;
    if (maximum < 1 || maximum > 65535)
        return reason_set(r->why, "its maximum is %lld, not in 1..65535", (long long)maximum);
    r->maximum = (long)maximum;
    return image_start(source, width, height, image, r->why);
}

int ppm_decode(const ImageSource *source, Image *image, Reason *why)
{
    Reader r = { source->bytes + 2, source->bytes + source->length, why, source->bytes[1], 1,
                 source->decoder };
    size_t pixels, count;

    if (!read_header(&r, source, image))
        return 0;
    pixels = (size_t)image->width * (size_t)image->height;
    count = r.kind == '3' || r.kind == '6' ? 3 * pixels : pixels;
    if (!(r.kind <= '3' ? read_plain(&r, image->rgb, count) : read_raw(&r, image, count)))
        return 0;
    if (count == pixels)
        spread_gray(image->rgb, pixels);
    if (r.decoder == KILN_DECODER_PILLOW_OWN)
        image->kind = is_wide_gray(&r)                 ? IMAGE_WIDE
                      : r.kind == '1' || r.kind == '4' ? IMAGE_INDEXED
                                                       : IMAGE_PLAIN;
    return 1;
}
