/* What the readers of weight files share. A reader gets the bytes of one file and appends tensors
 * that point into them; it returns NULL or the reason why the file is no good. Only
 * compiler/import/ uses this header. */
#ifndef KILN_IMPORT_READER_H
#define KILN_IMPORT_READER_H

#include "compiler/base/vec.h"
#include "compiler/import/weights.h"

enum { READER_NAME_LIMIT = 1024 }; /* bytes in the name of a tensor */

typedef struct Reader {
    Arena *arena;
    const char *file; /* as the user named it */
    const unsigned char *bytes;
    size_t length;
    Vec(WeightTensor *) tensors; /* in the order of the file */
    uint64_t copied;             /* bytes copied out of the file so far, see reader_charge() */
} Reader;

/* One per format; chosen by the table in weights.c. */
const char *torch_stream_read(Reader *r);
const char *torch_zip_or_npz_read(Reader *r);
const char *safetensors_read(Reader *r);
const char *npy_read(Reader *r);
const char *libsvm_read(Reader *r);
const char *keras_read(Reader *r);
/* The part of keras_read() that runs in a process of its own. */
const char *keras_hdf5_list(Reader *r);

/* Appends a tensor whose name is text[length]; an error where that cannot be a name. */
const char *reader_add(Reader *r, const char *text, size_t length, WeightTensor **tensor);

/* Accounts for `bytes` about to be copied: an error where a small file would make many, by naming
 * the same bytes again and again. */
const char *reader_charge(Reader *r, uint64_t bytes);

/* The name of the file without folder and extension: what the tensor of a nameless file is
 * called. */
const char *reader_stem(const Reader *r);

/* Checks that the elements of `t` lie within `room` elements starting at its first one, and that
 * strides of zero do not make much of little; `what` names the tensor in the message. */
const char *reader_check_extent(Reader *r, const char *what, const WeightTensor *t, int64_t room);

/* Fills the strides of a C-ordered (or Fortran-ordered) tensor. */
void tensor_set_strides(WeightTensor *t, int fortran_order);

/* text[length] in single quotes, unprintable bytes escaped, cut where it is long. */
const char *quote_text(Arena *a, const char *text, size_t length);

/* a * b for factors that are not negative; -1 where the product exceeds INT64_MAX. */
int64_t checked_product(int64_t a, int64_t b);

uint64_t little_endian(const unsigned char *p, int bytes);

#endif
