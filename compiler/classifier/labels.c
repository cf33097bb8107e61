/* Label files: UTF-8 text, one label a line, in the order of the classes. A byte order mark is
 * skipped, lines may end in CR LF, and empty lines at the end count for nothing. */
#include "compiler/classifier/classifier.h"

#include "compiler/base/file.h"

#include <stdbool.h>
#include <string.h>

typedef struct Line {
    const unsigned char *at, *end;
} Line;

static bool is_between(unsigned char c, int low, int high)
{
    return c >= low && c <= high;
}

/* Bytes of the well-formed character at `p`, or 0: Unicode 15, table 3-7. */
static int character_length(const unsigned char *p, const unsigned char *end)
{
    const int length = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    const int low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
    const int high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;

    if (length == 1)
        return *p != 0;
    if (!is_between(*p, 0xc2, 0xf4) || end - p < length || !is_between(p[1], low, high))
        return 0;
    for (int i = 2; i < length; i++)
        if (!is_between(p[i], 0x80, 0xbf))
            return 0;
    return length;
}

static const char *check_line(Arena *a, Line line, int number)
{
    if (line.at == line.end)
        return arena_printf(a, "line %d is empty", number);
    for (const unsigned char *p = line.at; p < line.end;) {
        const int length = character_length(p, line.end);
        if (!length)
            return arena_printf(a, "line %d is not UTF-8: byte 0x%02x at column %d", number, *p,
                                (int)(p - line.at) + 1);
        p += length;
    }
    return NULL;
}

/* Takes the next line off the text. */
static Line next_line(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *newline = memchr(*at, '\n', (size_t)(end - *at));
    Line line = { *at, newline ? newline : end };

    *at = newline ? newline + 1 : end;
    if (line.end > line.at && line.end[-1] == '\r')
        line.end--;
    return line;
}

static const char *read_lines(Arena *a, const FileMap *file, Classifier *c)
{
    const unsigned char *at = file->bytes, *end = file->bytes + file->length;

    while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    if (at == end)
        return "it holds no labels";
    while (at < end) {
        const Line line = next_line(&at, end);
        const char *why = check_line(a, line, c->labels.count + 1);
        if (why)
            return why;
        vec_push(a, &c->labels,
                 arena_strndup(a, (const char *)line.at, (size_t)(line.end - line.at)));
    }
    return NULL;
}

const char *labels_read(Arena *a, const char *path, Classifier *c)
{
    FileMap file;
    const char *why = file_map(a, path, &file);

    if (why)
        return why;
    c->labels_file = arena_strdup(a, path);
    c->labels.count = 0;
    why = read_lines(a, &file, c);
    file_unmap(&file);
    return why;
}
