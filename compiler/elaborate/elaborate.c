/* From a file to one elaborated model or classifier: finds which is meant, runs its networks and
 * fills in what surrounds them. */
#include "compiler/elaborate/elaborate.h"

#include "compiler/elaborate/elaborator.h"

/* --- which one ------------------------------------------------------------------------------ */

static void push_candidates(Elaborator *e, const Map *map, StmtKind kind, NameVec *names)
{
    for (int i = 0; i < map->count; i++) {
        const Definition *d = map->entry[i].value;
        if (d->stmt->kind == kind)
            vec_push(e->arena, names, map->entry[i].key);
    }
}

static const char *joined(Elaborator *e, const NameVec *names)
{
    enum { SHOWN = 24 };
    Text text = { .arena = e->arena };
    for (int i = 0; i < names->count && i < SHOWN; i++)
        text_printf(&text, "%s%s", i ? ", " : "", names->at[i]);
    text_puts(&text, names->count > SHOWN ? ", ..." : "");
    return text_string(&text);
}

/* What can be named: the file's own classifiers and models, and with `imported` those of its
 * imports too. */
static NameVec candidates(Elaborator *e, const Module *m, bool imported)
{
    NameVec names = { 0 };
    push_candidates(e, &m->classifiers, STMT_CLASSIFIER, &names);
    push_candidates(e, &m->definitions, STMT_MODEL, &names);
    for (int i = 0; imported && i < m->imports.count; i++) {
        push_candidates(e, &m->imports.at[i]->classifiers, STMT_CLASSIFIER, &names);
        push_candidates(e, &m->imports.at[i]->definitions, STMT_MODEL, &names);
    }
    return names;
}

/* The one classifier or model that the file has, where no name was given. */
static const char *only_name(Elaborator *e, const Module *m)
{
    NameVec names = candidates(e, m, false);
    if (names.count == 1)
        return names.at[0];
    if (names.count == 0)
        diag_file_error(e->diag, m->path, "which", "there is no model and no classifier in it");
    else
        diag_file_error(e->diag, m->path, "which", "say which one is meant, %s:NAME; it has %s",
                        m->path, joined(e, &names));
    return NULL;
}

/* Own classifier, own model, imported classifier, imported model. */
static Definition *find_named(Elaborator *e, Module *m, const char *text)
{
    Name name = { text, { 0 } };
    Definition *own = map_get(&m->classifiers, text);
    if (!own)
        own = map_get(&m->definitions, text);
    if (!own)
        own = module_find_classifier(e, m, name);
    if (!own)
        own = module_find(e, m, name);
    if (own && (own->stmt->kind == STMT_CLASSIFIER || own->stmt->kind == STMT_MODEL))
        return own;
    NameVec names = candidates(e, m, true);
    const char *suggestion = elaborate_suggestion(e, text, names.at, names.count);
    diag_file_error(e->diag, m->path, "which", "there is no model or classifier '%s' in it%s", text,
                    *suggestion ? suggestion
                                : arena_printf(e->arena, "; it has %s", joined(e, &names)));
    return NULL;
}

bool elaborate(Arena *arena, const char *path, const ElaborateOptions *options, Diag *diag,
               Elaborated *out)
{
    Elaborator *e = arena_new_of(arena, Elaborator);
    e->arena = arena;
    e->diag = diag;
    e->options = options;
    int errors = diag->errors;
    Module *m = module_load(e, path, (Loc){ 0 });
    if (!m || diag->errors > errors)
        return false;
    const char *name = options->name ? options->name : only_name(e, m);
    Definition *d = name ? find_named(e, m, name) : NULL;
    if (!d)
        return false;
    *out = (Elaborated){ .name = d->name, .loc = d->loc };
    bool ok = d->stmt->kind == STMT_MODEL ? classifier_of_model(e, d, options, out)
                                          : classifier_elaborate(e, d, options, out);
    return ok && diag->errors == errors;
}
