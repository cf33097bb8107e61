/* aluminium for c99, made by kiln. 28.61 M multiply-accumulates, 758912 bytes of weights,
 * 344064 bytes of scratch.
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
static void conv3x3_s1_24x32x24_24x32x24(const float (*x)[32][24],
    const float (*w)[2][3][3][24][16], const float (*b)[2][16], float (*y)[32][24])
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
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
            for (int t = 0; t < 6; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 24; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[oy + ky - 1][4 * t + m + kx + 3][c]
                                        * w[0][ot / 4][ky][kx][c][4 * (ot % 4) + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m + 4][4 * ot + l] = acc[m][l];
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 27][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 28][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 3; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 29][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 28][4 * ot + l] = acc[m][l];
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
                        acc[m][l] = acc[m][l] + r[oy][4 * t + m][4 * ot + l];
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void conv3x3_s1_24x32x24_24x32x24_relu(const float (*x)[32][24],
    const float (*w)[2][3][3][24][16], const float (*b)[2][16], float (*y)[32][24])
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 1][c]
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
            for (int t = 0; t < 6; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 24; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[oy + ky - 1][4 * t + m + kx + 3][c]
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
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 27][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 28][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 3; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 29][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 28][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
        }
    }
}

KILN_ALONE
static void conv3x3_s1_24x32x24_24x32x24_residual_relu(const float (*x)[32][24],
    const float (*r)[32][24], const float (*w)[2][3][3][24][16], const float (*b)[2][16],
    float (*y)[32][24])
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = acc[m][l] + r[oy][m][4 * ot + l];
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
                }
            }
            for (int t = 0; t < 6; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 24; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[oy + ky - 1][4 * t + m + kx + 3][c]
                                        * w[0][ot / 4][ky][kx][c][4 * (ot % 4) + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = acc[m][l] + r[oy][4 * t + m + 4][4 * ot + l];
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m + 4][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 25 - oy); ky++) {
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 27][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 28][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 24; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 3; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 29][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = acc[m][l] + r[oy][m + 28][4 * ot + l];
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 28][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
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
static void conv3x3_s1_12x16x48_12x16x48(const float (*x)[16][48],
    const float (*w)[3][3][3][48][16], const float (*b)[3][16], float (*y)[16][48])
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 13 - oy); ky++) {
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
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
            for (int t = 0; t < 2; t++) {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 13 - oy); ky++) {
                    for (int kx = 0; kx < 3; kx++) {
                        for (int c = 0; c < 48; c++) {
                            KILN_UNROLL
                            for (int m = 0; m < 4; m++) {
                                KILN_LANES
                                for (int l = 0; l < 4; l++)
                                    acc[m][l] = x[oy + ky - 1][4 * t + m + kx + 3][c]
                                        * w[0][ot / 4][ky][kx][c][4 * (ot % 4) + l] + acc[m][l];
                            }
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m + 4][4 * ot + l] = acc[m][l];
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 13 - oy); ky++) {
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 11][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 12][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 48; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 3; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 13][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 12][4 * ot + l] = acc[m][l];
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
                        acc[m][l] = acc[m][l] + r[oy][4 * t + m][4 * ot + l];
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
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
static void conv3x3_s1_6x8x96_6x8x96(const float (*x)[8][96], const float (*w)[6][3][3][96][16],
    const float (*b)[6][16], float (*y)[8][96])
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
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 7 - oy); ky++) {
                    for (int c = 0; c < 96; c++) {
                        KILN_UNROLL
                        for (int m = 1; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m - 1][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 96; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 96; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 1][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
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
            {
                float acc[4][4];
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        acc[m][l] = b[0][ot / 4][4 * (ot % 4) + l];
                }
                for (int ky = kiln_max_int(0, 1 - oy); ky < kiln_min_int(3, 7 - oy); ky++) {
                    for (int c = 0; c < 96; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 3][c]
                                    * w[0][ot / 4][ky][0][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 96; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 4; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 4][c]
                                    * w[0][ot / 4][ky][1][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                    for (int c = 0; c < 96; c++) {
                        KILN_UNROLL
                        for (int m = 0; m < 3; m++) {
                            KILN_LANES
                            for (int l = 0; l < 4; l++)
                                acc[m][l] = x[oy + ky - 1][m + 5][c]
                                    * w[0][ot / 4][ky][2][c][4 * (ot % 4) + l] + acc[m][l];
                        }
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][m + 4][4 * ot + l] = acc[m][l];
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
                        acc[m][l] = acc[m][l] + r[oy][4 * t + m][4 * ot + l];
                }
                KILN_UNROLL
                for (int m = 0; m < 4; m++) {
                    KILN_LANES
                    for (int l = 0; l < 4; l++)
                        y[oy][4 * t + m][4 * ot + l] = kiln_max(acc[m][l], 0.0f);
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
    {
        float part[3][4];
        KILN_UNROLL
        for (int n = 0; n < 3; n++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[n][l] = 0.0f;
        }
        for (int c = 0; c < 64; c++) {
            KILN_UNROLL
            for (int n = 0; n < 3; n++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    part[n][l] = x[0][0][c] * w[0][0][0][0][c][4 * n + l] + part[n][l];
            }
        }
        KILN_UNROLL
        for (int n = 0; n < 3; n++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                acc[n][l] = acc[n][l] + part[n][l];
        }
    }
    {
        float part[3][4];
        KILN_UNROLL
        for (int n = 0; n < 3; n++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                part[n][l] = 0.0f;
        }
        for (int c = 0; c < 32; c++) {
            KILN_UNROLL
            for (int n = 0; n < 3; n++) {
                KILN_LANES
                for (int l = 0; l < 4; l++)
                    part[n][l] = x[0][0][c + 64] * w[0][0][0][0][c + 64][4 * n + l] + part[n][l];
            }
        }
        KILN_UNROLL
        for (int n = 0; n < 3; n++) {
            KILN_LANES
            for (int l = 0; l < 4; l++)
                acc[n][l] = acc[n][l] + part[n][l];
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
        (float (*)[32][24])(void *)(arena + 49152));
    KILN_TRACE_NODE(6, arena + 49152);

    /* layer1.0.conv2: conv2d 3x3 stride 1 pad 1, 24x32x24 -> 24x32x24; 3.981 M MACs; tile 4
     * pixels x 4 channels */
    conv3x3_s1_24x32x24_24x32x24((const float (*)[32][24])(void *)(arena + 49152),
        aluminium_layer1_0_conv2_weight, aluminium_layer1_0_conv2_bias,
        (float (*)[32][24])(void *)(arena + 67584));
    KILN_TRACE_NODE(8, arena + 67584);

    /* layer1.0.downsample.0: conv2d 1x1 stride 2 pad 0, residual, relu, 48x64x16 -> 24x32x24;
     * 294.9 k MACs; tile 4 pixels x 4 channels */
    conv1x1_s2_48x64x16_24x32x24_residual_relu((const float (*)[64][16])(void *)arena,
        (const float (*)[32][24])(void *)(arena + 67584), aluminium_layer1_0_downsample_0_weight,
        aluminium_layer1_0_downsample_0_bias, (float (*)[32][24])(void *)(arena + 67584));
    KILN_TRACE_NODE(12, arena + 67584);

    /* layer1.1.conv1: conv2d 3x3 stride 1 pad 1, relu, 24x32x24 -> 24x32x24; 3.981 M MACs; tile
     * 4 pixels x 4 channels */
    conv3x3_s1_24x32x24_24x32x24_relu((const float (*)[32][24])(void *)(arena + 67584),
        aluminium_layer1_1_conv1_weight, aluminium_layer1_1_conv1_bias,
        (float (*)[32][24])(void *)arena);
    KILN_TRACE_NODE(15, arena);

    /* layer1.1.conv2: conv2d 3x3 stride 1 pad 1, residual, relu, 24x32x24 -> 24x32x24; 3.981 M
     * MACs; tile 4 pixels x 4 channels */
    conv3x3_s1_24x32x24_24x32x24_residual_relu((const float (*)[32][24])(void *)arena,
        (const float (*)[32][24])(void *)(arena + 67584), aluminium_layer1_1_conv2_weight,
        aluminium_layer1_1_conv2_bias, (float (*)[32][24])(void *)(arena + 67584));
    KILN_TRACE_NODE(19, arena + 67584);

    /* layer2.0.conv1: conv2d 3x3 stride 2 pad 1, relu, 24x32x24 -> 12x16x48; 1.991 M MACs; tile
     * 4 pixels x 4 channels */
    conv3x3_s2_24x32x24_12x16x48_relu((const float (*)[32][24])(void *)(arena + 67584),
        aluminium_layer2_0_conv1_weight, aluminium_layer2_0_conv1_bias,
        (float (*)[16][48])(void *)arena);
    KILN_TRACE_NODE(22, arena);

    /* layer2.0.conv2: conv2d 3x3 stride 1 pad 1, 12x16x48 -> 12x16x48; 3.981 M MACs; tile 4
     * pixels x 4 channels */
    conv3x3_s1_12x16x48_12x16x48((const float (*)[16][48])(void *)arena,
        aluminium_layer2_0_conv2_weight, aluminium_layer2_0_conv2_bias,
        (float (*)[16][48])(void *)(arena + 9216));
    KILN_TRACE_NODE(24, arena + 9216);

    /* layer2.0.downsample.0: conv2d 1x1 stride 2 pad 0, residual, relu, 24x32x24 -> 12x16x48;
     * 221.2 k MACs; tile 4 pixels x 4 channels */
    conv1x1_s2_24x32x24_12x16x48_residual_relu((const float (*)[32][24])(void *)(arena + 67584),
        (const float (*)[16][48])(void *)(arena + 9216), aluminium_layer2_0_downsample_0_weight,
        aluminium_layer2_0_downsample_0_bias, (float (*)[16][48])(void *)(arena + 9216));
    KILN_TRACE_NODE(28, arena + 9216);

    /* layer3.0.conv1: conv2d 3x3 stride 2 pad 1, relu, 12x16x48 -> 6x8x96; 1.991 M MACs; tile 4
     * pixels x 4 channels */
    conv3x3_s2_12x16x48_6x8x96_relu((const float (*)[16][48])(void *)(arena + 9216),
        aluminium_layer3_0_conv1_weight, aluminium_layer3_0_conv1_bias,
        (float (*)[8][96])(void *)arena);
    KILN_TRACE_NODE(31, arena);

    /* layer3.0.conv2: conv2d 3x3 stride 1 pad 1, 6x8x96 -> 6x8x96; 3.981 M MACs; tile 4 pixels
     * x 4 channels */
    conv3x3_s1_6x8x96_6x8x96((const float (*)[8][96])(void *)arena,
        aluminium_layer3_0_conv2_weight.f, aluminium_layer3_0_conv2_bias,
        (float (*)[8][96])(void *)(arena + 4608));
    KILN_TRACE_NODE(33, arena + 4608);

    /* layer3.0.downsample.0: conv2d 1x1 stride 2 pad 0, residual, relu, 12x16x48 -> 6x8x96;
     * 221.2 k MACs; tile 4 pixels x 4 channels */
    conv1x1_s2_12x16x48_6x8x96_residual_relu((const float (*)[16][48])(void *)(arena + 9216),
        (const float (*)[8][96])(void *)(arena + 4608), aluminium_layer3_0_downsample_0_weight,
        aluminium_layer3_0_downsample_0_bias, (float (*)[8][96])(void *)(arena + 4608));
    KILN_TRACE_NODE(37, arena + 4608);

    /* global_avg_pool: global_avg_pool, 6x8x96 -> 96 */
    global_avg_pool_1x48x96_1x1x96((const float (*)[48][96])(void *)(arena + 4608),
        (float (*)[1][96])(void *)arena);
    KILN_TRACE_NODE(38, arena);

    /* fc: dense, 96 -> 12; 1.152 k MACs; tile 1 pixel x 12 channels */
    dense_1x1x96_1x1x12((const float (*)[1][96])(void *)arena, aluminium_fc_weight,
        aluminium_fc_bias, (float (*)[1][12])(void *)output);
    KILN_TRACE_NODE(39, output);
}
