/* kiln weights: the tensors of weight files. */
#include "compiler/driver/compile.h"

ExitStatus command_weights(const CommandLine *line)
{
    Compilation c;
    compile_begin(&c, line);
    ExitStatus status = EXIT_DONE;
    for (int i = 0; i < line->inputs.count; i++) {
        const char *file = line->inputs.at[i];
        WeightStore store = { .arena = c.source_arena };
        const char *error = weights_read_file(&store, file);
        if (error) {
            diag_file_error(&c.diag, file, "weights", "%s", error);
            status = EXIT_INPUT;
            continue;
        }
        Text text = { .arena = c.source_arena };
        weights_list(&store, &text);
        if (line->inputs.count > 1)
            printf("%s%s:\n", i ? "\n" : "", file);
        fputs(text_string(&text), stdout);
    }
    return compile_end(&c, status);
}
