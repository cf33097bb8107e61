/* Prints a Program as a folder of C: the network's own files (header, functions, weights), the
 * table of the classifier around it, the runtime and the build files. */
#ifndef KILN_EMIT_EMIT_H
#define KILN_EMIT_EMIT_H

#include "compiler/base/file.h"
#include "compiler/classifier/classifier.h"
#include "compiler/emit/writer.h"
#include "compiler/schedule/program.h"

/* The form of arrays of more than 4096 values; smaller ones are always decimal. */
typedef enum WeightForm {
    WEIGHTS_AUTO, /* decimal up to 64 k values, literal above */
    WEIGHTS_DECIMAL,
    WEIGHTS_LITERAL,
    WEIGHTS_INCBIN
} WeightForm;

/* One folder of emitted files: what is asked for, and what has been written. */
typedef struct Emission {
    Arena *arena;
    const Program *program;
    const Classifier *classifier; /* NULL: a bare model */
    const char *digest;           /* of the network and its weights, in hexadecimal */
    WeightForm weights;
    bool openmp;
    bool dynamic; /* do not try to link statically */

    const char *name;          /* C identifier of the network; set by emit_folder */
    const char *folder;        /* where files are being written; set by emit_folder */
    Vec(const char *) model;   /* C files of the network itself */
    Vec(const char *) hosted;  /* C files of the program around it */
    Vec(const char *) written; /* all files */
} Emission;

/* Writes every file into `folder`, which need not exist; it is only touched when everything has
 * been written elsewhere. NULL, or the reason. */
const char *emit_folder(Emission *e, const char *folder);

/* The parts: each writes its files into e->folder. NULL, or the reason with the file's name. */
const char *emit_model_h(Emission *e);
const char *emit_model_c(Emission *e);
const char *emit_weights(Emission *e);
const char *emit_program_c(Emission *e);
const char *emit_build_files(Emission *e);
const char *emit_runtime(Emission *e);

/* Whether an array is a union of bytes and floats, whose values are its member f. */
bool emit_is_literal(const Emission *e, const ConstArray *array);
int64_t emit_weight_bytes(const Program *p);
/* Bytes of automatic arrays of the function that has most of them. */
int64_t emit_stack_bytes(const Program *p);

/* Which parameter of a function is the value that it computes: the last one that it writes. */
int emit_result_argument(const Function *f);

/* Writes the table `class_map` for the program's file; false: the network has no such map. */
bool emit_class_map(Emission *e, Writer *w);
/* Whether that table names weights. */
bool emit_needs_weights(const Emission *e);

/* What a call computes, with shapes. */
const char *emit_call_summary(Arena *a, const Call *c);

/* Is call i the last one of a node whose value is traced? */
bool emit_completes_node(const Program *p, int i);
/* Adds the program of `kiln verify` to the emitted folder. */
const char *emit_trace_c(Emission *e, const char *name);

/* A C file under construction. */
typedef struct EmitFile {
    Writer w;
    Output output;
    Emission *emission;
    const char *name;
} EmitFile;

const char *emit_file_open(Emission *e, EmitFile *f, const char *name);
const char *emit_file_close(EmitFile *f);

#endif
