/* The classifier around a network: how a picture becomes the network's input, and its output a
 * result. The elaborator fills it from the source, emit/ prints it as a const kiln_classifier table
 * (runtime/kiln_model.h), which the runtime interprets. Each enum here lists the same things, in
 * the same order, as its namesake there; emit/ prints the names. */
#ifndef KILN_CLASSIFIER_CLASSIFIER_H
#define KILN_CLASSIFIER_CLASSIFIER_H

#include "compiler/base/arena.h"
#include "compiler/base/diag.h"
#include "compiler/base/text.h"
#include "compiler/base/vec.h"

/* X(ENUM, name in the source) in the order of enum kiln_step_op */
#define STEP_LIST(X)              \
    X(DECODE, "decode")           \
    X(COLOR, "color")             \
    X(RESIZE, "resize")           \
    X(RESIZE_SHORTER, "resize")   \
    X(RESIZE_WITHIN, "resize")    \
    X(CENTER_CROP, "center_crop") \
    X(PAD, "pad")                 \
    X(PAD_TO, "pad")              \
    X(PAD_RATIO, "pad")           \
    X(SCALE, "scale")             \
    X(NORMALIZE, "normalize")     \
    X(CAST, "cast")

/* X(ENUM, words in the source) in the order of enum kiln_decoder; a source cannot ask for the
 * first, it is what a list without the step gets */
#define DECODER_LIST(X)         \
    X(DEFAULT, "")              \
    X(PILLOW, "pillow")         \
    X(PILLOW_OWN, "pillow own") \
    X(OPENCV, "opencv")         \
    X(OPENCV_GRAY, "opencv gray")

/* X(ENUM, name in the source) in the order of enum kiln_color */
#define COLOR_LIST(X) X(RGB, "rgb") X(BGR, "bgr") X(GRAY, "gray")

/* Whose filters: X(ENUM, name in the source) */
#define METHOD_LIST(X) X(PILLOW, "pillow") X(OPENCV, "opencv") X(TENSORFLOW, "tensorflow")

/* X(ENUM, method, name in the source) in the order of enum kiln_filter */
#define FILTER_LIST(X)                           \
    X(NEAREST, PILLOW, "nearest")                \
    X(BOX, PILLOW, "box")                        \
    X(BILINEAR, PILLOW, "bilinear")              \
    X(HAMMING, PILLOW, "hamming")                \
    X(BICUBIC, PILLOW, "bicubic")                \
    X(LANCZOS, PILLOW, "lanczos")                \
    X(OPENCV_NEAREST, OPENCV, "nearest")         \
    X(OPENCV_LINEAR, OPENCV, "linear")           \
    X(OPENCV_AREA, OPENCV, "area")               \
    X(OPENCV_CUBIC, OPENCV, "cubic")             \
    X(OPENCV_LANCZOS4, OPENCV, "lanczos4")       \
    X(TENSORFLOW_NEAREST, TENSORFLOW, "nearest") \
    X(TENSORFLOW_BILINEAR, TENSORFLOW, "bilinear")

/* X(ENUM, name in the source) in the order of enum kiln_activation */
#define OUTPUT_LIST(X)    \
    X(NONE, "none")       \
    X(SOFTMAX, "softmax") \
    X(SIGMOID, "sigmoid")

#define X(e, name) STEP_##e,
typedef enum StepOp { STEP_LIST(X) STEP_COUNT } StepOp;
#undef X
#define X(e, name) DECODER_##e,
typedef enum Decoder { DECODER_LIST(X) DECODER_COUNT } Decoder;
#undef X
#define X(e, name) COLOR_##e,
typedef enum Color { COLOR_LIST(X) COLOR_COUNT } Color;
#undef X
#define X(e, name) METHOD_##e,
typedef enum Method { METHOD_LIST(X) METHOD_COUNT } Method;
#undef X
#define X(e, method, name) FILTER_##e,
typedef enum Filter { FILTER_LIST(X) FILTER_COUNT } Filter;
#undef X
#define X(e, name) OUTPUT_##e,
typedef enum OutputActivation { OUTPUT_LIST(X) OUTPUT_COUNT } OutputActivation;
#undef X

typedef enum Merge { MERGE_SINGLE, MERGE_COUNT } Merge;
typedef enum Rule { RULE_BEST, RULE_TAGS, RULE_COUNT } Rule;

/* The names in the source; NULL where the number is out of range. */
const char *step_name(StepOp op);
const char *decoder_name(Decoder decoder);
const char *color_name(Color color);
const char *method_name(Method method);
const char *filter_name(Filter filter);
const char *output_name(OutputActivation activation);
Method filter_method(Filter filter);
/* The names as kiln_model.h writes them: "KILN_STEP_RESIZE". */
const char *step_c_name(StepOp op);
const char *decoder_c_name(Decoder decoder);
const char *color_c_name(Color color);
const char *filter_c_name(Filter filter);
const char *output_c_name(OutputActivation activation);
const char *rule_c_name(Rule rule);
const char *merge_c_name(Merge merge);
/* Return 0 where there is none of that name. */
int color_from_name(const char *name, Color *color);
int method_from_name(const char *name, Method *method);
int filter_from_name(Method method, const char *name, Filter *filter);
int output_from_name(const char *name, OutputActivation *activation);

/* What a kiln_step says, in the words of the compiler. */
typedef struct Step {
    Loc loc;
    StepOp op;
    int method;  /* Decoder, Color or Filter; else 0 */
    int n[4];    /* see enum kiln_step_op */
    double v[8]; /* CENTER_CROP, PAD*: fill; SCALE: factor; NORMALIZE: mean[4], std[4] */
    int mean_count, std_count; /* NORMALIZE: as many as the source gave */
    int has_fill;              /* CENTER_CROP, PAD*: the source gave one */
} Step;

/* The C name of what its `method` means; "0" where it has none. */
const char *step_method_c_name(const Step *s);
int step_is_resize(const Step *s);
int step_is_pad(const Step *s);

typedef struct Member {
    Loc loc;
    const char *model;         /* C name of the network's table is made from it */
    Vec(const char *) weights; /* paths as the source wrote them */
    Vec(Step) steps;
    double weight;
} Member;

typedef struct Classifier {
    Loc loc;
    const char *name;
    int takes_pictures; /* 0 for a bare model */
    Vec(Member) members;
    Merge merge;
    Loc output_loc;
    OutputActivation activation;
    Rule rule;
    int top; /* 0: min(5, classes) */
    int has_threshold;
    double threshold;
    Loc labels_loc;
    const char *labels_file; /* as messages call it; NULL: no labels */
    Vec(const char *) labels;
} Classifier;

/* Reads labels in one of the forms of labels.c, UTF-8 checked. NULL on success, otherwise the reason
 * with its line; it does not name the file. */
const char *labels_read(Arena *a, const char *path, Classifier *c);
/* The same of a file that is in memory; of the path only the extension counts. */
const char *labels_read_bytes(Arena *a, const char *path, const void *bytes, size_t length,
                              Classifier *c);

/* Reports everything that the runtime would have to trust: steps that do not lead to an input of
 * channels x height x width, a number of labels other than `classes`. Returns the number of
 * errors. */
int classifier_verify(const Classifier *c, Diag *d, const int input[3], int classes);

void classifier_dump(const Classifier *c, Text *t);

#endif
