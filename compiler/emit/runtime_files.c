/* Copies the runtime, which travels inside the compiler, into the emitted folder. There it lies
 * flat: the folder's name disappears from includes. */
#include "compiler/emit/embedded.h"
#include "compiler/emit/emit.h"

#include <string.h>

static const char prefix[] = "runtime/";

/* A line of the file with the include of "runtime/x.h" made "x.h". */
static void put_line(FILE *out, const char *line)
{
    static const char include[] = "#include \"runtime/";
    if (strncmp(line, include, sizeof include - 1) == 0)
        fprintf(out, "#include \"%s", line + sizeof include - 1);
    else
        fputs(line, out);
}

static const char *copy_file(Emission *e, const EmbeddedFile *file)
{
    EmitFile f;
    const char *name = file->path + sizeof prefix - 1;
    const char *error = emit_file_open(e, &f, name);
    if (error)
        return error;
    for (const char *const *line = file->lines; *line; line++)
        put_line(f.w.out, *line);
    size_t n = strlen(name);
    if (strcmp(name + n - 2, ".c") == 0)
        vec_push(e->arena, &e->hosted, name);
    return emit_file_close(&f);
}

const char *emit_runtime(Emission *e)
{
    const char *error = NULL;
    for (const EmbeddedFile *file = embedded_files; file->path && !error; file++)
        if (strncmp(file->path, prefix, sizeof prefix - 1) == 0)
            error = copy_file(e, file);
    return error;
}
