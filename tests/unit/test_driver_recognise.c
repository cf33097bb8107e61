/* Recognising checkpoints: every oracle's list of tensors (names and shapes only), the same with
 * another number of classes, a prefix, numbers that Keras gave anew; and what is no network of the
 * zoo. */
#include "compiler/base/file.h"
#include "compiler/driver/starter.h"
#include "tests/support/shared.h"

#include <cjson/cJSON.h>
#include <check.h>

#include <dirent.h>

static Arena *arena;
static Zoo zoo;

/* Changes to a list of tensors: what another training would have made of it. */
typedef struct Change {
    const char *prefix;
    int64_t classes; /* instead of `from`; 0: as they are */
    int64_t from;
    int shift;              /* added to the numbers of Keras's automatic names */
    const char *drop, *add; /* a tensor that is missing, one that is too much */
} Change;

static const char *shifted(const char *name, int shift)
{
    const char *slash = strchr(name, '/'), *under = slash;
    while (under && under > name && *under != '_')
        under--;
    if (!shift || !slash || under == name ||
        strspn(under + 1, "0123456789") + 1 < (size_t)(slash - under))
        return name;
    return arena_printf(arena, "%.*s_%d%s", (int)(under - name), name, atoi(under + 1) + shift,
                        slash);
}

static void put_tensor(WeightStore *s, const char *name, const cJSON *shape, bool keras,
                       const Change *c)
{
    WeightTensor *t = arena_new_of(arena, WeightTensor);
    const cJSON *dim;
    *t = (WeightTensor){ .dtype = DTYPE_F32 };
    t->name = arena_printf(arena, "%s%s", c->prefix ? c->prefix : "", shifted(name, c->shift));
    t->keras_layer = keras ? t->name : NULL;
    cJSON_ArrayForEach(dim, shape)
    {
        int64_t n = (int64_t)dim->valuedouble;
        t->dim[t->rank++] = c->classes && n == c->from ? c->classes : n;
    }
    map_set(arena, &s->tensors, t->name, t);
}

static WeightStore store_of(const char *arch, const Change *change)
{
    WeightStore s = { .arena = arena };
    char path[300];
    FileMap map;
    snprintf(path, sizeof path, "oracle/%s/manifest.json", arch);
    const char *error = file_map(arena, shared_path(path), &map);
    ck_assert_msg(!error, "%s: %s", path, error);
    cJSON *json = cJSON_ParseWithLength((const char *)map.bytes, map.length);
    const cJSON *t;
    bool keras = strncmp(arch, "keras_", 6) == 0;
    cJSON_ArrayForEach(t, cJSON_GetObjectItem(json, "tensors"))
    {
        const char *name = cJSON_GetObjectItem(t, "name")->valuestring;
        if (!change->drop || strcmp(name, change->drop) != 0)
            put_tensor(&s, name, cJSON_GetObjectItem(t, "shape"), keras, change);
    }
    for (int i = 0; change->add && i < 40; i++)
        put_tensor(&s, arena_printf(arena, "%s.%d.weight", change->add, i), NULL, keras, change);
    cJSON_Delete(json);
    file_unmap(&map);
    return s;
}

static Fit best_of(const char *arch, const Change *change)
{
    WeightStore s = store_of(arch, change);
    return recognise(arena, &zoo, &s).at[0];
}

static void expect(const char *arch, const Change *change, int64_t classes)
{
    WeightStore s = store_of(arch, change);
    Fits fits = recognise(arena, &zoo, &s);
    const Fit *f = &fits.at[0];
    ck_assert_msg(fit_is_exact(f), "%s: %d of %d tensors, %d more", arch, f->shaped,
                  f->model->count, f->extra);
    ck_assert_str_eq(f->model->name, arch);
    ck_assert_msg(!fit_is_equal(f, &fits.at[1]), "%s may be %s as well", arch,
                  fits.at[1].model->name);
    ck_assert_int_eq(f->classes, classes);
    ck_assert_str_eq(f->prefix, change->prefix ? change->prefix : "");
    Starter starter = { f, "mine", "mine.bin", strncmp(arch, "keras_", 6) == 0 };
    const char *wrong = starter_check(arena, starter_text(arena, &starter));
    ck_assert_msg(!wrong, "%s: %s", arch, wrong);
}

static int each_oracle(void (*check)(const char *arch))
{
    DIR *folder = opendir(shared_path("oracle"));
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[300];
        snprintf(path, sizeof path, "oracle/%s/manifest.json", entry->d_name);
        if (entry->d_name[0] == '.' || access(shared_path(path), R_OK) != 0)
            continue;
        check(entry->d_name);
        count++;
    }
    if (folder)
        closedir(folder);
    return count;
}

static int64_t classes_of(const char *arch)
{
    return strstr(arch, "keras_se_") ? 40 : 1000;
}

static void check_plain(const char *arch)
{
    expect(arch, &(Change){ 0 }, classes_of(arch));
}

static void check_changed(const char *arch)
{
    expect(arch, &(Change){ .prefix = "module.", .classes = 37, .from = classes_of(arch) }, 37);
}

START_TEST(test_oracles)
{
    if (!shared_has("oracle/resnet18/manifest.json"))
        return;
    ck_assert_int_eq(each_oracle(check_plain), 39);
}
END_TEST

START_TEST(test_prefix_and_classes)
{
    if (!shared_has("oracle/resnet18/manifest.json"))
        return;
    ck_assert_int_eq(each_oracle(check_changed), 39);
}
END_TEST

START_TEST(test_keras_numbers)
{
    if (!shared_has("oracle/resnet18/manifest.json"))
        return;
    expect("keras_efficientnet_b0", &(Change){ .shift = 100 }, 1000);
    expect("keras_inception_v3", &(Change){ .shift = 94 }, 1000);
    expect("keras_inception_resnet_v2", &(Change){ .shift = 7 }, 1000);
}
END_TEST

START_TEST(test_differences)
{
    if (!shared_has("oracle/resnet18/manifest.json"))
        return;
    Change missing = { .drop = "layer4.1.bn2.weight" }, more = { .add = "head" };
    Fit f = best_of("resnet18", &missing);
    ck_assert_str_eq(f.model->name, "resnet18");
    ck_assert(!fit_is_exact(&f));
    ck_assert_int_eq(f.shaped, f.model->count - 1);
    WeightStore s = store_of("resnet18", &missing);
    Text text = { .arena = arena };
    fit_describe(arena, &f, &s, 4, &text);
    ck_assert_str_eq(text_string(&text),
                     "  resnet18 has layer4.1.bn2.weight 512, the file has no such tensor\n");
    f = best_of("resnet18", &more);
    ck_assert_str_eq(f.model->name, "resnet18"); /* what has no shape is no tensor of a network */
    ck_assert(fit_is_exact(&f));
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(starter_name(arena, "a/b/waste-12.pth"), "waste_12");
    ck_assert_str_eq(starter_name(arena, "model.h5"), "my_model");
    ck_assert_str_eq(starter_name(arena, "12.th"), "my_12");
    ck_assert_str_eq(starter_name(arena, "\xe5\x9e\x83.th"), "my____");
    ck_assert_str_eq(starter_name(arena, ".th"), "my__th");
}
END_TEST

/* Every page can be read back, and models of one page that imports another need both. */
START_TEST(test_pages)
{
    PageList pages = { 0 };
    ck_assert_int_gt(zoo.count, 60);
    for_each_vec(ZooModel, m, &zoo)
        ck_assert_ptr_nonnull(zoo_page(arena, m->page));
    zoo_pages_of(arena, "models/pnasnet.kiln", &pages);
    ck_assert_int_eq(pages.count, 2);
    ck_assert_str_eq(pages.at[1], "models/nasnet.kiln");
    ck_assert_ptr_null(zoo_page(arena, "runtime/main.c"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("recognise");
    TCase *tc = tcase_create("recognise");
    arena = arena_new();
    zoo = zoo_list(arena);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_oracles);
    tcase_add_test(tc, test_prefix_and_classes);
    tcase_add_test(tc, test_keras_numbers);
    tcase_add_test(tc, test_differences);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_pages);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    arena_free(arena);
    return failed != 0;
}
