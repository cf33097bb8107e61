/* A schedule: the tile that each layer is to get, as `kiln tune` found it. Its text:
 *
 *   kiln schedule 1
 *   target avx512
 *   conv3x3_s1_56x56x64_56x56x64_relu winograd4 7x4
 *   dense_1x1x512_1x1x1000            direct    1x8
 *
 * A layer is called as its directly computed function; all nodes of that name are one layer. Then
 * come the form (direct, strassen, inner; winograd2, 3 and 4 for that many outputs along each
 * filtered axis) and the register tile, pixels x vectors. */
#ifndef KILN_SCHEDULE_TUNING_H
#define KILN_SCHEDULE_TUNING_H

#include "compiler/base/map.h"
#include "compiler/base/text.h"
#include "compiler/kernel/kernel.h"

typedef struct TunedLayer {
    const char *name;
    Tile tile; /* lanes are the target's */
    int line;  /* of the file */
} TunedLayer;

typedef struct Tuning {
    const char *file; /* what messages call it */
    const char *target;
    int target_line;
    Map layers; /* name -> TunedLayer */
} Tuning;

void tuning_add(Arena *a, Tuning *t, const char *name, Tile tile);
/* Reads a schedule. NULL, or "FILE:LINE: what is wrong". The target must be one that exists. */
const char *tuning_read(Arena *a, const char *file, const void *bytes, size_t length, Tuning *out);
/* Layers in the order of their names. */
void tuning_print(const Tuning *t, Text *out);
/* "winograd4 7x4" */
const char *tuning_tile_text(Arena *a, Tile tile);

#endif
