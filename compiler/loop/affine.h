/* Index expressions as sums: constant + sum of factor * atom. An atom is a variable, or a DIV, MOD,
 * MIN or MAX of such sums. Private to loop/. */
#ifndef KILN_LOOP_AFFINE_H
#define KILN_LOOP_AFFINE_H

#include "compiler/loop/loop.h"

enum { AFFINE_MAX_TERMS = 16 };

typedef struct Term {
    int64_t factor; /* never 0 */
    Expr *atom;
} Term;

typedef struct Affine {
    int64_t constant;
    int count;
    Term term[AFFINE_MAX_TERMS];
} Affine;

Affine affine_of(Expr *e);
/* a + factor * b */
Affine affine_add(const Affine *a, int64_t factor, const Affine *b);
/* Canonical: variables in the order in which the sum met them, then the constant. */
Expr *affine_expr(Arena *L, const Affine *a);
/* The factor of variable v (0 where absent), which is taken out of the sum. */
int64_t affine_take(Affine *a, const Var *v);
bool affine_is_nonnegative(Arena *scratch, const Scope *scope, const Affine *a);
bool ix_equal(const Expr *a, const Expr *b);

#endif
