/* Typed growable arrays in an arena:  Vec(int) v = {0};  vec_push(a, &v, 7);  v.at[0] == 7.
 *
 * An array grows by copying, so a pointer into one is good until the next push. */
#ifndef KILN_BASE_VEC_H
#define KILN_BASE_VEC_H

#include "compiler/base/arena.h"

#include <string.h>

#define Vec(T)           \
    struct {             \
        T *at;           \
        int count, room; \
    }

/* Appends one item. */
#define vec_push(arena, v, ...)                                                     \
    ((v)->at = vec_grow((arena), (v)->at, (v)->count, &(v)->room, sizeof *(v)->at), \
     (v)->at[(v)->count++] = (__VA_ARGS__))

/* The last item; the array must not be empty. */
#define vec_last(v) ((v)->at[(v)->count - 1])

/* Runs the body with `p` pointing at each item in turn. (An empty array has no address to add
 * to.) */
#define for_each_vec(T, p, v) for (T *p = (v)->at; p && p < (v)->at + (v)->count; p++)

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

static inline void *vec_grow(Arena *a, void *at, int count, int *room, size_t item_bytes)
{
    if (count < *room)
        return at;
    *room = *room ? 2 * *room : 8;
    void *wider = arena_alloc(a, (size_t)*room * item_bytes);
    if (count)
        memcpy(wider, at, (size_t)count * item_bytes);
    return wider;
}

#endif
