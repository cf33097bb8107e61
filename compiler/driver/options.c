/* The commands and the options of kiln, each a row of one table. A value follows its option or is
 * joined to it with `=`; after `--` nothing is an option. */
#include "compiler/driver/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SCHEDULED = COMMAND_BUILD | COMMAND_EMIT | COMMAND_VERIFY | COMMAND_SHOW,
    TARGETED = SCHEDULED | COMMAND_TUNE,
    COMPILING = TARGETED | COMMAND_RUN,
    WITH_COMPILER = COMMAND_BUILD | COMMAND_VERIFY | COMMAND_TUNE | COMMAND_SHOW,
    MEASURING = COMMAND_TUNE | COMMAND_SHOW,
    EVERY = COMPILING | COMMAND_WEIGHTS | COMMAND_FMT | COMMAND_INIT
};

const Command commands[] = {
    { COMMAND_BUILD, "build", "SRC[:NAME] [-w FILE]... [-o EXE]",
      "network and weights to one executable", command_build },
    { COMMAND_EMIT, "emit", "SRC[:NAME] [-w FILE]... -o DIR",
      "network and weights to a folder of C that builds without kiln", command_emit },
    { COMMAND_RUN, "run", "SRC[:NAME] [-w FILE]... INPUT...",
      "classify with the reference interpreter; options as those of an executable", command_run },
    { COMMAND_VERIFY, "verify", "SRC[:NAME] [-w FILE]... [INPUT...]",
      "run the emitted C and the interpreter, compare node by node", command_verify },
    { COMMAND_SHOW, "show", "SRC[:NAME]", "the table of nodes, with kernels, tiles and memory",
      command_show },
    { COMMAND_TUNE, "tune", "SRC[:NAME] [-w FILE]... -o FILE",
      "time the tiles of each layer on this machine, write the best as a schedule", command_tune },
    { COMMAND_WEIGHTS, "weights", "FILE...", "list the tensors of weight files", command_weights },
    { COMMAND_INIT, "init", "CHECKPOINT [-o FILE]",
      "recognise a checkpoint and begin a source for it", command_init },
    { COMMAND_FMT, "fmt", "FILE...", "canonical formatting in place", command_fmt },
    { 0, NULL, NULL, NULL, NULL },
};

typedef enum OptionKind {
    OPTION_FLAG,   /* a bool */
    OPTION_STRING, /* a const char * */
    OPTION_LIST,   /* a StringList; may be repeated */
    OPTION_FORWARD /* handed to the program that `run` is */
} OptionKind;

typedef struct Option {
    const char *name, *other, *value;
    OptionKind kind;
    unsigned commands;
    size_t field;
    const char *choices; /* the values that exist, separated by |; NULL: any */
    const char *help;
} Option;

#define FIELD(name) offsetof(CommandLine, name)

static const Option options[] = {
    { "-w", "--weights", "FILE", OPTION_LIST, COMPILING, FIELD(weights), NULL,
      "weights: a file, MEMBER=FILE, or random[:SEED]; may be repeated" },
    { "-o", "--output", "PATH", OPTION_STRING,
      COMMAND_BUILD | COMMAND_EMIT | COMMAND_TUNE | COMMAND_INIT, FIELD(output), NULL,
      "what to write" },
    { "--target", NULL, "NAME", OPTION_STRING, TARGETED, FIELD(target), NULL,
      "processor to compile for; `help` lists them; default: this machine" },
    { "--param", NULL, "NAME=VALUE", OPTION_LIST, COMPILING, FIELD(params), NULL,
      "override a parameter of the model" },
    { "--labels", NULL, "FILE", OPTION_STRING, COMPILING, FIELD(labels), NULL,
      "replace the labels of the source" },
    { "--weights-as", NULL, "decimal|literal|incbin", OPTION_STRING, TARGETED, FIELD(weights_as),
      "decimal|literal|incbin", "form of large weight arrays in C" },
    { "--cc", NULL, "CMD", OPTION_STRING, WITH_COMPILER, FIELD(cc), NULL,
      "C compiler with arguments; default cc" },
    { "--static", NULL, NULL, OPTION_FLAG, COMMAND_BUILD, FIELD(is_static), NULL,
      "fail where a static executable cannot be linked" },
    { "--threads", NULL, "openmp|none", OPTION_STRING, TARGETED, FIELD(threads), "openmp|none",
      "how the network uses several processors; default none" },
    { "--batch", NULL, "N", OPTION_STRING, TARGETED, FIELD(batch), NULL,
      "pictures per call of the network; default 1" },
    { "--optimize", NULL, "speed|size", OPTION_STRING, TARGETED, FIELD(optimize), "speed|size",
      "speed may store transformed weights of up to four times the bytes, size never does; "
      "default: where they save at least 5 % of the predicted time" },
    { "--strict", NULL, NULL, OPTION_FLAG, TARGETED, FIELD(strict), NULL,
      "no fused multiply-add, no form with fewer products: the same bits on every target" },
    { "--schedule", NULL, "FILE", OPTION_STRING, SCHEDULED, FIELD(schedule), NULL,
      "the tiles that `kiln tune` found; layers it lacks follow the cost model" },
    { "--dump-after", NULL, "STAGE", OPTION_STRING, SCHEDULED, FIELD(dump_after), NULL,
      "print what a stage made and stop; `help` lists them" },
    { "--format", NULL, "text|json|dot", OPTION_STRING, COMMAND_SHOW, FIELD(format),
      "text|json|dot", "how to print the table" },
    { "--measure", NULL, NULL, OPTION_FLAG, COMMAND_SHOW, FIELD(measure), NULL,
      "build and run the network; print the predicted time beside the measured one" },
    { "--run", NULL, "CMD", OPTION_STRING, MEASURING, FIELD(launcher), NULL,
      "what starts the programs that are timed, like `taskset -c 1`" },
    { "--expect", NULL, "OUT.npy", OPTION_STRING, COMMAND_VERIFY, FIELD(expect), NULL,
      "compare the output with one saved by the training framework" },
    { "--check", NULL, NULL, OPTION_FLAG, COMMAND_FMT, FIELD(check), NULL,
      "only report what is not formatted" },
    { "--format", NULL, "text|json|csv|result", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "how results are printed" },
    { "--top", NULL, "K", OPTION_FORWARD, COMMAND_RUN, 0, NULL, "list the K best classes" },
    { "--threshold", NULL, "T", OPTION_FORWARD, COMMAND_RUN, 0, NULL, "reject what scores less" },
    { "--groups", NULL, NULL, OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "answer with groups of labels" },
    { "--tensor", NULL, "IN.npy", OPTION_FORWARD, COMMAND_RUN, 0, NULL, "classify a tensor" },
    { "--out", NULL, "OUT.npy", OPTION_FORWARD, COMMAND_RUN, 0, NULL, "write the raw output" },
    { "--bench", NULL, "N", OPTION_FORWARD, COMMAND_RUN, 0, NULL, "run N times, print the time" },
    { "--eval", NULL, "DIR|LIST.csv", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "how good the answers are: folders are classes, or rows PATH,LABEL" },
    { "--fit-blend", NULL, "DIR", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "find weights of the members, print the line to paste" },
    { "--eval-map", NULL, "MAP.csv", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "which label a folder is: rows FOLDER,LABEL" },
    { "--confusion", NULL, "OUT.csv|svg", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "write the confusion matrix of --eval" },
    { "--mistakes", NULL, "OUT.html", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "write a page of the pictures --eval found wrong" },
    { "--beta", NULL, "B", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "weight of recall in the F-score of tags" },
    { "--submit", NULL, "TEMPLATE", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "print a line per picture from a template" },
    { "--submission", NULL, "OUT", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "write the lines of --submit to a file" },
    { "--cam", NULL, "OUT.png", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "draw what speaks for the answer over the picture" },
    { "--class", NULL, "LABEL|INDEX", OPTION_FORWARD, COMMAND_RUN, 0, NULL,
      "the class that --cam is about" },
    { "--info", NULL, NULL, OPTION_FORWARD, COMMAND_RUN, 0, NULL, "what the program consists of" },
    { "-v", "--verbose", NULL, OPTION_FLAG, EVERY, FIELD(verbose), NULL, "say what is being done" },
    { "-h", "--help", NULL, OPTION_FLAG, EVERY, FIELD(help), NULL, "print this" },
};

const Command *command_find(const char *name)
{
    for (const Command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* --- parsing ---------------------------------------------------------------------------------- */

typedef struct Parser {
    Arena *arena;
    int argc, at;
    char **argv;
    const Command *command;
    CommandLine *line;
} Parser;

static bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("kiln: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return false;
}

static bool names_option(const Option *o, const char *argument, size_t n)
{
    return (strlen(o->name) == n && strncmp(o->name, argument, n) == 0) ||
           (o->other && strlen(o->other) == n && strncmp(o->other, argument, n) == 0);
}

static const Option *find_option(const Parser *p, const char *argument)
{
    size_t n = strcspn(argument, "=");
    for (int i = 0; i < COUNT_OF(options); i++)
        if ((options[i].commands & p->command->id) && names_option(&options[i], argument, n))
            return &options[i];
    return NULL;
}

static bool unknown_option(const Parser *p, const char *argument)
{
    const char *names[2 * COUNT_OF(options)];
    int count = 0;
    for (int i = 0; i < COUNT_OF(options); i++) {
        if (names_option(&options[i], argument, strcspn(argument, "=")))
            return fail("%s has no option %s", p->command->name, argument);
        if (!(options[i].commands & p->command->id))
            continue;
        names[count++] = options[i].name;
        if (options[i].other)
            names[count++] = options[i].other;
    }
    const char *near = nearest_name(argument, names, count);
    if (near)
        return fail("unknown option '%s'; did you mean %s?", argument, near);
    return fail("unknown option '%s'; kiln %s --help lists them", argument, p->command->name);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (strncmp(c, value, n) == 0 && (c[n] == '|' || !c[n]))
            return true;
    return false;
}

static bool set_string(CommandLine *line, const Option *o, const char *value)
{
    const char **field = (const char **)(void *)((char *)line + o->field);
    if (*field)
        return fail("%s is given twice", o->name);
    if (o->choices && !is_choice(o->choices, value))
        return fail("%s takes %s, not '%s'", o->name, o->choices, value);
    *field = value;
    return true;
}

static bool set_option(Parser *p, const Option *o, const char *value)
{
    char *field = (char *)p->line + o->field;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_STRING:
        return set_string(p->line, o, value);
    case OPTION_LIST:
        vec_push(p->arena, (StringList *)(void *)field, value);
        return true;
    case OPTION_FORWARD:
        vec_push(p->arena, &p->line->forward, o->name);
        if (value)
            vec_push(p->arena, &p->line->forward, value);
        return true;
    }
    return false;
}

static bool parse_option(Parser *p)
{
    const char *argument = p->argv[p->at];
    const Option *o = find_option(p, argument);
    const char *value = strchr(argument, '=');
    if (!o)
        return unknown_option(p, argument);
    if (!o->value)
        return value ? fail("%s takes no value", o->name) : set_option(p, o, NULL);
    if (value)
        return set_option(p, o, value + 1);
    if (p->at + 1 == p->argc)
        return fail("%s needs a value: %s", o->name, o->value);
    return set_option(p, o, p->argv[++p->at]);
}

/* SRC[:NAME]: a file whose name has a colon is not split. */
static void split_source(Parser *p, const char *text)
{
    struct stat st;
    const char *colon = strrchr(text, ':');
    p->line->source = text;
    if (!colon || stat(text, &st) == 0)
        return;
    p->line->source = arena_strndup(p->arena, text, (size_t)(colon - text));
    p->line->name = colon + 1;
}

static void take_source(Parser *p)
{
    CommandLine *line = p->line;
    if (!(line->command & COMPILING) || !line->inputs.count)
        return;
    split_source(p, line->inputs.at[0]);
    line->inputs.at++;
    line->inputs.count--;
}

/* What a command needs and has not got. */
static bool check_line(const Parser *p)
{
    const CommandLine *line = p->line;
    bool lists = (line->target && strcmp(line->target, "help") == 0) ||
                 (line->dump_after && strcmp(line->dump_after, "help") == 0);
    if (line->help || lists)
        return true;
    if ((line->command & COMPILING) && !line->source)
        return fail("no source: kiln %s %s", p->command->name, p->command->arguments);
    if (!(line->command & COMPILING) && !line->inputs.count)
        return fail("no file: kiln %s %s", p->command->name, p->command->arguments);
    if (line->command == COMMAND_EMIT && !line->output && !line->dump_after)
        return fail("emit needs -o DIR, the folder to write");
    if (line->command == COMMAND_TUNE && !line->output)
        return fail("tune needs -o FILE, the schedule to write");
    if (line->measure && line->format && strcmp(line->format, "dot") == 0)
        return fail("--measure prints a table: --format text or json");
    if (line->launcher && !line->measure && line->command == COMMAND_SHOW)
        return fail("--run starts what --measure times; without it nothing is run");
    if (line->command == COMMAND_INIT && line->inputs.count > 1)
        return fail("init takes one checkpoint; '%s' is too much", line->inputs.at[1]);
    bool takes_inputs = (line->command & (COMMAND_RUN | COMMAND_VERIFY)) != 0 ||
                        !(line->command & COMPILING);
    if (!takes_inputs && line->inputs.count)
        return fail("%s takes one source; '%s' is too much (weights are given with -w)",
                    p->command->name, line->inputs.at[0]);
    return true;
}

bool command_line_parse(Arena *a, int argc, char **argv, CommandLine *line)
{
    Parser p = { .arena = a, .argc = argc, .argv = argv, .line = line };
    *line = (CommandLine){ 0 };
    p.command = command_find(argv[1]);
    if (!p.command)
        return fail("there is no command '%s'; kiln --help lists them", argv[1]);
    line->command = p.command->id;
    bool only_inputs = false;
    for (p.at = 2; p.at < argc; p.at++) {
        const char *argument = argv[p.at];
        if (!only_inputs && strcmp(argument, "--") == 0)
            only_inputs = true;
        else if (only_inputs || argument[0] != '-' || !argument[1])
            vec_push(a, &line->inputs, argument);
        else if (!parse_option(&p))
            return false;
    }
    take_source(&p);
    return check_line(&p);
}

/* --- help ------------------------------------------------------------------------------------- */

static void print_options(unsigned of)
{
    for (int i = 0; i < COUNT_OF(options); i++) {
        const Option *o = &options[i];
        if (!(o->commands & of))
            continue;
        char left[64];
        snprintf(left, sizeof left, "%s%s%s%s%s", o->name, o->other ? ", " : "",
                 o->other ? o->other : "", o->value ? " " : "", o->value ? o->value : "");
        printf("  %-36s %s\n", left, o->help);
    }
}

void command_line_help(const Command *command)
{
    if (command) {
        printf("usage: kiln %s %s\n\n%s\n\n", command->name, command->arguments, command->help);
        print_options(command->id);
        return;
    }
    puts("kiln: an ahead-of-time compiler for neural-network classifiers\n\nusage:");
    for (const Command *c = commands; c->name; c++)
        printf("  kiln %-7s %-36s %s\n", c->name, c->arguments, c->help);
    puts("\nkiln COMMAND --help lists a command's options. Exit status: 0 done; 1 the input is at "
         "fault;\n"
         "2 the command line is; 3 the environment is.");
}
