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

static const char *member_list(const Compilation *c)
{
    Text t = { .arena = c->source_arena };
    for (int i = 0; i < c->network_count; i++)
        text_printf(&t, "%s'%s'", i ? ", " : "", c->networks[i].member->name);
    return text_string(&t);
}

/* MEMBER=FILE is for one member; a file whose name has an `=` is a file. *member NULL: for all. */
static ExitStatus split_member(const Compilation *c, const char *text, const char **member,
                               const char **file)
{
    struct stat st;
    const char *equals = strchr(text, '=');
    *file = text;
    *member = NULL;
    if (!equals || stat(text, &st) == 0)
        return EXIT_DONE;
    *file = equals + 1;
    *member = arena_strndup(c->source_arena, text, (size_t)(equals - text));
    for (int i = 0; i < c->network_count; i++)
        if (strcmp(c->networks[i].member->name, *member) == 0)
            return EXIT_DONE;
    if (c->network_count == 1)
        fprintf(stderr, "kiln: -w %s: there is no member '%s'; the network is %s\n", text, *member,
                member_list(c));
    else
        fprintf(stderr, "kiln: -w %s: there is no member '%s'; the members are %s\n", text, *member,
                member_list(c));
    return EXIT_USAGE;
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
    if (bind_weights(c->source, store, &c->member->renames, &c->diag) && !c->diag.errors)
        return EXIT_DONE;
    if (c->diag.errors > 1)
        fprintf(stderr, "kiln: %d errors\n", c->diag.errors);
    return EXIT_INPUT;
}

/* Members draw from different seeds: folds that are all equal would measure nothing. */
static ExitStatus bind_seed(Compilation *c, WeightStore *store, uint64_t seed, int index)
{
    bind_random(c->source, store, seed + (uint64_t)index);
    return EXIT_DONE;
}

/* What the command line has for the network at hand; *found false: nothing. */
static ExitStatus bind_given(Compilation *c, WeightStore *store, int index, bool *found)
{
    const StringList *given = &c->line->weights;
    int files = 0;
    *found = false;
    for (int i = 0; i < given->count; i++) {
        uint64_t seed;
        bool valid, random;
        const char *file, *member;
        ExitStatus status = split_member(c, given->at[i], &member, &file);
        if (status != EXIT_DONE)
            return status;
        if (member && strcmp(member, c->member->name) != 0)
            continue;
        random = is_random(file, &seed, &valid);
        if (random && !valid)
            return compile_fail(EXIT_USAGE, given->at[i], "the seed is a whole number");
        if (random && (files || (!member && given->count > 1)))
            return compile_fail(EXIT_USAGE, given->at[i],
                                "random weights and weight files exclude each other");
        *found = true;
        if (random)
            return bind_seed(c, store, seed, index);
        status = read_file(c, store, file);
        if (status != EXIT_DONE)
            return status;
        files++;
    }
    return files ? bind_files(c, store) : EXIT_DONE;
}

static bool has_parameters(const Graph *g)
{
    for_each_node(n, g)
        for (int i = 0; i < PARAM_ROLES; i++)
            if (n->param[i])
                return true;
    return false;
}

static ExitStatus no_weights(const Compilation *c)
{
    const char *what = c->network_count > 1 ? arena_printf(c->source_arena, "%s: member '%s'",
                                                           c->line->source, c->member->name)
                                            : c->line->source;
    return compile_fail(EXIT_USAGE, what,
                        "names no weights; give -w FILE, or -w random to try it out");
}

/* Weights of the network at hand, from the command line or else from the source. */
static ExitStatus bind_network(Compilation *c, WeightNeed need, int index)
{
    WeightStore *store = arena_new_of(c->source_arena, WeightStore);
    store->arena = c->source_arena;
    bool found;
    ExitStatus status = bind_given(c, store, index, &found);
    if (status != EXIT_DONE || found || !has_parameters(c->source))
        return status;
    if (need == WEIGHTS_OPTIONAL)
        return bind_seed(c, store, 0, index);
    if (!c->member->weights.count)
        return no_weights(c);
    for_each_vec(WeightSource, w, &c->member->weights) {
        status = read_file(c, store, w->path);
        if (status != EXIT_DONE)
            return status;
    }
    return bind_files(c, store);
}

ExitStatus compile_bind_weights(Compilation *c, WeightNeed need)
{
    ExitStatus status = EXIT_DONE;
    for (int i = 0; i < c->network_count && status == EXIT_DONE; i++) {
        compile_select(c, i);
        status = bind_network(c, need, i);
    }
    return status;
}
