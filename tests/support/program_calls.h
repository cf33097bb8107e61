/* Calling the whole program around the network of fake_network.h, and what it answers. */
#ifndef KILN_TESTS_PROGRAM_CALLS_H
#define KILN_TESTS_PROGRAM_CALLS_H

#include "runtime/program.h"
#include "tests/support/fake_network.h"
#include "tests/support/scratch.h"

#include <check.h>

#include <fcntl.h>
#include <sys/wait.h>

enum { MAX_ARGUMENTS = 16 };

/* What a call printed and returned. */
typedef struct Outcome {
    int status;
    char *out, *err;
} Outcome;

static const char *standard_input; /* a file, or NULL */

static inline void redirect(int descriptor, const char *path, int flags)
{
    const int file = open(path, flags, 0666);
    if (file < 0 || dup2(file, descriptor) < 0)
        abort();
    close(file);
}

/* Calls the program in a process of its own; arguments end with NULL. */
static inline Outcome call(const kiln_classifier *program, const char *const *arguments)
{
    char *argv[MAX_ARGUMENTS] = { (char *)"EXE" };
    Outcome o;
    size_t length;
    int argc = 1, status = 0;
    pid_t child;

    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    fflush(NULL);
    child = fork();
    if (child == 0) {
        redirect(0, standard_input ? standard_input : "/dev/null", O_RDONLY);
        redirect(1, scratch_path("out"), O_WRONLY | O_CREAT | O_TRUNC);
        redirect(2, scratch_path("err"), O_WRONLY | O_CREAT | O_TRUNC);
        exit(kiln_main(program, argc, argv));
    }
    waitpid(child, &status, 0);
    ck_assert_msg(WIFEXITED(status), "the program died of signal %d", WTERMSIG(status));
    o.status = WEXITSTATUS(status);
    o.out = scratch_read(scratch_path("out"), &length);
    o.err = scratch_read(scratch_path("err"), &length);
    return o;
}

static inline void forget(Outcome *o)
{
    free(o->out);
    free(o->err);
}

#define CALL(program, ...) call((program), (const char *const[]){ __VA_ARGS__, NULL })

/* Calls and compares everything; `err` need only occur. */
static inline void expect(Outcome o, int status, const char *out, const char *err)
{
    ck_assert_msg(o.status == status, "status %d, %d expected: %s", o.status, status, o.err);
    if (out)
        ck_assert_str_eq(o.out, out);
    if (*err)
        ck_assert_msg(strstr(o.err, err) != NULL, "'%s' does not say '%s'", o.err, err);
    else
        ck_assert_str_eq(o.err, "");
    forget(&o);
}

/* A picture of one colour, whose channel sums are 20 times the colour / 255. */
static inline const char *write_picture(const char *name, int r, int g, int b)
{
    char ppm[64] = "P6 2 1 255\n";
    const size_t n = strlen(ppm);

    for (size_t i = 0; i < 2; i++) {
        ppm[n + 3 * i] = (char)r;
        ppm[n + 3 * i + 1] = (char)g;
        ppm[n + 3 * i + 2] = (char)b;
    }
    return scratch_write(name, ppm, n + 6);
}

#endif
