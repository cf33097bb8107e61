/* Syntax tree to graph and classifier. */
#ifndef KILN_ELABORATE_ELABORATE_H
#define KILN_ELABORATE_ELABORATE_H

#include "compiler/base/arena.h"
#include "compiler/base/diag.h"
#include "compiler/base/vec.h"

#include <stdbool.h>

typedef struct Graph Graph;
typedef struct Classifier Classifier;

enum { RENAME_MAX_STARS = 4 };

/* One `pattern -> replacement` of a rename clause; replacement NULL: the tensor is ignored. */
typedef struct RenameRule {
    const char *pattern, *replacement;
    Loc loc;
} RenameRule;
typedef Vec(RenameRule) RenameList;

/* A weight file that the source names; `path` is relative to the working folder. */
typedef struct WeightSource {
    const char *path;
    Loc loc;
} WeightSource;

/* --param NAME=VALUE; the value is an expression of the language. */
typedef struct ParamOverride {
    const char *name, *value;
} ParamOverride;

typedef struct ElaborateOptions {
    const char *name; /* of a model or classifier; NULL: the only one of the file */
    const ParamOverride *params;
    int param_count;
    const char *labels_file; /* replaces the labels of the source; NULL: none */
    /* The text of a source that is in no file, NULL where it is to be read; may be NULL itself. */
    const char *(*find_text)(void *context, Arena *arena, const char *path);
    void *context;
} ElaborateOptions;

/* A network and what belongs to it. A model or plain classifier has one. */
typedef struct ElaboratedMember {
    const char *name;    /* what -w NAME=FILE calls it */
    const char *network; /* what its graph is called */
    Loc loc;
    Graph *graph;
    Vec(WeightSource) weights;
    RenameList renames;
} ElaboratedMember;

typedef struct Elaborated {
    const char *name;
    Loc loc;
    ElaboratedMember *member; /* those of the classifier, then a network that stacks them */
    int member_count;
    Classifier *classifier; /* of a bare model: one that takes tensors only */
} Elaborated;

/* Reads the file and all that it imports, and elaborates one model or classifier of it. False after
 * reporting. Everything lives in the arena. */
bool elaborate(Arena *arena, const char *path, const ElaborateOptions *options, Diag *diag,
               Elaborated *out);

#endif
