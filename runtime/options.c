/* The options are the rows of one table, which is what --help prints. A value follows its option,
 * or is joined to it with '='; after "--" everything is an input. */
#include "runtime/options.h"

#include "runtime/confusion.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Row {
    const char *name, *value; /* value NULL: takes none */
    int (*set)(Options *o, const char *value, Reason *why);
    const char *help;
} Row;

static int parse_count(const char *name, const char *text, int *count, Reason *why)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < 1 || n > INT_MAX)
        return reason_set(why, "%s takes a whole number from 1, not '%.200s'", name, text);
    *count = (int)n;
    return 1;
}

static int set_format(Options *o, const char *value, Reason *why)
{
    static const char *const names[] = { "text", "json", "csv", "result" };

    for (int i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            o->format = (Format)i;
            return 1;
        }
    return reason_set(why, "--format takes text, json, csv or result, not '%.200s'", value);
}

static int set_top(Options *o, const char *value, Reason *why)
{
    return parse_count("--top", value, &o->top, why);
}

static int set_threshold(Options *o, const char *value, Reason *why)
{
    char *end;

    o->threshold = strtod(value, &end);
    o->has_threshold = 1;
    if (end == value || *end || !isfinite(o->threshold))
        return reason_set(why, "--threshold takes a number, not '%.200s'", value);
    return 1;
}

static int set_path(const char **path, const char *name, const char *value, Reason *why)
{
    if (*path)
        return reason_set(why, "%s is given twice", name);
    if (!*value)
        return reason_set(why, "%s takes a value that is not empty", name);
    *path = value;
    return 1;
}

static int set_tensor(Options *o, const char *value, Reason *why)
{
    return set_path(&o->tensor, "--tensor", value, why);
}

static int set_out(Options *o, const char *value, Reason *why)
{
    return set_path(&o->out, "--out", value, why);
}

/* Options that take a text and nothing else. */
#define TEXT_OPTION(field, name)                                       \
    static int set_##field(Options *o, const char *value, Reason *why) \
    {                                                                  \
        return set_path(&o->field, name, value, why);                  \
    }

TEXT_OPTION(eval, "--eval")
TEXT_OPTION(eval_map, "--eval-map")
TEXT_OPTION(fit_blend, "--fit-blend")
TEXT_OPTION(confusion, "--confusion")
TEXT_OPTION(mistakes, "--mistakes")
TEXT_OPTION(submit, "--submit")
TEXT_OPTION(submission, "--submission")
TEXT_OPTION(cam, "--cam")
TEXT_OPTION(cam_class, "--class")

static int set_beta(Options *o, const char *value, Reason *why)
{
    char *end;

    o->beta = strtod(value, &end);
    if (end == value || *end || !isfinite(o->beta) || o->beta <= 0.0)
        return reason_set(why, "--beta takes a number above 0, not '%.200s'", value);
    return 1;
}

static int set_bench(Options *o, const char *value, Reason *why)
{
    return parse_count("--bench", value, &o->bench, why);
}

static int set_jobs(Options *o, const char *value, Reason *why)
{
    return parse_count("--jobs", value, &o->jobs, why);
}

static int set_groups(Options *o, const char *value, Reason *why)
{
    (void)value, (void)why;
    o->groups = 1;
    return 1;
}

static int set_profile(Options *o, const char *value, Reason *why)
{
    (void)value, (void)why;
    o->profile = 1;
    return 1;
}

static int set_info(Options *o, const char *value, Reason *why)
{
    (void)value, (void)why;
    o->info = 1;
    return 1;
}

static int set_help(Options *o, const char *value, Reason *why)
{
    (void)value, (void)why;
    o->help = 1;
    return 1;
}

static const Row rows[] = {
    { "--format", "FORM", set_format, "text (the default), json, csv, or result: only that" },
    { "--top", "K", set_top, "list the K best classes" },
    { "--threshold", "T", set_threshold, "reject, or leave out of the tags, what scores less" },
    { "--groups", NULL, set_groups, "answer with the part of labels before '/', scores summed" },
    { "--tensor", "IN.npy", set_tensor, "classify a float32 tensor [C,H,W] or [N,C,H,W] as it is" },
    { "--out", "OUT.npy", set_out, "write the network's raw output, float32 [N, ...]" },
    { "--bench", "N", set_bench, "run N times, print the time and the speed" },
    { "--profile", NULL, set_profile, "print the time of each layer, slowest first" },
    { "--jobs", "N", set_jobs, "work on N pictures at a time; default: one per processor" },
    { "--eval", "DIR|LIST.csv", set_eval,
      "how good the answers are: folders are classes, or rows PATH,LABEL" },
    { "--eval-map", "MAP.csv", set_eval_map, "which label a folder is: rows FOLDER,LABEL" },
    { "--fit-blend", "DIR", set_fit_blend, "find weights of the members, print the line to paste" },
    { "--confusion", "OUT.csv|svg", set_confusion, "write the confusion matrix of --eval" },
    { "--mistakes", "OUT.html", set_mistakes, "write a page of the pictures --eval found wrong" },
    { "--beta", "B", set_beta, "weight of recall in the F-score of tags; default 1" },
    { "--submit", "TEMPLATE", set_submit, "a line per picture; {file} {name} {stem} {index} ..." },
    { "--submission", "OUT", set_submission, "write the lines of --submit to a file" },
    { "--cam", "OUT.png", set_cam, "draw what speaks for the answer over the picture" },
    { "--class", "LABEL|INDEX", set_cam_class, "the class that --cam is about" },
    { "--info", NULL, set_info, "print what this program consists of" },
    { "--help", NULL, set_help, "print this" },
};

enum { ROWS = sizeof rows / sizeof *rows };

/* The row that `argument` names, up to an '='. */
static const Row *find_row(const char *argument)
{
    const size_t n = strcspn(argument, "=");

    for (int i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == n && strncmp(rows[i].name, argument, n) == 0)
            return &rows[i];
    return NULL;
}

/* Handles argv[*i]; moves *i over a value that follows it. */
static int parse_option(Options *o, int argc, char **argv, int *i, Reason *why)
{
    const char *argument = argv[*i];
    const Row *row = find_row(argument);
    const char *joined = strchr(argument, '=');

    if (!row)
        return reason_set(why, "unknown option '%.200s'; --help lists them", argument);
    if (!row->value)
        return joined ? reason_set(why, "%s takes no value", row->name) : row->set(o, NULL, why);
    if (joined)
        return row->set(o, joined + 1, why);
    if (*i + 1 == argc)
        return reason_set(why, "%s needs a value: %s", row->name, row->value);
    *i += 1;
    return row->set(o, argv[*i], why);
}

/* Whether scores are within 0..1. */
static int gives_shares(const kiln_classifier *p)
{
    const kiln_member *m = &p->members[0];
    const int last = m->score_count ? m->scores[m->score_count - 1].op : -1;

    if (p->decision.activation != KILN_ACTIVATION_NONE)
        return 1;
    return !p->score_count &&
           (last == KILN_SCORE_SOFTMAX || last == KILN_SCORE_SIGMOID || last == KILN_SCORE_SVM);
}

/* An option that belongs to another; `one` is given where its owner is. */
static int check_owner(const char *one, const char *name, const char *owner, const char *of,
                       Reason *why)
{
    return !one || owner ? 1 : reason_set(why, "%s belongs to %s", name, of);
}

static int check_owners(const Options *o, Reason *why)
{
    return check_owner(o->eval_map, "--eval-map", o->eval ? o->eval : o->fit_blend, "--eval",
                       why) &&
           check_owner(o->confusion, "--confusion", o->eval, "--eval", why) &&
           check_owner(o->mistakes, "--mistakes", o->eval, "--eval", why) &&
           check_owner(o->beta > 0.0 ? "" : NULL, "--beta", o->eval, "--eval", why) &&
           check_owner(o->submission, "--submission", o->submit, "--submit", why) &&
           check_owner(o->cam_class, "--class", o->cam, "--cam", why);
}

/* At most one of these decides what the program does. */
static int check_modes(const Options *o, Reason *why)
{
    const struct {
        const char *name;
        int is_given;
    } modes[] = { { "--profile", o->profile },       { "--bench", o->bench > 0 },
                  { "--eval", o->eval != NULL },     { "--fit-blend", o->fit_blend != NULL },
                  { "--submit", o->submit != NULL }, { "--cam", o->cam != NULL } };
    const char *first = NULL;

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (first && modes[i].is_given)
            return reason_set(why, "%s and %s exclude each other", first, modes[i].name);
        first = modes[i].is_given ? modes[i].name : first;
    }
    if (o->out && first && strcmp(first, "--submit") != 0)
        return reason_set(why, "%s and --out exclude each other", first);
    return 1;
}

/* What --eval and --cam need, and what their files must be called. */
static int check_pictures(const Options *o, const kiln_classifier *program, Reason *why)
{
    const char *mode = o->eval ? "--eval" : o->fit_blend ? "--fit-blend" : "--cam";
    const int has_list = o->eval || o->fit_blend;

    if (!has_list && !o->cam)
        return 1;
    if (!program->takes_pictures)
        return reason_set(why, "%s needs a classifier of pictures; this is a bare model", mode);
    if (o->tensor || (has_list && o->input_count))
        return reason_set(why, "%s and %s exclude each other", mode,
                          o->tensor ? "--tensor" : "pictures beside it");
    if (o->cam && (o->input_count != 1 || strcmp(o->input[0], "-") == 0))
        return reason_set(why, "--cam takes one picture, not %d inputs", o->input_count);
    if (o->confusion && !confusion_can_save(o->confusion))
        return reason_set(why, "--confusion writes OUT.csv or OUT.svg, not '%.200s'", o->confusion);
    return 1;
}

static int check(const Options *o, const kiln_classifier *program, Reason *why)
{
    const int scaled = gives_shares(program);

    if (o->help || o->info)
        return 1;
    if (o->has_threshold && scaled && (o->threshold < 0.0 || o->threshold > 1.0))
        return reason_set(why, "--threshold %g is not within 0..1, where the scores are",
                          o->threshold);
    if (o->input_count && !program->takes_pictures)
        return reason_set(why, "this is a bare model without preprocessing: it takes --tensor "
                               "IN.npy, no pictures");
    if (o->tensor && o->input_count)
        return reason_set(why, "--tensor and '%.200s': give one kind of input", o->input[0]);
    if (!check_owners(o, why) || !check_modes(o, why) || !check_pictures(o, program, why))
        return 0;
    if (o->eval || o->fit_blend)
        return 1;
    if (!o->tensor && !o->input_count && !o->bench && !o->profile)
        return reason_set(why, program->takes_pictures
                                   ? "no input: name pictures, folders, or - ; --help says more"
                                   : "no input: give --tensor IN.npy; --help says more");
    return 1;
}

int options_parse(Options *o, const kiln_classifier *program, int argc, char **argv, Reason *why)
{
    int only_inputs = 0;

    memset(o, 0, sizeof *o);
    o->input = malloc((size_t)(argc > 0 ? argc : 1) * sizeof *o->input);
    if (!o->input)
        return reason_set(why, "out of memory");
    for (int i = 1; i < argc; i++) {
        if (!only_inputs && strcmp(argv[i], "--") == 0)
            only_inputs = 1;
        else if (only_inputs || argv[i][0] != '-' || !argv[i][1])
            o->input[o->input_count++] = argv[i];
        else if (!parse_option(o, argc, argv, &i, why))
            return 0;
    }
    return check(o, program, why);
}

void options_free(Options *o)
{
    free(o->input);
    o->input = NULL;
}

void options_help(const kiln_classifier *program, const char *name, FILE *out)
{
    if (program->takes_pictures)
        fprintf(out,
                "usage: %s [options] INPUT...\n\n"
                "INPUT is a picture (JPEG, PNG, PPM/PGM/PBM, BMP), a folder (all pictures below\n"
                "it), or - (one path a line on standard input).\n\n",
                name);
    else
        fprintf(out, "usage: %s [options] --tensor IN.npy\n\n", name);
    for (int i = 0; i < ROWS; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", rows[i].name, rows[i].value ? rows[i].value : "");
        fprintf(out, "  %-24s %s\n", left, rows[i].help);
    }
    fprintf(out, "\nExit status: 0 all inputs classified, 1 some failed, 2 the command line is at\n"
                 "fault, 3 this processor lacks the instructions this program was made for.\n");
}
