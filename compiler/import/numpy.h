/* NumPy's arrays, in the three places where they occur: .npy files, entries of .npz, pickles. */
#ifndef KILN_IMPORT_NUMPY_H
#define KILN_IMPORT_NUMPY_H

#include "compiler/import/pickle.h"
#include "compiler/import/reader.h"

/* An element type as NumPy writes it, "<f4"; byte order '<', '>', '|', '='. 0 where kiln has no
 * such type. */
int numpy_element_type(const char *text, size_t length, DType *type, int *big_endian);

/* Gives `t` (name, type, shape and strides filled) its bytes, swapped where they are big-endian. */
const char *numpy_place(Reader *r, WeightTensor *t, const unsigned char *bytes, size_t length,
                        int big_endian);

/* The array or scalar that a pickle's record would rebuild; what cannot be had is t->problem. */
const char *numpy_array(Reader *r, const PickleValue *record, WeightTensor *t);

/* The array in the bytes of a .npy file. */
const char *numpy_read_file(Reader *r, const unsigned char *bytes, size_t length, WeightTensor *t);

#endif
