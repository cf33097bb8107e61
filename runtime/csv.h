/* Reading CSV files (RFC 4180): fields in quotes may hold commas, line ends and doubled quotes. */
#ifndef KILN_RUNTIME_CSV_H
#define KILN_RUNTIME_CSV_H

#include "runtime/reason.h"

#include <stddef.h>

typedef struct Csv {
    char *text, *at; /* owned; fields are cut out of it in place */
    int line;        /* of the row read last, from 1 */
    int next_line;
    char **field; /* [count], of the row read last */
    int count, room;
} Csv;

int csv_open(Csv *c, const char *path, Reason *why);
/* 1: a row; 0: the end; -1: it is wrong, or memory is short. Empty lines are passed over. */
int csv_row(Csv *c, Reason *why);
void csv_close(Csv *c);

#endif
