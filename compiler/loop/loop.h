/* The loop-nest IR: what a kernel is written in, tiled in, evaluated in and printed from.
 *
 * Index expressions are integers over loop variables; value expressions are float32, one lane or a
 * vector of lanes. Expressions are immutable and may be shared; the builders fold constants.
 * Statements are trees; transformations return new trees. All extents are constants, so every index
 * can be proven to be inside its buffer (loop_check). The textbook nest of a kernel and its tiled
 * form are both in this IR, and loop_eval runs either: they must agree.
 *
 * Papers: Halide (Ragan-Kelley et al., 2013) for separating algorithm and schedule, Exo (Ikarashi
 * et al., 2022) for instructions as rows. */
#ifndef KILN_LOOP_LOOP_H
#define KILN_LOOP_LOOP_H

#include "compiler/base/arena.h"
#include "compiler/base/text.h"
#include "compiler/base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOOP_MAX_RANK = 7, VOP_MAX_ARITY = 4 };

typedef enum VOp {
#define VOP(enumerator, name, arity) VOP_##enumerator,
#include "compiler/loop/vop.def"
#undef VOP
    VOP_COUNT
} VOp;

/* The table of VOP_EXP2_4 is rounded: divided by this, its values are within 1.9e-9 of what they
 * stand for; so is this in float32, also times log2 e. */
#define LOOP_EXP2_SCALE 0.8105132594454084

const char *vop_name(VOp op);
int vop_arity(VOp op);

/* A loop variable; identity is the pointer. Names come from a fixed vocabulary: oy ox o  output
 * row, column, channel; ky kx c  kernel row, column, input channel; m n l  pixel, vector and lane
 * of a register tile; t  tile; p  flattened pixel; g  group; picture  of a batch; slice  of
 * channels; block  of rows. */
typedef struct Var {
    const char *name;
} Var;

typedef enum BufferRole {
    BUFFER_INPUT,   /* activations read */
    BUFFER_OUTPUT,  /* activations written (and read, where a nest accumulates in place) */
    BUFFER_CONST,   /* weights, packed at compile time; padding lanes hold zeros */
    BUFFER_SCRATCH, /* in the arena, contents undefined at entry */
    BUFFER_LOCAL    /* registers or a small automatic array */
} BufferRole;

typedef struct Buffer {
    const char *name;
    BufferRole role;
    int rank;                      /* 0: a scalar (LOCAL only) */
    int64_t extent[LOOP_MAX_RANK]; /* what may be indexed */
    int64_t pitch; /* elements from row to row of the last dimension in memory; extent[rank-1]
                                    * unless the buffer is a view into a wider tensor */
    int lanes; /* LOCAL: > 1 when each element is a vector register of that many lanes, else 1 */
    bool in_memory; /* LOCAL: an array that vectorize leaves in memory, because lanes of it are
                     * used one by one */
} Buffer;

typedef enum ExprKind {
    /* index expressions */
    EXPR_INT, /* integer */
    EXPR_VAR, /* var */
    EXPR_ADD,
    EXPR_SUB,
    EXPR_MUL,
    EXPR_DIV,
    EXPR_MOD,
    EXPR_MIN,
    EXPR_MAX, /* arg[0], arg[1]; DIV floors */
    EXPR_LT,  /* arg[0] < arg[1], a condition */
    EXPR_AND, /* both conditions */
    /* value expressions */
    EXPR_REAL, /* real */
    EXPR_CAST, /* arg[0], an index expression, as a value */
    EXPR_LOAD, /* buffer[index...]: `lanes` consecutive elements from there on, of which only the
                * first `active` are read; the others are 0 */
    EXPR_VOP,  /* vop(arg...) */
    EXPR_IF    /* condition arg[0] ? arg[1] : arg[2]; the other side is not evaluated */
} ExprKind;

typedef struct Expr Expr;
struct Expr {
    ExprKind kind;
    int lanes; /* values: 1 is a scalar; index expressions: 1 */
    int64_t integer;
    double real;
    Var *var;
    VOp vop;
    Buffer *buffer;
    int active; /* EXPR_LOAD; equal to lanes unless partial */
    int arg_count;
    Expr *arg[LOOP_MAX_RANK]; /* arguments, or the indices of a load */
};

typedef enum LoopMark {
    LOOP_PLAIN,
    LOOP_UNROLL,     /* printed with KILN_UNROLL: a loop over registers */
    LOOP_LANES,      /* about to be vectorised: stays a loop even of one iteration */
    LOOP_VECTOR,     /* printed with KILN_LANES: the C compiler may make a vector of it */
    LOOP_SEQUENTIAL, /* iterations share scratch: never in parallel */
    LOOP_PARALLEL    /* of a STMT_SHARE: a thread runs those iterations whose units are its own */
} LoopMark;

typedef enum StmtKind {
    STMT_BLOCK, /* item[count], in order; locals declared in it live to its end */
    STMT_FOR,   /* for (var = lo; var < hi; var++) body */
    STMT_IF,    /* if (lo) body: a condition on indices */
    STMT_STORE, /* buffer[index...] = value: `value->lanes` elements, of which the first `active` */
    STMT_LOCAL, /* declares a LOCAL buffer */
    STMT_LET,   /* declares the rank-0 LOCAL `buffer` with its only value */
    STMT_SHARE, /* body, whose LOOP_PARALLEL loops are divided among the threads */
    STMT_BARRIER, /* threads wait for each other */
    STMT_PREFETCH /* buffer[index...] will be read: a hint that computes nothing */
} StmtKind;

typedef struct Stmt Stmt;
struct Stmt {
    StmtKind kind;
    Var *var;
    Expr *lo, *hi;
    LoopMark mark;
    Stmt *body;
    Buffer *buffer;
    int index_count;
    Expr *index[LOOP_MAX_RANK];
    Expr *value;
    int active;
    int count;
    Stmt **item;
    Expr *unit; /* LOOP_PARALLEL: iteration i is the unit that begins at unit + weight * i ... */
    int64_t weight;
    int64_t units; /* STMT_SHARE: ... of so many; a thread's own are those in its part of them */
};

/* One emitted C function: parameters in order, then loop nests. */
typedef struct Function {
    const char *name;
    int param_count;
    Buffer **param; /* inputs, output, constants, scratch; no locals */
    Stmt *body;     /* a STMT_BLOCK */
    bool in_order;  /* its register tiles suffer where the C compiler moves expressions */
} Function;

/* --- build.c: builders. `L` is the arena that everything is allocated in. --------------------- */

Var *loop_var(Arena *L, const char *name);
Buffer *loop_buffer(Arena *L, const char *name, BufferRole role, int rank,
                    ...);                        /* int64_t extents */
Buffer *loop_scalar(Arena *L, const char *name); /* rank-0 LOCAL */

Expr *ix_int(Arena *L, int64_t value);
Expr *ix_var(Arena *L, Var *v);
Expr *ix_add(Arena *L, Expr *a, Expr *b);
Expr *ix_sub(Arena *L, Expr *a, Expr *b);
Expr *ix_mul(Arena *L, Expr *a, int64_t factor);
Expr *ix_div(Arena *L, Expr *a, int64_t divisor);
Expr *ix_mod(Arena *L, Expr *a, int64_t divisor);
Expr *ix_min(Arena *L, Expr *a, Expr *b);
Expr *ix_max(Arena *L, Expr *a, Expr *b);
Expr *ix_lt(Arena *L, Expr *a, Expr *b);
Expr *ix_and(Arena *L, Expr *a, Expr *b);

Expr *val_real(Arena *L, double value);
Expr *val_cast(Arena *L, Expr *index);
Expr *val_load(Arena *L, Buffer *b, int count, Expr *const *index);
Expr *val_op(Arena *L, VOp op, Expr *const *arg);
Expr *val_op1(Arena *L, VOp op, Expr *a);
Expr *val_op2(Arena *L, VOp op, Expr *a, Expr *b);
Expr *val_fma(Arena *L, Expr *a, Expr *b, Expr *c);
Expr *val_if(Arena *L, Expr *condition, Expr *a, Expr *b);

Stmt *st_block(Arena *L, int count, Stmt *const *items); /* nested blocks stay nested: a group */
Stmt *st_for(Arena *L, Var *v, Expr *lo, Expr *hi, Stmt *body);
Stmt *st_if(Arena *L, Expr *condition, Stmt *body);
Stmt *st_store(Arena *L, Buffer *b, int count, Expr *const *index, Expr *value);
Stmt *st_prefetch(Arena *L, Buffer *b, int count, Expr *const *index);
Stmt *st_local(Arena *L, Buffer *b);
Stmt *st_let(Arena *L, Buffer *b, Expr *value);

/* --- affine.c: what is known of index expressions --------------------------------------------- */

/* What is known at a place: the loops and conditions around it, innermost first. */
typedef struct Scope {
    const struct Scope *outer;
    Var *var;
    Expr *lo, *hi; /* lo <= var < hi; var NULL: the condition lo holds */
} Scope;

/* True where e >= 0 follows from the scope for every value of its variables (sound, not
 * complete). */
bool ix_is_nonnegative(Arena *scratch, const Scope *scope, Expr *e);
/* True where a < b always (EXPR_LT, EXPR_AND conditions); `never` where it is always false. */
bool ix_always(Arena *scratch, const Scope *scope, Expr *condition);
bool ix_never(Arena *scratch, const Scope *scope, Expr *condition);
bool ix_is_constant(const Expr *e, int64_t *value);
bool ix_uses(const Expr *e, const Var *v);

/* --- transformations: each keeps what loop_eval computes -------------------------------------- */

Expr *expr_substitute(Arena *L, Expr *e, const Var *v, Expr *by);
Stmt *loop_substitute(Arena *L, Stmt *s, const Var *v, Expr *by);
/* simplify.c: canonical affine indices, decided conditions, min and max that are known, empty
 * loops. */
Stmt *loop_simplify(Arena *L, Stmt *s);
/* split.c: replaces the loop over `v` by loops over consecutive segments of it. */
typedef struct Segment {
    int64_t begin, tiles, size; /* v = begin + size * t + m, t < tiles, m < size */
    bool padded; /* a tile may reach beyond the loop: the body itself guards what it stores */
} Segment;
Stmt *loop_split(Arena *L, Stmt *s, const Var *v, int count, const Segment *segments, Var *outer,
                 Var *inner);
/* The same with tiles of one size for each loop over `v`, whatever its (constant) extent; a loop of
 * just `half` iterations (0: none is) stays one tile of that size. */
Stmt *loop_split_by(Arena *L, Stmt *s, const Var *v, int64_t size, int64_t half, Var *outer,
                    Var *inner);
/* sink.c: moves the loop over `v` inwards through its body: distributes it over the statements of a
 * block, interchanges it with loops, and gives the locals declared in the body one more dimension.
 * A nested block is a group, which it enters as a whole. */
Stmt *loop_sink(Arena *L, Stmt *s, const Var *v);
/* The same for a loop over lanes: the new dimension of locals is the last one, not the first. */
Stmt *loop_sink_lanes(Arena *L, Stmt *s, const Var *v);
/* unroll.c: replaces the loop over `v` by its iterations. */
Stmt *loop_unroll(Arena *L, Stmt *s, const Var *v);
/* Only those loops over `v` inside which the bounds of other loops depend on v. */
Stmt *loop_unroll_dependent(Arena *L, Stmt *s, const Var *v);
/* Marks every loop over `v`. */
Stmt *loop_mark(Arena *L, Stmt *s, const Var *v, LoopMark mark);
/* prefetch.c: where a nest reads blocks of a constant array again and again, fetches the next block
 * meanwhile; for simplified nests, before threads divide them. */
Stmt *loop_prefetch(Arena *L, Stmt *s);
/* fetch.c: meanwhile fetches an array [lines][16] that calls behind it read once; for such nests,
 * too. Where there is no loop to do so, the nest itself. */
Stmt *loop_fetch(Arena *L, Stmt *s, Buffer *lines);
/* parallel.c: divides the nests of a function among threads; the last transformation. What each
 * thread reads and writes lies together along one axis, where that is even: pixels, if activations
 * are more than weights, else channels. */
typedef enum LoopShare { SHARE_NONE, SHARE_PIXELS, SHARE_CHANNELS } LoopShare;
Stmt *loop_share(Arena *L, const Function *f, Stmt *body, LoopShare by);
/* The axis that a loop over v runs along, by the vocabulary of names; SHARE_NONE: neither. */
LoopShare loop_axis(const Var *v);
/* vectorize.c: replaces loops over `v`, whose extent is `lanes`, by vector operations; those that
 * fit `half` lanes by operations on so many (0: there are none). */
Stmt *loop_vectorize(Arena *L, Stmt *s, const Var *v, int lanes, int half);

/* --- check.c, eval.c, print.c ----------------------------------------------------------------- */

/* NULL where every index is proven inside its buffer, every local declared, lanes consistent;
 * otherwise what is not. */
const char *loop_check(Arena *scratch, const Function *f);

/* Runs a function on float32 buffers: arg[i] belongs to f->param[i], in C order with its pitch.
 * `fused`: FMA rounds once. */
void loop_eval(const Function *f, float *const *arg, bool fused);
/* The same over the prime field GF(2^61 - 1): ADD SUB MUL FMA and exact constants; others abort. */
void loop_eval_field(const Function *f, uint64_t *const *arg);

/* The text dump of the golden tests. */
void loop_print(const Function *f, Text *out);
void loop_print_expr(const Expr *e, Text *out);

#endif
