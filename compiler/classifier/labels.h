/* What the readers of label files share. Each returns NULL or the reason. */
#ifndef KILN_CLASSIFIER_LABELS_H
#define KILN_CLASSIFIER_LABELS_H

#include "compiler/classifier/classifier.h"

#include <stdbool.h>
#include <stdint.h>

/* A label and the class that the file gives it, where that stands. */
typedef struct Label {
    const char *name;
    int64_t index;
    int line;
} Label;

typedef Vec(Label) LabelList;

typedef struct LabelText {
    Arena *arena;
    const char *at, *end; /* UTF-8, without byte order mark and empty lines at the end */
} LabelText;

/* JSON or a literal of Python: {0: "name"}, {"name": 0}, ["name"]. */
bool labels_is_literal(const LabelText *t);
const char *labels_read_json(const LabelText *t, LabelList *list);
const char *labels_read_python(const LabelText *t, LabelList *list);
/* Columns: a name, or a name and an index; others by their headings. */
bool labels_is_table(const LabelText *t);
const char *labels_read_table(const LabelText *t, LabelList *list);

/* The whole of `text` as a number of a class. */
bool labels_parse_index(const char *text, size_t length, int64_t *index);
int labels_line_of(const LabelText *t, const char *at);

#endif
