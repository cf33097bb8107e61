/* A classifier filled in as far as weights tell: network, classes, names. How pictures were
 * prepared in training, what the output means and what the classes are called cannot be read off
 * them: those lines hold what is usual for the framework that wrote the file, with the
 * alternatives beside it as comments. */
#include "compiler/driver/starter.h"

#include "compiler/elaborate/elaborate.h"
#include "compiler/syntax/parse.h"

#include <ctype.h>
#include <stdio.h>

/* --- names ----------------------------------------------------------------------------------- */

static bool is_word(Arena *a, const char *name)
{
    char said[256];
    Diag diag = { .out = fmemopen(said, sizeof said, "w") };
    const char *text = arena_printf(a, "classifier %s { }", name);
    Source source = { "name", text, strlen(text) };
    bool parses = parse_source(a, &source, &diag) != NULL;
    fclose(diag.out);
    return !parses;
}

const char *starter_name(Arena *a, const char *checkpoint)
{
    const char *base = path_base(checkpoint), *dot = strrchr(base, '.');
    size_t length = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    char *name = arena_strndup(a, base, length);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) || (unsigned char)*c >= 128)
            *c = '_';
    bool usable = isalpha((unsigned char)*name) && !is_word(a, name);
    return usable ? name : arena_printf(a, "my_%s", name);
}

/* A string of the language. */
static const char *quoted(Arena *a, const char *text)
{
    Text t = { .arena = a };
    for (; *text; text++) {
        if (strchr("\"\\{}", *text))
            text_puts(&t, "\\");
        text_append(&t, text, 1);
    }
    return arena_printf(a, "\"%s\"", text_string(&t));
}

/* --- parts ----------------------------------------------------------------------------------- */

static const char *model_call(Arena *a, const Fit *f)
{
    return f->classes ? arena_printf(a, "%s(classes = %lld)", f->model->name, (long long)f->classes)
                      : f->model->name;
}

static bool needs_names(const Starter *s)
{
    return !s->is_keras && s->fit->named < s->fit->model->count;
}

/* A pattern of the rename clause; stars and braces of a prefix cannot be said there. */
static void put_rename(Text *t, const Starter *s)
{
    const Fit *f = s->fit;
    if (*f->prefix) {
        const char *pattern = quoted(t->arena, arena_printf(t->arena, "%s*", f->prefix));
        text_printf(t, "    rename { %s -> \"*\" }\n", pattern);
    }
    if (needs_names(s))
        text_printf(t,
                    "    // CHOOSE: the shapes fit, but %d names are not those of %s. Map them:\n"
                    "    // rename { \"name in the file.*\" -> \"%s.*\" }\n",
                    f->model->count - f->named, f->model->name,
                    arena_strndup(t->arena, f->model->tensors[0].name,
                                  strcspn(f->model->tensors[0].name, ".")));
}

typedef struct Usual {
    const char *of, *lines;
} Usual;

static const Usual torchvision = { "torchvision's for ImageNet",
                                   "scale 1/255; normalize mean [0.485, 0.456, 0.406] "
                                   "std [0.229, 0.224, 0.225]" };
static const Usual keras_tf = { "x / 127.5 - 1, as Keras's mode tf and the Inception nets",
                                "scale 1/127.5; normalize mean [1, 1, 1] std [1, 1, 1]" };
static const Usual raw = { "raw 0..255", NULL };
static const Usual unit = { "0..1", "scale 1/255" };
static const Usual keras_caffe = { "Keras's mode caffe: color bgr above, and",
                                   "normalize mean [103.939, 116.779, 123.68] std [1, 1, 1]" };

static void put_alternative(Text *t, const Usual *u)
{
    text_printf(t, u->lines ? "    //   %s:\n    //     %s\n" : "    //   %s\n", u->of, u->lines);
}

/* The numbers that pixels become. */
static void put_scales(Text *t, const Starter *s)
{
    static const Usual *const all[] = { &torchvision, &keras_tf, &keras_caffe, &unit, &raw };
    const Usual *usual = s->is_keras ? &keras_tf : &torchvision;
    char *line = arena_strdup(t->arena, usual->lines);
    for (char *next = line, *semicolon; next; next = semicolon) {
        semicolon = strstr(next, "; ");
        if (semicolon) {
            *semicolon = 0;
            semicolon += 2;
        }
        text_printf(t, "        %s\n", next);
    }
    text_puts(t, "    }\n    // Instead of the lines from scale on, as training had it:\n");
    for (int i = 0; i < COUNT_OF(all); i++)
        if (all[i] != usual)
            put_alternative(t, all[i]);
}

/* Whether the shorter side is resized and the middle cut out, as evaluations on ImageNet do. */
static bool is_cropped(const Starter *s, const Shape *in)
{
    return !s->is_keras && in->dim[2] == in->dim[3] && in->dim[2] >= 128;
}

static void put_preprocess(Text *t, const Starter *s)
{
    const Shape *in = &s->fit->model->input;
    long long h = (long long)in->dim[2], w = (long long)in->dim[3];
    text_printf(
        t,
        "\n    // CHOOSE: how pictures were prepared in training. Weights do not tell; this "
        "guess is\n    // %s. The wrong one gives wrong answers without a word.\n",
        s->is_keras ? keras_tf.of : torchvision.of);
    text_printf(t, "    preprocess {\n        color %s\n", in->dim[1] == 1 ? "gray" : "rgb");
    if (is_cropped(s, in))
        text_printf(t, "        resize %lld bilinear\n        center_crop %lld\n", h * 256 / 224,
                    h);
    else
        text_printf(t, "        resize [%lld, %lld] bilinear\n", h, w);
    put_scales(t, s);
    if (is_cropped(s, in))
        text_printf(t, "    // Instead of resize and center_crop: resize [%lld, %lld] bilinear\n",
                    h, w);
}

static void put_decision(Text *t, const Starter *s)
{
    text_puts(t, "\n    // CHOOSE: softmax for one of the classes, sigmoid for several at a time, "
                 "none where the\n    // network ends in either\n    output softmax\n");
    text_printf(t,
                "\n    // CHOOSE: the names of the %lld classes, a line each in the order of "
                "training; without, classes\n    // are called by their index\n"
                "    // labels \"labels.txt\"\n}\n",
                (long long)s->fit->classes);
}

/* A network that is not of pictures: there is nothing to choose. */
static void put_model(Text *t, const Starter *s)
{
    text_printf(t, "// Its input is no picture: the executable takes --tensor IN.npy.\n");
    text_printf(t, "// kiln build %s.kiln -w %s\n", s->name, s->checkpoint);
    Text rename = { .arena = t->arena };
    put_rename(&rename, s);
    text_printf(t, "model %s = %s", s->name, s->fit->model->name);
    text_printf(t, s->fit->classes ? "(classes = %lld)" : "()", (long long)s->fit->classes);
    if (rename.length)
        text_printf(t, " {\n%s}", text_string(&rename));
    text_puts(t, "\n");
}

static bool takes_pictures(const Fit *f)
{
    return f->model->input.rank == 4 && f->classes &&
           (f->model->input.dim[1] == 1 || f->model->input.dim[1] == 3);
}

const char *starter_text(Arena *a, const Starter *s)
{
    Text t = { .arena = a };
    text_printf(&t, "// Begun by kiln init: the tensors of %s are those of\n// %s.%s\n\n",
                path_base(s->checkpoint), s->fit->model->name,
                takes_pictures(s->fit) ? " Lines marked CHOOSE hold what weights do not tell."
                                       : "");
    text_printf(&t, "import %s\n\n", quoted(a, s->fit->model->page));
    if (!takes_pictures(s->fit)) {
        put_model(&t, s);
        return text_string(&t);
    }
    text_printf(&t, "classifier %s {\n    model %s\n    weights %s\n", s->name,
                model_call(a, s->fit), quoted(a, s->checkpoint));
    put_rename(&t, s);
    put_preprocess(&t, s);
    put_decision(&t, s);
    return text_string(&t);
}

/* --- check ----------------------------------------------------------------------------------- */

static const char checked_path[] = "starter.kiln";

static const char *find_text(void *context, Arena *a, const char *path)
{
    return strcmp(path, checked_path) == 0 ? context : zoo_page(a, path);
}

const char *starter_check(Arena *a, const char *text)
{
    enum { ROOM = 4096 };
    char *said = arena_alloc(a, ROOM);
    Diag diag = { .out = fmemopen(said, ROOM, "w") };
    ElaborateOptions options = { .find_text = find_text, .context = arena_strdup(a, text) };
    Elaborated e;
    bool good = elaborate(a, checked_path, &options, &diag, &e);
    fclose(diag.out);
    return good ? NULL : said;
}
