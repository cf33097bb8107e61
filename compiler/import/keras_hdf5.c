/* Weights that Keras saved: HDF5 through libhdf5, as `save_weights` and `model.save` of Keras 2
 * write it. The root (or its group `model_weights`) has the attribute `layer_names`; the group of
 * each layer has `weight_names`, the paths of its tensors below it, which are also the names they
 * get here. Tensors stored in one piece stay where they are in the file; chunks and compressed
 * ones are read by libhdf5. What else is in the file (the optimizer's state, the network as JSON)
 * is not looked at. Runs in a process of its own, see keras.c. */
#include "compiler/import/reader.h"

#include <hdf5.h>
#include <stdbool.h>
#include <string.h>

enum { LIST_LIMIT = 1 << 20, PARTS_LIMIT = 1000, STRING_LIMIT = 1 << 16 };

typedef struct KerasFile {
    Reader *reader;
    hid_t file, root;
    unsigned long number; /* of the file, as its objects have it */
    Map seen;
} KerasFile;

typedef Vec(const char *) Names;

static const char *quoted(const KerasFile *k, const char *text)
{
    return quote_text(k->reader->arena, text, strlen(text));
}

/* --- lists of names ------------------------------------------------------------------------- */

/* Strings of one fixed length, padded with zeros. */
static bool read_fixed(KerasFile *k, hid_t attribute, hid_t type, int64_t count, Names *names)
{
    Arena *a = k->reader->arena;
    size_t size = H5Tget_size(type);
    if (size == 0 || size > STRING_LIMIT || count * (int64_t)size > LIST_LIMIT * 64)
        return false;
    char *text = arena_alloc(a, (size_t)count * size);
    if (H5Aread(attribute, type, text) < 0)
        return false;
    for (int64_t i = 0; i < count; i++) {
        const char *name = text + (size_t)i * size;
        vec_push(a, names, arena_strndup(a, name, strnlen(name, size)));
    }
    return true;
}

static bool read_variable(KerasFile *k, hid_t attribute, hid_t type, hid_t space, int64_t count,
                          Names *names)
{
    Arena *a = k->reader->arena;
    char **text = arena_new_array(a, char *, count);
    if (H5Aread(attribute, type, text) < 0)
        return false;
    for (int64_t i = 0; i < count; i++)
        vec_push(a, names, arena_strdup(a, text[i] ? text[i] : ""));
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, text);
    return true;
}

/* Appends the strings of one attribute. An empty list has whatever type. */
static bool read_attribute(KerasFile *k, hid_t attribute, Names *names)
{
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int64_t count = H5Sget_simple_extent_npoints(space);
    bool good = type >= 0 && count >= 0 && count <= LIST_LIMIT;
    if (good && count > 0) {
        good = H5Tget_class(type) == H5T_STRING;
        if (good && H5Tis_variable_str(type) > 0)
            good = read_variable(k, attribute, type, space, count, names);
        else if (good)
            good = read_fixed(k, attribute, type, count, names);
    }
    H5Tclose(type);
    H5Sclose(space);
    return good;
}

/* The list `key` of a group; long ones are cut into key0, key1, .... */
static const char *read_list(KerasFile *k, hid_t group, const char *where, const char *key,
                             Names *names)
{
    Arena *a = k->reader->arena;
    bool whole = H5Aexists(group, key) > 0;
    for (int part = 0; part < PARTS_LIMIT; part++) {
        const char *name = whole ? key : arena_printf(a, "%s%d", key, part);
        if (!whole && H5Aexists(group, name) <= 0) {
            if (part)
                break;
            return arena_printf(a,
                                "is an HDF5 file, but %s has no attribute '%s': not weights as "
                                "Keras 2 saves them",
                                where, key);
        }
        hid_t attribute = H5Aopen(group, name, H5P_DEFAULT);
        bool good = attribute >= 0 && read_attribute(k, attribute, names);
        if (attribute >= 0)
            H5Aclose(attribute);
        if (!good)
            return arena_printf(a, "the attribute '%s' of %s is no readable list of names", name,
                                where);
        if (whole)
            break;
    }
    return NULL;
}

/* --- tensors -------------------------------------------------------------------------------- */

/* The type of the elements in memory: what the file has, if kiln knows it in its byte order. */
static bool read_type(hid_t dataset, DType *type, hid_t *memory)
{
    static const struct {
        H5T_class_t class;
        size_t bytes;
        DType type;
    } rows[] = { { H5T_FLOAT, 2, DTYPE_F16 },   { H5T_FLOAT, 4, DTYPE_F32 },
                 { H5T_FLOAT, 8, DTYPE_F64 },   { H5T_INTEGER, 1, DTYPE_I8 },
                 { H5T_INTEGER, 2, DTYPE_I16 }, { H5T_INTEGER, 4, DTYPE_I32 },
                 { H5T_INTEGER, 8, DTYPE_I64 } };
    hid_t stored = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(stored);
    size_t bytes = H5Tget_size(stored);
    bool known = false;
    bool little = H5Tget_order(stored) == H5T_ORDER_LE || bytes == 1;
    bool is_signed = class != H5T_INTEGER || H5Tget_sign(stored) == H5T_SGN_2;
    for (int i = 0; i < COUNT_OF(rows) && little && is_signed; i++)
        if (rows[i].class == class && rows[i].bytes == bytes) {
            *type = rows[i].type;
            known = true;
        }
    *memory = stored;
    return known;
}

static const char *read_extents(KerasFile *k, hid_t dataset, WeightTensor *t)
{
    hid_t space = H5Dget_space(dataset);
    hsize_t dim[H5S_MAX_RANK] = { 0 };
    int rank = H5Sget_simple_extent_ndims(space);
    bool good = rank >= 0 && rank <= WEIGHT_MAX_RANK &&
                H5Sget_simple_extent_type(space) != H5S_NULL;
    if (good && rank > 0)
        good = H5Sget_simple_extent_dims(space, dim, NULL) == rank;
    H5Sclose(space);
    int64_t bytes = (int64_t)dtype_bytes(t->dtype);
    for (int i = 0; good && i < rank; i++) {
        t->dim[t->rank++] = (int64_t)dim[i];
        bytes = dim[i] <= INT64_MAX ? checked_product(bytes, (int64_t)dim[i]) : -1;
        good = bytes >= 0;
    }
    tensor_set_strides(t, 0);
    return good ? NULL
                : arena_printf(k->reader->arena, "%s has no shape that kiln can use",
                               quoted(k, t->name));
}

/* Bytes that lie in the file in one piece; NULL: they do not. */
static const void *stored_bytes(KerasFile *k, hid_t dataset, uint64_t bytes)
{
    hid_t create = H5Dget_create_plist(dataset);
    bool plain = H5Pget_layout(create) == H5D_CONTIGUOUS && H5Pget_external_count(create) == 0 &&
                 H5Dget_storage_size(dataset) == bytes;
    H5Pclose(create);
    haddr_t at = plain ? H5Dget_offset(dataset) : HADDR_UNDEF;
    if (at == HADDR_UNDEF || at > k->reader->length || k->reader->length - at < bytes)
        return NULL;
    return k->reader->bytes + at;
}

static const char *read_elements(KerasFile *k, hid_t dataset, hid_t memory, WeightTensor *t)
{
    Reader *r = k->reader;
    uint64_t bytes = (uint64_t)weight_count(t) * dtype_bytes(t->dtype);
    t->bytes = bytes ? stored_bytes(k, dataset, bytes) : r->bytes;
    if (t->bytes)
        return NULL;
    const char *error = reader_charge(r, bytes);
    if (error)
        return error;
    hid_t create = H5Dget_create_plist(dataset);
    bool outside = H5Pget_external_count(create) > 0;
    H5Pclose(create);
    void *copy = arena_alloc(r->arena, bytes);
    if (outside || H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, copy) < 0)
        return arena_printf(r->arena, "the elements of %s cannot be read%s", quoted(k, t->name),
                            outside ? ": they are in another file" : "");
    t->bytes = copy;
    return NULL;
}

static const char *read_dataset(KerasFile *k, hid_t dataset, WeightTensor *t)
{
    Arena *a = k->reader->arena;
    H5O_info_t info;
    hid_t memory;
    if (H5Oget_info2(dataset, &info, H5O_INFO_BASIC) < 0 || info.type != H5O_TYPE_DATASET)
        return arena_printf(a, "%s is no dataset", quoted(k, t->name));
    if (info.fileno != k->number)
        return arena_printf(a, "%s is in another file", quoted(k, t->name));
    const char *error = NULL;
    if (!read_type(dataset, &t->dtype, &memory))
        error = arena_printf(a, "%s has a type of elements that kiln cannot use",
                             quoted(k, t->name));
    if (!error)
        error = read_extents(k, dataset, t);
    if (!error)
        error = read_elements(k, dataset, memory, t);
    H5Tclose(memory);
    return error;
}

static const char *read_tensor(KerasFile *k, hid_t group, const char *layer, const char *name)
{
    WeightTensor *t;
    const char *error = reader_add(k->reader, name, strlen(name), &t);
    if (error)
        return error;
    t->keras_layer = layer;
    hid_t dataset = H5Oopen(group, name, H5P_DEFAULT);
    if (dataset < 0)
        return arena_printf(k->reader->arena,
                            "the layer %s lists the tensor %s, which is not there",
                            quoted(k, layer), quoted(k, name));
    error = read_dataset(k, dataset, t);
    H5Oclose(dataset);
    return error;
}

static const char *read_layer(KerasFile *k, const char *layer)
{
    Arena *a = k->reader->arena;
    Names weights = { 0 };
    if (map_set(a, &k->seen, layer, k))
        return arena_printf(a, "the layer %s is listed twice", quoted(k, layer));
    hid_t group = *layer ? H5Gopen2(k->root, layer, H5P_DEFAULT) : -1;
    if (group < 0)
        return arena_printf(a, "the list of layers has %s, which is not there", quoted(k, layer));
    const char *where = arena_printf(a, "the layer %s", quoted(k, layer));
    const char *error = read_list(k, group, where, "weight_names", &weights);
    for (int i = 0; i < weights.count && !error; i++)
        error = read_tensor(k, group, layer, weights.at[i]);
    H5Gclose(group);
    return error;
}

/* --- the file ------------------------------------------------------------------------------- */

static const char *read_layers(KerasFile *k)
{
    Names layers = { 0 };
    H5O_info_t info;
    bool whole = H5Lexists(k->file, "model_weights", H5P_DEFAULT) > 0;
    k->root = H5Gopen2(k->file, whole ? "model_weights" : "/", H5P_DEFAULT);
    if (k->root < 0 || H5Oget_info2(k->root, &info, H5O_INFO_BASIC) < 0)
        return "is a damaged HDF5 file: its root cannot be read";
    k->number = info.fileno;
    const char *error = read_list(k, k->root, whole ? "its group 'model_weights'" : "its root",
                                  "layer_names", &layers);
    for (int i = 0; i < layers.count && !error; i++)
        error = read_layer(k, layers.at[i]);
    H5Gclose(k->root);
    return error;
}

/* libhdf5 works on the reader's bytes as they are: every copy that it asks for is they. The file is
 * opened for reading, so that nothing is written to them. */
static void *image_bytes(size_t size, H5FD_file_image_op_t op, void *reader)
{
    const Reader *r = reader;
    (void)op;
    return size == r->length ? (void *)(uintptr_t)r->bytes : NULL;
}

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op,
                        void *reader)
{
    (void)from, (void)size, (void)op, (void)reader;
    return to;
}

static herr_t image_free(void *bytes, H5FD_file_image_op_t op, void *reader)
{
    (void)bytes, (void)op, (void)reader;
    return 0;
}

static void *image_same_reader(void *reader)
{
    return reader;
}

static herr_t image_keep_reader(void *reader)
{
    (void)reader;
    return 0;
}

static hid_t open_image(Reader *r)
{
    H5FD_file_image_callbacks_t callbacks = { .image_malloc = image_bytes,
                                              .image_memcpy = image_copy,
                                              .image_free = image_free,
                                              .udata_copy = image_same_reader,
                                              .udata_free = image_keep_reader,
                                              .udata = r };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    if (H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &callbacks) >= 0 &&
        H5Pset_file_image(access, (void *)(uintptr_t)r->bytes, r->length) >= 0)
        file = H5Fopen("weights", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return file;
}

const char *keras_hdf5_list(Reader *r)
{
    KerasFile k = { .reader = r };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    k.file = open_image(r);
    if (k.file < 0)
        return "is a damaged HDF5 file: libhdf5 cannot open it";
    const char *error = read_layers(&k);
    H5Fclose(k.file);
    return error;
}
