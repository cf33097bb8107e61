/* The lines of models and classifiers that concern weights:
 *
 *   rename { "encoder.*" -> "features.*"; "aux.*" -> ignore }
 *
 * A star stands for any run of characters; the k-th star of the replacement is what the k-th star
 * of the pattern stood for. */
#include "compiler/elaborate/elaborator.h"

const char *entry_word(const Entry *entry)
{
    const Expr *first = entry->items.at[0];
    return first->kind == EXPR_NAME ? first->name.text : "";
}

const char *entry_string(Elaborator *e, const Expr *item, const char *what)
{
    if (item->kind != EXPR_STRING) {
        elaborate_error(e, item->loc, "entry", "%s is a string in quotes", what);
        return NULL;
    }
    if (item->string.part_count == 1 && item->string.part[0].text)
        return item->string.part[0].text;
    if (item->string.part_count == 0)
        return "";
    elaborate_error(e, item->loc, "entry", "%s cannot contain {expressions}", what);
    return NULL;
}

static int star_count(const char *s)
{
    int count = 0;
    for (; *s; s++)
        count += *s == '*';
    return count;
}

static void rename_entry(Elaborator *e, const Entry *entry, ElaboratedMember *out)
{
    const ExprList *items = &entry->items;
    if (items->count != 3 || items->at[1]->kind != EXPR_ARROW || entry->has_entries) {
        elaborate_error(e, entry->loc, "entry",
                        "a rename is \"pattern\" -> \"replacement\" or \"pattern\" -> ignore");
        return;
    }
    RenameRule rule = { .loc = entry->loc };
    const Expr *to = items->at[2];
    rule.pattern = entry_string(e, items->at[0], "a pattern");
    if (to->kind != EXPR_NAME || strcmp(to->name.text, "ignore") != 0)
        rule.replacement = entry_string(e, to, "a replacement (other than the word ignore)");
    if (!rule.pattern)
        return;
    const char *replacement = rule.replacement ? rule.replacement : "";
    if (star_count(rule.pattern) > RENAME_MAX_STARS)
        elaborate_error(e, items->at[0]->loc, "entry", "a pattern has at most %d stars",
                        RENAME_MAX_STARS);
    else if (star_count(replacement) > star_count(rule.pattern))
        elaborate_error(e, to->loc, "entry", "the replacement has %d stars, the pattern %d",
                        star_count(replacement), star_count(rule.pattern));
    else
        vec_push(e->arena, &out->renames, rule);
}

bool entry_rename(Elaborator *e, const Entry *entry, ElaboratedMember *out)
{
    if (strcmp(entry_word(entry), "rename") != 0)
        return false;
    if (entry->items.count != 1 || !entry->has_entries)
        elaborate_error(e, entry->loc, "entry", "rename is followed by { \"pattern\" -> ... }");
    for_each_vec(Entry *, inner, &entry->entries)
        rename_entry(e, *inner, out);
    return true;
}

bool model_entries(Elaborator *e, const EntryList *entries, ElaboratedMember *out)
{
    for_each_vec(Entry *, at, entries)
        if (!entry_rename(e, *at, out))
            elaborate_error(e, (*at)->loc, "entry", "a model has no '%s'; it can have rename",
                            entry_word(*at));
    return true;
}
