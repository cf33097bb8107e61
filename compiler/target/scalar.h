/* The scalar operations of every target: plain C, but for the product-sum and the square root. */
#ifndef KILN_TARGET_SCALAR_H
#define KILN_TARGET_SCALAR_H

#define SCALAR_ROW(fma, sqrt)                              \
    {                                                      \
        .lanes = 1, .type = "float",                       \
        .op = {                                            \
            [VOP_ADD] = "${a} + ${b}",                     \
            [VOP_SUB] = "${a} - ${b}",                     \
            [VOP_MUL] = "${a} * ${b}",                     \
            [VOP_DIV] = "${a} / ${b}",                     \
            [VOP_FMA] = fma,                               \
            [VOP_MAX] = "kiln_max(${a}, ${b})",            \
            [VOP_MIN] = "kiln_min(${a}, ${b})",            \
            [VOP_NEG] = "-${a}",                           \
            [VOP_ABS] = "kiln_abs(${a})",                  \
            [VOP_SQRT] = sqrt,                             \
            [VOP_ROUND] = "kiln_round(${a})",              \
            [VOP_SCALB] = "kiln_scalb(${a}, ${b})",        \
            [VOP_LIMIT] = "kiln_limit(${a}, ${b})",        \
            [VOP_EXP2_4] = "kiln_exp2_4(${a})",            \
            [VOP_SELECT_GT] = "${a} > ${b} ? ${c} : ${d}", \
        },                                                 \
    }

#define SCALAR_FMA "__builtin_fmaf(${a}, ${b}, ${c})"

#endif
