/* The command line of a classifier program. */
#ifndef KILN_RUNTIME_OPTIONS_H
#define KILN_RUNTIME_OPTIONS_H

#include "runtime/kiln_model.h"
#include "runtime/reason.h"

#include <stdio.h>

typedef enum Format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_RESULT } Format;

typedef struct Options {
    Format format;
    int top; /* 0: as the program says */
    int has_threshold;
    double threshold;
    const char *tensor, *out; /* or NULL */
    int bench;                /* runs; 0: none */
    int jobs;                 /* pictures at a time; 0: as many as there are processors */
    int groups;               /* results are groups of labels */
    int profile, info, help;
    const char *eval, *eval_map, *confusion, *mistakes; /* or NULL */
    const char *fit_blend;                              /* or NULL */
    double beta;                                        /* 0: not given */
    const char *submit, *submission;                    /* a template, a file; or NULL */
    const char *cam, *cam_class;                        /* a file, a label or an index; or NULL */
    const char **input; /* [input_count], borrowed from argv; the array is owned */
    int input_count;
} Options;

/* Reads argv and checks that its parts go together. */
int options_parse(Options *o, const kiln_classifier *program, int argc, char **argv, Reason *why);
void options_free(Options *o);
void options_help(const kiln_classifier *program, const char *name, FILE *out);

#endif
