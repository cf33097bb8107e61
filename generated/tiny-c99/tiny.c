/* tiny for c99, made by kiln. 53.31 k multiply-accumulates, 4608 bytes of weights, 8192 bytes
 * of scratch.
 * Compiler flags: -O2
 * Digest of the network and its weights:
 * b2e98616804c1f597d485c0e57c830c7aa539f798d4004c08481436856bb6c7f */
#include "tiny.h"
#include "tiny_weights.h"

KILN_NO_CONTRACTION

const char tiny_digest[] = "b2e98616804c1f597d485c0e57c830c7aa539f798d4004c08481436856bb6c7f";

KILN_ALONE
static void conv3x3_s2_16x16x3_8x8x16_relu(const float (*x)[16][3],
    const float (*w)[1][3][3][3][16], const float (*b)[1][16], float (*y)[8][16])
{
    for (int ot = 0; ot < 4; ot++) {
        for (int oy = 0; oy < 8; oy++) {
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][0][4 * ot + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int c = 0; c < 3; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m - 1][c]
                                    * w[0][0][ky][0][c][4 * ot + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 3; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m][c]
                                    * w[0][0][ky][1][c][4 * ot + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 3; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m + 1][c]
                                    * w[0][0][ky][2][c][4 * ot + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][0][4 * ot + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 3; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[2 * oy + ky - 1][2 * m + kx + 7][c]
                                        * w[0][0][ky][kx][c][4 * ot + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 4][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void depthwise3x3_s1_p1_1_8x8x16_8x8x16_relu(const float (*x)[8][16],
    const float (*w)[3][3][16], const float (*b)[1][16], float (*y)[8][16])
{
    for (int oy = 0; oy < 8; oy++) {
        for (int ot = 0; ot < 4; ot++) {
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][0][4 * ot + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 9 - oy); ky++) {
                    KILN_UNROLL
                    for (int m = 1; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[oy + ky - 1][m - 1][4 * ot + l] * w[0][ky][0][4 * ot + l]
                                + acc[m][l];
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[oy + ky - 1][m][4 * ot + l] * w[0][ky][1][4 * ot + l]
                                + acc[m][l];
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[oy + ky - 1][m + 1][4 * ot + l] * w[0][ky][2][4 * ot + l]
                                + acc[m][l];
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][0][4 * ot + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 9 - oy); ky++) {
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[oy + ky - 1][m + 3][4 * ot + l] * w[0][ky][0][4 * ot + l]
                                + acc[m][l];
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[oy + ky - 1][m + 4][4 * ot + l] * w[0][ky][1][4 * ot + l]
                                + acc[m][l];
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 3; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[oy + ky - 1][m + 5][4 * ot + l] * w[0][ky][2][4 * ot + l]
                                + acc[m][l];
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 4][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void conv1x1_s1_1x64x16_1x64x16_residual_relu(const float (*x)[64][16],
    const float (*r)[64][16], const float (*w)[1][1][1][16][16], const float (*b)[1][16],
    float (*y)[64][16])
{
    for (int ot = 0; ot < 4; ot++) {
        for (int t = 0; t < 16; t++) {
            float acc[4][4];
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    acc[m][l] = b[0][0][4 * ot + l];
            }
            for (int c = 0; c < 16; c++) {
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = x[0][4 * t + m][c] * w[0][0][0][0][c][4 * ot + l] + acc[m][l];
                }
            }
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    acc[m][l] = acc[m][l] + r[0][4 * t + m][4 * ot + l];
            }
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    y[0][4 * t + m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
            }
        }
    }
}

KILN_ALONE
static void max_pool2x2_s2_p0_0_8x8x16_4x4x16_e0_0(const float (*x)[8][16], float (*y)[4][16])
{
    for (int oy = 0; oy < 4; oy++) {
        for (int ot = 0; ot < 4; ot++) {
            float acc[4][4];
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    acc[m][l] = -3.4028235e+38f;
            }
            for (int ky = 0; ky < 2; ky++) {
                KILN_UNROLL
                for (int kx = 0; kx < 2; kx++) {
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = kiln_max(x[2 * oy + ky][2 * m + kx][4 * ot + l], acc[m][l]);
                    }
                }
            }
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    y[oy][m][4 * ot + l] = acc[m][l];
            }
        }
    }
}

KILN_ALONE
static void global_avg_pool_1x16x16_1x1x16(const float (*x)[16][16], float (*y)[1][16])
{
    for (int cv = 0; cv < 4; cv++) {
        float part[16][4];
        for (int j = 0; j < 16; j++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[j][l] = 0.0f;
        }
        for (int j = 0; j < 16; j++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[j][l] = part[j][l] + x[0][j][4 * cv + l];
        }
        for (int j = 0; j < 8; j++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[j][l] = part[j][l] + part[j + 8][l];
        }
        for (int j = 0; j < 4; j++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[j][l] = part[j][l] + part[j + 4][l];
        }
        for (int j = 0; j < 2; j++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[j][l] = part[j][l] + part[j + 2][l];
        }
        KILN_LANES
        for (int l = 0; l < 4; l++)
            part[0][l] = part[0][l] + part[1][l];
        KILN_LANES
        for (int l = 0; l < 4; l++)
            y[0][0][4 * cv + l] = part[0][l] / 16.0f;
    }
}

KILN_ALONE
static void dense_1x1x16_1x1x4(const float (*x)[1][16], const float (*w)[1][1][1][16][16],
    const float (*b)[1][16], float (*y)[1][4])
{
    float acc[4];
    KILN_LANES
    for (int l = 0; l < 4; l++)
        acc[l] = b[0][0][l];
    for (int c = 0; c < 16; c++) {
        KILN_LANES
        for (int l = 0; l < 4; l++)
            acc[l] = x[0][0][c] * w[0][0][0][0][c][l] + acc[l];
    }
    KILN_LANES
    for (int l = 0; l < 4; l++)
        y[0][0][l] = acc[l];
}

void tiny_run(const tiny_input_t *input, tiny_output_t *output, void *memory KILN_TRACE_PARAMETER)
{
    float *const arena = memory;

    /* stem: conv2d 3x3 stride 2 pad 1, relu, 16x16x3 -> 8x8x16; 27.65 k MACs; tile 4 pixels x 4
     * channels */
    conv3x3_s2_16x16x3_8x8x16_relu((const float (*)[16][3])(const void *)input, tiny_stem_weight,
        tiny_stem_bias, (float (*)[8][16])(void *)arena);
    KILN_TRACE_NODE(2, arena);

    /* depthwise: depthwise conv2d 3x3 stride 1 pad 1, relu, 8x8x16 -> 8x8x16; 9.216 k MACs;
     * tile 4 pixels x 4 channels */
    depthwise3x3_s1_p1_1_8x8x16_8x8x16_relu((const float (*)[8][16])(void *)arena,
        tiny_depthwise_weight, tiny_depthwise_bias, (float (*)[8][16])(void *)(arena + 1024));
    KILN_TRACE_NODE(4, arena + 1024);

    /* pointwise: conv2d 1x1 stride 1 pad 0, residual, relu, 8x8x16 -> 8x8x16; 16.38 k MACs;
     * tile 4 pixels x 4 channels */
    conv1x1_s1_1x64x16_1x64x16_residual_relu((const float (*)[64][16])(void *)(arena + 1024),
        (const float (*)[64][16])(void *)arena, tiny_pointwise_weight, tiny_pointwise_bias,
        (float (*)[64][16])(void *)arena);
    KILN_TRACE_NODE(7, arena);

    /* pool: max_pool 2x2 stride 2 pad 0, 8x8x16 -> 4x4x16; tile 4 pixels x 4 channels */
    max_pool2x2_s2_p0_0_8x8x16_4x4x16_e0_0((const float (*)[8][16])(void *)arena,
        (float (*)[4][16])(void *)(arena + 1024));
    KILN_TRACE_NODE(8, arena + 1024);

    /* global_avg_pool: global_avg_pool, 4x4x16 -> 16 */
    global_avg_pool_1x16x16_1x1x16((const float (*)[16][16])(void *)(arena + 1024),
        (float (*)[1][16])(void *)arena);
    KILN_TRACE_NODE(9, arena);

    /* classifier: dense, 16 -> 4; 64 MACs; tile 1 pixel x 4 channels */
    dense_1x1x16_1x1x4((const float (*)[1][16])(void *)arena, tiny_classifier_weight,
        tiny_classifier_bias, (float (*)[1][4])(void *)output);
    KILN_TRACE_NODE(10, output);
}
