/* From a decoded picture to a network's input, by the steps of a classifier's table. */
#ifndef KILN_RUNTIME_PREPROCESS_H
#define KILN_RUNTIME_PREPROCESS_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

/* Runs the steps up to the last ones, which work on each value by itself: `in` is not changed, `out`
 * is new. */
int preprocess_pixels(const kiln_member *member, const Image *in, Image *out, Reason *why);

/* Runs those: input[H][W][C] of the member's network. */
int preprocess_floats(const kiln_member *member, const Image *image, float *input, Reason *why);

/* Both. */
int preprocess_picture(const kiln_member *member, const Image *in, float *input, Reason *why);

/* Both, and decoding before them. Where the first step is a resize the picture is resized while it
 * is decoded. */
int preprocess_encoded(const kiln_member *member, const uint8_t *bytes, size_t length, float *input,
                       Reason *why);

#endif
