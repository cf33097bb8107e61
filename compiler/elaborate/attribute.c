/* Arguments of operators to attributes: one row per parameter name of op.def's signatures. */
#include "compiler/elaborate/elaborator.h"

#include <stddef.h>

typedef struct Setting {
    Elaborator *e;
    const char *what; /* "'kernel' of 'conv2d'" */
    const Value *value;
    Loc loc;
} Setting;

static bool reject(const Setting *s, const char *wanted)
{
    elaborate_error(s->e, s->loc, "type", "%s must be %s; this is %s", s->what, wanted,
                    s->value->kind == VALUE_TENSOR ? "a tensor"
                                                   : value_text(s->e->arena, s->value));
    return false;
}

bool attribute_integer(Elaborator *e, const char *what, const Value *v, Loc loc, int64_t *out)
{
    if (value_is_integer(v)) {
        *out = v->num;
        return true;
    }
    if (v->kind == VALUE_NUMBER)
        elaborate_error(e, loc, "not-integer",
                        "%s must be an integer; this is %s ('a div b' divides rounding down)", what,
                        value_text(e->arena, v));
    else if (v->kind == VALUE_REAL)
        elaborate_error(e, loc, "not-integer",
                        "%s must be an integer; this is the float %s (int(x), floor(x), round(x) "
                        "make one)",
                        what, value_text(e->arena, v));
    else if (v->kind != VALUE_ERROR)
        elaborate_error(e, loc, "type", "%s must be an integer; this is %s", what,
                        value_kind_name(v));
    return false;
}

static bool set_int64(const Setting *s, void *out)
{
    return attribute_integer(s->e, s->what, s->value, s->loc, out);
}

static bool set_int(const Setting *s, void *out)
{
    int64_t wide;
    if (!attribute_integer(s->e, s->what, s->value, s->loc, &wide))
        return false;
    if (wide < -SHAPE_MAX_RANK || wide >= SHAPE_MAX_RANK)
        return reject(s, "an axis, -6 to 5");
    *(int *)out = (int)wide;
    return true;
}

static bool set_bool(const Setting *s, void *out)
{
    if (s->value->kind != VALUE_BOOLEAN)
        return reject(s, "true or false");
    *(bool *)out = s->value->boolean;
    return true;
}

static bool set_double(const Setting *s, void *out)
{
    if (!value_is_numeric(s->value))
        return reject(s, "a number");
    *(double *)out = value_as_double(s->value);
    return true;
}

/* The integers of a list, or of one integer as a list. -1 after reporting. */
static int read_integers(const Setting *s, int64_t *out, int most, const char *wanted)
{
    if (s->value->kind != VALUE_LIST)
        return attribute_integer(s->e, s->what, s->value, s->loc, out) ? 1 : -1;
    int count = s->value->list.count;
    if (count > most || count == 0)
        return reject(s, wanted), -1;
    for (int i = 0; i < count; i++)
        if (!attribute_integer(s->e, s->what, &s->value->list.item[i], s->loc, &out[i]))
            return -1;
    return count;
}

/* k or [height, width] */
static bool set_pair(const Setting *s, void *out)
{
    int64_t *pair = out;
    int count = read_integers(s, pair, 2, "an integer or [height, width]");
    if (count == 1)
        pair[1] = pair[0];
    return count > 0;
}

/* p, [h, w], [top, left, bottom, right] or same */
static bool set_pad(const Setting *s, void *out)
{
    static const char wanted[] = "p, [h, w], [top, left, bottom, right] or same";
    Attr *attr = out;
    if (s->value->kind == VALUE_STRING) {
        attr->pad_mode = PAD_SAME;
        return strcmp(s->value->string, "same") == 0 || reject(s, wanted);
    }
    int64_t p[4];
    int count = read_integers(s, p, 4, wanted);
    if (count < 0)
        return false;
    if (count == 3)
        return reject(s, wanted);
    for (int i = 0; i < 4; i++)
        attr->pad[i] = count == 4 ? p[i] : count == 2 ? p[i % 2] : p[0];
    return true;
}

static bool set_axes(const Setting *s, void *out)
{
    Attr *attr = out;
    int64_t axes[SHAPE_MAX_RANK];
    attr->axis_count = read_integers(s, axes, SHAPE_MAX_RANK, "a list of at most 6 axes");
    for (int i = 0; i < attr->axis_count; i++) {
        if (axes[i] < -SHAPE_MAX_RANK || axes[i] >= SHAPE_MAX_RANK)
            return reject(s, "axes, -6 to 5 each");
        attr->axes[i] = (int)axes[i];
    }
    return attr->axis_count > 0;
}

static bool set_shape(const Setting *s, void *out)
{
    Shape *shape = out;
    shape->rank = read_integers(s, shape->dim, SHAPE_MAX_RANK, "a list of at most 6 extents");
    return shape->rank > 0;
}

static bool set_nothing(const Setting *s, void *out)
{
    (void)s;
    (void)out;
    return true;
}

typedef struct AttributeRow {
    const char *name;
    OpKind only; /* OP_COUNT: of every operator */
    bool (*set)(const Setting *s, void *out);
    size_t offset;
} AttributeRow;

/* `scale` comes first for the one operator where it is a flag. */
static const AttributeRow rows[] = {
    { "scale", OP_BATCH_NORM, set_bool, offsetof(Attr, scale_param) },
    { "scale", OP_COUNT, set_double, offsetof(Attr, scale) },
    { "shift", OP_COUNT, set_double, offsetof(Attr, shift) },
    { "center", OP_COUNT, set_bool, offsetof(Attr, center) },
    { "bias", OP_COUNT, set_bool, offsetof(Attr, bias) },
    { "out", OP_COUNT, set_int64, offsetof(Attr, out) },
    { "groups", OP_COUNT, set_int64, offsetof(Attr, groups) },
    { "kernel", OP_COUNT, set_pair, offsetof(Attr, kernel) },
    { "stride", OP_COUNT, set_pair, offsetof(Attr, stride) },
    { "dilation", OP_COUNT, set_pair, offsetof(Attr, dilation) },
    { "pad", OP_COUNT, set_pad, 0 },
    { "ceil_mode", OP_COUNT, set_bool, offsetof(Attr, ceil_mode) },
    { "count_include_pad", OP_COUNT, set_bool, offsetof(Attr, count_include_pad) },
    { "keep", OP_COUNT, set_bool, offsetof(Attr, keep) },
    { "transpose", OP_COUNT, set_bool, offsetof(Attr, transpose) },
    { "eps", OP_COUNT, set_double, offsetof(Attr, eps) },
    { "alpha", OP_COUNT, set_double, offsetof(Attr, alpha) },
    { "value", OP_COUNT, set_double, offsetof(Attr, value) },
    { "axis", OP_COUNT, set_int, offsetof(Attr, axis) },
    { "features", OP_COUNT, set_int, offsetof(Attr, features) },
    { "axes", OP_COUNT, set_axes, 0 },
    { "order", OP_COUNT, set_axes, 0 },
    { "begin", OP_COUNT, set_int64, offsetof(Attr, begin) },
    { "end", OP_COUNT, set_int64, offsetof(Attr, end) },
    { "step", OP_COUNT, set_int64, offsetof(Attr, step) },
    { "before", OP_COUNT, set_int64, offsetof(Attr, begin) },
    { "after", OP_COUNT, set_int64, offsetof(Attr, end) },
    { "shape", OP_COUNT, set_shape, offsetof(Attr, shape) },
    { "rate", OP_COUNT, set_nothing, 0 }, /* dropout does nothing in inference */
};

bool attribute_set(Elaborator *e, OpKind op, Attr *attr, const char *name, const Argument *arg)
{
    const char *what = arena_printf(e->arena, "'%s' of '%s'", name, op_info(op)->name);
    Setting s = { e, what, &arg->value, arg->loc };
    for (int i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].name, name) == 0 && (rows[i].only == op || rows[i].only == OP_COUNT))
            return rows[i].set(&s, (char *)attr + rows[i].offset);
    bug("op.def names an attribute '%s' of '%s' that attribute.c does not know", name,
        op_info(op)->name);
}
