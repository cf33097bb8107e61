/* The values of the language: exact rationals, floats, booleans, strings, lists, tensors. They are
 * immutable; lists are shared. */
#ifndef KILN_ELABORATE_VALUE_H
#define KILN_ELABORATE_VALUE_H

#include "compiler/base/arena.h"
#include "compiler/base/text.h"
#include "compiler/syntax/ast.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Node Node;

typedef enum ValueKind {
    VALUE_ERROR, /* something was reported; what depends on it stays silent */
    VALUE_NUMBER,
    VALUE_REAL,
    VALUE_BOOLEAN,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_TENSOR,
    VALUE_RESULTS, /* several results of a block, until they are assigned */
    VALUE_KINDS
} ValueKind;

typedef struct Value Value;
struct Value {
    ValueKind kind;
    union {
        struct {
            int64_t num, den; /* in lowest terms, den > 0; an integer has den 1 */
        };
        double real;
        bool boolean;
        const char *string;
        struct {
            const Value *item;
            int count;
            int depth; /* of lists in lists, bounded so that recursion over a value is safe */
        } list;        /* also of results */
        Node *tensor;
    };
};

Value value_integer(int64_t i);
Value value_real(double d);
Value value_boolean(bool b);
Value value_string(const char *s);

bool value_is_integer(const Value *v);
bool value_is_numeric(const Value *v);
/* Of a number or float. */
double value_as_double(const Value *v);

/* left OP right for two numbers or floats: arithmetic, shifts and comparisons. NULL, or why it
 * has no value. */
const char *value_arithmetic(BinaryOp op, const Value *left, const Value *right, Value *result);
const char *value_negate(const Value *v, Value *result);
/* Equality of two values of one kind, numbers and floats being one. */
bool value_equal(const Value *a, const Value *b);

/* "a number", "a list" */
const char *value_kind_name(const Value *v);
/* As the language writes it; a tensor as its path. */
void value_print(const Value *v, Text *out);
const char *value_text(Arena *arena, const Value *v);

#endif
