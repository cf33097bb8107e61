/* What is made of a picture for the networks of a classifier: one input per run of a network, each
 * step that runs have in common done once. */
#ifndef KILN_RUNTIME_PLAN_H
#define KILN_RUNTIME_PLAN_H

#include "runtime/image.h"
#include "runtime/kiln_model.h"

/* Consecutive steps, none of them one of the last that work on each value by itself. */
typedef struct PlanStage {
    kiln_member steps; /* only these steps, of the first member that has them */
    int member, first; /* which one, and the number of its first step */
    int parent;        /* the stage before it; -1: the decoded picture */
    int run_count;     /* that need it */
    Image image;       /* once done */
    double seconds;    /* that it took, the last time */
} PlanStage;

/* The input of a network. */
typedef struct PlanInput {
    kiln_member member; /* with all steps of the view */
    int stage, run_count;
    float *data;
    int is_done;
    double seconds; /* of those last steps */
} PlanInput;

/* A network on one view of the picture. */
typedef struct PlanRun {
    int member, input;
} PlanRun;

typedef struct Plan {
    PlanStage *stage;
    PlanInput *input;
    PlanRun *run; /* in the order of the members, and of the views of each */
    int stage_count, input_count, run_count;
    Image picture[KILN_DECODER_COUNT];
    double decode_seconds;
} Plan;

/* The views of a member: at least one. */
int plan_view_count(const kiln_member *m);
/* The member as if `view` were its only one. */
kiln_member plan_member_of_view(const kiln_member *m, int view);

int plan_new(Plan *p, const kiln_classifier *program, Reason *why);
void plan_free(Plan *p);

/* Whether some input needs pictures of a decoder. */
int plan_uses(const Plan *p, enum kiln_decoder decoder);
/* What was made of the picture before is forgotten. */
void plan_forget(Plan *p);
/* Takes over what a decoder made of a picture. */
void plan_set_picture(Plan *p, const Image *picture);
/* The input of a run, [H][W][C]. It is made on the first call. */
int plan_prepare(Plan *p, int run, const float **data, Reason *why);

#endif
