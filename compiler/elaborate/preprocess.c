/* The lines of a preprocess group to the steps of a classifier: one row per word. A step is a word
 * followed by numbers, lists and words; constants of the language stand in parentheses. */
#include "compiler/elaborate/elaborator.h"

#include "compiler/classifier/classifier.h"
#include "compiler/elaborate/classify.h"

/* A line being read: items from `at` on are not consumed yet. */
typedef struct Line {
    Elaborator *e;
    const Entry *entry;
    int at;
    bool ok;
} Line;

static void reject(Line *l, Loc loc, const char *wanted)
{
    if (l->ok)
        elaborate_error(l->e, loc, "preprocess", "%s", wanted);
    l->ok = false;
}

static const Expr *next_item(Line *l)
{
    return l->at < l->entry->items.count ? l->entry->items.at[l->at] : NULL;
}

/* Takes the word if it comes next. */
static bool take_word(Line *l, const char *word)
{
    const Expr *item = next_item(l);
    bool found = item && item->kind == EXPR_NAME && strcmp(item->name.text, word) == 0;
    l->at += found;
    return found;
}

/* Takes a word that must come next; "" after reporting. */
static const char *take_any_word(Line *l, const char *usage)
{
    const Expr *item = next_item(l);
    if (!item || item->kind != EXPR_NAME) {
        reject(l, item ? item->loc : l->entry->loc, usage);
        return "";
    }
    l->at++;
    return item->name.text;
}

/* Takes a number or a list of at most `most`; the count, 0 after reporting. */
static int take_numbers(Line *l, double *out, int most, const char *usage)
{
    const Expr *item = next_item(l);
    if (!item || item->kind == EXPR_NAME || item->kind == EXPR_ARROW) {
        reject(l, item ? item->loc : l->entry->loc, usage);
        return 0;
    }
    l->at++;
    Value v = evaluate(l->e, item);
    bool is_list = v.kind == VALUE_LIST;
    int count = is_list ? v.list.count : 1;
    const Value *values = is_list ? v.list.item : &v;
    if (v.kind == VALUE_ERROR)
        l->ok = false;
    for (int i = 0; l->ok && i < count; i++)
        if (count > most || !value_is_numeric(&values[i]))
            reject(l, item->loc, usage);
        else
            out[i] = value_as_double(&values[i]);
    if (count == 0)
        reject(l, item->loc, usage);
    return l->ok ? count : 0;
}

/* The same for whole numbers. */
static int take_integers(Line *l, int *out, int most, const char *usage)
{
    double d[8];
    const Expr *item = next_item(l);
    int count = take_numbers(l, d, most, usage);
    for (int i = 0; i < count; i++) {
        if (!(d[i] >= -1e6 && d[i] <= 1e6) || d[i] != (double)(int64_t)d[i])
            reject(l, item->loc, usage);
        out[i] = l->ok ? (int)d[i] : 0;
    }
    return l->ok ? count : 0;
}

/* --- the steps ------------------------------------------------------------------------------ */

static void read_color(Line *l, Step *s)
{
    static const char usage[] = "write color rgb, color bgr or color gray";
    Color color = COLOR_RGB;
    const Expr *item = next_item(l);
    if (!color_from_name(take_any_word(l, usage), &color))
        reject(l, item ? item->loc : l->entry->loc, usage);
    s->method = (int)color;
}

static const char *filter_list(Elaborator *e)
{
    Text text = { .arena = e->arena };
    for (int f = 0; f < FILTER_COUNT; f++)
        text_printf(&text, "%s%s", f ? ", " : "", filter_name((Filter)f));
    return text_string(&text);
}

/* resize 256 [filter]: the shorter side; resize [h, w] [filter]: both */
static void read_resize(Line *l, Step *s)
{
    const Expr *size = next_item(l);
    bool both = size && size->kind == EXPR_LIST;
    int count = take_integers(l, s->n, 2,
                              "write resize SIDE or resize [HEIGHT, WIDTH], then a filter");
    if (l->ok && both && count != 2)
        reject(l, size->loc, "resize [HEIGHT, WIDTH] takes two numbers");
    s->op = both ? STEP_RESIZE : STEP_RESIZE_SHORTER;
    Filter filter = FILTER_BILINEAR;
    const Expr *item = next_item(l);
    if (item && !filter_from_name(take_any_word(l, "a filter is a word"), &filter))
        reject(l, item->loc, arena_printf(l->e->arena, "a filter is one of %s", filter_list(l->e)));
    s->method = (int)filter;
}

/* fill V or fill [R, G, B] */
static void read_fill(Line *l, Step *s)
{
    if (!take_word(l, "fill"))
        return;
    s->has_fill = 1;
    int count = take_numbers(l, s->v, 3, "write fill VALUE or fill [R, G, B]");
    for (int i = count; count == 1 && i < 3; i++)
        s->v[i] = s->v[0];
}

static void read_crop(Line *l, Step *s)
{
    int count = take_integers(l, s->n, 2, "write center_crop SIDE or center_crop [HEIGHT, WIDTH]");
    if (count == 1)
        s->n[1] = s->n[0];
    read_fill(l, s);
}

static void read_pad(Line *l, Step *s)
{
    static const char usage[] = "write pad WIDTH, pad [H, W] or pad [TOP, LEFT, BOTTOM, RIGHT]";
    int n[4] = { 0 }, count = take_integers(l, n, 4, usage);
    if (count == 3)
        reject(l, l->entry->loc, usage);
    for (int i = 0; i < 4; i++)
        s->n[i] = count == 4 ? n[i] : count == 2 ? n[i % 2] : n[0];
    read_fill(l, s);
}

static void read_scale(Line *l, Step *s)
{
    const Expr *item = next_item(l);
    if (item && item->kind == EXPR_LIST)
        reject(l, item->loc, "write scale FACTOR");
    take_numbers(l, s->v, 1, "write scale FACTOR");
}

static void read_normalize(Line *l, Step *s)
{
    static const char usage[] = "write normalize mean [...] std [...]";
    for (int i = 0; i < 4; i++)
        s->v[4 + i] = 1;
    while (l->ok && next_item(l)) {
        bool mean = take_word(l, "mean");
        if (!mean && !take_word(l, "std"))
            reject(l, next_item(l)->loc, usage);
        else if (mean)
            s->mean_count = take_numbers(l, s->v, 4, usage);
        else
            s->std_count = take_numbers(l, s->v + 4, 4, usage);
    }
    if (s->mean_count == 0 || s->std_count == 0)
        reject(l, l->entry->loc, usage);
}

static void read_flip(Line *l, Step *s)
{
    static const char usage[] = "write flip horizontal or flip vertical";
    Flip flip = FLIP_HORIZONTAL;
    const Expr *item = next_item(l);
    if (!flip_from_name(take_any_word(l, usage), &flip))
        reject(l, item ? item->loc : l->entry->loc, usage);
    s->method = (int)flip;
}

/* Quarters, against the clock. */
static void read_turn(Line *l, Step *s)
{
    int quarters = 0;
    take_integers(l, &quarters, 1, "write turn QUARTERS");
    s->n[0] = (quarters % 4 + 4) % 4;
}

static void read_shift(Line *l, Step *s)
{
    static const char usage[] = "write shift [DOWN, RIGHT]";
    if (take_integers(l, s->n, 2, usage) != 2)
        reject(l, l->entry->loc, usage);
    read_fill(l, s);
}

static void read_corner_crop(Line *l, Step *s)
{
    static const char usage[] = "write corner_crop top_left|top_right|bottom_left|bottom_right "
                                "SIDE or [HEIGHT, WIDTH]";
    Corner corner = CORNER_TOP_LEFT;
    const Expr *item = next_item(l);
    if (!corner_from_name(take_any_word(l, usage), &corner))
        reject(l, item ? item->loc : l->entry->loc, usage);
    if (take_integers(l, s->n, 2, usage) == 1)
        s->n[1] = s->n[0];
    s->method = (int)corner;
}

typedef struct StepRow {
    StepOp op; /* the word is its step_name() */
    void (*read)(Line *l, Step *s);
} StepRow;

static const StepRow rows[] = {
    { STEP_COLOR, read_color },      { STEP_RESIZE, read_resize },
    { STEP_CENTER_CROP, read_crop }, { STEP_PAD, read_pad },
    { STEP_SCALE, read_scale },      { STEP_NORMALIZE, read_normalize },
    { STEP_FLIP, read_flip },        { STEP_TURN, read_turn },
    { STEP_SHIFT, read_shift },      { STEP_CORNER_CROP, read_corner_crop },
};

static const StepRow *find_row(Elaborator *e, const Entry *entry)
{
    const char *word = entry_word(entry), *names[COUNT_OF(rows)];
    for (int i = 0; i < COUNT_OF(rows); i++) {
        names[i] = step_name(rows[i].op);
        if (strcmp(word, names[i]) == 0)
            return &rows[i];
    }
    elaborate_error(e, entry->items.at[0]->loc, "preprocess",
                    *word ? "there is no preprocessing step '%s'%s"
                          : "a preprocessing step begins with its name%s%s",
                    word, elaborate_suggestion(e, word, names, COUNT_OF(rows)));
    return NULL;
}

void classify_step(Elaborator *e, const Entry *entry, Member *member)
{
    const StepRow *row = find_row(e, entry);
    if (!row)
        return;
    Line line = { e, entry, 1, true };
    Step step = { .loc = entry->loc, .op = row->op };
    row->read(&line, &step);
    const Expr *rest = next_item(&line);
    if (rest)
        reject(&line, rest->loc,
               arena_printf(e->arena, "'%s' has more than it takes", entry_word(entry)));
    if (entry->has_entries)
        reject(&line, entry->loc,
               arena_printf(e->arena, "'%s' takes no group in braces", entry_word(entry)));
    if (line.ok)
        vec_push(e->arena, &member->steps, step);
}
