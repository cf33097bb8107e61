/* kiln init: recognises a checkpoint and begins a source for it. The pages of the zoo that the
 * source imports are written below its folder, unless they are there. */
#include "compiler/driver/compile.h"
#include "compiler/driver/starter.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 6 };

typedef struct Init {
    Compilation c;
    Arena *arena;
    const char *checkpoint, *output;
    WeightStore store;
    Fits fits;
    PageList pages;
} Init;

/* --- paths ------------------------------------------------------------------------------------ */

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* The absolute path of the folder that a file lies in, or is to. */
static const char *folder_of(Arena *a, const char *file)
{
    char room[PATH_MAX];
    const char *base = path_base(file);
    const char *folder = base == file ? "." : arena_strndup(a, file, (size_t)(base - file));
    return arena_strdup(a, realpath(folder, room) ? room : folder);
}

/* `file` as seen from the folder `from`; both absolute. */
static const char *relative_path(Arena *a, const char *from, const char *file)
{
    size_t shared = 0;
    for (size_t i = 0; from[i] == file[i] || !from[i]; i++) {
        if (file[i] == '/')
            shared = i + 1;
        if (!from[i] || !file[i])
            break;
    }
    Text t = { .arena = a };
    for (const char *rest = from + (shared <= strlen(from) ? shared : strlen(from)); *rest;) {
        text_puts(&t, "../");
        rest += strcspn(rest, "/");
        rest += *rest == '/';
    }
    text_puts(&t, file + shared);
    return text_string(&t);
}

static const char *checkpoint_beside(const Init *n)
{
    char room[PATH_MAX];
    const char *file = realpath(n->checkpoint, room) ? room : n->checkpoint;
    return relative_path(n->arena, folder_of(n->arena, n->output), file);
}

/* --- recognising ------------------------------------------------------------------------------ */

static bool is_keras(const WeightStore *store)
{
    for (int i = 0; i < store->tensors.count; i++)
        if (((const WeightTensor *)store->tensors.entry[i].value)->keras_layer)
            return true;
    return false;
}

static int64_t count_elements(const Fit *f)
{
    int64_t count = 0;
    for (int i = 0; i < f->model->count; i++) {
        int64_t product = 1;
        const Shape *s = &f->model->tensors[i].shape;
        for (int axis = 0; axis < s->rank; axis++)
            product *= s->dim[axis] == ZOO_CLASSES ? f->classes : s->dim[axis];
        count += product;
    }
    return count;
}

static void print_fit(const Init *n)
{
    const Fit *f = &n->fits.at[0];
    printf("architecture  %s (%s)\n", f->model->name, f->model->page);
    printf("flavour       %s\n", is_keras(&n->store) ? "Keras" : "torch");
    if (f->classes)
        printf("classes       %lld\n", (long long)f->classes);
    printf("prefix        %s\n", *f->prefix ? f->prefix : "none");
    printf("tensors       %d, %lld values\n", f->model->count, (long long)count_elements(f));
    if (f->extra)
        printf("not used      %d tensors of the file\n", f->extra);
    for (int i = 1; i < n->fits.count && fit_is_equal(f, &n->fits.at[i]); i++)
        printf("or            %s (%s): names and shapes are the same\n", n->fits.at[i].model->name,
               n->fits.at[i].model->page);
}

static ExitStatus not_recognised(Init *n)
{
    const Fit *f = &n->fits.at[0];
    Text text = { .arena = n->arena };
    if (2 * f->shaped < f->model->count)
        return compile_fail(
            EXIT_INPUT, n->checkpoint,
            "it is like none of the zoo's networks; `kiln weights` lists its tensors");
    fit_describe(n->arena, f, &n->store, SHOWN, &text);
    fprintf(stderr,
            "kiln: %s: it is none of the zoo's networks; the nearest is %s (%s), of whose %d "
            "tensors it has %d, and %d others:\n%s",
            n->checkpoint, f->model->name, f->model->page, f->model->count, f->shaped, f->extra,
            text_string(&text));
    return EXIT_INPUT;
}

static ExitStatus read_checkpoint(Init *n)
{
    n->store.arena = n->arena;
    const char *error = weights_read_file(&n->store, n->checkpoint);
    if (error) {
        diag_file_error(&n->c.diag, n->checkpoint, "weights", "%s", error);
        return EXIT_INPUT;
    }
    Zoo zoo = zoo_list(n->arena);
    n->fits = recognise(n->arena, &zoo, &n->store);
    return fit_is_exact(&n->fits.at[0]) ? EXIT_DONE : not_recognised(n);
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool same_content(Arena *a, const char *path, const char *text)
{
    FileMap map;
    if (file_map(a, path, &map))
        return false;
    bool same = map.length == strlen(text) && memcmp(map.bytes, text, map.length) == 0;
    file_unmap(&map);
    return same;
}

static const char *page_path(const Init *n, int i)
{
    return path_beside(n->arena, n->output, n->pages.at[i]);
}

/* Nothing that exists is written over. */
static ExitStatus check_places(Init *n)
{
    if (exists(n->output))
        return compile_fail(EXIT_USAGE, n->output, "it exists; name another file with -o");
    for (int i = 0; i < n->pages.count; i++) {
        const char *path = page_path(n, i);
        if (exists(path) && !same_content(n->arena, path, zoo_page(n->arena, n->pages.at[i])))
            return compile_fail(EXIT_USAGE, path,
                                "it exists and is not the page that this kiln has; move it away, "
                                "or name a file in another folder with -o");
    }
    return EXIT_DONE;
}

static ExitStatus write_text(Init *n, const char *path, const char *text)
{
    const char *error = file_write(n->arena, path, text, strlen(text));
    return error ? compile_fail(EXIT_ENVIRONMENT, path, error) : EXIT_DONE;
}

static ExitStatus write_pages(Init *n)
{
    for (int i = 0; i < n->pages.count; i++) {
        const char *path = page_path(n, i);
        if (exists(path))
            continue;
        const char *folder = arena_strndup(n->arena, path, (size_t)(path_base(path) - path));
        const char *error = folder_create(n->arena, folder);
        if (error)
            return compile_fail(EXIT_ENVIRONMENT, folder, error);
        ExitStatus status = write_text(n, path, zoo_page(n->arena, n->pages.at[i]));
        if (status != EXIT_DONE)
            return status;
    }
    return EXIT_DONE;
}

static ExitStatus write_source(Init *n)
{
    Starter s = { .fit = &n->fits.at[0],
                  .name = starter_name(n->arena, n->checkpoint),
                  .is_keras = is_keras(&n->store) };
    if (strcmp(s.name, s.fit->model->name) == 0)
        s.name = arena_printf(n->arena, "my_%s", s.name);
    n->output = n->c.line->output ? n->c.line->output : arena_printf(n->arena, "%s.kiln", s.name);
    s.checkpoint = checkpoint_beside(n);
    zoo_pages_of(n->arena, s.fit->model->page, &n->pages);
    const char *text = starter_text(n->arena, &s);
    const char *wrong = starter_check(n->arena, text);
    if (wrong)
        bug("what is to be written does not elaborate:\n%s\n%s", wrong, text);
    ExitStatus status = check_places(n);
    if (status == EXIT_DONE)
        status = write_pages(n);
    if (status == EXIT_DONE)
        status = write_text(n, n->output, text);
    if (status != EXIT_DONE)
        return status;
    print_fit(n);
    printf("\nwrote %s, which imports %s.\n", n->output, page_path(n, 0));
    if (strstr(text, "CHOOSE"))
        printf("Preprocessing, decision and labels cannot be read off weights: look at its lines "
               "marked CHOOSE.\n");
    return EXIT_DONE;
}

ExitStatus command_init(const CommandLine *line)
{
    Init n = { .checkpoint = line->inputs.at[0] };
    compile_begin(&n.c, line);
    n.arena = n.c.source_arena;
    ExitStatus status = read_checkpoint(&n);
    if (status == EXIT_DONE)
        status = write_source(&n);
    return compile_end(&n.c, status);
}
