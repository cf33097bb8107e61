/* A classifier with the memory that it runs in. */
#ifndef KILN_RUNTIME_SESSION_H
#define KILN_RUNTIME_SESSION_H

#include "runtime/decision.h"
#include "runtime/image.h"
#include "runtime/npy.h"

typedef struct Session {
    const kiln_classifier *program;
    const kiln_network *network;
    kiln_decision rule;               /* the program's, after the command line's changes */
    size_t input_count, output_count; /* of one picture */
    size_t batch;                     /* pictures of one run */
    float *input;                     /* as stored: [batch][H][W][C] */
    float *output;                    /* as stored */
    float *logical; /* one picture's output in logical order: [C][H][W]; a block of its own */
    void *arena;    /* 64-byte aligned */
    void *memory;   /* input, output and arena */
    Decision decision;
} Session;

/* Allocates; fails where the program's table is of a kind that this runtime does not know. */
int session_open(Session *s, const kiln_classifier *program, Reason *why);
void session_close(Session *s);

/* Puts a picture's file, or element `index` of an array of tensors, into place `at` of the network's
 * input. */
int session_load_picture(Session *s, size_t at, const char *path, Reason *why);
void session_set_tensor(Session *s, size_t at, const NpyArray *array, size_t index);
/* Fills the places from `at` on with zeros: the network computes all of them. */
void session_pad(Session *s, size_t at);
/* Fills the places behind the first one with what that holds. */
void session_repeat(Session *s);
/* A fixed pseudo-random input, uniform in -1..1. */
void session_set_noise(Session *s);

/* Whether an array is one tensor of the network's input shape (*count = 1) or a batch of them. */
int session_check_tensor(const Session *s, const NpyArray *array, size_t *count, Reason *why);

/* Runs the network only. */
void session_run(Session *s, const kiln_trace *trace);
/* After a run: logical and decision of the picture in place `at`. */
int session_decide(Session *s, size_t at, Reason *why);
/* Runs the network on the picture in the first place alone, and decides. */
int session_classify(Session *s, Reason *why);

#endif
