/* Weight files built in memory, well-formed or hostile, for unit tests and as seeds of the
 * fuzzers. */
#ifndef KILN_TESTS_WEIGHT_FILES_H
#define KILN_TESTS_WEIGHT_FILES_H

#include "compiler/base/text.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

/* A growing buffer of bytes is a Text. */
static inline void put_number(Text *t, uint64_t n, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_append(t, &(char){ (char)(i < 8 ? n >> (8 * i) : 0) }, 1);
}

static inline void put_floats(Text *t, int count, float first)
{
    for (int i = 0; i < count; i++) {
        float f = first + (float)i;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        put_number(t, bits, 4);
    }
}

/* --- safetensors and .npy --------------------------------------------------------------------- */

static inline Text make_safetensors(Arena *a, const char *header, int data_bytes)
{
    Text t = { .arena = a };
    put_number(&t, strlen(header), 8);
    text_puts(&t, header);
    for (int i = 0; i < data_bytes; i++)
        put_number(&t, (uint64_t)i, 1);
    return t;
}

static inline Text make_npy(Arena *a, int major, const char *header, const Text *data)
{
    Text t = { .arena = a };
    text_append(&t, "\x93NUMPY", 6);
    put_number(&t, (uint64_t)major, 2);
    put_number(&t, strlen(header), major == 1 ? 2 : 4);
    text_puts(&t, header);
    if (data)
        text_append(&t, data->at, data->length);
    return t;
}

/* --- pickles ---------------------------------------------------------------------------------- */

static inline void pickle_string(Text *t, const char *s)
{
    put_number(t, 'X', 1);
    put_number(t, strlen(s), 4);
    text_puts(t, s);
}

static inline void pickle_global(Text *t, const char *module, const char *name)
{
    text_printf(t, "c%s\n%s\n", module, name);
}

static inline void pickle_int(Text *t, int64_t n)
{
    text_puts(t, "\x8a\x08");
    put_number(t, (uint64_t)n, 8);
}

static inline void pickle_tuple(Text *t, int count, const int64_t *numbers)
{
    text_puts(t, "(");
    for (int i = 0; i < count; i++)
        pickle_int(t, numbers[i]);
    text_puts(t, "t");
}

static inline void pickle_storage(Text *t, const char *type, const char *key, int64_t count)
{
    text_puts(t, "(");
    pickle_string(t, "storage");
    pickle_global(t, "torch", type);
    pickle_string(t, key);
    pickle_string(t, "cpu");
    pickle_int(t, count);
    text_puts(t, "tQ");
}

typedef struct TestTensor {
    const char *type, *key;
    int64_t count, offset; /* of the storage; into it */
    int rank;
    int64_t dim[12], stride[12];
} TestTensor;

static inline void pickle_tensor(Text *t, TestTensor x)
{
    pickle_global(t, "torch._utils", "_rebuild_tensor_v2");
    text_puts(t, "(");
    pickle_storage(t, x.type, x.key, x.count);
    pickle_int(t, x.offset);
    pickle_tuple(t, x.rank, x.dim);
    pickle_tuple(t, x.rank, x.stride);
    text_puts(t, "\x89");
    pickle_global(t, "collections", "OrderedDict");
    text_puts(t, ")RtR");
}

/* The old stream of torch.save(): `object` is a pickle without PROTO and STOP, `storages` is what
 * follows the list of `keys`. */
static inline Text make_stream(Arena *a, const Text *object, int count, const char *const *keys,
                               const Text *storages)
{
    static const char head[] =
        "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.";
    Text t = { .arena = a };
    text_append(&t, head, sizeof head - 1);
    text_puts(&t, "\x80\2}");
    pickle_string(&t, "little_endian");
    text_puts(&t, "\x88s.\x80\2");
    text_append(&t, object->at, object->length);
    text_puts(&t, ".\x80\2](");
    for (int i = 0; i < count; i++)
        pickle_string(&t, keys[i]);
    text_puts(&t, "e.");
    text_append(&t, storages->at, storages->length);
    return t;
}

/* --- zip archives ----------------------------------------------------------------------------- */

typedef struct ZipWriter {
    Text file, directory;
    int count;
} ZipWriter;

static inline ZipWriter zip_writer(Arena *a)
{
    return (ZipWriter){ .file = { .arena = a }, .directory = { .arena = a } };
}

/* One entry as the directory will describe it; the fields need not be true. */
typedef struct TestEntry {
    const char *name, *local_name; /* local_name NULL: the same */
    int method, flags;
    uint64_t size, packed, header;
    uint32_t checksum;
} TestEntry;

static inline void zip_add_directory(ZipWriter *w, const TestEntry *e)
{
    Text *d = &w->directory;
    text_append(d, "PK\1\2\24\0\24\0", 8);
    put_number(d, (uint64_t)e->flags, 2);
    put_number(d, (uint64_t)e->method, 2);
    put_number(d, 0, 4);
    put_number(d, e->checksum, 4);
    put_number(d, e->packed, 4);
    put_number(d, e->size, 4);
    put_number(d, strlen(e->name), 2);
    put_number(d, 0, 12);
    put_number(d, e->header, 4);
    text_puts(d, e->name);
    w->count++;
}

static inline void zip_add_local(ZipWriter *w, const TestEntry *e, const void *packed)
{
    const char *name = e->local_name ? e->local_name : e->name;
    text_append(&w->file, "PK\3\4\24\0", 6);
    put_number(&w->file, (uint64_t)e->flags, 2);
    put_number(&w->file, (uint64_t)e->method, 2);
    put_number(&w->file, 0, 4);
    put_number(&w->file, e->checksum, 4);
    put_number(&w->file, e->packed, 4);
    put_number(&w->file, e->size, 4);
    put_number(&w->file, strlen(name), 2);
    put_number(&w->file, 0, 2);
    text_puts(&w->file, name);
    text_append(&w->file, packed, (size_t)e->packed);
}

/* Deflates (method 8) or stores (0) the bytes; returns what the directory says of them, so that a
 * test may change it before zip_add_directory(). */
static inline TestEntry zip_pack(ZipWriter *w, const char *name, int method, const Text *bytes)
{
    size_t room = bytes->length + bytes->length / 8 + 64;
    unsigned char *packed = arena_alloc(w->file.arena, room);
    TestEntry e = {
        .name = name, .method = method, .size = bytes->length, .header = w->file.length
    };
    e.checksum = (uint32_t)crc32(0, (const unsigned char *)bytes->at, (uInt)bytes->length);
    e.packed = bytes->length;
    if (method == 8) {
        z_stream s = { .next_in = (unsigned char *)bytes->at,
                       .avail_in = (uInt)bytes->length,
                       .next_out = packed,
                       .avail_out = (uInt)room };
        deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
        deflate(&s, Z_FINISH);
        e.packed = s.total_out;
        deflateEnd(&s);
    } else if (bytes->length) {
        memcpy(packed, bytes->at, bytes->length);
    }
    zip_add_local(w, &e, packed);
    return e;
}

static inline void zip_add(ZipWriter *w, const char *name, int method, const Text *bytes)
{
    TestEntry e = zip_pack(w, name, method, bytes);
    zip_add_directory(w, &e);
}

/* The same as zip64: sizes and offset of `e` in an extra field of the directory. */
static inline void zip_add_directory64(ZipWriter *w, const TestEntry *e)
{
    TestEntry wide = *e;
    wide.size = wide.packed = wide.header = UINT32_MAX;
    size_t at = w->directory.length;
    zip_add_directory(w, &wide);
    w->directory.at[at + 30] = 28; /* length of the extra field */
    put_number(&w->directory, 1, 2);
    put_number(&w->directory, 24, 2);
    put_number(&w->directory, e->size, 8);
    put_number(&w->directory, e->packed, 8);
    put_number(&w->directory, e->header, 8);
}

static inline void zip_end64(ZipWriter *w)
{
    uint64_t offset = w->file.length, bytes = w->directory.length;
    text_append(&w->file, w->directory.at, w->directory.length);
    uint64_t end = w->file.length;
    text_append(&w->file, "PK\6\6", 4);
    put_number(&w->file, 44, 8);
    put_number(&w->file, 0x2d002d, 4);
    put_number(&w->file, 0, 8);
    put_number(&w->file, (uint64_t)w->count, 8);
    put_number(&w->file, (uint64_t)w->count, 8);
    put_number(&w->file, bytes, 8);
    put_number(&w->file, offset, 8);
    text_append(&w->file, "PK\6\7", 4);
    put_number(&w->file, 0, 4);
    put_number(&w->file, end, 8);
    put_number(&w->file, 1, 4);
    w->directory.length = 0;
}

/* Appends directory and end record; returns the archive. */
static inline Text zip_end(ZipWriter *w)
{
    uint64_t offset = w->file.length, bytes = w->directory.length;
    text_append(&w->file, text_string(&w->directory), (size_t)bytes);
    text_append(&w->file, "PK\5\6\0\0\0\0", 8);
    put_number(&w->file, (uint64_t)w->count, 2);
    put_number(&w->file, (uint64_t)w->count, 2);
    put_number(&w->file, bytes, 4);
    put_number(&w->file, offset, 4);
    put_number(&w->file, 0, 2);
    return w->file;
}

#endif
