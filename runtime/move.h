/* Steps that only move pixels, as test-time augmentation needs them. */
#ifndef KILN_RUNTIME_MOVE_H
#define KILN_RUNTIME_MOVE_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

/* Whether a step is one of these. */
int move_is_step(int op);
/* `out` is new. */
int move_picture(const kiln_step *step, const Image *in, Image *out, Reason *why);

#endif
