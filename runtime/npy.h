/* NumPy's .npy files of float32 in C order: reading a whole one, writing one row by row. */
#ifndef KILN_RUNTIME_NPY_H
#define KILN_RUNTIME_NPY_H

#include "runtime/kiln_model.h"
#include "runtime/reason.h"

#include <stdio.h>

enum { NPY_MAX_RANK = 8 };

typedef struct NpyArray {
    int rank;
    int64_t dim[NPY_MAX_RANK];
    float *data; /* owned; free with npy_array_free() */
    size_t count;
} NpyArray;

/* Anything but little- or big-endian float32 in C order is refused, and said to be what it is. */
int npy_array_parse(const uint8_t *bytes, size_t length, NpyArray *array, Reason *why);
int npy_array_load(const char *path, NpyArray *array, Reason *why);
void npy_array_free(NpyArray *array);

/* An array [rows, shape...] whose number of rows is known when all have been written. It appears at
 * `path` on npy_writer_commit(), or never. */
typedef struct NpyWriter {
    FILE *stream;
    const char *path;
    char *temporary;
    kiln_shape shape;
    int64_t rows;
} NpyWriter;

int npy_writer_open(NpyWriter *w, const char *path, kiln_shape shape, Reason *why);
int npy_writer_row(NpyWriter *w, const float *row, Reason *why);
int npy_writer_commit(NpyWriter *w, Reason *why);
void npy_writer_discard(NpyWriter *w);

#endif
