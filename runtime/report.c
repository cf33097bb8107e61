/* Text for people, JSON with one object a line, CSV with one row a picture. Scores have eight
 * digits, enough to tell any two floats of this size apart. */
#include "runtime/report.h"

#include "runtime/utf8.h"

#include <string.h>

/* --- strings --------------------------------------------------------------------------------- */

static void json_character(FILE *out, const char *text, int length)
{
    const unsigned char c = (unsigned char)text[0];
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (const char *s = short_forms; length == 1 && *s; s += 2)
        if (*s == text[0]) {
            fprintf(out, "\\%c", s[1]);
            return;
        }
    if (length == 0)
        fprintf(out, "\\udc%02x", c);
    else if (length == 1 && (c < 0x20 || c == 0x7f))
        fprintf(out, "\\u%04x", c);
    else
        fwrite(text, 1, (size_t)length, out);
}

void report_json_string(FILE *out, const char *text)
{
    putc('"', out);
    while (*text) {
        const int length = utf8_length(text);
        json_character(out, text, length);
        text += length ? length : 1;
    }
    putc('"', out);
}

void report_csv_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n") && text[0] != ' ') {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

/* The label of a class, or its index in `room` where there are no labels. */
static const char *label_of(const Report *r, int class_index, char room[16])
{
    if (r->labels && class_index < r->label_count)
        return r->labels[class_index];
    snprintf(room, 16, "%d", class_index);
    return room;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_label(const Report *r, int class_index)
{
    char room[16];
    report_json_string(r->out, label_of(r, class_index, room));
}

static void json_choice(const Report *r, const Decision *d)
{
    if (r->rule == KILN_RULE_BEST && d->chosen == 0) {
        if (r->reject_label)
            report_json_string(r->out, r->reject_label);
        else
            fputs("null", r->out);
        return;
    }
    if (r->rule == KILN_RULE_BEST) {
        json_label(r, d->rank[0]);
        return;
    }
    putc('[', r->out);
    for (int i = 0; i < d->chosen; i++) {
        fputs(i ? ", " : "", r->out);
        json_label(r, d->rank[i]);
    }
    putc(']', r->out);
}

/* What a contest's server is asked for: nothing but the result. */
static void bare_result(const Report *r, const char *file, const Decision *d)
{
    (void)file;
    fputs("{\"result\": ", r->out);
    json_choice(r, d);
    fputs("}\n", r->out);
}

static void json_result(const Report *r, const char *file, const Decision *d)
{
    fputs("{\"file\": ", r->out);
    report_json_string(r->out, file);
    fputs(", \"result\": ", r->out);
    json_choice(r, d);
    fprintf(r->out, ", \"score\": %.8g, \"top\": [", d->score[d->rank[0]]);
    for (int i = 0; i < r->top; i++) {
        fputs(i ? ", {\"label\": " : "{\"label\": ", r->out);
        json_label(r, d->rank[i]);
        fprintf(r->out, ", \"index\": %d, \"score\": %.8g}", d->rank[i], d->score[d->rank[i]]);
    }
    fputs("]}\n", r->out);
}

/* --- CSV ------------------------------------------------------------------------------------- */

static void csv_begin(const Report *r)
{
    fputs("file,result,score", r->out);
    for (int i = 1; i <= r->top; i++)
        fprintf(r->out, ",label_%d,index_%d,score_%d", i, i, i);
    putc('\n', r->out);
}

/* Several labels in one field are separated by commas. */
static void csv_tags(const Report *r, const Decision *d)
{
    char room[16];

    putc('"', r->out);
    for (int i = 0; i < d->chosen; i++) {
        fputs(i ? "," : "", r->out);
        for (const char *c = label_of(r, d->rank[i], room); *c; c++) {
            if (*c == '"')
                putc('"', r->out);
            putc(*c, r->out);
        }
    }
    putc('"', r->out);
}

static void csv_result(const Report *r, const char *file, const Decision *d)
{
    char room[16];

    report_csv_field(r->out, file);
    putc(',', r->out);
    if (r->rule == KILN_RULE_TAGS)
        csv_tags(r, d);
    else if (d->chosen)
        report_csv_field(r->out, label_of(r, d->rank[0], room));
    else if (r->reject_label)
        report_csv_field(r->out, r->reject_label);
    fprintf(r->out, ",%.8g", d->score[d->rank[0]]);
    for (int i = 0; i < r->top; i++) {
        putc(',', r->out);
        report_csv_field(r->out, label_of(r, d->rank[i], room));
        fprintf(r->out, ",%d,%.8g", d->rank[i], d->score[d->rank[i]]);
    }
    putc('\n', r->out);
}

/* --- text ------------------------------------------------------------------------------------ */

static void text_choice(const Report *r, const Decision *d)
{
    char room[16];

    if (d->chosen == 0)
        fputs(r->rule == KILN_RULE_TAGS ? "no tag"
              : r->reject_label         ? r->reject_label
                                        : "rejected",
              r->out);
    for (int i = 0; i < (r->rule == KILN_RULE_TAGS ? d->chosen : d->chosen != 0); i++)
        fprintf(r->out, "%s%s", i ? ", " : "", label_of(r, d->rank[i], room));
}

static void text_result(const Report *r, const char *file, const Decision *d)
{
    char room[16];

    fprintf(r->out, "%s: ", file);
    text_choice(r, d);
    putc('\n', r->out);
    for (int i = 0; i < r->top; i++)
        fprintf(r->out, "  %8.4f  %s\n", d->score[d->rank[i]], label_of(r, d->rank[i], room));
}

/* --------------------------------------------------------------------------------------------- */

static const struct {
    void (*begin)(const Report *r);
    void (*result)(const Report *r, const char *file, const Decision *d);
} formats[] = {
    [FORMAT_TEXT] = { NULL, text_result },
    [FORMAT_JSON] = { NULL, json_result },
    [FORMAT_CSV] = { csv_begin, csv_result },
    [FORMAT_RESULT] = { NULL, bare_result },
};

void report_begin(const Report *r)
{
    if (formats[r->format].begin)
        formats[r->format].begin(r);
}

void report_result(const Report *r, const char *file, const Decision *d)
{
    formats[r->format].result(r, file, d);
}
