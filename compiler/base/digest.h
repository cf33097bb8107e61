/* SHA-256 (FIPS 180-4), to name a network with its weights. */
#ifndef KILN_BASE_DIGEST_H
#define KILN_BASE_DIGEST_H

#include "compiler/base/arena.h"

#include <stdint.h>

typedef struct Digest {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} Digest;

void digest_start(Digest *d);
void digest_add(Digest *d, const void *bytes, size_t count);
/* 64 hexadecimal digits. */
const char *digest_text(Arena *a, Digest *d);

#endif
