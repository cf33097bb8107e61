/* Syntax tree to canonical text: `kiln fmt`. */
#ifndef KILN_SYNTAX_AST_PRINT_H
#define KILN_SYNTAX_AST_PRINT_H

#include "compiler/base/text.h"
#include "compiler/syntax/ast.h"

/* Appends the file as the formatter writes it, with every comment. Parsing what it wrote and
 * printing that gives the same bytes. */
void ast_print(const AstFile *file, Text *out);

#endif
