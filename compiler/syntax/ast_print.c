/* The canonical form: four spaces, one statement a line, at most one blank line, 100 columns
 * where a bracket can be broken. A list or call is broken, one element a line, where it does not
 * fit, where it ends in a comma, or where a comment stands in it; a long list of mere literals
 * is filled instead. These decisions depend only on what the output preserves, so printing the
 * output again changes nothing.
 *
 * Comments are kept in source order: before the statement or element that follows them, or
 * behind the one whose line they end. One in the middle of an expression moves behind its
 * statement. */
#include "compiler/syntax/ast_print.h"

#include "compiler/syntax/parse.h"

enum { COLUMNS = 100, INDENT = 4 };

typedef struct Printer {
    Text *out;
    const AstFile *file;
    int indent;
    int comment;     /* the next one to print */
    size_t last_end; /* where the last thing printed ends in the source */
    bool is_flat;    /* only measuring: nothing is broken, no comment printed */
    bool fresh;      /* nothing was printed since the opening brace */
} Printer;

static void print_statements(Printer *p, const StmtList *list, size_t end);
static void print_expr(Printer *p, const Expr *e);

/* --- lines ---------------------------------------------------------------------------------- */

static void puts_source(Printer *p, Loc loc)
{
    text_append(p->out, p->file->source->text + loc.start, loc.end - loc.start);
}

static void new_line(Printer *p)
{
    text_printf(p->out, "\n%*s", INDENT * p->indent, "");
}

/* Code points since the last line end. */
static int column(const Printer *p)
{
    int count = 0;
    for (size_t i = p->out->length; i > 0 && p->out->at[i - 1] != '\n'; i--)
        count += ((unsigned char)p->out->at[i - 1] & 0xC0) != 0x80;
    return count;
}

static int newlines_between(const Printer *p, size_t from, size_t to)
{
    int count = 0;
    for (size_t i = from; i < to; i++)
        count += p->file->source->text[i] == '\n';
    return count;
}

/* Begins the line of something that stands at `start` in the source. */
static void begin_line(Printer *p, size_t start)
{
    bool blank = !p->fresh && newlines_between(p, p->last_end, start) > 1;
    p->fresh = false;
    if (p->out->length == 0)
        return;
    if (blank)
        text_puts(p->out, "\n");
    new_line(p);
}

static const Comment *next_comment(const Printer *p)
{
    return p->comment < p->file->comments.count ? &p->file->comments.at[p->comment] : NULL;
}

static void put_comment(Printer *p)
{
    Loc loc = p->file->comments.at[p->comment++].loc;
    p->last_end = loc.end;
    while (loc.end > loc.start && (unsigned char)p->file->source->text[loc.end - 1] <= ' ')
        loc.end--;
    puts_source(p, loc);
}

/* Prints the comments that stand before `offset`, each on a line of its own. */
static void flush_comments(Printer *p, size_t offset)
{
    for (const Comment *c; (c = next_comment(p)) && c->loc.start < offset;) {
        begin_line(p, c->loc.start);
        put_comment(p);
    }
}

/* Ends the line of something: the comment on its source line goes with it. */
static void end_line(Printer *p, size_t end, size_t limit)
{
    const Comment *c = next_comment(p);
    p->last_end = end;
    if (c && c->loc.start >= end && c->loc.start < limit &&
        !newlines_between(p, end, c->loc.start)) {
        text_puts(p->out, "  ");
        put_comment(p);
    }
}

static bool has_comment(const Printer *p, size_t start, size_t end)
{
    for (int i = p->comment; i < p->file->comments.count; i++)
        if (p->file->comments.at[i].loc.start >= start)
            return p->file->comments.at[i].loc.start < end;
    return false;
}

/* --- elements in brackets ------------------------------------------------------------------- */

/* The elements of a list, call or parameter list, seen alike. */
typedef struct Elements {
    const ExprList *list;
    const ArgList *args;
    const ParamList *params;
    int count;
    size_t start, end; /* of the brackets */
    bool trailing_comma;
} Elements;

static const Name *element_name(const Elements *x, int i)
{
    if (x->list)
        return NULL;
    return x->args ? &x->args->at[i].keyword : &x->params->at[i].name;
}

static const Expr *element_value(const Elements *x, int i)
{
    return x->list ? x->list->at[i] : x->args ? x->args->at[i].value : x->params->at[i].value;
}

static Loc element_loc(const Elements *x, int i)
{
    const Name *name = element_name(x, i);
    const Expr *value = element_value(x, i);
    if (!name || !name->text)
        return value->loc;
    return value ? loc_join(name->loc, value->loc) : name->loc;
}

static void print_element(Printer *p, const Elements *x, int i)
{
    const Name *name = element_name(x, i);
    const Expr *value = element_value(x, i);
    if (name && name->text)
        text_printf(p->out, "%s%s", name->text, value ? " = " : "");
    if (value)
        print_expr(p, value);
}

static void print_inline(Printer *p, const Elements *x)
{
    for (int i = 0; i < x->count; i++) {
        text_puts(p->out, i ? ", " : "");
        print_element(p, x, i);
    }
}

static void print_broken(Printer *p, const Elements *x)
{
    p->indent++;
    p->fresh = true;
    p->last_end = x->start;
    for (int i = 0; i < x->count; i++) {
        Loc loc = element_loc(x, i);
        flush_comments(p, loc.start);
        p->fresh = true;
        begin_line(p, loc.start);
        print_element(p, x, i);
        text_puts(p->out, ",");
        end_line(p, loc.end, i + 1 < x->count ? element_loc(x, i + 1).start : x->end);
    }
    p->fresh = true;
    flush_comments(p, x->end);
    p->indent--;
    p->fresh = false;
    new_line(p);
}

static bool is_literal(const Expr *e)
{
    if (e->kind == EXPR_UNARY)
        return is_literal(e->op.left);
    return e->kind <= EXPR_NAME;
}

static bool can_fill(const Elements *x)
{
    if (!x->list || x->trailing_comma)
        return false;
    for (int i = 0; i < x->count; i++)
        if (!is_literal(x->list->at[i]))
            return false;
    return true;
}

static void print_filled(Printer *p, const Elements *x)
{
    p->indent++;
    new_line(p);
    for (int i = 0; i < x->count; i++) {
        Loc loc = x->list->at[i]->loc;
        bool fits = column(p) + (int)(loc.end - loc.start) + 2 <= COLUMNS;
        if (i > 0 && fits)
            text_puts(p->out, " ");
        else if (i > 0)
            new_line(p);
        print_expr(p, x->list->at[i]);
        text_puts(p->out, i + 1 < x->count ? "," : "");
    }
    p->indent--;
    new_line(p);
}

/* The length of the elements printed in one line. */
static size_t inline_length(Printer *p, const Elements *x)
{
    Printer trial = *p;
    Text text = { .arena = p->out->arena };
    trial.out = &text;
    trial.is_flat = true;
    print_inline(&trial, x);
    return text.length;
}

/* `reserve`: columns that must stay free behind the brackets. */
static void print_elements(Printer *p, const Elements *x, int reserve)
{
    bool forced = x->trailing_comma || has_comment(p, x->start, x->end);
    bool flat = p->is_flat || x->count == 0 ||
                (!forced && column(p) + (int)inline_length(p, x) + reserve <= COLUMNS);
    if (flat)
        print_inline(p, x);
    else if (can_fill(x) && !forced)
        print_filled(p, x);
    else
        print_broken(p, x);
}

/* --- expressions ---------------------------------------------------------------------------- */

static void print_list(Printer *p, const Expr *e)
{
    Elements x = { .list = &e->list,
                   .count = e->list.count,
                   .start = e->loc.start,
                   .end = e->loc.end,
                   .trailing_comma = e->trailing_comma };
    text_puts(p->out, "[");
    print_elements(p, &x, 2);
    text_puts(p->out, "]");
}

static void print_call(Printer *p, const Expr *e)
{
    Elements x = { .args = &e->call.args,
                   .count = e->call.args.count,
                   .start = e->call.callee.loc.end,
                   .end = e->loc.end,
                   .trailing_comma = e->trailing_comma };
    text_printf(p->out, "%s(", e->call.callee.text);
    print_elements(p, &x, 2);
    text_puts(p->out, ")");
}

static void print_binary(Printer *p, const Expr *e)
{
    bool ratio = e->op.binary == BINARY_DIVIDE && e->op.left->kind <= EXPR_REAL &&
                 e->op.right->kind <= EXPR_REAL;
    print_expr(p, e->op.left);
    text_printf(p->out, ratio ? "%s" : " %s ", binary_spelling(e->op.binary));
    print_expr(p, e->op.right);
}

static void print_choice(Printer *p, const Expr *e)
{
    text_puts(p->out, "if ");
    print_expr(p, e->choice.condition);
    text_puts(p->out, " then ");
    print_expr(p, e->choice.yes);
    text_puts(p->out, " else ");
    print_expr(p, e->choice.no);
}

static void print_around(Printer *p, const char *before, const Expr *e, const char *between,
                         const Expr *second, const char *after)
{
    text_puts(p->out, before);
    print_expr(p, e);
    text_puts(p->out, between);
    if (second)
        print_expr(p, second);
    text_puts(p->out, after);
}

static void print_expr(Printer *p, const Expr *e)
{
    switch (e->kind) {
    case EXPR_INTEGER:
    case EXPR_REAL:
    case EXPR_BOOLEAN:
    case EXPR_STRING:
    case EXPR_NAME:
    case EXPR_ARROW:
        puts_source(p, e->loc);
        break;
    case EXPR_LIST:
        print_list(p, e);
        break;
    case EXPR_PAREN:
        print_around(p, "(", e->op.left, ")", NULL, "");
        break;
    case EXPR_UNARY:
        print_around(p, e->op.unary == UNARY_NOT ? "not " : "-", e->op.left, "", NULL, "");
        break;
    case EXPR_BINARY:
        print_binary(p, e);
        break;
    case EXPR_IF:
        print_choice(p, e);
        break;
    case EXPR_CALL:
        print_call(p, e);
        break;
    case EXPR_INDEX:
        print_around(p, "", e->op.left, "[", e->op.right, "]");
        break;
    case EXPR_AT:
        print_around(p, "", e->op.left, " @ ", e->op.right, "");
        break;
    }
}

/* --- statements ----------------------------------------------------------------------------- */

static void print_exprs(Printer *p, const ExprList *list, const char *separator)
{
    for (int i = 0; i < list->count; i++) {
        text_puts(p->out, i ? separator : "");
        print_expr(p, list->at[i]);
    }
}

static void print_names(Printer *p, const NameList *names)
{
    for (int i = 0; i < names->count; i++)
        text_printf(p->out, "%s%s", i ? ", " : "", names->at[i].text);
}

static void open_brace(Printer *p)
{
    text_puts(p->out, "{");
    p->indent++;
    p->fresh = true;
}

static void close_brace(Printer *p, size_t end)
{
    flush_comments(p, end);
    p->indent--;
    new_line(p);
    text_puts(p->out, "}");
    p->fresh = false;
}

static void print_body(Printer *p, const StmtList *body, size_t end)
{
    open_brace(p);
    print_statements(p, body, end);
    close_brace(p, end);
}

static void print_entries(Printer *p, const EntryList *entries, size_t end)
{
    open_brace(p);
    for (int i = 0; i < entries->count; i++) {
        const Entry *e = entries->at[i];
        flush_comments(p, e->loc.start);
        begin_line(p, e->loc.start);
        print_exprs(p, &e->items, " ");
        if (e->has_entries) {
            text_puts(p->out, " ");
            print_entries(p, &e->entries, e->body_end);
        }
        end_line(p, e->loc.end, i + 1 < entries->count ? entries->at[i + 1]->loc.start : end);
    }
    close_brace(p, end);
}

static void print_definition(Printer *p, const Stmt *s)
{
    Elements x = { .params = &s->params,
                   .count = s->params.count,
                   .start = s->name.loc.end,
                   .trailing_comma = s->trailing_comma };
    /* the closing bracket is not recorded; comments behind the last parameter go into the body */
    x.end = x.count ? element_loc(&x, x.count - 1).end : x.start;
    text_printf(p->out, "%s %s(", s->kind == STMT_BLOCK ? "block" : "network", s->name.text);
    print_elements(p, &x, 3);
    text_puts(p->out, ") ");
    print_body(p, &s->body, s->body_end);
}

static void print_if(Printer *p, const Stmt *s)
{
    text_puts(p->out, "if ");
    print_expr(p, s->value);
    text_puts(p->out, " ");
    print_body(p, &s->body, s->body_end);
    if (!s->has_else)
        return;
    text_puts(p->out, " else ");
    if (s->is_else_if)
        print_if(p, s->otherwise.at[0]);
    else
        print_body(p, &s->otherwise, s->else_end);
}

static void print_for(Printer *p, const Stmt *s)
{
    text_puts(p->out, "for ");
    print_names(p, &s->targets);
    text_puts(p->out, " in ");
    print_expr(p, s->value);
    text_puts(p->out, " ");
    print_body(p, &s->body, s->body_end);
}

static void print_model(Printer *p, const Stmt *s)
{
    text_printf(p->out, s->kind == STMT_MODEL ? "model %s = " : "classifier %s", s->name.text);
    if (s->value)
        print_expr(p, s->value);
    if (s->has_entries) {
        text_puts(p->out, " ");
        print_entries(p, &s->entries, s->body_end);
    }
}

static void print_tensor(Printer *p, const Stmt *s)
{
    text_printf(p->out, "%s %s[", s->kind == STMT_INPUT ? "input" : "parameter", s->name.text);
    print_exprs(p, &s->values, ", ");
    text_puts(p->out, "]");
    if (s->value) {
        text_puts(p->out, " @ ");
        print_expr(p, s->value);
    }
}

static void print_statement(Printer *p, const Stmt *s)
{
    switch (s->kind) {
    case STMT_IMPORT:
        text_puts(p->out, "import ");
        print_expr(p, s->value);
        break;
    case STMT_ASSIGN:
        print_names(p, &s->targets);
        text_puts(p->out, " = ");
        print_expr(p, s->value);
        break;
    case STMT_BLOCK:
    case STMT_NETWORK:
        print_definition(p, s);
        break;
    case STMT_MODEL:
    case STMT_CLASSIFIER:
        print_model(p, s);
        break;
    case STMT_RETURN:
        text_puts(p->out, "return ");
        print_exprs(p, &s->values, ", ");
        break;
    case STMT_FOR:
        print_for(p, s);
        break;
    case STMT_IF:
        print_if(p, s);
        break;
    case STMT_INPUT:
    case STMT_PARAMETER:
        print_tensor(p, s);
        break;
    }
}

/* `end`: where the braces around the statements close. */
static void print_statements(Printer *p, const StmtList *list, size_t end)
{
    for (int i = 0; i < list->count; i++) {
        const Stmt *s = list->at[i];
        flush_comments(p, s->loc.start);
        begin_line(p, s->loc.start);
        print_statement(p, s);
        end_line(p, s->loc.end, i + 1 < list->count ? list->at[i + 1]->loc.start : end);
    }
}

void ast_print(const AstFile *file, Text *out)
{
    Printer p = { .out = out, .file = file, .fresh = true };
    size_t end = file->source->length;
    print_statements(&p, &file->items, end + 1);
    flush_comments(&p, end + 1);
    if (out->length)
        text_puts(out, "\n");
}

bool ast_format_file(Arena *arena, const char *path, Diag *diag, Text *out, bool *changed)
{
    const AstFile *file = parse_file(arena, path, diag);
    if (!file)
        return false;
    ast_print(file, out);
    const Source *s = file->source;
    *changed = out->length != s->length ||
               (s->length > 0 && memcmp(text_string(out), s->text, s->length) != 0);
    return true;
}
