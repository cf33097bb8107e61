/* Whether a network ends so that class activation maps can be drawn (Zhou et al., 2016). */
#ifndef KILN_GRAPH_CLASS_MAP_H
#define KILN_GRAPH_CLASS_MAP_H

#include "compiler/graph/graph.h"

typedef struct ClassMap {
    Node *pool;  /* the global average pooling; its input is the last feature map, [1,C,H,W] */
    Node *dense; /* NULL: the channels of the feature map are the classes */
} ClassMap;

/* Fills `map` where the output is a global average pooling of a feature map, or one dense layer on
 * that, perhaps with a softmax or sigmoid behind it. */
bool graph_class_map(const Graph *g, ClassMap *map);

#endif
