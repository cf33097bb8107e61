/* The printer of loop-nest functions: statements to a writer, expressions to text. */
#ifndef KILN_EMIT_PRINTER_H
#define KILN_EMIT_PRINTER_H

#include "compiler/base/vec.h"
#include "compiler/emit/writer.h"
#include "compiler/target/target.h"

/* What a loop variable or a buffer is called where it is visible. */
typedef struct PrintedName {
    const void *object; /* Var * or Buffer * */
    const char *name;
} PrintedName;

typedef struct Printer {
    Writer *w;
    Arena *arena;
    const Target *target;
    const Scope *scope;     /* the loops around the current place */
    Vec(PrintedName) names; /* visible ones, innermost last */
} Printer;

/* Makes `object` visible under `wanted`, or under wanted2, wanted3 ... where that is taken. */
const char *printer_declare(Printer *p, const void *object, const char *wanted);
const char *printer_name(const Printer *p, const void *object);

/* How tightly the outermost operator of a text binds, loosest first. */
typedef enum Precedence {
    PRECEDENCE_ANY,
    PRECEDENCE_CONDITIONAL,
    PRECEDENCE_AND,
    PRECEDENCE_RELATION,
    PRECEDENCE_SUM,
    PRECEDENCE_PRODUCT,
    PRECEDENCE_UNARY,
    PRECEDENCE_PRIMARY
} Precedence;

/* The text of an expression, in parentheses where it binds less tightly than `least`. */
const char *print_expr(Printer *p, const Expr *e, Precedence least);
/* "x[oy + ky][ox][c]" */
const char *print_element(Printer *p, const Buffer *b, int count, Expr *const *index);
/* The statement that stores `value`. */
void print_store(Printer *p, const Stmt *s);
/* The C type of a value of that many lanes: "float", "__m512". */
const char *print_type(const Printer *p, int lanes);

/* A finite float as a C constant that reads back as the same value: "0.1f", "-1.0e-20f". */
enum { PRINTED_FLOAT = 32 };
const char *float_text(char text[PRINTED_FLOAT], float value);

/* The signature: "static void f(const float (*x)[56][64], ...)". */
const char *print_signature(Printer *p, const Function *f);
/* A whole function; its signature is followed by its body. */
void print_function(Printer *p, const Function *f);

/* The type of a parameter or an array, around `name`: "const float (*x)[56][64]". */
const char *print_pointer(Arena *a, const Buffer *b, const char *name);

#endif
