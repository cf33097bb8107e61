/* Reordering of weights at compile time: one copy serves every instruction set. */
#include "compiler/kernel/pack.h"

#include <math.h>

static int64_t blocks_of(int64_t count)
{
    return (count + PACK_LANES - 1) / PACK_LANES;
}

static ConstArray *new_array(Arena *a, const char *path, const char *layout, int rank,
                             const int64_t *extent, float **data)
{
    ConstArray *p = arena_new_of(a, ConstArray);
    *p = (ConstArray){ .path = path, .layout = layout, .rank = rank, .count = 1 };
    for (int i = 0; i < rank; i++) {
        p->extent[i] = extent[i];
        p->count *= extent[i];
    }
    *data = arena_new_array(a, float, p->count);
    p->data = *data;
    return p;
}

/* One output channel: from[in][taps], to[taps][in][16] at its lane. */
static void pack_channel(const float *from, float *to, int64_t inputs, int64_t taps)
{
    for (int64_t c = 0; c < inputs; c++)
        for (int64_t k = 0; k < taps; k++)
            to[(k * inputs + c) * PACK_LANES] = from[c * taps + k];
}

ConstArray *pack_conv2d(Arena *a, const Param *weight, int64_t groups)
{
    const int64_t *d = weight->shape.dim;
    int64_t out = d[0] / groups, in = d[1], taps = d[2] * d[3];
    int64_t extent[] = { groups, blocks_of(out), d[2], d[3], in, PACK_LANES };
    float *data;
    ConstArray *p = new_array(a, weight->name, "[group][out/16][ky][kx][in][16]", 6, extent, &data);
    int64_t block = taps * in * PACK_LANES, group = extent[1] * block;
    for (int64_t o = 0; o < d[0]; o++)
        pack_channel(weight->data + o * in * taps,
                     data + o / out * group + o % out / PACK_LANES * block + o % out % PACK_LANES,
                     in, taps);
    return p;
}

/* (G g H')[i][j] for one filter g */
static double winograd_point(const float *g, const PackTransform *rows, int i,
                             const PackTransform *columns, int j)
{
    double sum = 0;
    for (int a = 0; a < rows->taps; a++)
        for (int b = 0; b < columns->taps; b++)
            sum += rows->row[i][a] * columns->row[j][b] * (double)g[columns->taps * a + b];
    return sum / (rows->divisor[i] * columns->divisor[j]);
}

ConstArray *pack_winograd(Arena *a, const Param *weight, const PackTransform *rows,
                          const PackTransform *columns)
{
    const int64_t out = weight->shape.dim[0], in = weight->shape.dim[1];
    const int points = rows->points * columns->points, taps = rows->taps * columns->taps;
    int64_t extent[] = { points, blocks_of(out), in, PACK_LANES };
    float *data;
    ConstArray *p = new_array(a, weight->name, "Winograd [point][out/16][in][16]", 4, extent,
                              &data);
    for (int f = 0; f < points; f++) {
        int row = f / columns->points, column = f % columns->points;
        float *to = data + f * extent[1] * in * PACK_LANES;
        for (int64_t i = 0; i < out * in; i++)
            to[(i / in / PACK_LANES * in + i % in) * PACK_LANES + i / in % PACK_LANES] = (float)
                winograd_point(weight->data + taps * i, rows, row, columns, column);
    }
    return p;
}

/* What the seven products multiply with, as sums of the quarters 11, 12, 21, 22 of the weights; the
 * order is that of strassen.c. */
static const double quarters[7][4] = {
    { 1, 0, 0, 0 },   { 0, 0, 1, 0 },  { 1, -1, 0, 1 }, { 0, -1, 0, 1 },
    { -1, 1, 1, -1 }, { -1, 1, 0, 0 }, { 0, 0, 0, 1 },
};

ConstArray *pack_strassen(Arena *a, const Param *weight)
{
    const int64_t in = weight->shape.dim[1], half = in / 2;
    const int64_t blocks = weight->shape.dim[0] / PACK_LANES / 2, out = blocks * PACK_LANES;
    int64_t extent[] = { blocks, 7, half, PACK_LANES };
    float *data;
    ConstArray *p = new_array(a, weight->name, "Strassen [out/32][7][in/2][16]", 4, extent, &data);
    for (int64_t i = 0; i < p->count; i++) {
        int64_t lane = i % PACK_LANES, c = i / PACK_LANES % half;
        int64_t product = i / PACK_LANES / half % 7;
        int64_t o = i / PACK_LANES / half / 7 * PACK_LANES + lane;
        double sum = 0;
        for (int q = 0; q < 4; q++)
            sum += quarters[product][q] *
                   (double)weight->data[(o + q % 2 * out) * in + c + q / 2 * half];
        data[i] = (float)sum;
    }
    return p;
}

/* A power of two by which weights reach half of `magnitude`: of many inputs behind a rectifier
 * nothing is left but the error of the weights. */
static double inner_scale(const float *w, int64_t count, double magnitude)
{
    enum { MOST = 60 };
    double squares = 0;
    for (int64_t i = 0; i < count; i++)
        squares += (double)w[i] * (double)w[i];
    if (!(squares > 0) || isinf(squares))
        return 1;
    double exponent = round(log2(0.5 * magnitude) - 0.5 * log2(squares / (double)count));
    return exp2(fmin(fmax(exponent, -MOST), MOST));
}

int64_t pack_inner_blocks(int64_t in, InnerBlock block[PACK_INNER_BLOCKS])
{
    int64_t first = 0;
    for (int i = 0; i < PACK_INNER_BLOCKS; i++) {
        int64_t part = 8 >> i, count = (in - first) / (6 * part);
        block[i] = (InnerBlock){ first, part, count };
        first += 6 * part * count;
    }
    return first;
}

/* Which channel the sum's step takes. */
static int64_t inner_channel(int64_t step, int64_t in)
{
    InnerBlock block[PACK_INNER_BLOCKS];
    if (step >= pack_inner_blocks(in, block))
        return step;
    const InnerBlock *b = block;
    while (step >= b->first + 6 * b->part * b->count)
        b++;
    int64_t chunk = (step - b->first) / (6 * b->part), at = (step - b->first) % (6 * b->part);
    return b->first + chunk * 6 * b->part + at % 6 * b->part + at / 6;
}

/* The products of two weights each that the sum over `w`, its steps 16 apart, adds. */
static double inner_surplus(const float *w, int64_t paired)
{
    double sum = 0;
    for (int64_t step = 0; step < paired; step += 3)
        sum += (double)w[step * PACK_LANES] * (double)w[(step + 1) * PACK_LANES];
    return sum;
}

static void pack_inner_output(const float *from, int64_t in, int64_t paired, double scale,
                              float *to)
{
    for (int64_t step = 0; step < in; step++) {
        double sign = step < paired && step % 6 == 4 ? -1 : 1;
        to[step * PACK_LANES] = (float)(sign * scale * (double)from[inner_channel(step, in)]);
    }
}

InnerArrays pack_inner(Arena *a, const char *path, const Param *weight, const Param *bias,
                       double magnitude, double factor)
{
    const int64_t out = weight->shape.dim[0], in = weight->shape.dim[1];
    const int64_t steps[] = { blocks_of(out), in, PACK_LANES };
    const int64_t rows[] = { PACK_INNER_ROWS, blocks_of(out), PACK_LANES };
    const char *name = bias ? bias->name : arena_printf(a, "%s.bias", path);
    InnerBlock block[PACK_INNER_BLOCKS];
    const int64_t paired = pack_inner_blocks(in, block), row = rows[1] * PACK_LANES;
    InnerArrays p;
    float *w, *of;
    p.weight = new_array(a, weight->name, "inner product [out/16][in][16]", 3, steps, &w);
    p.rows = new_array(a, name, "first, low, scale, bias [4][c/16][16]", 3, rows, &of);
    for (int64_t o = 0; o < out; o++) {
        const float *from = weight->data + o * in;
        float *to = w + (o / PACK_LANES * in * PACK_LANES + o % PACK_LANES);
        double scale = inner_scale(from, in, magnitude);
        pack_inner_output(from, in, paired, scale, to);
        double first = -inner_surplus(to, paired);
        of[PACK_INNER_FIRST * row + o] = (float)first;
        of[PACK_INNER_LOW * row + o] = (float)(first - (double)(float)first);
        of[PACK_INNER_SCALE * row + o] = (float)(factor / scale);
        of[PACK_INNER_BIAS * row + o] = bias ? (float)(factor * (double)bias->data[o]) : 0;
    }
    return p;
}

ConstArray *pack_last_outputs(Arena *a, const Param *weight)
{
    const int64_t in = weight->shape.dim[1], first = weight->shape.dim[0] - PACK_LANES;
    int64_t extent[] = { in, PACK_LANES };
    float *data;
    const char *path = arena_printf(a, "%s.last", weight->name);
    ConstArray *p = new_array(a, path, "[in][16]", 2, extent, &data);
    for (int64_t i = 0; i < p->count; i++)
        data[i] = weight->data[(first + i % PACK_LANES) * in + i / PACK_LANES];
    return p;
}

ConstArray *pack_depthwise(Arena *a, const Param *weight)
{
    const int64_t *d = weight->shape.dim;
    int64_t taps = d[2] * d[3];
    int64_t extent[] = { blocks_of(d[0]), d[2], d[3], PACK_LANES };
    float *data;
    ConstArray *p = new_array(a, weight->name, "[channel/16][ky][kx][16]", 4, extent, &data);
    for (int64_t c = 0; c < d[0]; c++)
        for (int64_t k = 0; k < taps; k++)
            data[(c / PACK_LANES * taps + k) * PACK_LANES + c % PACK_LANES] =
                weight->data[c * taps + k];
    return p;
}

ConstArray *pack_dense(Arena *a, const Param *weight, int64_t channels, int64_t height,
                       int64_t width)
{
    int64_t out = weight->shape.dim[0], in = weight->shape.dim[1], pixels = height * width;
    int64_t extent[] = { 1, blocks_of(out), 1, 1, in, PACK_LANES };
    float *data;
    ConstArray *p = new_array(a, weight->name, "[1][out/16][1][1][in][16]", 6, extent, &data);
    for (int64_t o = 0; o < out; o++)
        pack_channel(weight->data + o * in,
                     data + o / PACK_LANES * in * PACK_LANES + o % PACK_LANES, channels, pixels);
    return p;
}

ConstArray *pack_vector(Arena *a, const char *path, const float *values, int64_t count,
                        int64_t groups)
{
    int64_t size = count / groups;
    int64_t extent[] = { groups, blocks_of(size), PACK_LANES };
    float *data;
    ConstArray *p = new_array(a, path, "[group][channel/16][16]", 3, extent, &data);
    for (int64_t i = 0; values && i < count; i++)
        data[i / size * extent[1] * PACK_LANES + i % size] = values[i];
    return p;
}
