/* Shared by the transformations: rebuilding trees with changed parts. */
#ifndef KILN_LOOP_REWRITE_H
#define KILN_LOOP_REWRITE_H

#include "compiler/loop/loop.h"

/* What a transformation does to the parts of a tree; `self` is its own state. */
typedef struct Rewriter {
    Arena *L;
    Expr *(*expr)(struct Rewriter *r, Expr *e);
    Stmt *(*stmt)(struct Rewriter *r, Stmt *s);
    void *self;
} Rewriter;

/* The same node with r->expr applied to its arguments, through the folding builders. */
Expr *rewrite_args(Rewriter *r, Expr *e);
/* The same statement with r->expr and r->stmt applied to its parts. */
Stmt *rewrite_parts(Rewriter *r, Stmt *s);
/* For a rewriter that leaves expressions as they are. */
Expr *same_expr(Rewriter *r, Expr *e);
/* Iterations of a loop with constant bounds; 0: they are not. */
int64_t trips_of(const Stmt *loop);

/* A statement list flattened one level: empty blocks vanish, a block of one is its item. */
Stmt *block_of(Arena *L, int count, Stmt *const *items);
bool is_empty_block(const Stmt *s);
/* Uses of `by` instead of `b` in a subtree, with one more index, put in front or at the end. */
Stmt *replace_buffer(Arena *L, Stmt *s, const Buffer *b, Buffer *by, Expr *index, bool at_end);
/* True where some index or condition in the subtree depends on v. */
bool stmt_uses(const Stmt *s, const Var *v);

#endif
