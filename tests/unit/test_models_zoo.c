/* The pages of models/ against the reference networks of the shared data: the names and shapes of
 * all tensors and the multiply-accumulates must be exactly those of the published networks. Figures
 * that are public knowledge are checked also where the shared data is absent. */
#include "compiler/base/file.h"
#include "compiler/base/map.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/graph/graph.h"
#include "compiler/import/keras.h"
#include "tests/support/shared.h"

#include <cjson/cJSON.h>
#include <check.h>
#include <glob.h>

typedef struct Page {
    const char *file, *model;
    const char *oracle; /* folder of the reference data; NULL: none */
    long params, mega_macs;
} Page;

static const Page pages[] = {
    { "models/resnet.kiln", "resnet18", "resnet18", 11689512, 1814 },
    { "models/resnet.kiln", "resnet34", NULL, 21797672, 3664 },
    { "models/resnet.kiln", "resnet50", "resnet50", 25557032, 4089 },
    { "models/resnet.kiln", "resnet101", "resnet101", 44549160, 7801 },
    { "models/resnet.kiln", "resnet152", NULL, 60192808, 11514 },
    { "models/resnet.kiln", "resnext50_32x4d", "resnext50_32x4d", 25028904, 4230 },
    { "models/resnet.kiln", "resnext101_32x8d", NULL, 88791336, 16414 },
    { "models/resnet.kiln", "resnext101_64x4d", NULL, 83455272, 15460 },
    { "models/resnet.kiln", "wide_resnet50_2", NULL, 68883240, 11398 },
    { "models/resnet.kiln", "wide_resnet101_2", NULL, 126886696, 22753 },
    { "models/resnet.kiln", "resnet50_gn", "resnet50_gn", 25557032, 4089 },
    { "models/resnet.kiln", "resnet20", NULL, 269722, 41 },
    { "models/resnet.kiln", "resnet56", NULL, 853018, 125 },
    { "models/resnet.kiln", "resnet110", NULL, 1727962, 253 },
    { "models/vgg.kiln", "vgg11", NULL, 132863336, 7609 },
    { "models/vgg.kiln", "vgg16", NULL, 138357544, 15470 },
    { "models/vgg.kiln", "vgg16_bn", "vgg16_bn", 138365992, 15470 },
    { "models/vgg.kiln", "vgg19_bn", NULL, 143678248, 19632 },
    { "models/squeezenet.kiln", "squeezenet1_0", NULL, 1248424, 819 },
    { "models/squeezenet.kiln", "squeezenet1_1", "squeezenet1_1", 1235496, 349 },
    { "models/mobilenet_v2.kiln", "mobilenet_v2", "mobilenet_v2", 3504872, 301 },
    { "models/densenet.kiln", "densenet121", "densenet121", 7978856, 2834 },
    { "models/densenet.kiln", "densenet161", NULL, 28681000, 7728 },
    { "models/densenet.kiln", "densenet169", NULL, 14149480, 3360 },
    { "models/densenet.kiln", "densenet201", "densenet201", 20013928, 4291 },
    { "models/inception_v3.kiln", "inception_v3", "inception_v3", 23834568, 5713 },
    { "models/se_resnet.kiln", "se_resnet50", "se_resnet50", 28088024, 3860 },
    { "models/se_resnet.kiln", "se_resnet101", NULL, 49326872, 7575 },
    { "models/efficientnet.kiln", "efficientnet_b0", "efficientnet_b0", 5288548, 386 },
    { "models/efficientnet.kiln", "efficientnet_b1", "efficientnet_b1", 7794184, 687 },
    { "models/efficientnet.kiln", "efficientnet_b2", "efficientnet_b2", 9109994, 994 },
    { "models/efficientnet.kiln", "efficientnet_b3", "efficientnet_b3", 12233232, 1827 },
    { "models/efficientnet.kiln", "efficientnet_b4", "efficientnet_b4", 19341616, 4394 },
    { "models/efficientnet.kiln", "efficientnet_b5", "efficientnet_b5", 30389784, 10266 },
    { "models/efficientnet.kiln", "efficientnet_b6", "efficientnet_b6", 43040704, 19068 },
    { "models/efficientnet.kiln", "efficientnet_b7", "efficientnet_b7", 66347960, 37746 },
    { "models/inception_resnet_v2.kiln", "inceptionresnetv2", "inceptionresnetv2", 55843464,
      13156 },
    { "models/mobilenet_v3.kiln", "mobilenet_v3_small", "mobilenet_v3_small", 2542856, 57 },
    { "models/mobilenet_v3.kiln", "mobilenet_v3_large", NULL, 5483032, 217 },
    { "models/xception.kiln", "xception", "xception", 22855952, 8357 },
    { "models/xception.kiln", "se_xception", "se_xception", 24121861, 8359 },
    { "models/xception.kiln", "se_xception_top", "se_xception_top", 23382416, 8358 },
    { "models/xception.kiln", "keras_xception", "keras_xception", 22855952, 8357 },
    { "models/xception.kiln", "keras_se_xception_top", "keras_se_xception_top", 21415376, 8356 },
    { "models/resnet_v1.kiln", "se_resnet50_top", "se_resnet50_top", 26110056, 3858 },
    { "models/resnet_v1.kiln", "keras_resnet50", "keras_resnet50", 25583592, 3858 },
    { "models/resnet_v1.kiln", "keras_resnet101", NULL, 44601832, 7570 },
    { "models/resnet_v1.kiln", "keras_resnet50_classic", "keras_resnet50_classic", 25583592, 3858 },
    { "models/resnet_v1.kiln", "keras_se_resnet50_top", "keras_se_resnet50_top", 24143016, 3857 },
    { "models/mobilenet_v2.kiln", "keras_mobilenet_v2", "keras_mobilenet_v2", 3504872, 301 },
    { "models/efficientnet.kiln", "keras_efficientnet_b0", "keras_efficientnet_b0", 5288548, 386 },
    { "models/efficientnet.kiln", "keras_efficientnet_b5", "keras_efficientnet_b5", 30389784,
      10266 },
    { "models/efficientnet.kiln", "keras_efficientnet_b7", NULL, 66347960, 37746 },
    { "models/inception_v3.kiln", "keras_inception_v3", "keras_inception_v3", 23817352, 5713 },
    { "models/inception_resnet_v2.kiln", "keras_inception_resnet_v2", "keras_inception_resnet_v2",
      55813192, 13156 },
    { "models/densenet.kiln", "keras_densenet121", NULL, 7978856, 2834 },
    { "models/densenet.kiln", "keras_densenet201", NULL, 20013928, 4291 },
    { "models/nasnet.kiln", "nasnetamobile", "nasnetamobile", 5289978, 568 },
    { "models/nasnet.kiln", "keras_nasnet_mobile", NULL, 5289978, 564 },
    { "models/nasnet.kiln", "keras_nasnet_large", "keras_nasnet_large", 88753150, 23783 },
    { "models/pnasnet.kiln", "pnasnet5large", "pnasnet5large", 86057668, 24980 },
    { "models/alexnet.kiln", "alexnet", NULL, 61100840, 714 },
    { "models/googlenet.kiln", "googlenet", NULL, 6624904, 1498 },
    { "models/mnasnet.kiln", "mnasnet0_5", NULL, 2218512, 104 },
    { "models/mnasnet.kiln", "mnasnet0_75", NULL, 3170208, 215 },
    { "models/mnasnet.kiln", "mnasnet1_0", NULL, 4383312, 314 },
    { "models/mnasnet.kiln", "mnasnet1_3", NULL, 6282256, 526 },
    { "models/regnet.kiln", "regnet_x_400mf", NULL, 5495976, 414 },
    { "models/regnet.kiln", "regnet_x_800mf", NULL, 7259656, 800 },
    { "models/regnet.kiln", "regnet_x_1_6gf", NULL, 9190136, 1603 },
    { "models/regnet.kiln", "regnet_x_3_2gf", NULL, 15296552, 3177 },
    { "models/regnet.kiln", "regnet_x_8gf", NULL, 39572648, 7995 },
    { "models/regnet.kiln", "regnet_x_16gf", NULL, 54278536, 15941 },
    { "models/regnet.kiln", "regnet_x_32gf", NULL, 107811560, 31736 },
    { "models/regnet.kiln", "regnet_y_400mf", NULL, 4344144, 402 },
    { "models/regnet.kiln", "regnet_y_800mf", NULL, 6432512, 834 },
    { "models/regnet.kiln", "regnet_y_1_6gf", NULL, 11202430, 1612 },
    { "models/regnet.kiln", "regnet_y_3_2gf", NULL, 19436338, 3176 },
    { "models/regnet.kiln", "regnet_y_8gf", NULL, 39381472, 8473 },
    { "models/regnet.kiln", "regnet_y_16gf", NULL, 83590140, 15912 },
    { "models/regnet.kiln", "regnet_y_32gf", NULL, 145046770, 32280 },
    { "models/regnet.kiln", "regnet_y_128gf", NULL, 644812894, 127518 },
    { "models/shufflenet_v2.kiln", "shufflenet_v2_x0_5", NULL, 1366792, 40 },
    { "models/shufflenet_v2.kiln", "shufflenet_v2_x1_0", NULL, 2278604, 145 },
    { "models/shufflenet_v2.kiln", "shufflenet_v2_x1_5", NULL, 3503624, 296 },
    { "models/shufflenet_v2.kiln", "shufflenet_v2_x2_0", NULL, 7393996, 583 },
    { "models/convnext.kiln", "convnext_tiny", NULL, 28589128, 4456 },
    { "models/convnext.kiln", "convnext_small", NULL, 50223688, 8684 },
    { "models/convnext.kiln", "convnext_base", NULL, 88591464, 15355 },
    { "models/convnext.kiln", "convnext_large", NULL, 197767336, 34361 },
    { "models/vit.kiln", "vit_b_16", NULL, 86567656, 17564 },
    { "models/vit.kiln", "vit_b_32", NULL, 88224232, 4409 },
    { "models/vit.kiln", "vit_l_16", NULL, 304326632, 61555 },
    { "models/vit.kiln", "vit_l_32", NULL, 306535400, 15378 },
    { "models/vit.kiln", "vit_h_14", NULL, 632045800, 167295 },
    { "models/mlperf_tiny.kiln", "resnet8", NULL, 78186, 13 },
    { "models/mlperf_tiny.kiln", "vww_96", NULL, 216322, 7 },
    { "models/mlperf_tiny.kiln", "ad01", NULL, 267928, 0 },
};

/* What Keras's summary() says in total: running statistics are counted there. */
static const struct {
    const char *file, *model;
    long total;
    ParamOverride param[2];
    int param_count;
} keras_totals[] = {
    { "models/densenet.kiln", "keras_densenet121", 8062504, { { 0 } }, 0 },
    { "models/densenet.kiln", "keras_densenet169", 14307880, { { 0 } }, 0 },
    { "models/densenet.kiln", "keras_densenet201", 20242984, { { 0 } }, 0 },
    { "models/nasnet.kiln", "keras_nasnet_mobile", 5326716, { { 0 } }, 0 },
    { "models/nasnet.kiln", "keras_nasnet_large", 88949818, { { 0 } }, 0 },
    { "models/resnet_v1.kiln", "keras_resnet50", 25636712, { { 0 } }, 0 },
    { "models/resnet_v1.kiln", "keras_resnet101", 44707176, { { 0 } }, 0 },
    { "models/inception_v3.kiln", "keras_inception_v3", 23851784, { { 0 } }, 0 },
    { "models/inception_resnet_v2.kiln", "keras_inception_resnet_v2", 55873736, { { 0 } }, 0 },
    { "models/xception.kiln", "keras_xception", 22910480, { { 0 } }, 0 },
    { "models/mobilenet_v2.kiln", "keras_mobilenet_v2", 3538984, { { 0 } }, 0 },
    { "models/efficientnet.kiln", "keras_efficientnet_b0", 5330564, { { 0 } }, 0 },
    /* Shallow ones, in which an older input has the channels of its cell and is passed on as it is:
     * counted from the rules of Keras's adjust block. */
    { "models/nasnet.kiln", "keras_nasnet_mobile", 2487396, { { "cells", "1" } }, 1 },
    { "models/nasnet.kiln",
      "keras_nasnet_mobile",
      2440932,
      { { "cells", "1" }, { "skips", "true" } },
      2 },
};

static Arena *arena;

static Graph *elaborate_with(const char *file, const char *model, const ParamOverride *params,
                             int count)
{
    Diag diag = { .out = stderr };
    ElaborateOptions options = { .name = model, .params = params, .param_count = count };
    Elaborated e;
    ck_assert_msg(elaborate(arena, file, &options, &diag, &e), "%s", model);
    const char *broken = graph_verify(e.member->graph, arena);
    ck_assert_msg(!broken, "%s: %s", model, broken ? broken : "");
    return e.member->graph;
}

static Graph *elaborate_page(const Page *page)
{
    return elaborate_with(page->file, page->model, NULL, 0);
}

/* Without running statistics: trained values, as the papers count. */
static int64_t count_params(const Graph *g, bool statistics)
{
    int64_t count = 0;
    for_each_node(n, g)
        for (int role = 0; role < (statistics ? PARAM_ROLES : PARAM_MEAN); role++)
            if (n->param[role])
                count += shape_count(&n->param[role]->shape);
    return count;
}

static int64_t count_macs(const Graph *g)
{
    int64_t macs = 0;
    for_each_node(n, g)
        macs += node_macs(n);
    return macs;
}

START_TEST(published_figures)
{
    const Page *page = &pages[_i];
    const Graph *g = elaborate_page(page);
    int64_t params = count_params(g, false);
    ck_assert_msg(params == page->params, "%s: %lld parameters, published are %ld", page->model,
                  (long long)params, page->params);
    int64_t mega = (count_macs(g) + 500000) / 1000000;
    ck_assert_msg(mega == page->mega_macs, "%s: %lld million MACs, published are %ld", page->model,
                  (long long)mega, page->mega_macs);
}
END_TEST

START_TEST(keras_figures)
{
    const char *model = keras_totals[_i].model;
    const Graph *g = elaborate_with(keras_totals[_i].file, model, keras_totals[_i].param,
                                    keras_totals[_i].param_count);
    int64_t total = count_params(g, true);
    ck_assert_msg(total == keras_totals[_i].total, "%s: %lld parameters, published are %ld", model,
                  (long long)total, keras_totals[_i].total);
}
END_TEST

/* --- against the manifests ------------------------------------------------------------------ */

static cJSON *read_manifest(const char *oracle)
{
    char below[256];
    snprintf(below, sizeof below, "oracle/%s/manifest.json", oracle);
    if (!shared_has(below))
        return NULL;
    FileMap map;
    const char *why = file_map(arena, shared_path(below), &map);
    ck_assert_msg(!why, "%s", why ? why : "");
    cJSON *manifest = cJSON_ParseWithLength((const char *)map.bytes, map.length);
    ck_assert_ptr_nonnull(manifest);
    return manifest;
}

static Map params_by_name(const Graph *g)
{
    Map map = { 0 };
    for_each_node(n, g)
        for (int role = 0; role < PARAM_ROLES; role++)
            if (n->param[role])
                map_set(arena, &map, n->param[role]->name, n->param[role]);
    return map;
}

/* The tensors of a manifest, those of Keras in its own layout. */
static WeightStore stored_tensors(const cJSON *manifest)
{
    WeightStore store = { .arena = arena };
    const cJSON *tensor, *extent, *flavour = cJSON_GetObjectItem(manifest, "flavour");
    cJSON_ArrayForEach(tensor, cJSON_GetObjectItem(manifest, "tensors"))
    {
        WeightTensor *t = arena_new_of(arena, WeightTensor);
        t->name = arena_strdup(arena, cJSON_GetObjectItem(tensor, "name")->valuestring);
        t->keras_layer = flavour ? "" : NULL;
        cJSON_ArrayForEach(extent, cJSON_GetObjectItem(tensor, "shape"))
            t->dim[t->rank++] = extent->valueint;
        map_set(arena, &store.tensors, t->name, t);
    }
    return store;
}

static void compare_tensor(const Page *page, const Map *params, const WeightTensor *t)
{
    const Param *p = map_get(params, t->name);
    ck_assert_msg(p != NULL, "%s has no tensor %s", page->model, t->name);
    ck_assert_msg(p->shape.rank == t->rank, "%s: rank of %s", page->model, t->name);
    for (int i = 0; i < p->shape.rank; i++)
        ck_assert_msg(p->shape.dim[i] == t->dim[i], "%s: %s is %s", page->model, t->name,
                      shape_text(arena, &p->shape));
}

START_TEST(reference_tensors)
{
    const Page *page = &pages[_i];
    cJSON *manifest = page->oracle ? read_manifest(page->oracle) : NULL;
    if (!manifest)
        return;
    const Graph *g = elaborate_page(page);
    Map params = params_by_name(g);
    WeightStore store = stored_tensors(manifest);
    for (int i = 0; i < store.tensors.count; i++) {
        WeightTensor view = keras_view(arena, &store, store.tensors.entry[i].value);
        compare_tensor(page, &params, &view);
    }
    ck_assert_int_eq(params.count, store.tensors.count);
    ck_assert_int_eq(count_macs(g), (int64_t)cJSON_GetObjectItem(manifest, "macs")->valuedouble);
    cJSON_Delete(manifest);
}
END_TEST

/* --- their length ----------------------------------------------------------------------------- */

/* A family is a page: at most 160 lines, the plain ones around 90; ResNet has the CIFAR-10 ones
 * beside it. */
START_TEST(lines)
{
    enum { MOST = 160 };
    static const struct {
        const char *file;
        int most;
    } families[] = {
        { "models/densenet.kiln", 90 },
        { "models/resnet.kiln", 120 },
        { "models/efficientnet.kiln", 110 },
    };
    glob_t found;
    ck_assert_int_eq(glob("models/*.kiln", 0, NULL, &found), 0);
    ck_assert_uint_ge(found.gl_pathc, COUNT_OF(families));
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int most = MOST, count = 0;
        for (int k = 0; k < COUNT_OF(families); k++)
            if (strcmp(families[k].file, found.gl_pathv[i]) == 0)
                most = families[k].most;
        FileMap map;
        ck_assert_ptr_null(file_map(arena, found.gl_pathv[i], &map));
        for (size_t k = 0; k < map.length; k++)
            count += map.bytes[k] == '\n';
        ck_assert_msg(count <= most, "%s has %d lines, at most %d belong", found.gl_pathv[i], count,
                      most);
    }
    globfree(&found);
}
END_TEST

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

int main(void)
{
    Suite *suite = suite_create("models");
    TCase *tc = tcase_create("zoo");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, published_figures, 0, COUNT_OF(pages));
    tcase_add_loop_test(tc, keras_figures, 0, COUNT_OF(keras_totals));
    tcase_add_loop_test(tc, reference_tensors, 0, COUNT_OF(pages));
    tcase_add_test(tc, lines);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
