/* The zoo travels inside the executable as its pages' text. Each model is elaborated in memory,
 * with a number of classes that is recognised in shapes; the graph is dropped, names and shapes of
 * its trained tensors stay. */
#include "compiler/driver/zoo.h"

#include "compiler/elaborate/elaborate.h"
#include "compiler/emit/embedded.h"
#include "compiler/syntax/parse.h"

static const char folder[] = "models/";

static bool is_page(const EmbeddedFile *file)
{
    return strncmp(file->path, folder, sizeof folder - 1) == 0;
}

const char *zoo_page(Arena *a, const char *path)
{
    for (const EmbeddedFile *file = embedded_files; file->path; file++) {
        if (!is_page(file) || strcmp(file->path, path) != 0)
            continue;
        Text text = { .arena = a };
        for (const char *const *line = file->lines; *line; line++)
            text_puts(&text, *line);
        return text_string(&text);
    }
    return NULL;
}

static const AstFile *parse_page(Arena *a, const char *path)
{
    Diag diag = { .out = stderr };
    const char *text = zoo_page(a, path);
    Source *source = arena_new_of(a, Source);
    if (!text)
        bug("there is no page %s", path);
    *source = (Source){ path, text, strlen(text) };
    const AstFile *file = parse_source(a, source, &diag);
    if (!file)
        bug("the page %s does not parse", path);
    return file;
}

void zoo_pages_of(Arena *a, const char *path, PageList *pages)
{
    for_each_vec(const char *, page, pages)
        if (strcmp(*page, path) == 0)
            return;
    vec_push(a, pages, path);
    const AstFile *file = parse_page(a, path);
    for_each_vec(Stmt *, at, &file->items)
        if ((*at)->kind == STMT_IMPORT)
            zoo_pages_of(a, path_beside(a, path, (*at)->value->string.part[0].text), pages);
}

/* --- models --------------------------------------------------------------------------------- */

static const Stmt *find_item(const AstFile *file, const char *name)
{
    for_each_vec(Stmt *, at, &file->items)
        if (((*at)->kind == STMT_MODEL || (*at)->kind == STMT_NETWORK) &&
            strcmp((*at)->name.text, name) == 0)
            return *at;
    return NULL;
}

static const char *callee_of(const Stmt *model)
{
    const Expr *e = model->value;
    return e->kind == EXPR_CALL ? e->call.callee.text : e->kind == EXPR_NAME ? e->name.text : "";
}

/* The network that a model, perhaps of another model, is. */
static const Stmt *network_of(Arena *a, const char *page, const Stmt *model)
{
    PageList pages = { 0 };
    const Stmt *found = model;
    zoo_pages_of(a, page, &pages);
    while (found && found->kind == STMT_MODEL) {
        const char *callee = callee_of(found);
        found = NULL;
        for (int i = 0; i < pages.count && !found; i++)
            found = find_item(parse_page(a, pages.at[i]), callee);
    }
    return found;
}

static bool takes_classes(Arena *a, const char *page, const Stmt *model)
{
    const Stmt *network = network_of(a, page, model);
    for (int i = 0; network && i < network->params.count; i++)
        if (strcmp(network->params.at[i].name.text, "classes") == 0)
            return true;
    return false;
}

/* Copies what is to outlive the graph. A parameter that two nodes share is listed once. */
static void copy_tensors(Arena *a, Arena *scratch, const Graph *g, ZooModel *m)
{
    Vec(Param) tensors = { 0 };
    Map seen = { 0 };
    for_each_node(n, g)
        for (int role = 0; role < PARAM_ROLES; role++) {
            const Param *p = n->param[role];
            if (!p || map_set(scratch, &seen, p->name, m))
                continue;
            Param copy = { .name = arena_strdup(a, p->name), .shape = p->shape };
            vec_push(a, &tensors, copy);
        }
    m->tensors = tensors.at;
    m->count = tensors.count;
    m->input = g->input->shape;
}

static const char *find_page(void *context, Arena *a, const char *path)
{
    (void)context;
    return zoo_page(a, path);
}

static ZooModel elaborate_model(Arena *a, const char *page, const Stmt *model)
{
    Arena *scratch = arena_new();
    ZooModel m = { .page = page, .name = arena_strdup(a, model->name.text) };
    m.has_classes = takes_classes(scratch, page, model);
    Diag diag = { .out = stderr };
    ParamOverride classes = { "classes", arena_printf(scratch, "%d", ZOO_CLASSES) };
    ElaborateOptions options = {
        .name = m.name, .params = &classes, .param_count = m.has_classes, .find_text = find_page
    };
    Elaborated e;
    if (!elaborate(scratch, page, &options, &diag, &e))
        bug("the model %s of %s cannot be elaborated", m.name, page);
    copy_tensors(a, scratch, e.member[0].graph, &m);
    arena_free(scratch);
    return m;
}

Zoo zoo_list(Arena *a)
{
    Zoo zoo = { 0 };
    for (const EmbeddedFile *file = embedded_files; file->path; file++) {
        if (!is_page(file))
            continue;
        Arena *scratch = arena_new();
        const AstFile *page = parse_page(scratch, file->path);
        for_each_vec(Stmt *, at, &page->items)
            if ((*at)->kind == STMT_MODEL)
                vec_push(a, &zoo, elaborate_model(a, file->path, *at));
        arena_free(scratch);
    }
    return zoo;
}
