/* The rule of random weights against the worked values of the reference vectors' description. */
#include "compiler/base/vec.h"
#include "compiler/import/random_weights.h"
#include "tests/support/arena_suite.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t i;
    uint64_t stream;
    RandomRule rule;
    uint32_t bits;
} worked[] = {
    { "input", 0, 0x1ebbae8f5810b65bu, { 0, 1.7 }, 0xbfaf078bu },
    { "input", 150527, 0x1ebbae8f5810b65bu, { 0, 1.7 }, 0xbeaef397u },
    { "conv1.weight", 5, 0x69a29a2cee47d254u, { 0, 0.2020263671875 }, 0x3e4017cbu },
    { "bn1.running_var", 3, 0xe3fa2b7461643d5fu, { 1.8828125, 0.564697265625 }, 0x3fe8e20cu },
    { "layer4.1.bn2.weight", 511, 0xe50cebe3f057c80bu, { 1, 0.300048828125 }, 0x3f5f7144u },
};

START_TEST(worked_values)
{
    uint64_t stream = random_stream(worked[_i].name, 0);
    ck_assert_uint_eq(stream, worked[_i].stream);
    float *out = arena_new_array(arena, float, worked[_i].i + 1);
    random_fill(stream, worked[_i].rule, worked[_i].i + 1, out);
    uint32_t bits;
    memcpy(&bits, &out[worked[_i].i], sizeof bits);
    ck_assert_uint_eq(bits, worked[_i].bits);
}
END_TEST

START_TEST(seeds)
{
    ck_assert_uint_ne(random_stream("a", 0), random_stream("b", 0));
    ck_assert_uint_ne(random_stream("a", 1), random_stream("a", 0));
    ck_assert_uint_ne(random_stream("a", 1), random_stream("a", 2));
}
END_TEST

static const struct {
    const char *name;
    int rank;
    int64_t dim[4];
    RandomRule rule;
} kinds[] = {
    { "conv1.weight", 4, { 64, 3, 7, 7 }, { 0, 0.2020263671875 } },
    { "fc.weight", 2, { 10, 600 }, { 0, 0.100006103515625 } },
    { "bn1.weight", 1, { 64 }, { 1, 0.300048828125 } },
    { "weight", 1, { 64 }, { 1, 0.300048828125 } },
    { "fc.bias", 1, { 10 }, { 0, 0.100006103515625 } },
    { "bn1.running_mean", 1, { 64 }, { 0, 0.20001220703125 } },
    { "bn1.running_var", 1, { 64 }, { 1, 0.300048828125 } },
    { "bn1.num_batches_tracked", 0, { 0 }, { 0, 0 } },
    { "token", 3, { 1, 1, 6 }, { 0, 1 } },
};

START_TEST(rules)
{
    RandomRule r = random_rule(kinds[_i].name, kinds[_i].rank, kinds[_i].dim);
    ck_assert_double_eq(r.offset, kinds[_i].rule.offset);
    ck_assert_double_eq(r.scale, kinds[_i].rule.scale);
    /* Twelve significant bits: times 2^12, scaled into [1, 2), it is whole. */
    double m = r.scale;
    while (m != 0 && m < 2048)
        m *= 2;
    ck_assert_double_eq(m, (double)(int)m);
}
END_TEST

START_TEST(in_the_store)
{
    WeightStore s = { .arena = arena };
    const int64_t dim[] = { 2, 3 };
    const WeightTensor *t = weights_add_random(&s, "fc.weight", 2, dim, 0);
    ck_assert_ptr_eq(map_get(&s.tensors, "fc.weight"), t);
    ck_assert_int_eq(weight_count(t), 6);
    ck_assert_int_eq(t->stride[0], 3);
    float expected[6];
    random_fill(random_stream("fc.weight", 0), random_rule("fc.weight", 2, dim), 6, expected);
    ck_assert_mem_eq(weight_floats(arena, t), expected, sizeof expected);
    const WeightTensor *scalar = weights_add_random(&s, "scale", 0, dim, 7);
    ck_assert_int_eq(weight_count(scalar), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_random_weights");
    TCase *c = arena_case(suite, "random");
    tcase_add_loop_test(c, worked_values, 0, COUNT_OF(worked));
    tcase_add_test(c, seeds);
    tcase_add_loop_test(c, rules, 0, COUNT_OF(kinds));
    tcase_add_test(c, in_the_store);
    return suite_run(suite);
}
