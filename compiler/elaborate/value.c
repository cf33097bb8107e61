/* Arithmetic of the language. Integers and rationals are exact in 64 bits, and an overflow is an
 * error; as soon as a float takes part, the result is one. `div` rounds down, `%` is its
 * remainder. */
#include "compiler/elaborate/value.h"

#include <inttypes.h>
#include <math.h>

static const char overflow[] = "the result does not fit 64 bits";
static const char by_zero[] = "division by zero";

Value value_integer(int64_t i)
{
    return (Value){ .kind = VALUE_NUMBER, .num = i, .den = 1 };
}

Value value_real(double d)
{
    return (Value){ .kind = VALUE_REAL, .real = d };
}

Value value_boolean(bool b)
{
    return (Value){ .kind = VALUE_BOOLEAN, .boolean = b };
}

Value value_string(const char *s)
{
    return (Value){ .kind = VALUE_STRING, .string = s };
}

bool value_is_integer(const Value *v)
{
    return v->kind == VALUE_NUMBER && v->den == 1;
}

bool value_is_numeric(const Value *v)
{
    return v->kind == VALUE_NUMBER || v->kind == VALUE_REAL;
}

double value_as_double(const Value *v)
{
    return v->kind == VALUE_REAL ? v->real : (double)v->num / (double)v->den;
}

/* --- rationals ------------------------------------------------------------------------------ */

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a < 0 ? -a : a;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* num / den in lowest terms. INT64_MIN has no negative and is refused throughout. */
static const char *make_rational(int64_t num, int64_t den, Value *result)
{
    if (den == 0)
        return by_zero;
    if (num == INT64_MIN || den == INT64_MIN)
        return overflow;
    int64_t d = gcd(num, den);
    if (den < 0)
        d = -d;
    *result = (Value){ .kind = VALUE_NUMBER, .num = num / d, .den = den / d };
    return NULL;
}

static bool multiply(int64_t a, int64_t b, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* a/b + sign c/d */
static const char *add_rational(const Value *x, const Value *y, int sign, Value *result)
{
    int64_t a, c, den, num;
    if (!multiply(x->num, y->den, &a) || !multiply(y->num * sign, x->den, &c) ||
        !multiply(x->den, y->den, &den) || __builtin_add_overflow(a, c, &num))
        return overflow;
    return make_rational(num, den, result);
}

static const char *multiply_rational(int64_t a, int64_t b, int64_t c, int64_t d, Value *result)
{
    int64_t num, den;
    if (!multiply(a, c, &num) || !multiply(b, d, &den))
        return overflow;
    return make_rational(num, den, result);
}

/* floor(x / y) */
static const char *floor_divide(const Value *x, const Value *y, Value *result)
{
    Value q;
    const char *reason = multiply_rational(x->num, x->den, y->den, y->num, &q);
    if (!reason)
        *result = value_integer(floor_div(q.num, q.den));
    return reason;
}

static const char *remainder_rational(const Value *x, const Value *y, Value *result)
{
    Value q, product;
    const char *reason = floor_divide(x, y, &q);
    if (!reason)
        reason = multiply_rational(q.num, q.den, y->num, y->den, &product);
    return reason ? reason : add_rational(x, &product, -1, result);
}

static const char *shift(const Value *x, const Value *y, bool left, Value *result)
{
    if (!value_is_integer(x) || !value_is_integer(y))
        return "a shift takes two integers";
    if (y->num < 0 || y->num > 62)
        return "a shift is by 0 to 62";
    int64_t factor = (int64_t)1 << y->num;
    if (!left)
        *result = value_integer(floor_div(x->num, factor));
    else if (!multiply(x->num, factor, &factor) || factor == INT64_MIN)
        return overflow;
    else
        *result = value_integer(factor);
    return NULL;
}

__extension__ typedef __int128 Wide;

static int compare_rational(const Value *x, const Value *y)
{
    Wide a = (Wide)x->num * y->den, b = (Wide)y->num * x->den;
    return (a > b) - (a < b);
}

static Value compared(BinaryOp op, bool less, bool equal)
{
    switch (op) {
    case BINARY_LESS:
        return value_boolean(less);
    case BINARY_LESS_EQUAL:
        return value_boolean(less || equal);
    case BINARY_GREATER:
        return value_boolean(!less && !equal);
    default:
        return value_boolean(!less);
    }
}

static bool is_comparison(BinaryOp op)
{
    return op >= BINARY_LESS && op <= BINARY_GREATER_EQUAL;
}

static const char *rational_arithmetic(BinaryOp op, const Value *x, const Value *y, Value *result)
{
    switch (op) {
    case BINARY_ADD:
        return add_rational(x, y, 1, result);
    case BINARY_SUBTRACT:
        return add_rational(x, y, -1, result);
    case BINARY_MULTIPLY:
        return multiply_rational(x->num, x->den, y->num, y->den, result);
    case BINARY_DIVIDE:
        return multiply_rational(x->num, x->den, y->den, y->num, result);
    case BINARY_FLOOR_DIVIDE:
        return floor_divide(x, y, result);
    case BINARY_REMAINDER:
        return remainder_rational(x, y, result);
    default:
        return shift(x, y, op == BINARY_SHIFT_LEFT, result);
    }
}

/* --- floats --------------------------------------------------------------------------------- */

static const char *real_arithmetic(BinaryOp op, double x, double y, Value *result)
{
    bool divides = op == BINARY_DIVIDE || op == BINARY_FLOOR_DIVIDE || op == BINARY_REMAINDER;
    if (divides && y == 0)
        return by_zero;
    double r;
    switch (op) {
    case BINARY_ADD:
        r = x + y;
        break;
    case BINARY_SUBTRACT:
        r = x - y;
        break;
    case BINARY_MULTIPLY:
        r = x * y;
        break;
    case BINARY_DIVIDE:
        r = x / y;
        break;
    case BINARY_FLOOR_DIVIDE:
        r = floor(x / y);
        if (fabs(r) < 9e15) {
            *result = value_integer((int64_t)r);
            return NULL;
        }
        break;
    case BINARY_REMAINDER:
        r = x - floor(x / y) * y;
        break;
    default:
        return "a shift takes two integers";
    }
    if (!isfinite(r))
        return "the result is not a finite number";
    *result = value_real(r);
    return NULL;
}

const char *value_arithmetic(BinaryOp op, const Value *left, const Value *right, Value *result)
{
    if (left->kind == VALUE_NUMBER && right->kind == VALUE_NUMBER) {
        if (!is_comparison(op))
            return rational_arithmetic(op, left, right, result);
        int order = compare_rational(left, right);
        *result = compared(op, order < 0, order == 0);
        return NULL;
    }
    double x = value_as_double(left), y = value_as_double(right);
    if (!is_comparison(op))
        return real_arithmetic(op, x, y, result);
    *result = compared(op, x < y, x == y);
    return NULL;
}

const char *value_negate(const Value *v, Value *result)
{
    Value zero = value_integer(0);
    return value_arithmetic(BINARY_SUBTRACT, &zero, v, result);
}

/* --- equality and text ---------------------------------------------------------------------- */

static bool lists_equal(const Value *a, const Value *b)
{
    if (a->list.count != b->list.count)
        return false;
    for (int i = 0; i < a->list.count; i++)
        if (!value_equal(&a->list.item[i], &b->list.item[i]))
            return false;
    return true;
}

bool value_equal(const Value *a, const Value *b)
{
    if (a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER)
        return a->num == b->num && a->den == b->den;
    if (value_is_numeric(a) && value_is_numeric(b))
        return value_as_double(a) == value_as_double(b);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_BOOLEAN:
        return a->boolean == b->boolean;
    case VALUE_STRING:
        return strcmp(a->string, b->string) == 0;
    case VALUE_LIST:
        return lists_equal(a, b);
    default:
        return a->kind == VALUE_TENSOR && a->tensor == b->tensor;
    }
}

const char *value_kind_name(const Value *v)
{
    static const char *const name[VALUE_KINDS] = {
        [VALUE_ERROR] = "an error",  [VALUE_NUMBER] = "a number",
        [VALUE_REAL] = "a number",   [VALUE_BOOLEAN] = "true or false",
        [VALUE_STRING] = "a string", [VALUE_LIST] = "a list",
        [VALUE_TENSOR] = "a tensor", [VALUE_RESULTS] = "several results",
    };
    return name[v->kind];
}

static void print_items(const Value *v, Text *out)
{
    enum { SHOWN = 8 };
    text_puts(out, "[");
    for (int i = 0; i < v->list.count && i < SHOWN; i++) {
        text_puts(out, i ? ", " : "");
        value_print(&v->list.item[i], out);
    }
    text_puts(out, v->list.count > SHOWN ? ", ...]" : "]");
}

void value_print(const Value *v, Text *out)
{
    switch (v->kind) {
    case VALUE_NUMBER:
        text_printf(out, v->den == 1 ? "%" PRId64 : "%" PRId64 "/%" PRId64, v->num, v->den);
        break;
    case VALUE_REAL:
        text_printf(out, "%.12g", v->real);
        break;
    case VALUE_BOOLEAN:
        text_puts(out, v->boolean ? "true" : "false");
        break;
    case VALUE_STRING:
        text_printf(out, "\"%s\"", v->string);
        break;
    case VALUE_LIST:
        print_items(v, out);
        break;
    default:
        text_puts(out, value_kind_name(v));
    }
}

const char *value_text(Arena *arena, const Value *v)
{
    Text text = { .arena = arena };
    value_print(v, &text);
    return text_string(&text);
}
