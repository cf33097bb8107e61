/* Rows are the truth, columns the decisions; the last column, "rejected", only where there are
 * any. */
#include "runtime/confusion.h"

#include "runtime/outfile.h"
#include "runtime/report.h"
#include "runtime/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_CLASSES = 20, PAIRS = 20, CELL = 24, NUMBERED_CLASSES = 60 };

const char *class_name(const ClassNames *names, int class_index, char room[16])
{
    if (names->labels && class_index < names->count)
        return names->labels[class_index];
    snprintf(room, 16, "%d", class_index);
    return room;
}

static unsigned count_at(const Metrics *m, int truth, int answer)
{
    return m->confusion[(size_t)truth * ((size_t)m->classes + 1) + (size_t)answer];
}

/* Columns to show. */
static int columns_of(const Metrics *m)
{
    return m->classes + (m->rejected > 0);
}

static const char *column_name(const Metrics *m, const ClassNames *names, int column, char room[16])
{
    return column == m->classes ? "rejected" : class_name(names, column, room);
}

/* --- for people ------------------------------------------------------------------------------ */

/* Characters, not bytes; those of East Asia are two columns wide on a terminal. */
static int text_width(const char *text)
{
    int width = 0;

    while (*text) {
        const int n = utf8_length(text);
        width += n >= 3 && (unsigned char)text[0] >= 0xe3 ? 2 : 1;
        text += n ? n : 1;
    }
    return width;
}

static void put_padded(FILE *out, const char *text, int width)
{
    fprintf(out, "%s%*s", text, width - text_width(text) > 0 ? width - text_width(text) : 0, "");
}

static void print_table(const Metrics *m, const ClassNames *names, FILE *out)
{
    char room[16];
    int width = 0, digits = 1;

    for (int c = 0; c < m->classes; c++) {
        const int n = text_width(class_name(names, c, room));
        width = n > width ? n : width;
    }
    for (size_t largest = m->pictures; largest >= 10; largest /= 10)
        digits++;
    digits = digits < 3 ? 3 : digits;
    fprintf(out, "\nconfusion: a row per class, a column per decision%s\n",
            m->rejected ? ", the last one rejected" : "");
    fprintf(out, "%*s", width + 5, "");
    for (int c = 0; c < columns_of(m); c++)
        if (c < m->classes)
            fprintf(out, " %*d", digits, c);
        else
            fprintf(out, " %*s", digits, "-");
    putc('\n', out);
    for (int t = 0; t < m->classes; t++) {
        fprintf(out, "%4d ", t);
        put_padded(out, class_name(names, t, room), width);
        for (int c = 0; c < columns_of(m); c++) {
            if (count_at(m, t, c))
                fprintf(out, " %*u", digits, count_at(m, t, c));
            else
                fprintf(out, " %*s", digits, ".");
        }
        putc('\n', out);
    }
}

typedef struct Pair {
    unsigned count;
    int truth, answer;
} Pair;

static int compare_pairs(const void *a, const void *b)
{
    const Pair *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->truth != y->truth ? x->truth - y->truth : x->answer - y->answer;
}

/* Keeps the most frequent ones: a list of at most PAIRS, sorted. */
static int collect_pairs(const Metrics *m, Pair pairs[PAIRS + 1])
{
    int count = 0;

    for (int t = 0; t < m->classes; t++)
        for (int c = 0; c <= m->classes; c++) {
            const Pair pair = { count_at(m, t, c), t, c };
            if (t == c || !pair.count || (count == PAIRS && pair.count <= pairs[PAIRS - 1].count))
                continue;
            pairs[count++] = pair;
            qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
            count = count > PAIRS ? PAIRS : count;
        }
    return count;
}

static void print_pairs(const Metrics *m, const ClassNames *names, FILE *out)
{
    Pair pairs[PAIRS + 1];
    char room[2][16];
    const int count = collect_pairs(m, pairs);

    if (count)
        fprintf(out, "\nconfused most often (--confusion OUT.csv has the whole matrix)\n");
    for (int i = 0; i < count; i++)
        fprintf(out, "%6u  %s -> %s\n", pairs[i].count, class_name(names, pairs[i].truth, room[0]),
                column_name(m, names, pairs[i].answer, room[1]));
}

int confusion_print(const Metrics *m, const ClassNames *names, FILE *out, Reason *why)
{
    if (m->classes <= TABLE_CLASSES)
        print_table(m, names, out);
    else
        print_pairs(m, names, out);
    return ferror(out) ? reason_set(why, "cannot write") : 1;
}

/* --- CSV ------------------------------------------------------------------------------------- */

static void write_csv(const Metrics *m, const ClassNames *names, FILE *out)
{
    char room[16];

    fputs("truth", out);
    for (int c = 0; c < columns_of(m); c++) {
        putc(',', out);
        report_csv_field(out, column_name(m, names, c, room));
    }
    putc('\n', out);
    for (int t = 0; t < m->classes; t++) {
        report_csv_field(out, class_name(names, t, room));
        for (int c = 0; c < columns_of(m); c++)
            fprintf(out, ",%u", count_at(m, t, c));
        putc('\n', out);
    }
}

/* --- SVG ------------------------------------------------------------------------------------- */

void markup_text(FILE *out, const char *text)
{
    while (*text) {
        const int n = utf8_length(text);
        const unsigned char c = (unsigned char)*text;
        if (n == 0 || (n == 1 && c < ' '))
            putc('?', out);
        else if (strchr("<>&\"'", c))
            fprintf(out, "&#%d;", c);
        else
            fwrite(text, 1, (size_t)n, out);
        text += n ? n : 1;
    }
}

/* White at none of a row, at all of it green where that is right and red where it is wrong. */
static void put_cell(const Metrics *m, const ClassNames *names, FILE *out, int t, int c)
{
    const unsigned count = count_at(m, t, c);
    const double part = m->actual[t] ? (double)count / (double)m->actual[t] : 0.0;
    const int fade = (int)(235.0 - 175.0 * part + 0.5);
    char room[2][16];

    if (!count)
        return;
    fprintf(out, "<g><title>");
    markup_text(out, class_name(names, t, room[0]));
    fprintf(out, " &#8594; ");
    markup_text(out, column_name(m, names, c, room[1]));
    fprintf(out, ": %u of %zu</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" ", count,
            m->actual[t], c * CELL, t * CELL, CELL, CELL);
    fprintf(out, "fill=\"rgb(%d,%d,%d)\"/>", t == c ? fade : 255, t == c ? 225 : fade, fade);
    if (m->classes <= NUMBERED_CLASSES)
        fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%u</text>",
                c * CELL + CELL / 2, t * CELL + CELL * 2 / 3, count);
    fprintf(out, "</g>\n");
}

static void put_names(const Metrics *m, const ClassNames *names, FILE *out)
{
    char room[16];

    for (int t = 0; t < m->classes; t++) {
        fprintf(out, "<text x=\"-6\" y=\"%d\" text-anchor=\"end\">", t * CELL + CELL * 2 / 3);
        markup_text(out, class_name(names, t, room));
        fprintf(out, "</text>\n");
    }
    for (int c = 0; c < columns_of(m); c++) {
        fprintf(out, "<text transform=\"translate(%d,-6) rotate(-60)\">", c * CELL + CELL * 2 / 3);
        markup_text(out, column_name(m, names, c, room));
        fprintf(out, "</text>\n");
    }
}

static void write_svg(const Metrics *m, const ClassNames *names, FILE *out)
{
    char room[16];
    int longest = 8, width, height;

    for (int c = 0; c < m->classes; c++) {
        const int n = text_width(class_name(names, c, room));
        longest = n > longest ? n : longest;
    }
    width = columns_of(m) * CELL + 14 * longest / 2 + 60;
    height = m->classes * CELL + 14 * longest / 2 + 40;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<g transform=\"translate(%d,%d)\">\n",
            width, height, 14 * longest / 2 + 10, 14 * longest / 2 + 20);
    for (int t = 0; t < m->classes; t++)
        for (int c = 0; c < columns_of(m); c++)
            put_cell(m, names, out, t, c);
    put_names(m, names, out);
    fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"gray\"/>\n</g>\n</svg>\n",
            columns_of(m) * CELL, m->classes * CELL);
}

/* --- files ----------------------------------------------------------------------------------- */

typedef void Write(const Metrics *m, const ClassNames *names, FILE *out);

static Write *writer_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (dot && strcmp(dot, ".csv") == 0)
        return write_csv;
    return dot && strcmp(dot, ".svg") == 0 ? write_svg : NULL;
}

int confusion_can_save(const char *path)
{
    return writer_of(path) != NULL;
}

int confusion_save(const Metrics *m, const ClassNames *names, const char *path, Reason *why)
{
    Outfile out;

    if (!outfile_open(&out, path, why))
        return 0;
    writer_of(path)(m, names, out.stream);
    return outfile_commit(&out, why);
}
