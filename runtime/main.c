/* main() of a compiled classifier. The table kiln_program is emitted beside the network. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/program.h"

#include <signal.h>

extern const kiln_classifier kiln_program;

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like a full disk */
    return kiln_main(&kiln_program, argc, argv);
}
