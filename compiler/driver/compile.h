/* One compilation: from the command line to the program that is emitted. */
#ifndef KILN_DRIVER_COMPILE_H
#define KILN_DRIVER_COMPILE_H

#include "compiler/driver/options.h"
#include "compiler/import/weights.h"
#include "compiler/schedule/program.h"

typedef enum WeightNeed {
    WEIGHTS_REQUIRED,
    WEIGHTS_OPTIONAL /* without any, random ones: only the structure of the network matters */
} WeightNeed;

/* One network of a classifier: a member's, or the one that stacks them. */
typedef struct Network {
    const ElaboratedMember *member;
    Graph *source, *graph;
    Program *program;
    const char *digest;
    void *command; /* what a command that runs it needs to know */
} Network;

typedef struct Compilation {
    const CommandLine *line;
    Arena *source_arena;  /* the tree, the graph elaborated from it, weights: until the end */
    Arena *graph_arena;   /* the transformed graph, kernels, packed weights: until emitted */
    Arena *scratch_arena; /* reset after every pass */
    Diag diag;
    Elaborated elaborated;
    const Classifier *classifier; /* never NULL; a bare model's takes tensors only */
    const Target *target;
    int64_t pictures;  /* of one call of the network */
    PairRule pairs;    /* none where `kiln tune` times each layer */
    Network *networks; /* in the order of elaborated.member */
    int network_count;
    /* Of the network at hand, see compile_select(): */
    int index;
    const ElaboratedMember *member;
    Graph *source; /* what the reference interpreter runs */
    Graph *graph;  /* what the passes made of it */
    Program *program;
    const char *digest;
} Compilation;

void compile_begin(Compilation *c, const CommandLine *line);
/* Frees the arenas; returns `status`. */
ExitStatus compile_end(Compilation *c, ExitStatus status);

/* Makes network i the one at hand. The functions below do all networks and leave the first one
 * at hand. */
void compile_select(Compilation *c, int i);

/* Reads, elaborates, binds and verifies: source and digest of the networks, c->classifier. */
ExitStatus compile_source(Compilation *c, WeightNeed need);
/* Passes and schedule: graph and program of the networks. */
ExitStatus compile_program(Compilation *c);
/* Its halves: the passes, then the schedule with the tiles of `tuning` (NULL: the cost model's). */
ExitStatus compile_passes(Compilation *c);
ExitStatus compile_schedule(Compilation *c, const Tuning *tuning);

/* What --optimize asks for. */
Optimize compile_goal(const CommandLine *line);

/* c->target from --target and --strict. */
ExitStatus compile_choose_target(Compilation *c);

/* Where an option asks for a list instead of a compilation (`--target help`), prints it; true where
 * it did. */
bool compile_lists(const CommandLine *line);
/* Prints the graph, or the program, where --dump-after asks for it; true where it did. */
bool compile_dumps(const Compilation *c);

/* The form of weights that --weights-as asks for; WEIGHTS_AUTO without it. */
WeightForm compile_weight_form(const CommandLine *line);
/* What emit_folder() needs to know. */
Emission compile_emission(Compilation *c, WeightForm form);

/* "kiln: PATH: reason" on standard error. */
ExitStatus compile_fail(ExitStatus status, const char *what, const char *reason);

#endif
