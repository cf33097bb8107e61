/* What one core of this machine can do: fused multiply-adds of AVX-512, AVX2 and scalars, and the
 * bandwidth of reading memory. Prints "name value" lines: GFLOP/s and GB/s, each the best of many
 * short runs, in the thread's processor time, which other load disturbs little. */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHAINS = 24, STEPS = 20000, TRIES = 200 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile float sink;

__attribute__((target("avx512f"))) static int fma_avx512(void)
{
    __m512 acc[CHAINS], x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(0.25f);
#pragma GCC unroll 32
    for (int i = 0; i < CHAINS; i++)
        acc[i] = _mm512_set1_ps((float)i);
    for (int s = 0; s < STEPS; s++) {
#pragma GCC unroll 32
        for (int i = 0; i < CHAINS; i++)
            acc[i] = _mm512_fmadd_ps(acc[i], x, y);
    }
#pragma GCC unroll 32
    for (int i = 1; i < CHAINS; i++)
        acc[0] = _mm512_add_ps(acc[0], acc[i]);
    sink = _mm512_cvtss_f32(acc[0]);
    return 16 * CHAINS;
}

enum { HALF = CHAINS / 2 };

__attribute__((target("avx2,fma"))) static int fma_avx2(void)
{
    __m256 acc[HALF], x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(0.25f);
#pragma GCC unroll 32
    for (int i = 0; i < HALF; i++)
        acc[i] = _mm256_set1_ps((float)i);
    for (int s = 0; s < STEPS; s++) {
#pragma GCC unroll 32
        for (int i = 0; i < HALF; i++)
            acc[i] = _mm256_fmadd_ps(acc[i], x, y);
    }
#pragma GCC unroll 32
    for (int i = 1; i < HALF; i++)
        acc[0] = _mm256_add_ps(acc[0], acc[i]);
    sink = _mm256_cvtss_f32(acc[0]);
    return 8 * HALF;
}

static void report_fma(const char *name, int (*run)(void))
{
    double best = 1e9;
    int per_step = 0;
    for (int i = 0; i < TRIES; i++) {
        double t = now();
        per_step = run();
        t = now() - t;
        best = t < best ? t : best;
    }
    printf("%s %.1f\n", name, 2e-9 * per_step * STEPS / best);
}

/* Reading `bytes` again and again: from a cache where they fit it, else from memory. */
__attribute__((target("avx2"))) static double read_all(const float *at, size_t count)
{
    __m256 sum[8];
    memset(sum, 0, sizeof sum);
    double t = now();
    for (size_t i = 0; i < count; i += 64) {
#pragma GCC unroll 8
        for (int k = 0; k < 8; k++)
            sum[k] = _mm256_add_ps(sum[k], _mm256_load_ps(at + i + 8 * k));
    }
    t = now() - t;
    for (int k = 1; k < 8; k++)
        sum[0] = _mm256_add_ps(sum[0], sum[k]);
    sink = _mm256_cvtss_f32(sum[0]);
    return t;
}

static void report_read(const char *name, size_t bytes, int tries)
{
    float *at = aligned_alloc(64, bytes);
    if (!at)
        exit(3);
    memset(at, 0, bytes);
    double best = 1e9;
    for (int i = 0; i < tries; i++) {
        double t = read_all(at, bytes / sizeof(float));
        best = t < best ? t : best;
    }
    printf("%s %.1f\n", name, 1e-9 * (double)bytes / best);
    free(at);
}

int main(void)
{
    if (__builtin_cpu_supports("avx512f"))
        report_fma("avx512", fma_avx512);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        report_fma("avx2", fma_avx2);
    report_read("read_l2", (size_t)512 << 10, 2000);
    report_read("read_l3", (size_t)8 << 20, 100);
    report_read("read_memory", (size_t)256 << 20, 12);
    return 0;
}
