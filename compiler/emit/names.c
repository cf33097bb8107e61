/* The rule that makes C names from paths, and the check that it keeps different things apart. */
#include "compiler/emit/names.h"

#include "compiler/base/file.h"
#include "compiler/base/map.h"
#include "compiler/base/text.h"
#include "compiler/emit/embedded.h"
#include "compiler/emit/emit.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *c_identifier(Arena *a, const char *text)
{
    char *name = arena_printf(a, "%s%s", is_digit(text[0]) || !text[0] ? "_" : "", text);
    for (char *c = name; *c; c++)
        if (!is_alphanumeric(*c))
            *c = '_';
    return name;
}

const char *c_upper(Arena *a, const char *text)
{
    char *name = arena_strdup(a, text);
    for (char *c = name; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return name;
}

const char *c_string(Arena *a, const char *text)
{
    Text t = { .arena = a };
    text_puts(&t, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\' || *c == '?')
            text_printf(&t, "\\%c", *c);
        else if (*c >= ' ' && *c < 127)
            text_printf(&t, "%c", *c);
        else
            text_printf(&t, "\\%03o", *c);
    }
    text_puts(&t, "\"");
    return text_string(&t);
}

const char *array_symbol(Arena *a, const Program *p, const ConstArray *array)
{
    return arena_printf(a, "%s_%s", c_identifier(a, p->name), c_identifier(a, array->path));
}

static const char *clash(Arena *a, Map *taken, const char *symbol, const char *what)
{
    const char *before = map_set(a, taken, symbol, (void *)what);
    if (!before)
        return NULL;
    return arena_printf(a, "%s and %s would both be called '%s' in C", before, what, symbol);
}

/* Make and CMake have targets of their own. */
static const char *build_clash(Arena *a, const char *name)
{
    static const char *const reserved[] = { "all", "clean", "help", "install", "package", "test" };
    for (int i = 0; i < COUNT_OF(reserved); i++)
        if (strcmp(name, reserved[i]) == 0)
            return arena_printf(a,
                                "the network's name '%s' is a target of make and CMake; give it "
                                "another one",
                                name);
    return NULL;
}

/* The network's files and the runtime's lie in one folder. */
static const char *file_clash(Arena *a, const char *name)
{
    static const char *const endings[] = { ".c", ".h", "_program.c", "_weights.c", "_weights.h" };
    for (const EmbeddedFile *file = embedded_files; file->path; file++)
        for (int i = 0; i < COUNT_OF(endings); i++)
            if (strcmp(path_base(file->path), arena_printf(a, "%s%s", name, endings[i])) == 0)
                return arena_printf(a,
                                    "the network '%s' and the runtime both have a file '%s'; "
                                    "give the network another name",
                                    name, path_base(file->path));
    return NULL;
}

const char *names_verify(Arena *a, const Program *p)
{
    static const char *const own[] = { "run", "labels", "digest", "input_t", "output_t" };
    Map taken = { 0 };
    const char *error = build_clash(a, c_identifier(a, p->name));
    if (!error)
        error = file_clash(a, c_identifier(a, p->name));
    for (int i = 0; i < COUNT_OF(own); i++)
        clash(a, &taken, arena_printf(a, "%s_%s", c_identifier(a, p->name), own[i]),
              arena_printf(a, "the network's own '%s'", own[i]));
    for (int i = 0; i < p->functions.count && !error; i++)
        error = clash(a, &taken, p->functions.at[i]->name,
                      arena_printf(a, "the function '%s'", p->functions.at[i]->name));
    for (int i = 0; i < p->arrays.count && !error; i++)
        error = clash(a, &taken, array_symbol(a, p, p->arrays.at[i]),
                      arena_printf(a, "the tensor '%s'", p->arrays.at[i]->path));
    return error;
}

/* Networks with one code have their own symbols for weights. */
static const char *symbols_clash(Arena *a, Map *taken, const Program *p)
{
    static const char *const own[] = { "run", "digest", "run_on", "table" };
    const char *name = c_identifier(a, p->name), *error = NULL;
    for (int i = 0; i < COUNT_OF(own) && !error; i++)
        error = clash(a, taken, arena_printf(a, "%s_%s", name, own[i]),
                      arena_printf(a, "'%s' of the network '%s'", own[i], p->name));
    for (int i = 0; i < p->arrays.count && !error; i++)
        error = clash(
            a, taken, array_symbol(a, p, p->arrays.at[i]),
            arena_printf(a, "the tensor '%s' of the network '%s'", p->arrays.at[i]->path, p->name));
    return error;
}

const char *names_verify_all(Arena *a, const char *title, const EmittedNetwork *networks, int count)
{
    Map taken = { 0 };
    const char *error = build_clash(a, title);
    if (!error)
        error = file_clash(a, title);
    for (int i = 0; i < count && !error; i++)
        error = symbols_clash(a, &taken, networks[i].program);
    return error;
}
