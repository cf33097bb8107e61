/* kiln run: the program that an executable is, around the reference interpreter. */
#include "compiler/driver/tables.h"

/* The command line of the executable: its options, then the inputs. */
static int program_arguments(const Compilation *c, char ***arguments)
{
    const CommandLine *line = c->line;
    Vec(char *) v = { 0 };
    vec_push(c->source_arena, &v, (char *)"kiln run");
    for_each_vec(const char *, option, &line->forward)
        vec_push(c->source_arena, &v, (char *)*option);
    vec_push(c->source_arena, &v, (char *)"--");
    for_each_vec(const char *, input, &line->inputs)
        vec_push(c->source_arena, &v, (char *)*input);
    *arguments = v.at;
    return v.count;
}

/* The runtime's statuses as ours: 1 some inputs failed, 2 usage. */
static ExitStatus status_of(int status)
{
    return status == KILN_EXIT_DONE    ? EXIT_DONE
           : status == KILN_EXIT_USAGE ? EXIT_USAGE
                                       : EXIT_INPUT;
}

ExitStatus command_run(const CommandLine *line)
{
    Compilation c;
    compile_begin(&c, line);
    ExitStatus status = compile_source(&c, WEIGHTS_REQUIRED);
    if (status == EXIT_DONE) {
        char **arguments;
        int count = program_arguments(&c, &arguments);
        const kiln_classifier *table = tables_build(&c, "reference interpreter", interpret_network);
        status = status_of(kiln_main(table, count, arguments));
    }
    return compile_end(&c, status);
}
