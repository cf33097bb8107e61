/* kiln build: network and weights to one executable. */
#include "compiler/driver/toolchain.h"

static const char *build(Compilation *c, Toolchain *t, const char *executable)
{
    const char *error = toolchain_begin(t, c);
    if (error)
        return error;
    Emission e = compile_emission(c, toolchain_weight_form(t, c->line));
    error = emit_folder(&e, t->source);
    return error ? error : toolchain_build(t, &e, executable);
}

ExitStatus command_build(const CommandLine *line)
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
    if (status == EXIT_DONE && !compile_dumps(&c)) {
        Toolchain t = { 0 };
        const char *executable = line->output ? line->output : c.elaborated.name;
        const char *error = build(&c, &t, executable);
        toolchain_end(&t);
        if (error)
            status = compile_fail(EXIT_ENVIRONMENT, NULL, error);
    }
    return compile_end(&c, status);
}
