/* What a view means. Storage is NHWC: a tensor with C channels in the storage of `owner` has its
 * pixel p, channel c at element p * view_pixel_stride(n) + n->view.channel + c.
 *
 * Nodes that need no code because their value already lies where their view says are aliases. */
#ifndef KILN_GRAPH_VIEW_H
#define KILN_GRAPH_VIEW_H

#include "compiler/graph/graph.h"

/* Elements from one pixel of the tensor to the next. */
int64_t view_pixel_stride(const Node *n);
/* Is a pixel of the one a pixel of the other? A flattened map has other pixels than its argument.
 */
bool view_has_pixels_of(const Node *a, const Node *b);
/* Is all of its owner's storage its own? */
bool view_fills_owner(const Node *n);
/* Is member i of a concatenation written in its place there, so that nothing has to be copied? */
bool view_holds_member(const Node *concat, int i);
/* Does the value of n lie in its view as soon as its inputs are there? */
bool view_is_alias(const Node *n);
/* A flattened map in the order of its storage, (h, w, c) instead of (c, h, w): only dense layers
 * read one; they permute the columns of their weight. */
bool view_is_permuted(const Node *n);
/* Does n overwrite input i, element by element? */
bool view_is_in_place(const Node *n, int i);
/* Do two tensors share an element of storage? */
bool view_overlap(const Node *a, const Node *b);
/* Does computing n write where m lies? A concatenation writes only the members that it copies. */
bool view_writes_over(const Node *n, const Node *m);
/* May n compute its result over its input i: is each element read before it is written and by
 * nothing else? */
bool view_may_overwrite(const Node *n, int i);

#endif
