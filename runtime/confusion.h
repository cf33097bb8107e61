/* A confusion matrix as a table for people, as CSV, as a heat map in SVG. */
#ifndef KILN_RUNTIME_CONFUSION_H
#define KILN_RUNTIME_CONFUSION_H

#include "runtime/metrics.h"

#include <stdio.h>

/* What classes are called. */
typedef struct ClassNames {
    const char *const *labels; /* or NULL: by index */
    int count;
} ClassNames;

/* The label, or the index in `room`. */
const char *class_name(const ClassNames *names, int class_index, char room[16]);

/* The matrix where it fits a terminal, otherwise the pairs confused most often. */
int confusion_print(const Metrics *m, const ClassNames *names, FILE *out, Reason *why);

/* By the name's end: .csv or .svg; complete or not at all. */
int confusion_save(const Metrics *m, const ClassNames *names, const char *path, Reason *why);
/* Whether the name ends so. */
int confusion_can_save(const char *path);

/* Text in XML or HTML; what is no UTF-8 becomes question marks. */
void markup_text(FILE *out, const char *text);

#endif
