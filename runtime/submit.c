/* A template is checked when it is read, so that writing a row cannot fail but for the disk. */
#include "runtime/submit.h"

#include <stdlib.h>
#include <string.h>

/* --- fields ---------------------------------------------------------------------------------- */

/* Where a field's text goes: first through a check whether it needs quotes, then out. */
typedef struct Sink {
    FILE *out; /* NULL: only checked */
    int is_quoted, is_empty, needs_quotes;
} Sink;

static void give(Sink *s, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        s->needs_quotes |= strchr(",\"\r\n", text[i]) != NULL || (s->is_empty && text[i] == ' ');
        s->is_empty = 0;
        if (s->out && s->is_quoted && text[i] == '"')
            putc('"', s->out);
        if (s->out)
            putc(text[i], s->out);
    }
}

static void give_text(Sink *s, const char *text)
{
    give(s, text, strlen(text));
}

/* A picture and what was decided about it. */
typedef struct Row {
    const ClassNames *names;
    const char *file;
    const Decision *d;
} Row;

typedef void Put(const Row *r, Sink *sink);

static void put_file(const Row *r, Sink *sink)
{
    give_text(sink, r->file);
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static void put_name(const Row *r, Sink *sink)
{
    give_text(sink, base_name(r->file));
}

static void put_stem(const Row *r, Sink *sink)
{
    const char *name = base_name(r->file), *dot = strrchr(name, '.');

    give(sink, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static void put_index(const Row *r, Sink *sink)
{
    char text[16];

    snprintf(text, sizeof text, "%d", r->d->rank[0]);
    give_text(sink, r->d->chosen ? text : "");
}

static void put_label(const Row *r, Sink *sink)
{
    char room[16];

    give_text(sink, r->d->chosen ? class_name(r->names, r->d->rank[0], room) : "");
}

static void put_score(const Row *r, Sink *sink)
{
    char text[32];

    snprintf(text, sizeof text, "%.8g", r->d->score[r->d->rank[0]]);
    give_text(sink, text);
}

static void put_tags(const Row *r, Sink *sink)
{
    char room[16];

    for (int i = 0; i < r->d->chosen; i++) {
        give_text(sink, i ? "," : "");
        give_text(sink, class_name(r->names, r->d->rank[i], room));
    }
}

static const struct {
    const char *name;
    Put *put;
} fields[] = {
    { "file", put_file },   { "name", put_name },   { "stem", put_stem }, { "index", put_index },
    { "label", put_label }, { "score", put_score }, { "tags", put_tags },
};

enum { FIELDS = sizeof fields / sizeof *fields };

/* The field that `text`, behind its brace, begins with; -1: none. */
static int field_at(const char *text)
{
    for (int i = 0; i < FIELDS; i++) {
        const size_t n = strlen(fields[i].name);
        if (strncmp(text, fields[i].name, n) == 0 && text[n] == '}')
            return i;
    }
    return -1;
}

/* --- reading a template ---------------------------------------------------------------------- */

/* \n, \t and \\ become what they stand for. */
static void resolve_escapes(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        const int escape = *from == '\\' && from[1] && strchr("nt\\", from[1]) != NULL;
        if (escape)
            from++;
        *to++ = (char)(!escape ? *from : *from == 'n' ? '\n' : *from == 't' ? '\t' : '\\');
    }
    *to = 0;
}

static int check_row(const char *row, Reason *why)
{
    int count = 0;

    for (const char *c = row; *c; c++) {
        if ((*c == '{' || *c == '}') && c[1] == *c) {
            c++;
        } else if (*c == '{' && field_at(c + 1) >= 0) {
            c = strchr(c, '}');
            count++;
        } else if (*c == '{') {
            return reason_set(why,
                              "--submit has no field '{%.*s}'; there are {file} {name} {stem} "
                              "{index} {label} {score} {tags}, and {{ is a brace",
                              (int)strcspn(c + 1, "}") < 40 ? (int)strcspn(c + 1, "}") : 40, c + 1);
        } else if (*c == '}') {
            return reason_set(why, "--submit has a '}' without a '{'; }} is a brace");
        }
    }
    return count ? 1 : reason_set(why, "--submit has no field in its last line '%.200s'", row);
}

int submit_new(Submit *s, const char *template, const ClassNames *names, Reason *why)
{
    size_t n = strlen(template);
    char *last;

    memset(s, 0, sizeof *s);
    s->names = *names;
    s->text = malloc(n + 1);
    if (!s->text)
        return reason_set(why, "out of memory");
    memcpy(s->text, template, n + 1);
    resolve_escapes(s->text);
    n = strlen(s->text);
    if (n && s->text[n - 1] == '\n')
        s->text[n - 1] = 0;
    last = strrchr(s->text, '\n');
    s->row = last ? last + 1 : s->text;
    if (check_row(s->row, why))
        return 1;
    submit_free(s);
    return 0;
}

void submit_free(Submit *s)
{
    free(s->text);
    s->text = NULL;
}

/* --- writing --------------------------------------------------------------------------------- */

void submit_begin(const Submit *s, FILE *out)
{
    fwrite(s->text, 1, (size_t)(s->row - s->text), out);
}

/* `within`: the template's own quotes are around it. */
static void put_field(Put *put, const Row *row, int within, FILE *out)
{
    Sink check = { NULL, 0, 1, 0 }, sink = { out, 0, 1, 0 };

    put(row, &check);
    sink.is_quoted = within || check.needs_quotes;
    if (sink.is_quoted && !within)
        putc('"', out);
    put(row, &sink);
    if (sink.is_quoted && !within)
        putc('"', out);
}

void submit_row(const Submit *s, const char *file, const Decision *d, FILE *out)
{
    const Row row = { &s->names, file, d };
    int within = 0;

    for (const char *c = s->row; *c; c++) {
        const int field = *c == '{' ? field_at(c + 1) : -1;
        within ^= *c == '"';
        if (field >= 0) {
            put_field(fields[field].put, &row, within, out);
            c = strchr(c, '}');
        } else {
            putc(*c, out);
            c += *c == '{' || *c == '}';
        }
    }
    putc('\n', out);
}
