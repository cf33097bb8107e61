/* Pictures with what is known about them: folders that are classes, or a list. */
#ifndef KILN_RUNTIME_TRUTH_H
#define KILN_RUNTIME_TRUTH_H

#include "runtime/inputs.h"
#include "runtime/kiln_model.h"

typedef struct Truth {
    InputList inputs; /* in the order in which they are to be classified */
    int *label;       /* classes, picture after picture */
    size_t *first;    /* [inputs.count + 1]: where each picture's begin */
    size_t label_count, label_room, first_room;
} Truth;

/* Which class a name stands for. */
typedef struct LabelNames {
    const char *const *labels; /* or NULL: by index only */
    int count, classes;
} LabelNames;

/* Its label, or its index written out; -1: none. */
int truth_class(const LabelNames *names, const char *text);

/* Lists `source`: a folder, whose subfolders are called as the labels, or a CSV file of rows
 * PATH,LABEL. `map` (NULL: none) is a CSV file of rows FOLDER,LABEL. With has_tags a field may hold
 * several labels, separated by commas. */
int truth_read(Truth *t, const char *source, const char *map, const LabelNames *names, int has_tags,
               Reason *why);
void truth_free(Truth *t);

#endif
