/* A classifier with the memory that it runs in. */
#ifndef KILN_RUNTIME_SESSION_H
#define KILN_RUNTIME_SESSION_H

#include "runtime/decision.h"
#include "runtime/image.h"
#include "runtime/npy.h"
#include "runtime/plan.h"
#include "runtime/scores.h"

/* Where the input of the networks comes from. */
typedef enum SessionSource {
    SESSION_TENSOR, /* `input`, for all of them */
    SESSION_STREAM, /* `input`, of a picture that the one run there is sees */
    SESSION_PICTURE /* the plan */
} SessionSource;

typedef struct Session {
    const kiln_classifier *program;
    const kiln_network *network; /* the first one */
    kiln_decision rule;          /* the program's, after the command line's changes */
    size_t input_count;          /* of the first network */
    size_t output_count;         /* of `logical` */
    kiln_shape output_shape;     /* of `logical`, too */
    int classes;                 /* of the decision */
    size_t batch;                /* pictures of one run; 1 where there are several runs */
    size_t place;                /* in the batch: the picture that is decided on */
    int is_run;                  /* the outputs of the whole batch are there */
    SessionSource source;
    float *input;   /* as stored: [batch][H][W][C] */
    float *output;  /* as stored; of one run */
    float *logical; /* the output in logical order, [C][H][W], where there is one run; else the
                       merged scores; a block of its own */
    void *arena;    /* 64-byte aligned: as large as the network needs that needs most */
    void *memory;   /* input, output and arena */
    Plan plan;
    Scores scores;
    double *member_scores;     /* of all members, one behind the other */
    Groups groups;             /* of the labels, where the rule asks for them */
    const char *const *labels; /* of what is decided on: classes, or groups of them; or NULL */
    int label_count;
    Decision decision;
} Session;

/* Allocates; fails where the program's table is of a kind that this runtime does not know. */
int session_open(Session *s, const kiln_classifier *program, Reason *why);
void session_close(Session *s);

/* Puts a picture's file, or element `index` of an array of tensors, into place `at` of the
 * network's input. */
int session_load_picture(Session *s, size_t at, const char *path, Reason *why);
void session_set_tensor(Session *s, size_t at, const NpyArray *array, size_t index);
/* Fills the places from `at` on with zeros: the network computes all of them. */
void session_pad(Session *s, size_t at);
/* Fills the places behind the first one with what that holds. */
void session_repeat(Session *s);
/* A fixed pseudo-random input, uniform in -1..1. */
void session_set_noise(Session *s);

/* The input of a member's first view, after one of the above; NULL with the reason. */
const float *session_input(Session *s, int member, Reason *why);

/* Whether an array is one tensor of the network's input shape (*count = 1) or a batch of them. */
int session_check_tensor(const Session *s, const NpyArray *array, size_t *count, Reason *why);

/* Changes how groups of labels count; see enum kiln_grouping. */
int session_set_grouping(Session *s, int grouping, Reason *why);

/* The number of scores of member m, and where they are after session_classify(). */
int session_member_classes(const Session *s, int m);
const double *session_member_scores(const Session *s, int m);

/* Whether some network must be run by one thread at a time. */
int session_is_serial(const Session *s);

/* Multiply-accumulates of all runs. */
int64_t session_macs(const Session *s);

/* Runs the networks only, each on every view. `trace` is handed to those of one member, -1 for
 * all. */
int session_run(Session *s, const kiln_trace *trace, int member, Reason *why);
/* Runs the networks and decides on the picture in the first place. */
int session_classify(Session *s, Reason *why);
/* The same for all of a batch: runs its network, if it is one of several pictures; then decides on
 * the picture in place `at`. */
void session_run_batch(Session *s);
int session_decide(Session *s, size_t at, Reason *why);

#endif
