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
    X(CAST, "cast")               \
    X(FLIP, "flip")               \
    X(TURN, "turn")               \
    X(SHIFT, "shift")             \
    X(CORNER_CROP, "corner_crop")

/* X(ENUM, words in the source) in the order of enum kiln_decoder; a source cannot ask for the
 * first, it is what a list without the step gets */
#define DECODER_LIST(X)         \
    X(DEFAULT, "")              \
    X(PILLOW, "pillow")         \
    X(PILLOW_OWN, "pillow own") \
    X(OPENCV, "opencv")         \
    X(OPENCV_GRAY, "opencv gray")

/* X(ENUM, name in the source) in the order of enum kiln_flip */
#define FLIP_LIST(X) X(HORIZONTAL, "horizontal") X(VERTICAL, "vertical")

/* X(ENUM, name in the source) in the order of enum kiln_corner */
#define CORNER_LIST(X)            \
    X(TOP_LEFT, "top_left")       \
    X(TOP_RIGHT, "top_right")     \
    X(BOTTOM_LEFT, "bottom_left") \
    X(BOTTOM_RIGHT, "bottom_right")

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

/* X(ENUM, name in the source; NULL: it has none) in the order of enum kiln_merge */
#define MERGE_LIST(X)               \
    X(SINGLE, NULL)                 \
    X(MEAN, "mean")                 \
    X(GEOMETRIC, "geometric")       \
    X(MAX, "max")                   \
    X(VOTE, "vote")                 \
    X(CONFIDENCE, "confidence")     \
    X(UNION, "union")               \
    X(INTERSECTION, "intersection") \
    X(CONCAT, "stack")              \
    X(CASCADE, "cascade")

/* X(ENUM, name in the source) in the order of enum kiln_score_op */
#define SCORE_LIST(X)             \
    X(TEMPERATURE, "temperature") \
    X(SOFTMAX, "softmax")         \
    X(SIGMOID, "sigmoid")         \
    X(DENSE, "dense")             \
    X(SVM, "svm")                 \
    X(NETWORK, "network")

/* X(ENUM, name in the source) in the order of enum kiln_kernel */
#define KERNEL_LIST(X) X(LINEAR, "linear") X(POLYNOMIAL, "polynomial") X(RBF, "rbf")

/* X(ENUM, name in the source) in the order of enum kiln_grouping */
#define GROUPING_LIST(X) X(NONE, "none") X(FIRST, "first") X(ONLY, "only")

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

#define X(e, name) FLIP_##e,
typedef enum Flip { FLIP_LIST(X) FLIP_COUNT } Flip;
#undef X
#define X(e, name) CORNER_##e,
typedef enum Corner { CORNER_LIST(X) CORNER_COUNT } Corner;
#undef X
#define X(e, name) MERGE_##e,
typedef enum Merge { MERGE_LIST(X) MERGE_COUNT } Merge;
#undef X
#define X(e, name) SCORE_##e,
typedef enum ScoreOp { SCORE_LIST(X) SCORE_COUNT } ScoreOp;
#undef X
#define X(e, name) KERNEL_##e,
typedef enum SvmKernel { KERNEL_LIST(X) KERNEL_COUNT } SvmKernel;
#undef X
#define X(e, name) GROUPING_##e,
typedef enum Grouping { GROUPING_LIST(X) GROUPING_COUNT } Grouping;
#undef X

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
const char *score_c_name(ScoreOp op);
const char *kernel_c_name(SvmKernel kernel);
const char *grouping_c_name(Grouping grouping);
const char *merge_name(Merge merge);
const char *score_name(ScoreOp op);
const char *svm_kernel_name(SvmKernel kernel);
const char *grouping_name(Grouping grouping);
/* Return 0 where there is none of that name. */
int color_from_name(const char *name, Color *color);
int method_from_name(const char *name, Method *method);
int filter_from_name(Method method, const char *name, Filter *filter);
int output_from_name(const char *name, OutputActivation *activation);
const char *flip_name(Flip flip);
const char *corner_name(Corner corner);
const char *flip_c_name(Flip flip);
const char *corner_c_name(Corner corner);
int flip_from_name(const char *name, Flip *flip);
int corner_from_name(const char *name, Corner *corner);
int merge_from_name(const char *name, Merge *merge);
int kernel_from_name(const char *name, SvmKernel *kernel);
int grouping_from_name(const char *name, Grouping *grouping);

/* What a kiln_step says, in the words of the compiler. */
typedef struct Step {
    Loc loc;
    StepOp op;
    int method;  /* Decoder, Color, Filter, Flip or Corner; else 0 */
    int n[4];    /* see enum kiln_step_op */
    double v[8]; /* crops, PAD*, SHIFT: fill; SCALE: factor; NORMALIZE: mean[4], std[4] */
    int mean_count, std_count; /* NORMALIZE: as many as the source gave */
    int has_fill;              /* CENTER_CROP, PAD*: the source gave one */
    int takes_rgb;             /* COLOR: an error where pictures are not R G B before it */
} Step;

typedef Vec(Step) StepList;

/* The C name of what its `method` means; "0" where it has none. */
const char *step_method_c_name(const Step *s);
int step_is_resize(const Step *s);
int step_is_pad(const Step *s);

/* A table of numbers that a file gave. */
typedef struct Matrix {
    const char *file; /* as messages call it */
    int rows, columns;
    const double *values; /* [rows][columns] */
    const double *bias;   /* [rows]; of a dense layer */
} Matrix;

/* What a kiln_svm says. */
typedef struct Svm {
    const char *file;
    SvmKernel kernel;
    int degree;
    double gamma, coef0;
    int class_count, feature_count, vector_count;
    const int *group_class, *group_size;
    const double *vectors, *coefficients, *intercepts;
} Svm;

/* What a kiln_score says. */
typedef struct Score {
    Loc loc;
    ScoreOp op;
    double v;
    const Matrix *matrix;
    const Svm *svm;
    int network;        /* NETWORK: its index behind the members */
    int inputs, counts; /* NETWORK: values that go in and come out */
} Score;
typedef Vec(Score) ScoreList;

typedef struct Member {
    Loc loc;
    const char *name;          /* NULL where there is but one */
    const char *model;         /* C name of the network's table is made from it */
    Vec(const char *) weights; /* paths as the source wrote them */
    StepList steps;            /* of its first view */
    Vec(StepList) views;       /* all of them, where there are several */
    Merge view_merge;
    ScoreList scores;
    double weight;
    Loc threshold_loc;
    double threshold;         /* MERGE_CASCADE, UNION, INTERSECTION */
    const Matrix *thresholds; /* UNION, INTERSECTION: per class; or NULL */
} Member;

typedef struct Classifier {
    Loc loc;
    const char *name;
    int takes_pictures; /* 0 for a bare model */
    Vec(Member) members;
    Loc merge_loc;
    Merge merge;
    int weight_count; /* as the source gave; 0: none */
    ScoreList scores; /* of the merged vector */
    Loc output_loc;
    OutputActivation activation; /* of the last vector */
    Rule rule;
    int top; /* 0: min(5, classes) */
    int has_threshold;
    double threshold;
    Loc thresholds_loc, cost_loc, grouping_loc;
    const Matrix *thresholds, *cost; /* or NULL */
    const char *reject_label;        /* or NULL */
    Grouping grouping;
    Loc labels_loc;
    const char *labels_file; /* as messages call it; NULL: no labels */
    Vec(const char *) labels;
} Classifier;

/* What a member's network takes and gives. */
typedef struct NetworkShape {
    int input[3]; /* channels, height, width */
    int outputs;
} NetworkShape;

/* The number of scores after the steps, of `from` at first. */
int scores_count(const ScoreList *scores, int from);
/* Of the last vector, which is decided on. */
int classifier_classes(const Classifier *c, const NetworkShape *networks);

/* Reads a table of numbers, separated by commas, semicolons, tabs or blanks, all rows equally long.
 * A first row, and a first column, without numbers are headings. NULL on success, otherwise the
 * reason with its line; it does not name the file. */
const char *matrix_read(Arena *a, const char *path, Matrix *m);

/* Reads labels in one of the forms of labels.c, UTF-8 checked. NULL on success, otherwise the
 * reason with its line; it does not name the file. */
const char *labels_read(Arena *a, const char *path, Classifier *c);
/* The same of a file that is in memory; of the path only the extension counts. */
const char *labels_read_bytes(Arena *a, const char *path, const void *bytes, size_t length,
                              Classifier *c);

/* Reports everything that the runtime would have to trust: steps that do not lead to the input of a
 * member's network, class counts that disagree, tables of other sizes, thresholds that no score can
 * reach. networks[i] is that of member i. Returns the number of errors. */
int classifier_verify(const Classifier *c, Diag *d, const NetworkShape *networks);
/* The part of it that concerns scores. */
int classifier_verify_scores(const Classifier *c, Diag *d, const NetworkShape *networks);

void classifier_dump(const Classifier *c, Text *t);

#endif
