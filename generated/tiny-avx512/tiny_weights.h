/* Trained tensors of tiny, packed. */
#ifndef TINY_WEIGHTS_H
#define TINY_WEIGHTS_H

#include "kiln_model.h"

/* stem.weight [group][out/16][ky][kx][in][16]: 432 values */
extern const float tiny_stem_weight[1][1][3][3][3][16];
/* stem.bias [group][channel/16][16]: 16 values */
extern const float tiny_stem_bias[1][1][16];
/* depthwise.weight [channel/16][ky][kx][16]: 144 values */
extern const float tiny_depthwise_weight[1][3][3][16];
/* depthwise.bias [group][channel/16][16]: 16 values */
extern const float tiny_depthwise_bias[1][1][16];
/* pointwise.weight [group][out/16][ky][kx][in][16]: 256 values */
extern const float tiny_pointwise_weight[1][1][1][1][16][16];
/* pointwise.bias [group][channel/16][16]: 16 values */
extern const float tiny_pointwise_bias[1][1][16];
/* classifier.weight [1][out/16][1][1][in][16]: 256 values */
extern const float tiny_classifier_weight[1][1][1][1][16][16];
/* classifier.bias [group][channel/16][16]: 16 values */
extern const float tiny_classifier_bias[1][1][16];

#endif
