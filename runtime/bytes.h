/* A whole file in memory, and a cursor over it that cannot leave it. */
#ifndef KILN_RUNTIME_BYTES_H
#define KILN_RUNTIME_BYTES_H

#include "runtime/reason.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Bytes {
    uint8_t *at; /* owned; free with bytes_free() */
    size_t length;
} Bytes;

/* Reads a file of at most 1 GiB. */
int bytes_read(const char *path, Bytes *bytes, Reason *why);
/* Reads at most `limit` bytes from the start of a file. */
int bytes_read_start(const char *path, size_t limit, Bytes *bytes, Reason *why);
void bytes_free(Bytes *bytes);

/* Little-endian numbers at any alignment. */
static inline uint32_t bytes_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t bytes_u32(const uint8_t *p)
{
    return bytes_u16(p) | bytes_u16(p + 2) << 16;
}

#endif
