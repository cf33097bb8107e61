/* The table that is the order of the passes. */
#include "compiler/pass/pass.h"

#include <string.h>

const Pass pass_pipeline[] = {
    { "estimate_magnitude", "how large the values of each node are, for kernels that scale weights",
      pass_estimate_magnitude }, /* first: normalisations tell */
    { "remove_identity", "drop what changes nothing: dropout, empty padding, whole slices",
      pass_remove_identity }, /* before fusing: it drops what stands between */
    { "fold_constant", "a reshaped parameter is a parameter",
      pass_fold_constant }, /* before fold_batch_norm: what it scales by may be reshaped */
    { "fold_pad", "zero padding becomes that of the convolution behind it", pass_fold_pad },
    { "fold_batch_norm", "scale the weight of the convolution or dense layer before it",
      pass_fold_batch_norm }, /* before fusing: a batch norm hides the addition and activation */
    { "fuse_residual", "a convolution adds the other operand of the addition behind it",
      pass_fuse_residual }, /* before activations: the sum is what is activated */
    { "fuse_activation", "a node applies the activation behind it", pass_fuse_activation },
    { "remove_dead", "drop nodes that the output does not need", pass_remove_dead },
    { "concat_views", "members of a concatenation are written in place", pass_concat_views },
    { "alias_views", "slices and flattened maps lie where their argument lies",
      pass_alias_views }, /* behind concat_views: an alias of a member must find it in its place */
    { "in_place", "element-wise nodes overwrite an argument that is needed no more",
      pass_in_place }, /* last: it needs to know everything that shares storage */
};

const int pass_count = COUNT_OF(pass_pipeline);

const Pass *pass_find(const char *name)
{
    for (int i = 0; i < pass_count; i++)
        if (strcmp(pass_pipeline[i].name, name) == 0)
            return &pass_pipeline[i];
    return NULL;
}

static void verify(const Graph *g, const Pass *p, Arena *scratch)
{
    const char *problem = graph_verify(g, scratch);
    if (problem)
        bug("after pass %s: %s", p->name, problem);
}

void pass_run(Graph *g, const Pass *last, Arena *scratch)
{
    for (int i = 0; i < pass_count; i++) {
        const Pass *p = &pass_pipeline[i];
        p->run(g, scratch);
        verify(g, p, scratch);
        arena_reset(scratch);
        if (p == last)
            return;
    }
}
