/* Programs built by hand, emitted, compiled with warnings as errors and run: what they compute
 * equals what the evaluator of the loop IR computes. */
#include "compiler/emit/emit.h"
#include "compiler/emit/names.h"
#include "compiler/emit/printer.h"

#include <check.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static Arena *A;
static char folder[64];

static void setup(void)
{
    A = arena_new();
    strcpy(folder, "/tmp/kiln-emit.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void run_shell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *command = arena_vprintf(A, format, args);
    va_end(args);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
}

static void teardown(void)
{
    if (!getenv("KEEP"))
        run_shell("rm -rf %s", folder);
    arena_free(A);
}

/* --- a convolution as a kernel writes it ------------------------------------------------------ */

enum { IN = 5, OUT = 3, MOST_CIN = 512 };

static Expr *load(Buffer *b, Expr *i, Expr *j, Expr *k, Expr *l)
{
    Expr *index[] = { i, j, k, l };
    return val_load(A, b, b->rank, index);
}

/* y = relu(conv2d(x, 3x3, stride 2, pad 1) + bias), `channels` of them in groups of `lanes`
 * lanes. */
static Function *conv_function(const char *name, int cin, int channels, int lanes)
{
    Buffer *x = loop_buffer(A, "x", BUFFER_INPUT, 3, (int64_t)IN, (int64_t)IN, (int64_t)cin);
    Buffer *w = loop_buffer(A, "w", BUFFER_CONST, 4, (int64_t)3, (int64_t)3, (int64_t)cin,
                            (int64_t)16);
    Buffer *bias = loop_buffer(A, "bias", BUFFER_CONST, 1, (int64_t)16);
    Buffer *y = loop_buffer(A, "y", BUFFER_OUTPUT, 3, (int64_t)OUT, (int64_t)OUT,
                            (int64_t)channels);
    Buffer *acc = loop_buffer(A, "acc", BUFFER_LOCAL, 1, (int64_t)(lanes > 1 ? lanes : channels));
    Var *oy = loop_var(A, "oy"), *ox = loop_var(A, "ox"), *l = loop_var(A, "l");
    Var *ky = loop_var(A, "ky"), *kx = loop_var(A, "kx"), *c = loop_var(A, "c");
    Expr *iy = ix_add(A, ix_mul(A, ix_var(A, oy), 2), ix_add(A, ix_var(A, ky), ix_int(A, -1)));
    Expr *jx = ix_add(A, ix_mul(A, ix_var(A, ox), 2), ix_add(A, ix_var(A, kx), ix_int(A, -1)));
    Expr *lane = ix_var(A, l), *zero = ix_int(A, 0), *n = ix_int(A, channels);
    Stmt *set = st_for(A, l, zero, n,
                       st_store(A, acc, 1, &lane, load(bias, lane, NULL, NULL, NULL)));
    Expr *sum = val_fma(A, load(x, iy, jx, ix_var(A, c), NULL),
                        load(w, ix_var(A, ky), ix_var(A, kx), ix_var(A, c), lane),
                        val_load(A, acc, 1, &lane));
    Stmt *add = st_for(A, l, zero, n, st_store(A, acc, 1, &lane, sum));
    Expr *from_x = ix_max(A, zero, ix_sub(A, ix_int(A, 1), ix_mul(A, ix_var(A, ox), 2)));
    Expr *to_x = ix_min(A, ix_int(A, 3), ix_sub(A, ix_int(A, IN + 1), ix_mul(A, ix_var(A, ox), 2)));
    Expr *from_y = ix_max(A, zero, ix_sub(A, ix_int(A, 1), ix_mul(A, ix_var(A, oy), 2)));
    Expr *to_y = ix_min(A, ix_int(A, 3), ix_sub(A, ix_int(A, IN + 1), ix_mul(A, ix_var(A, oy), 2)));
    Stmt *sums = st_for(A, ky, from_y, to_y,
                        st_for(A, kx, from_x, to_x, st_for(A, c, zero, ix_int(A, cin), add)));
    Expr *at[] = { ix_var(A, oy), ix_var(A, ox), lane };
    Expr *relu = val_op2(A, VOP_MAX, val_load(A, acc, 1, &lane), val_real(A, 0));
    Stmt *put = st_for(A, l, zero, n, st_store(A, y, 3, at, relu));
    Stmt *items[] = { st_local(A, acc), set, sums, put };
    Stmt *body = st_for(A, oy, zero, ix_int(A, OUT),
                        st_for(A, ox, zero, ix_int(A, OUT), st_block(A, 4, items)));
    if (lanes > 1)
        body = loop_vectorize(A, body, l, lanes, 0);
    Function *f = arena_new_of(A, Function);
    Buffer **param = arena_new_array(A, Buffer *, 4);
    memcpy(param, (Buffer *[]){ x, w, bias, y }, 4 * sizeof *param);
    *f = (Function){
        .name = name, .param_count = 4, .param = param, .body = st_block(A, 1, &body)
    };
    const char *error = loop_check(A, f);
    ck_assert_msg(!error, "%s", error);
    return f;
}

static ConstArray *array(const char *path, int rank, const int64_t *extent)
{
    ConstArray *a = arena_new_of(A, ConstArray);
    *a = (ConstArray){ .path = path, .layout = "[ky][kx][in][16]", .rank = rank, .count = 1 };
    for (int i = 0; i < rank; i++)
        a->count *= a->extent[i] = extent[i];
    float *data = arena_new_array(A, float, a->count);
    for (int64_t i = 0; i < a->count; i++)
        data[i] = (float)((i * 7919 + 13) % 1009 - 504) / 317.0f;
    a->data = data;
    return a;
}

/* --- programs --------------------------------------------------------------------------------- */

static Graph *graph_of(const char *name, int cin, int classes)
{
    Diag diag = { .out = stderr };
    Graph *g = graph_new(A, name);
    Attr attr = attr_default();
    attr.shape = shape_of(4, (int64_t)1, (int64_t)cin, (int64_t)IN, (int64_t)IN);
    Node *input = graph_add(g, OP_INPUT, "image", (Loc){ 0 }, NULL, 0, &attr, &diag);
    attr = attr_default();
    attr.out = classes;
    attr.kernel[0] = attr.kernel[1] = 3;
    attr.stride[0] = attr.stride[1] = 2;
    attr.pad[0] = attr.pad[1] = attr.pad[2] = attr.pad[3] = 1;
    g->output = graph_add(g, OP_CONV2D, "layer.0/conv", (Loc){ 0 }, &input, 1, &attr, &diag);
    ck_assert_ptr_nonnull(g->output);
    return graph_copy(A, g);
}

/* One convolution through the arena and back. */
static Program *conv_program(const Target *target, int lanes, int cin, int channels)
{
    Program *p = arena_new_of(A, Program);
    *p = (Program){ .name = "tiny net", .target = target, .pictures = 1, .arena_bytes = 1024 };
    p->graph = graph_of(p->name, cin, channels);
    p->input_count = IN * IN * cin;
    p->output_count = OUT * OUT * channels;
    Function *f = conv_function("conv3x3_s2_5x5_3_16_relu", cin, channels, lanes);
    vec_push(A, &p->functions, f);
    ConstArray *w = array("layer.0/conv.weight", 4, (int64_t[]){ 3, 3, cin, 16 });
    ConstArray *b = array("layer.0/conv.bias", 1, (int64_t[]){ 16 });
    vec_push(A, &p->arrays, w);
    vec_push(A, &p->arrays, b);
    Argument *argument = arena_new_array(A, Argument, 4);
    argument[0] = (Argument){ .kind = ARGUMENT_INPUT };
    argument[1] = (Argument){ .kind = ARGUMENT_CONST, .array = w };
    argument[2] = (Argument){ .kind = ARGUMENT_CONST, .array = b };
    argument[3] = (Argument){ .kind = ARGUMENT_OUTPUT };
    Call call = { .function = f,
                  .argument = argument,
                  .node = p->graph->output,
                  .summary = "conv2d 3x3 stride 2 pad 1, 5x5x3 -> 3x3x16, relu",
                  .tile = "",
                  .pictures = 1,
                  .macs = 9 * 9 * 3 * 16 };
    vec_push(A, &p->calls, call);
    return p;
}

static const char *emit_to(const Program *p, WeightForm form, const char *name)
{
    const char *path = path_join(A, folder, name);
    Emission e = { .arena = A, .program = p, .digest = "0123abcd", .weights = form };
    const char *error = emit_folder(&e, path);
    ck_assert_msg(!error, "%s", error);
    return path;
}

static const char warnings[] =
    "-O2 -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror -Wshadow";

typedef void Run(const float *, float *, void *);

/* Compiles the network's files with `cc` and calls them. */
static void run_emitted(const char *path, const char *cc, const char *flags, const float *in,
                        float *out)
{
    run_shell("cd %s && %s %s %s -fPIC -shared -Wa,-I. -o net.so tiny_net.c tiny_net_weights*.c",
              path, cc, warnings, flags);
    void *handle = dlopen(path_join(A, path, "net.so"), RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(handle != NULL, "%s", dlerror());
    Run *run;
    *(void **)&run = dlsym(handle, "tiny_net_run");
    ck_assert_ptr_nonnull(*(void **)&run);
    static float arena[256] __attribute__((aligned(64)));
    run(in, out, arena);
    dlclose(handle);
}

static void check_equals_evaluation(const Target *target, int lanes, int cin, int channels,
                                    WeightForm form)
{
    Program *p = conv_program(target, lanes, cin, channels);
    static float in[IN * IN * MOST_CIN], want[OUT * OUT * 16];
    for (int i = 0; i < COUNT_OF(in); i++)
        in[i] = (float)(i % 23 - 11) / 7.0f;
    loop_eval(
        p->functions.at[0],
        (float *[]){ in, (float *)p->arrays.at[0]->data, (float *)p->arrays.at[1]->data, want },
        target->fused);
    const char *path = emit_to(p, form, "net");
    const char *compilers[] = { "gcc", "clang" };
    for (int c = 0; c < COUNT_OF(compilers); c++) {
        float got[OUT * OUT * 16] = { 0 };
        run_emitted(path, compilers[c], target->cflags, in, got);
        for (int i = 0; i < OUT * OUT * channels; i++)
            ck_assert_msg(got[i] == want[i], "%s, %s: element %d is %.9g, not %.9g", target->name,
                          compilers[c], i, (double)got[i], (double)want[i]);
    }
}

static bool exists(const char *name)
{
    return access(path_join(A, folder, name), F_OK) == 0;
}

START_TEST(test_c99)
{
    check_equals_evaluation(target_find("c99"), 1, 3, 16, WEIGHTS_AUTO);
}
END_TEST

/* Vector operations, whole and in part, of every target that this machine runs. */
START_TEST(test_vectors)
{
    const Target *host = target_host();
    for (const Target *const *t = targets; *t; t++) {
        int lanes = (*t)->vector.lanes;
        bool runs = (*t)->machine && host->machine && strcmp((*t)->machine, host->machine) == 0;
        if (!runs || lanes > host->vector.lanes)
            continue;
        check_equals_evaluation(*t, lanes, 3, lanes, WEIGHTS_AUTO);
        check_equals_evaluation(*t, lanes, 3, lanes - 3, WEIGHTS_AUTO);
    }
}
END_TEST

START_TEST(test_decimal)
{
    check_equals_evaluation(target_find("c99"), 1, 32, 16, WEIGHTS_DECIMAL);
    check_equals_evaluation(target_find("c99"), 1, 512, 16, WEIGHTS_DECIMAL);
    ck_assert(exists("net/tiny_net_weights_layer_0_conv_weight.c"));
}
END_TEST

START_TEST(test_literal)
{
    check_equals_evaluation(target_find("c99"), 1, 32, 16, WEIGHTS_LITERAL);
    ck_assert(!exists("net/tiny_net_weights_layer_0_conv_weight.c"));
    check_equals_evaluation(target_find("c99"), 1, 512, 16, WEIGHTS_AUTO);
    ck_assert(exists("net/tiny_net_weights_layer_0_conv_weight.c"));
}
END_TEST

START_TEST(test_incbin)
{
    check_equals_evaluation(target_find("c99"), 1, 512, 16, WEIGHTS_INCBIN);
    ck_assert(exists("net/tiny_net_layer_0_conv_weight.bin"));
}
END_TEST

/* Every byte in every neighbourhood: as a string, what the compiler reads back is what was
 * there. */
START_TEST(test_literal_bytes)
{
    for (int big = 0; big < 2; big++) {
        Target target = *target_find("c99");
        target.big_endian = big;
        Program *p = conv_program(&target, 1, 32, 16);
        ConstArray *w = (ConstArray *)p->arrays.at[0];
        unsigned char *bytes = (unsigned char *)w->data;
        for (int64_t i = 0; i < w->count * 4; i++)
            bytes[i] = (unsigned char)(i % 2 ? i / 512 * 31 : i / 2);
        const char *path = emit_to(p, WEIGHTS_LITERAL, "net");
        run_shell("cd %s && sed -i 's/#error.*//' tiny_net.h && gcc -std=c99 -fPIC -shared -o w.so "
                  "tiny_net_weights.c",
                  path);
        void *handle = dlopen(path_join(A, path, "w.so"), RTLD_NOW | RTLD_LOCAL);
        const unsigned char *got = dlsym(handle, "tiny_net_layer_0_conv_weight");
        ck_assert_ptr_nonnull(got);
        for (int64_t i = 0; i < w->count * 4; i++)
            ck_assert_int_eq(got[i], bytes[big ? (i & ~3) + 3 - (i & 3) : i]);
        dlclose(handle);
    }
}
END_TEST

/* Numbers without a decimal form are written as bytes, whatever form is asked for. */
START_TEST(test_not_finite)
{
    Program *p = conv_program(target_find("c99"), 1, 3, 16);
    ((float *)p->arrays.at[1]->data)[3] = strtof("nan", NULL);
    const char *path = emit_to(p, WEIGHTS_DECIMAL, "net");
    run_shell("cd %s && gcc %s -c tiny_net.c tiny_net_weights.c", path, warnings);
}
END_TEST

START_TEST(test_reproducible)
{
    emit_to(conv_program(target_find("c99"), 1, 32, 16), WEIGHTS_LITERAL, "one");
    emit_to(conv_program(target_find("c99"), 1, 32, 16), WEIGHTS_LITERAL, "else/where/");
    run_shell("cd %s && diff -r one else/where", folder);
    emit_to(conv_program(target_find("c99"), 1, 512, 16), WEIGHTS_LITERAL, "one");
    emit_to(conv_program(target_find("c99"), 1, 32, 16), WEIGHTS_LITERAL, "one");
    run_shell("cd %s && cmp one/tiny_net_weights.c else/where/tiny_net_weights.c && test `ls | wc "
              "-l` = 2",
              folder);
}
END_TEST

/* Emitted again without its large array, which had a file of its own; another's file stays. */
START_TEST(test_stale_weights)
{
    emit_to(conv_program(target_find("c99"), 1, 512, 16), WEIGHTS_LITERAL, "again");
    run_shell("cd %s/again && test `ls tiny_net_weights_*.c | wc -l` = 1 && echo '/* mine */' > "
              "tiny_net_weights_mine.c",
              folder);
    emit_to(conv_program(target_find("c99"), 1, 32, 16), WEIGHTS_LITERAL, "again");
    run_shell("cd %s/again && test `ls tiny_net_weights_*.c` = tiny_net_weights_mine.c", folder);
}
END_TEST

static const char *emit_error(const Program *p, const char *name)
{
    Emission e = { .arena = A, .program = p, .digest = "0", .weights = WEIGHTS_LITERAL };
    return emit_folder(&e, path_join(A, folder, name));
}

/* A disk that is full: an error, and nothing of the folder. */
START_TEST(test_full_disk)
{
    Program *p = conv_program(target_find("c99"), 1, 512, 16);
    struct rlimit limit = { 30000, RLIM_INFINITY };
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    const char *error = emit_error(p, "net");
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error, "File too large"));
    run_shell("test -z \"$(ls -A %s)\"", folder);
}
END_TEST

START_TEST(test_bad_folder)
{
    Program *p = conv_program(target_find("c99"), 1, 3, 16);
    file_write(A, path_join(A, folder, "file"), "x", 1);
    ck_assert_str_eq(emit_error(p, "file"), "exists and is not a folder");
    ck_assert_str_eq(emit_error(p, "file/net"), "exists and is not a folder");
}
END_TEST

/* Different paths, one C name. */
START_TEST(test_name_clash)
{
    Program *p = conv_program(target_find("c99"), 1, 3, 16);
    vec_push(A, &p->arrays, array("layer_0.conv.weight", 1, (int64_t[]){ 4 }));
    ck_assert_str_eq(emit_error(p, "net"),
                     "the tensor 'layer.0/conv.weight' and the tensor 'layer_0.conv.weight' would "
                     "both be called 'tiny_net_layer_0_conv_weight' in C");
    p = conv_program(target_find("c99"), 1, 3, 16);
    p->name = "main";
    ck_assert_ptr_nonnull(strstr(emit_error(p, "net"), "give the network another name"));
    run_shell("test -z \"$(ls -A %s)\"", folder);
}
END_TEST

/* Traced, the network reports each node by its number in the source graph. */
START_TEST(test_trace)
{
    const char *path = emit_to(conv_program(target_find("c99"), 1, 3, 16), WEIGHTS_AUTO, "net");
    run_shell("cd %s && gcc %s -DKILN_TRACE -c tiny_net.c && grep -q 'KILN_TRACE_NODE(1, output);' "
              "tiny_net.c",
              path, warnings);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("emit_program");
    TCase *t = tcase_create("run");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_c99);
    tcase_add_test(t, test_vectors);
    tcase_add_test(t, test_decimal);
    tcase_add_test(t, test_literal);
    tcase_add_test(t, test_incbin);
    tcase_add_test(t, test_literal_bytes);
    tcase_add_test(t, test_not_finite);
    tcase_add_test(t, test_reproducible);
    tcase_add_test(t, test_stale_weights);
    tcase_add_test(t, test_full_disk);
    tcase_add_test(t, test_bad_folder);
    tcase_add_test(t, test_name_clash);
    tcase_add_test(t, test_trace);
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
