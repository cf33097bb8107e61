/* kiln build: network and weights to one executable. */
#include "compiler/driver/toolchain.h"

#include <sys/stat.h>

static const char *build(Compilation *c, Toolchain *t, const char *executable)
{
    const char *error = toolchain_begin(t, c);
    if (error)
        return error;
    t->defines = "-DKILN_TRACE"; /* for --profile; a test of a pointer per layer otherwise */
    Emission e = compile_emission(c, toolchain_weight_form(t, c->line));
    error = emit_folder(&e, t->source);
    return error ? error : toolchain_build(t, &e, executable);
}

/* Faults of the place where the executable goes, before anything is compiled. */
static ExitStatus check_place(Compilation *c, const char *executable)
{
    struct stat st;
    if (stat(executable, &st) == 0 && S_ISDIR(st.st_mode))
        return compile_fail(EXIT_USAGE, executable, "is a folder; name the executable with -o");
    const char *folder = path_beside(c->scratch_arena, executable, ".");
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return compile_fail(EXIT_USAGE, executable, "its folder does not exist");
    return EXIT_DONE;
}

static ExitStatus build_executable(Compilation *c)
{
    const char *executable = c->line->output ? c->line->output : c->elaborated.name;
    ExitStatus status = check_place(c, executable);
    if (status != EXIT_DONE)
        return status;
    Toolchain t = { 0 };
    const char *error = build(c, &t, executable);
    toolchain_end(&t);
    return error ? compile_fail(EXIT_ENVIRONMENT, NULL, error) : EXIT_DONE;
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
    if (status == EXIT_DONE && !compile_dumps(&c))
        status = build_executable(&c);
    return compile_end(&c, status);
}
