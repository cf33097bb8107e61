/* The registry of targets. */
#include "compiler/target/target.h"

#include <string.h>

extern const Target target_c99, target_avx2, target_avx512, target_zen4, target_neon;

const Target *const targets[] = { &target_c99,  &target_avx2, &target_avx512,
                                  &target_zen4, &target_neon, NULL };

const Target *target_find(const char *name)
{
    for (const Target *const *t = targets; *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}

const Target *target_host(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        bool is_zen4 = __builtin_cpu_is("amdfam19h") && __builtin_cpu_supports("avx512vl");
        return is_zen4 ? &target_zen4 : &target_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &target_avx2;
#elif defined(__aarch64__)
    return &target_neon;
#endif
    return &target_c99;
}
