/* What the files of this folder share; nobody else includes it.
 *
 * Elaboration runs the program that a network is. It always ends: blocks cannot recurse, loops go
 * over lists, and steps, nodes, nesting and lengths have the limits below. After an error
 * the value is VALUE_ERROR, which everything passes on in silence, so that several independent
 * errors are found in one run. */
#ifndef KILN_ELABORATE_ELABORATOR_H
#define KILN_ELABORATE_ELABORATOR_H

#include "compiler/base/map.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/elaborate/value.h"
#include "compiler/graph/graph.h"
#include "compiler/syntax/ast.h"

enum {
    ELABORATE_MAX_STEPS = 1000000, /* statements and expressions evaluated, list items built */
    ELABORATE_MAX_NODES = 30000,
    ELABORATE_MAX_CALLS = 100,   /* blocks in blocks */
    ELABORATE_MAX_DEPTH = 2000,  /* of the evaluator's own recursion */
    ELABORATE_MAX_LIST = 100000, /* items */
    ELABORATE_MAX_NESTED = 100,  /* lists in lists */
    ELABORATE_MAX_STRING = 4096, /* bytes */
    ELABORATE_MAX_IMPORTS = 100, /* files in files */
    ELABORATE_MAX_FAILURES = 500 /* after so many errors the rest would tell nothing new */
};

typedef struct Module Module;
typedef struct Frame Frame;

typedef enum ConstantState { CONSTANT_NEW, CONSTANT_ACTIVE, CONSTANT_DONE } ConstantState;

/* A name of a file. */
typedef struct Definition {
    Stmt *stmt;
    Module *module;
    const char *name;
    Loc loc;
    bool active;         /* being elaborated: a call of it now would be recursion */
    ConstantState state; /* of a constant */
    Value value;
} Definition;

/* A source file: what it defines and what it imports. */
struct Module {
    const char *path;
    AstFile *ast;
    Map definitions; /* blocks, networks, models and constants */
    Map classifiers;
    Vec(Module *) imports;
    bool loading;
};

/* A call being elaborated; the outermost one of a file has no definition. */
struct Frame {
    Frame *caller;
    Definition *definition;
    Module *module;
    Map variables; /* name -> Value * */
    const char *scope;
    Loc call;
    int level;
    bool returned, failed; /* failed: a branch was skipped after an error */
    Value result;
};

typedef struct Elaborator {
    Arena *arena;
    Diag *diag;
    const ElaborateOptions *options;
    Map modules; /* real path -> Module * */
    Map reported;
    Graph *graph;
    Map paths, params; /* C names taken, to find doubles */
    Map unnamed;       /* "scope.relu" -> int *: how many so far */
    Map numbers;       /* of numbered(): stem -> int64_t *: the next one */
    Map signatures;    /* of operators, made when first called */
    Frame *frame;
    int64_t steps;
    int failures; /* errors, those included that were reported before */
    int depth;
    bool stopped; /* after a limit */
} Elaborator;

/* An evaluated argument. */
typedef struct Argument {
    Name keyword;
    Value value;
    Loc loc;
} Argument;

typedef struct Arguments {
    Argument *at;
    int count;
    bool failed; /* one of them is VALUE_ERROR */
} Arguments;

/* --- messages: reports once per place and key, then says through which calls it was reached --- */
void elaborate_error(Elaborator *e, Loc loc, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Ends the elaboration. */
void elaborate_stop(Elaborator *e, Loc loc, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void elaborate_note_calls(Elaborator *e);
/* Counts steps; false (reported) when there are too many. */
bool elaborate_step(Elaborator *e, Loc loc, int64_t count);
/* ", did you mean 'x'?" or "" */
const char *elaborate_suggestion(Elaborator *e, const char *name, const char *const *names,
                                 int count);

/* --- module.c --- */
Module *module_load(Elaborator *e, const char *path, Loc loc);
/* What `name` means in a file: its own definition, or that of one import. NULL: none. */
Definition *module_find(Elaborator *e, Module *m, Name name);
Definition *module_find_classifier(Elaborator *e, Module *m, Name name);
/* Names for suggestions. */
typedef Vec(const char *) NameVec;
void module_names(Elaborator *e, const Module *m, NameVec *names);

/* --- evaluate.c --- */
Value evaluate(Elaborator *e, const Expr *expr);
/* As evaluate(), but several results are allowed. */
Value evaluate_results(Elaborator *e, const Expr *expr);
void evaluate_body(Elaborator *e, const StmtList *body);
Value evaluate_constant(Elaborator *e, Definition *d);
void frame_set(Elaborator *e, const char *name, Value value);
void frame_enter(Elaborator *e, Frame *f, Definition *d, Module *module, const char *scope,
                 Loc call);
void frame_leave(Elaborator *e);

/* --- call.c --- */
Value call_evaluate(Elaborator *e, const Expr *call, const char *name);
Arguments arguments_evaluate(Elaborator *e, const ArgList *args);
/* Gives the parameters of a block or network their values, in the frame just entered. */
void call_set_params(Elaborator *e, const Stmt *block, const Argument *const *given);
/* False after reporting parameters that have neither a value nor a default. */
bool call_check_missing(Elaborator *e, const Stmt *block, Loc loc, const Argument *const *given);
/* Sorts arguments into `count` named places; given[i] NULL: not given. False after reporting. */
bool arguments_sort(Elaborator *e, const char *callee, const Arguments *args,
                    const char *const *names, int count, const Argument **given);

/* --- operator.c --- */
Value operator_call(Elaborator *e, OpKind op, Loc loc, const Arguments *args, const char *name);
/* A node named `name` in the current scope, or by its operator where name is NULL. */
Value operator_add(Elaborator *e, OpKind op, Loc loc, Node *const *inputs, int count,
                   const Attr *attr, const char *name);
/* Arithmetic with at least one tensor. */
Value operator_arithmetic(Elaborator *e, BinaryOp op, Loc loc, const Value *left,
                          const Value *right, const char *name);
bool operator_dims(Elaborator *e, const ExprList *dims, Shape *shape, int at);
const char *operator_scope(Elaborator *e, const char *name);

/* --- attribute.c: arguments to attributes --- */
bool attribute_set(Elaborator *e, OpKind op, Attr *attr, const char *name, const Argument *arg);
bool attribute_integer(Elaborator *e, const char *what, const Value *v, Loc loc, int64_t *out);

/* --- builtin.c --- */
bool builtin_exists(const char *name);
Value builtin_call(Elaborator *e, const char *name, Loc loc, const Arguments *args);
void builtin_names(Elaborator *e, NameVec *names);

/* --- model.c --- */
/* The graph of `call`, a model's name or a call of a model or network, seen from `m`. */
bool model_elaborate(Elaborator *e, Module *m, const Expr *call, const ElaborateOptions *options,
                     ElaboratedMember *out);
/* The lines in the braces of a model. */
bool model_entries(Elaborator *e, const EntryList *entries, ElaboratedMember *out);

/* --- entries.c --- */
/* The word that a line begins with; "" where it begins otherwise. */
const char *entry_word(const Entry *entry);
/* The text of a string without {expressions}; NULL after reporting. */
const char *entry_string(Elaborator *e, const Expr *item, const char *what);
/* Takes the rules of a rename clause; false where the line is none. */
bool entry_rename(Elaborator *e, const Entry *entry, ElaboratedMember *out);

/* --- classify.c --- */
bool classifier_elaborate(Elaborator *e, Definition *d, const ElaborateOptions *options,
                          Elaborated *out);
/* The classifier around a bare model: it takes tensors only and has no labels but --labels. */
bool classifier_of_model(Elaborator *e, Definition *d, const ElaborateOptions *options,
                         Elaborated *out);

#endif
