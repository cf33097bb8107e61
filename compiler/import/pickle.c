/* The pickle machine. In: the bytes of a pickle; out: a graph of PickleValue (sharing and cycles
 * are possible, so whoever walks it bounds depth and number of steps).
 *
 * Each opcode is a row of `opcodes`: name, kind of argument, function (those that build values are
 * in pickle_text.c and pickle_values.c). Work and memory are linear in the bytes read: every opcode
 * pushes at most one value, and the limits below bound the rest. The opcodes are documented in
 * Python's pickletools.py. */
#include "compiler/import/pickle_machine.h"
#include "compiler/import/reader.h"

#include <string.h>

enum {
    PUSH_LIMIT = 1 << 23,  /* values in one pickle */
    STACK_LIMIT = 1 << 20, /* values that wait on the stack */
    LINE_LIMIT = 1 << 16,  /* bytes in a line argument */
    PROTOCOL_LIMIT = 5
};

const char *machine_fail(Machine *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(m->arena, format, args);
    va_end(args);
    return arena_printf(m->arena, "pickle, byte %zu: %s", m->opcode_at, what);
}

const char *machine_read_line(Machine *m, Argument *arg)
{
    size_t rest = m->length - m->at, limit = rest < LINE_LIMIT ? rest : LINE_LIMIT;
    const unsigned char *p = m->bytes + m->at, *end = memchr(p, '\n', limit);
    if (!end)
        return rest < LINE_LIMIT
                   ? machine_fail(m, "the data ends within a line")
                   : machine_fail(m, "a line of more than %d bytes (the limit)", LINE_LIMIT);
    arg->text = (const char *)p;
    arg->length = (size_t)(end - p);
    m->at += arg->length + 1;
    return NULL;
}

/* --- the stack -------------------------------------------------------------------------------- */

const char *machine_push(Machine *m, const PickleValue *v)
{
    if (++m->pushes > PUSH_LIMIT)
        return machine_fail(m, "more than %d values (the limit)", PUSH_LIMIT);
    if (m->stack.count >= STACK_LIMIT)
        return machine_fail(m, "nested too deeply: more than %d values on the stack (the limit)",
                            STACK_LIMIT);
    vec_push(m->arena, &m->stack, v);
    return NULL;
}

/* Values above the innermost mark. */
int machine_available(const Machine *m)
{
    return m->stack.count - (m->marks.count ? vec_last(&m->marks) : 0);
}

const char *machine_need(Machine *m, int values)
{
    if (machine_available(m) >= values)
        return NULL;
    return machine_fail(m, "the opcode needs %d values on the stack, which holds %d", values,
                        machine_available(m));
}

const PickleValue *machine_pop(Machine *m)
{
    return m->stack.at[--m->stack.count];
}

const PickleValue *machine_top(const Machine *m)
{
    return m->stack.at[m->stack.count - 1];
}

/* Takes everything above the innermost mark off the stack, and the mark. */
const char *machine_pop_mark(Machine *m, const PickleValue ***items, int *count)
{
    if (!m->marks.count)
        return machine_fail(m, "the opcode needs a mark on the stack, which holds none");
    int height = m->marks.at[--m->marks.count];
    *items = m->stack.count ? m->stack.at + height : NULL;
    *count = m->stack.count - height;
    m->stack.count = height;
    return NULL;
}

PickleValue *machine_new_value(Machine *m, PickleKind kind)
{
    PickleValue *v = arena_new_of(m->arena, PickleValue);
    v->kind = kind;
    return v;
}

const char *machine_push_text(Machine *m, PickleKind kind, const char *text, size_t length)
{
    PickleValue *v = machine_new_value(m, kind);
    v->text = text;
    v->length = length;
    return machine_push(m, v);
}

const PickleValue *machine_string(Machine *m, const char *text, size_t length)
{
    PickleValue *v = machine_new_value(m, PICKLE_STRING);
    v->text = text;
    v->length = length;
    return v;
}

const char *machine_push_container(Machine *m, PickleKind kind, const PickleValue **items,
                                   int count)
{
    PickleValue *v = machine_new_value(m, kind);
    if (count) {
        v->items.at = arena_new_array(m->arena, const PickleValue *, count);
        memcpy(v->items.at, items, (size_t)count * sizeof *items);
        v->items.count = v->items.room = count;
    }
    return machine_push(m, v);
}

/* --- the machine itself ----------------------------------------------------------------------- */

static const char *run_protocol(Machine *m, const Argument *arg)
{
    if (arg->number > PROTOCOL_LIMIT)
        return machine_fail(m, "protocol %u, but protocols end at %d", (unsigned)arg->number,
                            PROTOCOL_LIMIT);
    return NULL;
}

static const char *run_frame(Machine *m, const Argument *arg)
{
    if (arg->number > m->length - m->at)
        return machine_fail(m, "a frame of %llu bytes where %zu are left",
                            (unsigned long long)arg->number, m->length - m->at);
    return NULL;
}

static const char *run_next_buffer(Machine *m, const Argument *arg)
{
    (void)arg;
    return machine_fail(m, "it refers to a buffer outside the file");
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
    return machine_need(m, 1);
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
    ['('] = { "MARK", NOTHING, pickle_run_mark },
    [')'] = { "EMPTY_TUPLE", NOTHING, pickle_run_empty_tuple },
    ['.'] = { "STOP", NOTHING, run_stop },
    ['0'] = { "POP", NOTHING, pickle_run_pop },
    ['1'] = { "POP_MARK", NOTHING, pickle_run_pop_mark },
    ['2'] = { "DUP", NOTHING, pickle_run_dup },
    ['B'] = { "BINBYTES", TEXT4, pickle_run_bytes },
    ['C'] = { "SHORT_BINBYTES", TEXT1, pickle_run_bytes },
    ['F'] = { "FLOAT", LINE, pickle_run_float_line },
    ['G'] = { "BINFLOAT", NUMBER8, pickle_run_binfloat },
    ['I'] = { "INT", LINE, pickle_run_decimal },
    ['J'] = { "BININT", NUMBER4, pickle_run_signed },
    ['K'] = { "BININT1", NUMBER1, pickle_run_unsigned },
    ['L'] = { "LONG", LINE, pickle_run_decimal },
    ['M'] = { "BININT2", NUMBER2, pickle_run_unsigned },
    ['N'] = { "NONE", NOTHING, pickle_run_none },
    ['P'] = { "PERSID", LINE, pickle_run_persistent_line },
    ['Q'] = { "BINPERSID", NOTHING, pickle_run_persistent },
    ['R'] = { "REDUCE", NOTHING, pickle_run_reduce },
    ['S'] = { "STRING", LINE, pickle_run_quoted },
    ['T'] = { "BINSTRING", TEXT4, pickle_run_string },
    ['U'] = { "SHORT_BINSTRING", TEXT1, pickle_run_string },
    ['V'] = { "UNICODE", LINE, pickle_run_unicode_line },
    ['X'] = { "BINUNICODE", TEXT4, pickle_run_string },
    [']'] = { "EMPTY_LIST", NOTHING, pickle_run_empty_list },
    ['a'] = { "APPEND", NOTHING, pickle_run_append },
    ['b'] = { "BUILD", NOTHING, pickle_run_build },
    ['c'] = { "GLOBAL", LINE, pickle_run_global },
    ['d'] = { "DICT", NOTHING, pickle_run_dict },
    ['e'] = { "APPENDS", NOTHING, pickle_run_appends },
    ['g'] = { "GET", LINE, pickle_run_get_line },
    ['h'] = { "BINGET", NUMBER1, pickle_run_get },
    ['i'] = { "INST", LINE, pickle_run_instance },
    ['j'] = { "LONG_BINGET", NUMBER4, pickle_run_get },
    ['l'] = { "LIST", NOTHING, pickle_run_list },
    ['o'] = { "OBJ", NOTHING, pickle_run_object },
    ['p'] = { "PUT", LINE, pickle_run_put_line },
    ['q'] = { "BINPUT", NUMBER1, pickle_run_put },
    ['r'] = { "LONG_BINPUT", NUMBER4, pickle_run_put },
    ['s'] = { "SETITEM", NOTHING, pickle_run_setitem },
    ['t'] = { "TUPLE", NOTHING, pickle_run_tuple },
    ['u'] = { "SETITEMS", NOTHING, pickle_run_setitems },
    ['}'] = { "EMPTY_DICT", NOTHING, pickle_run_empty_dict },
    [0x80] = { "PROTO", NUMBER1, run_protocol },
    [0x81] = { "NEWOBJ", NOTHING, pickle_run_reduce },
    [0x82] = { "EXT1", NUMBER1, pickle_run_extension },
    [0x83] = { "EXT2", NUMBER2, pickle_run_extension },
    [0x84] = { "EXT4", NUMBER4, pickle_run_extension },
    [0x85] = { "TUPLE1", NOTHING, pickle_run_tuple1 },
    [0x86] = { "TUPLE2", NOTHING, pickle_run_tuple2 },
    [0x87] = { "TUPLE3", NOTHING, pickle_run_tuple3 },
    [0x88] = { "NEWTRUE", NOTHING, pickle_run_true },
    [0x89] = { "NEWFALSE", NOTHING, pickle_run_false },
    [0x8A] = { "LONG1", TEXT1, pickle_run_long },
    [0x8B] = { "LONG4", TEXT4, pickle_run_long },
    [0x8C] = { "SHORT_BINUNICODE", TEXT1, pickle_run_string },
    [0x8D] = { "BINUNICODE8", TEXT8, pickle_run_string },
    [0x8E] = { "BINBYTES8", TEXT8, pickle_run_bytes },
    [0x8F] = { "EMPTY_SET", NOTHING, pickle_run_empty_set },
    [0x90] = { "ADDITEMS", NOTHING, pickle_run_appends },
    [0x91] = { "FROZENSET", NOTHING, pickle_run_frozenset },
    [0x92] = { "NEWOBJ_EX", NOTHING, pickle_run_new_object_keywords },
    [0x93] = { "STACK_GLOBAL", NOTHING, pickle_run_stack_global },
    [0x94] = { "MEMOIZE", NOTHING, pickle_run_memoize },
    [0x95] = { "FRAME", NUMBER8, run_frame },
    [0x96] = { "BYTEARRAY8", TEXT8, pickle_run_bytes },
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
        return machine_read_line(m, arg);
    int bytes = number_bytes[op->argument];
    if (m->length - m->at < (size_t)bytes)
        return machine_fail(m, "the data ends within the argument of %s", op->name);
    arg->number = little_endian(m->bytes + m->at, bytes);
    m->at += (size_t)bytes;
    if (op->argument < TEXT1)
        return NULL;
    if (arg->number > m->length - m->at)
        return machine_fail(m, "%s announces %llu bytes where %zu are left", op->name,
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
        return machine_fail(m, "the data ends before the pickle does");
    const Opcode *op = &opcodes[m->bytes[m->at++]];
    if (!op->run)
        return machine_fail(m, "0x%02x is no opcode", m->bytes[m->opcode_at]);
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
    *value = machine_top(&m);
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
