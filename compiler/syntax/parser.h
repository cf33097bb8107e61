/* What the scanner, the grammar and parse.c share; nobody else includes it.
 *
 * Statements end at a semicolon or at a line end. kiln_lex() stands between scanner and grammar and
 * makes line ends into semicolons: where the token before can end a statement and the token behind
 * can begin one, and always before a closing brace. */
#ifndef KILN_SYNTAX_PARSER_H
#define KILN_SYNTAX_PARSER_H

#include "compiler/syntax/ast.h"

enum {
    PARSE_MAX_DEPTH = 200, /* of brackets, and of the tree of one expression */
    PARSE_MAX_ERRORS = 20  /* in one file */
};

typedef struct Parser {
    Arena *arena;
    Diag *diag;
    const Source *source;
    void *scanner;
    int start_token;  /* what is parsed: a file or an expression; given to the grammar first */
    size_t offset;    /* end of the last token scanned */
    bool newline;     /* a line end was passed since the last token */
    bool has_pending; /* a token is held back behind an inserted semicolon */
    int pending, previous;
    const char *pending_text;
    Loc pending_loc;
    size_t end_of_previous;
    bool statements; /* a file: line ends count */
    int brackets;    /* how many are open; round: of ( and [ since the last brace */
    int round;
    int errors;
    bool stopped; /* after a limit: nothing more is read or reported */
    CommentList *comments;
    StmtList *items;  /* the result of a file */
    Expr *expression; /* the result of an expression */
} Parser;

void parser_error(Parser *p, Loc loc, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Reports a limit and ends the parse. */
void parser_stop(Parser *p, Loc loc, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "found GOT, expected A, B or C". */
void parser_unexpected(Parser *p, Loc loc, const char *got, const char *const *expected,
                       int expected_count);
/* How many of `length` bytes to print: at most `most`, no code point cut. */
int parser_prefix(const char *text, int length, int most);
/* Parses part of the parser's source, the inside of "{...}" in a string, as an expression. */
Expr *parser_subexpression(Parser *p, size_t start, size_t end);

/* The grammar's actions: one rule, one call. */
Name ast_name(const char *text, Loc loc);
Expr *ast_integer(Parser *p, Loc loc);
Expr *ast_real(Parser *p, Loc loc);
Expr *ast_boolean(Parser *p, Loc loc, bool value);
Expr *ast_string(Parser *p, Loc loc);
Expr *ast_variable(Parser *p, Loc loc, const char *text);
Expr *ast_arrow(Parser *p, Loc loc);
Expr *ast_list(Parser *p, Loc loc, ExprList *items, bool trailing_comma);
Expr *ast_paren(Parser *p, Loc loc, Expr *inner);
Expr *ast_unary(Parser *p, Loc loc, UnaryOp op, Expr *operand);
Expr *ast_binary(Parser *p, Loc loc, BinaryOp op, Expr *left, Expr *right);
Expr *ast_choice(Parser *p, Loc loc, Expr *condition, Expr *yes, Expr *no);
Expr *ast_call(Parser *p, Loc loc, Name callee, ArgList *args, bool trailing_comma);
Expr *ast_index(Parser *p, Loc loc, Expr *list, Expr *index);
Expr *ast_at(Parser *p, Loc loc, Expr *call, Expr *scope);

ExprList *ast_expr_list(Parser *p, ExprList *list, Expr *item);
NameList *ast_name_list(Parser *p, NameList *list, Name item);
ArgList *ast_arg_list(Parser *p, ArgList *list, Name keyword, Expr *value);
ParamList *ast_param_list(Parser *p, ParamList *list, Name name, Expr *value);
StmtList *ast_stmt_list(Parser *p, StmtList *list, Stmt *item);
EntryList *ast_entry_list(Parser *p, EntryList *list, Entry *item);

/* Statements in braces, and where the closing one stands. */
typedef struct Body {
    StmtList *list;
    size_t end;
} Body;
typedef struct EntryBody {
    EntryList *list; /* NULL: no braces */
    size_t end;
} EntryBody;

Stmt *ast_import(Parser *p, Loc loc, Expr *path);
Stmt *ast_assign(Parser *p, Loc loc, NameList *targets, Expr *value);
Stmt *ast_definition(Parser *p, Loc loc, StmtKind kind, Name name, ParamList *params,
                     bool trailing_comma, Body body);
Stmt *ast_model(Parser *p, Loc loc, Name name, Expr *call, EntryBody entries);
Stmt *ast_classifier(Parser *p, Loc loc, Name name, EntryBody entries);
Stmt *ast_return(Parser *p, Loc loc, ExprList *values);
Stmt *ast_for(Parser *p, Loc loc, NameList *targets, Expr *list, Body body);
Stmt *ast_if(Parser *p, Loc loc, Expr *condition, Body body);
Stmt *ast_else(Parser *p, Loc loc, Stmt *if_statement, Body otherwise);
Stmt *ast_else_if(Parser *p, Loc loc, Stmt *if_statement, Stmt *next);
Stmt *ast_tensor(Parser *p, Loc loc, StmtKind kind, Name name, ExprList *dims, Expr *scope);
Entry *ast_entry(Parser *p, Loc loc, ExprList *items, EntryBody entries);
/* `model CALL` in a classifier: its first item is the word. */
Entry *ast_entry_model(Parser *p, Loc loc, Loc word, Expr *call, EntryBody entries);

#endif
