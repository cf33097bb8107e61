/* The lines of a preprocess group to the steps of a classifier: one row per word. A line is a word
 * followed by numbers, lists and words; constants of the language stand in parentheses. `letterbox`
 * and `keras` are two steps each. */
#include "compiler/elaborate/elaborator.h"

#include "compiler/classifier/classifier.h"
#include "compiler/elaborate/classify.h"

/* A line being read: items from `at` on are not consumed yet. */
typedef struct Line {
    Elaborator *e;
    const Entry *entry;
    int at;
    bool ok;
    Step more; /* a second step */
    bool has_more;
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

/* decode pillow [own], decode opencv [gray] */
static void read_decode(Line *l, Step *s)
{
    static const char usage[] = "write decode pillow, decode pillow own, decode opencv or decode "
                                "opencv gray";
    if (take_word(l, "pillow"))
        s->method = take_word(l, "own") ? DECODER_PILLOW_OWN : DECODER_PILLOW;
    else if (take_word(l, "opencv"))
        s->method = take_word(l, "gray") ? DECODER_OPENCV_GRAY : DECODER_OPENCV;
    else
        reject(l, next_item(l) ? next_item(l)->loc : l->entry->loc, usage);
}

static void read_color(Line *l, Step *s)
{
    static const char usage[] = "write color rgb, color bgr or color gray";
    Color color = COLOR_RGB;
    const Expr *item = next_item(l);
    if (!color_from_name(take_any_word(l, usage), &color))
        reject(l, item ? item->loc : l->entry->loc, usage);
    s->method = (int)color;
}

static const char *filter_list(Elaborator *e, Method method)
{
    Text text = { .arena = e->arena };
    int count = 0;
    for (int f = 0; f < FILTER_COUNT; f++)
        if (filter_method((Filter)f) == method)
            text_printf(&text, "%s%s", count++ ? ", " : "", filter_name((Filter)f));
    return text_string(&text);
}

/* OpenCV's names for what others call otherwise. */
static const char *native_name(Method method, const char *name)
{
    static const char *const others[][2] = { { "bilinear", "linear" },
                                             { "bicubic", "cubic" },
                                             { "lanczos", "lanczos4" } };
    for (int i = 0; method == METHOD_OPENCV && i < COUNT_OF(others); i++)
        if (strcmp(name, others[i][0]) == 0)
            return others[i][1];
    return name;
}

/* A size and how it is resized to. */
typedef struct Resampling {
    const Expr *filter; /* the word, or NULL */
    Method method;
} Resampling;

static void take_method(Line *l, Resampling *r)
{
    static const char usage[] = "write method pillow, method opencv or method tensorflow";
    const Expr *item = next_item(l);
    if (!method_from_name(take_any_word(l, usage), &r->method))
        reject(l, item ? item->loc : l->entry->loc, usage);
}

static int finish_resampling(Line *l, const Resampling *r)
{
    Filter filter = FILTER_BILINEAR;
    const char *name = r->filter ? r->filter->name.text : "bilinear";
    if (!filter_from_name(r->method, native_name(r->method, name), &filter))
        reject(l, r->filter->loc,
               arena_printf(l->e->arena, "a filter of method %s is one of %s",
                            method_name(r->method), filter_list(l->e, r->method)));
    return (int)filter;
}

/* [FILTER] [method METHOD] */
static void read_resampling(Line *l, Step *s)
{
    Resampling r = { NULL, METHOD_PILLOW };
    while (l->ok && next_item(l)) {
        const Expr *item = next_item(l);
        if (take_word(l, "method"))
            take_method(l, &r);
        else if (r.filter)
            break; /* what is left over is reported as such */
        else if (*take_any_word(l, "a filter is a word"))
            r.filter = item;
    }
    s->method = l->ok ? finish_resampling(l, &r) : 0;
}

/* SIDE or [HEIGHT, WIDTH] */
static void take_size(Line *l, int n[2], const char *usage)
{
    if (take_integers(l, n, 2, usage) == 1)
        n[1] = n[0];
}

/* resize [shorter] SIDE, resize [HEIGHT, WIDTH], resize longest SIDE, resize within [H, W] */
static void read_resize(Line *l, Step *s)
{
    static const char usage[] = "write resize SIDE, resize longest SIDE, resize [HEIGHT, WIDTH] or "
                                "resize within [HEIGHT, WIDTH], then a filter";
    const bool is_within = take_word(l, "within"), is_longest = take_word(l, "longest");
    const bool is_shorter = take_word(l, "shorter");
    const Expr *size = next_item(l);
    bool both = size && size->kind == EXPR_LIST;
    int count = take_integers(l, s->n, 2, usage);
    if (l->ok && both && count != 2)
        reject(l, size->loc, "resize [HEIGHT, WIDTH] takes two numbers");
    if (l->ok && (is_longest || is_shorter ? count != 1 : is_within && count != 2))
        reject(l, size->loc, usage);
    s->op = is_within || is_longest ? STEP_RESIZE_WITHIN : both ? STEP_RESIZE : STEP_RESIZE_SHORTER;
    if (is_longest)
        s->n[1] = s->n[0];
    read_resampling(l, s);
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
    take_size(l, s->n, "write center_crop SIDE or center_crop [HEIGHT, WIDTH]");
    read_fill(l, s);
}

/* pad to SIZE, pad square, pad ratio [H, W]: the number of pixels follows from the picture */
static bool read_relative_pad(Line *l, Step *s)
{
    static const char usage[] = "write pad to SIDE or pad to [HEIGHT, WIDTH]";
    if (take_word(l, "to")) {
        s->op = STEP_PAD_TO;
        take_size(l, s->n, usage);
    } else if (take_word(l, "square")) {
        s->op = STEP_PAD_RATIO;
        s->n[0] = s->n[1] = 1;
    } else if (take_word(l, "ratio")) {
        s->op = STEP_PAD_RATIO;
        if (take_integers(l, s->n, 2, "write pad ratio [HEIGHT, WIDTH]") == 1)
            reject(l, l->entry->loc, "write pad ratio [HEIGHT, WIDTH]");
    }
    return s->op != STEP_PAD;
}

static void read_pad(Line *l, Step *s)
{
    static const char usage[] = "write pad WIDTH, pad [H, W], pad [TOP, LEFT, BOTTOM, RIGHT], pad "
                                "to SIZE, pad square or pad ratio [H, W]";
    if (!read_relative_pad(l, s)) {
        int n[4] = { 0 }, count = take_integers(l, n, 4, usage);
        if (count == 3)
            reject(l, l->entry->loc, usage);
        for (int i = 0; i < 4; i++)
            s->n[i] = count == 4 ? n[i] : count == 2 ? n[i % 2] : n[0];
    }
    read_fill(l, s);
}

/* letterbox SIZE [pad_first] [FILTER] [method METHOD] [fill V] */
static void read_letterbox(Line *l, Step *s)
{
    static const char usage[] =
        "write letterbox SIDE or letterbox [HEIGHT, WIDTH], then pad_first, "
        "a filter, a method, fill V";
    int size[2] = { 0 };
    Step resize = *s, pad = *s;
    Resampling r = { NULL, METHOD_PILLOW };
    bool pad_first = false;
    take_size(l, size, usage);
    while (l->ok && next_item(l)) {
        const Expr *item = next_item(l);
        if (take_word(l, "pad_first"))
            pad_first = true;
        else if (item->kind == EXPR_NAME && strcmp(item->name.text, "fill") == 0)
            read_fill(l, &pad);
        else if (take_word(l, "method"))
            take_method(l, &r);
        else if (r.filter)
            break;
        else if (*take_any_word(l, usage))
            r.filter = item;
    }
    resize.method = l->ok ? finish_resampling(l, &r) : 0;
    resize.op = pad_first ? STEP_RESIZE : STEP_RESIZE_WITHIN;
    pad.op = pad_first ? STEP_PAD_RATIO : STEP_PAD_TO;
    memcpy(resize.n, size, sizeof size);
    memcpy(pad.n, size, sizeof size);
    *s = pad_first ? pad : resize;
    l->more = pad_first ? resize : pad;
    l->has_more = true;
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

/* The modes of preprocess_input() of keras.applications: what is done to R G B in 0..255. */
static const struct KerasMode {
    const char *name;
    StepOp first; /* COLOR: to B G R */
    double scale, mean[3], std[3];
} keras_modes[] = {
    { "tf", STEP_SCALE, 1 / 127.5, { 1, 1, 1 }, { 1, 1, 1 } },
    { "torch", STEP_SCALE, 1 / 255.0, { 0.485, 0.456, 0.406 }, { 0.229, 0.224, 0.225 } },
    { "caffe", STEP_COLOR, 0, { 103.939, 116.779, 123.68 }, { 1, 1, 1 } },
};

/* keras tf|torch|caffe */
static void read_keras(Line *l, Step *s)
{
    static const char usage[] = "write keras tf, keras torch or keras caffe";
    const Expr *item = next_item(l);
    const char *name = take_any_word(l, usage);
    const struct KerasMode *mode = NULL;
    for (int i = 0; i < COUNT_OF(keras_modes); i++)
        if (strcmp(name, keras_modes[i].name) == 0)
            mode = &keras_modes[i];
    if (!mode) {
        reject(l, item ? item->loc : l->entry->loc, usage);
        return;
    }
    s->op = mode->first;
    s->method = mode->first == STEP_COLOR ? COLOR_BGR : 0;
    s->takes_rgb = mode->first == STEP_COLOR;
    s->v[0] = mode->scale;
    l->more = (Step){ .loc = s->loc, .op = STEP_NORMALIZE, .mean_count = 3, .std_count = 3 };
    for (int i = 0; i < 3; i++) {
        l->more.v[i] = mode->mean[i];
        l->more.v[4 + i] = mode->std[i];
    }
    l->more.v[7] = 1;
    l->has_more = true;
}

/* cast uint8 */
static void read_cast(Line *l, Step *s)
{
    (void)s;
    if (!take_word(l, "uint8"))
        reject(l, next_item(l) ? next_item(l)->loc : l->entry->loc, "write cast uint8");
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
    const char *word;
    StepOp op; /* may be changed by: */
    void (*read)(Line *l, Step *s);
} StepRow;

static const StepRow rows[] = {
    { "decode", STEP_DECODE, read_decode },
    { "color", STEP_COLOR, read_color },
    { "resize", STEP_RESIZE, read_resize },
    { "letterbox", STEP_RESIZE_WITHIN, read_letterbox },
    { "center_crop", STEP_CENTER_CROP, read_crop },
    { "pad", STEP_PAD, read_pad },
    { "scale", STEP_SCALE, read_scale },
    { "normalize", STEP_NORMALIZE, read_normalize },
    { "keras", STEP_SCALE, read_keras },
    { "cast", STEP_CAST, read_cast },
    { "flip", STEP_FLIP, read_flip },
    { "turn", STEP_TURN, read_turn },
    { "shift", STEP_SHIFT, read_shift },
    { "corner_crop", STEP_CORNER_CROP, read_corner_crop },
};

static const StepRow *find_row(Elaborator *e, const Entry *entry)
{
    const char *word = entry_word(entry), *names[COUNT_OF(rows)];
    for (int i = 0; i < COUNT_OF(rows); i++) {
        names[i] = rows[i].word;
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
    Line line = { .e = e, .entry = entry, .at = 1, .ok = true };
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
    if (line.ok && line.has_more)
        vec_push(e->arena, &member->steps, line.more);
}
