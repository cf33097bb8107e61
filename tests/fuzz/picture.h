/* The body of the fuzz drivers of picture decoders: the magic is put in place, so that mutations
 * cannot waste themselves on it, and large pictures are refused, so that speed is not what is
 * tested. */
#ifndef KILN_FUZZ_PICTURE_H
#define KILN_FUZZ_PICTURE_H

#include "runtime/resize.h"

#include <stdlib.h>
#include <string.h>

enum { FUZZ_PIXELS = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes as one library does and resizes what comes of it. */
static inline void fuzz_decoder(enum kiln_decoder decoder, const uint8_t *data, size_t size)
{
    const Box all = { 0, 0, 5, 7 };
    ResizePlan plan = { .width = 5, .height = 7, .part = all };
    Image image, resized;
    Reason why = { "" };

    if (!image_decode_as(decoder, data, size, FUZZ_PIXELS, &image, &why)) {
        if (!why.text[0] || image.rgb || image.fourth)
            abort();
        return;
    }
    plan.in_width = image.width;
    plan.in_height = image.height;
    plan.filter = decoder >= KILN_DECODER_OPENCV ? KILN_FILTER_OPENCV_AREA : KILN_FILTER_BICUBIC;
    if (resize_picture(&image, &plan, &resized, &why)) {
        image_to_rgb(&resized);
        image_free(&resized);
    } else if (image.kind != IMAGE_WIDE) {
        abort();
    }
    image_free(&image);
}

static inline int fuzz_picture(const uint8_t *data, size_t size, const char *magic, size_t length)
{
    uint8_t *copy;
    Image image;
    Reason why;

    if (size < length)
        return 0;
    copy = malloc(size);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    memcpy(copy, magic, length);
    for (int d = KILN_DECODER_PILLOW; d < KILN_DECODER_COUNT; d++)
        fuzz_decoder((enum kiln_decoder)d, copy, size);
    if (image_decode(copy, size, FUZZ_PIXELS, &image, &why)) {
        uint8_t sum = 0; /* every pixel must have been written */
        for (size_t i = 0; i < (size_t)image.width * (size_t)image.height * 3; i++)
            sum = (uint8_t)(sum + image.rgb[i]);
        if (sum == 255)
            size = 0;
        image_free(&image);
    } else if (!why.text[0] || image.rgb) {
        abort();
    }
    free(copy);
    return 0;
}

#endif
