/* Region allocator. Everything the compiler builds lives in an arena; an arena is freed as a whole.
 *
 * Three arenas exist, declared in driver/compile.c: ast (until elaborated), graph (until emitted)
 * and scratch (reset after every pass). Memory is zeroed and aligned to 16 bytes. Running out of
 * memory aborts with a message: there is no error to handle. */
#ifndef KILN_BASE_ARENA_H
#define KILN_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);
/* Forgets every allocation; the memory is kept for reuse. */
void arena_reset(Arena *a);

void *arena_alloc(Arena *a, size_t bytes);
char *arena_strdup(Arena *a, const char *text);
char *arena_strndup(Arena *a, const char *text, size_t length);
char *arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *format, va_list args);

#define arena_new_of(a, Type)           ((Type *)arena_alloc((a), sizeof(Type)))
#define arena_new_array(a, Type, count) ((Type *)arena_alloc((a), (size_t)(count) * sizeof(Type)))

#endif
