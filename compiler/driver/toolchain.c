/* Compiling and linking an emitted folder. Files of the network get the target's flags, the program
 * around it does not: it must run where those instructions do not exist, to say so. */
#include "compiler/driver/toolchain.h"

#include "compiler/driver/process.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Another processor's programs need a cross compiler, and an emulator to run. */
static bool is_foreign(const Target *target)
{
    struct utsname host;
    return target->machine && uname(&host) == 0 && strcmp(target->machine, host.machine) != 0;
}

const char *toolchain_begin(Toolchain *t, const Compilation *c)
{
    const CommandLine *line = c->line;
    const char *machine = c->target->machine;
    *t = (Toolchain){ .arena = c->graph_arena,
                      .verbose = line->verbose,
                      .is_static = line->is_static,
                      .libraries = "-ljpeg -lpng -lz -lm" };
    t->cc = line->cc ? line->cc : "cc";
    if (is_foreign(c->target)) {
        t->emulator = arena_printf(t->arena, "qemu-%s", machine);
        t->cc = line->cc ? line->cc : arena_printf(t->arena, "%s-linux-gnu-gcc", machine);
    }
    if (!t->cc[strspn(t->cc, " \t")])
        return "--cc names no compiler";
    const char *error = temporary_folder(t->arena, &t->folder);
    if (!error)
        t->source = path_join(t->arena, t->folder, "c");
    return error;
}

void toolchain_end(Toolchain *t)
{
    if (t->folder)
        remove_tree(t->folder);
}

/* --- one job ---------------------------------------------------------------------------------- */

const char *toolchain_log(Toolchain *t)
{
    return path_join(t->arena, t->folder, "log");
}

static void print_log(Toolchain *t)
{
    FileMap log;
    if (file_map(t->arena, toolchain_log(t), &log) != NULL)
        return;
    fwrite(log.bytes, 1, log.length, stderr);
    file_unmap(&log);
}

static const char *run(Toolchain *t, const Job *jobs, int count)
{
    return jobs_run(t->arena, jobs, count, t->source, toolchain_log(t), t->verbose);
}

/* Whether the assembler includes files. */
static bool has_incbin(Toolchain *t)
{
    const char *probe = path_join(t->arena, t->folder, "probe.c");
    static const char text[] = "__asm__(\".pushsection .rodata\\n.incbin \\\"probe.c\\\"\\n"
                               ".popsection\");\nint kiln_probe;\n";
    if (file_write(t->arena, probe, text, sizeof text - 1) != NULL)
        return false;
    Job j = { 0 };
    job_add_words(t->arena, &j, t->cc);
    job_add_words(t->arena, &j, "-c probe.c -o probe.o");
    return jobs_run(t->arena, &j, 1, t->folder, "/dev/null", false) == NULL;
}

WeightForm toolchain_weight_form(Toolchain *t, const CommandLine *line)
{
    WeightForm form = compile_weight_form(line);
    if (form != WEIGHTS_AUTO)
        return form;
    return has_incbin(t) ? WEIGHTS_INCBIN : WEIGHTS_LITERAL;
}

static const char *object_of(Toolchain *t, const char *c_file)
{
    return arena_printf(t->arena, "%.*s.o", (int)strlen(c_file) - 2, c_file);
}

static Job compile_job(Toolchain *t, const Emission *e, const char *file, bool is_model)
{
    Job j = { .what = arena_printf(t->arena, "CC  %s", file) };
    job_add_words(t->arena, &j, t->cc);
    job_add_words(t->arena, &j, "-O2 -std=c99 -pthread -I. -Wa,-I.");
    if (is_model)
        job_add_words(t->arena, &j, e->program->target->cflags);
    if (e->openmp)
        job_add(t->arena, &j, "-fopenmp");
    if (t->defines)
        job_add_words(t->arena, &j, t->defines);
    job_add_words(t->arena, &j, "-c -o");
    job_add(t->arena, &j, object_of(t, file));
    job_add(t->arena, &j, file);
    return j;
}

/* --- all jobs --------------------------------------------------------------------------------- */

static const char *compile_all(Toolchain *t, const Emission *e)
{
    Vec(Job) jobs = { 0 };
    for_each_vec(const char *, file, &e->model)
        vec_push(t->arena, &jobs, compile_job(t, e, *file, true));
    for_each_vec(const char *, file, &e->hosted)
        vec_push(t->arena, &jobs, compile_job(t, e, *file, false));
    return run(t, jobs.at, jobs.count);
}

static const char *link_once(Toolchain *t, const Emission *e, bool is_static)
{
    Job j = { .what = is_static ? "LD  (static)" : "LD" };
    job_add_words(t->arena, &j, t->cc);
    if (is_static)
        job_add(t->arena, &j, "-static");
    if (e->openmp)
        job_add(t->arena, &j, "-fopenmp");
    job_add_words(t->arena, &j, "-pthread -o program");
    for_each_vec(const char *, file, &e->model)
        job_add(t->arena, &j, object_of(t, *file));
    for_each_vec(const char *, file, &e->hosted)
        job_add(t->arena, &j, object_of(t, *file));
    job_add_words(t->arena, &j, t->libraries);
    return run(t, &j, 1);
}

/* The finished program, moved or copied to where it belongs. */
static const char *deliver(Toolchain *t, const char *executable)
{
    const char *program = path_join(t->arena, t->source, "program");
    FileMap map;
    const char *error = file_map(t->arena, program, &map);
    if (error)
        return arena_printf(t->arena, "the linked program: %s", error);
    error = file_write_executable(t->arena, executable, map.bytes, map.length);
    file_unmap(&map);
    return error ? arena_printf(t->arena, "%s: %s", executable, error) : NULL;
}

const char *toolchain_build(Toolchain *t, const Emission *e, const char *executable)
{
    const char *error = compile_all(t, e);
    if (!error) {
        error = link_once(t, e, true);
        if (error && !t->is_static) {
            if (t->verbose)
                fputs("no static executable here; linking a dynamic one\n", stderr);
            unlink(toolchain_log(t));
            error = link_once(t, e, false);
        }
    }
    if (error) {
        print_log(t);
        return error;
    }
    return deliver(t, executable);
}

const char *toolchain_run(Toolchain *t, const char *program, const char *words)
{
    Job j = { .what = "RUN" };
    if (t->emulator)
        job_add_words(t->arena, &j, t->emulator);
    job_add(t->arena, &j, program);
    job_add_words(t->arena, &j, words);
    const char *error = jobs_run(t->arena, &j, 1, t->folder, toolchain_log(t), t->verbose);
    if (error)
        print_log(t);
    return error;
}
