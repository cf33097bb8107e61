/* The lines of a classifier. */
#include "compiler/elaborate/elaborator.h"

#include "compiler/base/file.h"

static void weights_entry(Elaborator *e, Module *m, const Entry *entry, ElaboratedMember *out)
{
    if (entry->items.count < 2)
        elaborate_error(e, entry->loc, "entry", "weights \"FILE\"...");
    for (int i = 1; i < entry->items.count; i++) {
        const Expr *item = entry->items.at[i];
        const char *name = entry_string(e, item, "the name of a weight file");
        if (name)
            vec_push(e->arena, &out->weights,
                     (WeightSource){ path_beside(e->arena, m->path, name), item->loc });
    }
}

bool classifier_elaborate(Elaborator *e, Definition *d, const ElaborateOptions *options,
                          Elaborated *out)
{
    ElaboratedMember *member = arena_new_of(e->arena, ElaboratedMember);
    member->name = d->name;
    member->loc = d->loc;
    out->member = member;
    out->member_count = 1;
    const Expr *model = NULL;
    for_each_vec(Entry *, at, &d->stmt->entries) {
        if (strcmp(entry_word(*at), "model") == 0 && (*at)->items.count == 2)
            model = (*at)->items.at[1];
        else if (strcmp(entry_word(*at), "weights") == 0)
            weights_entry(e, d->module, *at, member);
        else
            entry_rename(e, *at, member);
    }
    if (!model) {
        elaborate_error(e, d->loc, "entry", "the classifier '%s' names no model", d->name);
        return false;
    }
    return model_elaborate(e, d->module, model, options, member);
}
