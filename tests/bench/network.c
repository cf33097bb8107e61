/* Emits the network of an oracle, for those that models/ has no page of: network ARCH TARGET
 * FOLDER */
#include "compiler/base/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/pass/pass.h"
#include "compiler/schedule/program.h"
#include "tests/support/oracle.h"

#include <stdio.h>

static const char *emit_network(Arena *a, const char *arch, const Target *t, const char *folder)
{
    Oracle o;
    const char *error = oracle_load(a, arch, true, &o);
    if (error)
        return error;
    Arena *scratch = arena_new();
    Graph *g = graph_copy(a, o.graph);
    pass_run(g, NULL, scratch);
    arena_free(scratch);
    Program p;
    error = program_build(a, g, &(ProgramOptions){ .target = t, .optimize = OPTIMIZE_BALANCED },
                          &p);
    if (error)
        return error;
    p.name = arch;
    Emission e = { .arena = a, .program = &p, .digest = "0", .weights = WEIGHTS_INCBIN };
    error = emit_folder(&e, folder);
    if (!error)
        printf("arena: %lld bytes; no plan can need less than %lld\n", (long long)p.arena_bytes,
               (long long)p.arena_lower_bound);
    return error;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: network ARCH TARGET FOLDER\n"), 2;
    const Target *t = target_find(argv[2]);
    if (!t)
        return fprintf(stderr, "network: no target '%s'\n", argv[2]), 2;
    Arena *a = arena_new();
    const char *error = emit_network(a, argv[1], t, argv[3]);
    if (error)
        fprintf(stderr, "network: %s: %s\n", argv[1], error);
    arena_free(a);
    return error ? 1 : 0;
}
