/* Parses arbitrary bytes as a source and elaborates the first models and classifiers in it. What
 * parses must print to text that parses again and prints the same. */
#include "compiler/elaborate/elaborate.h"
#include "compiler/syntax/ast_print.h"
#include "compiler/syntax/parse.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

/* Elaboration starts from a file: imports are relative to it. */
static void write_source(const uint8_t *data, size_t size)
{
    if (!*path) {
        snprintf(path, sizeof path, "/tmp/fuzz_source.%ld.kiln", (long)getpid());
        atexit(remove_file);
    }
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
}

static const char *print(Arena *a, const char *text, size_t length, Diag *diag)
{
    Source *source = arena_new_of(a, Source);
    *source = (Source){ "fuzz", text, length };
    const AstFile *file = parse_source(a, source, diag);
    Text out = { .arena = a };
    if (!file)
        return NULL;
    ast_print(file, &out);
    return text_string(&out);
}

static void check_printer(Arena *a, const char *text, size_t length, Diag *diag)
{
    const char *once = print(a, text, length, diag);
    const char *twice = once ? print(a, once, strlen(once), diag) : NULL;
    if (once && (!twice || strcmp(once, twice) != 0)) {
        fprintf(stderr, "--- once\n%s--- twice\n%s", once, twice ? twice : "(does not parse)\n");
        abort();
    }
}

static void elaborate_each(Arena *a, const char *text, size_t length, Diag *diag)
{
    Source source = { "fuzz", text, length };
    const AstFile *file = parse_source(a, &source, diag);
    if (!file)
        return;
    int tried = 0;
    for_each_vec(Stmt *, s, &file->items) {
        if (((*s)->kind != STMT_MODEL && (*s)->kind != STMT_CLASSIFIER) || ++tried > 2)
            continue;
        ElaborateOptions options = { .name = (*s)->name.text };
        Elaborated out;
        elaborate(a, path, &options, diag, &out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    Arena *a = arena_new();
    Diag diag = { .out = nowhere, .limit = 20 };
    write_source(data, size);
    check_printer(a, (const char *)data, size, &diag);
    elaborate_each(a, (const char *)data, size, &diag);
    arena_free(a);
    return 0;
}
