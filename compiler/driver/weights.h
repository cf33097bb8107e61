/* The weights that a command line, or the source, names. */
#ifndef KILN_DRIVER_WEIGHTS_H
#define KILN_DRIVER_WEIGHTS_H

#include "compiler/driver/compile.h"

/* Reads the files and binds them to the networks. */
ExitStatus compile_bind_weights(Compilation *c, WeightNeed need);

#endif
