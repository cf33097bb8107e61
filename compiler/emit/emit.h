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

/* A network of a classifier. Networks that differ in nothing but their weights share the code of
 * the first of them. */
typedef struct EmittedNetwork {
    const Program *program;
    const char *digest;
    const char *name; /* C identifier; this and what follows is set by emit_folder */
    int code;         /* the index of the network whose code it runs; its own index: none shares */
    bool is_shared;   /* others run its code */
} EmittedNetwork;

/* One folder of emitted files: what is asked for, and what has been written. */
typedef struct Emission {
    Arena *arena;
    const Classifier *classifier; /* NULL: a bare model */
    EmittedNetwork *networks;     /* NULL: one, of the program and digest below */
    int network_count;
    const EmittedNetwork *network; /* at hand, with its program, digest and name below */
    const Program *program;
    const char *digest; /* of the network and its weights, in hexadecimal */
    WeightForm weights;
    bool openmp;
    bool dynamic; /* do not try to link statically */

    const char *name;          /* C identifier of the network; set by emit_folder */
    const char *title;         /* what the files around the networks are called */
    const char *folder;        /* where files are being written; set by emit_folder */
    Vec(const char *) model;   /* C files of the network itself */
    Vec(const char *) hosted;  /* C files of the program around it */
    Vec(const char *) written; /* all files */
} Emission;

/* Writes every file into `folder`, which need not exist; it is only touched when everything has
 * been written elsewhere. NULL, or the reason. */
const char *emit_folder(Emission *e, const char *folder);

/* Whether the classifier's labels stand beside its one network. */
bool emit_has_labels(const Emission *e);

/* The parts: each writes its files into e->folder. NULL, or the reason with the file's name. */
const char *emit_model_h(Emission *e);
const char *emit_model_c(Emission *e);
/* Of a network that runs another one's code: its own weights. */
const char *emit_twin_c(Emission *e);
/* The type of a table of weights, where networks share code, and the function that takes it. */
void emit_table_type(Emission *e, Writer *w);
void emit_table(Emission *e, Writer *w);
const char *emit_weights(Emission *e);
const char *emit_program_c(Emission *e);
/* The tables of the classifier: members with their steps, and what becomes of their scores. */
void emit_classifier(Emission *e, Writer *w);
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
bool emit_needs_weights(const EmittedNetwork *n);

/* The node of a call; of a pair both: "conv1 + conv2". */
const char *emit_call_path(Arena *a, const Call *c);
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
