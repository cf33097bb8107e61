/* Binding by order, where the names of a Keras file fail; private to bind. */
#ifndef KILN_ELABORATE_BIND_ORDER_H
#define KILN_ELABORATE_BIND_ORDER_H

#include "compiler/base/map.h"
#include "compiler/graph/graph.h"
#include "compiler/import/weights.h"

/* A stored tensor, as a parameter would have it, under the name that the rules give it. */
typedef struct Offer {
    const WeightTensor *tensor;
    const char *stored; /* its name in the file */
    const char *name;   /* NULL: ignored by a rule */
    bool used;
} Offer;
typedef Vec(Offer) OfferVec;

/* A layer of the network and the one of the file that it takes. */
typedef struct LayerPair {
    const char *network, *file;
} LayerPair;
typedef Vec(LayerPair) LayerPairs;

bool bind_same_shape(const WeightTensor *t, const Shape *s);

/* Pairs layers of the network that have no tensors under their names with layers of the file, and
 * renames the offers so. NULL, or why it would be a guess;
 * then nothing is renamed. */
const char *bind_by_order(Arena *arena, const Graph *g, OfferVec *offers, LayerPairs *pairs);

#endif
