/* kiln fmt: rewrites source files in the canonical form; --check only says which are not in it. */
#include "compiler/driver/compile.h"

#include "compiler/base/file.h"
#include "compiler/syntax/ast_print.h"

static ExitStatus format_file(Arena *a, const char *path, bool check, Diag *diag)
{
    Text text = { .arena = a };
    bool changed;
    if (!ast_format_file(a, path, diag, &text, &changed))
        return EXIT_INPUT;
    if (!changed)
        return EXIT_DONE;
    if (check) {
        printf("%s\n", path);
        return EXIT_INPUT;
    }
    const char *reason = file_write(a, path, text_string(&text), text.length);
    return reason ? compile_fail(EXIT_ENVIRONMENT, path, reason) : EXIT_DONE;
}

ExitStatus command_fmt(const CommandLine *line)
{
    Compilation c;
    compile_begin(&c, line);
    ExitStatus worst = EXIT_DONE;
    for (int i = 0; i < line->inputs.count; i++) {
        ExitStatus status = format_file(c.source_arena, line->inputs.at[i], line->check, &c.diag);
        worst = status > worst ? status : worst;
    }
    return compile_end(&c, worst);
}
