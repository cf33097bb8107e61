/* Elementary functions as operations of the IR, so that they vectorise everywhere and give the same
 * bits on every target whose FMA rounds alike. Polynomials were fitted at Chebyshev nodes in double
 * and rounded to float32; the error given beside each is over its interval, in exact arithmetic. */
#include "compiler/kernel/common.h"

static Expr *polynomial(Body *b, Expr *x, const double *coefficient, int count)
{
    Expr *sum = real(b, coefficient[count - 1]);
    for (int i = count - 2; i >= 0; i--)
        sum = val_fma(b->L, sum, x, real(b, coefficient[i]));
    return sum;
}

static Expr *clamp(Body *b, Expr *x, double lo, double hi)
{
    x = val_op2(b->L, VOP_MAX, x, real(b, lo));
    return val_op2(b->L, VOP_MIN, x, real(b, hi));
}

static Expr *select_gt(Body *b, Expr *x, Expr *limit, Expr *yes, Expr *no)
{
    return val_op(b->L, VOP_SELECT_GT, (Expr *[]){ x, limit, yes, no });
}

/* exp(sign x), sign 1 or -1: 2^n exp(sign r), n = round(sign x / ln 2), |r| <= ln 2 / 2. Relative
 * error of the polynomial 1.1e-8: one of degree 5 (9.2e-8) is as good to the eye, but its error has
 * a sign that depends on x, which global pooling at the end of a deep network does not average out.
 * x is clamped to where the result is normal. Fused, n ln 2 is taken from x without rounding the
 * product; otherwise ln 2 comes in two parts (Cody, Waite), of which n times the first is exact. */
static Expr *exp_by_polynomial(Body *b, Expr *x, double sign)
{
    const double P[] = { 1.0,
                         sign,
                         0.5,
                         sign * 0.16666573286056519,
                         0.04166645556688309,
                         sign * 0.008363776840269566,
                         0.0013934544986113906 };
    double limit = sign > 0 ? 88.0 : 87.0;
    x = let(b, "e_x", clamp(b, x, limit - 175.0, limit));
    Expr *n = val_op1(b->L, VOP_ROUND, mul(b, x, real(b, sign * 1.4426950216293335)));
    n = let(b, "e_n", n);
    Expr *r;
    if (b->fused) {
        r = val_fma(b->L, n, real(b, sign * -0.6931471824645996), x);
    } else {
        r = val_fma(b->L, n, real(b, sign * -0.693359375), x);
        r = val_fma(b->L, n, real(b, sign * 0.00021219444170128554), r);
    }
    r = let(b, "e_r", r);
    return val_op2(b->L, VOP_SCALB, polynomial(b, r, P, COUNT_OF(P)), n);
}

/* 1.5 2^21: what is added to it is rounded to quarters, which are then its low bits. */
static const double quarters = 3145728.0;

/* The same by a table of four: 2^n exp(sign r), n = sign x / ln 2 rounded to quarters, |r| <=
 * ln 2 / 8. Relative error of the polynomial 5.8e-9. A table of sixteen would need degree 3 only,
 * but its rounded values (2.2e-8) err with a sign that depends on x. */
static Expr *exp_by_table(Body *b, Expr *x, double sign)
{
    const double P[] = { LOOP_EXP2_SCALE, sign * LOOP_EXP2_SCALE, 0.40525659918785095,
                         sign * 0.135129913687706, 0.03378321975469589 };
    x = let(b, "e_x", val_op2(b->L, VOP_LIMIT, x, real(b, 87.0)));
    Expr *sum = val_fma(b->L, x, real(b, sign * MATH_LOG2E), real(b, quarters));
    sum = let(b, "e_n", sum);
    Expr *n = sub(b, sum, real(b, quarters));
    Expr *r = let(b, "e_r", val_fma(b->L, n, real(b, sign * -0.6931471824645996), x));
    return mul(b, polynomial(b, r, P, COUNT_OF(P)), val_op1(b->L, VOP_EXP2_4, sum));
}

/* silu(x) = y / (log2 e + log2 e 2^-y): of y = x log2 e everything up to the polynomial is a sum,
 * which leaves the multipliers to the division; log2 e is in the polynomial. The factor is rounded
 * (1.3e-8), so 2^-y errs by 9.2e-9 |y|; relative error of the polynomial 6.0e-9. */
Expr *math_scaled_silu(Body *b, Expr *y)
{
    static const double P[] = { LOOP_EXP2_SCALE * MATH_LOG2E, -LOOP_EXP2_SCALE, 0.2809024751186371,
                                -0.06492285430431366, 0.01125064492225647 };
    y = let(b, "a_y", y);
    Expr *x = let(b, "e_x", val_op2(b->L, VOP_LIMIT, y, real(b, 125.0)));
    Expr *sum = let(b, "e_n", sub(b, real(b, quarters), x));
    Expr *r = let(b, "e_r", add(b, x, sub(b, sum, real(b, quarters))));
    Expr *power = val_op1(b->L, VOP_EXP2_4, sum);
    return quotient(b, y,
                    val_fma(b->L, polynomial(b, r, P, COUNT_OF(P)), power, real(b, MATH_LOG2E)));
}

static Expr *exp_of(Body *b, Expr *x, double sign)
{
    return b->has_exp2 ? exp_by_table(b, x, sign) : exp_by_polynomial(b, x, sign);
}

Expr *math_exp(Body *b, Expr *x)
{
    return exp_of(b, x, 1.0);
}

/* numerator / (1 + exp(-x)): one division gives silu, too. */
static Expr *over_one_plus_exp(Body *b, Expr *numerator, Expr *x)
{
    return quotient(b, numerator, add(b, exp_of(b, x, -1.0), real(b, 1.0)));
}

/* tanh(x) = x + x^3 P(x^2) for |x| < 0.625, relative error 1.9e-8; 1 - 2 / (exp(2x) + 1) beyond. */
static Expr *math_tanh(Body *b, Expr *x)
{
    static const double P[] = { -0.333333283662796, 0.13332782685756683, -0.05385249853134155,
                                0.021003639325499535, -0.006104945670813322 };
    x = let(b, "t_x", x);
    Expr *square = let(b, "t_square", mul(b, x, x));
    Expr *cube = mul(b, square, x);
    Expr *near = let(b, "t_near", val_fma(b->L, cube, polynomial(b, square, P, COUNT_OF(P)), x));
    Expr *e = math_exp(b, add(b, x, x));
    Expr *far = sub(b, real(b, 1.0), quotient(b, real(b, 2.0), add(b, e, real(b, 1.0))));
    return select_gt(b, val_op1(b->L, VOP_ABS, x), real(b, 0.625), far, near);
}

/* erf(x) = x P(x^2) for |x| <= 1, absolute error 5.1e-8; sign(x) (1 - exp(-x^2) Q(t)), t = 1 / (1 +
 * |x|/2), for 1 < |x| <= 4, absolute error 1.1e-9; 1 in float32 beyond. */
static Expr *math_erf(Body *b, Expr *x)
{
    static const double P[] = { 1.1283791065216064,   -0.3761262595653534,  0.11283597350120544,
                                -0.02685432881116867, 0.005189312156289816, -0.0008018855005502701,
                                7.882497448008507e-05 };
    static const double Q[] = {
        -0.00012040264846291393, 0.2843257784843445,    0.26410767436027527,
        0.3289463520050049,      -0.053793661296367645, 0.4798164963722229,
        -0.3846462368965149,     0.06853053718805313,   0.012932892888784409
    };
    x = let(b, "f_x", clamp(b, x, -4.0, 4.0));
    Expr *size = let(b, "f_size", val_op1(b->L, VOP_ABS, x));
    Expr *square = let(b, "f_square", mul(b, x, x));
    Expr *near = let(b, "f_near", mul(b, x, polynomial(b, square, P, COUNT_OF(P))));
    Expr *below = val_fma(b->L, size, real(b, 0.5), real(b, 1.0));
    Expr *t = let(b, "f_t", quotient(b, real(b, 1.0), below));
    Expr *e = math_exp(b, val_op1(b->L, VOP_NEG, square));
    Expr *tail = mul(b, e, polynomial(b, t, Q, COUNT_OF(Q)));
    Expr *far = let(b, "f_far", sub(b, real(b, 1.0), tail));
    far = select_gt(b, x, real(b, 0.0), far, val_op1(b->L, VOP_NEG, far));
    return select_gt(b, size, real(b, 1.0), far, near);
}

/* Hendrycks, Gimpel, 2016, the exact form: x/2 (1 + erf(x / sqrt 2)). */
static Expr *gelu(Body *b, Expr *x)
{
    x = let(b, "g_x", x);
    Expr *erf = math_erf(b, mul(b, x, real(b, 0.70710678118654752)));
    return mul(b, mul(b, x, real(b, 0.5)), add(b, erf, real(b, 1.0)));
}

/* Howard et al., 2019: relu6(x + 3) / 6. */
static Expr *relu6_of_shifted(Body *b, Expr *x)
{
    return clamp(b, add(b, x, real(b, 3.0)), 0.0, 6.0);
}

bool activation_has_exp(Activation a)
{
    return a == ACT_SIGMOID || a == ACT_SILU || a == ACT_TANH || a == ACT_GELU;
}

Expr *math_activation(Body *b, Activation act, double alpha, Expr *x)
{
    switch (act) {
    case ACT_NONE:
    case ACT_COUNT:
        return x;
    case ACT_RELU:
        return val_op2(b->L, VOP_MAX, x, real(b, 0.0));
    case ACT_RELU6:
        return clamp(b, x, 0.0, 6.0);
    case ACT_LEAKY_RELU:
        x = let(b, "a_x", x);
        return select_gt(b, x, real(b, 0.0), x, mul(b, x, real(b, alpha)));
    case ACT_SIGMOID:
        return over_one_plus_exp(b, real(b, 1.0), x);
    case ACT_SILU:
        x = let(b, "a_x", x);
        return over_one_plus_exp(b, x, x);
    case ACT_HARDSIGMOID:
        return quotient(b, relu6_of_shifted(b, x), real(b, 6.0));
    case ACT_HARDSWISH:
        x = let(b, "a_x", x);
        return quotient(b, mul(b, x, relu6_of_shifted(b, x)), real(b, 6.0));
    case ACT_TANH:
        return math_tanh(b, x);
    case ACT_GELU:
        return gelu(b, x);
    }
    return x;
}
