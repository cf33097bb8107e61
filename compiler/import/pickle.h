/* Python pickles as inert data: the stack machine of protocols 0 to 5 without the machine's power.
 * A global is a pair of names, a call is a record of what would have been called with what; nothing
 * is looked up, imported or run. */
#ifndef KILN_IMPORT_PICKLE_H
#define KILN_IMPORT_PICKLE_H

#include "compiler/base/vec.h"

#include <stdint.h>

typedef enum PickleKind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_LONG, /* more than 64 bits: little-endian two's complement, or decimal in protocol 0 */
    PICKLE_FLOAT,
    PICKLE_STRING,
    PICKLE_BYTES,
    PICKLE_LIST,
    PICKLE_TUPLE,
    PICKLE_SET,
    PICKLE_DICT,
    PICKLE_GLOBAL,
    PICKLE_RECORD,
    PICKLE_PERSISTENT
} PickleKind;

typedef struct PickleValue PickleValue;
typedef Vec(const PickleValue *) PickleItems;

/* What REDUCE, NEWOBJ, INST or OBJ would have made by a call. */
typedef struct PickleRecord {
    const PickleValue *callable, *arguments;
    const PickleValue *state; /* of BUILD, or NULL */
    PickleItems items;        /* appended or added to it */
    PickleItems pairs;        /* set in it: key, value, key, value */
} PickleRecord;

struct PickleValue {
    PickleKind kind;
    union {
        int64_t integer; /* BOOL, INT */
        double real;     /* FLOAT */
        struct {
            const char *text; /* STRING (UTF-8), BYTES, LONG: not terminated, may lie in the file */
            size_t length;
        };
        struct {
            const PickleValue *module, *name; /* GLOBAL: two strings */
        };
        PickleItems items;     /* LIST, TUPLE, SET; DICT: key, value, key, value */
        PickleRecord *record;  /* RECORD */
        const PickleValue *id; /* PERSISTENT */
    };
};

/* Reads one pickle that begins at bytes[*at] and sets *at behind it. Every persistent object met is
 * appended to `persistent`. Returns NULL or the reason. */
const char *pickle_read(Arena *a, const unsigned char *bytes, size_t length, size_t *at,
                        PickleItems *persistent, const PickleValue **value);

int pickle_is_text(const PickleValue *v, const char *text);
int pickle_is_global(const PickleValue *v, const char *module, const char *name);

#endif
