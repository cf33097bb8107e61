/* The Makefile and the CMakeLists.txt of the emitted folder. Only the network's own files are
 * compiled with the target's flags: the program around it checks the processor before it enters
 * them. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"

#include <string.h>

/* "VARIABLE = a b c", continued over lines. */
static void put_list(Writer *w, const char *variable, const char *const *names, int count)
{
    fprintf(w->out, "%s =", variable);
    int column = 12;
    for (int i = 0; i < count; i++) {
        int n = (int)strlen(names[i]) + 1;
        if (column + n > 96) {
            fputs(" \\\n   ", w->out);
            column = 4;
        }
        fprintf(w->out, " %s", names[i]);
        column += n;
    }
    fputc('\n', w->out);
}

static const char *target_flags(const Emission *e)
{
    const char *flags = e->program->target->cflags ? e->program->target->cflags : "-O2";
    return arena_printf(e->arena, "%s%s", flags, e->openmp ? " -fopenmp" : "");
}

static const char *const makefile_rules[] = {
    "WEIGHTS = $(filter-out $(NETWORKS),$(MODEL))",
    "",
    "CC = cc",
    "CFLAGS = -O2 -std=c99 -pthread",
    "TARGET_FLAGS = ${flags}",
    "LDFLAGS = ${static}",
    "LDLIBS = -ljpeg -lpng -lz -lm",
    "",
    "all: ${name}",
    "",
    "# The network alone, for a program of your own: include ${headers} and link this.",
    "lib${name}.a: $(MODEL:.c=.o)",
    "\trm -f $@",
    "\t$(AR) rc $@ $(MODEL:.c=.o)",
    "",
    "# The program traces the network, for its option --profile.",
    "${name}: $(PROGRAM:.c=.o) $(NETWORKS:.c=_traced.o) $(WEIGHTS:.c=.o)",
    "\t$(CC) $(CFLAGS)${openmp} $(LDFLAGS) -o $@ $^ $(LDLIBS)",
    "",
    "$(NETWORKS:.c=_traced.o): %_traced.o: %.c $(HEADERS)",
    "\t$(CC) $(CFLAGS) $(TARGET_FLAGS) -DKILN_TRACE -I. ${assembler}-c -o $@ $<",
    "",
    "$(MODEL:.c=.o): %.o: %.c $(HEADERS)",
    "\t$(CC) $(CFLAGS) $(TARGET_FLAGS) -I. ${assembler}-c -o $@ $<",
    "",
    "$(PROGRAM:.c=.o): %.o: %.c $(HEADERS)",
    "\t$(CC) $(CFLAGS)${openmp} -DKILN_TRACE -I. -c -o $@ $<",
    "",
    "clean:",
    "\trm -f ${name} $(NETWORKS:.c=_traced.o) lib${name}.a $(MODEL:.c=.o) $(PROGRAM:.c=.o)",
    "",
    ".PHONY: all clean",
};

static const char *const cmake_rules[] = {
    "add_library(${name} STATIC $${MODEL})",
    "target_include_directories(${name} PUBLIC $${CMAKE_CURRENT_SOURCE_DIR})",
    "target_compile_options(${name} PRIVATE ${cmake_flags})",
    "",
    "option(KILN_PROGRAM \"build the command-line program as well\" ON)",
    "if(KILN_PROGRAM)",
    "    find_package(Threads REQUIRED)",
    "    # The program traces the network, for --profile; the library gives it the weights.",
    "    add_library(${name}_traced OBJECT $${NETWORKS})",
    "    target_compile_options(${name}_traced PRIVATE ${cmake_flags})",
    "    target_compile_definitions(${name}_traced PRIVATE KILN_TRACE)",
    "    add_executable(${name}_program $${PROGRAM} $<TARGET_OBJECTS:${name}_traced>)",
    "    target_compile_options(${name}_program PRIVATE${openmp})",
    "    target_compile_definitions(${name}_program PRIVATE KILN_TRACE)",
    "    set_target_properties(${name}_program PROPERTIES OUTPUT_NAME ${name})",
    "    target_link_libraries(${name}_program ${name} ${link_flags}Threads::Threads jpeg png z m)",
    "endif()",
};

static const char *find_value(void *context, const char *name)
{
    return map_get(context, name);
}

/* "$$" is a dollar sign of the build file's own. */
static const char *expand(Writer *w, const char *line)
{
    const char *dollars = strstr(line, "$${");
    if (!dollars)
        return text_substitute(w->arena, line, find_value, &w->values);
    const char *close = strchr(dollars, '}');
    const char *head = arena_strndup(w->arena, line, (size_t)(dollars - line));
    return arena_printf(w->arena, "%s%.*s%s",
                        text_substitute(w->arena, head, find_value, &w->values),
                        (int)(close - dollars), dollars + 1, expand(w, close + 1));
}

static void put_rules(Writer *w, const char *const *rules, int count)
{
    for (int i = 0; i < count; i++)
        w_raw(w, expand(w, rules[i]));
}

static void set_values(Emission *e, Writer *w)
{
    bool incbin = e->weights == WEIGHTS_INCBIN;
    const char *flags = target_flags(e);
    w_set(w, "name", e->title);
    w_setf(w, "headers", "%s.h%s", e->name, e->network_count > 1 ? " and its like" : "");
    w_set(w, "flags", flags);
    w_set(w, "static", e->dynamic ? "" : "-static");
    w_set(w, "openmp", e->openmp ? " -fopenmp" : "");
    w_set(w, "assembler", incbin ? "-Wa,-I. " : "");
    w_setf(w, "cmake_flags", "%s%s", flags, incbin ? " -Wa,-I${CMAKE_CURRENT_SOURCE_DIR}" : "");
    w_setf(w, "link_flags", "%s%s", e->dynamic ? "" : "-static ", e->openmp ? "-fopenmp " : "");
}

/* The files "NAMEending" of all networks. */
typedef Vec(const char *) NameList;

static void push_files(Emission *e, const char *ending, NameList *names)
{
    for (int i = 0; i < e->network_count; i++)
        vec_push(e->arena, names, arena_printf(e->arena, "%s%s", e->networks[i].name, ending));
}

static NameList network_files(Emission *e)
{
    NameList names = { 0 };
    push_files(e, ".c", &names);
    return names;
}

static NameList header_files(Emission *e)
{
    NameList names = { 0 };
    push_files(e, ".h", &names);
    push_files(e, "_weights.h", &names);
    vec_push(e->arena, &names, "kiln_model.h");
    return names;
}

static const char *emit_makefile(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, "Makefile");
    if (error)
        return error;
    set_values(e, &f.w);
    w_raw(&f.w,
          expand(&f.w,
                 "# `make` builds the program ${name}, `make lib${name}.a` the network alone."));
    w_blank(&f.w);
    put_list(&f.w, "MODEL", e->model.at, e->model.count);
    put_list(&f.w, "PROGRAM", e->hosted.at, e->hosted.count);
    NameList networks = network_files(e), headers = header_files(e);
    put_list(&f.w, "NETWORKS", networks.at, networks.count);
    put_list(&f.w, "HEADERS", headers.at, headers.count);
    put_rules(&f.w, makefile_rules, COUNT_OF(makefile_rules));
    return emit_file_close(&f);
}

static void put_cmake_list(Writer *w, const char *variable, const char *const *names, int count)
{
    fprintf(w->out, "set(%s\n", variable);
    for (int i = 0; i < count; i++)
        fprintf(w->out, "    %s\n", names[i]);
    fputs(")\n", w->out);
}

static const char *emit_cmake(Emission *e)
{
    EmitFile f;
    const char *error = emit_file_open(e, &f, "CMakeLists.txt");
    if (error)
        return error;
    Writer *w = &f.w;
    set_values(e, w);
    w_raw(w, "cmake_minimum_required(VERSION 3.10)");
    w_raw(w, expand(w, "project(${name} C)"));
    w_raw(w, "set(CMAKE_C_STANDARD 99)");
    w_raw(w, "set(CMAKE_C_EXTENSIONS OFF)");
    w_raw(w, "if(NOT CMAKE_BUILD_TYPE)");
    w_raw(w, "    set(CMAKE_BUILD_TYPE Release)");
    w_raw(w, "endif()");
    w_blank(w);
    put_cmake_list(w, "MODEL", e->model.at, e->model.count);
    put_cmake_list(w, "PROGRAM", e->hosted.at, e->hosted.count);
    NameList networks = network_files(e);
    put_cmake_list(w, "NETWORKS", networks.at, networks.count);
    put_rules(w, cmake_rules, COUNT_OF(cmake_rules));
    return emit_file_close(&f);
}

const char *emit_build_files(Emission *e)
{
    const char *error = emit_makefile(e);
    return error ? error : emit_cmake(e);
}
