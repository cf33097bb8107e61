/* Class activation maps. */
#ifndef KILN_RUNTIME_CAM_H
#define KILN_RUNTIME_CAM_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

/* What each place of the last feature map adds to the score of one class: the mean over all places,
 * plus the class's bias, is the score. */
typedef struct Cam {
    int height, width;
    float *map; /* [height][width], owned */
    float least, most;
} Cam;

/* Runs a network that has class_map once on `input`, with memory as its run() needs it. Fails where
 * it has been compiled without KILN_TRACE. */
int cam_compute(const kiln_network *n, const float *input, float *output, void *arena,
                int class_index, Cam *cam, Reason *why);
void cam_free(Cam *cam);

/* The member whose maps are drawn: the first whose network has them and whose outputs are the
 * program's classes. NULL after saying why there is none. */
const kiln_member *cam_member(const kiln_classifier *program, int classes, Reason *why);

/* The map over a picture, coloured from blue (the least) to red (the most). */
int cam_blend(const Cam *cam, const Image *picture, Image *out, Reason *why);
/* The same, enlarged where it is small, with the scale of colours beside it. */
int cam_draw(const Cam *cam, const Image *picture, Image *out, Reason *why);

/* What the network sees of a picture, its colours in order again. */
int cam_view(const kiln_member *member, const Image *picture, Image *view, Reason *why);

#endif
