/* Tensors in torch checkpoints: what the functions named by the records would rebuild, read off
 * their arguments. The argument lists are those of torch/_utils.py; arrays are numpy.c's. */
#include "compiler/import/torch.h"

#include "compiler/import/numpy.h"

#include <string.h>

enum { REBUILD_DEPTH = 8, KEY_LIMIT = 255 };

/* --- storages --------------------------------------------------------------------------------- */

typedef struct StorageType {
    const char *class, *scalar; /* torch.FloatStorage; torch.float32 where the type stands alone */
    DType dtype;
    int bytes;
} StorageType;

static const StorageType storage_types[] = {
    { "FloatStorage", "float32", DTYPE_F32, 4 },
    { "DoubleStorage", "float64", DTYPE_F64, 8 },
    { "HalfStorage", "float16", DTYPE_F16, 2 },
    { "BFloat16Storage", "bfloat16", DTYPE_BF16, 2 },
    { "CharStorage", "int8", DTYPE_I8, 1 },
    { "ByteStorage", "uint8", DTYPE_U8, 1 },
    { "ShortStorage", "int16", DTYPE_I16, 2 },
    { "IntStorage", "int32", DTYPE_I32, 4 },
    { "LongStorage", "int64", DTYPE_I64, 8 },
    { "BoolStorage", "bool", DTYPE_BOOL, 1 },
    { "UntypedStorage", NULL, DTYPE_U8, 1 },
    { "ComplexFloatStorage", "complex64", DTYPE_COUNT, 8 },
    { "ComplexDoubleStorage", "complex128", DTYPE_COUNT, 16 },
    { "QInt8Storage", "qint8", DTYPE_COUNT, 1 },
    { "QUInt8Storage", "quint8", DTYPE_COUNT, 1 },
    { "QInt32Storage", "qint32", DTYPE_COUNT, 4 },
};

static const StorageType *storage_type(const PickleValue *global)
{
    for (int i = 0; i < COUNT_OF(storage_types); i++)
        if (global->kind == PICKLE_GLOBAL && pickle_is_text(global->name, storage_types[i].class))
            return &storage_types[i];
    return NULL;
}

static const StorageType *scalar_type(const PickleValue *global)
{
    for (int i = 0; i < COUNT_OF(storage_types); i++)
        if (storage_types[i].scalar && pickle_is_global(global, "torch", storage_types[i].scalar))
            return &storage_types[i];
    return NULL;
}

/* A persistent object ('storage', class, key, device, count[, view]). */
static int is_storage(const PickleValue *v)
{
    if (v->kind != PICKLE_PERSISTENT || v->id->kind != PICKLE_TUPLE || v->id->items.count < 5)
        return 0;
    const PickleValue *const *part = v->id->items.at;
    return pickle_is_text(part[0], "storage") && part[2]->kind == PICKLE_STRING &&
           part[2]->length <= KEY_LIMIT && part[4]->kind == PICKLE_INT;
}

static Storage *find_storage(const Checkpoint *c, const PickleValue *v)
{
    const PickleValue *key = v->id->items.at[2];
    char text[KEY_LIMIT + 1] = { 0 };
    memcpy(text, key->text, key->length);
    return map_get(&c->storages, text);
}

static Storage *new_storage(Checkpoint *c, const PickleValue *v)
{
    Arena *a = c->reader->arena;
    const PickleValue *key = v->id->items.at[2], *class = v->id->items.at[1];
    Storage *s = arena_new_of(a, Storage);
    const StorageType *type = storage_type(class);
    s->key = arena_strndup(a, key->text, key->length);
    s->dtype = type ? type->dtype : DTYPE_COUNT;
    s->element_bytes = type ? type->bytes : 0;
    s->count = v->id->items.at[4]->integer;
    if (type)
        s->type = type->class;
    else if (class->kind == PICKLE_GLOBAL)
        s->type = quote_text(a, class->name->text, class->name->length);
    else
        s->type = "class without a name";
    return s;
}

static int is_same_storage(const Storage *s, const PickleValue *v)
{
    const StorageType *type = storage_type(v->id->items.at[1]);
    const char *name = type ? type->class : s->type;
    return s->count == v->id->items.at[4]->integer && strcmp(s->type, name) == 0;
}

static const char *add_storage(Checkpoint *c, const PickleValue *v)
{
    Arena *a = c->reader->arena;
    const Storage *before = find_storage(c, v);
    if (before && is_same_storage(before, v))
        return NULL;
    Storage *s = new_storage(c, v);
    if (s->count < 0)
        return arena_printf(a, "storage %s has %lld elements", s->key, (long long)s->count);
    if (before)
        return arena_printf(a, "storage %s is once a %s of %lld elements, once a %s of %lld",
                            s->key, before->type, (long long)before->count, s->type,
                            (long long)s->count);
    map_set(a, &c->storages, s->key, s);
    return NULL;
}

const char *checkpoint_add_storages(Checkpoint *c, const PickleItems *persistent)
{
    for_each_vec(const PickleValue *, v, persistent) {
        const char *error = is_storage(*v) ? add_storage(c, *v) : NULL;
        if (error)
            return error;
    }
    return NULL;
}

/* A view of the old stream, (key, offset, count): where it begins in its storage. */
static int64_t view_offset(const PickleValue *storage)
{
    const PickleItems *part = &storage->id->items;
    if (part->count < 6 || part->at[5]->kind != PICKLE_TUPLE || part->at[5]->items.count != 3)
        return 0;
    const PickleValue *offset = part->at[5]->items.at[1];
    return offset->kind == PICKLE_INT ? offset->integer : 0;
}

/* --- geometry --------------------------------------------------------------------------------- */

static int shown(const PickleValue *text)
{
    return text->length < 100 ? (int)text->length : 100;
}

const char *torch_callable_name(Arena *a, const PickleValue *v)
{
    const PickleValue *g = v->kind == PICKLE_RECORD ? v->record->callable : v;
    if (g->kind != PICKLE_GLOBAL)
        return "an unnamed object";
    const char *name = arena_printf(a, "%.*s.%.*s", shown(g->module), g->module->text,
                                    shown(g->name), g->name->text);
    return quote_text(a, name, strlen(name));
}

static const char *inert(Checkpoint *c, const PickleValue *v, WeightTensor *t)
{
    Arena *a = c->reader->arena;
    t->problem = arena_printf(a, "its values depend on %s, which kiln does not run",
                              torch_callable_name(a, v));
    return NULL;
}

/* A tuple of at most WEIGHT_MAX_RANK integers that are not negative; returns its length or -1. */
static int read_integers(const PickleValue *v, int64_t *out)
{
    if (v->kind == PICKLE_RECORD && pickle_is_global(v->record->callable, "torch", "Size") &&
        v->record->arguments->kind == PICKLE_TUPLE && v->record->arguments->items.count == 1)
        v = v->record->arguments->items.at[0];
    if ((v->kind != PICKLE_TUPLE && v->kind != PICKLE_LIST) || v->items.count > WEIGHT_MAX_RANK)
        return -1;
    for (int i = 0; i < v->items.count; i++) {
        if (v->items.at[i]->kind != PICKLE_INT || v->items.at[i]->integer < 0)
            return -1;
        out[i] = v->items.at[i]->integer;
    }
    return v->items.count;
}

static const char *malformed(Checkpoint *c, const WeightTensor *t, const char *what)
{
    Arena *a = c->reader->arena;
    return arena_printf(a, "the tensor %s: %s", quote_text(a, t->name, strlen(t->name)), what);
}

static const char *place(Checkpoint *c, Storage *s, int64_t offset, WeightTensor *t)
{
    Arena *a = c->reader->arena;
    const char *what = arena_printf(a, "the tensor %s in storage %s",
                                    quote_text(a, t->name, strlen(t->name)),
                                    quote_text(a, s->key, strlen(s->key)));
    int64_t bytes = checked_product(s->count, s->element_bytes);
    int64_t elements = bytes / (int64_t)dtype_bytes(t->dtype);
    if (offset < 0 || offset > elements)
        return arena_printf(a, "%s begins at element %lld of %lld", what, (long long)offset,
                            (long long)s->count);
    const char *error = reader_check_extent(c->reader, what, t, elements - offset);
    if (!error && !s->bytes)
        error = c->load(c, s);
    if (!error)
        t->bytes = s->bytes + offset * (int64_t)dtype_bytes(t->dtype);
    return error;
}

/* (storage, offset, size, stride, ...): _rebuild_tensor and _rebuild_tensor_v2; v3 has the element
 * type in place 6, its storage being untyped. */
static const char *rebuild_tensor(Checkpoint *c, const PickleValue *v, WeightTensor *t, int depth)
{
    (void)depth;
    const PickleItems *arg = &v->record->arguments->items;
    if (arg->count < 4)
        return malformed(c, t, "its record has too few arguments");
    if (!is_storage(arg->at[0]))
        return inert(c, arg->at[0], t);
    Storage *s = find_storage(c, arg->at[0]);
    const StorageType *scalar = arg->count > 6 ? scalar_type(arg->at[6]) : NULL;
    t->dtype = scalar ? scalar->dtype : s->dtype;
    t->rank = read_integers(arg->at[2], t->dim);
    if (t->rank < 0 || read_integers(arg->at[3], t->stride) != t->rank)
        return malformed(c, t,
                         arena_printf(c->reader->arena,
                                      "its size and stride are not two lists of as many "
                                      "numbers, at most %d",
                                      WEIGHT_MAX_RANK));
    if (t->dtype == DTYPE_COUNT) {
        t->dtype = DTYPE_U8;
        t->problem = arena_printf(c->reader->arena, "its storage is a %s, which kiln cannot use",
                                  s->type);
        return NULL;
    }
    int64_t offset;
    if (arg->at[1]->kind != PICKLE_INT ||
        __builtin_add_overflow(arg->at[1]->integer, view_offset(arg->at[0]), &offset))
        return malformed(c, t, "its offset is no number");
    return place(c, s, offset, t);
}

static const char *rebuild(Checkpoint *c, const PickleValue *v, WeightTensor *t, int depth);

/* (tensor, ...): a parameter around its tensor. */
static const char *rebuild_first(Checkpoint *c, const PickleValue *v, WeightTensor *t, int depth)
{
    const PickleItems *arg = &v->record->arguments->items;
    if (arg->count < 1)
        return malformed(c, t, "its record has too few arguments");
    return rebuild(c, arg->at[0], t, depth + 1);
}

/* (function, class, arguments, state): a subclass of a tensor around the call that makes it. */
static const char *rebuild_from_type(Checkpoint *c, const PickleValue *v, WeightTensor *t,
                                     int depth)
{
    const PickleItems *arg = &v->record->arguments->items;
    if (arg->count < 3 || arg->at[2]->kind != PICKLE_TUPLE)
        return malformed(c, t, "its record has too few arguments");
    PickleRecord record = { .callable = arg->at[0], .arguments = arg->at[2] };
    PickleValue call = { .kind = PICKLE_RECORD, .record = &record };
    return rebuild(c, &call, t, depth + 1);
}

static const char *rebuild_array(Checkpoint *c, const PickleValue *v, WeightTensor *t, int depth)
{
    (void)depth;
    return numpy_array(c->reader, v, t);
}

typedef struct Rebuilder {
    const char *module, *name;
    const char *(*rebuild)(Checkpoint *c, const PickleValue *v, WeightTensor *t, int depth);
} Rebuilder;

static const Rebuilder rebuilders[] = {
    { "torch._utils", "_rebuild_tensor", rebuild_tensor },
    { "torch._utils", "_rebuild_tensor_v2", rebuild_tensor },
    { "torch._utils", "_rebuild_tensor_v3", rebuild_tensor },
    { "torch._utils", "_rebuild_parameter", rebuild_first },
    { "torch._utils", "_rebuild_parameter_with_state", rebuild_first },
    { "torch._tensor", "_rebuild_from_type_v2", rebuild_from_type },
    { "numpy.core.multiarray", "_reconstruct", rebuild_array },
    { "numpy._core.multiarray", "_reconstruct", rebuild_array },
    { "numpy.core.multiarray", "scalar", rebuild_array },
    { "numpy._core.multiarray", "scalar", rebuild_array },
    { "numpy.core.numeric", "_frombuffer", rebuild_array },
    { "numpy._core.numeric", "_frombuffer", rebuild_array },
};

static const Rebuilder *find_rebuilder(const PickleValue *v)
{
    if (v->kind != PICKLE_RECORD || v->record->arguments->kind != PICKLE_TUPLE)
        return NULL;
    for (int i = 0; i < COUNT_OF(rebuilders); i++)
        if (pickle_is_global(v->record->callable, rebuilders[i].module, rebuilders[i].name))
            return &rebuilders[i];
    return NULL;
}

static const char *rebuild(Checkpoint *c, const PickleValue *v, WeightTensor *t, int depth)
{
    const Rebuilder *r = find_rebuilder(v);
    if (!r)
        return inert(c, v, t);
    if (depth > REBUILD_DEPTH)
        return malformed(c, t, "its record is nested too deeply");
    return r->rebuild(c, v, t, depth);
}

int torch_is_tensor(const PickleValue *v)
{
    return find_rebuilder(v) != NULL;
}

const char *torch_tensor(Checkpoint *c, const PickleValue *v, WeightTensor *t)
{
    return rebuild(c, v, t, 0);
}
