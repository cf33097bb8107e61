/* HDF5 files as Keras saves weights, built in memory for unit tests and as seeds of the fuzzer. */
#ifndef KILN_TESTS_KERAS_FILE_H
#define KILN_TESTS_KERAS_FILE_H

#include "compiler/base/arena.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct KerasTensor {
    const char *layer, *name; /* `conv2d_1`, `conv2d_1/kernel:0` */
    int rank;
    hsize_t dim[4];
    hid_t type;  /* of the elements; 0: float32 */
    bool packed; /* in compressed chunks */
} KerasTensor;

typedef struct KerasBytes {
    void *at;
    size_t length;
} KerasBytes;

/* A list of names as an array of strings of one length; an empty one as no floats. */
static inline void keras_put_list(hid_t group, const char *key, const char *const *names, int count)
{
    size_t width = 1;
    for (int i = 0; i < count; i++)
        width = strlen(names[i]) > width ? strlen(names[i]) : width;
    char *text = calloc((size_t)count + 1, width);
    for (int i = 0; i < count; i++)
        memcpy(text + (size_t)i * width, names[i], strlen(names[i]));
    hid_t type = count ? H5Tcopy(H5T_C_S1) : H5Tcopy(H5T_NATIVE_DOUBLE);
    if (count) {
        H5Tset_size(type, width);
        H5Tset_strpad(type, H5T_STR_NULLPAD);
    }
    hid_t space = H5Screate_simple(1, (hsize_t[]){ (hsize_t)count }, NULL);
    hid_t attribute = H5Acreate2(group, key, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, text);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    free(text);
}

/* The elements are 0, 1, 2, ... */
static inline void keras_put_tensor(hid_t group, const KerasTensor *t)
{
    float value[4096];
    for (int i = 0; i < 4096; i++)
        value[i] = (float)i;
    hid_t links = H5Pcreate(H5P_LINK_CREATE), create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    if (t->packed) {
        H5Pset_chunk(create, t->rank, t->dim);
        H5Pset_deflate(create, 1);
    }
    hid_t space = H5Screate_simple(t->rank, t->dim, NULL);
    hid_t data = H5Dcreate2(group, t->name, t->type ? t->type : H5T_IEEE_F32LE, space, links,
                            create, H5P_DEFAULT);
    H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, value);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(links);
    H5Pclose(create);
}

static inline void keras_put_layer(hid_t root, const KerasTensor *tensors, int count,
                                   const char *layer)
{
    const char *names[64];
    int listed = 0;
    hid_t group = H5Gcreate2(root, layer, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < count; i++)
        if (strcmp(tensors[i].layer, layer) == 0) {
            names[listed++] = tensors[i].name;
            if (tensors[i].rank >= 0) /* below 0: listed, but not there */
                keras_put_tensor(group, &tensors[i]);
        }
    keras_put_list(group, "weight_names", names, listed);
    H5Gclose(group);
}

static inline KerasBytes keras_take_image(Arena *a, hid_t file)
{
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    ssize_t length = H5Fget_file_image(file, NULL, 0);
    KerasBytes bytes = { arena_alloc(a, (size_t)length), (size_t)length };
    H5Fget_file_image(file, bytes.at, bytes.length);
    H5Fclose(file);
    return bytes;
}

static inline hid_t keras_new_file(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    hid_t file = H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

/* The layers in the order given, with the tensors that name them. whole: a whole-model file. */
static inline KerasBytes make_keras_file(Arena *a, const char *const *layers, int layer_count,
                                         const KerasTensor *tensors, int count, bool whole)
{
    hid_t file = keras_new_file();
    hid_t root = whole ? H5Gcreate2(file, "model_weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)
                       : H5Gopen2(file, "/", H5P_DEFAULT);
    keras_put_list(root, "layer_names", layers, layer_count);
    for (int i = 0; i < layer_count; i++)
        keras_put_layer(root, tensors, count, layers[i]);
    H5Gclose(root);
    return keras_take_image(a, file);
}

#endif
