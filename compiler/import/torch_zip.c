/* Zip archives of weights: torch.save() since 1.6 (NAME/data.pkl with the object, NAME/data/KEY
 * with the elements of each storage, NAME/byteorder) and NumPy's .npz (one .npy file a tensor). An
 * archive with a data.pkl is the former. Entries are unpacked when a tensor needs them. */
#include "compiler/import/numpy.h"
#include "compiler/import/torch.h"
#include "compiler/import/zip.h"

#include <string.h>

/* --- PyTorch ---------------------------------------------------------------------------------- */

typedef struct TorchArchive {
    ZipArchive *zip;
    const char *folder; /* of data.pkl, with its slash */
} TorchArchive;

static const ZipEntry *find_entry(const TorchArchive *t, const char *name)
{
    return map_get(&t->zip->names, arena_printf(t->zip->arena, "%s%s", t->folder, name));
}

static const char *load_entry(Checkpoint *c, Storage *s)
{
    Arena *a = c->reader->arena;
    TorchArchive *t = c->context;
    const ZipEntry *e = find_entry(t, arena_printf(a, "data/%s", s->key));
    const char *key = quote_text(a, s->key, strlen(s->key));
    if (!e)
        return arena_printf(a, "the archive has no entry for storage %s", key);
    int64_t expected = checked_product(s->count, s->element_bytes);
    if (expected < 0 || e->size != (uint64_t)expected)
        return arena_printf(a, "storage %s has %llu bytes, but the pickle says %lld of %d bytes",
                            key, (unsigned long long)e->size, (long long)s->count,
                            s->element_bytes);
    return zip_entry_bytes(t->zip, e, &s->bytes);
}

static const char *check_byte_order(const TorchArchive *t)
{
    const ZipEntry *e = find_entry(t, "byteorder");
    const unsigned char *bytes;
    if (!e)
        return NULL;
    const char *error = zip_entry_bytes(t->zip, e, &bytes);
    if (error || (e->size == 6 && memcmp(bytes, "little", 6) == 0))
        return error;
    return arena_printf(t->zip->arena, "its byte order is %s, and only little is read",
                        quote_text(t->zip->arena, (const char *)bytes, (size_t)e->size));
}

static const char *read_torch(Reader *r, ZipArchive *z, const ZipEntry *pickle)
{
    size_t folder = strlen(pickle->name) - strlen("data.pkl"), at = 0;
    TorchArchive t = { z, arena_strndup(r->arena, pickle->name, folder) };
    Checkpoint c = { .reader = r, .load = load_entry, .context = &t };
    PickleItems persistent = { 0 };
    const PickleValue *root;
    const unsigned char *bytes;
    const char *error = check_byte_order(&t);
    if (!error)
        error = zip_entry_bytes(z, pickle, &bytes);
    if (!error)
        error = pickle_read(r->arena, bytes, (size_t)pickle->size, &at, &persistent, &root);
    if (!error)
        error = checkpoint_add_storages(&c, &persistent);
    return error ? error : checkpoint_collect(&c, root);
}

/* --- NumPy ------------------------------------------------------------------------------------ */

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *read_array(Reader *r, ZipArchive *z, const ZipEntry *e)
{
    WeightTensor *t;
    const unsigned char *bytes;
    const char *error = reader_add(r, e->name, strlen(e->name) - strlen(".npy"), &t);
    if (!error)
        error = zip_entry_bytes(z, e, &bytes);
    if (!error)
        error = numpy_read_file(r, bytes, (size_t)e->size, t);
    if (!error)
        return NULL;
    return arena_printf(r->arena, "%s: %s", quote_text(r->arena, e->name, strlen(e->name)), error);
}

static const char *read_npz(Reader *r, ZipArchive *z)
{
    const char *error = NULL;
    for (int i = 0; !error && i < z->entries.count; i++)
        if (ends_with(z->entries.at[i].name, ".npy"))
            error = read_array(r, z, &z->entries.at[i]);
    if (error || r->tensors.count)
        return error;
    return "is a zip archive with neither a data.pkl (PyTorch) nor .npy entries (NumPy)";
}

const char *torch_zip_or_npz_read(Reader *r)
{
    ZipArchive z;
    const char *error = zip_archive_open(r->arena, r->bytes, r->length, &z);
    if (error)
        return error;
    for_each_vec(ZipEntry, e, &z.entries)
        if (strcmp(e->name, "data.pkl") == 0 || ends_with(e->name, "/data.pkl"))
            return read_torch(r, &z, e);
    return read_npz(r, &z);
}
