/* Whole networks with known results: ../shared/oracle/ARCH/manifest.json describes a graph, the
 * rule that generates its weights and input, and expected.npz what comes out in float64. */
#ifndef KILN_TESTS_SUPPORT_ORACLE_H
#define KILN_TESTS_SUPPORT_ORACLE_H

#include "compiler/graph/graph.h"

enum { ORACLE_SAMPLES = 16 };

/* What is known about one node. Samples count in the order of the file, NHWC in keras folders. */
typedef struct OracleNode {
    const char *name;
    const Node *node; /* of Oracle.graph */
    float first[ORACLE_SAMPLES], spread[ORACLE_SAMPLES];
    double mean, std, absmax;
    double float32_max_abs_diff; /* PyTorch's own error here: the yardstick */
} OracleNode;

typedef struct Oracle {
    Arena *arena;
    const char *arch;
    Graph *graph;       /* parameters bound */
    const float *input; /* in C order of the graph's input, [N,C,H,W] */
    const float *logits;
    int64_t classes;
    double float32_max_abs_diff;
    int64_t macs, params; /* published; running statistics not counted */
    bool is_nhwc;
    Vec(OracleNode) nodes;
} Oracle;

/* The folder of the shared data: KILN_SHARED, or ../shared. */
const char *oracle_shared_folder(void);
/* NULL, or why it cannot be had. `weights` false leaves parameters and input without data. */
const char *oracle_load(Arena *a, const char *arch, bool weights, Oracle *out);

/* Largest |difference| of the logits over float32_max_abs_diff; infinite where something is no
 * number. */
double oracle_logits_ratio(const Oracle *o, const float *logits);
/* The same for everything that is known of a node; `value` is in C order of the logical shape. */
double oracle_node_ratio(const Oracle *o, const OracleNode *n, const float *value);
/* What is known of a node of Oracle.graph, or NULL. */
const OracleNode *oracle_find(const Oracle *o, const Node *source);

#endif
