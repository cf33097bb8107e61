/* The pickle machine. In: the bytes of a pickle; out: a graph of PickleValue (sharing and cycles are
 * possible, so whoever walks it bounds depth and number of steps).
 *
 * Each opcode is a row of `opcodes`: name, kind of argument, function. Work and memory are linear in
 * the bytes read: every opcode pushes at most one value, and the limits below bound the rest. The
 * opcodes are documented in Python's pickletools.py. */
#include "compiler/import/pickle.h"

#include "compiler/import/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PUSH_LIMIT = 1 << 23,  /* values in one pickle */
    STACK_LIMIT = 1 << 20, /* values that wait on the stack */
    MARK_LIMIT = 1000,     /* open marks; Python's own pickler nests less deeply */
    LINE_LIMIT = 1 << 16,  /* bytes in a line argument */
    PROTOCOL_LIMIT = 5
};

typedef struct Machine {
    Arena *arena;
    const unsigned char *bytes;
    size_t length, at;
    size_t opcode_at; /* for messages */
    PickleItems stack, memo;
    Vec(int) marks; /* stack heights */
    PickleItems *persistent;
    int pushes, stopped;
} Machine;

/* The argument of an opcode, as read from the bytes behind it. */
typedef struct Argument {
    uint64_t number;
    const char *text;
    size_t length;
} Argument;

typedef const char *Handler(Machine *m, const Argument *arg);

static const char *fail(Machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *fail(Machine *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(m->arena, format, args);
    va_end(args);
    return arena_printf(m->arena, "pickle, byte %zu: %s", m->opcode_at, what);
}

/* --- the stack --------------------------------------------------------------------------------- */

static const char *push(Machine *m, const PickleValue *v)
{
    if (++m->pushes > PUSH_LIMIT)
        return fail(m, "more than %d values (the limit)", PUSH_LIMIT);
    if (m->stack.count >= STACK_LIMIT)
        return fail(m, "nested too deeply: more than %d values on the stack (the limit)",
                    STACK_LIMIT);
    vec_push(m->arena, &m->stack, v);
    return NULL;
}

/* Values above the innermost mark. */
static int available(const Machine *m)
{
    return m->stack.count - (m->marks.count ? vec_last(&m->marks) : 0);
}

static const char *need(Machine *m, int values)
{
    if (available(m) >= values)
        return NULL;
    return fail(m, "the opcode needs %d values on the stack, which holds %d", values, available(m));
}

static const PickleValue *pop(Machine *m)
{
    return m->stack.at[--m->stack.count];
}

static const PickleValue *top(const Machine *m)
{
    return m->stack.at[m->stack.count - 1];
}

/* Takes everything above the innermost mark off the stack, and the mark. */
static const char *pop_mark(Machine *m, const PickleValue ***items, int *count)
{
    if (!m->marks.count)
        return fail(m, "the opcode needs a mark on the stack, which holds none");
    int height = m->marks.at[--m->marks.count];
    *items = m->stack.at + height;
    *count = m->stack.count - height;
    m->stack.count = height;
    return NULL;
}

static PickleValue *new_value(Machine *m, PickleKind kind)
{
    PickleValue *v = arena_new_of(m->arena, PickleValue);
    v->kind = kind;
    return v;
}

static const char *push_integer(Machine *m, int64_t n)
{
    PickleValue *v = new_value(m, PICKLE_INT);
    v->integer = n;
    return push(m, v);
}

static const char *push_text(Machine *m, PickleKind kind, const char *text, size_t length)
{
    PickleValue *v = new_value(m, kind);
    v->text = text;
    v->length = length;
    return push(m, v);
}

static const char *push_float(Machine *m, double d)
{
    PickleValue *v = new_value(m, PICKLE_FLOAT);
    v->real = d;
    return push(m, v);
}

/* --- numbers and strings ----------------------------------------------------------------------- */

static const char *run_none(Machine *m, const Argument *arg)
{
    static const PickleValue none = { .kind = PICKLE_NONE };
    (void)arg;
    return push(m, &none);
}

static const char *push_bool(Machine *m, int yes)
{
    static const PickleValue values[] = { { .kind = PICKLE_BOOL, .integer = 0 },
                                          { .kind = PICKLE_BOOL, .integer = 1 } };
    return push(m, &values[yes]);
}

static const char *run_true(Machine *m, const Argument *arg)
{
    (void)arg;
    return push_bool(m, 1);
}

static const char *run_false(Machine *m, const Argument *arg)
{
    (void)arg;
    return push_bool(m, 0);
}

static const char *run_unsigned(Machine *m, const Argument *arg)
{
    return push_integer(m, (int64_t)arg->number);
}

static const char *run_signed(Machine *m, const Argument *arg)
{
    return push_integer(m, (int32_t)(uint32_t)arg->number);
}

static const char *run_long(Machine *m, const Argument *arg)
{
    if (arg->length > 8)
        return push_text(m, PICKLE_LONG, arg->text, arg->length);
    int bits = 8 * (int)arg->length;
    uint64_t n = little_endian((const unsigned char *)arg->text, (int)arg->length);
    if (bits && bits < 64 && n >> (bits - 1))
        n |= UINT64_MAX << bits;
    return push_integer(m, (int64_t)n);
}

static const char *run_decimal(Machine *m, const Argument *arg)
{
    if (arg->length == 2 && arg->text[0] == '0' && (arg->text[1] == '0' || arg->text[1] == '1'))
        return push_bool(m, arg->text[1] - '0');
    const char *text = arena_strndup(m->arena, arg->text, arg->length);
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || (*end && strcmp(end, "L") != 0))
        return fail(m, "%s is no integer", quote_text(m->arena, arg->text, arg->length));
    return errno ? push_text(m, PICKLE_LONG, text, arg->length) : push_integer(m, n);
}

static const char *run_float_line(Machine *m, const Argument *arg)
{
    const char *text = arena_strndup(m->arena, arg->text, arg->length);
    char *end;
    double d = strtod(text, &end);
    if (end == text || *end)
        return fail(m, "%s is no number", quote_text(m->arena, arg->text, arg->length));
    return push_float(m, d);
}

static const char *run_binfloat(Machine *m, const Argument *arg)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= (arg->number >> (8 * i) & 255u) << (56 - 8 * i);
    double d;
    memcpy(&d, &bits, sizeof d);
    return push_float(m, d);
}

static const char *run_string(Machine *m, const Argument *arg)
{
    return push_text(m, PICKLE_STRING, arg->text, arg->length);
}

static const char *run_bytes(Machine *m, const Argument *arg)
{
    return push_text(m, PICKLE_BYTES, arg->text, arg->length);
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80)
        return out[0] = (char)c, 1;
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    for (int i = more; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[more] | c);
    return (size_t)more + 1;
}

/* The value of `digits` hexadecimal digits at p, or -1. */
static int64_t hexadecimal(const char *p, size_t room, size_t digits)
{
    if (room < digits)
        return -1;
    int64_t n = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *hex = "0123456789abcdefABCDEF", *found = p[i] ? strchr(hex, p[i]) : NULL;
        if (!found)
            return -1;
        int digit = (int)(found - hex);
        n = 16 * n + (digit > 15 ? digit - 6 : digit);
    }
    return n;
}

/* Decodes one escape behind a backslash at p[0 .. room); returns the bytes read, 0 if malformed.
 * `letters`: also the one-letter escapes of a Python 2 string literal, whose \x is a byte. */
static size_t unescape(const char *p, size_t room, int letters, char *out, size_t *written)
{
    static const char from[] = "\\'\"nrtabfv0", to[] = "\\'\"\n\r\t\a\b\f\v";
    const char *found = room && p[0] ? strchr(from, p[0]) : NULL;
    *written = 1;
    if (letters && found)
        return *out = to[found - from], 1;
    size_t digits = !room ? 0 : letters ? 2 * (p[0] == 'x') : p[0] == 'u' ? 4 : p[0] == 'U' ? 8 : 0;
    int64_t c = digits ? hexadecimal(p + 1, room - 1, digits) : -1;
    if (c < 0 || c > 0x10FFFF)
        return 0;
    if (letters)
        *out = (char)c;
    else
        *written = put_utf8(out, (uint32_t)c);
    return digits + 1;
}

static const char *push_unescaped(Machine *m, const char *text, size_t length, int letters)
{
    char *out = arena_alloc(m->arena, length + 1);
    size_t n = 0;
    for (size_t i = 0; i < length;) {
        if (text[i] != '\\') {
            out[n++] = text[i++];
            continue;
        }
        size_t written, used = unescape(text + i + 1, length - i - 1, letters, out + n, &written);
        /* The unicode form writes a lone backslash as itself. */
        if (!used && letters)
            return fail(m, "bad escape in the string %s", quote_text(m->arena, text, length));
        if (!used)
            out[n] = '\\';
        n += used ? written : 1;
        i += used + 1;
    }
    return push_text(m, PICKLE_STRING, out, n);
}

static const char *run_quoted(Machine *m, const Argument *arg)
{
    const char *s = arg->text;
    size_t n = arg->length;
    if (n < 2 || (s[0] != '\'' && s[0] != '"') || s[n - 1] != s[0])
        return fail(m, "the string %s is not quoted", quote_text(m->arena, s, n));
    return push_unescaped(m, s + 1, n - 2, 1);
}

static const char *run_unicode_line(Machine *m, const Argument *arg)
{
    return push_unescaped(m, arg->text, arg->length, 0);
}

/* --- containers -------------------------------------------------------------------------------- */

static const char *push_container(Machine *m, PickleKind kind, const PickleValue **items, int count)
{
    PickleValue *v = new_value(m, kind);
    if (count) {
        v->items.at = arena_new_array(m->arena, const PickleValue *, count);
        memcpy(v->items.at, items, (size_t)count * sizeof *items);
        v->items.count = v->items.room = count;
    }
    return push(m, v);
}

static const char *container_from_mark(Machine *m, PickleKind kind)
{
    const PickleValue **items;
    int count;
    const char *error = pop_mark(m, &items, &count);
    if (!error && kind == PICKLE_DICT && count % 2)
        error = fail(m, "a dictionary of %d keys and values, an odd number", count);
    return error ? error : push_container(m, kind, items, count);
}

static const char *tuple_of(Machine *m, int count)
{
    const char *error = need(m, count);
    if (error)
        return error;
    m->stack.count -= count;
    return push_container(m, PICKLE_TUPLE, m->stack.at + m->stack.count, count);
}

#define CONTAINER(verb, expression)                                \
    static const char *run_##verb(Machine *m, const Argument *arg) \
    {                                                              \
        (void)arg;                                                 \
        return expression;                                         \
    }
CONTAINER(empty_list, push_container(m, PICKLE_LIST, NULL, 0))
CONTAINER(empty_tuple, push_container(m, PICKLE_TUPLE, NULL, 0))
CONTAINER(empty_dict, push_container(m, PICKLE_DICT, NULL, 0))
CONTAINER(empty_set, push_container(m, PICKLE_SET, NULL, 0))
CONTAINER(list, container_from_mark(m, PICKLE_LIST))
CONTAINER(tuple, container_from_mark(m, PICKLE_TUPLE))
CONTAINER(dict, container_from_mark(m, PICKLE_DICT))
CONTAINER(frozenset, container_from_mark(m, PICKLE_SET))
CONTAINER(tuple1, tuple_of(m, 1))
CONTAINER(tuple2, tuple_of(m, 2))
CONTAINER(tuple3, tuple_of(m, 3))
#undef CONTAINER

/* Where items (or, with `pairs`, keys and values) of the value on top of the stack go, or NULL. Only
 * this machine changes a value, and only while it is being built. */
static PickleItems *target_items(Machine *m, int pairs)
{
    PickleValue *v = (PickleValue *)top(m);
    if (v->kind == PICKLE_RECORD)
        return pairs ? &v->record->pairs : &v->record->items;
    int fits = pairs ? v->kind == PICKLE_DICT : v->kind == PICKLE_LIST || v->kind == PICKLE_SET;
    return fits ? &v->items : NULL;
}

static const char *extend(Machine *m, const PickleValue **items, int count, int pairs)
{
    const char *error = need(m, 1);
    if (error)
        return error;
    PickleItems *target = target_items(m, pairs);
    if (!target)
        return fail(m, "%s are added to a value that is no %s", pairs ? "keys and values" : "items",
                    pairs ? "dictionary" : "list");
    if (pairs && count % 2)
        return fail(m, "%d keys and values, an odd number", count);
    for (int i = 0; i < count; i++)
        vec_push(m->arena, target, items[i]);
    return NULL;
}

static const char *extend_one(Machine *m, int values, int pairs)
{
    const char *error = need(m, values + 1);
    if (error)
        return error;
    m->stack.count -= values;
    return extend(m, m->stack.at + m->stack.count, values, pairs);
}

static const char *extend_from_mark(Machine *m, int pairs)
{
    const PickleValue **items;
    int count;
    const char *error = pop_mark(m, &items, &count);
    return error ? error : extend(m, items, count, pairs);
}

static const char *run_append(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_one(m, 1, 0);
}

static const char *run_setitem(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_one(m, 2, 1);
}

static const char *run_appends(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_from_mark(m, 0);
}

static const char *run_setitems(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_from_mark(m, 1);
}

/* --- stack and memo ---------------------------------------------------------------------------- */

static const char *run_mark(Machine *m, const Argument *arg)
{
    (void)arg;
    if (m->marks.count >= MARK_LIMIT)
        return fail(m, "nested too deeply: more than %d open marks (the limit)", MARK_LIMIT);
    vec_push(m->arena, &m->marks, m->stack.count);
    return NULL;
}

static const char *run_pop_mark(Machine *m, const Argument *arg)
{
    (void)arg;
    const PickleValue **items;
    int count;
    return pop_mark(m, &items, &count);
}

static const char *run_pop(Machine *m, const Argument *arg)
{
    if (m->marks.count && !available(m))
        return run_pop_mark(m, arg);
    const char *error = need(m, 1);
    if (!error)
        pop(m);
    return error;
}

static const char *run_dup(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = need(m, 1);
    return error ? error : push(m, top(m));
}

static const char *memo_put(Machine *m, uint64_t index)
{
    const char *error = need(m, 1);
    if (error)
        return error;
    /* Picklers number the memo from 0, and each entry costs them an opcode. */
    if (index >= m->length || index >= PUSH_LIMIT)
        return fail(m, "memo entry %llu in a pickle of at most %zu bytes",
                    (unsigned long long)index, m->length);
    while (m->memo.count <= (int)index)
        vec_push(m->arena, &m->memo, NULL);
    m->memo.at[index] = top(m);
    return NULL;
}

static const char *run_put(Machine *m, const Argument *arg)
{
    return memo_put(m, arg->number);
}

static const char *run_memoize(Machine *m, const Argument *arg)
{
    (void)arg;
    return memo_put(m, (uint64_t)m->memo.count);
}

static const char *run_get(Machine *m, const Argument *arg)
{
    if (arg->number >= (uint64_t)m->memo.count || !m->memo.at[arg->number])
        return fail(m, "memo entry %llu is used before it is set", (unsigned long long)arg->number);
    return push(m, m->memo.at[arg->number]);
}

/* The same with the index as a line of digits. */
static const char *line_index(Machine *m, const Argument *arg, Argument *index)
{
    *index = (Argument){ 0 };
    if (arg->length == 0 || arg->length > 10)
        return fail(m, "%s is no memo index", quote_text(m->arena, arg->text, arg->length));
    for (size_t i = 0; i < arg->length; i++) {
        if (arg->text[i] < '0' || arg->text[i] > '9')
            return fail(m, "%s is no memo index", quote_text(m->arena, arg->text, arg->length));
        index->number = 10 * index->number + (uint64_t)(arg->text[i] - '0');
    }
    return NULL;
}

static const char *run_put_line(Machine *m, const Argument *arg)
{
    Argument index;
    const char *error = line_index(m, arg, &index);
    return error ? error : run_put(m, &index);
}

static const char *run_get_line(Machine *m, const Argument *arg)
{
    Argument index;
    const char *error = line_index(m, arg, &index);
    return error ? error : run_get(m, &index);
}

/* --- globals and records ----------------------------------------------------------------------- */

static const PickleValue *string_value(Machine *m, const char *text, size_t length)
{
    PickleValue *v = new_value(m, PICKLE_STRING);
    v->text = text;
    v->length = length;
    return v;
}

static const PickleValue *new_global(Machine *m, const PickleValue *module, const PickleValue *name)
{
    PickleValue *v = new_value(m, PICKLE_GLOBAL);
    v->module = module;
    v->name = name;
    return v;
}

static const char *push_record(Machine *m, const PickleValue *callable,
                               const PickleValue *arguments)
{
    PickleValue *v = new_value(m, PICKLE_RECORD);
    v->record = arena_new_of(m->arena, PickleRecord);
    v->record->callable = callable;
    v->record->arguments = arguments;
    return push(m, v);
}

static const char *read_line(Machine *m, Argument *arg)
{
    size_t rest = m->length - m->at, limit = rest < LINE_LIMIT ? rest : LINE_LIMIT;
    const unsigned char *p = m->bytes + m->at, *end = memchr(p, '\n', limit);
    if (!end)
        return rest < LINE_LIMIT ? fail(m, "the data ends within a line")
                                 : fail(m, "a line of more than %d bytes (the limit)", LINE_LIMIT);
    arg->text = (const char *)p;
    arg->length = (size_t)(end - p);
    m->at += arg->length + 1;
    return NULL;
}

static const char *read_global(Machine *m, const Argument *module, const PickleValue **global)
{
    Argument name;
    const char *error = read_line(m, &name);
    if (!error)
        *global = new_global(m, string_value(m, module->text, module->length),
                             string_value(m, name.text, name.length));
    return error;
}

static const char *run_global(Machine *m, const Argument *arg)
{
    const PickleValue *global;
    const char *error = read_global(m, arg, &global);
    return error ? error : push(m, global);
}

static const char *run_stack_global(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = need(m, 2);
    if (error)
        return error;
    const PickleValue *name = pop(m), *module = pop(m);
    if (module->kind != PICKLE_STRING || name->kind != PICKLE_STRING)
        return fail(m, "a global whose module and name are not both strings");
    return push(m, new_global(m, module, name));
}

/* Codes of copyreg's registry, which only the program that wrote the file knows. */
static const char *run_extension(Machine *m, const Argument *arg)
{
    const char *code = arena_printf(m->arena, "extension %u", (unsigned)arg->number);
    return push(m,
                new_global(m, string_value(m, "copyreg", 7), string_value(m, code, strlen(code))));
}

static const char *run_instance(Machine *m, const Argument *arg)
{
    const PickleValue *global, **items;
    int count;
    const char *error = read_global(m, arg, &global);
    if (!error)
        error = pop_mark(m, &items, &count);
    if (!error)
        error = push_container(m, PICKLE_TUPLE, items, count);
    return error ? error : push_record(m, global, pop(m));
}

static const char *run_object(Machine *m, const Argument *arg)
{
    (void)arg;
    const PickleValue **items;
    int count;
    const char *error = pop_mark(m, &items, &count);
    if (!error && count == 0)
        error = fail(m, "an object without a class");
    if (error)
        return error;
    const PickleValue *callable = items[0];
    error = push_container(m, PICKLE_TUPLE, items + 1, count - 1);
    return error ? error : push_record(m, callable, pop(m));
}

static const char *run_reduce(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = need(m, 2);
    if (error)
        return error;
    const PickleValue *arguments = pop(m), *callable = pop(m);
    if (arguments->kind != PICKLE_TUPLE)
        return fail(m, "the arguments of a call are no tuple");
    return push_record(m, callable, arguments);
}

static const char *run_new_object_keywords(Machine *m, const Argument *arg)
{
    const char *error = need(m, 3);
    if (!error)
        pop(m);
    return error ? error : run_reduce(m, arg);
}

static const char *run_build(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = need(m, 2);
    if (error)
        return error;
    const PickleValue *state = pop(m);
    if (top(m)->kind == PICKLE_RECORD)
        top(m)->record->state = state;
    return NULL;
}

static const char *push_persistent(Machine *m, const PickleValue *id)
{
    PickleValue *v = new_value(m, PICKLE_PERSISTENT);
    v->id = id;
    vec_push(m->arena, m->persistent, v);
    return push(m, v);
}

static const char *run_persistent(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = need(m, 1);
    return error ? error : push_persistent(m, pop(m));
}

static const char *run_persistent_line(Machine *m, const Argument *arg)
{
    return push_persistent(m, string_value(m, arg->text, arg->length));
}

/* --- the machine itself ------------------------------------------------------------------------ */

static const char *run_protocol(Machine *m, const Argument *arg)
{
    if (arg->number > PROTOCOL_LIMIT)
        return fail(m, "protocol %u, but protocols end at %d", (unsigned)arg->number,
                    PROTOCOL_LIMIT);
    return NULL;
}

static const char *run_frame(Machine *m, const Argument *arg)
{
    if (arg->number > m->length - m->at)
        return fail(m, "a frame of %llu bytes where %zu are left", (unsigned long long)arg->number,
                    m->length - m->at);
    return NULL;
}

static const char *run_next_buffer(Machine *m, const Argument *arg)
{
    (void)arg;
    return fail(m, "it refers to a buffer outside the file");
}

static const char *run_nothing(Machine *m, const Argument *arg)
{
    (void)m;
    (void)arg;
    return NULL;
}

static const char *run_stop(Machine *m, const Argument *arg)
{
    (void)arg;
    m->stopped = 1;
    return need(m, 1);
}

typedef enum ArgumentKind {
    NOTHING,
    NUMBER1, /* little-endian numbers */
    NUMBER2,
    NUMBER4,
    NUMBER8,
    TEXT1, /* a little-endian length, and as many bytes */
    TEXT4,
    TEXT8,
    LINE
} ArgumentKind;

typedef struct Opcode {
    const char *name;
    ArgumentKind argument;
    Handler *run;
} Opcode;

static const Opcode opcodes[256] = {
    ['('] = { "MARK", NOTHING, run_mark },
    [')'] = { "EMPTY_TUPLE", NOTHING, run_empty_tuple },
    ['.'] = { "STOP", NOTHING, run_stop },
    ['0'] = { "POP", NOTHING, run_pop },
    ['1'] = { "POP_MARK", NOTHING, run_pop_mark },
    ['2'] = { "DUP", NOTHING, run_dup },
    ['B'] = { "BINBYTES", TEXT4, run_bytes },
    ['C'] = { "SHORT_BINBYTES", TEXT1, run_bytes },
    ['F'] = { "FLOAT", LINE, run_float_line },
    ['G'] = { "BINFLOAT", NUMBER8, run_binfloat },
    ['I'] = { "INT", LINE, run_decimal },
    ['J'] = { "BININT", NUMBER4, run_signed },
    ['K'] = { "BININT1", NUMBER1, run_unsigned },
    ['L'] = { "LONG", LINE, run_decimal },
    ['M'] = { "BININT2", NUMBER2, run_unsigned },
    ['N'] = { "NONE", NOTHING, run_none },
    ['P'] = { "PERSID", LINE, run_persistent_line },
    ['Q'] = { "BINPERSID", NOTHING, run_persistent },
    ['R'] = { "REDUCE", NOTHING, run_reduce },
    ['S'] = { "STRING", LINE, run_quoted },
    ['T'] = { "BINSTRING", TEXT4, run_string },
    ['U'] = { "SHORT_BINSTRING", TEXT1, run_string },
    ['V'] = { "UNICODE", LINE, run_unicode_line },
    ['X'] = { "BINUNICODE", TEXT4, run_string },
    [']'] = { "EMPTY_LIST", NOTHING, run_empty_list },
    ['a'] = { "APPEND", NOTHING, run_append },
    ['b'] = { "BUILD", NOTHING, run_build },
    ['c'] = { "GLOBAL", LINE, run_global },
    ['d'] = { "DICT", NOTHING, run_dict },
    ['e'] = { "APPENDS", NOTHING, run_appends },
    ['g'] = { "GET", LINE, run_get_line },
    ['h'] = { "BINGET", NUMBER1, run_get },
    ['i'] = { "INST", LINE, run_instance },
    ['j'] = { "LONG_BINGET", NUMBER4, run_get },
    ['l'] = { "LIST", NOTHING, run_list },
    ['o'] = { "OBJ", NOTHING, run_object },
    ['p'] = { "PUT", LINE, run_put_line },
    ['q'] = { "BINPUT", NUMBER1, run_put },
    ['r'] = { "LONG_BINPUT", NUMBER4, run_put },
    ['s'] = { "SETITEM", NOTHING, run_setitem },
    ['t'] = { "TUPLE", NOTHING, run_tuple },
    ['u'] = { "SETITEMS", NOTHING, run_setitems },
    ['}'] = { "EMPTY_DICT", NOTHING, run_empty_dict },
    [0x80] = { "PROTO", NUMBER1, run_protocol },
    [0x81] = { "NEWOBJ", NOTHING, run_reduce },
    [0x82] = { "EXT1", NUMBER1, run_extension },
    [0x83] = { "EXT2", NUMBER2, run_extension },
    [0x84] = { "EXT4", NUMBER4, run_extension },
    [0x85] = { "TUPLE1", NOTHING, run_tuple1 },
    [0x86] = { "TUPLE2", NOTHING, run_tuple2 },
    [0x87] = { "TUPLE3", NOTHING, run_tuple3 },
    [0x88] = { "NEWTRUE", NOTHING, run_true },
    [0x89] = { "NEWFALSE", NOTHING, run_false },
    [0x8A] = { "LONG1", TEXT1, run_long },
    [0x8B] = { "LONG4", TEXT4, run_long },
    [0x8C] = { "SHORT_BINUNICODE", TEXT1, run_string },
    [0x8D] = { "BINUNICODE8", TEXT8, run_string },
    [0x8E] = { "BINBYTES8", TEXT8, run_bytes },
    [0x8F] = { "EMPTY_SET", NOTHING, run_empty_set },
    [0x90] = { "ADDITEMS", NOTHING, run_appends },
    [0x91] = { "FROZENSET", NOTHING, run_frozenset },
    [0x92] = { "NEWOBJ_EX", NOTHING, run_new_object_keywords },
    [0x93] = { "STACK_GLOBAL", NOTHING, run_stack_global },
    [0x94] = { "MEMOIZE", NOTHING, run_memoize },
    [0x95] = { "FRAME", NUMBER8, run_frame },
    [0x96] = { "BYTEARRAY8", TEXT8, run_bytes },
    [0x97] = { "NEXT_BUFFER", NOTHING, run_next_buffer },
    [0x98] = { "READONLY_BUFFER", NOTHING, run_nothing },
};

static const char *read_argument(Machine *m, const Opcode *op, Argument *arg)
{
    static const int number_bytes[] = {
        [NUMBER1] = 1, [NUMBER2] = 2, [NUMBER4] = 4, [NUMBER8] = 8,
        [TEXT1] = 1,   [TEXT4] = 4,   [TEXT8] = 8,
    };
    *arg = (Argument){ 0 };
    if (op->argument == NOTHING)
        return NULL;
    if (op->argument == LINE)
        return read_line(m, arg);
    int bytes = number_bytes[op->argument];
    if (m->length - m->at < (size_t)bytes)
        return fail(m, "the data ends within the argument of %s", op->name);
    arg->number = little_endian(m->bytes + m->at, bytes);
    m->at += (size_t)bytes;
    if (op->argument < TEXT1)
        return NULL;
    if (arg->number > m->length - m->at)
        return fail(m, "%s announces %llu bytes where %zu are left", op->name,
                    (unsigned long long)arg->number, m->length - m->at);
    arg->text = (const char *)m->bytes + m->at;
    arg->length = (size_t)arg->number;
    m->at += arg->length;
    return NULL;
}

static const char *step(Machine *m)
{
    m->opcode_at = m->at;
    if (m->at == m->length)
        return fail(m, "the data ends before the pickle does");
    const Opcode *op = &opcodes[m->bytes[m->at++]];
    if (!op->run)
        return fail(m, "0x%02x is no opcode", m->bytes[m->opcode_at]);
    Argument arg;
    const char *error = read_argument(m, op, &arg);
    return error ? error : op->run(m, &arg);
}

const char *pickle_read(Arena *a, const unsigned char *bytes, size_t length, size_t *at,
                        PickleItems *persistent, const PickleValue **value)
{
    Machine m = {
        .arena = a, .bytes = bytes, .length = length, .at = *at, .persistent = persistent
    };
    while (!m.stopped) {
        const char *error = step(&m);
        if (error)
            return error;
    }
    *value = top(&m);
    *at = m.at;
    return NULL;
}

int pickle_is_text(const PickleValue *v, const char *text)
{
    return v->kind == PICKLE_STRING && v->length == strlen(text) &&
           memcmp(v->text, text, v->length) == 0;
}

int pickle_is_global(const PickleValue *v, const char *module, const char *name)
{
    return v->kind == PICKLE_GLOBAL && pickle_is_text(v->module, module) &&
           pickle_is_text(v->name, name);
}
