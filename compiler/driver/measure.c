/* The time of each call is the least of many runs, which other load on the machine disturbs least.
 * What lies between two nodes of the trace belongs to the last call of the second. */
#include "compiler/driver/measure.h"

#include "runtime/cpu_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

const char *measure_refuses(Arena *a, const Target *target)
{
    struct utsname host;
    if (target->machine && uname(&host) == 0 && strcmp(target->machine, host.machine) != 0)
        return arena_printf(a, "its code runs on %s, this machine is %s", target->machine,
                            host.machine);
    if (!target->features)
        return NULL;
    Vec(const char *) names = { 0 };
    char *list = arena_strdup(a, target->features), *rest = NULL;
    for (char *f = strtok_r(list, " ", &rest); f; f = strtok_r(NULL, " ", &rest))
        vec_push(a, &names, f);
    vec_push(a, &names, NULL);
    const char *missing = cpu_check(names.at);
    return missing ? arena_printf(a, "this processor has no %s", missing) : NULL;
}

const char *measure_begin(Measure *m, Compilation *c)
{
    Toolchain *t = &m->tools;
    *m = (Measure){ .program = c->program };
    const char *error = toolchain_begin(t, c);
    if (error)
        return error;
    m->milliseconds = arena_new_array(t->arena, double, c->program->calls.count);
    m->executable = path_join(t->arena, t->folder, "timed");
    t->defines = "-DKILN_TRACE";
    t->emulator = c->line->launcher;
    Emission e = compile_emission(c, toolchain_weight_form(t, c->line));
    error = emit_folder(&e, t->source);
    return error ? error : toolchain_build(t, &e, m->executable);
}

void measure_end(Measure *m)
{
    toolchain_end(&m->tools);
}

/* The number that begins each line after the first goes to the next call that ends a node. */
static const char *read_profile(Measure *m, const char *text)
{
    const Program *p = m->program;
    for (int i = 0; i < p->calls.count; i++) {
        if (!emit_completes_node(p, i))
            continue;
        text = strchr(text, '\n');
        char *end = NULL;
        double ms = text ? strtod(++text, &end) : 0;
        if (!text || end == text || *end != ',' || !(ms >= 0))
            return "the profile of the built program cannot be read";
        if (m->milliseconds[i] == 0 || ms < m->milliseconds[i])
            m->milliseconds[i] = ms;
    }
    return NULL;
}

const char *measure_run(Measure *m)
{
    Toolchain *t = &m->tools;
    FileMap log;
    unlink(toolchain_log(t));
    const char *error = toolchain_run(t, m->executable, "--profile --format csv");
    if (!error)
        error = file_map(t->arena, toolchain_log(t), &log);
    if (error)
        return error;
    error = read_profile(m, arena_strndup(t->arena, (const char *)log.bytes, log.length));
    file_unmap(&log);
    return error;
}

double measure_total(const Measure *m)
{
    double total = 0;
    for (int i = 0; i < m->program->calls.count; i++)
        total += m->milliseconds[i];
    return total;
}
