/* The object of torch.save() as tensors. Storages are found by the container: behind the pickle in
 * the old stream, in entries of their own in the zip form. */
#ifndef KILN_IMPORT_TORCH_H
#define KILN_IMPORT_TORCH_H

#include "compiler/import/pickle.h"
#include "compiler/import/reader.h"

typedef struct Storage {
    const char *key;
    const char *type;           /* the name of its class, FloatStorage */
    DType dtype;                /* DTYPE_COUNT where kiln has no such type */
    int element_bytes;          /* 0 where not even that is known */
    int64_t count;              /* of elements */
    const unsigned char *bytes; /* NULL until loaded */
} Storage;

typedef struct Checkpoint {
    Reader *reader;
    Map storages; /* key -> Storage * */
    /* Makes the bytes of a storage available, at its first use. */
    const char *(*load)(struct Checkpoint *c, Storage *s);
    void *context; /* of load */
    int visits;    /* values walked so far */
} Checkpoint;

/* Enters the storages that the pickle's persistent objects name. */
const char *checkpoint_add_storages(Checkpoint *c, const PickleItems *persistent);
/* Adds the tensors of the weights found in `root` to the reader. */
const char *checkpoint_collect(Checkpoint *c, const PickleValue *root);

/* torch_tensor.c: whether `v` is the record of a tensor (or NumPy array), and what it says. An
 * inert record on the way gives t->problem; geometry that its storage contradicts is an error. */
int torch_is_tensor(const PickleValue *v);
const char *torch_tensor(Checkpoint *c, const PickleValue *v, WeightTensor *t);

/* The callable of a record for messages, `module.name`. */
const char *torch_callable_name(Arena *a, const PickleValue *v);

#endif
