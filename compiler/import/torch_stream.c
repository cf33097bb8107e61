/* The form of torch.save() before 1.6: five pickles (magic number, version of the form, facts about
 * the machine, the object, the keys of the storages), then for each key its number of elements as a
 * 64-bit integer and the elements. A file that holds one bare pickle (a dictionary of NumPy arrays,
 * say) is read here too. */
#include "compiler/import/torch.h"

#include <string.h>

enum { STREAM_VERSION = 1001 };

/* 0x1950a86a20f9469cfc6c */
static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

static int is_magic(const PickleValue *v)
{
    return v->kind == PICKLE_LONG && v->length == sizeof magic - 1 &&
           memcmp(v->text, magic, v->length) == 0;
}

/* The old form has loaded every storage by the time that tensors are collected. */
static const char *load_nothing(Checkpoint *c, Storage *s)
{
    Arena *a = c->reader->arena;
    return arena_printf(a, "storage %s is used, but not among the storages that follow",
                        quote_text(a, s->key, strlen(s->key)));
}

static const char *check_version(Arena *a, const PickleValue *v)
{
    if (v->kind == PICKLE_INT && v->integer == STREAM_VERSION)
        return NULL;
    return arena_printf(a, "its version of the form is not %d", STREAM_VERSION);
}

static const char *check_machine(const PickleValue *v)
{
    for (int i = 0; v->kind == PICKLE_DICT && i + 1 < v->items.count; i += 2) {
        const PickleValue *value = v->items.at[i + 1];
        if (!pickle_is_text(v->items.at[i], "little_endian") || value->kind != PICKLE_BOOL)
            continue;
        return value->integer ? NULL
                              : "it was written on a big-endian machine and is not read here";
    }
    return "its third pickle does not say whether it is little-endian";
}

static const char *read_storage(Checkpoint *c, const PickleValue *key, size_t *at)
{
    Reader *r = c->reader;
    if (key->kind != PICKLE_STRING)
        return "a key of its list of storages is no string";
    const char *name = quote_text(r->arena, key->text, key->length);
    Storage *s = map_get(&c->storages, arena_strndup(r->arena, key->text, key->length));
    if (!s)
        return arena_printf(r->arena, "storage %s follows, but nothing refers to it", name);
    if (!s->element_bytes)
        return arena_printf(r->arena, "storage %s is a %s, whose elements have an unknown size",
                            name, s->type);
    size_t room = r->length - *at;
    if (room < 8)
        return arena_printf(r->arena, "the file ends before storage %s", name);
    uint64_t count = little_endian(r->bytes + *at, 8);
    if (count != (uint64_t)s->count)
        return arena_printf(r->arena, "storage %s has %llu elements, but the pickle says %lld",
                            name, (unsigned long long)count, (long long)s->count);
    if (count > (room - 8) / (size_t)s->element_bytes)
        return arena_printf(r->arena,
                            "storage %s has %llu elements of %d bytes, but the file ends after %zu "
                            "bytes",
                            name, (unsigned long long)count, s->element_bytes, room - 8);
    s->bytes = r->bytes + *at + 8;
    *at += 8 + (size_t)count * (size_t)s->element_bytes;
    return NULL;
}

static const char *read_storages(Checkpoint *c, const PickleValue *keys, size_t at)
{
    if (keys->kind != PICKLE_LIST)
        return "its list of storages is no list";
    for (int i = 0; i < keys->items.count; i++) {
        const char *error = read_storage(c, keys->items.at[i], &at);
        if (error)
            return error;
    }
    if (at != c->reader->length)
        return arena_printf(c->reader->arena, "%zu bytes follow the last storage",
                            c->reader->length - at);
    return NULL;
}

static const char *read_checkpoint(Checkpoint *c, size_t at)
{
    Reader *r = c->reader;
    PickleItems persistent = { 0 };
    const PickleValue *part[4]; /* version, machine, object, keys */
    const char *error = NULL;
    for (int i = 0; !error && i < COUNT_OF(part); i++)
        error = pickle_read(r->arena, r->bytes, r->length, &at, &persistent, &part[i]);
    if (!error)
        error = check_version(r->arena, part[0]);
    if (!error)
        error = check_machine(part[1]);
    if (!error)
        error = checkpoint_add_storages(c, &persistent);
    if (!error)
        error = read_storages(c, part[3], at);
    return error ? error : checkpoint_collect(c, part[2]);
}

const char *torch_stream_read(Reader *r)
{
    Checkpoint c = { .reader = r, .load = load_nothing };
    PickleItems persistent = { 0 };
    const PickleValue *first;
    size_t at = 0;
    const char *error = pickle_read(r->arena, r->bytes, r->length, &at, &persistent, &first);
    if (error)
        return error;
    if (is_magic(first))
        return read_checkpoint(&c, at);
    error = checkpoint_add_storages(&c, &persistent);
    return error ? error : checkpoint_collect(&c, first);
}
