/* Zip archives (PKWARE's APPNOTE 6.3, zip64 included). The directory at the end of the archive is
 * the only list of entries; each local header must lie where it says and bear the same name, and
 * the byte ranges of the entries must not overlap.
 *
 * libzip would read such archives as well, but does not tell where an entry's bytes lie: stored
 * weights could not stay in the mapped file, and overlapping entries could not be told. Unpacking
 * and checksums are zlib's. */
#include "compiler/import/zip.h"

#include "compiler/import/reader.h"

#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
    LOCAL_BYTES = 30,
    ENTRY_BYTES = 46,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    COMMENT_LIMIT = 65535,
    STORED = 0,
    DEFLATED = 8,
    FLAG_ENCRYPTED = 1,
    /* Deflated entries may unpack to 100 times the archive, plus 64 MiB for small ones. */
    UNPACK_RATIO = 100,
    UNPACK_BASE = 64 << 20
};

/* The end record: where the directory lies. */
typedef struct Directory {
    uint64_t count, bytes, offset;
    size_t end; /* where it must end at the latest */
} Directory;

static int has_signature(const ZipArchive *z, uint64_t at, size_t bytes, const char *signature)
{
    return at <= z->length && z->length - at >= bytes && memcmp(z->bytes + at, signature, 4) == 0;
}

/* --- the end record --------------------------------------------------------------------------- */

static int find_end(const ZipArchive *z, size_t *at)
{
    for (size_t comment = 0; comment <= COMMENT_LIMIT && comment + END_BYTES <= z->length;
         comment++) {
        *at = z->length - END_BYTES - comment;
        if (has_signature(z, *at, END_BYTES, "PK\5\6") &&
            little_endian(z->bytes + *at + 20, 2) == comment)
            return 1;
    }
    return 0;
}

static const char *read_end64(const ZipArchive *z, size_t locator, Directory *d)
{
    uint64_t at = little_endian(z->bytes + locator + 8, 8);
    if (at > locator || !has_signature(z, at, END64_BYTES, "PK\6\6"))
        return "its zip64 end record is not where its locator says";
    const unsigned char *p = z->bytes + at;
    *d = (Directory){ little_endian(p + 32, 8), little_endian(p + 40, 8), little_endian(p + 48, 8),
                      (size_t)at };
    return NULL;
}

static const char *read_end(const ZipArchive *z, Directory *d)
{
    size_t at;
    if (!find_end(z, &at))
        return "its zip directory is missing: the archive is cut off or damaged";
    const unsigned char *p = z->bytes + at;
    if (little_endian(p + 4, 2) != 0 || little_endian(p + 6, 2) != 0)
        return "it is one part of a zip archive of several files";
    if (at >= LOCATOR_BYTES && has_signature(z, at - LOCATOR_BYTES, LOCATOR_BYTES, "PK\6\7"))
        return read_end64(z, at - LOCATOR_BYTES, d);
    *d = (Directory){ little_endian(p + 10, 2), little_endian(p + 12, 4), little_endian(p + 16, 4),
                      at };
    return NULL;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* Replaces what a zip64 extra field replaces: each value that does not fit in 32 bits, in order. */
static int read_extra64(const unsigned char *extra, size_t length, ZipEntry *e)
{
    uint64_t *wide[] = { &e->size, &e->packed, &e->header };
    for (size_t at = 0; at + 4 <= length;) {
        size_t id = (size_t)little_endian(extra + at, 2),
               n = (size_t)little_endian(extra + at + 2, 2);
        at += 4;
        if (n > length - at)
            return 0;
        size_t used = 0;
        for (int i = 0; id == 1 && i < COUNT_OF(wide); i++) {
            if (*wide[i] != UINT32_MAX)
                continue;
            if (n - used < 8)
                return 0;
            *wide[i] = little_endian(extra + at + used, 8);
            used += 8;
        }
        at += n;
    }
    return 1;
}

static const char *entry_fail(ZipArchive *z, const ZipEntry *e, const char *what)
{
    return arena_printf(z->arena, "zip entry %s: %s",
                        quote_text(z->arena, e->name, strlen(e->name)), what);
}

static const char *check_entry(ZipArchive *z, const ZipEntry *e, unsigned flags)
{
    if (flags & FLAG_ENCRYPTED)
        return entry_fail(z, e, "it is encrypted");
    if (e->method != STORED && e->method != DEFLATED)
        return entry_fail(z, e, "it is neither stored nor deflated");
    if (e->method == STORED && e->packed != e->size)
        return entry_fail(z, e, "it is stored, but its two sizes differ");
    return NULL;
}

/* Finds the packed bytes behind the local header. */
static const char *locate_entry(ZipArchive *z, ZipEntry *e)
{
    if (!has_signature(z, e->header, LOCAL_BYTES, "PK\3\4"))
        return entry_fail(z, e, "there is no header where the directory says");
    const unsigned char *p = z->bytes + e->header;
    size_t name = (size_t)little_endian(p + 26, 2), extra = (size_t)little_endian(p + 28, 2);
    uint64_t room = z->length - e->header - LOCAL_BYTES;
    if (name + extra > room || e->packed > room - name - extra)
        return entry_fail(z, e, "it reaches beyond the end of the file");
    if (name != strlen(e->name) || memcmp(p + LOCAL_BYTES, e->name, name) != 0)
        return entry_fail(z, e, "its own header has another name");
    e->at = p + LOCAL_BYTES + name + extra;
    return NULL;
}

/* Reads the directory entry at `*at`, which ends before `end`. */
static const char *read_entry(ZipArchive *z, size_t *at, size_t end)
{
    const unsigned char *p = z->bytes + *at;
    if (end - *at < ENTRY_BYTES || memcmp(p, "PK\1\2", 4) != 0)
        return "its zip directory is damaged or ends early";
    size_t name = (size_t)little_endian(p + 28, 2), extra = (size_t)little_endian(p + 30, 2),
           comment = (size_t)little_endian(p + 32, 2);
    if (name + extra + comment > end - *at - ENTRY_BYTES)
        return "its zip directory is damaged or ends early";
    if (memchr(p + ENTRY_BYTES, 0, name))
        return "the name of a zip entry contains a zero byte";
    ZipEntry e = { .name = arena_strndup(z->arena, (const char *)p + ENTRY_BYTES, name),
                   .method = (int)little_endian(p + 10, 2),
                   .checksum = (uint32_t)little_endian(p + 16, 4),
                   .packed = little_endian(p + 20, 4),
                   .size = little_endian(p + 24, 4),
                   .header = little_endian(p + 42, 4) };
    if (!read_extra64(p + ENTRY_BYTES + name, extra, &e))
        return entry_fail(z, &e, "its zip64 field is damaged");
    *at += ENTRY_BYTES + name + extra + comment;
    const char *error = check_entry(z, &e, (unsigned)little_endian(p + 8, 2));
    if (!error)
        error = locate_entry(z, &e);
    if (!error)
        vec_push(z->arena, &z->entries, e);
    return error;
}

/* --- checks over all entries ------------------------------------------------------------------ */

static int compare_entries(const void *a, const void *b)
{
    const ZipEntry *x = *(ZipEntry *const *)a, *y = *(ZipEntry *const *)b;
    return (x->header > y->header) - (x->header < y->header);
}

static const char *check_overlap(ZipArchive *z, const Directory *d)
{
    int count = z->entries.count;
    ZipEntry **order = arena_new_array(z->arena, ZipEntry *, count + 1);
    for (int i = 0; i < count; i++)
        order[i] = &z->entries.at[i];
    qsort(order, (size_t)count, sizeof *order, compare_entries);
    for (int i = 0; i < count; i++) {
        uint64_t end = (uint64_t)(order[i]->at - z->bytes) + order[i]->packed;
        if (i + 1 < count && end > order[i + 1]->header)
            return entry_fail(
                z, order[i],
                arena_printf(z->arena, "it overlaps the entry %s",
                             quote_text(z->arena, order[i + 1]->name, strlen(order[i + 1]->name))));
        if (end > d->offset)
            return entry_fail(z, order[i], "it overlaps the directory");
    }
    return NULL;
}

static const char *check_names(ZipArchive *z)
{
    for_each_vec(ZipEntry, e, &z->entries)
        if (map_set(z->arena, &z->names, e->name, e))
            return entry_fail(z, e, "the name occurs twice in the archive");
    return NULL;
}

static const char *check_sizes(ZipArchive *z)
{
    uint64_t total = 0, limit = UNPACK_BASE + (uint64_t)z->length * UNPACK_RATIO;
    for_each_vec(ZipEntry, e, &z->entries) {
        if (e->method == STORED)
            continue;
        if (e->size > limit || (total += e->size) > limit)
            return arena_printf(
                z->arena,
                "its entries unpack to more than %llu bytes (the limit: %d times the "
                "file's %zu, plus %d)",
                (unsigned long long)limit, UNPACK_RATIO, z->length, UNPACK_BASE);
    }
    return NULL;
}

const char *zip_archive_open(Arena *a, const unsigned char *bytes, size_t length, ZipArchive *z)
{
    *z = (ZipArchive){ .arena = a, .bytes = bytes, .length = length };
    Directory d;
    const char *error = read_end(z, &d);
    if (error)
        return error;
    if (d.offset > d.end || d.bytes > d.end - d.offset)
        return "its zip directory is not where the end record says";
    size_t at = (size_t)d.offset, end = at + (size_t)d.bytes;
    for (uint64_t i = 0; !error && i < d.count; i++)
        error = read_entry(z, &at, end);
    if (!error && at != end)
        error = "its zip directory has another length than the end record says";
    if (!error)
        error = check_overlap(z, &d);
    if (!error)
        error = check_names(z);
    return error ? error : check_sizes(z);
}

/* --- the bytes of an entry -------------------------------------------------------------------- */

/* Unpacks into out[size] what must have exactly that size; returns 0 if it has not. */
static int unpack(const ZipEntry *e, unsigned char *out)
{
    z_stream s = { .next_in = e->at, .next_out = out };
    uint64_t in = e->packed, room = e->size;
    int status = inflateInit2(&s, -MAX_WBITS);
    if (status != Z_OK)
        return 0;
    while (status == Z_OK) {
        uInt in_part = s.avail_in = in > UINT32_MAX ? UINT32_MAX : (uInt)in;
        uInt out_part = s.avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
        status = inflate(&s, Z_NO_FLUSH);
        in -= in_part - s.avail_in;
        room -= out_part - s.avail_out;
        if (in_part == s.avail_in && out_part == s.avail_out)
            break;
    }
    inflateEnd(&s);
    return status == Z_STREAM_END && in == 0 && room == 0;
}

static uint32_t checksum(const unsigned char *bytes, uint64_t length)
{
    return (uint32_t)crc32_z(0, bytes, (z_size_t)length);
}

const char *zip_entry_bytes(ZipArchive *z, const ZipEntry *e, const unsigned char **bytes)
{
    *bytes = e->at;
    if (e->method == DEFLATED) {
        unsigned char *out = arena_alloc(z->arena, (size_t)e->size + 1);
        if (!unpack(e, out))
            return entry_fail(z, e,
                              arena_printf(z->arena, "it does not unpack to its %llu bytes",
                                           (unsigned long long)e->size));
        *bytes = out;
    }
    uint32_t sum = checksum(*bytes, e->size);
    if (sum == e->checksum)
        return NULL;
    return entry_fail(z, e,
                      arena_printf(z->arena, "its bytes have the checksum %08x instead of %08x",
                                   sum, e->checksum));
}
