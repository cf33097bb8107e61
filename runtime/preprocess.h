/* From a decoded picture to a network's input, by the steps of a classifier's table. */
#ifndef KILN_RUNTIME_PREPROCESS_H
#define KILN_RUNTIME_PREPROCESS_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

/* How the list wants its pictures decoded. */
enum kiln_decoder preprocess_decoder(const kiln_member *member);
int preprocess_load(const kiln_member *member, const char *path, Image *image, Reason *why);

/* Runs steps: `in` is not changed, `out` is new. A decode has happened already. */
int preprocess_steps(const kiln_step *steps, int count, const Image *in, Image *out, Reason *why);

/* The number of steps before the last ones that work on each value by itself, and running these. */
int preprocess_pixel_steps(const kiln_member *member);
int preprocess_pixels(const kiln_member *member, const Image *in, Image *out, Reason *why);

/* What a network sees of a picture, as bytes in the order R G B, for people. */
int preprocess_view(const kiln_member *member, const Image *picture, Image *view, Reason *why);

/* Runs the last steps: input[H][W][C] of the member's network. */
int preprocess_floats(const kiln_member *member, const Image *image, float *input, Reason *why);

/* Both. */
int preprocess_picture(const kiln_member *member, const Image *in, float *input, Reason *why);

/* Both, and decoding before them. Where the first step is a resize the picture is resized while it
 * is decoded. */
int preprocess_encoded(const kiln_member *member, const uint8_t *bytes, size_t length, float *input,
                       Reason *why);

#endif
