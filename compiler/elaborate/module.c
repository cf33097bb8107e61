/* Source files and the names in them. A file sees what it defines itself and what the files that it
 * imports define, but not what those import. Its own definition of a name goes before an imported
 * one; a name that two imports define is an error where it is used. */
#include "compiler/elaborate/elaborator.h"

#include "compiler/base/file.h"
#include "compiler/syntax/parse.h"

#include <limits.h>
#include <stdlib.h>

/* Two names of one file are the same file where their resolved paths are. */
static const char *resolved_path(Elaborator *e, const char *path)
{
    char room[PATH_MAX];
    return arena_strdup(e->arena, realpath(path, room) ? room : path);
}

static void define(Elaborator *e, Module *m, Map *map, Stmt *stmt, Name name)
{
    Definition *before = map_get(map, name.text);
    if (before) {
        elaborate_error(e, name.loc, "duplicate", "'%s' is defined twice", name.text);
        diag_note(e->diag, before->loc, "it is also defined here");
        return;
    }
    Definition *d = arena_new_of(e->arena, Definition);
    *d = (Definition){ .stmt = stmt, .module = m, .name = name.text, .loc = name.loc };
    map_set(e->arena, map, name.text, d);
}

/* The text of a string without holes, or NULL after reporting. */
static const char *plain_string(Elaborator *e, const Expr *s, const char *what)
{
    if (s->string.part_count == 0)
        return "";
    if (s->string.part_count == 1 && s->string.part[0].text)
        return s->string.part[0].text;
    elaborate_error(e, s->loc, "string", "%s cannot contain {expressions}", what);
    return NULL;
}

/* "a/../b" as "b", where that is the same file (a may be a link to elsewhere). */
static const char *tidy_path(Elaborator *e, const char *path)
{
    char *tidy = arena_strdup(e->arena, path);
    for (char *up; (up = strstr(tidy, "/../")) && up != tidy;) {
        char *begin = up;
        while (begin > tidy && begin[-1] != '/')
            begin--;
        if (strncmp(begin, "../", 3) == 0 || strncmp(begin, "./", 2) == 0)
            break;
        memmove(begin, up + 4, strlen(up + 4) + 1);
    }
    return strcmp(resolved_path(e, tidy), resolved_path(e, path)) == 0 ? tidy : path;
}

static void import(Elaborator *e, Module *m, const Stmt *stmt)
{
    const char *name = plain_string(e, stmt->value, "the name of a file");
    if (!name)
        return;
    const char *path = tidy_path(e, path_beside(e->arena, m->path, name));
    Module *imported = module_load(e, path, stmt->value->loc);
    if (imported)
        vec_push(e->arena, &m->imports, imported);
}

static void collect(Elaborator *e, Module *m)
{
    for_each_vec(Stmt *, at, &m->ast->items) {
        Stmt *s = *at;
        switch (s->kind) {
        case STMT_IMPORT:
            import(e, m, s);
            break;
        case STMT_CLASSIFIER:
            define(e, m, &m->classifiers, s, s->name);
            break;
        case STMT_ASSIGN:
            if (s->targets.count != 1)
                elaborate_error(e, s->loc, "results", "a constant is one name");
            define(e, m, &m->definitions, s, s->targets.at[0]);
            break;
        default:
            define(e, m, &m->definitions, s, s->name);
        }
    }
}

static AstFile *parse(Elaborator *e, const char *path)
{
    const ElaborateOptions *o = e->options;
    const char *text = o->find_text ? o->find_text(o->context, e->arena, path) : NULL;
    if (!text)
        return parse_file(e->arena, path, e->diag);
    Source *source = arena_new_of(e->arena, Source);
    *source = (Source){ path, text, strlen(text) };
    return parse_source(e->arena, source, e->diag);
}

Module *module_load(Elaborator *e, const char *path, Loc loc)
{
    const char *real = resolved_path(e, path);
    Module *m = map_get(&e->modules, real);
    if (m && m->loading) {
        elaborate_error(e, loc, "import-cycle", "'%s' imports itself, here or through other files",
                        path);
        return NULL;
    }
    if (m)
        return m->ast ? m : NULL;
    if (e->modules.count >= ELABORATE_MAX_IMPORTS) {
        elaborate_stop(e, loc, "too-long", "more than %d files are imported",
                       ELABORATE_MAX_IMPORTS);
        return NULL;
    }
    m = arena_new_of(e->arena, Module);
    m->path = path;
    map_set(e->arena, &e->modules, real, m);
    m->loading = true;
    int errors = e->diag->errors;
    m->ast = parse(e, path);
    if (m->ast)
        collect(e, m);
    else if (loc.source && e->diag->errors > errors)
        diag_note(e->diag, loc, "'%s' is imported here", path);
    m->loading = false;
    return m->ast ? m : NULL;
}

static Definition *find_imported(Elaborator *e, Module *m, Name name, bool classifier)
{
    Definition *found = NULL;
    for_each_vec(Module *, at, &m->imports) {
        Definition *d = map_get(classifier ? &(*at)->classifiers : &(*at)->definitions, name.text);
        if (d && found && d != found) {
            elaborate_error(e, name.loc, "ambiguous", "two imported files define '%s'", name.text);
            diag_note(e->diag, found->loc, "one is here");
            diag_note(e->diag, d->loc, "another is here");
            return found;
        }
        found = d ? d : found;
    }
    return found;
}

Definition *module_find(Elaborator *e, Module *m, Name name)
{
    Definition *own = map_get(&m->definitions, name.text);
    return own ? own : find_imported(e, m, name, false);
}

Definition *module_find_classifier(Elaborator *e, Module *m, Name name)
{
    Definition *own = map_get(&m->classifiers, name.text);
    return own ? own : find_imported(e, m, name, true);
}

static void push_names(Elaborator *e, const Map *map, NameVec *names)
{
    for (int i = 0; i < map->count; i++)
        vec_push(e->arena, names, map->entry[i].key);
}

void module_names(Elaborator *e, const Module *m, NameVec *names)
{
    push_names(e, &m->definitions, names);
    for_each_vec(Module *, at, &m->imports)
        push_names(e, &(*at)->definitions, names);
}
