/* The five kernels by hand, with AVX-512 intrinsics: what someone would write who knows the layer
 * and the processor. Each adds in the order that kiln promises, so results are equal bit for bit.
 *
 * Tiles are inlined functions of constants, as long as the loops inside are unrolled. */
#include "tests/bench/twins/twins.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* --- 3x3 stride 2, 7x7x64 -> 4x4x24 in a storage of 40 channels, residual, relu
 * ------------------ */

enum { SC = 64, SW = 7, SO = 4, SP = 40 };

/* acc[first..last) += column kx of the kernel */
INLINE void strided_column(__m512 acc[SO][2], int first, int last, const float *x, const float *w)
{
    for (int c = 0; c < SC; c++, x++, w += 16) {
        const __m512 w0 = _mm512_loadu_ps(w), w1 = _mm512_loadu_ps(w + 9 * SC * 16);
        KILN_UNROLL
        for (int m = first; m < last; m++) {
            const __m512 v = _mm512_set1_ps(x[2 * m * SC]);
            acc[m][0] = _mm512_fmadd_ps(v, w0, acc[m][0]);
            acc[m][1] = _mm512_fmadd_ps(v, w1, acc[m][1]);
        }
    }
}

static void strided(float *const *p)
{
    const float *x = p[0], *r = p[1], *w = p[2], *b = p[3];
    float *y = p[4];
    const __m512 zero = _mm512_setzero_ps();
    for (int oy = 0; oy < SO; oy++) {
        __m512 acc[SO][2];
        KILN_UNROLL
        for (int m = 0; m < SO; m++) {
            acc[m][0] = _mm512_loadu_ps(b);
            acc[m][1] = _mm512_loadu_ps(b + 16);
        }
        for (int ky = oy == 0; ky < (oy == SO - 1 ? 2 : 3); ky++) {
            const float *row = x + (2 * oy + ky - 1) * SW * SC, *wk = w + ky * 3 * SC * 16;
            strided_column(acc, 1, 4, row - SC, wk);
            strided_column(acc, 0, 4, row, wk + SC * 16);
            strided_column(acc, 0, 3, row + SC, wk + 2 * SC * 16);
        }
        KILN_UNROLL
        for (int m = 0; m < SO; m++) {
            const float *rm = r + (oy * SO + m) * 24;
            float *ym = y + (oy * SO + m) * SP;
            const __m512 s0 = _mm512_add_ps(acc[m][0], _mm512_loadu_ps(rm));
            const __m512 s1 = _mm512_add_ps(acc[m][1], _mm512_maskz_loadu_ps(0xff, rm + 16));
            _mm512_storeu_ps(ym, _mm512_max_ps(s0, zero));
            _mm512_mask_storeu_ps(ym + 16, 0xff, _mm512_max_ps(s1, zero));
        }
    }
}

/* --- depthwise 5x5, 28x28x96 ------ */

enum { DC = 96, DW = 28, DT = 7 };

/* Seven pixels from column ox on; at the borders some columns of the kernel meet fewer of them. */
INLINE void depthwise_tile(const float *x, const float *w, __m512 bias, float *y, int oy, int ox)
{
    __m512 acc[DT];
    KILN_UNROLL
    for (int m = 0; m < DT; m++)
        acc[m] = bias;
    const int last = oy > DW - 3 ? DW + 2 - oy : 5;
    for (int ky = oy < 2 ? 2 - oy : 0; ky < last; ky++) {
        const float *row = x + ((oy + ky - 2) * DW + ox - 2) * DC;
        KILN_UNROLL
        for (int kx = 0; kx < 5; kx++) {
            const __m512 wk = _mm512_loadu_ps(w + (ky * 5 + kx) * 16);
            KILN_UNROLL
            for (int m = 0; m < DT; m++)
                if (ox + m + kx >= 2 && ox + m + kx < DW + 2)
                    acc[m] = _mm512_fmadd_ps(_mm512_loadu_ps(row + (m + kx) * DC), wk, acc[m]);
        }
    }
    KILN_UNROLL
    for (int m = 0; m < DT; m++)
        _mm512_storeu_ps(y + (oy * DW + ox + m) * DC, acc[m]);
}

static void depthwise(float *const *p)
{
    for (int g = 0; g < DC / 16; g++) {
        const float *x = p[0] + 16 * g, *w = p[1] + 25 * 16 * g;
        const __m512 bias = _mm512_loadu_ps(p[2] + 16 * g);
        for (int oy = 0; oy < DW; oy++) {
            depthwise_tile(x, w, bias, p[3] + 16 * g, oy, 0);
            for (int ox = DT; ox < DW - DT; ox += DT) {
                __m512 acc[DT];
                KILN_UNROLL
                for (int m = 0; m < DT; m++)
                    acc[m] = bias;
                const int last = oy > DW - 3 ? DW + 2 - oy : 5;
                for (int ky = oy < 2 ? 2 - oy : 0; ky < last; ky++) {
                    const float *row = x + ((oy + ky - 2) * DW + ox - 2) * DC;
                    KILN_UNROLL
                    for (int kx = 0; kx < 5; kx++) {
                        const __m512 wk = _mm512_loadu_ps(w + (ky * 5 + kx) * 16);
                        KILN_UNROLL
                        for (int m = 0; m < DT; m++)
                            acc[m] = _mm512_fmadd_ps(_mm512_loadu_ps(row + (m + kx) * DC), wk,
                                                     acc[m]);
                    }
                }
                KILN_UNROLL
                for (int m = 0; m < DT; m++)
                    _mm512_storeu_ps(p[3] + 16 * g + (oy * DW + ox + m) * DC, acc[m]);
            }
            depthwise_tile(x, w, bias, p[3] + 16 * g, oy, DW - DT);
        }
    }
}

/* --- matrix product: rows of x times packed columns, for 1x1 convolutions and Winograd
 * ------------- */

/* y[m][64] = start + x[m][depth] * w; four groups of 16 columns, `group` floats apart. */
INLINE void product(int rows, int depth, const float *x, int x_pitch, const float *w, int group,
                    const float *start, float *y, int y_pitch)
{
    __m512 acc[6][4];
    KILN_UNROLL
    for (int m = 0; m < rows; m++) {
        KILN_UNROLL
        for (int n = 0; n < 4; n++)
            acc[m][n] = start ? _mm512_loadu_ps(start + 16 * n) : _mm512_setzero_ps();
    }
    for (int c = 0; c < depth; c++) {
        __m512 wc[4];
        KILN_UNROLL
        for (int n = 0; n < 4; n++)
            wc[n] = _mm512_loadu_ps(w + n * group + c * 16);
        KILN_UNROLL
        for (int m = 0; m < rows; m++) {
            const __m512 v = _mm512_set1_ps(x[m * x_pitch + c]);
            KILN_UNROLL
            for (int n = 0; n < 4; n++)
                acc[m][n] = _mm512_fmadd_ps(v, wc[n], acc[m][n]);
        }
    }
    KILN_UNROLL
    for (int m = 0; m < rows; m++) {
        KILN_UNROLL
        for (int n = 0; n < 4; n++)
            _mm512_storeu_ps(y + m * y_pitch + 16 * n, acc[m][n]);
    }
}

/* 49 pixels: four tiles of six, five of five. */
static void pointwise(float *const *p)
{
    for (int o = 0; o < 128; o += 64) {
        const float *w = p[1] + o * 512, *b = p[2] + o;
        for (int i = 0; i < 24; i += 6)
            product(6, 512, p[0] + i * 512, 512, w, 512 * 16, b, p[3] + i * 128 + o, 128);
        for (int i = 24; i < 49; i += 5)
            product(5, 512, p[0] + i * 512, 512, w, 512 * 16, b, p[3] + i * 128 + o, 128);
    }
}

/* --- Winograd F(4x4, 3x3), 14x14x64 ------ */

enum { WC = 64, WW = 14, WT = 4 };

INLINE __m512 scaled(float factor, __m512 x, __m512 y)
{
    return _mm512_fmadd_ps(_mm512_set1_ps(factor), x, y);
}

/* B' d for one column */
INLINE void winograd_in(const __m512 d[6], __m512 t[6])
{
    t[0] = scaled(-5, d[2], scaled(4, d[0], d[4]));
    t[1] = scaled(-4, d[2], scaled(-4, d[1], _mm512_add_ps(d[3], d[4])));
    t[2] = _mm512_sub_ps(scaled(-4, d[2], scaled(4, d[1], d[4])), d[3]);
    t[3] = scaled(2, d[3], _mm512_sub_ps(scaled(-2, d[1], d[4]), d[2]));
    t[4] = scaled(-2, d[3], _mm512_sub_ps(scaled(2, d[1], d[4]), d[2]));
    t[5] = scaled(-5, d[3], scaled(4, d[1], d[5]));
}

/* A' d for one column */
INLINE void winograd_out(const __m512 d[6], __m512 t[4])
{
    const __m512 sum = _mm512_add_ps(d[1], d[2]), difference = _mm512_sub_ps(d[1], d[2]);
    const __m512 wide = _mm512_sub_ps(_mm512_add_ps(d[1], d[5]), d[2]);
    t[0] = _mm512_add_ps(_mm512_add_ps(d[0], d[1]), d[2]);
    t[0] = _mm512_add_ps(_mm512_add_ps(t[0], d[3]), d[4]);
    t[1] = scaled(-2, d[4], scaled(2, d[3], difference));
    t[2] = scaled(4, d[4], scaled(4, d[3], sum));
    t[3] = scaled(-8, d[4], scaled(8, d[3], wide));
}

INLINE __mmask16 inside(int y, int x)
{
    return (__mmask16)(y >= 0 && y < WW && x >= 0 && x < WW ? 0xffff : 0);
}

static void winograd_input(const float *x, float *v)
{
    for (int tile = 0; tile < WT * WT; tile++)
        for (int c = 0; c < WC; c += 16) {
            const int top = 4 * (tile / WT) - 1, left = 4 * (tile % WT) - 1;
            __m512 t[6][6], d[6], e[6];
            KILN_UNROLL
            for (int j = 0; j < 6; j++) {
                KILN_UNROLL
                for (int i = 0; i < 6; i++)
                    d[i] = _mm512_maskz_loadu_ps(inside(top + i, left + j),
                                                 x + ((top + i) * WW + left + j) * WC + c);
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
                    _mm512_storeu_ps(v + ((6 * i + j) * WT * WT + tile) * WC + c, e[j]);
            }
        }
}

static void winograd_output(const float *q, const float *b, float *y)
{
    for (int tile = 0; tile < WT * WT; tile++)
        for (int c = 0; c < WC; c += 16) {
            const int top = 4 * (tile / WT), left = 4 * (tile % WT);
            const __m512 bias = _mm512_loadu_ps(b + c);
            __m512 s[4][6], d[6], e[4];
            KILN_UNROLL
            for (int j = 0; j < 6; j++) {
                KILN_UNROLL
                for (int i = 0; i < 6; i++)
                    d[i] = _mm512_loadu_ps(q + ((6 * i + j) * WT * WT + tile) * WC + c);
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
                    if (top + i < WW && left + j < WW)
                        _mm512_storeu_ps(y + ((top + i) * WW + left + j) * WC + c,
                                         _mm512_add_ps(e[j], bias));
            }
        }
}

static void winograd(float *const *p)
{
    float *v = p[4], *q = p[5];
    winograd_input(p[0], v);
    for (int f = 0; f < 36; f++) {
        const float *u = p[1] + f * WC * WC, *vf = v + f * 16 * WC;
        float *qf = q + f * 16 * WC;
        product(6, WC, vf, WC, u, WC * 16, NULL, qf, WC);
        product(5, WC, vf + 6 * WC, WC, u, WC * 16, NULL, qf + 6 * WC, WC);
        product(5, WC, vf + 11 * WC, WC, u, WC * 16, NULL, qf + 11 * WC, WC);
    }
    winograd_output(q, p[2], p[3]);
}

/* --- group norm of 8 groups and silu, 14x14x64
 * ------------------------------------------------- */

enum { GC = 64, GP = 196, GG = 8 };

/* Sixteen partial sums over the pixels, combined in pairs. */
INLINE __m512 channel_sums(const float *x, __m512 mean, int squares)
{
    __m512 part[16];
    KILN_UNROLL
    for (int j = 0; j < 16; j++)
        part[j] = _mm512_setzero_ps();
    for (int i = 0; i < GP / 16 * 16; i += 16) {
        KILN_UNROLL
        for (int j = 0; j < 16; j++) {
            __m512 v = _mm512_loadu_ps(x + (i + j) * GC), d = _mm512_sub_ps(v, mean);
            part[j] = _mm512_add_ps(part[j], squares ? _mm512_mul_ps(d, d) : v);
        }
    }
    KILN_UNROLL
    for (int j = 0; j < GP % 16; j++) {
        __m512 v = _mm512_loadu_ps(x + (GP / 16 * 16 + j) * GC), d = _mm512_sub_ps(v, mean);
        part[j] = _mm512_add_ps(part[j], squares ? _mm512_mul_ps(d, d) : v);
    }
    for (int half = 8; half; half /= 2) {
        KILN_UNROLL
        for (int j = 0; j < half; j++)
            part[j] = _mm512_add_ps(part[j], part[j + half]);
    }
    return part[0];
}

static float group_mean(const float *sum)
{
    float total = 0;
    for (int j = 0; j < GC / GG; j++)
        total += sum[j];
    return total / (float)(GP * GC / GG);
}

INLINE __m512 silu(__m512 a)
{
    __m512 x = _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)), one = _mm512_set1_ps(1);
    x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-87)), _mm512_set1_ps(88));
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.442695f)), 8);
    const __m512 r = scaled(0.00021219444f, n, scaled(-0.6933594f, n, x));
    __m512 q = scaled(0.0013934545f, r, _mm512_set1_ps(0.008363777f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0.041666456f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0.16666573f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(0.5f));
    q = _mm512_fmadd_ps(_mm512_mul_ps(r, r), q, _mm512_add_ps(r, one));
    const __m512 power = _mm512_scalef_ps(q, n);
    return _mm512_mul_ps(a, _mm512_div_ps(one, _mm512_add_ps(one, power)));
}

static void group_norm(float *const *p)
{
    const float *x = p[0];
    float *sum = p[4], *mean = p[5], *scale = p[6];
    for (int c = 0; c < GC; c += 16)
        _mm512_storeu_ps(sum + c, channel_sums(x + c, _mm512_setzero_ps(), 0));
    for (int c = 0; c < GC; c++)
        mean[c] = c % (GC / GG) ? mean[c - 1] : group_mean(sum + c);
    for (int c = 0; c < GC; c += 16)
        _mm512_storeu_ps(sum + c, channel_sums(x + c, _mm512_loadu_ps(mean + c), 1));
    for (int g = 0; g < GG; g++) {
        const float var = group_mean(sum + g * (GC / GG)) + 1e-5f;
        const float inverse = 1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(var)));
        for (int c = g * (GC / GG); c < (g + 1) * (GC / GG); c++)
            scale[c] = p[1][c] * inverse;
    }
    for (int c = 0; c < GC; c += 16) {
        const __m512 m = _mm512_loadu_ps(mean + c), s = _mm512_loadu_ps(scale + c);
        const __m512 b = _mm512_loadu_ps(p[2] + c);
        for (int i = 0; i < GP; i++) {
            const __m512 v = _mm512_sub_ps(_mm512_loadu_ps(x + i * GC + c), m);
            _mm512_storeu_ps(p[3] + i * GC + c, silu(_mm512_fmadd_ps(v, s, b)));
        }
    }
}

const Twin written[] = {
    { .name = "strided", .run = strided },       { .name = "depthwise", .run = depthwise },
    { .name = "pointwise", .run = pointwise },   { .name = "winograd", .run = winograd },
    { .name = "group_norm", .run = group_norm }, { 0 },
};
