/* What is emitted: the functions of a network, its constant arrays, and the list of calls with
 * their arguments. Everything about kernels, tiles and memory is decided; emit/ only prints. */
#ifndef KILN_SCHEDULE_PROGRAM_H
#define KILN_SCHEDULE_PROGRAM_H

#include "compiler/graph/graph.h"
#include "compiler/kernel/pack.h"
#include "compiler/schedule/choose.h"
#include "compiler/loop/loop.h"
#include "compiler/schedule/pairs.h"
#include "compiler/target/target.h"

typedef enum ArgumentKind {
    ARGUMENT_INPUT,
    ARGUMENT_OUTPUT,
    ARGUMENT_ARENA,
    ARGUMENT_CONST
} ArgumentKind;

typedef struct Argument {
    ArgumentKind kind;
    int64_t offset; /* floats: from the start of the input, the output or the arena */
    int64_t pitch;  /* floats from one picture's to the next, where its call is of one picture */
    const ConstArray *array;
} Argument;

typedef struct Call {
    const Function *function;
    const Argument *argument; /* [function->param_count] */
    const Node *node;         /* of the transformed graph */
    const Node *producer;     /* its input that is computed with it, row by row; or NULL */
    const char *summary;      /* "conv2d 3x3 stride 1 pad 1, 56x56x64 -> 56x56x64, relu" */
    const char *tile;         /* "6 pixels x 64 channels", or "" */
    int64_t pictures;         /* of one run of the function */
    int64_t macs;             /* of all pictures */
    double predicted;         /* milliseconds, by the cost model */
} Call;

typedef struct Program {
    const char *name;
    const Graph *graph; /* the transformed one */
    const Target *target;
    Vec(const Function *) functions; /* one per distinct name, in order of first use */
    Vec(Call) calls;
    Vec(const ConstArray *) arrays; /* in order of first use */
    int64_t pictures;               /* of one run of the network */
    int picturewise;                /* the first so many calls run picture by picture */
    bool parallel;                  /* every thread runs every call */
    bool winograd;                  /* some node is computed by Winograd's form */
    int64_t weight_originals;       /* bytes of the parameters that were packed */
    int64_t arena_bytes, arena_lower_bound;
    int64_t input_count, output_count;
} Program;

typedef struct ProgramOptions {
    const Target *target;
    Optimize optimize;
    const Tuning *tuning; /* a schedule, or NULL */
    bool parallel;        /* for threads */
    int64_t pictures;     /* of one call; 0: 1 */
    PairRule pairs;       /* never any for threads */
} ProgramOptions;

/* Builds the program of a graph that has been through all passes, its parameters bound. NULL, or
 * which node cannot be compiled and why, or which line of the schedule is at fault. */
const char *program_build(Arena *arena, const Graph *g, const ProgramOptions *options,
                          Program *out);

/* The text dump of the golden tests: calls with their places, arrays, loop nests. */
void program_dump(const Program *p, Text *t);

#endif
