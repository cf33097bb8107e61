/* kiln emit: network and weights to a folder of C. */
#include "compiler/driver/compile.h"

#include <sys/stat.h>

/* A folder of which a part is a file is the command line's fault; the rest is the environment's. */
static ExitStatus blame(const char *folder)
{
    struct stat st;
    return stat(folder, &st) == 0 && !S_ISDIR(st.st_mode) ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

static ExitStatus emit(Compilation *c)
{
    Emission e = compile_emission(c, compile_weight_form(c->line));
    const char *error = emit_folder(&e, c->line->output);
    if (error)
        return compile_fail(blame(c->line->output), c->line->output, error);
    if (c->line->verbose)
        fprintf(stderr, "wrote %d files to %s\n", e.written.count, c->line->output);
    return EXIT_DONE;
}

ExitStatus command_emit(const CommandLine *line)
{
    if (compile_lists(line))
        return EXIT_DONE;
    Compilation c;
    compile_begin(&c, line);
    ExitStatus status = compile_choose_target(&c);
    if (status == EXIT_DONE)
        status = compile_source(&c, line->dump_after ? WEIGHTS_OPTIONAL : WEIGHTS_REQUIRED);
    if (status == EXIT_DONE)
        status = compile_program(&c);
    if (status == EXIT_DONE && !compile_dumps(&c))
        status = emit(&c);
    return compile_end(&c, status);
}
