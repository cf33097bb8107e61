/* From an emitted folder to an executable: the C compiler at work. */
#ifndef KILN_DRIVER_TOOLCHAIN_H
#define KILN_DRIVER_TOOLCHAIN_H

#include "compiler/driver/compile.h"

typedef struct Toolchain {
    Arena *arena;
    const char *cc;     /* command with arguments */
    const char *folder; /* temporary, of this process alone */
    const char *source; /* the emitted folder, inside it */
    bool verbose, is_static;
    const char *defines;   /* "-DKILN_TRACE", or NULL */
    const char *libraries; /* "-ljpeg -lm" */
    const char *emulator;  /* starts programs of the target's machine; NULL: not needed */
} Toolchain;

/* Chooses the compiler, creates the temporary folder. NULL, or what is missing. */
const char *toolchain_begin(Toolchain *t, const Compilation *c);
void toolchain_end(Toolchain *t);

/* The form of weights that costs the C compiler least, unless --weights-as names one. */
WeightForm toolchain_weight_form(Toolchain *t, const CommandLine *line);
/* Runs a program that toolchain_build() made, in the temporary folder. */
const char *toolchain_run(Toolchain *t, const char *program, const char *words);
/* Where all that programs print goes. */
const char *toolchain_log(Toolchain *t);
/* Compiles e->model and e->hosted and links them to `executable`, statically where that works.
 * NULL, or which step failed; what the compiler said is printed on standard error. */
const char *toolchain_build(Toolchain *t, const Emission *e, const char *executable);

#endif
