/* Arenas as a list of blocks; an allocation larger than a block gets a block of its own. */
#include "compiler/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 18, ALIGNMENT = 16 };

typedef struct Block {
    struct Block *next;
    size_t used, room;
    _Alignas(ALIGNMENT) unsigned char bytes[];
} Block;

struct Arena {
    Block *blocks; /* the first one is being filled */
};

static void out_of_memory(size_t bytes)
{
    fprintf(stderr, "kiln: out of memory (%zu bytes asked for)\n", bytes);
    abort();
}

Arena *arena_new(void)
{
    Arena *a = calloc(1, sizeof *a);
    if (!a)
        out_of_memory(sizeof *a);
    return a;
}

static void free_blocks(Block *b)
{
    while (b) {
        Block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_free(Arena *a)
{
    if (a)
        free_blocks(a->blocks);
    free(a);
}

void arena_reset(Arena *a)
{
    if (!a->blocks)
        return;
    free_blocks(a->blocks->next);
    a->blocks->next = NULL;
    memset(a->blocks->bytes, 0, a->blocks->used);
    a->blocks->used = 0;
}

static Block *add_block(Arena *a, size_t room)
{
    Block *b = calloc(1, sizeof *b + room);
    if (!b)
        out_of_memory(room);
    b->room = room;
    /* A block of its own goes behind the one being filled, whose rest stays in use. */
    if (room > BLOCK_BYTES && a->blocks) {
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        b->next = a->blocks;
        a->blocks = b;
    }
    return b;
}

void *arena_alloc(Arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        out_of_memory(bytes);
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    Block *b = a->blocks;
    if (!b || b->room - b->used < bytes)
        b = add_block(a, bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
    void *p = b->bytes + b->used;
    b->used += bytes;
    return p;
}

char *arena_strndup(Arena *a, const char *text, size_t length)
{
    char *copy = arena_alloc(a, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(Arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_vprintf(Arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(a, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(Arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}
