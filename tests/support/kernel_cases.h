/* Small graphs around one operator each, with awkward shapes: one pixel, primes, strides, tails,
 * borders. */
#ifndef KILN_TESTS_SUPPORT_KERNEL_CASES_H
#define KILN_TESTS_SUPPORT_KERNEL_CASES_H

#include "compiler/graph/graph.h"

typedef struct KernelCase {
    const char *name;
    int64_t channels, height, width;
    /* Appends nodes behind x and returns the last. */
    Node *(*build)(Graph *g, Node *x, const int64_t *p, Diag *d);
    int64_t p[8];
} KernelCase;

extern const KernelCase kernel_cases[];
extern const int kernel_case_count;

/* The graph of a case, its parameters filled with noise. */
Graph *kernel_case_graph(Arena *a, const KernelCase *c);
/* The next value of a fixed sequence in [-1, 1). */
float kernel_case_noise(void);

#endif
