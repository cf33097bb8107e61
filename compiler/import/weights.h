/* Weight files as one name space of tensors.
 *
 * A reader of one format turns a mapped file into tensors that point into it (or into the arena
 * where bytes had to be unpacked). Nothing is copied or converted until a tensor is asked for. */
#ifndef KILN_IMPORT_WEIGHTS_H
#define KILN_IMPORT_WEIGHTS_H

#include "compiler/base/arena.h"
#include "compiler/base/dtype.h"
#include "compiler/base/file.h"
#include "compiler/base/map.h"
#include "compiler/base/text.h"

#include <stdint.h>

enum { WEIGHT_MAX_RANK = 8 };

typedef struct WeightTensor {
    const char *name;    /* an arbitrary string, as in the file */
    const char *file;    /* the file it came from */
    const char *problem; /* why its bytes cannot be had (a pickle's inert record), or NULL. Such a
                            tensor may be nothing of the kind: it matters only if it is asked for */
    DType dtype;
    int rank;
    int64_t dim[WEIGHT_MAX_RANK];
    int64_t stride[WEIGHT_MAX_RANK]; /* in elements; torch storages need not be contiguous */
    const void *bytes;               /* first element, little-endian, any alignment */
    const char *keras_layer; /* of a file that Keras wrote: the layer it is listed under, and the
                                layout is Keras's (compiler/import/keras.h); otherwise NULL */
} WeightTensor;

typedef struct WeightStore {
    Arena *arena;
    Map tensors; /* name -> WeightTensor * */
} WeightStore;

/* Adds every tensor of a file, recognised by content. NULL on success, otherwise the reason, which
 * names the two things that disagree but not the file. A name that is already in the store is an
 * error. After an error the store is good for nothing. The file stays mapped. */
const char *weights_read_file(WeightStore *s, const char *path);
/* The same for bytes in memory, which must outlive the store; `file` is what messages call them. */
const char *weights_read_bytes(WeightStore *s, const char *file, const void *bytes, size_t length);

int64_t weight_count(const WeightTensor *t);
/* The elements [first, first + count) in C order as float32. The tensor must have no problem. */
void weight_read(const WeightTensor *t, int64_t first, int64_t count, float *out);
/* All elements in C order, F64 ones without rounding. The tensor must have no problem. */
void weight_read_doubles(const WeightTensor *t, double *out);
/* The elements in C order as float32, in `arena`; may point into the mapped file where that is
 * what it holds. The tensor must have no problem. */
const float *weight_floats(Arena *arena, const WeightTensor *t);

/* Appends a table of the store to `out`, one tensor a line: name, dtype, shape, min, max, mean. */
void weights_list(const WeightStore *s, Text *out);

#endif
