/* The text of a schedule, written and read. The reader accepts what the writer writes, in any
 * order of the layers, and nothing else; what a layer of the network can be given is choose.c's
 * to say. */
#include "compiler/schedule/tuning.h"

#include "compiler/base/vec.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "kiln schedule 1";

static const struct {
    const char *name;
    int form;
} forms[] = { { "direct", 0 },         { "strassen", TILE_STRASSEN },
              { "inner", TILE_INNER }, { "winograd2", 2 },
              { "winograd3", 3 },      { "winograd4", 4 } };

void tuning_add(Arena *a, Tuning *t, const char *name, Tile tile)
{
    TunedLayer *layer = arena_new_of(a, TunedLayer);
    *layer = (TunedLayer){ name, tile, 0 };
    map_set(a, &t->layers, name, layer);
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *form_name(Tile tile)
{
    for (int i = 0; i < COUNT_OF(forms); i++)
        if (forms[i].form == tile.form)
            return forms[i].name;
    bug("no form of Winograd's of size %d", tile.form);
}

const char *tuning_tile_text(Arena *a, Tile tile)
{
    return arena_printf(a, "%s %dx%d", form_name(tile), tile.pixels, tile.vectors);
}

static int compare_layers(const void *a, const void *b)
{
    const MapEntry *x = a, *y = b;
    return strcmp(x->key, y->key);
}

void tuning_print(const Tuning *t, Text *out)
{
    int count = t->layers.count, width = 0;
    MapEntry *sorted = arena_new_array(out->arena, MapEntry, count + 1);
    for (int i = 0; i < count; i++) {
        sorted[i] = t->layers.entry[i];
        int length = (int)strlen(sorted[i].key);
        width = length > width ? length : width;
    }
    qsort(sorted, (size_t)count, sizeof *sorted, compare_layers);
    text_printf(out, "%s\ntarget %s\n", header, t->target);
    for (int i = 0; i < count; i++) {
        Tile tile = ((const TunedLayer *)sorted[i].value)->tile;
        text_printf(out, "%-*s %-9s %dx%d\n", width, sorted[i].key, form_name(tile), tile.pixels,
                    tile.vectors);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct Reader {
    Arena *arena;
    Tuning *out;
    const char *at, *end;
    int line; /* of the last line taken */
    const char *error;
} Reader;

static bool fail(Reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(Reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(r->arena, format, args);
    va_end(args);
    r->error = arena_printf(r->arena, "%s:%d: %s", r->out->file, r->line, what);
    return false;
}

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return true;
}

/* The next line, without its end; NULL at the end of the file or after an error. */
static char *take_line(Reader *r)
{
    if (r->at == r->end)
        return NULL;
    const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    r->line++;
    if (!newline)
        return fail(r, "the last line does not end: the file is cut off"), NULL;
    size_t length = (size_t)(newline - r->at);
    if (!is_printable(r->at, length))
        return fail(r, "a byte that is no printable ASCII"), NULL;
    char *line = arena_strndup(r->arena, r->at, length);
    r->at = newline + 1;
    return line;
}

/* Cuts the first word off; "" where there is none. */
static const char *take_word(char **line)
{
    char *word = *line + strspn(*line, " ");
    size_t length = strcspn(word, " ");
    *line = word + length + (word[length] != 0);
    word[length] = 0;
    return word;
}

/* A number from 1 to 99 at *text, which is moved behind it; 0: none. */
static int take_number(const char **text)
{
    int n = 0;
    for (int digits = 0; **text >= '0' && **text <= '9'; (*text)++) {
        n = 10 * n + (**text - '0');
        if (n == 0 || ++digits > 2)
            return 0;
    }
    return n;
}

static bool read_tile(Reader *r, const char *form, const char *text, Tile *tile)
{
    int i = 0;
    while (i < COUNT_OF(forms) && strcmp(forms[i].name, form) != 0)
        i++;
    if (i == COUNT_OF(forms))
        return fail(r,
                    "'%.80s' is no form; there are direct, strassen, inner, winograd2, "
                    "winograd3 and winograd4",
                    form);
    const char *at = text;
    tile->form = forms[i].form;
    tile->pixels = take_number(&at);
    bool has_x = *at == 'x';
    at += has_x;
    tile->vectors = take_number(&at);
    if (!has_x || *at || !tile->pixels || !tile->vectors)
        return fail(r, "'%.80s' is no tile; it is written PIXELSxVECTORS, as in 7x4", text);
    return true;
}

static bool read_layer(Reader *r, char *line)
{
    const char *name = take_word(&line), *form = take_word(&line), *tile = take_word(&line);
    TunedLayer *layer = arena_new_of(r->arena, TunedLayer);
    *layer = (TunedLayer){ .name = name, .line = r->line };
    if (!*tile || *take_word(&line))
        return fail(r, "a layer is three words, NAME FORM TILE");
    if (!read_tile(r, form, tile, &layer->tile))
        return false;
    const TunedLayer *before = map_set(r->arena, &r->out->layers, name, layer);
    if (before)
        return fail(r, "'%.200s' is also in line %d", name, before->line);
    return true;
}

static bool read_head(Reader *r)
{
    char *first = take_line(r);
    if (r->error)
        return false;
    if (!first || strcmp(first, header) != 0) {
        r->line = 1;
        return fail(r, "this is no schedule: its first line is not '%s'", header);
    }
    char *second = take_line(r);
    if (r->error)
        return false;
    const char *word = second ? take_word(&second) : "", *name = second ? take_word(&second) : "";
    r->line = 2;
    if (strcmp(word, "target") != 0 || !*name || *take_word(&second))
        return fail(r, "the second line is not 'target NAME'");
    if (!target_find(name))
        return fail(r, "there is no target '%.80s'; --target help lists them", name);
    r->out->target = name;
    r->out->target_line = r->line;
    return true;
}

const char *tuning_read(Arena *a, const char *file, const void *bytes, size_t length, Tuning *out)
{
    *out = (Tuning){ .file = file };
    Reader r = { .arena = a, .out = out, .at = bytes, .end = (const char *)bytes + length };
    char *line;
    if (read_head(&r))
        while ((line = take_line(&r)) != NULL && read_layer(&r, line))
            ;
    return r.error;
}
