/* kiln fmt: canonical formatting. */
#include "compiler/driver/compile.h"

ExitStatus command_fmt(const CommandLine *line)
{
    (void)line;
    return compile_fail(EXIT_USAGE, NULL, "fmt is not there yet");
}
