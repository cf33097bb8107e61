/* The syntax tree of a .kiln file. Every node remembers its place; literals are their source text,
 * so that printing a tree gives back what was written. Nodes live in the parser's arena. */
#ifndef KILN_SYNTAX_AST_H
#define KILN_SYNTAX_AST_H

#include "compiler/base/arena.h"
#include "compiler/base/diag.h"
#include "compiler/base/vec.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Expr Expr;
typedef struct Stmt Stmt;
typedef struct Entry Entry;
typedef Vec(Expr *) ExprList;
typedef Vec(Stmt *) StmtList;
typedef Vec(Entry *) EntryList;

/* A name and where it stands. */
typedef struct Name {
    const char *text;
    Loc loc;
} Name;
typedef Vec(Name) NameList;

/* B(ENUM, spelling) */
#define BINARY_LIST(B)     \
    B(RANGE, "..")         \
    B(OR, "or")            \
    B(AND, "and")          \
    B(EQUAL, "==")         \
    B(UNEQUAL, "!=")       \
    B(LESS, "<")           \
    B(LESS_EQUAL, "<=")    \
    B(GREATER, ">")        \
    B(GREATER_EQUAL, ">=") \
    B(SHIFT_LEFT, "<<")    \
    B(SHIFT_RIGHT, ">>")   \
    B(ADD, "+")            \
    B(SUBTRACT, "-")       \
    B(MULTIPLY, "*")       \
    B(DIVIDE, "/")         \
    B(FLOOR_DIVIDE, "div") \
    B(REMAINDER, "%")

typedef enum BinaryOp {
#define B(enumerator, spelling) BINARY_##enumerator,
    BINARY_LIST(B)
#undef B
        BINARY_COUNT
} BinaryOp;

typedef enum UnaryOp { UNARY_MINUS, UNARY_NOT } UnaryOp;

const char *binary_spelling(BinaryOp op);

typedef enum ExprKind {
    EXPR_INTEGER,
    EXPR_REAL,
    EXPR_BOOLEAN,
    EXPR_STRING,
    EXPR_NAME,
    EXPR_LIST,
    EXPR_PAREN,
    EXPR_UNARY,
    EXPR_BINARY,
    EXPR_IF,
    EXPR_CALL,
    EXPR_INDEX,
    EXPR_AT,   /* call @ scope */
    EXPR_ARROW /* "->" between the words of an entry */
} ExprKind;

/* A piece of a string: text with escapes resolved, or an {expression}. */
typedef struct StringPart {
    const char *text; /* NULL: `value` */
    Expr *value;
} StringPart;

/* An argument of a call; keyword.text is NULL where it is positional. */
typedef struct Arg {
    Name keyword;
    Expr *value;
} Arg;
typedef Vec(Arg) ArgList;

struct Expr {
    ExprKind kind;
    int depth; /* of the tree below, bounded so that recursion over it is safe */
    Loc loc;
    bool trailing_comma; /* list, call: written one element a line */
    union {
        int64_t integer;
        double real;
        bool boolean;
        Name name;
        struct {
            StringPart *part;
            int part_count;
        } string;
        ExprList list;
        struct {
            union {
                UnaryOp unary;
                BinaryOp binary;
            };
            Expr *left,
                *right; /* unary and paren: left only; index: list, index; at: call, scope */
        } op;
        struct {
            Expr *condition, *yes, *no;
        } choice;
        struct {
            Name callee;
            ArgList args;
        } call;
    };
};

/* A parameter of a block or network. */
typedef struct ParamDecl {
    Name name;
    Expr *value; /* the default, or NULL */
} ParamDecl;
typedef Vec(ParamDecl) ParamList;

typedef enum StmtKind {
    STMT_IMPORT,
    STMT_ASSIGN, /* at the top level: a constant */
    STMT_BLOCK,
    STMT_NETWORK,
    STMT_MODEL,
    STMT_CLASSIFIER,
    STMT_RETURN,
    STMT_FOR,
    STMT_IF,
    STMT_INPUT,
    STMT_PARAMETER
} StmtKind;

struct Stmt {
    StmtKind kind;
    int depth;
    Loc loc;
    size_t body_end;  /* where the closing brace of `body` stands */
    Name name;        /* block, network, model, classifier, input, parameter */
    ParamList params; /* block, network */
    bool trailing_comma;
    NameList targets; /* assign, for */
    Expr *value;      /* assign, for, if (condition), import (path), model (call), parameter (@) */
    ExprList values;  /* return; input and parameter: dimensions */
    StmtList body;    /* block, network, for, if */
    bool has_else, is_else_if;
    size_t else_end;
    StmtList otherwise; /* if: the else branch; of an `else if` the one inner `if` */
    bool has_entries;
    EntryList entries; /* model, classifier */
};

/* A line of a classifier: words, numbers, strings, lists and arrows, perhaps followed by a group of
 * further lines in braces. `model CALL` has the call as its second item. */
struct Entry {
    Loc loc;
    ExprList items;
    bool has_entries;
    size_t body_end;
    EntryList entries;
};

/* A // comment, without its line end. */
typedef struct Comment {
    Loc loc;
} Comment;
typedef Vec(Comment) CommentList;

typedef struct AstFile {
    const Source *source;
    StmtList items;
    CommentList comments; /* in source order */
} AstFile;

#endif
