/* Figures that do not apply are left out: macro precisions of tags, average precision of a single
 * answer. CSV has the table of classes only. */
#include "runtime/eval_report.h"

#include "runtime/report.h"

enum { SWEEP = 19 }; /* thresholds 0.05, 0.10, ..., 0.95 */

/* --- text ------------------------------------------------------------------------------------ */

static void put_figure(FILE *out, const char *name, double value)
{
    fprintf(out, "%-18s %8.4f", name, value);
}

static void text_head(const EvalReport *r, FILE *out)
{
    const Metrics *m = r->metrics;

    fprintf(out, "%-18s %8zu of %zu%s", "pictures", m->pictures, r->listed,
            r->interrupted ? ", interrupted" : "");
    if (r->failed)
        fprintf(out, ", %zu failed", r->failed);
    fprintf(out, "\n%-18s %8.1f a second\n", "throughput",
            r->seconds > 0.0 ? (double)m->pictures / r->seconds : 0.0);
}

static void text_single(const EvalReport *r, FILE *out)
{
    const Metrics *m = r->metrics;

    put_figure(out, "accuracy", metrics_accuracy(m));
    fprintf(out, "  (%zu of %zu)\n", m->exact, m->pictures);
    if (m->classes > 5) {
        put_figure(out, "top-5", metrics_top5(m));
        fprintf(out, "  (%zu of %zu)\n", m->top5, m->pictures);
    }
    put_figure(out, "macro precision", metrics_macro_predicted(m));
    fprintf(out, "  over the %d classes predicted\n", metrics_predicted_classes(m));
    put_figure(out, "", metrics_macro_all(m));
    fprintf(out, "  over all %d classes\n", m->classes);
    if (m->rejected)
        fprintf(out, "%-18s %8zu\n", "rejected", m->rejected);
}

/* How many pictures each member of a cascade has answered. */
static void text_members(const EvalReport *r, FILE *out)
{
    for (int i = 0; r->answered && i < r->program->member_count; i++) {
        const double part = r->metrics->pictures
                                ? (double)r->answered[i] / (double)r->metrics->pictures
                                : 0.0;
        put_figure(out, i ? "" : "answered by", part);
        fprintf(out, "  %s (%zu of %zu)\n", r->program->members[i].name, r->answered[i],
                r->metrics->pictures);
    }
}

static int text_tags(const EvalReport *r, FILE *out, Reason *why)
{
    const Metrics *m = r->metrics;
    int counted = 0;
    const double map = metrics_map(m, &counted);
    double best = -1.0;
    int at = 0;

    if (map < 0.0)
        return reason_set(why, "out of memory");
    put_figure(out, "exact", metrics_accuracy(m));
    fprintf(out, "  (%zu of %zu have all their tags and no other)\n", m->exact, m->pictures);
    put_figure(out, "mAP", map);
    fprintf(out, "  over the %d tags that occur\n\n", counted);
    fprintf(out, "threshold  precision   recall  F%-5.3g  F%-.3g by picture\n", r->beta, r->beta);
    for (int i = 1; i <= SWEEP; i++) {
        const TagPoint p = metrics_at(m, 0.05 * i, r->beta);
        if (p.f > best) {
            best = p.f;
            at = i;
        }
    }
    for (int i = 1; i <= SWEEP; i++) {
        const TagPoint p = metrics_at(m, 0.05 * i, r->beta);
        fprintf(out, "%9.2f %10.4f %8.4f %7.4f %9.4f%s\n", p.threshold, p.precision, p.recall, p.f,
                p.f_picture, i == at ? "  best" : "");
    }
    return 1;
}

static void text_classes(const EvalReport *r, FILE *out)
{
    const Metrics *m = r->metrics;
    char room[16];

    fprintf(out, "\n%8s %8s %9s %8s %8s  class\n", "pictures", "decided", "precision", "recall",
            "F1");
    for (int c = 0; c < m->classes; c++) {
        if (!m->actual[c] && !m->predicted[c])
            continue;
        fprintf(out, "%8zu %8zu %9.4f %8.4f %8.4f  %s\n", m->actual[c], m->predicted[c],
                metrics_precision(m, c), metrics_recall(m, c), metrics_f1(m, c),
                class_name(&r->names, c, room));
    }
}

static int print_text(const EvalReport *r, FILE *out, Reason *why)
{
    text_head(r, out);
    if (r->metrics->has_tags && !text_tags(r, out, why))
        return 0;
    if (!r->metrics->has_tags)
        text_single(r, out);
    text_members(r, out);
    text_classes(r, out);
    return r->metrics->has_tags || confusion_print(r->metrics, &r->names, out, why);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_classes(const EvalReport *r, FILE *out)
{
    const Metrics *m = r->metrics;
    char room[16];

    fputs(", \"classes\": [", out);
    for (int c = 0; c < m->classes; c++) {
        fputs(c ? ", {\"label\": " : "{\"label\": ", out);
        report_json_string(out, class_name(&r->names, c, room));
        fprintf(out,
                ", \"index\": %d, \"pictures\": %zu, \"predicted\": %zu, \"correct\": %zu, "
                "\"precision\": %.8g, \"recall\": %.8g, \"f1\": %.8g}",
                c, m->actual[c], m->predicted[c], m->correct[c], metrics_precision(m, c),
                metrics_recall(m, c), metrics_f1(m, c));
    }
    putc(']', out);
}

static void json_confusion(const Metrics *m, FILE *out)
{
    const size_t columns = (size_t)m->classes + 1;

    fputs(", \"confusion\": [", out);
    for (int t = 0; t < m->classes; t++) {
        fputs(t ? ", [" : "[", out);
        for (size_t c = 0; c < columns; c++)
            fprintf(out, c ? ", %u" : "%u", (unsigned)m->confusion[(size_t)t * columns + c]);
        putc(']', out);
    }
    putc(']', out);
}

static void json_members(const EvalReport *r, FILE *out)
{
    for (int i = 0; r->answered && i < r->program->member_count; i++) {
        fputs(i ? ", {\"name\": " : ", \"members\": [{\"name\": ", out);
        report_json_string(out, r->program->members[i].name);
        fprintf(out, ", \"answered\": %zu}", r->answered[i]);
    }
    fputs(r->answered ? "]" : "", out);
}

static int json_tags(const EvalReport *r, FILE *out, Reason *why)
{
    int counted = 0;
    const double map = metrics_map(r->metrics, &counted);

    if (map < 0.0)
        return reason_set(why, "out of memory");
    fprintf(out,
            ", \"exact\": %.8g, \"map\": %.8g, \"map_classes\": %d, \"beta\": %.8g, \"sweep\": [",
            metrics_accuracy(r->metrics), map, counted, r->beta);
    for (int i = 1; i <= SWEEP; i++) {
        const TagPoint p = metrics_at(r->metrics, 0.05 * i, r->beta);
        fprintf(out,
                "%s{\"threshold\": %.2f, \"precision\": %.8g, \"recall\": %.8g, \"f\": %.8g, "
                "\"f_picture\": %.8g}",
                i > 1 ? ", " : "", p.threshold, p.precision, p.recall, p.f, p.f_picture);
    }
    putc(']', out);
    return 1;
}

static int print_json(const EvalReport *r, FILE *out, Reason *why)
{
    const Metrics *m = r->metrics;

    fprintf(out,
            "{\"pictures\": %zu, \"listed\": %zu, \"failed\": %zu, \"interrupted\": %s, "
            "\"seconds\": %.3f, \"rejected\": %zu",
            m->pictures, r->listed, r->failed, r->interrupted ? "true" : "false", r->seconds,
            m->rejected);
    if (m->has_tags && !json_tags(r, out, why))
        return 0;
    if (!m->has_tags)
        fprintf(out,
                ", \"accuracy\": %.8g, \"top5\": %.8g, \"macro_precision_predicted\": %.8g, "
                "\"macro_precision_all\": %.8g, \"predicted_classes\": %d",
                metrics_accuracy(m), metrics_top5(m), metrics_macro_predicted(m),
                metrics_macro_all(m), metrics_predicted_classes(m));
    json_members(r, out);
    json_classes(r, out);
    if (!m->has_tags)
        json_confusion(m, out);
    fputs("}\n", out);
    return 1;
}

/* --- CSV ------------------------------------------------------------------------------------- */

static int print_csv(const EvalReport *r, FILE *out, Reason *why)
{
    const Metrics *m = r->metrics;
    char room[16];

    (void)why;
    fputs("label,index,pictures,predicted,correct,precision,recall,f1\n", out);
    for (int c = 0; c < m->classes; c++) {
        report_csv_field(out, class_name(&r->names, c, room));
        fprintf(out, ",%d,%zu,%zu,%zu,%.8g,%.8g,%.8g\n", c, m->actual[c], m->predicted[c],
                m->correct[c], metrics_precision(m, c), metrics_recall(m, c), metrics_f1(m, c));
    }
    return 1;
}

int eval_report_print(const EvalReport *r, Format format, FILE *out, Reason *why)
{
    static int (*const formats[])(const EvalReport *, FILE *, Reason *) = {
        [FORMAT_TEXT] = print_text, [FORMAT_JSON] = print_json, [FORMAT_CSV] = print_csv
    };

    return formats[format](r, out, why);
}
