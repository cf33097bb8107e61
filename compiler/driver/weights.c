/* Weights of one compilation: `-w FILE`, `-w MEMBER=FILE`, `-w random[:SEED]`, or the files that
 * the source names. All files of a network form one name space. */
#include "compiler/driver/weights.h"

#include "compiler/elaborate/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* `random` or `random:SEED`; anything else is a file, also a file that is called so with a
 * folder. */
static bool is_random(const char *text, uint64_t *seed, bool *valid)
{
    static const char word[] = "random";
    size_t n = sizeof word - 1;
    *valid = true;
    *seed = 0;
    if (strncmp(text, word, n) != 0 || (text[n] && text[n] != ':'))
        return false;
    if (!text[n])
        return true;
    char *end;
    errno = 0;
    *seed = strtoull(text + n + 1, &end, 10);
    *valid = end != text + n + 1 && !*end && !errno && text[n + 1] != '-';
    return true;
}

/* MEMBER=FILE names the member; a file whose name has an `=` is a file. */
static ExitStatus without_member(const Compilation *c, const char *text, const char **file)
{
    struct stat st;
    const char *equals = strchr(text, '=');
    *file = text;
    if (!equals || stat(text, &st) == 0)
        return EXIT_DONE;
    const char *member = c->elaborated.member[0].name;
    size_t n = (size_t)(equals - text);
    if (strlen(member) != n || strncmp(member, text, n) != 0) {
        fprintf(stderr, "kiln: -w %s: there is no member '%.*s'; the network is '%s'\n", text,
                (int)n, text, member);
        return EXIT_USAGE;
    }
    *file = equals + 1;
    return EXIT_DONE;
}

static ExitStatus read_file(Compilation *c, WeightStore *store, const char *file)
{
    if (c->line->verbose)
        fprintf(stderr, "reading %s\n", file);
    const char *error = weights_read_file(store, file);
    if (!error)
        return EXIT_DONE;
    diag_file_error(&c->diag, file, "weights", "%s", error);
    return EXIT_INPUT;
}

static ExitStatus bind_files(Compilation *c, WeightStore *store)
{
    const ElaboratedMember *m = &c->elaborated.member[0];
    if (bind_weights(c->source, store, &m->renames, &c->diag) && !c->diag.errors)
        return EXIT_DONE;
    if (c->diag.errors > 1)
        fprintf(stderr, "kiln: %d errors\n", c->diag.errors);
    return EXIT_INPUT;
}

static ExitStatus bind_given(Compilation *c, WeightStore *store)
{
    const StringList *given = &c->line->weights;
    for (int i = 0; i < given->count; i++) {
        uint64_t seed;
        bool valid;
        const char *file;
        if (is_random(given->at[i], &seed, &valid)) {
            if (!valid)
                return compile_fail(EXIT_USAGE, given->at[i], "the seed is a whole number");
            if (given->count > 1)
                return compile_fail(EXIT_USAGE, given->at[i],
                                    "random weights and weight files exclude each other");
            bind_random(c->source, store, seed);
            return EXIT_DONE;
        }
        ExitStatus status = without_member(c, given->at[i], &file);
        if (status == EXIT_DONE)
            status = read_file(c, store, file);
        if (status != EXIT_DONE)
            return status;
    }
    return bind_files(c, store);
}

static bool has_parameters(const Graph *g)
{
    for_each_node(n, g)
        for (int i = 0; i < PARAM_ROLES; i++)
            if (n->param[i])
                return true;
    return false;
}

ExitStatus compile_bind_weights(Compilation *c, WeightNeed need)
{
    const ElaboratedMember *m = &c->elaborated.member[0];
    WeightStore *store = arena_new_of(c->source_arena, WeightStore);
    store->arena = c->source_arena;
    if (c->line->weights.count)
        return bind_given(c, store);
    if (!has_parameters(c->source))
        return EXIT_DONE;
    if (need == WEIGHTS_OPTIONAL) {
        bind_random(c->source, store, 0);
        return EXIT_DONE;
    }
    if (!m->weights.count)
        return compile_fail(EXIT_USAGE, c->line->source,
                            "names no weights; give -w FILE, or -w random to try it out");
    for_each_vec(WeightSource, w, &m->weights) {
        ExitStatus status = read_file(c, store, w->path);
        if (status != EXIT_DONE)
            return status;
    }
    return bind_files(c, store);
}
