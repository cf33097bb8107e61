/* Child processes by posix_spawn, a few at a time, and temporary folders. */
#include "compiler/driver/process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST_PARALLEL = 4 };

void job_add(Arena *a, Job *j, const char *argument)
{
    vec_push(a, &j->argument, argument);
}

void job_add_words(Arena *a, Job *j, const char *words)
{
    char *copy = arena_strdup(a, words), *rest = NULL;
    for (char *w = strtok_r(copy, " \t", &rest); w; w = strtok_r(NULL, " \t", &rest))
        job_add(a, j, w);
}

/* The word before the end of exec's list. */
static char **arguments_of(Arena *a, const Job *j)
{
    char **list = arena_new_array(a, char *, j->argument.count + 1);
    for (int i = 0; i < j->argument.count; i++)
        list[i] = (char *)j->argument.at[i];
    return list;
}

static int spawn(Arena *a, const Job *j, const char *folder, const char *log, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (folder)
        posix_spawn_file_actions_addchdir_np(&actions, folder);
    char **arguments = arguments_of(a, j);
    int error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static const char *describe_failure(Arena *a, const Job *j, int status)
{
    if (WIFSIGNALED(status))
        return arena_printf(a, "%s was ended by signal %d", j->argument.at[0], WTERMSIG(status));
    return arena_printf(a, "%s failed with status %d", j->argument.at[0], WEXITSTATUS(status));
}

/* Waits for one child of ours; which job it was. */
static int wait_for_one(const pid_t *child, int count, int *status)
{
    for (;;) {
        pid_t done = waitpid(-1, status, 0);
        if (done < 0 && errno != EINTR)
            return -1;
        for (int i = 0; i < count; i++)
            if (done > 0 && child[i] == done)
                return i;
    }
}

static int parallel_jobs(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > MOST_PARALLEL ? MOST_PARALLEL : (int)n;
}

const char *jobs_run(Arena *a, const Job *jobs, int count, const char *folder, const char *log,
                     bool verbose)
{
    const char *error = NULL;
    pid_t *child = arena_new_array(a, pid_t, count);
    int running = 0, most = parallel_jobs();
    for (int next = 0; next < count || running;) {
        if (next < count && running < most && !error) {
            if (verbose && jobs[next].what)
                fprintf(stderr, "  %s\n", jobs[next].what);
            int failed = spawn(a, &jobs[next], folder, log, &child[next]);
            if (failed)
                error = arena_printf(a, "%s cannot be run: %s", jobs[next].argument.at[0],
                                     strerror(failed));
            running += !failed;
            next++;
            continue;
        }
        if (!running)
            break;
        int status = 0, done = wait_for_one(child, next, &status);
        running--;
        if (done >= 0 && status != 0 && !error)
            error = describe_failure(a, &jobs[done], status);
    }
    return error;
}

const char *temporary_folder(Arena *a, const char **path)
{
    const char *parent = getenv("TMPDIR");
    char *name = arena_printf(a, "%s/kiln.XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(name))
        return arena_printf(a, "%s: %s", name, strerror(errno));
    *path = name;
    return NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
