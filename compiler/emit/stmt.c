/* Statements and functions of the loop-nest IR as C. A buffer keeps its shape: parameters are
 * pointers to real arrays, registers are small arrays of the target's vector type. Names are those
 * of the IR; where two visible things have one name, the inner one gets a number. */
#include "compiler/emit/printer.h"

#include "compiler/base/diag.h"

#include <string.h>

const char *printer_name(const Printer *p, const void *object)
{
    for (int i = p->names.count - 1; i >= 0; i--)
        if (p->names.at[i].object == object)
            return p->names.at[i].name;
    bug("something is used where it is not declared (last declared: %s)",
        p->names.count ? p->names.at[p->names.count - 1].name : "nothing");
}

static bool is_taken(const Printer *p, const char *name)
{
    for_each_vec(PrintedName, n, &p->names)
        if (strcmp(n->name, name) == 0)
            return true;
    return false;
}

const char *printer_declare(Printer *p, const void *object, const char *wanted)
{
    const char *name = wanted;
    for (int i = 2; is_taken(p, name); i++)
        name = arena_printf(p->arena, "%s%d", wanted, i);
    vec_push(p->arena, &p->names, (PrintedName){ object, name });
    return name;
}

/* --- types ------------------------------------------------------------------------------------ */

/* The extents of an array of `b` from dimension `from` on; the last one is its pitch in memory. */
static const char *extents(Arena *a, const Buffer *b, int from, int rank)
{
    Text t = { .arena = a };
    for (int i = from; i < rank; i++) {
        int64_t n = i == b->rank - 1 && b->pitch ? b->pitch : b->extent[i];
        text_printf(&t, "[%lld]", (long long)n);
    }
    return text_string(&t);
}

const char *print_pointer(Arena *a, const Buffer *b, const char *name)
{
    const char *qualifier = b->role == BUFFER_INPUT || b->role == BUFFER_CONST ? "const " : "";
    if (b->rank < 2)
        return arena_printf(a, "%sfloat *%s", qualifier, name);
    return arena_printf(a, "%sfloat (*%s)%s", qualifier, name, extents(a, b, 1, b->rank));
}

const char *print_signature(Printer *p, const Function *f)
{
    Text t = { .arena = p->arena };
    text_printf(&t, "static void %s(", f->name);
    for (int i = 0; i < f->param_count; i++)
        text_printf(&t, "%s%s", i ? ", " : "",
                    print_pointer(p->arena, f->param[i], printer_name(p, f->param[i])));
    text_puts(&t, f->param_count ? ")" : "void)");
    return text_string(&t);
}

static void print_local(Printer *p, const Buffer *b)
{
    const char *name = printer_declare(p, b, b->name);
    w_linef(p->w, "%s %s%s;", print_type(p, b->lanes), name, extents(p->arena, b, 0, b->rank));
}

static void print_let(Printer *p, const Stmt *s)
{
    const char *value = print_expr(p, s->value, PRECEDENCE_ANY);
    const char *name = printer_declare(p, s->buffer, s->buffer->name);
    w_linef(p->w, "const %s %s = %s;", print_type(p, s->value->lanes), name, value);
}

/* --- statements ------------------------------------------------------------------------------- */

static void print_stmt(Printer *p, const Stmt *s);

/* The only statement of nested blocks of one, or s itself. */
static const Stmt *unwrap(const Stmt *s)
{
    while (s->kind == STMT_BLOCK && s->count == 1)
        s = s->item[0];
    return s;
}

static bool declares(const Stmt *block)
{
    for (int i = 0; i < block->count; i++)
        if (block->item[i]->kind == STMT_LOCAL || block->item[i]->kind == STMT_LET)
            return true;
    return false;
}

static void print_items(Printer *p, const Stmt *s)
{
    if (s->kind != STMT_BLOCK) {
        print_stmt(p, s);
        return;
    }
    for (int i = 0; i < s->count; i++)
        print_stmt(p, s->item[i]);
}

/* `head` and its body. A body of one store needs no braces. */
static void print_body(Printer *p, const char *head, const Stmt *body)
{
    body = unwrap(body);
    int visible = p->names.count;
    if (body->kind == STMT_STORE) {
        w_linef(p->w, "%s", head);
        p->w->depth++;
        print_stmt(p, body);
        p->w->depth--;
    } else {
        w_linef(p->w, "%s {", head);
        print_items(p, body);
        w_line(p->w, "}");
    }
    p->names.count = visible;
}

static void print_for(Printer *p, const Stmt *s)
{
    static const char *const marks[] = {
        [LOOP_UNROLL] = "KILN_UNROLL",
        [LOOP_VECTOR] = "KILN_LANES",
    };
    const char *lo = print_expr(p, s->lo, PRECEDENCE_ANY);
    const char *hi = print_expr(p, s->hi, PRECEDENCE_SUM);
    if (s->mark == LOOP_PARALLEL) {
        const char *unit = print_expr(p, s->unit, PRECEDENCE_ANY);
        const char *place = arena_printf(p->arena, "(%s, %s, %s, %lld)", lo, hi, unit,
                                         (long long)s->weight);
        lo = arena_printf(p->arena, "KILN_BEGIN%s", place);
        hi = arena_printf(p->arena, "KILN_END%s", place);
    }
    int visible = p->names.count;
    const char *name = printer_declare(p, s->var, s->var->name);
    Scope scope = { p->scope, s->var, s->lo, s->hi };
    p->scope = &scope;
    if (s->mark == LOOP_UNROLL || s->mark == LOOP_VECTOR)
        w_line(p->w, marks[s->mark]);
    print_body(p,
               arena_printf(p->arena, "for (int %s = %s; %s < %s; %s++)", name, lo, name, hi, name),
               s->body);
    p->scope = scope.outer;
    p->names.count = visible;
}

static void print_block(Printer *p, const Stmt *s)
{
    if (!declares(s)) {
        print_items(p, s);
        return;
    }
    int visible = p->names.count;
    w_line(p->w, "{");
    print_items(p, s);
    w_line(p->w, "}");
    p->names.count = visible;
}

static void print_share(Printer *p, const Stmt *s)
{
    w_line(p->w, "{");
    w_linef(p->w, "KILN_SHARE(%lld)", (long long)s->units);
    print_items(p, s->body);
    w_line(p->w, "}");
}

static void print_stmt(Printer *p, const Stmt *s)
{
    switch (s->kind) {
    case STMT_BLOCK:
        print_block(p, s);
        return;
    case STMT_FOR:
        print_for(p, s);
        return;
    case STMT_SHARE:
        print_share(p, s);
        return;
    case STMT_BARRIER:
        w_line(p->w, "KILN_BARRIER;");
        return;
    case STMT_IF:
        print_body(p, arena_printf(p->arena, "if (%s)", print_expr(p, s->lo, PRECEDENCE_ANY)),
                   s->body);
        return;
    case STMT_STORE:
        print_store(p, s);
        return;
    case STMT_PREFETCH:
        w_linef(p->w, "KILN_PREFETCH(&%s);", print_element(p, s->buffer, s->index_count, s->index));
        return;
    case STMT_LOCAL:
        print_local(p, s->buffer);
        return;
    case STMT_LET:
        print_let(p, s);
        return;
    }
    bug("statement of unknown kind %d", (int)s->kind);
}

void print_function(Printer *p, const Function *f)
{
    p->names.count = 0;
    p->scope = NULL;
    for (int i = 0; i < f->param_count; i++)
        printer_declare(p, f->param[i], f->param[i]->name);
    if (p->target->vector.lanes == 1)
        w_line(p->w, "KILN_ALONE");
    if (f->in_order)
        w_line(p->w, "KILN_IN_ORDER");
    w_linef(p->w, "%s", print_signature(p, f));
    w_line(p->w, "{");
    print_items(p, f->body);
    w_line(p->w, "}");
}
