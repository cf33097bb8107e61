/* Open addressing over an insertion-ordered entry array. */
#include "compiler/base/map.h"

#include "compiler/base/vec.h"

#include <stdint.h>
#include <string.h>

static uint32_t hash_string(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

/* The slot that holds key, or the empty one where it belongs. */
static int find_slot(const Map *m, const char *key)
{
    uint32_t mask = (uint32_t)m->slots - 1;
    uint32_t i = hash_string(key) & mask;
    while (m->slot[i] && strcmp(m->entry[m->slot[i] - 1].key, key) != 0)
        i = (i + 1) & mask;
    return (int)i;
}

void *map_get(const Map *m, const char *key)
{
    if (!m->slots)
        return NULL;
    int slot = find_slot(m, key);
    return m->slot[slot] ? m->entry[m->slot[slot] - 1].value : NULL;
}

static void grow_slots(Arena *a, Map *m)
{
    m->slots = m->slots ? 2 * m->slots : 16;
    m->slot = arena_new_array(a, int, m->slots);
    for (int i = 0; i < m->count; i++)
        m->slot[find_slot(m, m->entry[i].key)] = i + 1;
}

void *map_set(Arena *a, Map *m, const char *key, void *value)
{
    if (2 * (m->count + 1) > m->slots)
        grow_slots(a, m);
    int slot = find_slot(m, key);
    if (m->slot[slot]) {
        MapEntry *e = &m->entry[m->slot[slot] - 1];
        void *before = e->value;
        e->value = value;
        return before;
    }
    m->entry = vec_grow(a, m->entry, m->count, &m->room, sizeof *m->entry);
    m->entry[m->count++] = (MapEntry){ key, value };
    m->slot[slot] = m->count;
    return NULL;
}

enum { LONGEST_NAME = 64 };

int edit_distance(const char *a, const char *b, int limit)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST_NAME || nb > LONGEST_NAME)
        return limit + 1;
    int row[LONGEST_NAME + 1];
    for (size_t j = 0; j <= nb; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int replace = diagonal + (a[i - 1] != b[j - 1]);
            int insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < insert ? replace : insert;
        }
    }
    return row[nb];
}

const char *nearest_name(const char *name, const char *const *names, int count)
{
    int limit = (int)strlen(name) / 3 + 1;
    const char *best = NULL;
    for (int i = 0; i < count; i++) {
        int d = edit_distance(name, names[i], limit);
        if (d <= limit) {
            limit = d - 1;
            best = names[i];
        }
    }
    return best;
}
