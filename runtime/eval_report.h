/* What an evaluation found, for people or for programs. */
#ifndef KILN_RUNTIME_EVAL_REPORT_H
#define KILN_RUNTIME_EVAL_REPORT_H

#include "runtime/confusion.h"
#include "runtime/options.h"

typedef struct EvalReport {
    const Metrics *metrics;
    ClassNames names;
    size_t listed, failed;
    int interrupted;
    double seconds, beta, threshold; /* threshold: in force, for tags */
    const kiln_classifier *program;
    const size_t *answered; /* [members of a cascade]: pictures that each has decided; or NULL */
} EvalReport;

int eval_report_print(const EvalReport *r, Format format, FILE *out, Reason *why);

#endif
