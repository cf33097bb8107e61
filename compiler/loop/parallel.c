/* Dividing the work of a function among threads. Every thread runs every function; the nests are
 * cut into units, counted in the order of execution through all loops and segments, and a thread
 * computes those that begin in its part of the count (KILN_BEGIN and KILN_END in kiln_model.h).
 * Units weigh what their operations cost, so that uneven tiles are divided evenly too. Which thread
 * computes what depends on the number of threads alone, and each value is computed as by one.
 *
 * Units are whole iterations of loops outside every local, which write different elements. Nests
 * that need what another one wrote become a stage of their own, before which threads meet; a loop
 * marked LOOP_SEQUENTIAL hands scratch from one iteration to the next, its body is such stages. */
#include "compiler/loop/rewrite.h"

#include "compiler/base/diag.h"

#include <string.h>

enum {
    FINEST = 64,         /* a unit of less than this part of the whole is not cut further */
    WORTH_SHARING = 3000 /* operations; what is less is done by the first thread */
};

static const double EVEN = 1.0 / 12;         /* the largest unit of work that is divided evenly */
static const double largest_count = 1 << 16; /* of units: products with threads fit an int */

/* --- what it costs ---------------------------------------------------------------------------- */

static double expr_cost(const Expr *e)
{
    double cost = e->kind == EXPR_VOP && e->vop != VOP_BROADCAST;
    for (int i = 0; e->kind != EXPR_LOAD && i < e->arg_count; i++)
        cost += expr_cost(e->arg[i]);
    return cost;
}

/* Iterations of a loop of constant bounds; of others, at most as many as the bounds' constants
 * say. */
static int64_t most_iterations(const Stmt *loop)
{
    int64_t lo = 0, hi = 1;
    const Expr *end = loop->hi;
    ix_is_constant(loop->lo, &lo);
    while (!ix_is_constant(end, &hi) && end->kind == EXPR_MIN)
        end = ix_is_constant(end->arg[0], &hi) ? end->arg[0] : end->arg[1];
    return hi > lo ? hi - lo : 1;
}

static double cost_of(const Stmt *s)
{
    double cost = s->kind == STMT_STORE ? 1 : 0;
    if (s->value)
        cost += expr_cost(s->value);
    for (int i = 0; i < s->count; i++)
        cost += cost_of(s->item[i]);
    if (s->body)
        cost += cost_of(s->body) * (s->kind == STMT_FOR ? (double)most_iterations(s) : 1);
    return cost;
}

/* --- axes ------------------------------------------------------------------------------------- */

LoopShare loop_axis(const Var *v)
{
    static const char *const names[][10] = {
        [SHARE_PIXELS] = { "oy", "ox", "iy", "ix", "t", "p", "ty", "tx", "picture" },
        [SHARE_CHANNELS] = { "ot", "cv", "o", "c", "g" },
    };
    for (LoopShare axis = SHARE_PIXELS; axis <= SHARE_CHANNELS; axis++)
        for (int i = 0; names[axis][i]; i++)
            if (strcmp(v->name, names[axis][i]) == 0)
                return axis;
    return SHARE_NONE;
}

/* --- units ------------------------------------------------------------------------------------ */

typedef struct Sharing {
    Arena *L;
    const Function *f;
    LoopShare by;
    double grain;           /* operations of one count */
    int64_t most;           /* a unit of more counts than these is cut where it can be */
    int64_t divisor;        /* common to the counts of all units */
    uint64_t read, written; /* parameters since threads last met, one bit each */
} Sharing;

static bool has_local(const Stmt *block)
{
    for (int i = 0; i < block->count; i++)
        if (block->item[i]->kind == STMT_LOCAL || block->item[i]->kind == STMT_LET)
            return true;
    return false;
}

static bool is_list(const Stmt *s)
{
    return s->kind == STMT_BLOCK && !has_local(s);
}

static bool is_shareable(const Stmt *s)
{
    int64_t lo, hi;
    return s->kind == STMT_FOR && s->mark == LOOP_PLAIN && ix_is_constant(s->lo, &lo) &&
           ix_is_constant(s->hi, &hi);
}

static bool holds_shareable(const Stmt *s)
{
    for (int i = 0; is_list(s) && i < s->count; i++)
        if (holds_shareable(s->item[i]))
            return true;
    return is_shareable(s);
}

/* Are there loops over that axis in s which could be divided? */
static bool holds_axis(const Stmt *s, LoopShare axis)
{
    for (int i = 0; is_list(s) && i < s->count; i++)
        if (holds_axis(s->item[i], axis))
            return true;
    return is_shareable(s) && (loop_axis(s->var) == axis || holds_axis(s->body, axis));
}

static int64_t round_count(const Sharing *h, const Stmt *s)
{
    double count = cost_of(s) / h->grain;
    return count < 1 ? 1 : (int64_t)count;
}

static bool is_cut(const Sharing *h, const Stmt *s)
{
    return holds_shareable(s) && round_count(h, s) > h->most;
}

/* The greatest common divisor of d and the units of s. */
static int64_t gcd_of(const Sharing *h, const Stmt *s, int64_t d)
{
    for (int i = 0; is_list(s) && i < s->count; i++)
        d = gcd_of(h, s->item[i], d);
    if (is_list(s))
        return d;
    if (is_shareable(s) && is_cut(h, s->body))
        return gcd_of(h, s->body, d);
    for (int64_t rest = round_count(h, is_shareable(s) ? s->body : s); rest;) {
        int64_t next = d % rest;
        d = rest;
        rest = next;
    }
    return d;
}

static int64_t weight_of(const Sharing *h, const Stmt *s)
{
    return round_count(h, s) / h->divisor;
}

static int64_t largest_unit(const Sharing *h, const Stmt *s)
{
    int64_t largest = 0;
    if (is_shareable(s))
        return is_cut(h, s->body) ? largest_unit(h, s->body) : weight_of(h, s->body);
    if (!is_list(s))
        return weight_of(h, s);
    for (int i = 0; i < s->count; i++) {
        int64_t unit = largest_unit(h, s->item[i]);
        largest = unit > largest ? unit : largest;
    }
    return largest;
}

/* How far the count goes on over s. */
static int64_t count_of(const Sharing *h, const Stmt *s)
{
    int64_t sum = 0;
    for (int i = 0; is_list(s) && i < s->count; i++)
        sum += count_of(h, s->item[i]);
    if (is_list(s))
        return sum;
    if (!is_shareable(s))
        return weight_of(h, s);
    return most_iterations(s) * (is_cut(h, s->body) ? count_of(h, s->body) : weight_of(h, s->body));
}

static Stmt *copy_with(Arena *L, const Stmt *s, Stmt *body)
{
    Stmt *copy = arena_new_of(L, Stmt);
    *copy = *s;
    copy->body = body;
    return copy;
}

static Stmt *share_loop(Arena *L, const Stmt *s, Expr *begin, int64_t weight)
{
    Stmt *copy = copy_with(L, s, s->body);
    copy->mark = LOOP_PARALLEL;
    copy->unit = begin;
    copy->weight = weight;
    return copy;
}

static Stmt *once(Arena *L, Stmt *body)
{
    return st_for(L, loop_var(L, "once"), ix_int(L, 0), ix_int(L, 1), body);
}

/* Divides s, whose first unit is `begin`. */
static Stmt *divide(const Sharing *h, Stmt *s, Expr *begin)
{
    Arena *L = h->L;
    if (is_list(s)) {
        Stmt **items = arena_new_array(L, Stmt *, s->count);
        for (int i = 0; i < s->count; i++) {
            items[i] = divide(h, s->item[i], begin);
            begin = ix_add(L, begin, ix_int(L, count_of(h, s->item[i])));
        }
        return st_block(L, s->count, items);
    }
    if (!is_shareable(s))
        return share_loop(L, once(L, s), begin, weight_of(h, s));
    if (!is_cut(h, s->body))
        return share_loop(L, s, begin, weight_of(h, s->body));
    Expr *iteration = ix_sub(L, ix_var(L, s->var), s->lo);
    begin = ix_add(L, begin, ix_mul(L, iteration, count_of(h, s->body)));
    return copy_with(L, s, divide(h, s->body, begin));
}

/* --- stages ----------------------------------------------------------------------------------- */

static uint64_t parameter_bit(const Function *f, const Buffer *b)
{
    for (int i = 0; i < f->param_count; i++)
        if (f->param[i] == b)
            return (uint64_t)1 << i;
    return 0;
}

static uint64_t bits_read_by(const Function *f, const Expr *e)
{
    uint64_t bits = e->kind == EXPR_LOAD ? parameter_bit(f, e->buffer) : 0;
    for (int i = 0; i < e->arg_count; i++)
        bits |= bits_read_by(f, e->arg[i]);
    return bits;
}

static void find_access(const Function *f, const Stmt *s, uint64_t *read, uint64_t *written)
{
    if (s->value)
        *read |= bits_read_by(f, s->value);
    if (s->kind == STMT_STORE)
        *written |= parameter_bit(f, s->buffer);
    for (int i = 0; i < s->count; i++)
        find_access(f, s->item[i], read, written);
    if (s->body)
        find_access(f, s->body, read, written);
}

/* Must threads meet before s? Nests of one kernel that write the same buffer write different
 * elements of it, but what one reads another thread may have written. */
static bool must_meet(Sharing *h, const Stmt *s)
{
    uint64_t read = 0, written = 0;
    find_access(h->f, s, &read, &written);
    bool meet = (read & h->written) || (written & h->read & ~h->written);
    h->read = meet ? read : h->read | read;
    h->written = meet ? written : h->written | written;
    return meet;
}

/* Chooses units for s; the largest one's part of the whole. */
static double choose_units(Sharing *h, const Stmt *s)
{
    double cost = cost_of(s);
    h->grain = cost > largest_count ? cost / largest_count : 1;
    h->most = (int64_t)(cost / h->grain / FINEST);
    h->divisor = 1;
    double largest = (double)largest_unit(h, s) / (double)count_of(h, s);
    h->divisor = gcd_of(h, s, 0);
    return largest;
}

/* Are units so small that they come out even, or a multiple of four alike? */
static bool is_even(Sharing *h, const Stmt *s)
{
    if (choose_units(h, s) <= EVEN)
        return true;
    return largest_unit(h, s) == 1 && count_of(h, s) % 4 == 0;
}

/* s divided, all its loops in the order of execution. */
static Stmt *share_collapsed(Sharing *h, Stmt *s)
{
    Stmt *share = arena_new_of(h->L, Stmt);
    choose_units(h, s);
    *share = (Stmt){ .kind = STMT_SHARE, .units = count_of(h, s) };
    share->body = divide(h, s, ix_int(h->L, 0));
    return share;
}

/* Is it a loop over the axis that is not to be divided, with loops over the other one in it? */
static bool is_through(const Sharing *h, const Stmt *s)
{
    return is_shareable(s) && loop_axis(s->var) != h->by && holds_axis(s->body, h->by);
}

/* Where s first stores something. */
typedef struct Place {
    const Buffer *buffer;
    int64_t at[2]; /* row and column */
} Place;

static Place first_place(Arena *L, const Stmt *s)
{
    const Stmt *loop[32];
    int loops = 0;
    Place p = { NULL, { -1, -1 } };
    for (; s && s->kind != STMT_STORE; s = s->kind == STMT_BLOCK ? s->item[s->count - 1] : s->body)
        if (s->kind == STMT_FOR && loops < 32)
            loop[loops++] = s;
        else if (s->kind == STMT_BLOCK && s->count == 0)
            return p;
    for (int i = 0; s && i < 2 && i < s->index_count; i++) {
        Expr *at = s->index[i];
        for (int k = loops - 1; k >= 0; k--)
            at = expr_substitute(L, at, loop[k]->var, loop[k]->lo);
        p.buffer = s->buffer;
        if (!ix_is_constant(at, &p.at[i]))
            p.buffer = NULL;
    }
    return p;
}

/* Does s begin where `first` began? */
static bool begins_again(Sharing *h, const Stmt *first, const Stmt *s)
{
    Place a = first_place(h->L, first), b = first_place(h->L, s);
    return a.buffer && a.buffer == b.buffer && a.at[0] == b.at[0] && a.at[1] == b.at[1];
}

/* A list of loops that goes over the same places more than once, say for some channels and then for
 * the rest: each time is divided by itself, so that a thread has the same places every time. NULL
 * where it goes over them once, or where that would be uneven. */
static Stmt *share_each_time(Sharing *h, Stmt *list)
{
    Vec(Stmt *) times = { 0 };
    for (int i = 0, end; i < list->count; i = end) {
        for (end = i + 1; end < list->count && !begins_again(h, list->item[0], list->item[end]);)
            end++;
        if (end - i == list->count)
            return NULL;
        Stmt *once_over = st_block(h->L, end - i, list->item + i);
        if (!is_even(h, once_over))
            return NULL;
        vec_push(h->L, &times, share_collapsed(h, once_over));
    }
    return st_block(h->L, times.count, times.at);
}

/* s divided inside the loops that every thread runs; NULL where that would be uneven. */
static Stmt *share_inside(Sharing *h, Stmt *s)
{
    if (is_through(h, s)) {
        Stmt *body = share_inside(h, s->body);
        return body ? copy_with(h->L, s, body) : NULL;
    }
    bool apart = false;
    for (int i = 0; is_list(s) && i < s->count; i++)
        apart |= is_through(h, s->item[i]);
    Stmt *each = !apart && is_list(s) && h->by == SHARE_PIXELS ? share_each_time(h, s) : NULL;
    if (each)
        return each;
    if (!apart)
        return is_even(h, s) ? share_collapsed(h, s) : NULL;
    Vec(Stmt *) items = { 0 };
    for (int i = 0, end; i < s->count; i = end) {
        for (end = i; end < s->count && !is_through(h, s->item[end]);)
            end++;
        end += end == i;
        Stmt *part = share_inside(h,
                                  end - i > 1 ? st_block(h->L, end - i, s->item + i) : s->item[i]);
        if (!part)
            return NULL;
        vec_push(h->L, &items, part);
    }
    return st_block(h->L, items.count, items.at);
}

static Stmt *share_stage(Sharing *h, Stmt *s)
{
    if (cost_of(s) < WORTH_SHARING)
        return share_collapsed(h, once(h->L, s));
    Stmt *inside = share_inside(h, s);
    return inside ? inside : share_collapsed(h, s);
}

static Stmt *barrier(Arena *L)
{
    Stmt *s = arena_new_of(L, Stmt);
    *s = (Stmt){ .kind = STMT_BARRIER };
    return s;
}

static Stmt *share_list(Sharing *h, Stmt *s);

/* What an iteration leaves behind is what the next one begins with. */
static Stmt *share_sequential(Sharing *h, Stmt *s)
{
    share_list(h, s->body);
    return copy_with(h->L, s, share_list(h, s->body));
}

static Stmt *share_list(Sharing *h, Stmt *s)
{
    Stmt *self = s, **items = is_list(s) ? s->item : &self;
    int count = is_list(s) ? s->count : 1;
    Vec(Stmt *) stages = { 0 };
    for (int i = 0, end; i < count; i = end) {
        end = i + 1;
        if (items[i]->kind == STMT_FOR && items[i]->mark == LOOP_SEQUENTIAL) {
            vec_push(h->L, &stages, share_sequential(h, items[i]));
            continue;
        }
        bool meet = must_meet(h, items[i]);
        for (; end < count && items[end]->mark != LOOP_SEQUENTIAL; end++) {
            Sharing before = *h;
            if (must_meet(h, items[end])) {
                *h = before;
                break;
            }
        }
        if (meet)
            vec_push(h->L, &stages, barrier(h->L));
        vec_push(h->L, &stages, share_stage(h, st_block(h->L, end - i, items + i)));
    }
    return st_block(h->L, stages.count, stages.at);
}

Stmt *loop_share(Arena *L, const Function *f, Stmt *body, LoopShare by)
{
    if (f->param_count > 64)
        bug("function %s of more than 64 parameters", f->name);
    Sharing h = { .L = L, .f = f, .by = by };
    return share_list(&h, body);
}
