/* tiny for avx2, made by kiln. */
#ifndef TINY_H
#define TINY_H

#include "kiln_model.h"

#if KILN_BYTE_ORDER != KILN_LITTLE_ENDIAN
#error "the weights of tiny have the other byte order"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef float tiny_input_t;
typedef float tiny_output_t;

#define TINY_INPUT_COUNT   768              /* NHWC [1][16][16][3] */
#define TINY_OUTPUT_COUNT  4                /* [1][4] */
/* scratch, 64-byte aligned, no contents kept between calls */
#define TINY_ARENA_BYTES   8192
#define TINY_STACK_BYTES   512              /* automatic arrays of its deepest function */
#define TINY_WEIGHT_BYTES  4608             /* constant */

extern const char tiny_digest[];

void tiny_run(const tiny_input_t *input, tiny_output_t *output, void *arena KILN_TRACE_PARAMETER);

#ifdef __cplusplus
}
#endif

#endif
