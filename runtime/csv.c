/* A CSV file is read whole; a row's fields are pointers into it, unquoted in place. */
#include "runtime/csv.h"

#include "runtime/bytes.h"

#include <stdlib.h>
#include <string.h>

int csv_open(Csv *c, const char *path, Reason *why)
{
    Bytes bytes;

    memset(c, 0, sizeof *c);
    c->next_line = 1;
    if (!bytes_read(path, &bytes, why))
        return 0;
    if (memchr(bytes.at, 0, bytes.length)) {
        bytes_free(&bytes);
        return reason_set(why, "it is no text: it has bytes of value 0");
    }
    c->text = malloc(bytes.length + 1);
    if (c->text) {
        memcpy(c->text, bytes.at, bytes.length);
        c->text[bytes.length] = 0;
    }
    bytes_free(&bytes);
    c->at = c->text;
    if (c->at && strncmp(c->at, "\xef\xbb\xbf", 3) == 0)
        c->at += 3;
    return c->text ? 1 : reason_set(why, "out of memory");
}

void csv_close(Csv *c)
{
    free(c->text);
    free(c->field);
    memset(c, 0, sizeof *c);
}

static int push_field(Csv *c, char *text)
{
    if (c->count == c->room) {
        const int room = c->room ? 2 * c->room : 8;
        char **larger = realloc(c->field, (size_t)room * sizeof *larger);
        if (!larger)
            return 0;
        c->field = larger;
        c->room = room;
    }
    c->field[c->count++] = text;
    return 1;
}

/* Unquotes from c->at on, which stands behind the opening quote. */
static int quoted_field(Csv *c, Reason *why)
{
    char *to = c->at, *from = c->at;

    while (*from && (*from != '"' || from[1] == '"')) {
        c->next_line += *from == '\n';
        from += *from == '"';
        *to++ = *from++;
    }
    if (!*from)
        return reason_set(why, "line %d: a quote is not closed", c->line);
    from++;
    if (*from && *from != ',' && *from != '\n' && *from != '\r')
        return reason_set(why, "line %d: text follows the closing quote of field %d", c->next_line,
                          c->count);
    c->at = from;
    if (to != from - 1)
        *to = 0;
    else
        from[-1] = 0;
    return 1;
}

/* One field; *last: the row ends behind it. */
static int read_field(Csv *c, int *last, Reason *why)
{
    char end;
    const int quoted = *c->at == '"';

    if (!push_field(c, c->at + quoted))
        return reason_set(why, "out of memory");
    c->at += quoted;
    if (quoted && !quoted_field(c, why))
        return 0;
    if (!quoted)
        c->at += strcspn(c->at, ",\r\n");
    end = *c->at;
    *last = end != ',';
    if (end)
        *c->at++ = 0;
    if (end == '\r' && *c->at == '\n')
        c->at++;
    c->next_line += end == '\r' || end == '\n';
    return 1;
}

int csv_row(Csv *c, Reason *why)
{
    int last = 0;

    while (*c->at == '\n' || *c->at == '\r') {
        c->next_line += *c->at == '\n';
        c->at++;
    }
    if (!*c->at)
        return 0;
    c->line = c->next_line;
    c->count = 0;
    while (!last)
        if (!read_field(c, &last, why))
            return -1;
    return 1;
}
