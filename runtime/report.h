/* How results are printed. */
#ifndef KILN_RUNTIME_REPORT_H
#define KILN_RUNTIME_REPORT_H

#include "runtime/decision.h"
#include "runtime/options.h"

#include <stdio.h>

typedef struct Report {
    FILE *out;
    Format format;
    const char *const *labels; /* or NULL */
    int label_count;
    const char *reject_label; /* or NULL */
    int rule;                 /* enum kiln_rule */
    int top;                  /* classes listed */
} Report;

/* The line above all results, where the format has one. */
void report_begin(const Report *r);
void report_result(const Report *r, const char *file, const Decision *d);

/* Writes any bytes as a JSON string. Bytes that are no UTF-8 become lone surrogates U+DC80..U+DCFF,
 * as Python's surrogateescape has them, so that file names survive. */
void report_json_string(FILE *out, const char *text);
/* Writes any bytes as a CSV field (RFC 4180), quoted only where it must be. */
void report_csv_field(FILE *out, const char *text);

#endif
