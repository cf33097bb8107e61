/* aluminium for c99, made by kiln. */
#ifndef ALUMINIUM_H
#define ALUMINIUM_H

#include "kiln_model.h"

#if KILN_BYTE_ORDER != KILN_LITTLE_ENDIAN
#error "the weights of aluminium have the other byte order"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef float aluminium_input_t;
typedef float aluminium_output_t;

#define ALUMINIUM_INPUT_COUNT   36864       /* NHWC [1][96][128][3] */
#define ALUMINIUM_OUTPUT_COUNT  12          /* [1][12] */
/* scratch, 64-byte aligned, no contents kept between calls */
#define ALUMINIUM_ARENA_BYTES   344064
#define ALUMINIUM_STACK_BYTES   256         /* automatic arrays of its deepest function */
#define ALUMINIUM_WEIGHT_BYTES  758912      /* constant */

extern const char *const aluminium_labels[12];
extern const char aluminium_digest[];

void aluminium_run(const aluminium_input_t *input, aluminium_output_t *output,
    void *arena KILN_TRACE_PARAMETER);

#ifdef __cplusplus
}
#endif

#endif
