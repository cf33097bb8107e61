/* Zip archives in memory: the list of entries, and the bytes of one. */
#ifndef KILN_IMPORT_ZIP_H
#define KILN_IMPORT_ZIP_H

#include "compiler/base/map.h"
#include "compiler/base/vec.h"

#include <stdint.h>

typedef struct ZipEntry {
    const char *name;
    int method;              /* 0 stored, 8 deflated */
    uint64_t packed, size;   /* bytes in the archive, bytes unpacked */
    uint32_t checksum;       /* CRC-32 of the unpacked bytes */
    uint64_t header;         /* offset of the local header */
    const unsigned char *at; /* the packed bytes */
} ZipEntry;

typedef struct ZipArchive {
    Arena *arena;
    const unsigned char *bytes;
    size_t length;
    Vec(ZipEntry) entries; /* in the order of the directory */
    Map names;             /* name -> ZipEntry * */
} ZipArchive;

/* Reads the directory and checks that no entries overlap, that no name occurs twice, and that the
 * unpacked sizes stay below the limit. NULL or the reason. */
const char *zip_archive_open(Arena *a, const unsigned char *bytes, size_t length, ZipArchive *z);

/* The bytes of an entry, checked against its checksum: where they lie in the archive if stored,
 * else unpacked into the arena. */
const char *zip_entry_bytes(ZipArchive *z, const ZipEntry *e, const unsigned char **bytes);

#endif
