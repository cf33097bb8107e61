/* aluminium for c99, made by kiln. 28.61 M multiply-accumulates, 2251904 bytes of weights,
 * 473088 bytes of scratch.
 * Compiler flags: -O2
 * Digest of the network and its weights:
 * db650489f970e7ccec78960a2f2cbe6c24d132f18eff292648ca50b5c9559c12 */
#include "aluminium.h"
#include "aluminium_weights.h"

KILN_NO_CONTRACTION

const char aluminium_digest[] = "db650489f970e7ccec78960a2f2cbe6c24d132f18eff292648ca50b5c9559c12";

const char *const aluminium_labels[12] = {
    "normal",
    "non-conducting spot",
    "scratch",
    "dent",
    "orange peel",
    "exposed base",
    "bruise",
    "pit",
    "raised powder",
    "coating crack",
    "dirty spot",
    "other",
};

KILN_ALONE
static void conv3x3_s2_96x128x3_48x64x16_relu(const float (*x)[128][3],
    const float (*w)[1][3][3][3][16], const float (*b)[1][16], float (*y)[64][16])
{
    for (int ot = 0; ot < 4; ot++) {
        for (int oy = 0; oy < 48; oy++) {
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
            for (int t = 0; t < 15; t++) {
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
                                    acc[m][l] = x[2 * oy + ky - 1][8 * t + 2 * m + kx + 7][c]
                                        * w[0][0][ky][kx][c][4 * ot + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m + 4][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void conv3x3_s2_48x64x16_24x32x24_relu(const float (*x)[64][16],
    const float (*w)[2][3][3][16][16], const float (*b)[2][16], float (*y)[32][24])
{
    for (int ot = 0; ot < 6; ot++) {
        for (int oy = 0; oy < 24; oy++) {
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int c = 0; c < 16; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 16; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 16; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
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
            for (int t = 0; t < 7; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 16; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[2 * oy + ky - 1][8 * t + 2 * m + kx + 7][c]
                                        * w[0][ot / 4][ky][kx][c][4 * (ot % 4) + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m + 4][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void winograd4x4_p1_1_24x32x24_24x32x24(const float (*x)[32][24],
    const float (*u)[2][24][16], const float (*b)[2][16], float (*y)[32][24], float (*v)[16][24],
    float (*p)[16][32])
{
    for (int tb = 0; tb < 3; tb++) {
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 8; tx++) {
                for (int cv = 0; cv < 6; cv++) {
                    float t[6][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = -1 < 8 * tb + 4 * ty - 1 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty - 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d1 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d2 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d3 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 2][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d4 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 3][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d5 = 8 * tb + 4 * ty + 4 < 24 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 4][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            t[0][j][l] = -5.0f * d2 + (4.0f * d0 + d4);
                            t[1][j][l] = -4.0f * d2 + (-4.0f * d1 + (d3 + d4));
                            t[2][j][l] = -4.0f * d2 + (4.0f * d1 + d4) - d3;
                            t[3][j][l] = 2.0f * d3 + (-2.0f * d1 + d4 - d2);
                            t[4][j][l] = -2.0f * d3 + (2.0f * d1 + d4 - d2);
                            t[5][j][l] = -5.0f * d3 + (4.0f * d1 + d5);
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 6; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = t[k][0][l];
                            const float e1 = t[k][1][l];
                            const float e2 = t[k][2][l];
                            const float e3 = t[k][3][l];
                            const float e4 = t[k][4][l];
                            const float e5 = t[k][5][l];
                            v[6 * k][8 * ty + tx][4 * cv + l] = -5.0f * e2 + (4.0f * e0 + e4);
                            v[6 * k + 1][8 * ty + tx][4 * cv + l] = -4.0f * e2
                                + (-4.0f * e1 + (e3 + e4));
                            v[6 * k + 2][8 * ty + tx][4 * cv + l] = -4.0f * e2 + (4.0f * e1 + e4)
                                - e3;
                            v[6 * k + 3][8 * ty + tx][4 * cv + l] = 2.0f * e3
                                + (-2.0f * e1 + e4 - e2);
                            v[6 * k + 4][8 * ty + tx][4 * cv + l] = -2.0f * e3
                                + (2.0f * e1 + e4 - e2);
                            v[6 * k + 5][8 * ty + tx][4 * cv + l] = -5.0f * e3 + (4.0f * e1 + e5);
                        }
                    }
                }
            }
        }
        for (int f = 0; f < 36; f++) {
            for (int ot = 0; ot < 6; ot++) {
                for (int t = 0; t < 4; t++) {
                    float acc[4][4];
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = 0.0f;
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = v[f][4 * t + m][c] * u[f][ot / 4][c][4 * (ot % 4) + l]
                                    + acc[m][l];
                        }
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            p[f][4 * t + m][4 * ot + l] = acc[m][l];
                    }
                }
            }
        }
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 8; tx++) {
                for (int cv = 0; cv < 6; cv++) {
                    float s[4][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = p[j][8 * ty + tx][4 * cv + l];
                            const float d1 = p[j + 6][8 * ty + tx][4 * cv + l];
                            const float d2 = p[j + 12][8 * ty + tx][4 * cv + l];
                            const float d3 = p[j + 18][8 * ty + tx][4 * cv + l];
                            const float d4 = p[j + 24][8 * ty + tx][4 * cv + l];
                            const float d5 = p[j + 30][8 * ty + tx][4 * cv + l];
                            s[0][j][l] = d0 + d1 + d2 + d3 + d4;
                            s[1][j][l] = -2.0f * d4 + (2.0f * d3 + (d1 - d2));
                            s[2][j][l] = 4.0f * d4 + (4.0f * d3 + (d1 + d2));
                            s[3][j][l] = -8.0f * d4 + (8.0f * d3 + (d1 + d5 - d2));
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 4; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = s[k][0][l];
                            const float e1 = s[k][1][l];
                            const float e2 = s[k][2][l];
                            const float e3 = s[k][3][l];
                            const float e4 = s[k][4][l];
                            const float e5 = s[k][5][l];
                            y[8 * tb + 4 * ty + k][4 * tx][4 * cv + l] = e0 + e1 + e2 + e3 + e4
                                + b[0][cv / 4][4 * (cv % 4) + l];
                            y[8 * tb + 4 * ty + k][4 * tx + 1][4 * cv + l] = -2.0f * e4
                                + (2.0f * e3 + (e1 - e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                            y[8 * tb + 4 * ty + k][4 * tx + 2][4 * cv + l] = 4.0f * e4
                                + (4.0f * e3 + (e1 + e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                            y[8 * tb + 4 * ty + k][4 * tx + 3][4 * cv + l] = -8.0f * e4
                                + (8.0f * e3 + (e1 + e5 - e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                        }
                    }
                }
            }
        }
    }
}

KILN_ALONE
static void conv1x1_s2_48x64x16_24x32x24_residual_relu(const float (*x)[64][16],
    const float (*r)[32][24], const float (*w)[2][1][1][16][16], const float (*b)[2][16],
    float (*y)[32][24])
{
    for (int ot = 0; ot < 6; ot++) {
        for (int oy = 0; oy < 24; oy++) {
            for (int t = 0; t < 8; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int c = 0; c < 16; c++) {
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[2 * oy][8 * t + 2 * m][c]
                                * w[0][ot / 4][0][0][c][4 * (ot % 4) + l] + acc[m][l];
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m][4 * ot + l] =
                            kiln_max(acc[m][l] + r[oy][4 * t + m][4 * ot + l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void winograd4x4_p1_1_24x32x24_24x32x24_relu(const float (*x)[32][24],
    const float (*u)[2][24][16], const float (*b)[2][16], float (*y)[32][24], float (*v)[16][24],
    float (*p)[16][32])
{
    for (int tb = 0; tb < 3; tb++) {
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 8; tx++) {
                for (int cv = 0; cv < 6; cv++) {
                    float t[6][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = -1 < 8 * tb + 4 * ty - 1 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty - 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d1 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d2 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d3 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 2][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d4 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 3][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d5 = 8 * tb + 4 * ty + 4 < 24 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 4][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            t[0][j][l] = -5.0f * d2 + (4.0f * d0 + d4);
                            t[1][j][l] = -4.0f * d2 + (-4.0f * d1 + (d3 + d4));
                            t[2][j][l] = -4.0f * d2 + (4.0f * d1 + d4) - d3;
                            t[3][j][l] = 2.0f * d3 + (-2.0f * d1 + d4 - d2);
                            t[4][j][l] = -2.0f * d3 + (2.0f * d1 + d4 - d2);
                            t[5][j][l] = -5.0f * d3 + (4.0f * d1 + d5);
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 6; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = t[k][0][l];
                            const float e1 = t[k][1][l];
                            const float e2 = t[k][2][l];
                            const float e3 = t[k][3][l];
                            const float e4 = t[k][4][l];
                            const float e5 = t[k][5][l];
                            v[6 * k][8 * ty + tx][4 * cv + l] = -5.0f * e2 + (4.0f * e0 + e4);
                            v[6 * k + 1][8 * ty + tx][4 * cv + l] = -4.0f * e2
                                + (-4.0f * e1 + (e3 + e4));
                            v[6 * k + 2][8 * ty + tx][4 * cv + l] = -4.0f * e2 + (4.0f * e1 + e4)
                                - e3;
                            v[6 * k + 3][8 * ty + tx][4 * cv + l] = 2.0f * e3
                                + (-2.0f * e1 + e4 - e2);
                            v[6 * k + 4][8 * ty + tx][4 * cv + l] = -2.0f * e3
                                + (2.0f * e1 + e4 - e2);
                            v[6 * k + 5][8 * ty + tx][4 * cv + l] = -5.0f * e3 + (4.0f * e1 + e5);
                        }
                    }
                }
            }
        }
        for (int f = 0; f < 36; f++) {
            for (int ot = 0; ot < 6; ot++) {
                for (int t = 0; t < 4; t++) {
                    float acc[4][4];
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = 0.0f;
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = v[f][4 * t + m][c] * u[f][ot / 4][c][4 * (ot % 4) + l]
                                    + acc[m][l];
                        }
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            p[f][4 * t + m][4 * ot + l] = acc[m][l];
                    }
                }
            }
        }
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 8; tx++) {
                for (int cv = 0; cv < 6; cv++) {
                    float s[4][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = p[j][8 * ty + tx][4 * cv + l];
                            const float d1 = p[j + 6][8 * ty + tx][4 * cv + l];
                            const float d2 = p[j + 12][8 * ty + tx][4 * cv + l];
                            const float d3 = p[j + 18][8 * ty + tx][4 * cv + l];
                            const float d4 = p[j + 24][8 * ty + tx][4 * cv + l];
                            const float d5 = p[j + 30][8 * ty + tx][4 * cv + l];
                            s[0][j][l] = d0 + d1 + d2 + d3 + d4;
                            s[1][j][l] = -2.0f * d4 + (2.0f * d3 + (d1 - d2));
                            s[2][j][l] = 4.0f * d4 + (4.0f * d3 + (d1 + d2));
                            s[3][j][l] = -8.0f * d4 + (8.0f * d3 + (d1 + d5 - d2));
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 4; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = s[k][0][l];
                            const float e1 = s[k][1][l];
                            const float e2 = s[k][2][l];
                            const float e3 = s[k][3][l];
                            const float e4 = s[k][4][l];
                            const float e5 = s[k][5][l];
                            y[8 * tb + 4 * ty + k][4 * tx][4 * cv + l] = kiln_max(e0 + e1 + e2 + e3
                                + e4 + b[0][cv / 4][4 * (cv % 4) + l], 0.0f);
                            y[8 * tb + 4 * ty + k][4 * tx + 1][4 * cv + l] = kiln_max(-2.0f * e4
                                + (2.0f * e3 + (e1 - e2)) + b[0][cv / 4][4 * (cv % 4) + l], 0.0f);
                            y[8 * tb + 4 * ty + k][4 * tx + 2][4 * cv + l] = kiln_max(4.0f * e4
                                + (4.0f * e3 + (e1 + e2)) + b[0][cv / 4][4 * (cv % 4) + l], 0.0f);
                            y[8 * tb + 4 * ty + k][4 * tx + 3][4 * cv + l] = kiln_max(-8.0f * e4
                                + (8.0f * e3 + (e1 + e5 - e2)) + b[0][cv / 4][4 * (cv % 4) + l],
                                0.0f);
                        }
                    }
                }
            }
        }
    }
}

KILN_ALONE
static void winograd4x4_p1_1_24x32x24_24x32x24_residual_relu(const float (*x)[32][24],
    const float (*r)[32][24], const float (*u)[2][24][16], const float (*b)[2][16],
    float (*y)[32][24], float (*v)[16][24], float (*p)[16][32])
{
    for (int tb = 0; tb < 3; tb++) {
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 8; tx++) {
                for (int cv = 0; cv < 6; cv++) {
                    float t[6][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = -1 < 8 * tb + 4 * ty - 1 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty - 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d1 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d2 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d3 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 2][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d4 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 3][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d5 = 8 * tb + 4 * ty + 4 < 24 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 32
                                ? x[8 * tb + 4 * ty + 4][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            t[0][j][l] = -5.0f * d2 + (4.0f * d0 + d4);
                            t[1][j][l] = -4.0f * d2 + (-4.0f * d1 + (d3 + d4));
                            t[2][j][l] = -4.0f * d2 + (4.0f * d1 + d4) - d3;
                            t[3][j][l] = 2.0f * d3 + (-2.0f * d1 + d4 - d2);
                            t[4][j][l] = -2.0f * d3 + (2.0f * d1 + d4 - d2);
                            t[5][j][l] = -5.0f * d3 + (4.0f * d1 + d5);
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 6; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = t[k][0][l];
                            const float e1 = t[k][1][l];
                            const float e2 = t[k][2][l];
                            const float e3 = t[k][3][l];
                            const float e4 = t[k][4][l];
                            const float e5 = t[k][5][l];
                            v[6 * k][8 * ty + tx][4 * cv + l] = -5.0f * e2 + (4.0f * e0 + e4);
                            v[6 * k + 1][8 * ty + tx][4 * cv + l] = -4.0f * e2
                                + (-4.0f * e1 + (e3 + e4));
                            v[6 * k + 2][8 * ty + tx][4 * cv + l] = -4.0f * e2 + (4.0f * e1 + e4)
                                - e3;
                            v[6 * k + 3][8 * ty + tx][4 * cv + l] = 2.0f * e3
                                + (-2.0f * e1 + e4 - e2);
                            v[6 * k + 4][8 * ty + tx][4 * cv + l] = -2.0f * e3
                                + (2.0f * e1 + e4 - e2);
                            v[6 * k + 5][8 * ty + tx][4 * cv + l] = -5.0f * e3 + (4.0f * e1 + e5);
                        }
                    }
                }
            }
        }
        for (int f = 0; f < 36; f++) {
            for (int ot = 0; ot < 6; ot++) {
                for (int t = 0; t < 4; t++) {
                    float acc[4][4];
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = 0.0f;
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = v[f][4 * t + m][c] * u[f][ot / 4][c][4 * (ot % 4) + l]
                                    + acc[m][l];
                        }
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            p[f][4 * t + m][4 * ot + l] = acc[m][l];
                    }
                }
            }
        }
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 8; tx++) {
                for (int cv = 0; cv < 6; cv++) {
                    float s[4][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = p[j][8 * ty + tx][4 * cv + l];
                            const float d1 = p[j + 6][8 * ty + tx][4 * cv + l];
                            const float d2 = p[j + 12][8 * ty + tx][4 * cv + l];
                            const float d3 = p[j + 18][8 * ty + tx][4 * cv + l];
                            const float d4 = p[j + 24][8 * ty + tx][4 * cv + l];
                            const float d5 = p[j + 30][8 * ty + tx][4 * cv + l];
                            s[0][j][l] = d0 + d1 + d2 + d3 + d4;
                            s[1][j][l] = -2.0f * d4 + (2.0f * d3 + (d1 - d2));
                            s[2][j][l] = 4.0f * d4 + (4.0f * d3 + (d1 + d2));
                            s[3][j][l] = -8.0f * d4 + (8.0f * d3 + (d1 + d5 - d2));
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 4; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = s[k][0][l];
                            const float e1 = s[k][1][l];
                            const float e2 = s[k][2][l];
                            const float e3 = s[k][3][l];
                            const float e4 = s[k][4][l];
                            const float e5 = s[k][5][l];
                            y[8 * tb + 4 * ty + k][4 * tx][4 * cv + l] = kiln_max(e0 + e1 + e2 + e3
                                + e4 + b[0][cv / 4][4 * (cv % 4) + l]
                                + r[8 * tb + 4 * ty + k][4 * tx][4 * cv + l], 0.0f);
                            y[8 * tb + 4 * ty + k][4 * tx + 1][4 * cv + l] = kiln_max(-2.0f * e4
                                + (2.0f * e3 + (e1 - e2)) + b[0][cv / 4][4 * (cv % 4) + l]
                                + r[8 * tb + 4 * ty + k][4 * tx + 1][4 * cv + l], 0.0f);
                            y[8 * tb + 4 * ty + k][4 * tx + 2][4 * cv + l] = kiln_max(4.0f * e4
                                + (4.0f * e3 + (e1 + e2)) + b[0][cv / 4][4 * (cv % 4) + l]
                                + r[8 * tb + 4 * ty + k][4 * tx + 2][4 * cv + l], 0.0f);
                            y[8 * tb + 4 * ty + k][4 * tx + 3][4 * cv + l] = kiln_max(-8.0f * e4
                                + (8.0f * e3 + (e1 + e5 - e2)) + b[0][cv / 4][4 * (cv % 4) + l]
                                + r[8 * tb + 4 * ty + k][4 * tx + 3][4 * cv + l], 0.0f);
                        }
                    }
                }
            }
        }
    }
}

KILN_ALONE
static void conv3x3_s2_24x32x24_12x16x48_relu(const float (*x)[32][24],
    const float (*w)[3][3][3][24][16], const float (*b)[3][16], float (*y)[16][48])
{
    for (int ot = 0; ot < 12; ot++) {
        for (int oy = 0; oy < 12; oy++) {
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
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
            for (int t = 0; t < 3; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 24; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[2 * oy + ky - 1][8 * t + 2 * m + kx + 7][c]
                                        * w[0][ot / 4][ky][kx][c][4 * (ot % 4) + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m + 4][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void winograd4x4_p1_1_12x16x48_12x16x48(const float (*x)[16][48],
    const float (*u)[3][48][16], const float (*b)[3][16], float (*y)[16][48], float (*v)[8][48],
    float (*p)[8][48])
{
    for (int tb = 0; tb < 2; tb++) {
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 4; tx++) {
                for (int cv = 0; cv < 12; cv++) {
                    float t[6][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = -1 < 8 * tb + 4 * ty - 1 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 16
                                ? x[8 * tb + 4 * ty - 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d1 = 8 * tb + 4 * ty < 12 && -1 < 4 * tx + j - 1 && 4 * tx
                                + j - 1 < 16 ? x[8 * tb + 4 * ty][4 * tx + j - 1][4 * cv + l]
                                : 0.0f;
                            const float d2 = 8 * tb + 4 * ty + 1 < 12 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 16
                                ? x[8 * tb + 4 * ty + 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d3 = 8 * tb + 4 * ty + 2 < 12 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 16
                                ? x[8 * tb + 4 * ty + 2][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d4 = 8 * tb + 4 * ty + 3 < 12 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 16
                                ? x[8 * tb + 4 * ty + 3][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            const float d5 = 8 * tb + 4 * ty + 4 < 12 && -1 < 4 * tx + j - 1 && 4
                                * tx + j - 1 < 16
                                ? x[8 * tb + 4 * ty + 4][4 * tx + j - 1][4 * cv + l] : 0.0f;
                            t[0][j][l] = -5.0f * d2 + (4.0f * d0 + d4);
                            t[1][j][l] = -4.0f * d2 + (-4.0f * d1 + (d3 + d4));
                            t[2][j][l] = -4.0f * d2 + (4.0f * d1 + d4) - d3;
                            t[3][j][l] = 2.0f * d3 + (-2.0f * d1 + d4 - d2);
                            t[4][j][l] = -2.0f * d3 + (2.0f * d1 + d4 - d2);
                            t[5][j][l] = -5.0f * d3 + (4.0f * d1 + d5);
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < 6; k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = t[k][0][l];
                            const float e1 = t[k][1][l];
                            const float e2 = t[k][2][l];
                            const float e3 = t[k][3][l];
                            const float e4 = t[k][4][l];
                            const float e5 = t[k][5][l];
                            v[6 * k][4 * ty + tx][4 * cv + l] = -5.0f * e2 + (4.0f * e0 + e4);
                            v[6 * k + 1][4 * ty + tx][4 * cv + l] = -4.0f * e2
                                + (-4.0f * e1 + (e3 + e4));
                            v[6 * k + 2][4 * ty + tx][4 * cv + l] = -4.0f * e2 + (4.0f * e1 + e4)
                                - e3;
                            v[6 * k + 3][4 * ty + tx][4 * cv + l] = 2.0f * e3
                                + (-2.0f * e1 + e4 - e2);
                            v[6 * k + 4][4 * ty + tx][4 * cv + l] = -2.0f * e3
                                + (2.0f * e1 + e4 - e2);
                            v[6 * k + 5][4 * ty + tx][4 * cv + l] = -5.0f * e3 + (4.0f * e1 + e5);
                        }
                    }
                }
            }
        }
        for (int f = 0; f < 36; f++) {
            for (int ot = 0; ot < 12; ot++) {
                for (int t = 0; t < 2; t++) {
                    float acc[4][4];
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = 0.0f;
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = v[f][4 * t + m][c] * u[f][ot / 4][c][4 * (ot % 4) + l]
                                    + acc[m][l];
                        }
                    }
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            p[f][4 * t + m][4 * ot + l] = acc[m][l];
                    }
                }
            }
        }
        for (int ty = 0; ty < 2; ty++) {
            for (int tx = 0; tx < 4; tx++) {
                for (int cv = 0; cv < 12; cv++) {
                    float s[4][6][4];
                    KILN_UNROLL
                    for (int j = 0; j < 6; j++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float d0 = p[j][4 * ty + tx][4 * cv + l];
                            const float d1 = p[j + 6][4 * ty + tx][4 * cv + l];
                            const float d2 = p[j + 12][4 * ty + tx][4 * cv + l];
                            const float d3 = p[j + 18][4 * ty + tx][4 * cv + l];
                            const float d4 = p[j + 24][4 * ty + tx][4 * cv + l];
                            const float d5 = p[j + 30][4 * ty + tx][4 * cv + l];
                            s[0][j][l] = d0 + d1 + d2 + d3 + d4;
                            s[1][j][l] = -2.0f * d4 + (2.0f * d3 + (d1 - d2));
                            s[2][j][l] = 4.0f * d4 + (4.0f * d3 + (d1 + d2));
                            s[3][j][l] = -8.0f * d4 + (8.0f * d3 + (d1 + d5 - d2));
                        }
                    }
                    KILN_UNROLL
                    for (int k = 0; k < kiln_min_int(4, 12 - 8 * tb - 4 * ty); k++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++) {
                            const float e0 = s[k][0][l];
                            const float e1 = s[k][1][l];
                            const float e2 = s[k][2][l];
                            const float e3 = s[k][3][l];
                            const float e4 = s[k][4][l];
                            const float e5 = s[k][5][l];
                            y[8 * tb + 4 * ty + k][4 * tx][4 * cv + l] = e0 + e1 + e2 + e3 + e4
                                + b[0][cv / 4][4 * (cv % 4) + l];
                            y[8 * tb + 4 * ty + k][4 * tx + 1][4 * cv + l] = -2.0f * e4
                                + (2.0f * e3 + (e1 - e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                            y[8 * tb + 4 * ty + k][4 * tx + 2][4 * cv + l] = 4.0f * e4
                                + (4.0f * e3 + (e1 + e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                            y[8 * tb + 4 * ty + k][4 * tx + 3][4 * cv + l] = -8.0f * e4
                                + (8.0f * e3 + (e1 + e5 - e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                        }
                    }
                }
            }
        }
    }
}

KILN_ALONE
static void conv1x1_s2_24x32x24_12x16x48_residual_relu(const float (*x)[32][24],
    const float (*r)[16][48], const float (*w)[3][1][1][24][16], const float (*b)[3][16],
    float (*y)[16][48])
{
    for (int ot = 0; ot < 12; ot++) {
        for (int oy = 0; oy < 12; oy++) {
            for (int t = 0; t < 4; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int c = 0; c < 24; c++) {
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[2 * oy][8 * t + 2 * m][c]
                                * w[0][ot / 4][0][0][c][4 * (ot % 4) + l] + acc[m][l];
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m][4 * ot + l] =
                            kiln_max(acc[m][l] + r[oy][4 * t + m][4 * ot + l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void conv3x3_s2_12x16x48_6x8x96_relu(const float (*x)[16][48],
    const float (*w)[6][3][3][48][16], const float (*b)[6][16], float (*y)[8][96])
{
    for (int ot = 0; ot < 24; ot++) {
        for (int oy = 0; oy < 6; oy++) {
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[2 * oy + ky - 1][2 * m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
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
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - 2 * oy); ky < 3; ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 48; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[2 * oy + ky - 1][2 * m + kx + 7][c]
                                        * w[0][ot / 4][ky][kx][c][4 * (ot % 4) + l] + acc[m][l];
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
static void winograd4x4_p1_1_6x8x96_6x8x96(const float (*x)[8][96], const float (*u)[6][96][16],
    const float (*b)[6][16], float (*y)[8][96], float (*v)[4][96], float (*p)[4][96])
{
    for (int ty = 0; ty < 2; ty++) {
        for (int tx = 0; tx < 2; tx++) {
            for (int cv = 0; cv < 24; cv++) {
                float t[6][6][4];
                KILN_UNROLL
                for (int j = 0; j < 6; j++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++) {
                        const float d0 = -1 < 4 * ty - 1 && -1 < 4 * tx + j - 1 && 4 * tx + j - 1
                            < 8 ? x[4 * ty - 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                        const float d1 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 8
                            ? x[4 * ty][4 * tx + j - 1][4 * cv + l] : 0.0f;
                        const float d2 = -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 8
                            ? x[4 * ty + 1][4 * tx + j - 1][4 * cv + l] : 0.0f;
                        const float d3 = 4 * ty + 2 < 6 && -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 8
                            ? x[4 * ty + 2][4 * tx + j - 1][4 * cv + l] : 0.0f;
                        const float d4 = 4 * ty + 3 < 6 && -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 8
                            ? x[4 * ty + 3][4 * tx + j - 1][4 * cv + l] : 0.0f;
                        const float d5 = 4 * ty + 4 < 6 && -1 < 4 * tx + j - 1 && 4 * tx + j - 1 < 8
                            ? x[4 * ty + 4][4 * tx + j - 1][4 * cv + l] : 0.0f;
                        t[0][j][l] = -5.0f * d2 + (4.0f * d0 + d4);
                        t[1][j][l] = -4.0f * d2 + (-4.0f * d1 + (d3 + d4));
                        t[2][j][l] = -4.0f * d2 + (4.0f * d1 + d4) - d3;
                        t[3][j][l] = 2.0f * d3 + (-2.0f * d1 + d4 - d2);
                        t[4][j][l] = -2.0f * d3 + (2.0f * d1 + d4 - d2);
                        t[5][j][l] = -5.0f * d3 + (4.0f * d1 + d5);
                    }
                }
                KILN_UNROLL
                for (int k = 0; k < 6; k++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++) {
                        const float e0 = t[k][0][l];
                        const float e1 = t[k][1][l];
                        const float e2 = t[k][2][l];
                        const float e3 = t[k][3][l];
                        const float e4 = t[k][4][l];
                        const float e5 = t[k][5][l];
                        v[6 * k][2 * ty + tx][4 * cv + l] = -5.0f * e2 + (4.0f * e0 + e4);
                        v[6 * k + 1][2 * ty + tx][4 * cv + l] = -4.0f * e2
                            + (-4.0f * e1 + (e3 + e4));
                        v[6 * k + 2][2 * ty + tx][4 * cv + l] = -4.0f * e2 + (4.0f * e1 + e4) - e3;
                        v[6 * k + 3][2 * ty + tx][4 * cv + l] = 2.0f * e3 + (-2.0f * e1 + e4 - e2);
                        v[6 * k + 4][2 * ty + tx][4 * cv + l] = -2.0f * e3 + (2.0f * e1 + e4 - e2);
                        v[6 * k + 5][2 * ty + tx][4 * cv + l] = -5.0f * e3 + (4.0f * e1 + e5);
                    }
                }
            }
        }
    }
    for (int f = 0; f < 36; f++) {
        for (int ot = 0; ot < 24; ot++) {
            float acc[4][4];
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    acc[m][l] = 0.0f;
            }
            for (int c = 0; c < 96; c++) {
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = v[f][m][c] * u[f][ot / 4][c][4 * (ot % 4) + l] + acc[m][l];
                }
            }
            KILN_UNROLL
            for (int m = 0; m < 4; m++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    p[f][m][4 * ot + l] = acc[m][l];
            }
        }
    }
    for (int ty = 0; ty < 2; ty++) {
        for (int tx = 0; tx < 2; tx++) {
            for (int cv = 0; cv < 24; cv++) {
                float s[4][6][4];
                KILN_UNROLL
                for (int j = 0; j < 6; j++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++) {
                        const float d0 = p[j][2 * ty + tx][4 * cv + l];
                        const float d1 = p[j + 6][2 * ty + tx][4 * cv + l];
                        const float d2 = p[j + 12][2 * ty + tx][4 * cv + l];
                        const float d3 = p[j + 18][2 * ty + tx][4 * cv + l];
                        const float d4 = p[j + 24][2 * ty + tx][4 * cv + l];
                        const float d5 = p[j + 30][2 * ty + tx][4 * cv + l];
                        s[0][j][l] = d0 + d1 + d2 + d3 + d4;
                        s[1][j][l] = -2.0f * d4 + (2.0f * d3 + (d1 - d2));
                        s[2][j][l] = 4.0f * d4 + (4.0f * d3 + (d1 + d2));
                        s[3][j][l] = -8.0f * d4 + (8.0f * d3 + (d1 + d5 - d2));
                    }
                }
                KILN_UNROLL
                for (int k = 0; k < kiln_min_int(4, 6 - 4 * ty); k++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++) {
                        const float e0 = s[k][0][l];
                        const float e1 = s[k][1][l];
                        const float e2 = s[k][2][l];
                        const float e3 = s[k][3][l];
                        const float e4 = s[k][4][l];
                        const float e5 = s[k][5][l];
                        y[4 * ty + k][4 * tx][4 * cv + l] = e0 + e1 + e2 + e3 + e4
                            + b[0][cv / 4][4 * (cv % 4) + l];
                        y[4 * ty + k][4 * tx + 1][4 * cv + l] = -2.0f * e4 + (2.0f * e3 + (e1 - e2))
                            + b[0][cv / 4][4 * (cv % 4) + l];
                        y[4 * ty + k][4 * tx + 2][4 * cv + l] = 4.0f * e4 + (4.0f * e3 + (e1 + e2))
                            + b[0][cv / 4][4 * (cv % 4) + l];
                        y[4 * ty + k][4 * tx + 3][4 * cv + l] = -8.0f * e4
                            + (8.0f * e3 + (e1 + e5 - e2)) + b[0][cv / 4][4 * (cv % 4) + l];
                    }
                }
            }
        }
    }
}

KILN_ALONE
static void conv1x1_s2_12x16x48_6x8x96_residual_relu(const float (*x)[16][48],
    const float (*r)[8][96], const float (*w)[6][1][1][48][16], const float (*b)[6][16],
    float (*y)[8][96])
{
    for (int ot = 0; ot < 24; ot++) {
        for (int oy = 0; oy < 6; oy++) {
            for (int t = 0; t < 2; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int c = 0; c < 48; c++) {
                    KILN_UNROLL
                    for (int m = 0; m < 4; m++) {
                        KILN_LANES
                        for (int l = 0; l < 4; l++)
                            acc[m][l] = x[2 * oy][8 * t + 2 * m][c]
                                * w[0][ot / 4][0][0][c][4 * (ot % 4) + l] + acc[m][l];
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m][4 * ot + l] =
                            kiln_max(acc[m][l] + r[oy][4 * t + m][4 * ot + l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void global_avg_pool_1x48x96_1x1x96(const float (*x)[48][96], float (*y)[1][96])
{
    for (int cv = 0; cv < 24; cv++) {
        float part[16][4];
        for (int j = 0; j < 16; j++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[j][l] = 0.0f;
        }
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 16; j++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    part[j][l] = part[j][l] + x[0][16 * i + j][4 * cv + l];
            }
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
            y[0][0][4 * cv + l] = part[0][l] / 48.0f;
    }
}

KILN_ALONE
static void dense_1x1x96_1x1x12(const float (*x)[1][96], const float (*w)[1][1][1][96][16],
    const float (*b)[1][16], float (*y)[1][12])
{
    float acc[3][4];
    KILN_UNROLL
    for (int n = 0; n < 3; n++) {
        KILN_LANES
        for (int l = 0; l < 4; l++)
            acc[n][l] = b[0][0][4 * n + l];
    }
    for (int c = 0; c < 96; c++) {
        KILN_UNROLL
        for (int n = 0; n < 3; n++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                acc[n][l] = x[0][0][c] * w[0][0][0][0][c][4 * n + l] + acc[n][l];
        }
    }
    KILN_UNROLL
    for (int n = 0; n < 3; n++) {
        KILN_LANES
        for (int l = 0; l < 4; l++)
            y[0][0][4 * n + l] = acc[n][l];
    }
}

void aluminium_run(const aluminium_input_t *input, aluminium_output_t *output,
    void *memory KILN_TRACE_PARAMETER)
{
    float *const arena = memory;

    /* conv1: conv2d 3x3 stride 2 pad 1, relu, 96x128x3 -> 48x64x16; 1.327 M MACs; tile 4 pixels
     * x 4 channels */
    conv3x3_s2_96x128x3_48x64x16_relu((const float (*)[128][3])(const void *)input,
        aluminium_conv1_weight, aluminium_conv1_bias, (float (*)[64][16])(void *)arena);
    KILN_TRACE_NODE(3, arena);

    /* layer1.0.conv1: conv2d 3x3 stride 2 pad 1, relu, 48x64x16 -> 24x32x24; 2.654 M MACs; tile
     * 4 pixels x 4 channels */
    conv3x3_s2_48x64x16_24x32x24_relu((const float (*)[64][16])(void *)arena,
        aluminium_layer1_0_conv1_weight, aluminium_layer1_0_conv1_bias,
        (float (*)[32][24])(void *)(arena + 81408));
    KILN_TRACE_NODE(6, arena + 81408);

    /* layer1.0.conv2: conv2d 3x3 stride 1 pad 1 by Winograd F(4x4, 3x3), 24x32x24 -> 24x32x24;
     * 3.981 M MACs; tile 4 pixels x 4 channels */
    winograd4x4_p1_1_24x32x24_24x32x24((const float (*)[32][24])(void *)(arena + 81408),
        aluminium_layer1_0_conv2_weight, aluminium_layer1_0_conv2_bias,
        (float (*)[32][24])(void *)(arena + 99840), (float (*)[16][24])(void *)(arena + 49152),
        (float (*)[16][32])(void *)(arena + 62976));
    KILN_TRACE_NODE(8, arena + 99840);

    /* layer1.0.downsample.0: conv2d 1x1 stride 2 pad 0, residual, relu, 48x64x16 -> 24x32x24;
     * 294.9 k MACs; tile 4 pixels x 4 channels */
    conv1x1_s2_48x64x16_24x32x24_residual_relu((const float (*)[64][16])(void *)arena,
        (const float (*)[32][24])(void *)(arena + 99840), aluminium_layer1_0_downsample_0_weight,
        aluminium_layer1_0_downsample_0_bias, (float (*)[32][24])(void *)(arena + 99840));
    KILN_TRACE_NODE(12, arena + 99840);

    /* layer1.1.conv1: conv2d 3x3 stride 1 pad 1 by Winograd F(4x4, 3x3), relu, 24x32x24 ->
     * 24x32x24; 3.981 M MACs; tile 4 pixels x 4 channels */
    winograd4x4_p1_1_24x32x24_24x32x24_relu((const float (*)[32][24])(void *)(arena + 99840),
        aluminium_layer1_1_conv1_weight, aluminium_layer1_1_conv1_bias,
        (float (*)[32][24])(void *)(arena + 32256), (float (*)[16][24])(void *)arena,
        (float (*)[16][32])(void *)(arena + 13824));
    KILN_TRACE_NODE(15, arena + 32256);

    /* layer1.1.conv2: conv2d 3x3 stride 1 pad 1 by Winograd F(4x4, 3x3), residual, relu,
     * 24x32x24 -> 24x32x24; 3.981 M MACs; tile 4 pixels x 4 channels */
    winograd4x4_p1_1_24x32x24_24x32x24_residual_relu(
        (const float (*)[32][24])(void *)(arena + 32256),
        (const float (*)[32][24])(void *)(arena + 99840), aluminium_layer1_1_conv2_weight,
        aluminium_layer1_1_conv2_bias, (float (*)[32][24])(void *)(arena + 99840),
        (float (*)[16][24])(void *)arena, (float (*)[16][32])(void *)(arena + 13824));
    KILN_TRACE_NODE(19, arena + 99840);

    /* layer2.0.conv1: conv2d 3x3 stride 2 pad 1, relu, 24x32x24 -> 12x16x48; 1.991 M MACs; tile
     * 4 pixels x 4 channels */
    conv3x3_s2_24x32x24_12x16x48_relu((const float (*)[32][24])(void *)(arena + 99840),
        aluminium_layer2_0_conv1_weight, aluminium_layer2_0_conv1_bias,
        (float (*)[16][48])(void *)(arena + 27648));
    KILN_TRACE_NODE(22, arena + 27648);

    /* layer2.0.conv2: conv2d 3x3 stride 1 pad 1 by Winograd F(4x4, 3x3), 12x16x48 -> 12x16x48;
     * 3.981 M MACs; tile 4 pixels x 4 channels */
    winograd4x4_p1_1_12x16x48_12x16x48((const float (*)[16][48])(void *)(arena + 27648),
        aluminium_layer2_0_conv2_weight.f, aluminium_layer2_0_conv2_bias,
        (float (*)[16][48])(void *)(arena + 36864), (float (*)[8][48])(void *)arena,
        (float (*)[8][48])(void *)(arena + 13824));
    KILN_TRACE_NODE(24, arena + 36864);

    /* layer2.0.downsample.0: conv2d 1x1 stride 2 pad 0, residual, relu, 24x32x24 -> 12x16x48;
     * 221.2 k MACs; tile 4 pixels x 4 channels */
    conv1x1_s2_24x32x24_12x16x48_residual_relu((const float (*)[32][24])(void *)(arena + 99840),
        (const float (*)[16][48])(void *)(arena + 36864), aluminium_layer2_0_downsample_0_weight,
        aluminium_layer2_0_downsample_0_bias, (float (*)[16][48])(void *)(arena + 36864));
    KILN_TRACE_NODE(28, arena + 36864);

    /* layer3.0.conv1: conv2d 3x3 stride 2 pad 1, relu, 12x16x48 -> 6x8x96; 1.991 M MACs; tile 4
     * pixels x 4 channels */
    conv3x3_s2_12x16x48_6x8x96_relu((const float (*)[16][48])(void *)(arena + 36864),
        aluminium_layer3_0_conv1_weight, aluminium_layer3_0_conv1_bias,
        (float (*)[8][96])(void *)(arena + 27648));
    KILN_TRACE_NODE(31, arena + 27648);

    /* layer3.0.conv2: conv2d 3x3 stride 1 pad 1 by Winograd F(4x4, 3x3), 6x8x96 -> 6x8x96;
     * 3.981 M MACs; tile 4 pixels x 4 channels */
    winograd4x4_p1_1_6x8x96_6x8x96((const float (*)[8][96])(void *)(arena + 27648),
        aluminium_layer3_0_conv2_weight.f, aluminium_layer3_0_conv2_bias,
        (float (*)[8][96])(void *)(arena + 32256), (float (*)[4][96])(void *)arena,
        (float (*)[4][96])(void *)(arena + 13824));
    KILN_TRACE_NODE(33, arena + 32256);

    /* layer3.0.downsample.0: conv2d 1x1 stride 2 pad 0, residual, relu, 12x16x48 -> 6x8x96;
     * 221.2 k MACs; tile 4 pixels x 4 channels */
    conv1x1_s2_12x16x48_6x8x96_residual_relu((const float (*)[16][48])(void *)(arena + 36864),
        (const float (*)[8][96])(void *)(arena + 32256), aluminium_layer3_0_downsample_0_weight,
        aluminium_layer3_0_downsample_0_bias, (float (*)[8][96])(void *)(arena + 32256));
    KILN_TRACE_NODE(37, arena + 32256);

    /* global_avg_pool: global_avg_pool, 6x8x96 -> 96 */
    global_avg_pool_1x48x96_1x1x96((const float (*)[48][96])(void *)(arena + 32256),
        (float (*)[1][96])(void *)arena);
    KILN_TRACE_NODE(38, arena);

    /* fc: dense, 96 -> 12; 1.152 k MACs; tile 1 pixel x 12 channels */
    dense_1x1x96_1x1x12((const float (*)[1][96])(void *)arena, aluminium_fc_weight,
        aluminium_fc_bias, (float (*)[1][12])(void *)output);
    KILN_TRACE_NODE(39, output);
}
