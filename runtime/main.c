/* main() of a compiled classifier. The table kiln_program is emitted beside the network. */
#include "runtime/program.h"

extern const kiln_classifier kiln_program;

int main(int argc, char **argv)
{
    return kiln_main(&kiln_program, argc, argv);
}
