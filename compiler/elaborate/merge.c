/* The line that says how members become one:
 *
 *   merge mean [0.6, 0.4]     also geometric, max, vote, confidence, union, intersection
 *   merge cascade 0.9         the first member answers where its best score reaches 0.9
 *   merge stack "FILE"        a dense layer on all scores, one member behind the other
 *   merge stack { model ... } a network on them */
#include "compiler/elaborate/classify.h"

#include "compiler/base/file.h"

static bool takes_weights(Merge merge)
{
    return merge == MERGE_MEAN || merge == MERGE_GEOMETRIC || merge == MERGE_VOTE ||
           merge == MERGE_CONFIDENCE;
}

static void read_weights(Reader *r, const Expr *item)
{
    Value v = evaluate(r->e, item);
    if (v.kind != VALUE_LIST) {
        classify_reject(r, item->loc, "the weights of members are a list of numbers");
        return;
    }
    r->classifier->weight_count = v.list.count;
    for (int i = 0; i < v.list.count; i++) {
        if (!value_is_numeric(&v.list.item[i]))
            classify_reject(r, item->loc, "the weights of members are a list of numbers");
        else if (i < r->parts.count)
            r->parts.at[i].member.weight = value_as_double(&v.list.item[i]);
    }
}

static void read_cascade(Reader *r, const Entry *entry)
{
    double sure = 0;
    if (entry->items.count != 3) {
        classify_reject(r, entry->loc, "write merge cascade SURE, a score to be reached");
        return;
    }
    if (!classify_number(r, entry, 2, &sure, "write merge cascade SURE, a score to be reached"))
        return;
    for (int i = 0; i + 1 < r->parts.count; i++) {
        r->parts.at[i].member.threshold = sure;
        r->parts.at[i].member.threshold_loc = entry->items.at[2]->loc;
    }
}

static void read_dense(Reader *r, const Entry *entry)
{
    Matrix *m = arena_new_of(r->e->arena, Matrix);
    const char *path = classify_path(r, entry, 2, "the file of a dense layer");
    const char *why = path ? head_read_dense(r->e->arena, path, m) : NULL;
    Score score = { .loc = entry->items.at[2]->loc, .op = SCORE_DENSE, .matrix = m };
    if (why)
        elaborate_error(r->e, entry->items.at[2]->loc, "stack", "%s: %s", path, why);
    else if (path)
        vec_push(r->e->arena, &r->classifier->scores, score);
}

static void read_stack(Reader *r, const Entry *entry)
{
    if (entry->items.count == 3 && !entry->has_entries) {
        read_dense(r, entry);
        return;
    }
    if (entry->items.count != 2 || !entry->has_entries) {
        classify_reject(r, entry->loc,
                        "write merge stack \"FILE\" or merge stack { model ...; weights ... }");
        return;
    }
    const char *name = arena_printf(r->e->arena, "%s_stack", r->classifier->name);
    r->stack = arena_new_of(r->e->arena, Part);
    *r->stack = classify_part(r, &entry->entries, "stack", name, entry->loc);
    Score score = { .loc = entry->loc, .op = SCORE_NETWORK };
    vec_push(r->e->arena, &r->classifier->scores, score);
}

void classify_merge(Reader *r, const Entry *entry)
{
    static const char usage[] = "write merge mean, geometric, max, vote, confidence, union, "
                                "intersection, cascade SURE or stack ...";
    Classifier *c = r->classifier;
    c->merge_loc = entry->loc;
    if (!merge_from_name(classify_word(entry, 1), &c->merge)) {
        classify_reject(r, entry->loc, usage);
        return;
    }
    if (r->parts.count < 2)
        classify_reject(r, entry->loc, "there are no members to merge: write member NAME { ... }");
    else if (c->merge == MERGE_CASCADE)
        read_cascade(r, entry);
    else if (c->merge == MERGE_CONCAT)
        read_stack(r, entry);
    else if (entry->items.count == 3 && takes_weights(c->merge))
        read_weights(r, entry->items.at[2]);
    else if (entry->items.count > 2)
        classify_reject(r, entry->items.at[2]->loc, "this kind of merging has no weights");
    if (c->merge == MERGE_UNION || c->merge == MERGE_INTERSECTION)
        c->rule = RULE_TAGS;
}
