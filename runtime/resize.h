/* Resizing of 8-bit RGB, bit for bit as Pillow 9.4 does it. */
#ifndef KILN_RUNTIME_RESIZE_H
#define KILN_RUNTIME_RESIZE_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

typedef struct Box {
    int left, top, width, height;
} Box;

/* Resizes `in` to width x height and keeps `part` of that; only what it needs is computed. */
int resize_part(const Image *in, int width, int height, Box part, enum kiln_filter filter,
                Image *out, Reason *why);

#endif
