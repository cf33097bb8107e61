/* A page of pictures that were decided wrongly. */
#ifndef KILN_RUNTIME_CONTACT_SHEET_H
#define KILN_RUNTIME_CONTACT_SHEET_H

#include "runtime/confusion.h"
#include "runtime/session.h"

typedef struct Mistake {
    char *path;         /* owned */
    int *label;         /* [actual + chosen], owned: the truth, then the decision */
    int actual, chosen; /* how many of each */
    double score;       /* of the best class */
} Mistake;

typedef struct MistakeList {
    Mistake *at;
    size_t count, room;
} MistakeList;

int mistakes_add(MistakeList *list, const char *path, const int *truth, int count,
                 const Verdict *verdict, Reason *why);
void mistakes_free(MistakeList *list);

/* Writes the page: self-contained HTML, the surest mistakes first, each with its picture and, where
 * the network ends so, the activation map of what it was taken for. `pictures` were looked at. */
int contact_sheet_save(Session *s, MistakeList *list, size_t pictures, const ClassNames *names,
                       const char *path, Reason *why);

#endif
