/* Weights as C in three forms: decimal numbers, unions initialised by escaped strings, and files
 * that the assembler includes. Small arrays share NAME_weights.c; a large one has a file of its
 * own, so that compilers work on several at once and a change of one layer changes one file.
 * NAME_weights.h declares them all.
 *
 * Strings: one row of 256 bytes a line. A byte is itself, or the shortest octal escape that the
 * byte after it cannot be read into; question marks are escaped because of trigraphs. */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"
#include "compiler/emit/printer.h"

#include <math.h>
#include <string.h>

enum {
    SMALL_COUNT = 4096,    /* up to here always decimal */
    DECIMAL_COUNT = 65536, /* WEIGHTS_AUTO: up to here decimal */
    ROW_BYTES = 256,
    VALUES_PER_LINE = 4,
    STREAM_BYTES = 1 << 16
};

/* Numbers that C has no constant for can only be written as bytes. */
static bool is_finite(const ConstArray *array)
{
    for (int64_t i = 0; i < array->count; i++)
        if (!isfinite(array->data[i]))
            return false;
    return true;
}

static WeightForm form_of(const Emission *e, const ConstArray *array)
{
    if (array->count <= SMALL_COUNT)
        return is_finite(array) ? WEIGHTS_DECIMAL : WEIGHTS_LITERAL;
    WeightForm form = e->weights;
    if (form == WEIGHTS_AUTO)
        form = array->count <= DECIMAL_COUNT ? WEIGHTS_DECIMAL : WEIGHTS_LITERAL;
    return form == WEIGHTS_DECIMAL && !is_finite(array) ? WEIGHTS_LITERAL : form;
}

bool emit_is_literal(const Emission *e, const ConstArray *array)
{
    return form_of(e, array) == WEIGHTS_LITERAL;
}

static int64_t row_count(const ConstArray *array)
{
    return (array->count * 4 + ROW_BYTES - 1) / ROW_BYTES;
}

/* --- declarations ----------------------------------------------------------------------------- */

static const char *extents(Arena *a, const ConstArray *array)
{
    Text t = { .arena = a };
    int64_t product = 1;
    for (int i = 0; i < array->rank; i++) {
        text_printf(&t, "[%lld]", (long long)array->extent[i]);
        product *= array->extent[i];
    }
    if (product != array->count)
        bug("array '%s' has %lld values in extents %s", array->path, (long long)array->count,
            text_string(&t));
    return text_string(&t);
}

static void put_array_comment(Emission *e, Writer *w, const ConstArray *array)
{
    w_comment(w, arena_printf(e->arena, "%s %s: %lld values", array->path,
                              array->layout ? array->layout : "", (long long)array->count));
}

static const char *declaration(Emission *e, const ConstArray *array)
{
    const char *symbol = array_symbol(e->arena, e->program, array);
    if (emit_is_literal(e, array))
        return arena_printf(e->arena, "const union %s %s", symbol, symbol);
    return arena_printf(e->arena, "const float %s%s", symbol, extents(e->arena, array));
}

static const char *emit_weights_h(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, arena_printf(e->arena, "%s_weights.h", e->name));
    if (error)
        return error;
    Writer *w = &f.w;
    w_set(w, "name", e->name);
    w_set(w, "NAME", c_upper(e->arena, e->name));
    w_comment(w, arena_printf(e->arena, "Trained tensors of %s, packed.", e->program->name));
    w_line(w, "#ifndef ${NAME}_WEIGHTS_H");
    w_line(w, "#define ${NAME}_WEIGHTS_H");
    w_blank(w);
    w_line(w, "#include \"kiln_model.h\"");
    w_blank(w);
    for_each_vec(const ConstArray *, array, &e->program->arrays) {
        put_array_comment(e, w, *array);
        if (emit_is_literal(e, *array)) {
            w_linef(w, "union %s {", array_symbol(e->arena, e->program, *array));
            w_linef(w, "unsigned char b[%lld][%d];", (long long)row_count(*array), ROW_BYTES);
            w_linef(w, "float f%s;", extents(e->arena, *array));
            w_line(w, "};");
        }
        w_linef(w, "extern %s;", declaration(e, *array));
    }
    if (e->network->is_shared)
        emit_table_type(e, w);
    w_blank(w);
    w_line(w, "#endif");
    return emit_file_close(&f);
}

/* --- decimal ---------------------------------------------------------------------------------- */

/* The values of one innermost row. */
static void put_values(FILE *out, const float *data, int64_t count, int columns)
{
    char digits[PRINTED_FLOAT];
    for (int64_t i = 0; i < count; i++) {
        if (i % VALUES_PER_LINE == 0)
            fprintf(out, "%s%*s", i ? "\n" : "", columns, "");
        else
            fputc(' ', out);
        fputs(float_text(digits, data[i]), out);
        fputc(',', out);
    }
    fputc('\n', out);
}

/* The part of the array below the first `depth` indices; returns the data behind it. */
static const float *put_nested(Writer *w, const ConstArray *array, int depth, const float *data)
{
    if (depth == array->rank - 1) {
        put_values(w->out, data, array->extent[depth], 4 * w->depth);
        return data + array->extent[depth];
    }
    for (int64_t i = 0; i < array->extent[depth]; i++) {
        w_linef(w, "{ /* %lld */", (long long)i);
        data = put_nested(w, array, depth + 1, data);
        w_line(w, "},");
    }
    return data;
}

static void put_decimal(Emission *e, Writer *w, const ConstArray *array)
{
    w_linef(w, "KILN_ALIGN(64) %s = {", declaration(e, array));
    if (array->rank)
        put_nested(w, array, 0, array->data);
    w_line(w, "};");
}

/* --- literal ---------------------------------------------------------------------------------- */

/* A byte as it stands in a string: the short form, and the one that a digit may follow. */
typedef struct ByteText {
    char text[4];
    unsigned char length;
} ByteText;

static ByteText byte_text[2][256]; /* [followed by a digit][byte] */

static void fill_byte_texts(void)
{
    for (int digit = 0; digit < 2; digit++)
        for (int byte = 0; byte < 256; byte++) {
            char text[8];
            if (byte == '"' || byte == '\\' || byte == '?')
                snprintf(text, sizeof text, "\\%c", byte);
            else if (byte >= ' ' && byte < 127)
                snprintf(text, sizeof text, "%c", byte);
            else
                snprintf(text, sizeof text, digit ? "\\%03o" : "\\%o", (unsigned)byte);
            ByteText *b = &byte_text[digit][byte];
            b->length = (unsigned char)strlen(text);
            memcpy(b->text, text, b->length);
        }
}

static void put_literal_row(FILE *out, const unsigned char *bytes, int count)
{
    char row[4 * ROW_BYTES + 16], *to = row;
    *to++ = '"';
    for (int i = 0; i < count; i++) {
        bool digit = i + 1 < count && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
        const ByteText *b = &byte_text[digit][bytes[i]];
        memcpy(to, b->text, sizeof b->text);
        to += b->length;
    }
    memcpy(to, "\",\n", 3);
    fwrite(row, 1, (size_t)(to + 3 - row), out);
}

/* `count` floats as bytes in the target's order. */
static void store_bytes(const float *data, int64_t count, bool big_endian, unsigned char *to)
{
    for (int64_t i = 0; i < count; i++, to += 4) {
        uint32_t u;
        memcpy(&u, &data[i], 4);
        for (int k = 0; k < 4; k++)
            to[k] = (unsigned char)(u >> 8 * (big_endian ? 3 - k : k));
    }
}

static void put_literal(Emission *e, Writer *w, const ConstArray *array)
{
    if (!byte_text[0][0].length)
        fill_byte_texts();
    w_linef(w, "KILN_ALIGN(64) %s = { {", declaration(e, array));
    enum { ROW_FLOATS = ROW_BYTES / 4 };
    unsigned char bytes[ROW_BYTES];
    for (int64_t at = 0; at < array->count; at += ROW_FLOATS) {
        int64_t n = array->count - at < ROW_FLOATS ? array->count - at : ROW_FLOATS;
        store_bytes(array->data + at, n, e->program->target->big_endian, bytes);
        put_literal_row(w->out, bytes, (int)n * 4);
    }
    w_line(w, "} };");
}

/* --- incbin ----------------------------------------------------------------------------------- */

static const char *write_binary(Emission *e, const ConstArray *array, const char *name)
{
    Output o;
    const char *error = output_open(e->arena, path_join(e->arena, e->folder, name), &o);
    if (error)
        return arena_printf(e->arena, "%s: %s", name, error);
    enum { CHUNK = 4096 };
    unsigned char bytes[4 * CHUNK];
    for (int64_t at = 0; at < array->count; at += CHUNK) {
        int64_t n = array->count - at < CHUNK ? array->count - at : CHUNK;
        store_bytes(array->data + at, n, e->program->target->big_endian, bytes);
        fwrite(bytes, 4, (size_t)n, o.stream);
    }
    error = output_commit(&o);
    vec_push(e->arena, &e->written, name);
    return error ? arena_printf(e->arena, "%s: %s", name, error) : NULL;
}

static const char *put_incbin(Emission *e, Writer *w, const ConstArray *array)
{
    const char *symbol = array_symbol(e->arena, e->program, array);
    const char *name = arena_printf(e->arena, "%s.bin", symbol);
    w_linef(w, "KILN_INCBIN(%s, \"%s\", 64)", symbol, name);
    return write_binary(e, array, name);
}

/* --- files ------------------------------------------------------------------------------------ */

static const char *put_array(Emission *e, Writer *w, const ConstArray *array)
{
    w_blank(w);
    put_array_comment(e, w, array);
    switch (form_of(e, array)) {
    case WEIGHTS_INCBIN:
        return put_incbin(e, w, array);
    case WEIGHTS_LITERAL:
        put_literal(e, w, array);
        return NULL;
    default:
        put_decimal(e, w, array);
        return NULL;
    }
}

static const char *open_weights(Emission *e, EmitFile *f, const char *name)
{
    const char *error = emit_file_open(e, f, name);
    if (error)
        return error;
    setvbuf(f->w.out, arena_alloc(e->arena, STREAM_BYTES), _IOFBF, STREAM_BYTES);
    vec_push(e->arena, &e->model, f->name);
    w_linef(&f->w, "#include \"%s_weights.h\"", e->name);
    return NULL;
}

/* gcc 15 warns of strings that fill their array to the last byte. */
static void allow_full_strings(Writer *w)
{
    w_blank(w);
    w_line(w, "#if defined(__GNUC__) && __GNUC__ >= 15");
    w_line(w, "#pragma GCC diagnostic ignored \"-Wunterminated-string-initialization\"");
    w_line(w, "#endif");
}

static bool has_own_file(const Emission *e, const ConstArray *array)
{
    return array->count > DECIMAL_COUNT && form_of(e, array) != WEIGHTS_INCBIN;
}

static const char *emit_large(Emission *e, const ConstArray *array)
{
    EmitFile f;
    const char *path = c_identifier(e->arena, array->path);
    const char *error = open_weights(e, &f,
                                     arena_printf(e->arena, "%s_weights_%s.c", e->name, path));
    if (error)
        return error;
    if (emit_is_literal(e, array))
        allow_full_strings(&f.w);
    put_array(e, &f.w, array);
    return emit_file_close(&f);
}

static const char *emit_small(Emission *e)
{
    EmitFile f;
    const char *error = open_weights(e, &f, arena_printf(e->arena, "%s_weights.c", e->name));
    if (error)
        return error;
    allow_full_strings(&f.w);
    for_each_vec(const ConstArray *, array, &e->program->arrays)
        if (!error && !has_own_file(e, *array))
            error = put_array(e, &f.w, *array);
    if (!error)
        return emit_file_close(&f);
    output_discard(&f.output);
    return error;
}

const char *emit_weights(Emission *e)
{
    const char *error = emit_weights_h(e);
    if (!error)
        error = emit_small(e);
    for_each_vec(const ConstArray *, array, &e->program->arrays)
        if (!error && has_own_file(e, *array))
            error = emit_large(e, *array);
    return error;
}
