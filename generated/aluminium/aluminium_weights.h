/* Trained tensors of aluminium, packed. */
#ifndef ALUMINIUM_WEIGHTS_H
#define ALUMINIUM_WEIGHTS_H

#include "kiln_model.h"

/* conv1.weight [group][out/16][ky][kx][in][16]: 432 values */
extern const float aluminium_conv1_weight[1][1][3][3][3][16];
/* conv1.bias [group][channel/16][16]: 16 values */
extern const float aluminium_conv1_bias[1][1][16];
/* layer1.0.conv1.weight [group][out/16][ky][kx][in][16]: 4608 values */
extern const float aluminium_layer1_0_conv1_weight[1][2][3][3][16][16];
/* layer1.0.conv1.bias [group][channel/16][16]: 32 values */
extern const float aluminium_layer1_0_conv1_bias[1][2][16];
/* layer1.0.conv2.weight [group][out/16][ky][kx][in][16]: 6912 values */
extern const float aluminium_layer1_0_conv2_weight[1][2][3][3][24][16];
/* layer1.0.conv2.bias [group][channel/16][16]: 32 values */
extern const float aluminium_layer1_0_conv2_bias[1][2][16];
/* layer1.0.downsample.0.weight [group][out/16][ky][kx][in][16]: 512 values */
extern const float aluminium_layer1_0_downsample_0_weight[1][2][1][1][16][16];
/* layer1.0.downsample.0.bias [group][channel/16][16]: 32 values */
extern const float aluminium_layer1_0_downsample_0_bias[1][2][16];
/* layer1.1.conv1.weight [group][out/16][ky][kx][in][16]: 6912 values */
extern const float aluminium_layer1_1_conv1_weight[1][2][3][3][24][16];
/* layer1.1.conv1.bias [group][channel/16][16]: 32 values */
extern const float aluminium_layer1_1_conv1_bias[1][2][16];
/* layer1.1.conv2.weight [group][out/16][ky][kx][in][16]: 6912 values */
extern const float aluminium_layer1_1_conv2_weight[1][2][3][3][24][16];
/* layer1.1.conv2.bias [group][channel/16][16]: 32 values */
extern const float aluminium_layer1_1_conv2_bias[1][2][16];
/* layer2.0.conv1.weight [group][out/16][ky][kx][in][16]: 10368 values */
extern const float aluminium_layer2_0_conv1_weight[1][3][3][3][24][16];
/* layer2.0.conv1.bias [group][channel/16][16]: 48 values */
extern const float aluminium_layer2_0_conv1_bias[1][3][16];
/* layer2.0.conv2.weight [group][out/16][ky][kx][in][16]: 20736 values */
extern const float aluminium_layer2_0_conv2_weight[1][3][3][3][48][16];
/* layer2.0.conv2.bias [group][channel/16][16]: 48 values */
extern const float aluminium_layer2_0_conv2_bias[1][3][16];
/* layer2.0.downsample.0.weight [group][out/16][ky][kx][in][16]: 1152 values */
extern const float aluminium_layer2_0_downsample_0_weight[1][3][1][1][24][16];
/* layer2.0.downsample.0.bias [group][channel/16][16]: 48 values */
extern const float aluminium_layer2_0_downsample_0_bias[1][3][16];
/* layer3.0.conv1.weight [group][out/16][ky][kx][in][16]: 41472 values */
extern const float aluminium_layer3_0_conv1_weight[1][6][3][3][48][16];
/* layer3.0.conv1.bias [group][channel/16][16]: 96 values */
extern const float aluminium_layer3_0_conv1_bias[1][6][16];
/* layer3.0.conv2.weight [group][out/16][ky][kx][in][16]: 82944 values */
union aluminium_layer3_0_conv2_weight {
    unsigned char b[1296][256];
    float f[1][6][3][3][96][16];
};
extern const union aluminium_layer3_0_conv2_weight aluminium_layer3_0_conv2_weight;
/* layer3.0.conv2.bias [group][channel/16][16]: 96 values */
extern const float aluminium_layer3_0_conv2_bias[1][6][16];
/* layer3.0.downsample.0.weight [group][out/16][ky][kx][in][16]: 4608 values */
extern const float aluminium_layer3_0_downsample_0_weight[1][6][1][1][48][16];
/* layer3.0.downsample.0.bias [group][channel/16][16]: 96 values */
extern const float aluminium_layer3_0_downsample_0_bias[1][6][16];
/* fc.weight [1][out/16][1][1][in][16]: 1536 values */
extern const float aluminium_fc_weight[1][1][1][1][96][16];
/* fc.bias [group][channel/16][16]: 16 values */
extern const float aluminium_fc_bias[1][1][16];

#endif
