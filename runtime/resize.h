/* Resizing of pictures by the filters of Pillow 9.4 and OpenCV 4.6, bit for bit, and by those of
 * TensorFlow. */
#ifndef KILN_RUNTIME_RESIZE_H
#define KILN_RUNTIME_RESIZE_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

/* A picture of in_width x in_height is resized to width x height, of which `part` is kept; only
 * what that needs is computed. */
typedef struct ResizePlan {
    int in_width, in_height, width, height;
    Box part;
    enum kiln_filter filter;
} ResizePlan;

/* Filters other than "nearest" and TensorFlow's take bytes only. */
int resize_picture(const Image *in, const ResizePlan *plan, Image *out, Reason *why);

/* Parts of resize_picture(), for sizes that differ: */
int resize_nearest(const Image *in, const ResizePlan *plan, Image *out, Reason *why);
int resize_opencv(const Image *in, const ResizePlan *plan, Image *out, Reason *why);
int resize_tensorflow(const Image *in, const ResizePlan *plan, Image *out, Reason *why);
/* An image that is not IMAGE_PLAIN, by one of Pillow's filters. */
int resize_own(const Image *in, const ResizePlan *plan, Image *out, Reason *why);

/* The same for a picture that comes row by row from the top: only a few of its rows are in memory
 * at a time. */
typedef struct Resizer Resizer;

/* Whether a plan can be carried out row by row. */
int resize_is_streamed(const ResizePlan *plan);
Resizer *resizer_new(const ResizePlan *plan, Reason *why);
/* What of the source is read: only those rows are to come. */
Box resizer_source(const Resizer *r);
/* Room for the next row; the one before it is full. */
uint8_t *resizer_next_row(Resizer *r);
int resizer_finish(Resizer *r, Image *out, Reason *why);
void resizer_free(Resizer *r); /* or NULL */

#endif
