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

typedef struct ResizePlan {
    int in_width, in_height, width, height;
    Box part;
    enum kiln_filter filter;
} ResizePlan;

/* The same for a picture that comes row by row from the top: only a few of its rows are in memory
 * at a time. */
typedef struct Resizer Resizer;

/* Whether a plan can be carried out row by row. */
int resize_is_streamed(const ResizePlan *plan);
Resizer *resizer_new(const ResizePlan *plan, Reason *why);
int resizer_takes_rows(Resizer *r, Reason *why);
/* Room for the next row; the one before it is full. */
uint8_t *resizer_next_row(Resizer *r);
int resizer_finish(Resizer *r, Image *out, Reason *why);
void resizer_free(Resizer *r); /* or NULL */

#endif
