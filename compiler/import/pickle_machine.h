/* The inside of the pickle machine, shared by pickle.c (the machine and its opcodes), pickle_text.c
 * (numbers and strings) and pickle_values.c (containers, memo, records). */
#ifndef KILN_IMPORT_PICKLE_MACHINE_H
#define KILN_IMPORT_PICKLE_MACHINE_H

#include "compiler/import/pickle.h"

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

/* Executes one opcode; NULL or the reason why that is impossible. */
typedef const char *Handler(Machine *m, const Argument *arg);

enum { MACHINE_MEMO_LIMIT = 1 << 23, MACHINE_MARK_LIMIT = 1000 };

const char *machine_fail(Machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reads the bytes up to the end of the line. */
const char *machine_read_line(Machine *m, Argument *arg);

PickleValue *machine_new_value(Machine *m, PickleKind kind);
const PickleValue *machine_string(Machine *m, const char *text, size_t length);

const char *machine_push(Machine *m, const PickleValue *v);
const char *machine_push_text(Machine *m, PickleKind kind, const char *text, size_t length);
const char *machine_push_container(Machine *m, PickleKind kind, const PickleValue **items,
                                   int count);

/* Checks that as many values lie above the innermost mark; pop and top rely on it. */
const char *machine_need(Machine *m, int values);
int machine_available(const Machine *m);
const PickleValue *machine_pop(Machine *m);
const PickleValue *machine_top(const Machine *m);
/* Takes the innermost mark and the values above it off the stack. */
const char *machine_pop_mark(Machine *m, const PickleValue ***items, int *count);

/* pickle_text.c */
Handler pickle_run_binfloat, pickle_run_bytes, pickle_run_decimal, pickle_run_false,
    pickle_run_float_line, pickle_run_long, pickle_run_none, pickle_run_quoted, pickle_run_signed,
    pickle_run_string, pickle_run_true, pickle_run_unicode_line, pickle_run_unsigned;

/* pickle_values.c */
Handler pickle_run_append, pickle_run_appends, pickle_run_setitem, pickle_run_setitems,
    pickle_run_dup, pickle_run_get, pickle_run_get_line, pickle_run_mark, pickle_run_memoize,
    pickle_run_pop, pickle_run_pop_mark, pickle_run_put, pickle_run_put_line, pickle_run_build,
    pickle_run_extension, pickle_run_global, pickle_run_instance, pickle_run_new_object_keywords,
    pickle_run_object, pickle_run_persistent, pickle_run_persistent_line, pickle_run_reduce,
    pickle_run_stack_global, pickle_run_empty_list, pickle_run_empty_tuple, pickle_run_empty_dict,
    pickle_run_empty_set, pickle_run_list, pickle_run_tuple, pickle_run_dict, pickle_run_frozenset,
    pickle_run_tuple1, pickle_run_tuple2, pickle_run_tuple3;

#endif
