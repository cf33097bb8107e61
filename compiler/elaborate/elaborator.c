/* Messages and limits of the elaborator. A block is elaborated many times, but an error in it is
 * reported once, with the calls that led there. */
#include "compiler/elaborate/elaborator.h"

static bool is_new_report(Elaborator *e, Loc loc, const char *key)
{
    const char *id = arena_printf(e->arena, "%p:%zu:%s", (const void *)loc.source, loc.start, key);
    return map_set(e->arena, &e->reported, id, e) == NULL;
}

void elaborate_note_calls(Elaborator *e)
{
    enum { SHOWN = 4 };
    int shown = 0;
    for (const Frame *f = e->frame; f && f->definition && shown < SHOWN; f = f->caller) {
        if (f->definition->stmt->kind != STMT_BLOCK)
            continue;
        diag_note(e->diag, f->call, "in '%s', called here%s%s%s", f->definition->name,
                  *f->scope ? " in scope '" : "", f->scope, *f->scope ? "'" : "");
        shown++;
    }
}

static void report(Elaborator *e, Loc loc, const char *key, const char *format, va_list args)
{
    if (e->stopped)
        return;
    if (++e->failures > ELABORATE_MAX_FAILURES)
        e->stopped = true;
    if (!is_new_report(e, loc, key))
        return;
    diag_error(e->diag, loc, key, "%s", arena_vprintf(e->arena, format, args));
    elaborate_note_calls(e);
}

void elaborate_error(Elaborator *e, Loc loc, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(e, loc, key, format, args);
    va_end(args);
}

void elaborate_stop(Elaborator *e, Loc loc, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(e, loc, key, format, args);
    va_end(args);
    e->stopped = true;
}

bool elaborate_step(Elaborator *e, Loc loc, int64_t count)
{
    e->steps += count;
    if (e->steps > ELABORATE_MAX_STEPS)
        elaborate_stop(e, loc, "too-long",
                       "elaboration takes more than %d steps; are the loops "
                       "around this too long?",
                       ELABORATE_MAX_STEPS);
    return !e->stopped;
}

const char *elaborate_suggestion(Elaborator *e, const char *name, const char *const *names,
                                 int count)
{
    enum { TRIES = 50 }; /* looking through all names takes its time */
    if (e->failures > TRIES)
        return "";
    const char *nearest = nearest_name(name, names, count);
    int length = (int)strlen(name);
    bool alike = nearest && edit_distance(name, nearest, length) < length;
    return alike ? arena_printf(e->arena, "; did you mean '%s'?", nearest) : "";
}
