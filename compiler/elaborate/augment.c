/* Test-time augmentation: a line `augment` of a preprocess group stands for several alternatives,
 * and the views of a picture are all combinations:
 *
 *   augment { keep; flip horizontal }      as it is, and mirrored
 *   augment { turn 0; turn 1; turn 2 }     one alternative a line
 *   augment five_crop 224                  the four corners and the middle
 *   augment ten_crop 224                   the same of the picture and of its mirror image */
#include "compiler/elaborate/classify.h"

enum { MAX_VIEWS = 256 };

typedef Vec(StepList) ViewList;

static StepList joined(Arena *a, const StepList *first, const StepList *second)
{
    StepList all = { 0 };
    for_each_vec(Step, s, first)
        vec_push(a, &all, *s);
    for_each_vec(Step, s, second)
        vec_push(a, &all, *s);
    return all;
}

/* Every view goes on in every way. */
static ViewList product(Arena *a, const ViewList *views, const ViewList *ways)
{
    ViewList all = { 0 };
    for_each_vec(StepList, view, views)
        for_each_vec(StepList, way, ways)
            vec_push(a, &all, joined(a, view, way));
    return all;
}

static void add_step(Arena *a, ViewList *ways, Step step)
{
    StepList way = { 0 };
    vec_push(a, &way, step);
    vec_push(a, ways, way);
}

static StepList one_step(Elaborator *e, const Entry *entry)
{
    Member member = { 0 };
    classify_step(e, entry, &member);
    return member.steps;
}

/* five_crop SIDE or [HEIGHT, WIDTH], with the syntax of center_crop. */
static void five_crop(Elaborator *e, const Entry *entry, ViewList *ways)
{
    Entry crop = *entry;
    Expr word = *entry->items.at[1];
    word.name.text = "center_crop";
    crop.items = (ExprList){ 0 };
    vec_push(e->arena, &crop.items, &word);
    for (int i = 2; i < entry->items.count; i++)
        vec_push(e->arena, &crop.items, entry->items.at[i]);
    StepList center = one_step(e, &crop);
    for (int corner = 0; corner < CORNER_COUNT && center.count; corner++) {
        Step step = center.at[0];
        step.op = STEP_CORNER_CROP;
        step.method = corner;
        add_step(e->arena, ways, step);
    }
    if (center.count)
        add_step(e->arena, ways, center.at[0]);
}

static ViewList mirrored(Elaborator *e, Loc loc, const ViewList *ways)
{
    ViewList both = { 0 };
    vec_push(e->arena, &both, (StepList){ 0 });
    add_step(e->arena, &both, (Step){ .loc = loc, .op = STEP_FLIP, .method = FLIP_HORIZONTAL });
    return product(e->arena, &both, ways);
}

static ViewList read_augment(Elaborator *e, const Entry *entry)
{
    ViewList ways = { 0 };
    const char *word = classify_word(entry, 1);
    bool ten = strcmp(word, "ten_crop") == 0;
    if (entry->items.count == 1 && entry->has_entries) {
        for_each_vec(Entry *, at, &entry->entries) {
            bool keep = (*at)->items.count == 1 && strcmp(entry_word(*at), "keep") == 0;
            vec_push(e->arena, &ways, keep ? (StepList){ 0 } : one_step(e, *at));
        }
    } else if ((ten || strcmp(word, "five_crop") == 0) && !entry->has_entries) {
        five_crop(e, entry, &ways);
    }
    if (!ways.count)
        elaborate_error(e, entry->loc, "preprocess",
                        "write augment { STEP; ... } with an alternative a line ('keep' is to do "
                        "nothing), augment five_crop SIDE or augment ten_crop SIDE");
    return ten ? mirrored(e, entry->loc, &ways) : ways;
}

void classify_views(Elaborator *e, const EntryList *entries, Member *member)
{
    ViewList views = { 0 };
    vec_push(e->arena, &views, (StepList){ 0 });
    for_each_vec(Entry *, entry, entries) {
        ViewList ways = { 0 };
        if (strcmp(entry_word(*entry), "augment") == 0)
            ways = read_augment(e, *entry);
        else
            vec_push(e->arena, &ways, one_step(e, *entry));
        if (views.count * (int64_t)ways.count > MAX_VIEWS) {
            elaborate_error(e, (*entry)->loc, "limit", "there are more than %d views of a picture",
                            MAX_VIEWS);
            return;
        }
        if (ways.count)
            views = product(e->arena, &views, &ways);
    }
    member->steps = views.at[0];
    for (int i = 0; views.count > 1 && i < views.count; i++)
        vec_push(e->arena, &member->views, views.at[i]);
}
