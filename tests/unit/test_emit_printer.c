/* The writer's lines and the printer's expressions, as text. */
#include "compiler/emit/names.h"
#include "compiler/emit/printer.h"

#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>

static Arena *A;
static Var *i, *j;
static Buffer *x;
static Printer printer;

static void setup(void)
{
    A = arena_new();
    i = loop_var(A, "i");
    j = loop_var(A, "j");
    x = loop_buffer(A, "x", BUFFER_INPUT, 2, (int64_t)8, (int64_t)8);
    printer = (Printer){ .arena = A, .target = target_find("c99") };
    printer_declare(&printer, i, "i");
    printer_declare(&printer, j, "j");
    printer_declare(&printer, x, "x");
}

static void teardown(void)
{
    arena_free(A);
}

static Expr *I(void)
{
    return ix_var(A, i);
}

static Expr *J(void)
{
    return ix_var(A, j);
}

static Expr *K(int64_t n)
{
    return ix_int(A, n);
}

static Expr *X(Expr *row, Expr *column)
{
    return val_load(A, x, 2, (Expr *[]){ row, column });
}

#define expect(text, e) ck_assert_str_eq(print_expr(&printer, (e), PRECEDENCE_ANY), (text))

START_TEST(test_index)
{
    Scope scope_i = { NULL, i, K(0), K(8) }, scope_j = { &scope_i, j, K(0), K(8) };
    printer.scope = &scope_j;
    expect("2 * i + j - 1", ix_add(A, ix_add(A, ix_mul(A, I(), 2), J()), K(-1)));
    expect("2 * (i + j)", ix_mul(A, ix_add(A, I(), J()), 2));
    expect("i - (j - 1)", ix_sub(A, I(), ix_sub(A, J(), K(1))));
    expect("1 - 2 * i", ix_sub(A, K(1), ix_mul(A, I(), 2)));
    expect("(i + j) / 4", ix_div(A, ix_add(A, I(), J()), 4));
    expect("2 * (i / 2)", ix_mul(A, ix_div(A, I(), 2), 2));
    expect("i % 3", ix_mod(A, I(), 3));
    expect("kiln_floor_div(i - 1, 2)", ix_div(A, ix_add(A, I(), K(-1)), 2));
    expect("kiln_floor_mod(i - 9, 4)", ix_mod(A, ix_add(A, I(), K(-9)), 4));
    expect("kiln_max_int(0, i - 1)", ix_max(A, K(0), ix_sub(A, I(), K(1))));
    expect("i < j && j < 5", ix_and(A, ix_lt(A, I(), J()), ix_lt(A, J(), K(5))));
}
END_TEST

START_TEST(test_value)
{
    Expr *a = X(I(), J()), *b = X(I(), K(0)), *c = val_real(A, -0.5);
    expect("x[i][j]", a);
    expect("x[i][j] + x[i][0]", val_op2(A, VOP_ADD, a, b));
    expect("x[i][j] * (x[i][j] + x[i][0])", val_op2(A, VOP_MUL, a, val_op2(A, VOP_ADD, a, b)));
    expect("x[i][j] - (x[i][j] - x[i][0])", val_op2(A, VOP_SUB, a, val_op2(A, VOP_SUB, a, b)));
    expect("x[i][j] - x[i][0] - -0.5f", val_op2(A, VOP_SUB, val_op2(A, VOP_SUB, a, b), c));
    expect("x[i][j] / (x[i][0] * x[i][0])", val_op2(A, VOP_DIV, a, val_op2(A, VOP_MUL, b, b)));
    expect("x[i][j] * x[i][0] + -0.5f", val_fma(A, a, b, c));
    expect("-(x[i][j] + x[i][0])", val_op1(A, VOP_NEG, val_op2(A, VOP_ADD, a, b)));
    expect("kiln_max(x[i][j] + x[i][0], 0.0f)",
           val_op2(A, VOP_MAX, val_op2(A, VOP_ADD, a, b), val_real(A, 0)));
    expect("i < 3 ? x[i][j] : 0.0f", val_if(A, ix_lt(A, I(), K(3)), a, val_real(A, 0)));
    expect("(i < 3 ? x[i][j] : x[i][0]) + x[i][0]",
           val_op2(A, VOP_ADD, val_if(A, ix_lt(A, I(), K(3)), a, b), b));
    Expr *select[] = { a, b, val_op2(A, VOP_ADD, a, b), c };
    expect("x[i][j] > x[i][0] ? x[i][j] + x[i][0] : -0.5f", val_op(A, VOP_SELECT_GT, select));
    expect("(float)(i + 1) * x[i][0]", val_op2(A, VOP_MUL, val_cast(A, ix_add(A, I(), K(1))), b));
    expect("kiln_from_bits(0xff800000u)", val_real(A, -INFINITY));
}
END_TEST

/* Every float reads back as itself, and is a float constant. */
START_TEST(test_float)
{
    ck_assert_str_eq(float_text((char[PRINTED_FLOAT]){ 0 }, 1), "1.0f");
    ck_assert_str_eq(float_text((char[PRINTED_FLOAT]){ 0 }, 0.1f), "0.1f");
    ck_assert_str_eq(float_text((char[PRINTED_FLOAT]){ 0 }, -1e-20f), "-1.0e-20f");
    ck_assert_str_eq(float_text((char[PRINTED_FLOAT]){ 0 }, 3.4028235e38f), "3.4028235e+38f");
    ck_assert_str_eq(float_text((char[PRINTED_FLOAT]){ 0 }, -0.0f), "-0.0f");
    uint32_t bits = 1;
    for (int n = 0; n < 200000; n++) {
        bits = bits * 1664525u + 1013904223u;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char text[PRINTED_FLOAT];
        ck_assert(strtof(float_text(text, value), NULL) == value);
        ck_assert_msg(strchr(text, '.') && text[strlen(text) - 1] == 'f', "%s", text);
    }
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(c_identifier(A, "layer1.0/conv-1"), "layer1_0_conv_1");
    ck_assert_str_eq(c_identifier(A, "3d"), "_3d");
    ck_assert_str_eq(c_string(A, "a\"b\\c??"), "\"a\\\"b\\\\c\\?\\?\"");
    ck_assert_str_eq(c_string(A, "\xe5\x8f\xaf"
                                 "1"),
                     "\"\\345\\217\\2571\"");
    ck_assert_str_eq(printer_declare(&printer, &printer, "i"), "i2");
    ck_assert_str_eq(printer_declare(&printer, A, "i"), "i3");
}
END_TEST

/* --- the writer
 * -------------------------------------------------------------------------------- */

static char *text;
static size_t length;
static Writer w;

static void start(void)
{
    w_start(&w, open_memstream(&text, &length), A);
}

static const char *written(void)
{
    fclose(w.out);
    const char *copy = arena_strdup(A, text);
    free(text);
    return copy;
}

START_TEST(test_lines)
{
    start();
    w_set(&w, "name", "net");
    w_setf(&w, "n", "%d", 3);
    w_line(&w, "int ${name}[${n}] = {");
    w_line(&w, "'{', /* { */");
    w_line(&w, "};");
    w_line(&w, "{");
    w_line(&w, "#define X");
    w_line(&w, "\"}\" ${name}");
    w_line(&w, "}");
    ck_assert_str_eq(written(),
                     "int net[3] = {\n    '{', /* { */\n};\n{\n#define X\n    \"}\" net\n}\n");
}
END_TEST

START_TEST(test_unknown_placeholder)
{
    start();
    w_line(&w, "${none}");
}
END_TEST

START_TEST(test_wrapping)
{
    start();
    w_line(&w, "{");
    w_line(&w,
           "const float a_long_name = first_function(second_function(one_argument, two_argument), "
           "third_function(three), four_argument + five_argument);");
    w_line(&w, "puts(\"a string, which is long, and has commas, and ( parentheses, is never broken "
               "at all, never\");");
    w_line(&w, "}");
    ck_assert_str_eq(written(), "{\n"
                                "    const float a_long_name = "
                                "first_function(second_function(one_argument, two_argument),\n"
                                "        third_function(three), four_argument + five_argument);\n"
                                "    puts(\n"
                                "        \"a string, which is long, and has commas, and ( "
                                "parentheses, is never broken at all, "
                                "never\");\n"
                                "}\n");
}
END_TEST

START_TEST(test_comment)
{
    start();
    w_comment(&w, "a */ b");
    w_comment(&w, "one\ntwo");
    ck_assert_str_eq(written(), "/* a * / b */\n/* one\n * two */\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("emit_printer");
    TCase *t = tcase_create("text");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_index);
    tcase_add_test(t, test_value);
    tcase_add_test(t, test_float);
    tcase_add_test(t, test_names);
    tcase_add_test(t, test_lines);
    tcase_add_test_raise_signal(t, test_unknown_placeholder, SIGABRT);
    tcase_add_test(t, test_wrapping);
    tcase_add_test(t, test_comment);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(suite());
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
