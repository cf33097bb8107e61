/* Steps that crop a picture or put a border round it. */
#ifndef KILN_RUNTIME_BORDER_H
#define KILN_RUNTIME_BORDER_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

int border_is_step(int op);
/* `out` is new; it has bytes or floats as `in` has. */
int border_picture(const kiln_step *step, const Image *in, Image *out, Reason *why);

/* Half of a difference of sizes, halves to even, as Python's round() does. */
int border_half(int difference);

#endif
