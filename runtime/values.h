/* The values of a picture: their order, their type, and the steps that work on each by itself. */
#ifndef KILN_RUNTIME_VALUES_H
#define KILN_RUNTIME_VALUES_H

#include "runtime/image.h"

/* Three a pixel. */
size_t values_count(const Image *image);
/* The nearest byte, clamped. */
uint8_t values_byte(double v);

/* Puts them into the order wanted; grey stays grey in any order. */
void values_recolor(Image *image, enum kiln_color wanted);
/* A step that scales or normalises, on one value and on all, which become floats. */
float values_step(const kiln_step *step, float x, size_t channel);
int values_run_step(const kiln_step *step, Image *image, Reason *why);
/* Floats become bytes: as NumPy's conversion to uint8 does, or the nearest. */
int values_cast(Image *image, Reason *why);
int values_round(Image *image, Reason *why);
/* `out` is new. */
int values_copy(const Image *in, Image *out, Reason *why);

#endif
