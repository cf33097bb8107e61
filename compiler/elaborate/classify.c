/* Classifiers: the lines in their braces, one row per word, and what follows from them. A line of
 * the classifier that concerns networks holds for every member that has none of that word. */
#include "compiler/elaborate/classify.h"

#include "compiler/base/file.h"

void classify_reject(Reader *r, Loc loc, const char *usage)
{
    elaborate_error(r->e, loc, "entry", "%s", usage);
}

const char *classify_word(const Entry *entry, int i)
{
    bool is_word = i < entry->items.count && entry->items.at[i]->kind == EXPR_NAME;
    return is_word ? entry->items.at[i]->name.text : "";
}

bool classify_number(Reader *r, const Entry *entry, int i, double *out, const char *usage)
{
    const Expr *item = i < entry->items.count ? entry->items.at[i] : NULL;
    if (!item || item->kind == EXPR_NAME || item->kind == EXPR_ARROW) {
        classify_reject(r, item ? item->loc : entry->loc, usage);
        return false;
    }
    Value v = evaluate(r->e, item);
    if (value_is_numeric(&v))
        *out = value_as_double(&v);
    else if (v.kind != VALUE_ERROR)
        classify_reject(r, item->loc, usage);
    return value_is_numeric(&v);
}

const char *classify_path(Reader *r, const Entry *entry, int i, const char *what)
{
    const char *name = entry_string(r->e, entry->items.at[i], what);
    return name ? path_beside(r->e->arena, r->module->path, name) : NULL;
}

/* --- lines of a member ---------------------------------------------------------------------- */

static void read_model(Reader *r, const Entry *entry)
{
    if (entry->items.count != 2) {
        classify_reject(r, entry->loc, "write model NETWORK(...) or model NAME");
        return;
    }
    r->part->model = entry->items.at[1];
    if (entry->has_entries)
        model_entries(r->e, &entry->entries, &r->part->elaborated);
}

static void read_weights(Reader *r, const Entry *entry)
{
    if (entry->items.count < 2)
        classify_reject(r, entry->loc, "write weights \"FILE\" ...");
    for (int i = 1; i < entry->items.count; i++) {
        const Expr *item = entry->items.at[i];
        const char *name = entry_string(r->e, item, "the name of a weight file");
        if (!name)
            continue;
        const char *path = path_beside(r->e->arena, r->module->path, name);
        vec_push(r->e->arena, &r->part->elaborated.weights, (WeightSource){ path, item->loc });
        vec_push(r->e->arena, &r->part->member.weights, name);
    }
}

static void read_preprocess(Reader *r, const Entry *entry)
{
    if (entry->items.count != 1 || !entry->has_entries)
        classify_reject(r, entry->loc, "write preprocess { STEP; ... }");
    classify_views(r->e, &entry->entries, &r->part->member);
}

static void read_views(Reader *r, const Entry *entry)
{
    Merge merge;
    if (entry->items.count != 2 || !merge_from_name(classify_word(entry, 1), &merge) ||
        (merge != MERGE_MEAN && merge != MERGE_GEOMETRIC && merge != MERGE_MAX))
        classify_reject(r, entry->loc, "write views mean, views geometric or views max");
    else
        r->part->member.view_merge = merge;
}

static void read_features(Reader *r, const Entry *entry)
{
    if (entry->items.count != 2 || entry->items.at[1]->kind != EXPR_STRING)
        classify_reject(r, entry->loc, "write features \"NODE\", the path of a node");
    else
        r->part->features = entry->items.at[1];
}

static void read_temperature(Reader *r, const Entry *entry)
{
    static const char usage[] = "write temperature T";
    Score score = { .loc = entry->loc, .op = SCORE_TEMPERATURE };
    if (entry->items.count != 2)
        classify_reject(r, entry->loc, usage);
    else if (classify_number(r, entry, 1, &score.v, usage))
        vec_push(r->e->arena, &r->part->member.scores, score);
}

static void read_rename(Reader *r, const Entry *entry)
{
    entry_rename(r->e, entry, &r->part->elaborated);
}

/* --- labels --------------------------------------------------------------------------------- */

static void label_list(Reader *r, const Expr *list)
{
    Value v = evaluate(r->e, list);
    r->classifier->labels_file = "this list";
    if (v.kind != VALUE_LIST && v.kind != VALUE_ERROR)
        classify_reject(r, list->loc, "labels are a list of strings");
    for (int i = 0; v.kind == VALUE_LIST && i < v.list.count; i++) {
        if (v.list.item[i].kind != VALUE_STRING) {
            classify_reject(r, list->loc, "a label is a string");
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
        classify_reject(r, entry->loc,
                        "write labels \"FILE\", labels [\"NAME\", ...] or labels (CONSTANT)");
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

/* --- rows ----------------------------------------------------------------------------------- */

/* Where a line may stand, and what it is about. */
typedef enum Place { OF_NETWORK = 1, OF_CLASSIFIER = 2, OF_BOTH = 3 } Place;

/* Lines are read in this order: heads work on what comes before them, the decision depends on how
 * members are merged. */
static const struct {
    const char *word;
    void (*read)(Reader *r, const Entry *entry);
    Place place;
} rows[] = {
    { "model", read_model, OF_NETWORK },
    { "weights", read_weights, OF_NETWORK },
    { "rename", read_rename, OF_NETWORK },
    { "preprocess", read_preprocess, OF_NETWORK },
    { "views", read_views, OF_NETWORK },
    { "features", read_features, OF_NETWORK },
    { "temperature", read_temperature, OF_NETWORK },
    { "svm", classify_svm, OF_NETWORK },
    { "merge", classify_merge, OF_CLASSIFIER },
    { "output", classify_output, OF_BOTH },
    { "thresholds", classify_thresholds, OF_BOTH },
    { "cost", classify_cost, OF_CLASSIFIER },
    { "groups", classify_groups, OF_CLASSIFIER },
    { "below", classify_below, OF_CLASSIFIER },
    { "labels", read_labels, OF_CLASSIFIER },
};

/* The lines of one pair of braces, by their rows. */
typedef struct Lines {
    const Entry *at[COUNT_OF(rows)];
    Vec(const Entry *) members;
} Lines;

static void report_unknown(Reader *r, const Entry *entry, const char *owner)
{
    const char *word = entry_word(entry), *names[COUNT_OF(rows) + 1];
    for (int i = 0; i < COUNT_OF(rows); i++)
        names[i] = rows[i].word;
    names[COUNT_OF(rows)] = "member";
    elaborate_error(r->e, entry->items.at[0]->loc, "entry",
                    *word ? "%s has no '%s'%s" : "a line of %s begins with a word%s%s", owner, word,
                    elaborate_suggestion(r->e, word, names, COUNT_OF(names)));
}

static void sort_line(Reader *r, const Entry *entry, int place, const char *owner, Lines *lines)
{
    const char *word = entry_word(entry);
    if (place == OF_BOTH && strcmp(word, "member") == 0) {
        vec_push(r->e->arena, &lines->members, entry);
        return;
    }
    for (int i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(word, rows[i].word) != 0 || !((int)rows[i].place & place))
            continue;
        if (lines->at[i]) {
            elaborate_error(r->e, entry->loc, "duplicate", "'%s' stands here twice", word);
            diag_note(r->e->diag, lines->at[i]->loc, "the first one is here");
            return;
        }
        lines->at[i] = entry;
        return;
    }
    report_unknown(r, entry, owner);
}

static Lines sort_lines(Reader *r, const EntryList *entries, int place, const char *owner)
{
    Lines lines = { 0 };
    for_each_vec(Entry *, entry, entries)
        sort_line(r, *entry, place, owner, &lines);
    return lines;
}

/* --- members -------------------------------------------------------------------------------- */

static Part new_part(const char *name, const char *network, Loc loc)
{
    return (Part){ .member = { .loc = loc,
                               .name = name,
                               .model = network,
                               .view_merge = MERGE_MEAN,
                               .weight = 1,
                               .threshold_loc = loc },
                   .elaborated = { .name = name, .network = network, .loc = loc },
                   .activation = OUTPUT_SOFTMAX };
}

/* A member's own lines, where it has none those of the classifier. */
static Part read_part(Reader *r, const Lines *own, const Lines *general, const char *name,
                      const char *network, Loc loc)
{
    Part part = new_part(name, network, loc);
    r->part = &part;
    for (int i = 0; i < COUNT_OF(rows); i++) {
        const Entry *line = own->at[i] ? own->at[i] : general ? general->at[i] : NULL;
        if (line && rows[i].place & OF_NETWORK)
            rows[i].read(r, line);
    }
    r->part = NULL;
    if (!part.model)
        elaborate_error(r->e, loc, "entry", "'%s' names no model", name);
    return part;
}

Part classify_part(Reader *r, const EntryList *entries, const char *name, const char *network,
                   Loc loc)
{
    Lines lines = sort_lines(r, entries, OF_NETWORK, "a network that stacks");
    return read_part(r, &lines, NULL, name, network, loc);
}

static const char *network_name(Reader *r, const char *member)
{
    return arena_printf(r->e->arena, "%s_%s", r->classifier->name, member);
}

static void read_member(Reader *r, const Entry *entry, const Lines *general)
{
    const char *name = classify_word(entry, 1);
    if (entry->items.count != 2 || !*name || !entry->has_entries) {
        classify_reject(r, entry->loc, "write member NAME { LINE; ... }");
        return;
    }
    for_each_vec(Part, other, &r->parts)
        if (strcmp(other->member.name, name) == 0) {
            elaborate_error(r->e, entry->loc, "duplicate", "there are two members '%s'", name);
            diag_note(r->e->diag, other->member.loc, "the first one is here");
            return;
        }
    Lines own = sort_lines(r, &entry->entries, OF_NETWORK, "a member");
    Part part = read_part(r, &own, general, name, network_name(r, name), entry->loc);
    vec_push(r->e->arena, &r->parts, part);
}

static int row_of(const char *word)
{
    int i = 0;
    while (strcmp(rows[i].word, word) != 0)
        i++;
    return i;
}

/* The classifier's lines that hold for members too. Where they are stacked, `output` and
 * `thresholds` are about what comes out of that. */
static Lines general_lines(const Lines *lines)
{
    Lines general = *lines;
    const Entry *merge = lines->at[row_of("merge")];
    if (merge && strcmp(classify_word(merge, 1), merge_name(MERGE_CONCAT)) == 0)
        general.at[row_of("output")] = general.at[row_of("thresholds")] = NULL;
    return general;
}

static void read_members(Reader *r, Definition *d, const Lines *lines)
{
    if (!lines->members.count) {
        Part part = read_part(r, lines, NULL, d->name, d->name, d->loc);
        part.member.name = NULL;
        vec_push(r->e->arena, &r->parts, part);
        return;
    }
    Lines general = general_lines(lines);
    for_each_vec(const Entry *, entry, &lines->members)
        read_member(r, *entry, &general);
    if (lines->members.count == 1)
        elaborate_error(r->e, lines->members.at[0]->loc, "entry",
                        "one member is none: write its lines into the classifier");
}

/* --- from outputs to scores ----------------------------------------------------------------- */

static void push_activation(Reader *r, Part *part)
{
    Score score = { .loc = part->member.loc,
                    .op = part->activation == OUTPUT_SOFTMAX ? SCORE_SOFTMAX : SCORE_SIGMOID };
    if (part->activation != OUTPUT_NONE)
        vec_push(r->e->arena, &part->member.scores, score);
}

/* The activation belongs to the decision where one vector goes straight to it, and to the members
 * where several are merged. */
static void place_activations(Reader *r)
{
    Classifier *c = r->classifier;
    if (c->merge == MERGE_SINGLE && !r->parts.at[0].member.views.count) {
        c->activation = r->parts.at[0].activation;
        return;
    }
    for_each_vec(Part, part, &r->parts)
        push_activation(r, part);
    if (c->merge != MERGE_CONCAT)
        c->activation = OUTPUT_NONE;
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

/* Stops the network at the node that `features` names. */
static bool cut_network(Reader *r, Part *part)
{
    Graph *g = part->elaborated.graph;
    const char *path = entry_string(r->e, part->features, "the path of a node");
    if (!path)
        return false;
    NameVec names = { 0 };
    for_each_node(n, g) {
        vec_push(r->e->arena, &names, n->path);
        if (strcmp(n->path, path) == 0) {
            g->output = n;
            return true;
        }
    }
    elaborate_error(r->e, part->features->loc, "features", "the network has no node '%s'%s", path,
                    elaborate_suggestion(r->e, path, names.at, names.count));
    return false;
}

static bool network_shape(Reader *r, const Part *part, NetworkShape *shape)
{
    const Graph *g = part->elaborated.graph;
    const Shape *in = &g->input->shape, *out = &g->output->shape;
    if (in->rank != 4) {
        elaborate_error(r->e, part->member.loc, "input",
                        "a classifier needs a network whose input is [channels, height, width]; "
                        "the input of '%s' is %s",
                        g->name, shape_text(r->e->arena, in));
        return false;
    }
    if (shape_count(out) != out->dim[1] && !part->features) {
        elaborate_error(r->e, part->member.loc, "output",
                        "a classifier needs a network that returns [1, classes]; '%s' returns %s",
                        g->name, shape_text(r->e->arena, out));
        return false;
    }
    for (int i = 0; i < 3; i++)
        shape->input[i] = (int)in->dim[i + 1];
    shape->outputs = (int)shape_count(out);
    return true;
}

static bool verify(Reader *r)
{
    NetworkShape *shapes = arena_new_array(r->e->arena, NetworkShape, r->parts.count);
    bool ok = true;
    for (int i = 0; i < r->parts.count; i++)
        ok = network_shape(r, &r->parts.at[i], &shapes[i]) && ok;
    return ok && classifier_verify(r->classifier, r->e->diag, shapes) == 0;
}

/* --- the whole ------------------------------------------------------------------------------ */

static bool elaborate_part(Reader *r, Part *part)
{
    return part->model &&
           model_elaborate(r->e, r->module, part->model, r->options, &part->elaborated) &&
           (!part->features || cut_network(r, part));
}

/* The network that stacks takes a vector and gives one. */
static bool elaborate_stack(Reader *r)
{
    if (!r->stack)
        return true;
    if (!elaborate_part(r, r->stack))
        return false;
    const Graph *g = r->stack->elaborated.graph;
    Score *score = &r->classifier->scores.at[0];
    score->network = r->parts.count;
    score->inputs = (int)shape_count(&g->input->shape);
    score->counts = (int)shape_count(&g->output->shape);
    return true;
}

static bool read_lines(Reader *r, Definition *d)
{
    int errors = r->e->diag->errors;
    Frame frame;
    frame_enter(r->e, &frame, NULL, d->module, "", d->loc);
    Lines lines = sort_lines(r, &d->stmt->entries, OF_BOTH, "a classifier");
    read_members(r, d, &lines);
    for (int i = 0; i < COUNT_OF(rows); i++)
        if (lines.at[i] && rows[i].place & OF_CLASSIFIER)
            rows[i].read(r, lines.at[i]);
    frame_leave(r->e);
    read_labels_option(r);
    if (r->parts.count > 1 && r->classifier->merge == MERGE_SINGLE)
        elaborate_error(r->e, d->loc, "entry", "several members need a line 'merge'");
    if (r->e->diag->errors == errors)
        place_activations(r);
    return r->e->diag->errors == errors;
}

static Reader new_reader(Elaborator *e, Definition *d, const ElaborateOptions *options,
                         Elaborated *out)
{
    out->classifier = arena_new_of(e->arena, Classifier);
    *out->classifier = (Classifier){ .loc = d->loc, .name = d->name, .output_loc = d->loc };
    return (
        Reader){ .e = e, .module = d->module, .options = options, .classifier = out->classifier };
}

static void hand_over(Reader *r, Elaborated *out)
{
    int count = r->parts.count;
    out->member = arena_new_array(r->e->arena, ElaboratedMember, count + 1);
    for (int i = 0; i < count; i++) {
        out->member[i] = r->parts.at[i].elaborated;
        vec_push(r->e->arena, &r->classifier->members, r->parts.at[i].member);
    }
    if (r->stack)
        out->member[count] = r->stack->elaborated;
    out->member_count = count + (r->stack != NULL);
}

bool classifier_elaborate(Elaborator *e, Definition *d, const ElaborateOptions *options,
                          Elaborated *out)
{
    Reader r = new_reader(e, d, options, out);
    r.classifier->takes_pictures = 1;
    bool ok = read_lines(&r, d);
    for_each_vec(Part, part, &r.parts)
        ok = elaborate_part(&r, part) && ok;
    ok = ok && elaborate_stack(&r);
    hand_over(&r, out);
    return ok && verify(&r);
}

bool classifier_of_model(Elaborator *e, Definition *d, const ElaborateOptions *options,
                         Elaborated *out)
{
    Reader r = new_reader(e, d, options, out);
    Part part = new_part(d->name, d->name, d->loc);
    part.member.name = NULL;
    r.classifier->activation = OUTPUT_NONE;
    read_labels_option(&r);
    Expr *name = arena_new_of(e->arena, Expr);
    *name = (Expr){ .kind = EXPR_NAME, .loc = d->loc, .name = { d->name, d->loc } };
    bool ok = model_elaborate(e, d->module, name, options, &part.elaborated);
    vec_push(e->arena, &r.parts, part);
    hand_over(&r, out);
    return ok;
}
