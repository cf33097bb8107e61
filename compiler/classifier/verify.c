/* Everything about a classifier that the runtime trusts. The steps are followed with what is known
 * of a picture: whether its pixels are bytes or floats, and its size: nothing at first, then bounds
 * of its sides, then the size itself. */
#include "compiler/classifier/classifier.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>

enum { MAX_SIDE = 65535 };

typedef struct Verifier {
    const Classifier *classifier;
    Diag *diag;
    const int *input; /* channels, height, width */
    int errors;
    int height, width;           /* known when exact; else both are at least this */
    int most_height, most_width; /* and at most this; INT_MAX: not known */
    bool exact;
    const Step *first;
    const Step *resize; /* the one that `height` and `width` are from, or NULL */
    const Step *floats; /* the step that made floats of the pixels, or NULL while they are bytes */
    Color order;
} Verifier;

#define fail(v, loc, key, ...) ((v)->errors++, diag_error((v)->diag, (loc), (key), __VA_ARGS__))

static void check_range(Verifier *v, const Step *s, int count, int low, const char *what)
{
    for (int i = 0; i < count; i++)
        if (s->n[i] < low || s->n[i] > MAX_SIDE)
            fail(v, s->loc, "preprocess-value", "%s %s of %d: it must be within %d..%d",
                 step_name(s->op), what, s->n[i], low, MAX_SIDE);
}

static void set_size(Verifier *v, int height, int width)
{
    v->height = v->most_height = height;
    v->width = v->most_width = width;
    v->exact = true;
}

static void set_bounds(Verifier *v, int least, int most_height, int most_width)
{
    v->height = v->width = least;
    v->most_height = most_height;
    v->most_width = most_width;
    v->exact = false;
}

static void check_on_bytes(Verifier *v, const Step *s, const char *what)
{
    if (v->floats)
        fail(v, s->loc, "preprocess-order", "%s works on 8-bit pixels, so it must come before %s",
             what, step_name(v->floats->op));
}

static void check_resize(Verifier *v, const Step *s)
{
    const Filter filter = (Filter)s->method;

    check_range(v, s, s->op == STEP_RESIZE_SHORTER ? 1 : 2, 1, "side");
    if (!filter_name(filter))
        bug("resize with the unknown filter %d", s->method);
    if (filter_method(filter) != METHOD_TENSORFLOW)
        check_on_bytes(v, s, "resize");
    if (s->op == STEP_RESIZE)
        set_size(v, s->n[0], s->n[1]);
    else if (s->op == STEP_RESIZE_SHORTER)
        set_bounds(v, s->n[0], INT_MAX, INT_MAX);
    else
        set_bounds(v, 1, s->n[0], s->n[1]);
    v->resize = s->op == STEP_RESIZE_WITHIN ? NULL : s;
    if (filter == FILTER_TENSORFLOW_BILINEAR && !v->floats)
        v->floats = s;
}

static void check_fill(Verifier *v, const Step *s)
{
    for (int i = 0; i < 3; i++)
        if (v->floats ? !isfinite(s->v[i]) : !(s->v[i] >= 0.0 && s->v[i] <= 255.0))
            fail(v, s->loc, "preprocess-value",
                 v->floats ? "%s fills with %g, which is not finite"
                           : "%s fills with %g: pixels are within 0..255",
                 step_name(s->op), s->v[i]);
}

static void check_crop(Verifier *v, const Step *s)
{
    check_range(v, s, 2, 1, "side");
    check_fill(v, s);
    if (v->resize && !s->has_fill && (s->n[0] > v->height || s->n[1] > v->width)) {
        diag_warning(v->diag, s->loc, "crop-size",
                     "center_crop to %d x %d is larger than the %d x %d before it: it pads with 0, "
                     "which 'fill 0' would say",
                     s->n[0], s->n[1], v->height, v->width);
        diag_note(v->diag, v->resize->loc, "the picture is resized here");
    }
    set_size(v, s->n[0], s->n[1]);
    v->resize = NULL;
}

static void check_pad(Verifier *v, const Step *s)
{
    const int down = s->n[0] + s->n[2], across = s->n[1] + s->n[3];

    check_range(v, s, 4, 0, "width");
    check_fill(v, s);
    v->height += down;
    v->width += across;
    v->most_height += v->most_height == INT_MAX ? 0 : down;
    v->most_width += v->most_width == INT_MAX ? 0 : across;
}

static void check_pad_to(Verifier *v, const Step *s)
{
    check_range(v, s, 2, 1, "side");
    check_fill(v, s);
    if (v->height > s->n[0] || v->width > s->n[1] ||
        (v->most_height != INT_MAX && (v->most_height > s->n[0] || v->most_width > s->n[1])))
        fail(v, s->loc, "preprocess-size",
             "pad to %d x %d: the picture before it may be as large as %d x %d", s->n[0], s->n[1],
             v->most_height == INT_MAX ? v->height : v->most_height,
             v->most_width == INT_MAX ? v->width : v->most_width);
    set_size(v, s->n[0], s->n[1]);
    v->resize = NULL;
}

static void check_pad_ratio(Verifier *v, const Step *s)
{
    check_range(v, s, 2, 1, "side");
    check_fill(v, s);
    v->exact = false;
    v->most_height = v->most_width = INT_MAX;
}

static void check_decode(Verifier *v, const Step *s)
{
    if (!decoder_name((Decoder)s->method))
        bug("unknown decoder %d", s->method);
    if (s != v->first)
        fail(v, s->loc, "preprocess-order", "decode must be the first step");
    v->order = s->method == DECODER_OPENCV_GRAY ? COLOR_GRAY
               : s->method == DECODER_OPENCV    ? COLOR_BGR
                                                : COLOR_RGB;
}

static void check_scale(Verifier *v, const Step *s)
{
    if (!isfinite(s->v[0]) || s->v[0] == 0.0)
        fail(v, s->loc, "preprocess-value", "scale by %g makes all pixels equal", s->v[0]);
    v->floats = v->floats ? v->floats : s;
}

static void check_normalize(Verifier *v, const Step *s)
{
    const int channels = v->input[0];

    v->floats = v->floats ? v->floats : s;
    if (s->mean_count != channels || s->std_count != channels) {
        fail(v, s->loc, "normalize-count",
             "normalize has %d means and %d deviations, the network's input has %d channels",
             s->mean_count, s->std_count, channels);
        return;
    }
    for (int i = 0; i < channels; i++) {
        if (!isfinite(s->v[i]) || !isfinite(s->v[4 + i]))
            fail(v, s->loc, "preprocess-value", "normalize by a number that is not finite");
        else if ((float)s->v[4 + i] == 0.0f)
            fail(v, s->loc, "preprocess-value", "normalize divides by a deviation of %g",
                 s->v[4 + i]);
    }
}

/* A quarter turn changes height and width. */
static void check_turn(Verifier *v, const Step *s)
{
    const int height = v->height, most_height = v->most_height;

    check_range(v, s, 1, 0, "count");
    if (s->n[0] % 2 == 0)
        return;
    v->height = v->width;
    v->width = height;
    v->most_height = v->most_width;
    v->most_width = most_height;
}

static void check_shift(Verifier *v, const Step *s)
{
    check_range(v, s, 2, -MAX_SIDE, "distance");
    check_fill(v, s);
}

static void check_corner_crop(Verifier *v, const Step *s)
{
    check_range(v, s, 2, 1, "side");
    if (s->n[0] > v->height || s->n[1] > v->width)
        fail(v, s->loc, "crop-size", "%s to %d x %d is larger than the %d x %d before it",
             step_name(s->op), s->n[0], s->n[1], v->height, v->width);
    set_size(v, s->n[0], s->n[1]);
    v->resize = NULL;
}

static void check_color(Verifier *v, const Step *s)
{
    if (!color_name((Color)s->method))
        bug("unknown color %d", s->method);
    if (s->method == COLOR_GRAY)
        check_on_bytes(v, s, "color gray");
    if (s->takes_rgb && v->order != COLOR_RGB)
        fail(v, s->loc, "preprocess-order",
             "keras caffe takes R G B, here pictures are %s: write color rgb before it",
             color_name(v->order));
    v->order = (Color)s->method;
}

static void check_step(Verifier *v, const Step *s)
{
    switch (s->op) {
    case STEP_DECODE:
        check_decode(v, s);
        break;
    case STEP_COLOR:
        check_color(v, s);
        break;
    case STEP_RESIZE:
    case STEP_RESIZE_SHORTER:
    case STEP_RESIZE_WITHIN:
        check_resize(v, s);
        break;
    case STEP_CENTER_CROP:
        check_crop(v, s);
        break;
    case STEP_PAD:
        check_pad(v, s);
        break;
    case STEP_PAD_TO:
        check_pad_to(v, s);
        break;
    case STEP_PAD_RATIO:
        check_pad_ratio(v, s);
        break;
    case STEP_SCALE:
        check_scale(v, s);
        break;
    case STEP_NORMALIZE:
        check_normalize(v, s);
        break;
    case STEP_CAST:
        v->floats = NULL;
        break;
    case STEP_FLIP:
        break;
    case STEP_TURN:
        check_turn(v, s);
        break;
    case STEP_SHIFT:
        check_shift(v, s);
        break;
    case STEP_CORNER_CROP:
        check_corner_crop(v, s);
        break;
    case STEP_COUNT:
        bug("a step without operation");
    }
}

/* The picture that comes out must be the network's input. */
static void check_result(Verifier *v, Loc loc)
{
    const int *in = v->input;

    if (in[0] != 3 && !(in[0] == 1 && v->order == COLOR_GRAY))
        fail(v, loc, "preprocess-channels",
             in[0] == 1
                 ? "the network's input has %d channel: its pictures need 'color gray'"
                 : "the network's input has %d channels, a picture has 3 (or 1: 'color gray')",
             in[0]);
    if (!v->exact)
        fail(v, loc, "preprocess-size",
             "pictures of any size must become %d x %d for the network: a resize to that size or a "
             "center_crop is missing",
             in[1], in[2]);
    else if (v->height != in[1] || v->width != in[2])
        fail(v, loc, "preprocess-size",
             "preprocessing makes pictures of %d x %d (height x width), the network's input is "
             "%d x %d",
             v->height, v->width, in[1], in[2]);
}

static void check_view(Verifier *v, const Member *m, const StepList *steps)
{
    set_bounds(v, 0, INT_MAX, INT_MAX);
    v->order = COLOR_RGB;
    v->first = steps->at;
    v->resize = v->floats = NULL;
    if (!v->classifier->takes_pictures) {
        if (steps->count)
            bug("a bare model with preprocessing");
        return;
    }
    const int before = v->errors;
    for_each_vec(const Step, s, steps)
        check_step(v, s);
    if (v->errors == before)
        check_result(v, steps->count ? vec_last(steps).loc : m->loc);
}

/* All views; one error is enough, for the others differ in little. */
static void check_member(Verifier *v, const Member *m)
{
    const int before = v->errors;

    if (!m->views.count)
        check_view(v, m, &m->steps);
    for (int i = 0; i < m->views.count && v->errors == before; i++)
        check_view(v, m, &m->views.at[i]);
}

int classifier_verify(const Classifier *c, Diag *d, const NetworkShape *networks)
{
    Verifier v = { .classifier = c, .diag = d };

    for (int i = 0; i < c->members.count; i++) {
        v.input = networks[i].input;
        check_member(&v, &c->members.at[i]);
    }
    return v.errors + classifier_verify_scores(c, d, networks);
}
