/* What the fuzz drivers of weight readers share: read, then touch what was read. */
#ifndef KILN_TESTS_FUZZ_H
#define KILN_TESTS_FUZZ_H

#include "compiler/base/vec.h"
#include "compiler/import/weights.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A reader that refuses must say why; elements that it promises must be there. */
static inline void fuzz_weights(Arena *arena, const void *data, size_t size)
{
    WeightStore store = { .arena = arena };
    const char *error = weights_read_bytes(&store, "fuzz", data, size);
    if (error && !*error)
        abort();
    for (int i = 0; !error && i < store.tensors.count; i++) {
        const WeightTensor *t = store.tensors.entry[i].value;
        float out[64];
        if (t->problem)
            continue;
        int64_t count = weight_count(t), n = count < 64 ? count : 64;
        weight_read(t, 0, n, out);
        weight_read(t, count - n, n, out);
        if (count < 4096)
            weight_floats(arena, t);
    }
}

#endif
