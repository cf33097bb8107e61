/* What Keras calls and how it lays out the tensors of a layer, in terms of kiln's operators. */
#ifndef KILN_IMPORT_KERAS_H
#define KILN_IMPORT_KERAS_H

#include "compiler/import/weights.h"

/* The tensor `layer/kernel:0` as the parameter `layer.weight`: [out, in, h, w] of a convolution's
 * [h, w, in, out], [channels, 1, h, w] of a depthwise one's [h, w, channels, 1], [out, in] of a
 * dense layer's [in, out]. A separable convolution is two operations, `layer.depthwise` and
 * `layer.pointwise`. The view shares the bytes; other tensors are as they are. */
WeightTensor keras_view(Arena *a, const WeightStore *s, const WeightTensor *t);

/* Splits an automatic layer name: the length of its stem; *number is that of `conv2d_7`, 0 of
 * `conv2d`. */
size_t keras_layer_stem(const char *layer, size_t length, int64_t *number);

#endif
