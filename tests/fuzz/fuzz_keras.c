/* Fuzzes the reader of Keras's HDF5 files, and how its tensors look to a network. libhdf5 works in
 * a process of its own, so mutations are not guided by its coverage; what counts is that nothing
 * it does reaches this one. */
#include "compiler/import/keras.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Arena *arena = arena_new();
    WeightStore store = { .arena = arena };
    fuzz_weights(arena, data, size);
    if (!weights_read_bytes(&store, "fuzz", data, size))
        for (int i = 0; i < store.tensors.count; i++) {
            WeightTensor view = keras_view(arena, &store, store.tensors.entry[i].value);
            float out;
            if (!view.problem && weight_count(&view) > 0)
                weight_read(&view, weight_count(&view) - 1, 1, &out);
        }
    arena_free(arena);
    return 0;
}
