/* Drops the nodes that the output does not depend on. Needs nothing; keeps the order of the rest.
 */
#include "compiler/pass/pass.h"

void pass_remove_dead(Graph *g, Arena *scratch)
{
    (void)scratch;
    graph_remove_dead(g);
}
