/* A map from strings to pointers, in an arena. Keys are borrowed; iteration is in insertion
 * order. */
#ifndef KILN_BASE_MAP_H
#define KILN_BASE_MAP_H

#include "compiler/base/arena.h"

typedef struct MapEntry {
    const char *key;
    void *value;
} MapEntry;

typedef struct Map {
    MapEntry *entry; /* [count], in insertion order */
    int count, room;
    int *slot; /* [slots]: index into entry plus one, 0 empty; slots is a power of two */
    int slots;
} Map;

/* The value of key, or NULL. */
void *map_get(const Map *m, const char *key);
/* Sets key to value; returns the value it had before, or NULL. */
void *map_set(Arena *a, Map *m, const char *key, void *value);

/* Levenshtein distance bounded by `limit`, for suggestions of near names. */
int edit_distance(const char *a, const char *b, int limit);
/* The one of names[count] nearest to `name`, or NULL where none is near enough to suggest. */
const char *nearest_name(const char *name, const char *const *names, int count);

#endif
