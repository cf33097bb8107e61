/* A classifier as text, in the order and nearly the words of the source. */
#include "compiler/classifier/classifier.h"

static void dump_values(Text *t, const char *what, const double *v, int count)
{
    text_printf(t, " %s [", what);
    for (int i = 0; i < count && i < 4; i++)
        text_printf(t, i ? ", %.9g" : "%.9g", v[i]);
    text_puts(t, "]");
}

static void dump_filter(const Step *s, Text *t)
{
    const Method method = filter_method((Filter)s->method);

    text_printf(t, " %s", filter_name((Filter)s->method));
    if (method != METHOD_PILLOW)
        text_printf(t, " method %s", method_name(method));
}

static void dump_pad(const Step *s, Text *t)
{
    if (s->op == STEP_PAD)
        text_printf(t, " [%d, %d, %d, %d]", s->n[0], s->n[1], s->n[2], s->n[3]);
    else
        text_printf(t, " %s [%d, %d]", s->op == STEP_PAD_TO ? "to" : "ratio", s->n[0], s->n[1]);
    dump_values(t, "fill", s->v, 3);
}

static void dump_resize(const Step *s, Text *t)
{
    if (s->op == STEP_RESIZE_SHORTER)
        text_printf(t, " %d", s->n[0]);
    else
        text_printf(t, "%s [%d, %d]", s->op == STEP_RESIZE ? "" : " within", s->n[0], s->n[1]);
    dump_filter(s, t);
}

static void dump_step(const Step *s, Text *t)
{
    text_printf(t, "    %s", step_name(s->op));
    switch (s->op) {
    case STEP_DECODE:
        text_printf(t, " %s", decoder_name((Decoder)s->method));
        break;
    case STEP_COLOR:
        text_printf(t, " %s", color_name((Color)s->method));
        break;
    case STEP_RESIZE:
    case STEP_RESIZE_SHORTER:
    case STEP_RESIZE_WITHIN:
        dump_resize(s, t);
        break;
    case STEP_CENTER_CROP:
        text_printf(t, " [%d, %d]", s->n[0], s->n[1]);
        if (s->has_fill)
            dump_values(t, "fill", s->v, 3);
        break;
    case STEP_PAD:
    case STEP_PAD_TO:
    case STEP_PAD_RATIO:
        dump_pad(s, t);
        break;
    case STEP_SCALE:
        text_printf(t, " %.9g", s->v[0]);
        break;
    case STEP_NORMALIZE:
        dump_values(t, "mean", s->v, s->mean_count);
        dump_values(t, "std", s->v + 4, s->std_count);
        break;
    case STEP_CAST:
        text_puts(t, " uint8");
        break;
    case STEP_FLIP:
        text_printf(t, " %s", flip_name((Flip)s->method));
        break;
    case STEP_TURN:
        text_printf(t, " %d", s->n[0]);
        break;
    case STEP_SHIFT:
        text_printf(t, " [%d, %d]", s->n[0], s->n[1]);
        dump_values(t, "fill", s->v, 3);
        break;
    case STEP_CORNER_CROP:
        text_printf(t, " %s [%d, %d]", corner_name((Corner)s->method), s->n[0], s->n[1]);
        break;
    case STEP_COUNT:
        bug("a step without operation");
    }
    text_puts(t, "\n");
}

static void dump_steps(const StepList *steps, Text *t)
{
    for_each_vec(const Step, s, steps)
        dump_step(s, t);
}

static void dump_score(const Score *s, Text *t)
{
    text_printf(t, "    %s", score_name(s->op));
    if (s->op == SCORE_TEMPERATURE)
        text_printf(t, " %.9g", s->v);
    if (s->op == SCORE_DENSE)
        text_printf(t, " %d -> %d", s->matrix->columns, s->matrix->rows);
    if (s->op == SCORE_NETWORK)
        text_printf(t, " %d -> %d", s->inputs, s->counts);
    if (s->op == SCORE_SVM)
        text_printf(t, " %s, %d vectors of %d, %d classes", svm_kernel_name(s->svm->kernel),
                    s->svm->vector_count, s->svm->feature_count, s->svm->class_count);
    text_puts(t, "\n");
}

static void dump_member(const Member *m, Text *t)
{
    text_printf(t, "  model %s, weight %.9g", m->model, m->weight);
    if (m->thresholds)
        text_printf(t, ", thresholds %s", m->thresholds->file);
    else if (m->name && m->threshold > 0.0)
        text_printf(t, ", threshold %.9g", m->threshold);
    text_puts(t, "\n");
    for (int i = 0; i < m->weights.count; i++)
        text_printf(t, "    weights %s\n", m->weights.at[i]);
    if (!m->views.count)
        dump_steps(&m->steps, t);
    for (int i = 0; i < m->views.count; i++) {
        text_printf(t, "   view %d of %d, %s\n", i + 1, m->views.count, merge_name(m->view_merge));
        dump_steps(&m->views.at[i], t);
    }
    for_each_vec(const Score, s, &m->scores)
        dump_score(s, t);
}

static void dump_decision(const Classifier *c, Text *t)
{
    text_printf(t, "  output %s, %s", output_name(c->activation),
                c->rule == RULE_TAGS ? "tags" : "best");
    if (c->top)
        text_printf(t, ", top %d", c->top);
    if (c->has_threshold)
        text_printf(t, ", threshold %.9g", c->threshold);
    if (c->thresholds)
        text_printf(t, ", thresholds %s", c->thresholds->file);
    if (c->cost)
        text_printf(t, ", least cost by %s", c->cost->file);
    if (c->grouping != GROUPING_NONE)
        text_printf(t, ", groups %s", grouping_name(c->grouping));
    if (c->reject_label)
        text_printf(t, ", else \"%s\"", c->reject_label);
    text_puts(t, "\n");
}

void classifier_dump(const Classifier *c, Text *t)
{
    text_printf(t, "classifier %s%s\n", c->name, c->takes_pictures ? "" : ", tensors only");
    for (int i = 0; i < c->members.count; i++)
        dump_member(&c->members.at[i], t);
    if (c->merge != MERGE_SINGLE)
        text_printf(t, "  merge %s\n", merge_name(c->merge));
    for_each_vec(const Score, s, &c->scores)
        dump_score(s, t);
    dump_decision(c, t);
    if (c->labels_file)
        text_printf(t, "  labels %s, %d\n", c->labels_file, c->labels.count);
}
