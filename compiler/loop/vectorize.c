/* Replacing a loop over lanes by vector operations. Loads and stores whose last index is the lane
 * become vector accesses, everything that does not depend on the lane is broadcast, and locals that
 * are indexed by the lane become registers. A loop that ends before `lanes` makes partial accesses:
 * the other lanes hold zeros, and are not stored. */
#include "compiler/loop/affine.h"
#include "compiler/loop/rewrite.h"

#include "compiler/base/diag.h"

typedef struct Twin {
    const Buffer *scalar;
    Buffer *vector;
} Twin;

typedef struct Vectorizer {
    const Var *var;
    int lanes; /* of the loop being replaced */
    int whole, half;
    int active; /* of the loop being replaced; 0 outside */
    Vec(Twin) twins;
} Vectorizer;

static Expr *vector_expr(Rewriter *r, Expr *e);

static Expr *at_lane_zero(Rewriter *r, Expr *index)
{
    const Vectorizer *z = r->self;
    return expr_substitute(r->L, index, z->var, ix_int(r->L, 0));
}

/* Whether the indices move with the lane; the last one must then do so by one. */
static bool moves_with_lane(const Vectorizer *z, int count, Expr *const *index)
{
    for (int i = 0; i < count - 1; i++)
        if (ix_uses(index[i], z->var))
            bug("a vector access whose outer index depends on the lane");
    if (!count || !ix_uses(index[count - 1], z->var))
        return false;
    Affine a = affine_of(index[count - 1]);
    if (affine_take(&a, z->var) != 1)
        bug("a vector access whose lanes are not consecutive");
    return true;
}

static Buffer *find_twin(const Vectorizer *z, const Buffer *b)
{
    for (int i = 0; i < z->twins.count; i++)
        if (z->twins.at[i].scalar == b && z->twins.at[i].vector->lanes == z->lanes)
            return z->twins.at[i].vector;
    return NULL;
}

static Buffer *twin_of(Rewriter *r, const Buffer *b)
{
    Vectorizer *z = r->self;
    Buffer *twin = find_twin(z, b);
    if (twin)
        return twin;
    Buffer *v = arena_new_of(r->L, Buffer);
    *v = *b;
    v->lanes = z->lanes;
    if (b->rank) {
        if (b->extent[b->rank - 1] != z->lanes)
            bug("local '%s' has %lld elements for %d lanes", b->name,
                (long long)b->extent[b->rank - 1], z->lanes);
        v->rank--;
        v->pitch = v->rank ? v->extent[v->rank - 1] : 1;
    }
    vec_push(r->L, &z->twins, (Twin){ b, v });
    return v;
}

static bool is_register(const Buffer *b)
{
    return b->role == BUFFER_LOCAL && !b->in_memory;
}

/* Reading padding lanes of packed weights is harmless, and cheaper than leaving them out. */
static int lanes_read(const Vectorizer *z, const Expr *load)
{
    int64_t at;
    if (load->buffer->role != BUFFER_CONST)
        return z->active;
    Affine a = affine_of(load->arg[load->arg_count - 1]);
    if (a.count == 0) {
        at = a.constant;
        return at + z->lanes <= load->buffer->extent[load->buffer->rank - 1] ? z->lanes : z->active;
    }
    for (int i = 0; i < a.count; i++)
        if (a.term[i].factor % z->lanes != 0)
            return z->active;
    int64_t extent = load->buffer->extent[load->buffer->rank - 1];
    return a.constant % z->lanes == 0 && extent % z->lanes == 0 ? z->lanes : z->active;
}

static Expr *load_scalar_local(Rewriter *r, Expr *e)
{
    const Vectorizer *z = r->self;
    Buffer *twin = find_twin(z, e->buffer);
    if (!twin)
        return e;
    Expr *load = val_load(r->L, twin, 0, NULL);
    load->lanes = load->active = z->lanes;
    return load;
}

static Expr *vector_load(Rewriter *r, Expr *e)
{
    Vectorizer *z = r->self;
    if (is_register(e->buffer) && e->buffer->rank == 0)
        return load_scalar_local(r, e);
    if (!moves_with_lane(z, e->arg_count, e->arg))
        return e;
    bool local = is_register(e->buffer);
    Expr *index[LOOP_MAX_RANK];
    for (int i = 0; i < e->arg_count; i++)
        index[i] = at_lane_zero(r, e->arg[i]);
    int count = local ? e->arg_count - 1 : e->arg_count;
    Expr *load = val_load(r->L, local ? twin_of(r, e->buffer) : e->buffer, count, index);
    load->lanes = z->lanes;
    load->active = local ? z->lanes : lanes_read(z, load);
    return load;
}

static Expr *broadcast(Rewriter *r, Expr *e)
{
    const Vectorizer *z = r->self;
    if (e->lanes == z->lanes)
        return e;
    Expr *b = val_op1(r->L, VOP_BROADCAST, e);
    b->lanes = b->active = z->lanes;
    return b;
}

static Expr *vector_operation(Rewriter *r, Expr *e)
{
    int first = e->kind == EXPR_IF ? 1 : 0;
    bool wide = false;
    Expr *arg[LOOP_MAX_RANK];
    for (int i = 0; i < e->arg_count; i++) {
        arg[i] = i < first ? e->arg[i] : vector_expr(r, e->arg[i]);
        wide |= arg[i]->lanes > 1;
    }
    for (int i = first; wide && i < e->arg_count; i++)
        arg[i] = broadcast(r, arg[i]);
    if (e->kind == EXPR_IF)
        return val_if(r->L, arg[0], arg[1], arg[2]);
    return val_op(r->L, e->vop, arg);
}

static Expr *vector_expr(Rewriter *r, Expr *e)
{
    const Vectorizer *z = r->self;
    switch (e->kind) {
    case EXPR_LOAD:
        return vector_load(r, e);
    case EXPR_VOP:
    case EXPR_IF:
        return vector_operation(r, e);
    default:
        if (ix_uses(e, z->var))
            bug("a value computed from the lane number");
        return e;
    }
}

static Stmt *vector_store(Rewriter *r, Stmt *s)
{
    Vectorizer *z = r->self;
    Expr *value = vector_expr(r, s->value);
    if (!moves_with_lane(z, s->index_count, s->index))
        bug("a store to one place by all lanes of '%s'", s->buffer->name);
    bool local = is_register(s->buffer);
    Expr *index[LOOP_MAX_RANK];
    for (int i = 0; i < s->index_count; i++)
        index[i] = at_lane_zero(r, s->index[i]);
    Stmt *store = st_store(r->L, local ? twin_of(r, s->buffer) : s->buffer,
                           local ? s->index_count - 1 : s->index_count, index, broadcast(r, value));
    store->active = local ? z->lanes : z->active;
    return store;
}

static Stmt *vector_body(Rewriter *r, Stmt *s)
{
    switch (s->kind) {
    case STMT_STORE:
        return vector_store(r, s);
    case STMT_LET: {
        Expr *value = vector_expr(r, s->value);
        return value->lanes == 1 ? st_let(r->L, s->buffer, value)
                                 : st_let(r->L, twin_of(r, s->buffer), value);
    }
    default:
        return rewrite_parts(r, s);
    }
}

/* Whether the statement keeps more than `half` lanes in a local. */
static bool expr_has_longer(const Expr *e, int half)
{
    if (e->kind == EXPR_LOAD && is_register(e->buffer) && e->buffer->rank &&
        e->buffer->extent[e->buffer->rank - 1] > half)
        return true;
    for (int i = 0; i < e->arg_count; i++)
        if (expr_has_longer(e->arg[i], half))
            return true;
    return false;
}

static bool has_longer(const Stmt *s, int half)
{
    if ((s->kind == STMT_STORE || s->kind == STMT_LOCAL) && is_register(s->buffer) &&
        s->buffer->rank && s->buffer->extent[s->buffer->rank - 1] > half)
        return true;
    if (s->value && expr_has_longer(s->value, half))
        return true;
    if (s->body && has_longer(s->body, half))
        return true;
    for (int i = 0; i < s->count; i++)
        if (has_longer(s->item[i], half))
            return true;
    return false;
}

static Stmt *vectorize_stmt(Rewriter *r, Stmt *s)
{
    Vectorizer *z = r->self;
    if (z->active)
        return vector_body(r, s);
    if (s->kind != STMT_FOR || s->var != z->var)
        return rewrite_parts(r, s);
    int64_t lo, hi;
    if (!ix_is_constant(s->lo, &lo) || !ix_is_constant(s->hi, &hi) || lo != 0 || hi > z->whole)
        bug("a lane loop whose bounds are not 0 .. lanes");
    z->active = (int)hi;
    z->lanes = hi <= z->half && !has_longer(s->body, z->half) ? z->half : z->whole;
    Stmt *body = vectorize_stmt(r, s->body);
    z->active = 0;
    return body;
}

static Stmt *declare_twin(Rewriter *r, Stmt *s)
{
    Vectorizer *z = r->self;
    for (z->lanes = z->whole; s->kind == STMT_LOCAL && z->lanes; z->lanes = z->half) {
        Buffer *twin = find_twin(z, s->buffer);
        if (twin)
            return st_local(r->L, twin);
        if (z->lanes == z->half)
            break;
    }
    return rewrite_parts(r, s);
}

Stmt *loop_vectorize(Arena *L, Stmt *s, const Var *v, int lanes, int half)
{
    Vectorizer z = { .var = v, .lanes = lanes, .whole = lanes, .half = half };
    Rewriter r = { L, same_expr, vectorize_stmt, &z };
    Stmt *body = vectorize_stmt(&r, s);
    r.stmt = declare_twin;
    return declare_twin(&r, body);
}
