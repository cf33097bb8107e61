/* Classifiers: the lines in their braces, one row per word, and what follows from them. */
#include "compiler/elaborate/classify.h"

#include "compiler/base/file.h"

/* A classifier being read. */
typedef struct Reader {
    Elaborator *e;
    Module *module;
    const ElaborateOptions *options;
    Classifier *classifier;
    Member *member;
    ElaboratedMember *elaborated;
    const Expr *model;
} Reader;

static void reject(Reader *r, Loc loc, const char *usage)
{
    elaborate_error(r->e, loc, "entry", "%s", usage);
}

/* --- the lines ------------------------------------------------------------------------------ */

static void read_model(Reader *r, const Entry *entry)
{
    if (entry->items.count != 2) {
        reject(r, entry->loc, "write model NETWORK(...) or model NAME");
        return;
    }
    r->model = entry->items.at[1];
    if (entry->has_entries)
        model_entries(r->e, &entry->entries, r->elaborated);
}

static void read_weights(Reader *r, const Entry *entry)
{
    if (entry->items.count < 2)
        reject(r, entry->loc, "write weights \"FILE\" ...");
    for (int i = 1; i < entry->items.count; i++) {
        const Expr *item = entry->items.at[i];
        const char *name = entry_string(r->e, item, "the name of a weight file");
        if (!name)
            continue;
        const char *path = path_beside(r->e->arena, r->module->path, name);
        vec_push(r->e->arena, &r->elaborated->weights, (WeightSource){ path, item->loc });
        vec_push(r->e->arena, &r->member->weights, name);
    }
}

static void read_preprocess(Reader *r, const Entry *entry)
{
    if (entry->items.count != 1 || !entry->has_entries)
        reject(r, entry->loc, "write preprocess { STEP; ... }");
    for_each_vec(Entry *, step, &entry->entries)
        classify_step(r->e, *step, r->member);
}

/* The number behind item i, which is a word; false after reporting. */
static bool option_number(Reader *r, const Entry *entry, int i, double *out)
{
    if (i + 1 >= entry->items.count || entry->items.at[i + 1]->kind == EXPR_NAME ||
        entry->items.at[i + 1]->kind == EXPR_ARROW) {
        reject(r, entry->items.at[i]->loc, "top and threshold are followed by a number");
        return false;
    }
    Value v = evaluate(r->e, entry->items.at[i + 1]);
    if (value_is_numeric(&v))
        *out = value_as_double(&v);
    else if (v.kind != VALUE_ERROR)
        reject(r, entry->items.at[i + 1]->loc, "top and threshold are followed by a number");
    return value_is_numeric(&v);
}

static void set_top(Reader *r, double value, Loc loc)
{
    if (value >= 1 && value <= 1e9 && value == (double)(int)value)
        r->classifier->top = (int)value;
    else
        reject(r, loc, "top is a whole number from 1 on");
}

static void read_output_option(Reader *r, const Entry *entry, int i)
{
    const Expr *word = entry->items.at[i];
    const char *name = word->kind == EXPR_NAME ? word->name.text : "";
    bool top = strcmp(name, "top") == 0;
    double value = 0;
    if (!top && strcmp(name, "threshold") != 0)
        reject(r, word->loc, "write output KIND [top K] [threshold T]");
    else if (option_number(r, entry, i, &value) && top)
        set_top(r, value, entry->items.at[i + 1]->loc);
    else if (!top) {
        r->classifier->has_threshold = true;
        r->classifier->threshold = value;
    }
}

/* output softmax|sigmoid|none [top K] [threshold T] */
static void read_output(Reader *r, const Entry *entry)
{
    Classifier *c = r->classifier;
    const Expr *kind = entry->items.count > 1 ? entry->items.at[1] : NULL;
    c->output_loc = entry->loc;
    if (!kind || kind->kind != EXPR_NAME || !output_from_name(kind->name.text, &c->activation)) {
        reject(r, kind ? kind->loc : entry->loc,
               "write output softmax, output sigmoid or output none");
        return;
    }
    c->rule = c->activation == OUTPUT_SIGMOID ? RULE_TAGS : RULE_BEST;
    for (int i = 2; i < entry->items.count; i += 2)
        read_output_option(r, entry, i);
}

static void label_list(Reader *r, const Expr *list)
{
    Value v = evaluate(r->e, list);
    r->classifier->labels_file = "this list";
    if (v.kind != VALUE_LIST && v.kind != VALUE_ERROR)
        reject(r, list->loc, "labels are a list of strings");
    for (int i = 0; v.kind == VALUE_LIST && i < v.list.count; i++) {
        if (v.list.item[i].kind != VALUE_STRING) {
            reject(r, list->loc, "a label is a string");
            return;
        }
        vec_push(r->e->arena, &r->classifier->labels, v.list.item[i].string);
    }
}

/* labels "FILE" or labels ["a", "b", ...] */
static void read_labels(Reader *r, const Entry *entry)
{
    const Expr *item = entry->items.count == 2 ? entry->items.at[1] : NULL;
    bool is_list = item && (item->kind == EXPR_LIST || item->kind == EXPR_PAREN);
    if (!is_list && !(item && item->kind == EXPR_STRING)) {
        reject(r, entry->loc, "write labels \"FILE\", labels [\"NAME\", ...] or labels (CONSTANT)");
        return;
    }
    if (r->options->labels_file)
        return;
    r->classifier->labels_loc = item->loc;
    if (is_list) {
        label_list(r, item);
        return;
    }
    const char *name = entry_string(r->e, item, "the name of a label file");
    if (!name)
        return;
    const char *path = path_beside(r->e->arena, r->module->path, name);
    const char *why = labels_read(r->e->arena, path, r->classifier);
    if (why)
        elaborate_error(r->e, item->loc, "labels", "%s: %s", path, why);
}

static void read_rename(Reader *r, const Entry *entry)
{
    entry_rename(r->e, entry, r->elaborated);
}

static const struct {
    const char *word;
    void (*read)(Reader *r, const Entry *entry);
} rows[] = {
    { "model", read_model },   { "weights", read_weights }, { "preprocess", read_preprocess },
    { "output", read_output }, { "labels", read_labels },   { "rename", read_rename },
};

static void read_line(Reader *r, const Entry *entry, const Entry *before[])
{
    const char *word = entry_word(entry), *names[COUNT_OF(rows)];
    for (int i = 0; i < COUNT_OF(rows); i++) {
        names[i] = rows[i].word;
        if (strcmp(word, names[i]) != 0)
            continue;
        if (before[i]) {
            elaborate_error(r->e, entry->loc, "duplicate", "'%s' stands here twice", word);
            diag_note(r->e->diag, before[i]->loc, "the first one is here");
            return;
        }
        before[i] = entry;
        rows[i].read(r, entry);
        return;
    }
    elaborate_error(r->e, entry->items.at[0]->loc, "entry",
                    *word ? "a classifier has no '%s'%s"
                          : "a line of a classifier begins with a word%s%s",
                    word, elaborate_suggestion(r->e, word, names, COUNT_OF(rows)));
}

/* --- checks --------------------------------------------------------------------------------- */

/* --labels FILE replaces what the source says. */
static void read_labels_option(Reader *r)
{
    const char *file = r->options->labels_file;
    const char *why = file ? labels_read(r->e->arena, file, r->classifier) : NULL;
    if (why)
        diag_file_error(r->e->diag, file, "labels", "%s", why);
}

static bool verify(Reader *r, const Graph *g, Loc loc)
{
    const Shape *in = &g->input->shape, *out = &g->output->shape;
    if (in->rank != 4) {
        elaborate_error(r->e, loc, "input",
                        "a classifier needs a network whose input is [channels, height, width]; "
                        "the input of '%s' is %s",
                        g->name, shape_text(r->e->arena, in));
        return false;
    }
    if (shape_count(out) != out->dim[1]) {
        elaborate_error(r->e, loc, "output",
                        "a classifier needs a network that returns [1, classes]; '%s' returns %s",
                        g->name, shape_text(r->e->arena, out));
        return false;
    }
    int input[3] = { (int)in->dim[1], (int)in->dim[2], (int)in->dim[3] };
    return classifier_verify(r->classifier, r->e->diag, input, (int)out->dim[1]) == 0;
}

/* Reads all lines. The classifier's one member is added at the end, for growing moves it. */
static bool read_lines(Reader *r, Definition *d)
{
    int errors = r->e->diag->errors;
    const Entry *before[COUNT_OF(rows)] = { 0 };
    Frame frame;
    frame_enter(r->e, &frame, NULL, d->module, "", d->loc);
    for_each_vec(Entry *, entry, &d->stmt->entries)
        read_line(r, *entry, before);
    frame_leave(r->e);
    read_labels_option(r);
    vec_push(r->e->arena, &r->classifier->members, *r->member);
    if (!r->model)
        elaborate_error(r->e, d->loc, "entry", "the classifier '%s' names no model", d->name);
    return r->e->diag->errors == errors;
}

static Reader new_reader(Elaborator *e, Definition *d, const ElaborateOptions *options,
                         Elaborated *out)
{
    out->member = arena_new_of(e->arena, ElaboratedMember);
    out->member_count = 1;
    *out->member = (ElaboratedMember){ .name = d->name, .loc = d->loc };
    out->classifier = arena_new_of(e->arena, Classifier);
    *out->classifier = (Classifier){ .loc = d->loc, .name = d->name, .output_loc = d->loc };
    Member *member = arena_new_of(e->arena, Member);
    *member = (Member){ .loc = d->loc, .model = d->name, .weight = 1 };
    return (Reader){ .e = e,
                     .module = d->module,
                     .options = options,
                     .classifier = out->classifier,
                     .member = member,
                     .elaborated = out->member };
}

bool classifier_elaborate(Elaborator *e, Definition *d, const ElaborateOptions *options,
                          Elaborated *out)
{
    Reader r = new_reader(e, d, options, out);
    r.classifier->takes_pictures = 1;
    r.classifier->activation = OUTPUT_SOFTMAX;
    bool ok = read_lines(&r, d);
    if (r.model)
        ok = model_elaborate(e, d->module, r.model, options, r.elaborated) && ok;
    return ok && verify(&r, r.elaborated->graph, d->loc);
}

bool classifier_of_model(Elaborator *e, Definition *d, const ElaborateOptions *options,
                         Elaborated *out)
{
    Reader r = new_reader(e, d, options, out);
    r.classifier->activation = OUTPUT_NONE;
    read_labels_option(&r);
    vec_push(e->arena, &r.classifier->members, *r.member);
    Expr *name = arena_new_of(e->arena, Expr);
    *name = (Expr){ .kind = EXPR_NAME, .loc = d->loc, .name = { d->name, d->loc } };
    return model_elaborate(e, d->module, name, options, r.elaborated);
}
