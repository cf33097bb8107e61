/* Reads a source, checks that it is text, and runs the grammar over it.
 *
 * Between scanner and grammar kiln_lex() turns line ends into semicolons (parser.h), counts open
 * brackets against their limit, and ends the input early once the parse has been stopped. */
#include "compiler/syntax/parse.h"

#include "compiler/base/file.h"
#include "compiler/base/text.h"
#include "compiler/syntax/parser.h"

#include "grammar/kiln.tab.h"
#include "grammar/kiln.lex.h"

#include <limits.h>
#include <stdarg.h>

/* --- messages ------------------------------------------------------------------------------- */

static void report(Parser *p, Loc loc, const char *key, const char *format, va_list args)
{
    if (p->stopped)
        return;
    p->errors++;
    diag_error(p->diag, loc, key, "%s", arena_vprintf(p->arena, format, args));
    if (p->errors >= PARSE_MAX_ERRORS) {
        diag_note(p->diag, (Loc){ 0 }, "giving up on %s after %d errors", p->source->name,
                  p->errors);
        p->stopped = true;
    }
}

void parser_error(Parser *p, Loc loc, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(p, loc, key, format, args);
    va_end(args);
}

void parser_stop(Parser *p, Loc loc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(p, loc, "nesting", format, args);
    va_end(args);
    p->stopped = true;
}

static bool is_one_of(const char *name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Where many tokens are possible, only those that a reader misses are worth saying: what closes or
 * separates, or that a value is wanted. */
static int shorten(const char *const *expected, int count, const char **shown)
{
    enum { FEW = 4 };
    static const char *const telling[] = { "the end of the line",
                                           "','",
                                           "')'",
                                           "']'",
                                           "'}'",
                                           "'{'",
                                           "'('",
                                           "'='",
                                           "'in'",
                                           "'then'",
                                           "'else'" };
    int kept = 0;
    if (count > FEW && is_one_of("an integer", expected, count)) {
        shown[kept++] = "a value";
        return kept;
    }
    for (int i = 0; i < count; i++)
        if (count <= FEW || is_one_of(expected[i], telling, COUNT_OF(telling)))
            shown[kept++] = expected[i];
    return kept;
}

void parser_unexpected(Parser *p, Loc loc, const char *got, const char *const *expected,
                       int expected_count)
{
    const char **shown = arena_new_array(p->arena, const char *, expected_count + 1);
    int count = shorten(expected, expected_count, shown);
    Text text = { .arena = p->arena };
    for (int i = 0; i < count; i++)
        text_printf(&text, "%s%s",
                    i == 0           ? ", expected "
                    : i + 1 == count ? " or "
                                     : ", ",
                    shown[i]);
    parser_error(p, loc, "syntax", "found %s%s", got, text_string(&text));
}

int parser_prefix(const char *text, int length, int most)
{
    if (length <= most)
        return length;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

/* --- line ends ------------------------------------------------------------------------------ */

static bool can_end_statement(int token)
{
    switch (token) {
    case T_NAME:
    case T_INTEGER:
    case T_REAL:
    case T_STRING:
    case T_TRUE:
    case T_FALSE:
    case T_RIGHT_PAREN:
    case T_RIGHT_BRACKET:
    case T_RIGHT_BRACE:
    case T_KILN_error:
        return true;
    default:
        return false;
    }
}

static bool can_begin_statement(int token)
{
    switch (token) {
    case T_NAME:
    case T_STRING:
    case T_IMPORT:
    case T_BLOCK:
    case T_NETWORK:
    case T_MODEL:
    case T_CLASSIFIER:
    case T_INPUT:
    case T_PARAMETER:
    case T_RETURN:
    case T_FOR:
    case T_IF:
    case T_KILN_error:
        return true;
    default:
        return false;
    }
}

/* Whether a semicolon belongs between the previous token and this one. Inside round and square
 * brackets a line end means nothing, which `open` (their count) says. */
static bool needs_semicolon(const Parser *p, int token)
{
    if (!can_end_statement(p->previous))
        return false;
    if (token == T_RIGHT_BRACE || token == T_END)
        return true;
    return p->newline && p->round == 0 && can_begin_statement(token);
}

static void count_brackets(Parser *p, int token, Loc loc)
{
    if (token == T_LEFT_PAREN || token == T_LEFT_BRACKET)
        p->brackets++, p->round++;
    else if (token == T_LEFT_BRACE)
        p->brackets++, p->round = 0;
    else if (token == T_RIGHT_PAREN || token == T_RIGHT_BRACKET)
        p->brackets--, p->round -= p->round > 0;
    else if (token == T_RIGHT_BRACE)
        p->brackets--, p->round = 0;
    if (p->brackets > PARSE_MAX_DEPTH)
        parser_stop(p, loc, "more than %d brackets are open here", PARSE_MAX_DEPTH);
}

static int deliver(Parser *p, int token)
{
    p->previous = token;
    p->newline = false;
    return token;
}

static int scan(Parser *p, KILN_STYPE *value, Loc *loc)
{
    if (p->has_pending) {
        p->has_pending = false;
        value->text = p->pending_text;
        *loc = p->pending_loc;
        return p->pending;
    }
    int token = scan_token(value, loc, p->scanner);
    if (token == T_END)
        *loc = (Loc){ p->source, p->offset, p->offset };
    count_brackets(p, token, *loc);
    return token;
}

int kiln_lex(KILN_STYPE *value, Loc *loc, Parser *p)
{
    if (p->start_token) {
        int token = p->start_token;
        p->start_token = 0;
        *loc = (Loc){ p->source, p->offset, p->offset };
        return token;
    }
    bool replayed = p->has_pending;
    size_t before = p->end_of_previous;
    int token = scan(p, value, loc);
    if (p->stopped) {
        *loc = (Loc){ p->source, p->offset, p->offset };
        return T_END;
    }
    if (!replayed && p->statements && needs_semicolon(p, token)) {
        p->has_pending = true;
        p->pending = token;
        p->pending_text = value->text;
        p->pending_loc = *loc;
        *loc = (Loc){ p->source, before, before };
        return deliver(p, T_SEMICOLON);
    }
    p->end_of_previous = loc->end;
    return deliver(p, token);
}

/* --- running -------------------------------------------------------------------------------- */

/* Runs the grammar over the bytes [start, end) of the parser's source. */
static bool run(Parser *p, int start_token, size_t start, size_t end)
{
    p->start_token = start_token;
    p->statements = start_token == T_START_FILE;
    p->offset = p->end_of_previous = start;
    p->previous = T_SEMICOLON;
    if (scan_lex_init_extra(p, &p->scanner) != 0)
        bug("no memory for the scanner");
    scan__scan_bytes(p->source->text + start, (int)(end - start), p->scanner);
    int status = kiln_parse(p);
    scan_lex_destroy(p->scanner);
    return status == 0 && p->errors == 0;
}

Expr *parser_subexpression(Parser *p, size_t start, size_t end)
{
    Parser inner = { .arena = p->arena,
                     .diag = p->diag,
                     .source = p->source,
                     .comments = p->comments,
                     .errors = p->errors,
                     .brackets = p->brackets };
    int errors = p->errors;
    run(&inner, T_START_EXPRESSION, start, end);
    p->errors = inner.errors;
    p->stopped = p->stopped || inner.stopped;
    return inner.errors == errors ? inner.expression : NULL;
}

/* The length of the UTF-8 sequence at s[0..left), or 0 where there is none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    size_t length = *s < 0x80                 ? 1
                    : *s >= 0xC2 && *s < 0xE0 ? 2
                    : *s >= 0xE0 && *s < 0xF0 ? 3
                    : *s >= 0xF0 && *s < 0xF5 ? 4
                                              : 0;
    if (length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (*s == 0xE0 && s[1] < 0xA0) || (*s == 0xF0 && s[1] < 0x90);
    bool outside = (*s == 0xED && s[1] > 0x9F) || (*s == 0xF4 && s[1] > 0x8F);
    return overlong || outside ? 0 : length;
}

static bool check_text(const Source *source, Diag *diag)
{
    const unsigned char *s = (const unsigned char *)source->text;
    if (source->length > INT_MAX / 2) {
        diag_file_error(diag, source->name, "text", "a source of %zu bytes; the limit is %d",
                        source->length, INT_MAX / 2);
        return false;
    }
    for (size_t i = 0, n; i < source->length; i += n) {
        n = utf8_length(s + i, source->length - i);
        Loc loc = { source, i, i + 1 };
        if (!n || !s[i]) {
            diag_error(diag, loc, "text",
                       n ? "a NUL byte: this is not text" : "the byte 0x%02X is not UTF-8 text",
                       s[i]);
            return false;
        }
    }
    return true;
}

AstFile *parse_source(Arena *arena, const Source *source, Diag *diag)
{
    if (!check_text(source, diag))
        return NULL;
    AstFile *file = arena_new_of(arena, AstFile);
    file->source = source;
    Parser p = { .arena = arena, .diag = diag, .source = source, .comments = &file->comments };
    if (!run(&p, T_START_FILE, 0, source->length))
        return NULL;
    file->items = *p.items;
    return file;
}

AstFile *parse_file(Arena *arena, const char *path, Diag *diag)
{
    FileMap map;
    const char *reason = file_map(arena, path, &map);
    if (reason) {
        diag_file_error(diag, path, "file", "%s", reason);
        return NULL;
    }
    Source *source = arena_new_of(arena, Source);
    const char *text = arena_strndup(arena, (const char *)map.bytes, map.length);
    *source = (Source){ path, text, map.length };
    file_unmap(&map);
    return parse_source(arena, source, diag);
}

Expr *parse_expression(Arena *arena, const Source *source, Diag *diag)
{
    if (!check_text(source, diag))
        return NULL;
    CommentList comments = { 0 };
    Parser p = { .arena = arena, .diag = diag, .source = source, .comments = &comments };
    return run(&p, T_START_EXPRESSION, 0, source->length) ? p.expression : NULL;
}
