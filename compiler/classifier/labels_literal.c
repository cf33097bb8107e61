/* Labels as a literal: JSON, through cJSON, or Python's dictionaries and lists, whose strings may
 * stand in single quotes, whose keys may be numbers, which may end in a comma, hold comments and be
 * assigned to a name (`names = {...}`). Both map an index to a name, or a name to its index, or
 * list the names in order. A name may be the last of a list of strings, as in ImageNet's
 * ["n01440764", "tench"]. */
#include "compiler/classifier/labels.h"

#include <cjson/cJSON.h>

#include <string.h>

/* --- what an entry says ---------------------------------------------------------------------- */

/* One side of an entry: a string, a number, or both: "3" may be a name as well as an index. */
typedef struct Side {
    const char *name; /* NULL: it is no string */
    int64_t index;
    bool is_index;
} Side;

static Side string_side(const char *text)
{
    Side s = { .name = text };

    s.is_index = labels_parse_index(text, strlen(text), &s.index);
    return s;
}

/* Numbers say which side is the index; of two strings the key is. */
static const char *add_entry(Arena *a, LabelList *list, Side key, Side value, int line)
{
    const bool by_index = key.is_index && value.name;

    if (!by_index && !(key.name && value.is_index && !value.name))
        return arena_printf(a, "line %d: an entry maps an index to a name, or a name to its index",
                            line);
    const Label label = { by_index ? value.name : key.name, by_index ? key.index : value.index,
                          line };
    vec_push(a, list, label);
    return NULL;
}

static const char *add_item(Arena *a, LabelList *list, Side value, int line)
{
    if (!value.name)
        return arena_printf(a, "line %d: a list of labels holds strings", line);
    const Label label = { value.name, list->count, line };
    vec_push(a, list, label);
    return NULL;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static Side json_side(Arena *a, const cJSON *value)
{
    Side s = { 0 };

    if (cJSON_IsArray(value) && value->child)
        value = value->child->prev; /* the last one */
    if (cJSON_IsString(value))
        s = string_side(arena_strdup(a, value->valuestring));
    else if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 1e9) {
        s.index = (int64_t)value->valuedouble;
        s.is_index = (double)s.index == value->valuedouble;
    }
    return s;
}

/* cJSON does not say where a value stood, so entries are counted. */
static const char *read_values(Arena *a, const cJSON *json, LabelList *list)
{
    const cJSON *value;
    int entry = 0;

    cJSON_ArrayForEach(value, json)
    {
        const Side side = json_side(a, value);
        const char *why = cJSON_IsObject(json)
                              ? add_entry(a, list, string_side(arena_strdup(a, value->string)),
                                          side, 1)
                              : add_item(a, list, side, 1);
        entry++;
        if (why)
            return arena_printf(a, "entry %d of the JSON: %s", entry, strchr(why, ':') + 2);
    }
    return NULL;
}

const char *labels_read_json(const LabelText *t, LabelList *list)
{
    const char *end = t->at, *why;
    cJSON *json = cJSON_ParseWithLengthOpts(t->at, (size_t)(t->end - t->at), &end, false);

    while (json && end < t->end && strchr(" \t\r\n", *end))
        end++;
    if (!json || end < t->end) {
        cJSON_Delete(json);
        return arena_printf(t->arena, "line %d is not JSON", labels_line_of(t, end));
    }
    why = cJSON_IsObject(json) || cJSON_IsArray(json)
              ? read_values(t->arena, json, list)
              : "the JSON is neither an object nor an array of labels";
    cJSON_Delete(json);
    return why;
}

/* --- Python ---------------------------------------------------------------------------------- */

typedef struct Reader {
    const LabelText *text;
    const char *at;
    const char *why;
} Reader;

static const char *fault(Reader *r, const char *what)
{
    if (!r->why)
        r->why = arena_printf(r->text->arena, "line %d: %s", labels_line_of(r->text, r->at), what);
    return r->why;
}

static char peek(const Reader *r)
{
    return r->at < r->text->end ? *r->at : '\0';
}

static void skip_space(Reader *r)
{
    while (peek(r) && strchr(" \t\r\n\\#", peek(r))) {
        if (*r->at++ != '#')
            continue;
        while (peek(r) && peek(r) != '\n')
            r->at++;
    }
}

static bool take(Reader *r, char c)
{
    skip_space(r);
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void put_character(Text *out, uint32_t c)
{
    char utf8[5] = { 0 };

    if (c < 0x80) {
        utf8[0] = (char)c;
    } else if (c < 0x800) {
        utf8[0] = (char)(0xc0 | c >> 6);
        utf8[1] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        utf8[0] = (char)(0xe0 | c >> 12);
        utf8[1] = (char)(0x80 | (c >> 6 & 63));
        utf8[2] = (char)(0x80 | (c & 63));
    } else {
        utf8[0] = (char)(0xf0 | c >> 18);
        utf8[1] = (char)(0x80 | (c >> 12 & 63));
        utf8[2] = (char)(0x80 | (c >> 6 & 63));
        utf8[3] = (char)(0x80 | (c & 63));
    }
    text_puts(out, utf8);
}

/* The digits behind \x, \u and \U. */
static void read_code(Reader *r, int digits, Text *out)
{
    uint32_t c = 0;

    for (int i = 0; i < digits; i++) {
        const int digit = hex_digit(peek(r));
        if (digit < 0) {
            fault(r, "an escape with too few hexadecimal digits");
            return;
        }
        c = c << 4 | (uint32_t)digit;
        r->at++;
    }
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        fault(r, "an escape that is no character");
    else
        put_character(out, c);
}

static void read_escape(Reader *r, Text *out)
{
    static const char letters[] = "\\'\"abfnrtv", meaning[] = "\\'\"\a\b\f\n\r\t\v";
    const char c = peek(r), *known = c ? strchr(letters, c) : NULL;

    r->at += c != '\0';
    if (c == 'x' || c == 'u' || c == 'U')
        read_code(r, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
    else if (known)
        text_printf(out, "%c", meaning[known - letters]);
    else if (c != '\n')
        fault(r, "an escape that is not understood");
}

static Side read_string(Reader *r)
{
    const char quote = *r->at++;
    Text out = { .arena = r->text->arena };

    while (!r->why && peek(r) != quote) {
        const char c = peek(r);
        if (!c || c == '\n') {
            fault(r, "a string without end");
            break;
        }
        r->at++;
        if (c == '\\')
            read_escape(r, &out);
        else
            text_printf(&out, "%c", c);
    }
    r->at += r->why == NULL;
    return string_side(text_string(&out));
}

static Side read_side(Reader *r);

/* A list within an entry: its last string. */
static Side read_inner_list(Reader *r, char close)
{
    Side last = { 0 };

    r->at++;
    while (!r->why && !take(r, close)) {
        skip_space(r);
        if (peek(r) != '"' && peek(r) != '\'') {
            fault(r, "a list within an entry holds strings");
            break;
        }
        last = read_string(r);
        if (!take(r, ',') && (skip_space(r), peek(r) != close))
            fault(r, "a ',' is missing");
    }
    return last;
}

static Side read_side(Reader *r)
{
    const char *start;
    Side s = { 0 };

    skip_space(r);
    if (peek(r) == '"' || peek(r) == '\'')
        return read_string(r);
    if (peek(r) == '[' || peek(r) == '(')
        return read_inner_list(r, peek(r) == '[' ? ']' : ')');
    for (start = r->at; peek(r) >= '0' && peek(r) <= '9';)
        r->at++;
    s.is_index = labels_parse_index(start, (size_t)(r->at - start), &s.index);
    if (!s.is_index)
        fault(r, "a string or the number of a class is expected");
    return s;
}

static void read_entries(Reader *r, char close, LabelList *list)
{
    while (!r->why && !take(r, close)) {
        skip_space(r);
        const int line = labels_line_of(r->text, r->at);
        const Side first = read_side(r);
        Side second = { 0 };
        if (!r->why && close == '}' && !take(r, ':'))
            fault(r, "a ':' is missing between an index and a name");
        if (!r->why && close == '}')
            second = read_side(r);
        if (!r->why)
            r->why = close == '}' ? add_entry(r->text->arena, list, first, second, line)
                                  : add_item(r->text->arena, list, first, line);
        if (!r->why && !take(r, ',') && (skip_space(r), peek(r) != close))
            fault(r,
                  peek(r) ? "a ',' is missing between two entries" : "the bracket is not closed");
    }
}

static bool is_name_character(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* `names = ` before the bracket */
static void skip_assignment(Reader *r)
{
    const char *start;

    skip_space(r);
    start = r->at;
    while (is_name_character(peek(r)))
        r->at++;
    if (r->at == start || !take(r, '='))
        r->at = start;
    skip_space(r);
}

bool labels_is_literal(const LabelText *t)
{
    Reader r = { .text = t, .at = t->at };

    skip_assignment(&r);
    return peek(&r) == '{' || peek(&r) == '[';
}

const char *labels_read_python(const LabelText *t, LabelList *list)
{
    Reader r = { .text = t, .at = t->at };

    skip_assignment(&r);
    const char close = *r.at++ == '{' ? '}' : ']';
    read_entries(&r, close, list);
    skip_space(&r);
    if (!r.why && r.at < t->end)
        fault(&r, "something follows the closing bracket");
    return r.why;
}
