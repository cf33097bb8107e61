/* The five kernels by hand, in plain C99 for any processor: two pixels by four channels at a time,
 * which fits the registers of the smallest. Each adds in the order that kiln promises, so results
 * are equal bit for bit. */
#include "tests/bench/twins/twins.h"

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

enum { LANES = 4 };

/* --- 3x3 stride 2, 7x7x64 -> 4x4x24 in a storage of 40 channels, residual, relu --------------- */

enum { SC = 64, SW = 7, SO = 4, SP = 40 };

/* acc[first..last) += column kx of the kernel, for two pixels */
INLINE void strided_column(float acc[2][LANES], int first, const float *x, const float *w)
{
    for (int c = 0; c < SC; c++) {
        KILN_UNROLL
        for (int m = first; m < 2; m++) {
            KILN_UNROLL
            for (int l = 0; l < LANES; l++)
                acc[m][l] += x[2 * m * SC + c] * w[16 * c + l];
        }
    }
}

INLINE void strided_tile(const float *x, const float *r, const float *w, const float *b, float *y,
                         int oy, int ox, int is_last)
{
    float acc[2][LANES];
    KILN_UNROLL
    for (int m = 0; m < 2; m++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++)
            acc[m][l] = b[l];
    }
    for (int ky = oy == 0; ky < (oy == SO - 1 ? 2 : 3); ky++) {
        const float *row = x + ((2 * oy + ky - 1) * SW + 2 * ox) * SC, *wk = w + ky * 3 * SC * 16;
        strided_column(acc, ox == 0, row - SC, wk);
        strided_column(acc, 0, row, wk + SC * 16);
        if (!is_last) {
            strided_column(acc, 0, row + SC, wk + 2 * SC * 16);
        } else {
            for (int c = 0; c < SC; c++) {
                KILN_UNROLL
                for (int l = 0; l < LANES; l++)
                    acc[0][l] += row[SC + c] * wk[2 * SC * 16 + 16 * c + l];
            }
        }
    }
    KILN_UNROLL
    for (int m = 0; m < 2; m++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++)
            y[(oy * SO + ox + m) * SP + l] = kiln_max(acc[m][l] + r[(oy * SO + ox + m) * 24 + l],
                                                      0.0f);
    }
}

static void strided(float *const *p)
{
    for (int o = 0; o < 24; o += LANES) {
        const float *r = p[1] + o, *w = p[2] + o / 16 * 9 * SC * 16 + o % 16, *b = p[3] + o;
        for (int oy = 0; oy < SO; oy++) {
            strided_tile(p[0], r, w, b, p[4] + o, oy, 0, 0);
            strided_tile(p[0], r, w, b, p[4] + o, oy, 2, 1);
        }
    }
}

/* --- depthwise 5x5, 28x28x96 ------------------------------------------------------------------ */

enum { DC = 96, DW = 28, DT = 4 };

INLINE void depthwise_tile(const float *x, const float *w, const float *b, float *y, int oy, int ox,
                           int is_left, int is_right)
{
    float acc[DT][LANES];
    const int last = oy > DW - 3 ? DW + 2 - oy : 5;
    KILN_UNROLL
    for (int m = 0; m < DT; m++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++)
            acc[m][l] = b[l];
    }
    for (int ky = oy < 2 ? 2 - oy : 0; ky < last; ky++) {
        const float *row = x + ((oy + ky - 2) * DW + ox - 2) * DC;
        KILN_UNROLL
        for (int kx = 0; kx < 5; kx++) {
            KILN_UNROLL
            for (int m = 0; m < DT; m++) {
                if ((is_left && m + kx < 2) || (is_right && m + kx >= DT + 2))
                    continue;
                KILN_UNROLL
                for (int l = 0; l < LANES; l++)
                    acc[m][l] += row[(m + kx) * DC + l] * w[(ky * 5 + kx) * 16 + l];
            }
        }
    }
    KILN_UNROLL
    for (int m = 0; m < DT; m++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++)
            y[(oy * DW + ox + m) * DC + l] = acc[m][l];
    }
}

static void depthwise(float *const *p)
{
    for (int c = 0; c < DC; c += LANES) {
        const float *x = p[0] + c, *w = p[1] + c / 16 * 25 * 16 + c % 16, *b = p[2] + c;
        for (int oy = 0; oy < DW; oy++) {
            depthwise_tile(x, w, b, p[3] + c, oy, 0, 1, 0);
            for (int ox = DT; ox < DW - DT; ox += DT)
                depthwise_tile(x, w, b, p[3] + c, oy, ox, 0, 0);
            depthwise_tile(x, w, b, p[3] + c, oy, DW - DT, 0, 1);
        }
    }
}

/* --- matrix product: rows of x times packed columns, for 1x1 convolutions and Winograd -------- */

/* y[m][4] = start + x[m][depth] * w[depth][4 of 16] */
INLINE void product(int rows, int depth, const float *x, const float *w, const float *start,
                    float *y, int y_pitch)
{
    float acc[2][LANES];
    KILN_UNROLL
    for (int m = 0; m < rows; m++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++)
            acc[m][l] = start ? start[l] : 0.0f;
    }
    for (int c = 0; c < depth; c++) {
        KILN_UNROLL
        for (int m = 0; m < rows; m++) {
            KILN_UNROLL
            for (int l = 0; l < LANES; l++)
                acc[m][l] += x[m * depth + c] * w[16 * c + l];
        }
    }
    KILN_UNROLL
    for (int m = 0; m < rows; m++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++)
            y[m * y_pitch + l] = acc[m][l];
    }
}

static void pointwise(float *const *p)
{
    for (int o = 0; o < 128; o += LANES) {
        const float *w = p[1] + o / 16 * 512 * 16 + o % 16, *b = p[2] + o;
        for (int i = 0; i < 48; i += 2)
            product(2, 512, p[0] + i * 512, w, b, p[3] + i * 128 + o, 128);
        product(1, 512, p[0] + 48 * 512, w, b, p[3] + 48 * 128 + o, 128);
    }
}

/* --- Winograd F(4x4, 3x3), 14x14x64 ----------------------------------------------------------- */

enum { WC = 64, WW = 14, WT = 4 };

/* B' d for one column */
INLINE void winograd_in(const float d[6], float t[6])
{
    t[0] = -5.0f * d[2] + (4.0f * d[0] + d[4]);
    t[1] = -4.0f * d[2] + (-4.0f * d[1] + (d[3] + d[4]));
    t[2] = -4.0f * d[2] + (4.0f * d[1] + d[4]) - d[3];
    t[3] = 2.0f * d[3] + (-2.0f * d[1] + d[4] - d[2]);
    t[4] = -2.0f * d[3] + (2.0f * d[1] + d[4] - d[2]);
    t[5] = -5.0f * d[3] + (4.0f * d[1] + d[5]);
}

/* A' d for one column */
INLINE void winograd_out(const float d[6], float t[4])
{
    t[0] = d[0] + d[1] + d[2] + d[3] + d[4];
    t[1] = -2.0f * d[4] + (2.0f * d[3] + (d[1] - d[2]));
    t[2] = 4.0f * d[4] + (4.0f * d[3] + (d[1] + d[2]));
    t[3] = -8.0f * d[4] + (8.0f * d[3] + (d[1] + d[5] - d[2]));
}

/* One row of tiles: v[36][4 tiles][channels]. */
static void winograd_input(const float *x, int top, float *v)
{
    for (int tx = 0; tx < WT; tx++)
        for (int c = 0; c < WC; c++) {
            float t[6][6], d[6], e[6];
            KILN_UNROLL
            for (int j = 0; j < 6; j++) {
                const int ix = 4 * tx + j - 1;
                KILN_UNROLL
                for (int i = 0; i < 6; i++) {
                    const int iy = top + i - 1;
                    const int inside = iy >= 0 && iy < WW && ix >= 0 && ix < WW;
                    d[i] = inside ? x[(iy * WW + ix) * WC + c] : 0.0f;
                }
                winograd_in(d, e);
                KILN_UNROLL
                for (int i = 0; i < 6; i++)
                    t[i][j] = e[i];
            }
            KILN_UNROLL
            for (int i = 0; i < 6; i++) {
                winograd_in(t[i], e);
                KILN_UNROLL
                for (int j = 0; j < 6; j++)
                    v[((6 * i + j) * WT + tx) * WC + c] = e[j];
            }
        }
}

static void winograd_output(const float *q, const float *b, int top, float *y)
{
    for (int tx = 0; tx < WT; tx++)
        for (int c = 0; c < WC; c++) {
            float s[4][6], d[6], e[4];
            KILN_UNROLL
            for (int j = 0; j < 6; j++) {
                KILN_UNROLL
                for (int i = 0; i < 6; i++)
                    d[i] = q[((6 * i + j) * WT + tx) * WC + c];
                winograd_out(d, e);
                KILN_UNROLL
                for (int i = 0; i < 4; i++)
                    s[i][j] = e[i];
            }
            KILN_UNROLL
            for (int i = 0; i < 4; i++) {
                winograd_out(s[i], e);
                KILN_UNROLL
                for (int j = 0; j < 4; j++)
                    if (top + i < WW && 4 * tx + j < WW)
                        y[((top + i) * WW + 4 * tx + j) * WC + c] = e[j] + b[c];
            }
        }
}

static void winograd(float *const *p)
{
    float *v = p[4], *q = p[5];
    for (int top = 0; top < WW; top += 4) {
        winograd_input(p[0], top, v);
        for (int f = 0; f < 36; f++)
            for (int o = 0; o < WC; o += LANES) {
                const float *u = p[1] + f * WC * WC + o / 16 * WC * 16 + o % 16;
                float *qf = q + f * WT * WC + o;
                product(2, WC, v + f * WT * WC, u, NULL, qf, WC);
                product(2, WC, v + (f * WT + 2) * WC, u, NULL, qf + 2 * WC, WC);
            }
        winograd_output(q, p[2], top, p[3]);
    }
}

/* --- group norm of 8 groups and silu, 14x14x64 ------------------------------------------------ */

enum { GC = 64, GP = 196, GG = 8 };

/* Sixteen partial sums over the pixels, combined in pairs; four channels. */
static void channel_sums(const float *x, const float *mean, float *sum)
{
    float part[16][LANES] = { { 0 } };
    for (int i = 0; i < GP; i++) {
        KILN_UNROLL
        for (int l = 0; l < LANES; l++) {
            const float v = x[i * GC + l], d = mean ? v - mean[l] : 0.0f;
            part[i % 16][l] += mean ? d * d : v;
        }
    }
    for (int half = 8; half; half /= 2)
        for (int j = 0; j < half; j++) {
            KILN_UNROLL
            for (int l = 0; l < LANES; l++)
                part[j][l] += part[j + half][l];
        }
    KILN_UNROLL
    for (int l = 0; l < LANES; l++)
        sum[l] = part[0][l];
}

static float group_mean(const float *sum)
{
    float total = 0;
    for (int j = 0; j < GC / GG; j++)
        total += sum[j];
    return total / (float)(GP * GC / GG);
}

INLINE float silu(float a)
{
    const float x = kiln_min(kiln_max(-a, -87.0f), 88.0f);
    const float n = kiln_round(x * 1.442695f);
    const float r = n * 0.00021219444f + (n * -0.6933594f + x);
    float q = 0.0013934545f * r + 0.008363777f;
    q = q * r + 0.041666456f;
    q = q * r + 0.16666573f;
    q = q * r + 0.5f;
    q = r * r * q + (r + 1.0f);
    return a * (1.0f / (1.0f + kiln_scalb(q, n)));
}

static void group_norm(float *const *p)
{
    const float *x = p[0];
    float *sum = p[4], *mean = p[5], *scale = p[6];
    for (int c = 0; c < GC; c += LANES)
        channel_sums(x + c, NULL, sum + c);
    for (int c = 0; c < GC; c++)
        mean[c] = c % (GC / GG) ? mean[c - 1] : group_mean(sum + c);
    for (int c = 0; c < GC; c += LANES)
        channel_sums(x + c, mean + c, sum + c);
    for (int g = 0; g < GG; g++) {
        const float inverse = 1.0f / kiln_sqrt(group_mean(sum + g * (GC / GG)) + 1e-5f);
        for (int c = g * (GC / GG); c < (g + 1) * (GC / GG); c++)
            scale[c] = p[1][c] * inverse;
    }
    for (int i = 0; i < GP; i++)
        for (int c = 0; c < GC; c++)
            p[3][i * GC + c] = silu((x[i * GC + c] - mean[c]) * scale[c] + p[2][c]);
}

const Twin written[] = {
    { .name = "strided", .run = strided },       { .name = "depthwise", .run = depthwise },
    { .name = "pointwise", .run = pointwise },   { .name = "winograd", .run = winograd },
    { .name = "group_norm", .run = group_norm }, { 0 },
};
