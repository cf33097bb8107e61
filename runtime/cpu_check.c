/* This file must be compiled for the oldest processor of its family: it runs before all else, and
 * where the check fails nothing of the network's code is run. */
#include "runtime/cpu_check.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)

/* The builtin also asks whether the operating system saves the registers. It takes only
 * literals. */
#define FEATURE_LIST(F) \
    F("sse4.1")         \
    F("sse4.2")         \
    F("avx")            \
    F("avx2")           \
    F("fma") F("avx512f") F("avx512bw") F("avx512cd") F("avx512dq") F("avx512vl") F("avx512vnni")

static int has_feature(const char *name)
{
    __builtin_cpu_init();
#define F(feature)                  \
    if (strcmp(name, feature) == 0) \
        return __builtin_cpu_supports(feature) != 0;
    FEATURE_LIST(F)
#undef F
    return 0;
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* Bits of AT_HWCAP, as the Linux kernel's documentation of ELF hwcaps numbers them. */
static int has_feature(const char *name)
{
    if (strcmp(name, "neon") == 0 || strcmp(name, "asimd") == 0)
        return 1; /* part of the architecture's base */
#if defined(__linux__)
    if (strcmp(name, "fp16") == 0)
        return (getauxval(AT_HWCAP) >> 10 & 1) != 0;
    if (strcmp(name, "dotprod") == 0)
        return (getauxval(AT_HWCAP) >> 20 & 1) != 0;
#endif
    return 0;
}

#else

static int has_feature(const char *name)
{
    (void)name;
    return 0;
}

#endif

const char *cpu_check(const char *const *features)
{
    for (; features && *features; features++)
        if (!has_feature(*features))
            return *features;
    return NULL;
}
