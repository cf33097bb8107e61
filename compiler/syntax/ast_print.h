/* Syntax tree to canonical text: `kiln fmt`. */
#ifndef KILN_SYNTAX_AST_PRINT_H
#define KILN_SYNTAX_AST_PRINT_H

#include "compiler/base/diag.h"
#include "compiler/base/text.h"

#include <stdbool.h>

typedef struct AstFile AstFile;

/* Appends the file as the formatter writes it, with every comment. Parsing what it wrote and
 * printing that gives the same bytes. */
void ast_print(const AstFile *file, Text *out);

/* Parses a file and prints it; *changed: the text is another than the file's. False after
 * reporting. */
bool ast_format_file(Arena *arena, const char *path, Diag *diag, Text *out, bool *changed);

#endif
