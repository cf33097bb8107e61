/* Names of emitted things: C identifiers made from paths, strings as C literals. */
#ifndef KILN_EMIT_NAMES_H
#define KILN_EMIT_NAMES_H

#include "compiler/base/arena.h"
#include "compiler/schedule/program.h"

struct EmittedNetwork;

/* Every byte that is neither a letter nor a digit becomes `_`; a digit in front gets one before
 * it. */
const char *c_identifier(Arena *a, const char *text);
const char *c_upper(Arena *a, const char *text);
/* A string literal with its quotes: 7-bit text, everything else as octal escapes. */
const char *c_string(Arena *a, const char *text);

/* The symbol of an array: "lenet_conv1_weight". */
const char *array_symbol(Arena *a, const Program *p, const ConstArray *array);
/* NULL, or which two things of the program would have the same name, in C or as files. */
const char *names_verify(Arena *a, const Program *p);
/* The same for what several networks have in one program that is called `title`. */
const char *names_verify_all(Arena *a, const char *title, const struct EmittedNetwork *networks,
                             int count);

#endif
