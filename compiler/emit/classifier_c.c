/* The classifier as const tables: the steps of each view, members, steps on scores, the decision.
 * Tables of members are called after them: large_steps, large_view_2_steps, large_scores. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"

#include <string.h>

static const char *doubles(Arena *a, const double *v, int count)
{
    Text t = { .arena = a };
    for (int i = 0; i < count; i++)
        text_printf(&t, "%s%.17g", i ? ", " : "", v[i]);
    return text_string(&t);
}

/* Trailing zeros are left out; at least one value stays. */
static int used_doubles(const double *v, int count)
{
    while (count > 1 && v[count - 1] == 0)
        count--;
    return count;
}

/* --- arrays of numbers ------------------------------------------------------------------------ */

static void put_doubles(Emission *e, Writer *w, const char *name, const double *v, int64_t count)
{
    enum { PER_LINE = 4 };
    w_linef(w, "static const double %s[] = {", name);
    for (int64_t i = 0; i < count; i += PER_LINE) {
        int n = count - i < PER_LINE ? (int)(count - i) : PER_LINE;
        w_linef(w, "%s,", doubles(e->arena, v + i, n));
    }
    w_line(w, "};");
}

static void put_integers(Emission *e, Writer *w, const char *name, const int *v, int count)
{
    Text t = { .arena = e->arena };
    for (int i = 0; i < count; i++)
        text_printf(&t, "%s%d", i ? ", " : "", v[i]);
    w_linef(w, "static const int %s[] = { %s };", name, text_string(&t));
}

/* --- preprocessing ---------------------------------------------------------------------------- */

static void put_step(Emission *e, Writer *w, const Step *s)
{
    w_linef(w, "{ %s, %s, { %d, %d, %d, %d }, { %s } },", step_c_name(s->op), step_method_c_name(s),
            s->n[0], s->n[1], s->n[2], s->n[3], doubles(e->arena, s->v, used_doubles(s->v, 8)));
}

static void put_steps(Emission *e, Writer *w, const char *name, const StepList *steps)
{
    if (!steps->count)
        return;
    w_linef(w, "static const kiln_step %s[] = {", name);
    for_each_vec(Step, s, steps)
        put_step(e, w, s);
    w_line(w, "};");
    w_blank(w);
}

static const char *view_steps(Emission *e, const char *its, int view)
{
    return view ? arena_printf(e->arena, "%sview_%d_steps", its, view + 1)
                : arena_printf(e->arena, "%ssteps", its);
}

static void put_views(Emission *e, Writer *w, const char *its, const Member *m)
{
    put_steps(e, w, view_steps(e, its, 0), &m->steps);
    for (int i = 1; i < m->views.count; i++)
        put_steps(e, w, view_steps(e, its, i), &m->views.at[i]);
    if (!m->views.count)
        return;
    w_linef(w, "static const kiln_view %sviews[] = {", its);
    for (int i = 0; i < m->views.count; i++)
        w_linef(w, "{ %s, %d },", m->views.at[i].count ? view_steps(e, its, i) : "NULL",
                m->views.at[i].count);
    w_line(w, "};");
    w_blank(w);
}

/* --- steps on scores -------------------------------------------------------------------------- */

static void put_svm(Emission *e, Writer *w, const char *its, const Svm *svm)
{
    Arena *a = e->arena;
    int64_t vectors = svm->vector_count, k = svm->class_count;
    put_integers(e, w, arena_printf(a, "%ssvm_class", its), svm->group_class, svm->class_count);
    put_integers(e, w, arena_printf(a, "%ssvm_size", its), svm->group_size, svm->class_count);
    put_doubles(e, w, arena_printf(a, "%ssvm_vectors", its), svm->vectors,
                vectors * svm->feature_count);
    put_doubles(e, w, arena_printf(a, "%ssvm_coefficients", its), svm->coefficients,
                vectors * (k - 1));
    put_doubles(e, w, arena_printf(a, "%ssvm_intercepts", its), svm->intercepts, k * (k - 1) / 2);
    w_blank(w);
    w_linef(w, "static const kiln_svm %ssvm = {", its);
    w_linef(w, "%s, %d, %.17g, %.17g, %d, %d, %d,", kernel_c_name(svm->kernel), svm->degree,
            svm->gamma, svm->coef0, svm->class_count, svm->feature_count, svm->vector_count);
    w_linef(w, "%ssvm_class, %ssvm_size, %ssvm_vectors, %ssvm_coefficients, %ssvm_intercepts,", its,
            its, its, its, its);
    w_line(w, "};");
    w_blank(w);
}

static void put_matrix(Emission *e, Writer *w, const char *its, const Matrix *m)
{
    Arena *a = e->arena;
    put_doubles(e, w, arena_printf(a, "%sdense_values", its), m->values,
                (int64_t)m->rows * m->columns);
    put_doubles(e, w, arena_printf(a, "%sdense_bias", its), m->bias, m->rows);
    w_linef(w, "static const kiln_matrix %sdense = { %d, %d, %sdense_values, %sdense_bias };", its,
            m->rows, m->columns, its, its);
    w_blank(w);
}

static const char *score_text(Emission *e, const char *its, const Score *s)
{
    const char *op = score_c_name(s->op);
    if (s->op == SCORE_TEMPERATURE)
        return arena_printf(e->arena, "{ %s, %.17g, NULL, NULL, NULL },", op, s->v);
    if (s->op == SCORE_DENSE)
        return arena_printf(e->arena, "{ %s, 0, &%sdense, NULL, NULL },", op, its);
    if (s->op == SCORE_SVM)
        return arena_printf(e->arena, "{ %s, 0, NULL, &%ssvm, NULL },", op, its);
    if (s->op == SCORE_NETWORK)
        return arena_printf(e->arena, "{ %s, 0, NULL, NULL, &%s_network },", op,
                            e->networks[s->network].name);
    return arena_printf(e->arena, "{ %s, 0, NULL, NULL, NULL },", op);
}

static void put_scores(Emission *e, Writer *w, const char *its, const ScoreList *scores)
{
    if (!scores->count)
        return;
    for_each_vec(Score, s, scores) {
        if (s->svm)
            put_svm(e, w, its, s->svm);
        if (s->matrix)
            put_matrix(e, w, its, s->matrix);
    }
    w_linef(w, "static const kiln_score %sscores[] = {", its);
    for_each_vec(Score, s, scores)
        w_linef(w, "%s", score_text(e, its, s));
    w_line(w, "};");
    w_blank(w);
}

static void put_table(Emission *e, Writer *w, const char *name, const Matrix *m)
{
    if (!m)
        return;
    put_doubles(e, w, name, m->values, (int64_t)m->rows * m->columns);
    w_blank(w);
}

/* --- members ---------------------------------------------------------------------------------- */

/* "large_" for a member of several; "" for the only one. */
static const char *its_name(Emission *e, const Member *m)
{
    return e->classifier->members.count > 1 ? arena_printf(e->arena, "%s_", m->name) : "";
}

static int output_count(const Emission *e, int i)
{
    const Program *p = e->networks[i].program;
    return (int)(p->output_count / p->pictures); /* of one picture of a batch */
}

static void put_member(Emission *e, Writer *w, int i)
{
    const Member *m = &e->classifier->members.at[i];
    const char *its = its_name(e, m);
    const char *network = e->network_count > 1
                              ? arena_printf(e->arena, "%s_network", e->networks[i].name)
                              : "network";
    w_line(w, "{");
    w_linef(w, ".network = &%s,", network);
    if (m->steps.count)
        w_linef(w, ".steps = %ssteps,", its);
    w_linef(w, ".step_count = %d,", m->steps.count);
    w_linef(w, ".weight = %.17g,", m->weight);
    if (m->name)
        w_linef(w, ".name = %s,", c_string(e->arena, m->name));
    if (m->views.count) {
        w_linef(w, ".views = %sviews,", its);
        w_linef(w, ".view_count = %d,", m->views.count);
        w_linef(w, ".view_merge = %s,", merge_c_name(m->view_merge));
    }
    if (m->scores.count) {
        w_linef(w, ".scores = %sscores,", its);
        w_linef(w, ".score_count = %d,", m->scores.count);
    }
    w_linef(w, ".class_count = %d,", scores_count(&m->scores, output_count(e, i)));
    if (m->name && m->threshold != 0.0)
        w_linef(w, ".threshold = %.17g,", m->threshold);
    if (m->thresholds)
        w_linef(w, ".thresholds = %sthresholds,", its);
    w_line(w, "},");
}

static void put_members(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    w_blank(w);
    for_each_vec(Member, m, &c->members) {
        const char *its = its_name(e, m);
        put_views(e, w, its, m);
        put_scores(e, w, its, &m->scores);
        put_table(e, w, arena_printf(e->arena, "%sthresholds", its), m->thresholds);
    }
    w_line(w, "static const kiln_member members[] = {");
    for (int i = 0; i < c->members.count; i++)
        put_member(e, w, i);
    w_line(w, "};");
}

/* --- the decision ----------------------------------------------------------------------------- */

static void put_decision(Emission *e, Writer *w, const Classifier *c)
{
    w_line(w, ".decision = {");
    w_linef(w, ".activation = %s,", output_c_name(c->activation));
    w_linef(w, ".rule = %s,", rule_c_name(c->rule));
    w_linef(w, ".top = %d,", c->top);
    w_linef(w, ".has_threshold = %d,", c->has_threshold);
    w_linef(w, ".threshold = %s,", doubles(e->arena, &c->threshold, 1));
    if (c->thresholds)
        w_line(w, ".thresholds = class_thresholds,");
    if (c->cost)
        w_line(w, ".cost = cost,");
    if (c->reject_label)
        w_linef(w, ".reject_label = %s,", c_string(e->arena, c->reject_label));
    if (c->grouping != GROUPING_NONE)
        w_linef(w, ".grouping = %s,", grouping_c_name(c->grouping));
    w_line(w, "},");
}

/* The labels of several networks belong to none of them. */
static void put_labels(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    if (!c->labels.count || emit_has_labels(e))
        return;
    w_linef(w, "static const char *const labels[%d] = {", c->labels.count);
    for_each_vec(const char *const, label, &c->labels)
        w_linef(w, "%s,", c_string(e->arena, *label));
    w_line(w, "};");
    w_blank(w);
}

static int merged_count(const Emission *e)
{
    const Classifier *c = e->classifier;
    int sum = 0;
    for (int i = 0; i < c->members.count; i++)
        sum += scores_count(&c->members.at[i].scores, output_count(e, i));
    return c->merge == MERGE_CONCAT ? sum
                                    : scores_count(&c->members.at[0].scores, output_count(e, 0));
}

static void put_program(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    w_line(w, "extern const kiln_classifier kiln_program;");
    w_line(w, "const kiln_classifier kiln_program = {");
    w_linef(w, ".name = %s,", c_string(e->arena, c->name));
    w_line(w, ".members = members,");
    w_linef(w, ".member_count = %d,", c->members.count);
    w_linef(w, ".merge = %s,", merge_c_name(c->merge));
    if (c->scores.count) {
        w_line(w, ".scores = merged_scores,");
        w_linef(w, ".score_count = %d,", c->scores.count);
    }
    w_linef(w, ".class_count = %d,", scores_count(&c->scores, merged_count(e)));
    put_decision(e, w, c);
    if (c->labels.count) {
        w_line(w, emit_has_labels(e) ? ".labels = ${name}_labels," : ".labels = labels,");
        w_linef(w, ".label_count = %d,", c->labels.count);
    }
    w_linef(w, ".takes_pictures = %d,", c->takes_pictures);
    w_line(w, "};");
}

/* A program without a classifier of its own: a bare network. */
static void put_bare_program(Emission *e, Writer *w)
{
    w_blank(w);
    w_line(w, "static const kiln_member members[] = { { .network = &network, .weight = 1 } };");
    w_blank(w);
    w_line(w, "extern const kiln_classifier kiln_program;");
    w_line(w, "const kiln_classifier kiln_program = {");
    w_linef(w, ".name = %s,", c_string(e->arena, e->program->name));
    w_line(w, ".members = members,");
    w_line(w, ".member_count = 1,");
    w_line(w, "};");
}

void emit_classifier(Emission *e, Writer *w)
{
    const Classifier *c = e->classifier;
    if (!c) {
        put_bare_program(e, w);
        return;
    }
    put_members(e, w);
    w_blank(w);
    put_scores(e, w, "merged_", &c->scores);
    put_table(e, w, "class_thresholds", c->thresholds);
    put_table(e, w, "cost", c->cost);
    put_labels(e, w);
    put_program(e, w);
}
