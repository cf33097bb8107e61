/* The command line of kiln. Options are the rows of one table in options.c; help is printed from
 * it. */
#ifndef KILN_DRIVER_OPTIONS_H
#define KILN_DRIVER_OPTIONS_H

#include "compiler/base/vec.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/emit/emit.h"

/* What the process returns. */
typedef enum ExitStatus {
    EXIT_DONE,
    EXIT_INPUT,      /* the input is at fault */
    EXIT_USAGE,      /* the command line is */
    EXIT_ENVIRONMENT /* no compiler, disk full */
} ExitStatus;

typedef enum CommandId {
    COMMAND_BUILD = 1,
    COMMAND_EMIT = 2,
    COMMAND_RUN = 4,
    COMMAND_VERIFY = 8,
    COMMAND_SHOW = 16,
    COMMAND_WEIGHTS = 32,
    COMMAND_FMT = 64,
    COMMAND_INIT = 128,
    COMMAND_TUNE = 256
} CommandId;

typedef Vec(const char *) StringList;

typedef struct CommandLine {
    CommandId command;
    const char *source; /* SRC of SRC[:NAME]; NULL for weights, fmt and init */
    const char *name;   /* NAME, or NULL */
    StringList inputs;  /* everything that is no option, SRC left out */
    StringList forward; /* options of the executable, for `run`, in order */

    StringList weights, params;
    const char *output, *target, *labels, *weights_as, *cc, *threads, *batch, *optimize,
        *dump_after, *format, *expect, *schedule, *launcher;
    bool is_static, strict, verbose, check, measure, help;
} CommandLine;

typedef struct Command {
    CommandId id;
    const char *name, *arguments, *help;
    ExitStatus (*run)(const CommandLine *line);
} Command;

extern const Command commands[]; /* ends with a row without a name */
const Command *command_find(const char *name);

/* Fills `line` from argv[1...]. False after saying on standard error what is wrong. */
bool command_line_parse(Arena *a, int argc, char **argv, CommandLine *line);
/* `command` NULL: all commands. */
void command_line_help(const Command *command);

/* One file per command. */
ExitStatus command_build(const CommandLine *line);
ExitStatus command_emit(const CommandLine *line);
ExitStatus command_run(const CommandLine *line);
ExitStatus command_verify(const CommandLine *line);
ExitStatus command_tune(const CommandLine *line);
ExitStatus command_show(const CommandLine *line);
ExitStatus command_weights(const CommandLine *line);
ExitStatus command_fmt(const CommandLine *line);
ExitStatus command_init(const CommandLine *line);

#endif
