/* Text to syntax tree. */
#ifndef KILN_SYNTAX_PARSE_H
#define KILN_SYNTAX_PARSE_H

#include "compiler/syntax/ast.h"

/* The tree of a file, or NULL after reporting why there is none. Several errors are reported in one
 * run. The text is copied into the arena. */
AstFile *parse_file(Arena *arena, const char *path, Diag *diag);
AstFile *parse_source(Arena *arena, const Source *source, Diag *diag);

/* The expression that is a whole source ("[3, 4, 6, 3]"), or NULL after reporting. */
Expr *parse_expression(Arena *arena, const Source *source, Diag *diag);

#endif
