/* --submit: competition files from a template. */
#ifndef KILN_RUNTIME_SUBMIT_H
#define KILN_RUNTIME_SUBMIT_H

#include "runtime/confusion.h"
#include "runtime/decision.h"

#include <stdio.h>

/* A template: the lines before its last one are written once, the last one for every picture, with
 * the fields below replaced; {{ and }} are braces, \n and \t what they are in C.
 *
 *   {file} the picture as it was named    {name} without its folders   {stem} without its extension
 *   {index} {label} {score} of the best class; index and label are empty where it is rejected
 *   {tags} all labels of the result, with commas between them
 *
 * Outside quotes a field that needs it is quoted as in RFC 4180; between the template's own quotes
 * only quotes are doubled. */
typedef struct Submit {
    char *text; /* owned: the template, escapes resolved */
    const char *row;
    ClassNames names;
} Submit;

/* Fails where the template has a field that there is not, naming it. */
int submit_new(Submit *s, const char *template, const ClassNames *names, Reason *why);
void submit_free(Submit *s);
/* The lines before the rows. */
void submit_begin(const Submit *s, FILE *out);
void submit_row(const Submit *s, const char *file, const Decision *d, FILE *out);

#endif
