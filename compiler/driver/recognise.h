/* Which model of the zoo a checkpoint belongs to. */
#ifndef KILN_DRIVER_RECOGNISE_H
#define KILN_DRIVER_RECOGNISE_H

#include "compiler/driver/zoo.h"
#include "compiler/import/weights.h"

/* A model held against a checkpoint. */
typedef struct Fit {
    const ZooModel *model;
    const char *prefix; /* of the checkpoint's names, before the model's: "module." or "" */
    int64_t classes;    /* 0: the model has no such parameter, or no tensor tells */
    int shaped;         /* tensors of the model whose shape the checkpoint has */
    int named;          /* of these, with the name as well */
    int stemmed;        /* with the name but for its numbers */
    int extra;          /* tensors of the checkpoint that remain */
} Fit;
typedef Vec(Fit) Fits;

/* All models, the best first. */
Fits recognise(Arena *a, const Zoo *zoo, const WeightStore *store);

/* Every tensor of the model is there, and next to nothing else. */
bool fit_is_exact(const Fit *f);
/* Two models that the checkpoint does not tell apart. */
bool fit_is_equal(const Fit *a, const Fit *b);

/* What the two disagree in, for a reader: at most `limit` tensors of either side. */
void fit_describe(Arena *a, const Fit *f, const WeightStore *store, int limit, Text *out);

#endif
