/* What the files that read classifiers share; nobody else includes it. */
#ifndef KILN_ELABORATE_CLASSIFY_H
#define KILN_ELABORATE_CLASSIFY_H

#include "compiler/classifier/classifier.h"
#include "compiler/elaborate/elaborator.h"

/* A member being read, and what belongs to it. */
typedef struct Part {
    Member member;
    ElaboratedMember elaborated;
    const Expr *model;
    const Expr *features;        /* the node to stop at, or NULL */
    OutputActivation activation; /* as its output line, or the classifier's, says */
    bool has_output, has_svm;
} Part;

/* A classifier being read. */
typedef struct Reader {
    Elaborator *e;
    Module *module;
    const ElaborateOptions *options;
    Classifier *classifier;
    Part *part; /* the member at hand */
    Vec(Part) parts;
    Part *stack; /* the network that stacks the members, or NULL */
} Reader;

/* --- classify.c --- */
/* Reads the lines of a network: a member's, or those of a network that stacks members. */
Part classify_part(Reader *r, const EntryList *entries, const char *name, const char *network,
                   Loc loc);
void classify_reject(Reader *r, Loc loc, const char *usage);
/* The number of item i of a line; false after reporting. */
bool classify_number(Reader *r, const Entry *entry, int i, double *out, const char *usage);
/* The path of a file that item i names; NULL after reporting. */
const char *classify_path(Reader *r, const Entry *entry, int i, const char *what);
/* The word of item i; "" where it is none. */
const char *classify_word(const Entry *entry, int i);

/* --- preprocess.c --- */
/* Appends the step that a line of a preprocess group says; reports where it says none. */
void classify_step(Elaborator *e, const Entry *entry, Member *member);

/* --- augment.c --- */
/* The lines of a preprocess group to steps, or to views where some are `augment`. */
void classify_views(Elaborator *e, const EntryList *entries, Member *member);

/* --- merge.c --- */
/* merge mean [WEIGHTS] and its relatives. */
void classify_merge(Reader *r, const Entry *entry);

/* --- decide.c: lines on what becomes of the scores --- */
void classify_output(Reader *r, const Entry *entry);
void classify_thresholds(Reader *r, const Entry *entry);
void classify_cost(Reader *r, const Entry *entry);
void classify_groups(Reader *r, const Entry *entry);
void classify_below(Reader *r, const Entry *entry);
/* A list of the source, or a file, as a table; NULL after reporting. */
const Matrix *classify_matrix(Reader *r, const Entry *entry, int i, const char *what);

/* --- head.c: heads that are trained apart from their network --- */
/* Reads a support vector machine; NULL or the reason. */
const char *head_read_svm(Arena *a, const char *path, Svm *svm);
/* Reads the tensors weight and bias of a dense layer. */
const char *head_read_dense(Arena *a, const char *path, Matrix *m);
/* svm "FILE" [KERNEL] [gamma G] [degree D] [coef0 C] */
void classify_svm(Reader *r, const Entry *entry);

#endif
