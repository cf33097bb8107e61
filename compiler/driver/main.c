/* kiln: dispatches to the command that the first argument names. */
#include "compiler/driver/options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool asks_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0 ||
           strcmp(argument, "help") == 0;
}

static ExitStatus dispatch(Arena *a, int argc, char **argv)
{
    if (argc < 2) {
        fputs("kiln: no command; kiln --help lists them\n", stderr);
        return EXIT_USAGE;
    }
    if (asks_help(argv[1])) {
        command_line_help(argc > 2 ? command_find(argv[2]) : NULL);
        return EXIT_DONE;
    }
    CommandLine line;
    if (!command_line_parse(a, argc, argv, &line))
        return EXIT_USAGE;
    const Command *command = command_find(argv[1]);
    if (line.help) {
        command_line_help(command);
        return EXIT_DONE;
    }
    return command->run(&line);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like a full disk */
    Arena *a = arena_new();
    ExitStatus status = dispatch(a, argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("kiln: standard output could not be written\n", stderr);
        status = status == EXIT_DONE ? EXIT_ENVIRONMENT : status;
    }
    arena_free(a);
    exit((int)status);
}
