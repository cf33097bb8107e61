/* Builds syntax trees: the actions of the grammar. A node knows the depth of the tree below it; a
 * tree deeper than PARSE_MAX_DEPTH ends the parse, so that everything behind may recurse freely. */
#include "compiler/syntax/parser.h"

#include "compiler/base/text.h"

#include <errno.h>
#include <stdlib.h>

const char *binary_spelling(BinaryOp op)
{
    static const char *const spelling[] = {
#define B(enumerator, text) [BINARY_##enumerator] = text,
        BINARY_LIST(B)
#undef B
    };
    return spelling[op];
}

Name ast_name(const char *text, Loc loc)
{
    return (Name){ text, loc };
}

static Expr *new_expr(Parser *p, ExprKind kind, Loc loc)
{
    Expr *e = arena_new_of(p->arena, Expr);
    e->kind = kind;
    e->loc = loc;
    e->depth = 1;
    return e;
}

/* Makes `e` deeper than its part `child`. */
static void enclose_expr(Parser *p, Expr *e, const Expr *child)
{
    if (!child || child->depth < e->depth)
        return;
    e->depth = child->depth + 1;
    if (e->depth > PARSE_MAX_DEPTH)
        parser_stop(p, e->loc, "an expression of more than %d levels", PARSE_MAX_DEPTH);
}

static void enclose_exprs(Parser *p, Expr *e, const ExprList *children)
{
    for_each_vec(Expr *, child, children)
        enclose_expr(p, e, *child);
}

/* --- literals ------------------------------------------------------------------------------- */

Expr *ast_integer(Parser *p, Loc loc)
{
    Expr *e = new_expr(p, EXPR_INTEGER, loc);
    for (size_t i = loc.start; i < loc.end; i++)
        if (__builtin_mul_overflow(e->integer, 10, &e->integer) ||
            __builtin_add_overflow(e->integer, p->source->text[i] - '0', &e->integer)) {
            parser_error(p, loc, "number", "an integer is at most 9223372036854775807");
            e->integer = 0;
            break;
        }
    return e;
}

Expr *ast_real(Parser *p, Loc loc)
{
    Expr *e = new_expr(p, EXPR_REAL, loc);
    const char *text = arena_strndup(p->arena, p->source->text + loc.start, loc.end - loc.start);
    e->real = strtod(text, NULL);
    if (e->real > 1e300)
        parser_error(p, loc, "number", "a number is at most 1e300");
    return e;
}

Expr *ast_boolean(Parser *p, Loc loc, bool value)
{
    Expr *e = new_expr(p, EXPR_BOOLEAN, loc);
    e->boolean = value;
    return e;
}

Expr *ast_variable(Parser *p, Loc loc, const char *text)
{
    Expr *e = new_expr(p, EXPR_NAME, loc);
    e->name = ast_name(text, loc);
    return e;
}

Expr *ast_arrow(Parser *p, Loc loc)
{
    return new_expr(p, EXPR_ARROW, loc);
}

/* --- strings -------------------------------------------------------------------------------- */

/* Reads the escape whose backslash is at `at`. */
static char string_escape(Parser *p, size_t at)
{
    char c = p->source->text[at + 1];
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
    case '{':
    case '}':
        return c;
    default:
        parser_error(p, (Loc){ p->source, at, at + 2 }, "string",
                     "unknown escape; there are \\n \\t \\\" \\\\ \\{ \\}");
        return c;
    }
}

/* The end of the {expression} whose brace is at `at`: the closing brace, or `end`. */
static size_t string_hole_end(const Parser *p, size_t at, size_t end)
{
    while (at < end && p->source->text[at] != '}')
        at++;
    return at;
}

typedef Vec(StringPart) PartList;

static void push_text(Parser *p, PartList *parts, Text *text)
{
    if (!text->length)
        return;
    vec_push(p->arena, parts, (StringPart){ .text = text_string(text) });
    *text = (Text){ .arena = p->arena };
}

static void push_hole(Parser *p, PartList *parts, size_t open, size_t close, Expr *whole)
{
    Expr *value = parser_subexpression(p, open + 1, close);
    if (!value)
        return;
    vec_push(p->arena, parts, (StringPart){ .value = value });
    enclose_expr(p, whole, value);
}

static void split_string(Parser *p, Expr *e, PartList *parts)
{
    Text text = { .arena = p->arena };
    const char *s = p->source->text;
    size_t end = e->loc.end - 1;
    for (size_t i = e->loc.start + 1; i < end && !p->stopped; i++) {
        if (s[i] == '\\') {
            text_append(&text, &(char){ string_escape(p, i) }, 1);
            i++;
        } else if (s[i] == '{') {
            size_t close = string_hole_end(p, i, end);
            if (close == end) {
                parser_error(p, (Loc){ p->source, i, i + 1 }, "string",
                             "'{' without '}'; a brace itself is written \\{");
                break;
            }
            push_text(p, parts, &text);
            push_hole(p, parts, i, close, e);
            i = close;
        } else {
            text_append(&text, s + i, 1);
        }
    }
    push_text(p, parts, &text);
}

Expr *ast_string(Parser *p, Loc loc)
{
    Expr *e = new_expr(p, EXPR_STRING, loc);
    PartList parts = { 0 };
    split_string(p, e, &parts);
    e->string.part = parts.at;
    e->string.part_count = parts.count;
    return e;
}

/* --- expressions ---------------------------------------------------------------------------- */

Expr *ast_list(Parser *p, Loc loc, ExprList *items, bool trailing_comma)
{
    Expr *e = new_expr(p, EXPR_LIST, loc);
    e->trailing_comma = trailing_comma;
    if (items) {
        e->list = *items;
        enclose_exprs(p, e, items);
    }
    return e;
}

static Expr *new_op(Parser *p, ExprKind kind, Loc loc, Expr *left, Expr *right)
{
    Expr *e = new_expr(p, kind, loc);
    e->op.left = left;
    e->op.right = right;
    enclose_expr(p, e, left);
    enclose_expr(p, e, right);
    return e;
}

Expr *ast_paren(Parser *p, Loc loc, Expr *inner)
{
    return new_op(p, EXPR_PAREN, loc, inner, NULL);
}

Expr *ast_unary(Parser *p, Loc loc, UnaryOp op, Expr *operand)
{
    Expr *e = new_op(p, EXPR_UNARY, loc, operand, NULL);
    e->op.unary = op;
    return e;
}

Expr *ast_binary(Parser *p, Loc loc, BinaryOp op, Expr *left, Expr *right)
{
    Expr *e = new_op(p, EXPR_BINARY, loc, left, right);
    e->op.binary = op;
    return e;
}

Expr *ast_choice(Parser *p, Loc loc, Expr *condition, Expr *yes, Expr *no)
{
    Expr *e = new_expr(p, EXPR_IF, loc);
    e->choice.condition = condition;
    e->choice.yes = yes;
    e->choice.no = no;
    enclose_expr(p, e, condition);
    enclose_expr(p, e, yes);
    enclose_expr(p, e, no);
    return e;
}

Expr *ast_call(Parser *p, Loc loc, Name callee, ArgList *args, bool trailing_comma)
{
    Expr *e = new_expr(p, EXPR_CALL, loc);
    e->call.callee = callee;
    e->trailing_comma = trailing_comma;
    if (!args)
        return e;
    e->call.args = *args;
    for_each_vec(Arg, arg, args)
        enclose_expr(p, e, arg->value);
    return e;
}

Expr *ast_index(Parser *p, Loc loc, Expr *list, Expr *index)
{
    return new_op(p, EXPR_INDEX, loc, list, index);
}

Expr *ast_at(Parser *p, Loc loc, Expr *call, Expr *scope)
{
    return new_op(p, EXPR_AT, loc, call, scope);
}

/* --- lists ---------------------------------------------------------------------------------- */

#define APPEND(Type, list, ...)                    \
    do {                                           \
        if (!(list))                               \
            (list) = arena_new_of(p->arena, Type); \
        vec_push(p->arena, (list), __VA_ARGS__);   \
        return (list);                             \
    } while (0)

ExprList *ast_expr_list(Parser *p, ExprList *list, Expr *item)
{
    APPEND(ExprList, list, item);
}

NameList *ast_name_list(Parser *p, NameList *list, Name item)
{
    APPEND(NameList, list, item);
}

ArgList *ast_arg_list(Parser *p, ArgList *list, Name keyword, Expr *value)
{
    APPEND(ArgList, list, (Arg){ keyword, value });
}

ParamList *ast_param_list(Parser *p, ParamList *list, Name name, Expr *value)
{
    APPEND(ParamList, list, (ParamDecl){ name, value });
}

StmtList *ast_stmt_list(Parser *p, StmtList *list, Stmt *item)
{
    if (!item)
        return arena_new_of(p->arena, StmtList);
    APPEND(StmtList, list, item);
}

EntryList *ast_entry_list(Parser *p, EntryList *list, Entry *item)
{
    if (!item)
        return arena_new_of(p->arena, EntryList);
    APPEND(EntryList, list, item);
}

/* --- statements ----------------------------------------------------------------------------- */

static Stmt *new_stmt(Parser *p, StmtKind kind, Loc loc)
{
    Stmt *s = arena_new_of(p->arena, Stmt);
    s->kind = kind;
    s->loc = loc;
    s->depth = 1;
    return s;
}

static void enclose_stmts(Parser *p, Stmt *s, const StmtList *children)
{
    for_each_vec(Stmt *, child, children)
        if ((*child)->depth >= s->depth)
            s->depth = (*child)->depth + 1;
    if (s->depth > PARSE_MAX_DEPTH)
        parser_stop(p, s->loc, "statements of more than %d levels", PARSE_MAX_DEPTH);
}

static void set_body(Parser *p, Stmt *s, Body body)
{
    s->body = *body.list;
    s->body_end = body.end;
    enclose_stmts(p, s, &s->body);
}

Stmt *ast_import(Parser *p, Loc loc, Expr *path)
{
    Stmt *s = new_stmt(p, STMT_IMPORT, loc);
    s->value = path;
    return s;
}

Stmt *ast_assign(Parser *p, Loc loc, NameList *targets, Expr *value)
{
    Stmt *s = new_stmt(p, STMT_ASSIGN, loc);
    s->targets = *targets;
    s->value = value;
    return s;
}

Stmt *ast_definition(Parser *p, Loc loc, StmtKind kind, Name name, ParamList *params,
                     bool trailing_comma, Body body)
{
    Stmt *s = new_stmt(p, kind, loc);
    s->name = name;
    s->trailing_comma = trailing_comma;
    if (params)
        s->params = *params;
    set_body(p, s, body);
    return s;
}

static void set_entries(Stmt *s, EntryBody entries)
{
    s->has_entries = entries.list != NULL;
    if (entries.list)
        s->entries = *entries.list;
    s->body_end = entries.end;
}

Stmt *ast_model(Parser *p, Loc loc, Name name, Expr *call, EntryBody entries)
{
    Stmt *s = new_stmt(p, STMT_MODEL, loc);
    s->name = name;
    s->value = call;
    set_entries(s, entries);
    return s;
}

Stmt *ast_classifier(Parser *p, Loc loc, Name name, EntryBody entries)
{
    Stmt *s = new_stmt(p, STMT_CLASSIFIER, loc);
    s->name = name;
    set_entries(s, entries);
    return s;
}

Stmt *ast_return(Parser *p, Loc loc, ExprList *values)
{
    Stmt *s = new_stmt(p, STMT_RETURN, loc);
    s->values = *values;
    return s;
}

Stmt *ast_for(Parser *p, Loc loc, NameList *targets, Expr *list, Body body)
{
    Stmt *s = new_stmt(p, STMT_FOR, loc);
    s->targets = *targets;
    s->value = list;
    set_body(p, s, body);
    return s;
}

Stmt *ast_if(Parser *p, Loc loc, Expr *condition, Body body)
{
    Stmt *s = new_stmt(p, STMT_IF, loc);
    s->value = condition;
    set_body(p, s, body);
    return s;
}

Stmt *ast_else(Parser *p, Loc loc, Stmt *if_statement, Body otherwise)
{
    (void)loc;
    if_statement->has_else = true;
    if_statement->otherwise = *otherwise.list;
    if_statement->else_end = otherwise.end;
    enclose_stmts(p, if_statement, &if_statement->otherwise);
    return if_statement;
}

Stmt *ast_else_if(Parser *p, Loc loc, Stmt *if_statement, Stmt *next)
{
    Body otherwise = { ast_stmt_list(p, ast_stmt_list(p, NULL, NULL), next), 0 };
    if_statement = ast_else(p, loc, if_statement, otherwise);
    if_statement->is_else_if = true;
    return if_statement;
}

Stmt *ast_tensor(Parser *p, Loc loc, StmtKind kind, Name name, ExprList *dims, Expr *scope)
{
    Stmt *s = new_stmt(p, kind, loc);
    s->name = name;
    s->values = *dims;
    s->value = scope;
    return s;
}

Entry *ast_entry(Parser *p, Loc loc, ExprList *items, EntryBody entries)
{
    Entry *e = arena_new_of(p->arena, Entry);
    e->loc = loc;
    e->items = *items;
    e->has_entries = entries.list != NULL;
    if (entries.list)
        e->entries = *entries.list;
    e->body_end = entries.end;
    return e;
}

Entry *ast_entry_model(Parser *p, Loc loc, Loc word, Expr *call, EntryBody entries)
{
    ExprList *items = ast_expr_list(p, NULL, ast_variable(p, word, "model"));
    return ast_entry(p, loc, ast_expr_list(p, items, call), entries);
}
