/* The same target without fused multiply-add: its instruction for that becomes its product and its
 * sum. */
#include "compiler/target/target.h"

#include "compiler/base/text.h"

#include <string.h>

/* `row` with ${a} replaced by `a` and ${b} by `b`. */
static const char *compose(Arena *arena, const char *row, const char *a, const char *b)
{
    Text t = { .arena = arena };
    for (const char *c = row; *c; c++) {
        bool is_a = strncmp(c, "${a}", 4) == 0, is_b = strncmp(c, "${b}", 4) == 0;
        if (is_a || is_b) {
            text_puts(&t, is_a ? a : b);
            c += 3;
        } else {
            text_append(&t, c, 1);
        }
    }
    return text_string(&t);
}

static void split_fma(Arena *a, VectorType *v)
{
    if (v->op[VOP_FMA])
        v->op[VOP_FMA] = compose(a, v->op[VOP_ADD], v->op[VOP_MUL], "${c}");
}

const Target *target_strict(Arena *a, const Target *target)
{
    Target *t = arena_new_of(a, Target);
    *t = *target;
    t->fused = false;
    t->strict = true;
    split_fma(a, &t->scalar);
    split_fma(a, &t->vector);
    if (t->half) {
        VectorType *half = arena_new_of(a, VectorType);
        *half = *t->half;
        split_fma(a, half);
        t->half = half;
    }
    t->cflags = arena_printf(a, "%s -ffp-contract=off", t->cflags);
    return t;
}
