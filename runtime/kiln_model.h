/* The whole contract between emitted C and the world around it.
 *
 * The first half is what the emitted functions themselves use: alignment, pragmas, scalar helpers.
 * It needs no library, compiles as freestanding C99 and as C++, and leaves no symbol undefined. The
 * second half is the tables that an emitted program hands to kiln_main() (program.h): networks, and
 * the classifier that interprets their outputs. Initialise them by member name. */
#ifndef KILN_MODEL_H
#define KILN_MODEL_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__STDC_HOSTED__) || __STDC_HOSTED__
#include <string.h>
#endif

#ifdef _OPENMP
#include <omp.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__STDC_HOSTED__) && !__STDC_HOSTED__
void *memcpy(void *to, const void *from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *at, int value, size_t count);
#endif

/* --- the compiler at hand ------------------------------------------------------------------- */

#if defined(__GNUC__)
#define KILN_ALIGN(n) __attribute__((aligned(n)))
#elif defined(_MSC_VER)
#define KILN_ALIGN(n) __declspec(align(n))
#else
#define KILN_ALIGN(n) _Alignas(n)
#endif

/* Before a loop of a register tile: the loop must disappear, or its accumulators live in memory. */
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 8)
#define KILN_UNROLL _Pragma("GCC unroll 16")
#else
#define KILN_UNROLL
#endif

/* Before the innermost loop of a register tile in portable C. Where gcc makes vectors of loops it
 * must be left one; any other compiler must take it apart.
 *
 * Before a function of such loops: it is compiled by itself. With what gcc learns from the call it
 * keeps the register tile in memory, at a fifth of the speed. And it makes vectors of a loop only
 * if it may compute both sides of a choice, like those of an exponential's bounds: the values are
 * the same, only the flags of floating-point exceptions, which nobody reads, may differ. What such
 * a function calls must then be a part of it. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12 && defined(__OPTIMIZE__) && \
    !defined(__OPTIMIZE_SIZE__) && (defined(__SSE2__) || defined(__aarch64__))
#define KILN_LANES  _Pragma("GCC unroll 1")
#define KILN_ALONE  __attribute__((noipa, optimize("no-trapping-math")))
#define KILN_INLINE static inline __attribute__((always_inline))
#elif defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#define KILN_LANES  KILN_UNROLL
#define KILN_ALONE  __attribute__((noipa))
#define KILN_INLINE static inline
#else
#define KILN_LANES KILN_UNROLL
#define KILN_ALONE
#define KILN_INLINE static inline
#endif

/* Before a function whose sums and products fill all registers: gcc moves an expression to where
 * its value is needed, which is many registers later. */
#if defined(__GNUC__) && !defined(__clang__)
#define KILN_IN_ORDER __attribute__((optimize("no-tree-ter")))
#else
#define KILN_IN_ORDER
#endif

/* Weights that are needed soon come into the second-level cache meanwhile. */
#if defined(__GNUC__)
#define KILN_PREFETCH(address) __builtin_prefetch(address, 0, 2)
#else
#define KILN_PREFETCH(address) ((void)(address))
#endif

/* Threads. A network emitted for them runs all its functions in every thread: KILN_THREADS
 * begins the block of the calls, KILN_BARRIER is where threads wait for each other. KILN_SHARE
 * divides work counted in units; the unit i of a loop begins at unit + weight * (i - lo), and
 * belongs to the thread in whose part of the count that lies. This depends on the number of
 * threads only. Without OpenMP all of it vanishes. */
#ifdef _OPENMP
#define KILN_THREADS         _Pragma("omp parallel")
#define KILN_BARRIER         _Pragma("omp barrier")
#define KILN_IS_FIRST_THREAD (omp_get_thread_num() == 0)
#define KILN_SHARE(units)                                                        \
    const int kiln_first = (units)*omp_get_thread_num() / omp_get_num_threads(); \
    const int kiln_end = (units) * (omp_get_thread_num() + 1) / omp_get_num_threads();
#define KILN_BEGIN(lo, hi, unit, weight) kiln_bound(lo, hi, kiln_first - (unit), weight)
#define KILN_END(lo, hi, unit, weight)   kiln_bound(lo, hi, kiln_end - (unit), weight)
#else
#define KILN_THREADS
#define KILN_BARRIER         ((void)0)
#define KILN_IS_FIRST_THREAD 1
#define KILN_SHARE(units)
#define KILN_BEGIN(lo, hi, unit, weight) (lo)
#define KILN_END(lo, hi, unit, weight)   (hi)
#endif

/* At the top of a file: products and sums are never contracted. gcc has no such pragma; it does not
 * contract under -std=c99, nor in any mode under -ffp-contract=off. */
#if defined(__clang__)
#define KILN_NO_CONTRACTION _Pragma("STDC FP_CONTRACT OFF")
#else
#define KILN_NO_CONTRACTION
#endif

/* Weights are stored in one byte order:
 *     #if KILN_BYTE_ORDER != KILN_LITTLE_ENDIAN
 *     #error "lenet: its weights are little-endian, this target is not"
 *     #endif */
#define KILN_LITTLE_ENDIAN 1234
#define KILN_BIG_ENDIAN    4321
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define KILN_BYTE_ORDER KILN_BIG_ENDIAN
#else
#define KILN_BYTE_ORDER KILN_LITTLE_ENDIAN
#endif

/* KILN_INCBIN(symbol, "file", 64), at file scope, then `extern const float symbol[N];`: the bytes
 * of a file as a read-only array. The assembler looks for the file where -I tells it
 * (-Wa,-IDIR). */
#if defined(__GNUC__) && defined(__ELF__)
#define KILN_INCBIN(symbol, file, align)                                                       \
    __asm__(".pushsection .rodata\n.balign " #align "\n.global " #symbol "\n.hidden " #symbol  \
            "\n.type " #symbol ", %object\n" #symbol ":\n.incbin \"" file "\"\n.size " #symbol \
            ", . - " #symbol "\n.popsection\n");
#endif

/* --- tracing: verify, profiles, activation maps --------------------------------------------- */

/* node() is called after each node with its index in the table of nodes and its result. */
typedef struct kiln_trace {
    void (*node)(void *context, int index, const void *data);
    void *context;
} kiln_trace;

#ifdef KILN_TRACE
#define KILN_TRACE_PARAMETER , const kiln_trace *trace
#define KILN_TRACE_ARGUMENT  , trace
#define KILN_TRACE_NODE(i, pointer)                      \
    do {                                                 \
        if (trace)                                       \
            trace->node(trace->context, (i), (pointer)); \
    } while (0)
/* The same of a network run by threads, none of which goes on before it has been told of. */
#define KILN_TRACE_NODE_OF_THREADS(i, pointer) \
    do {                                       \
        if (trace) {                           \
            KILN_BARRIER;                      \
            if (KILN_IS_FIRST_THREAD)          \
                KILN_TRACE_NODE(i, pointer);   \
            KILN_BARRIER;                      \
        }                                      \
    } while (0)
#else
#define KILN_TRACE_PARAMETER
#define KILN_TRACE_ARGUMENT
#define KILN_TRACE_NODE(i, pointer)            ((void)0)
#define KILN_TRACE_NODE_OF_THREADS(i, pointer) ((void)0)
#endif

/* --- index arithmetic ------------------------------------------------------------------------- */

static inline int kiln_min_int(int a, int b)
{
    return a < b ? a : b;
}

static inline int kiln_max_int(int a, int b)
{
    return a > b ? a : b;
}

/* Towards minus infinity, for b > 0. */
static inline int kiln_floor_div(int a, int b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static inline int kiln_floor_mod(int a, int b)
{
    return a - b * kiln_floor_div(a, b);
}

/* The first iteration of lo..hi that begins `distance` or more behind the loop's own beginning. */
static inline int kiln_bound(int lo, int hi, int distance, int weight)
{
    const int i = lo + kiln_floor_div(distance + weight - 1, weight);
    return kiln_max_int(lo, kiln_min_int(hi, i));
}

/* --- scalar arithmetic of the c99 target ---------------------------------------------------- */

typedef union kiln_float_bits {
    float f;
    uint32_t u;
} kiln_float_bits;

KILN_INLINE float kiln_from_bits(uint32_t u)
{
    kiln_float_bits b;
    b.u = u;
    return b.f;
}

KILN_INLINE uint32_t kiln_to_bits(float f)
{
    kiln_float_bits b;
    b.f = f;
    return b.u;
}

KILN_INLINE float kiln_max(float a, float b)
{
    return a > b ? a : b;
}

KILN_INLINE float kiln_min(float a, float b)
{
    return a < b ? a : b;
}

KILN_INLINE float kiln_abs(float x)
{
    return kiln_from_bits(kiln_to_bits(x) & 0x7fffffffu);
}

/* The nearest integer, halves to even; for every x, NaN and infinities included. */
KILN_INLINE float kiln_round(float x)
{
    const uint32_t sign = kiln_to_bits(x) & 0x80000000u;
    const float a = kiln_abs(x);
    const float c = a < 8388608.0f ? 8388608.0f : 0.0f;
    return kiln_from_bits(kiln_to_bits((a + c) - c) | sign);
}

/* x 2^n for an integral n, which is first clamped to [-252, 252]. Rounded once wherever
 * |x| >= 2^-63, which covers what exp and its relatives pass. */
KILN_INLINE float kiln_scalb(float x, float n)
{
    const float low = n > -252.0f ? n : -252.0f;
    const int32_t k = (int32_t)(low < 252.0f ? low : 252.0f);
    const int32_t half = k / 2, rest = k - half;
    const float a = kiln_from_bits((uint32_t)(half + 127) << 23);
    const float b = kiln_from_bits((uint32_t)(rest + 127) << 23);
    return x * a * b;
}

/* x, but no further from 0 than `most`. */
KILN_INLINE float kiln_limit(float x, float most)
{
    const float low = x > -most ? x : -most;
    return low < most ? low : most;
}

/* 2^(n/4), over a factor near 1, of n = -500 .. 500, given as n/4 + 1.5 2^21: to the bits of
 * 2^(j/4), less j 2^21, n 2^21 is added; j = n mod 4. For vectors the four stand there four times.
 */
KILN_ALIGN(64)
static const uint32_t kiln_exp2_bits[16] = { 0x3f9decb4, 0x3f9bce1a, 0x3f9f56d2, 0x3fa4cc5a,
                                             0x3f9decb4, 0x3f9bce1a, 0x3f9f56d2, 0x3fa4cc5a,
                                             0x3f9decb4, 0x3f9bce1a, 0x3f9f56d2, 0x3fa4cc5a,
                                             0x3f9decb4, 0x3f9bce1a, 0x3f9f56d2, 0x3fa4cc5a };

KILN_INLINE float kiln_exp2_4(float n)
{
    const uint32_t bits = kiln_to_bits(n);
    return kiln_from_bits(kiln_exp2_bits[bits & 3u] + (bits << 21));
}

/* The square root, correctly rounded, digit by digit on the significand, so that no libm is needed
 * and the result equals that of every processor's square root instruction. */
static inline float kiln_sqrt(float x)
{
    const uint32_t bits = kiln_to_bits(x);
    uint32_t m = bits & 0x007fffffu, root = 0, rest = 0;
    int32_t e = (int32_t)(bits >> 23 & 255u), i;

    if (!(x > 0.0f) || e == 255)
        return x == 0.0f || x > 0.0f ? x : kiln_from_bits(0x7fc00000u);
    if (e == 0) {
        for (e = 1; !(m & 0x00800000u); e--)
            m <<= 1;
    }
    m |= 0x00800000u;
    e -= 127;
    m <<= 1 + (e & 1);
    e -= e & 1;
    /* m is in [2^24, 2^26): 25 digits of sqrt(m 2^24), the last one decides the rounding. */
    for (i = 0; i < 25; i++) {
        const uint32_t trial = (root << 2) + 1u;
        rest = (rest << 2) + (m >> 24 & 3u);
        m = (m << 2) & 0x03ffffffu;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root += 1u;
        }
    }
    root = (root >> 1) + (root & 1u);
    return kiln_from_bits((uint32_t)(e / 2 + 126) * 0x00800000u + root);
}

/* --- parts of a vector, for processors without masked accesses ------------------------------ */

/* Copies the first n floats at p into `buffer`, which it returns. */
static inline const float *kiln_part(const float *p, int n, float *buffer)
{
    int i;
    for (i = 0; i < n; i++)
        buffer[i] = p[i];
    return buffer;
}

static inline void kiln_copy_part(float *to, const float *from, int n)
{
    int i;
    for (i = 0; i < n; i++)
        to[i] = from[i];
}

/* --- networks -------------------------------------------------------------------------------- */

/* A logical shape without the batch: [C,H,W], [L,D] or [F]. */
typedef struct kiln_shape {
    int rank;
    int dim[4];
} kiln_shape;

/* What is done between one call of a trace and the next. */
typedef struct kiln_layer {
    const char *path, *summary; /* "layer1.0.conv1", "conv2d 3x3 s1 p1, relu" */
    int64_t macs;
} kiln_layer;

/* What class activation maps (Zhou et al., 2016) need of a network that ends in a global average
 * pooling and one dense layer: the pooled feature map is in the arena, [height][width][channels],
 * when a trace tells of the pooling. */
typedef struct kiln_class_map {
    int node;      /* the pooling's index in a trace */
    size_t offset; /* bytes from the start of the arena */
    int channels, height, width;
    int pitch;           /* floats from one pixel to the next */
    const float *weight; /* [classes/block][channels][block]; NULL: the channels are the classes */
    int block;
} kiln_class_map;

typedef struct kiln_network {
    const char *name;
    const char *digest;          /* of the network and its weights */
    const char *target;          /* "avx2" */
    const char *const *features; /* what the processor must have: {"avx2", "fma", NULL}; or NULL */
    kiln_shape input, output;
    size_t arena_bytes, weight_bytes, stack_bytes;
    int64_t macs;             /* of one call */
    int batch;                /* pictures of one call, all of which are computed; 0 is 1 */
    const kiln_layer *layers; /* in the order in which a trace tells of them */
    int layer_count;
    int picturewise; /* the first so many layers run, and are told of, once for each picture */
    const kiln_class_map *class_map; /* NULL: the network does not end so */
    /* input and output are stored [H][W][C] where the shape is [C,H,W], picture by picture;
     * arena is 64-byte aligned; trace may be NULL, and is not told of anything by code compiled
     * without KILN_TRACE. */
    void (*run)(void *context, const float *input, float *output, void *arena,
                const kiln_trace *trace);
    void *context; /* NULL for emitted code */
    int is_serial; /* run() may only be called by one thread at a time */
} kiln_network;

/* --- classifiers ------------------------------------------------------------------------------ */

/* Preprocessing is a list of steps on a picture, whose pixels are bytes until a step makes them
 * floats. The compiler has verified the list; the runtime trusts it. */
enum kiln_step_op {
    KILN_STEP_DECODE,         /* method: enum kiln_decoder; the first step, if at all */
    KILN_STEP_COLOR,          /* method: enum kiln_color */
    KILN_STEP_RESIZE,         /* method: enum kiln_filter; n: height, width */
    KILN_STEP_RESIZE_SHORTER, /* method: enum kiln_filter; n: length of the shorter side */
    KILN_STEP_RESIZE_WITHIN,  /* method: enum kiln_filter; n: height, width it just fits into */
    KILN_STEP_CENTER_CROP,    /* n: height, width; what is missing is filled with v per channel */
    KILN_STEP_PAD,            /* n: top, left, bottom, right; v: value per channel */
    KILN_STEP_PAD_TO,         /* n: height, width of a canvas, the picture in its middle; v */
    KILN_STEP_PAD_RATIO,      /* n: height, width of the ratio it gets, equal at both ends; v */
    KILN_STEP_SCALE,          /* v[0]: multiply */
    KILN_STEP_NORMALIZE,      /* v: mean[4], std[4] */
    KILN_STEP_CAST,           /* floats to bytes: towards zero, modulo 256 */
    KILN_STEP_FLIP,           /* method: enum kiln_flip */
    KILN_STEP_TURN,           /* n: quarters, against the clock */
    KILN_STEP_SHIFT,          /* n: down, right; what comes in is filled with v per channel */
    KILN_STEP_CORNER_CROP,    /* method: enum kiln_corner; n: height, width */
    KILN_STEP_COUNT
};

/* Whose pixels a decoded picture has. Without a step they are Pillow's after convert("RGB"), except
 * that of 16-bit grey the high byte is taken. */
enum kiln_decoder {
    KILN_DECODER_DEFAULT,
    KILN_DECODER_PILLOW,     /* 16-bit grey is clipped to 255 */
    KILN_DECODER_PILLOW_OWN, /* convert("RGB") comes after a resize, which sees the file's mode */
    KILN_DECODER_OPENCV,     /* imread(): B G R, turned as EXIF says */
    KILN_DECODER_OPENCV_GRAY,
    KILN_DECODER_COUNT
};

enum kiln_flip { KILN_FLIP_HORIZONTAL, KILN_FLIP_VERTICAL, KILN_FLIP_COUNT };

enum kiln_corner {
    KILN_CORNER_TOP_LEFT,
    KILN_CORNER_TOP_RIGHT,
    KILN_CORNER_BOTTOM_LEFT,
    KILN_CORNER_BOTTOM_RIGHT,
    KILN_CORNER_COUNT
};

enum kiln_color { KILN_COLOR_RGB, KILN_COLOR_BGR, KILN_COLOR_GRAY, KILN_COLOR_COUNT };

/* Pillow's filters, then OpenCV's, then TensorFlow's, whose results are floats. */
enum kiln_filter {
    KILN_FILTER_NEAREST,
    KILN_FILTER_BOX,
    KILN_FILTER_BILINEAR,
    KILN_FILTER_HAMMING,
    KILN_FILTER_BICUBIC,
    KILN_FILTER_LANCZOS,
    KILN_FILTER_OPENCV_NEAREST,
    KILN_FILTER_OPENCV_LINEAR,
    KILN_FILTER_OPENCV_AREA,
    KILN_FILTER_OPENCV_CUBIC,
    KILN_FILTER_OPENCV_LANCZOS4,
    KILN_FILTER_TENSORFLOW_NEAREST,
    KILN_FILTER_TENSORFLOW_BILINEAR,
    KILN_FILTER_COUNT
};

typedef struct kiln_step {
    int op, method;
    int n[4];
    double v[8];
} kiln_step;

/* One way to look at a picture; test-time augmentation has several per member. */
typedef struct kiln_view {
    const kiln_step *steps;
    int step_count;
} kiln_view;

/* Scores are a vector of doubles, at first a network's output in logical order; steps change it,
 * merging makes one vector of several, and the decision reads a result off the last one. */
enum kiln_score_op {
    KILN_SCORE_TEMPERATURE, /* v: divide by */
    KILN_SCORE_SOFTMAX,
    KILN_SCORE_SIGMOID,
    KILN_SCORE_DENSE,   /* matrix: M x + bias */
    KILN_SCORE_SVM,     /* svm: the part of its duels that each class wins */
    KILN_SCORE_NETWORK, /* network: its output for the vector as input */
    KILN_SCORE_COUNT
};

typedef struct kiln_matrix {
    int rows, columns;
    const double *values; /* [rows][columns] */
    const double *bias;   /* [rows] */
} kiln_matrix;

enum kiln_kernel {
    KILN_KERNEL_LINEAR,     /* x y */
    KILN_KERNEL_POLYNOMIAL, /* (gamma x y + coef0)^degree */
    KILN_KERNEL_RBF,        /* exp(-gamma |x - y|^2) */
    KILN_KERNEL_COUNT
};

/* One against one, as libsvm and scikit-learn have it. Vectors are grouped; group g belongs to
 * class group_class[g]. */
typedef struct kiln_svm {
    int kernel, degree;
    double gamma, coef0;
    int class_count, feature_count, vector_count;
    const int *group_class, *group_size; /* [classes] */
    const double *vectors;               /* [vectors][features] */
    const double *coefficients;          /* [classes - 1][vectors] */
    const double *intercepts;            /* [classes (classes - 1) / 2]: pairs (0,1), (0,2), ... */
} kiln_svm;

typedef struct kiln_score {
    int op;
    double v;
    const kiln_matrix *matrix;
    const kiln_svm *svm;
    const kiln_network *network;
} kiln_score;

/* How several vectors of scores become one. */
enum kiln_merge {
    KILN_MERGE_SINGLE,
    KILN_MERGE_MEAN, /* weighted */
    KILN_MERGE_GEOMETRIC,
    KILN_MERGE_MAX,
    KILN_MERGE_VOTE,       /* a member's weight goes to its best class */
    KILN_MERGE_CONFIDENCE, /* its weight times its best score does */
    KILN_MERGE_UNION,      /* of the sets of classes above the members' thresholds */
    KILN_MERGE_INTERSECTION,
    KILN_MERGE_CONCAT,  /* one behind the other, for steps that follow */
    KILN_MERGE_CASCADE, /* the first member whose best score reaches its threshold; else the last */
    KILN_MERGE_COUNT
};

typedef struct kiln_member {
    const kiln_network *network;
    const kiln_step *steps; /* of its first view */
    int step_count;
    double weight;
    const char *name;
    const kiln_view *views; /* NULL: one, with the steps above */
    int view_count;
    int view_merge;           /* KILN_MERGE_MEAN, GEOMETRIC or MAX */
    const kiln_score *scores; /* from the network's output, before views and members are merged */
    int score_count;
    int class_count;          /* of its last vector; 0: as many as the network's outputs */
    double threshold;         /* of MERGE_CASCADE, UNION and INTERSECTION */
    const double *thresholds; /* of the last two, per class; NULL: one for all */
} kiln_member;

/* What becomes of the last vector. */
enum kiln_activation {
    KILN_ACTIVATION_NONE,
    KILN_ACTIVATION_SOFTMAX,
    KILN_ACTIVATION_SIGMOID,
    KILN_ACTIVATION_COUNT
};

/* From scores to the result: the best class (none when its score is below the threshold), or every
 * class whose score is above the threshold. */
enum kiln_rule { KILN_RULE_BEST, KILN_RULE_TAGS, KILN_RULE_COUNT };

/* Labels of the form "group/name". */
enum kiln_grouping {
    KILN_GROUPING_NONE,
    KILN_GROUPING_FIRST, /* the best class of the best group, scores of a group being summed */
    KILN_GROUPING_ONLY,  /* groups are what is scored and chosen */
    KILN_GROUPING_COUNT
};

typedef struct kiln_decision {
    int activation, rule;
    int top;           /* classes listed; 0: min(5, classes) */
    int has_threshold; /* else: no rejection; for tags 0.5 */
    double threshold;
    const double *thresholds; /* per class, before `threshold`; NULL: none */
    const double *cost;       /* [true class][answer]; not NULL: the least expected cost is best */
    const char *reject_label; /* the result where the best class is rejected; NULL: none */
    int grouping;
} kiln_decision;

typedef struct kiln_classifier {
    const char *name;
    const kiln_member *members;
    int member_count;
    int merge;
    const kiln_score *scores; /* of the merged vector */
    int score_count;
    int class_count; /* of the last vector; 0: as many as the first member has */
    kiln_decision decision;
    const char *const *labels; /* UTF-8; NULL: classes are called by their index */
    int label_count;
    int takes_pictures; /* 0 for a bare model: --tensor only */
} kiln_classifier;

#ifdef __cplusplus
}
#endif

#endif
