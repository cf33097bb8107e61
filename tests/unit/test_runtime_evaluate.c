/* --eval, --submit and --cam of the whole program around a network written by hand: its answers
 * follow from the colour of a picture, so what comes out can be said beforehand. */
#include "runtime/cam.h"
#include "runtime/csv.h"
#include "runtime/submit.h"
#include "tests/support/program_calls.h"

#include <signal.h>

/* --- a network that ends in pooling and a dense layer ---------------------------------------- */

/* Two places, three channels (the colours), pixels four floats apart; four classes in blocks of
 * two. */
enum { PITCH = 4 };
static const float map_weights[2][3][2] = { { { 1, 0 }, { 0, 1 }, { 0, 0 } },
                                            { { 0, 0.5f }, { 0, 0 }, { 1, 0.5f } } };

static void map_run(void *context, const float *input, float *output, void *arena,
                    const kiln_trace *trace)
{
    float *feature = (float *)arena + 2;

    (void)context;
    for (int x = 0; x < 2; x++)
        for (int c = 0; c < 3; c++)
            feature[x * PITCH + c] = 5.0f * input[3 * x + c];
    for (int k = 0; k < 4; k++) {
        output[k] = 0.0f;
        for (int c = 0; c < 3; c++)
            output[k] += map_weights[k / 2][c][k % 2] * (feature[c] + feature[PITCH + c]) / 2.0f;
    }
    if (trace) {
        trace->node(trace->context, 5, feature);
        trace->node(trace->context, 6, output);
        memset(arena, 0, 64);
        trace->node(trace->context, 7, output);
    }
}

static const kiln_class_map class_map = { .node = 6,
                                          .offset = 8,
                                          .channels = 3,
                                          .height = 1,
                                          .width = 2,
                                          .pitch = PITCH,
                                          .weight = &map_weights[0][0][0],
                                          .block = 2 };

static const kiln_network map_network = { .name = "mapped",
                                          .digest = "0",
                                          .target = "c99",
                                          .input = { 3, { 3, 1, 2 } },
                                          .output = { 1, { 4 } },
                                          .arena_bytes = 64,
                                          .class_map = &class_map,
                                          .run = map_run };

static const kiln_step map_steps[] = {
    { .op = KILN_STEP_RESIZE, .method = KILN_FILTER_NEAREST, .n = { 1, 2 } },
    { .op = KILN_STEP_SCALE, .v = { 1.0 / 255 } },
};
static const kiln_member map_members[] = {
    { .network = &map_network, .steps = map_steps, .step_count = 2, .weight = 1.0 }
};
static const char *const map_labels[4] = { "red", "green", "blue", "purple/\xe7\xba\xb8" };

static const kiln_classifier map_classifier = {
    .name = "colors",
    .members = map_members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .decision = { .activation = KILN_ACTIVATION_SOFTMAX, .rule = KILN_RULE_BEST },
    .labels = map_labels,
    .label_count = 4,
    .takes_pictures = 1,
};

/* Scores 0..5 of each colour on its own, tags where they exceed 2.5. */
static const kiln_classifier tag_classifier = {
    .name = "tags",
    .members = map_members,
    .member_count = 1,
    .merge = KILN_MERGE_SINGLE,
    .decision = { .rule = KILN_RULE_TAGS, .has_threshold = 1, .threshold = 2.4 },
    .labels = map_labels,
    .label_count = 4,
    .takes_pictures = 1,
};

/* --- files ----------------------------------------------------------------------------------- */

static const char *folder(const char *name)
{
    const char *path = scratch_path(name);
    mkdir(path, 0777);
    return path;
}

static const char *text_file(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

/* set/red: two red pictures; set/b: a blue and a green one; set/purple/(paper)/deep: a purple. */
static void make_set(void)
{
    folder("set");
    folder("set/red");
    folder("set/b");
    folder("set/purple");
    folder("set/purple/\xe7\xba\xb8");
    folder("set/purple/\xe7\xba\xb8/deep");
    write_picture("set/red/1.ppm", 255, 0, 0);
    write_picture("set/red/2.ppm", 200, 9, 0);
    write_picture("set/b/1.ppm", 0, 0, 255);
    write_picture("set/b/2.ppm", 0, 255, 0);
    write_picture("set/purple/\xe7\xba\xb8/deep/1.ppm", 255, 0, 250);
    text_file("map.csv", "b,blue\n");
}

static void contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

/* --- folders --------------------------------------------------------------------------------- */

START_TEST(test_folder)
{
    Outcome o;
    make_set();
    o = CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map", scratch_path("map.csv"),
             "--jobs", "2");
    ck_assert_msg(o.status == 0, "%s", o.err);
    contains(o.out, "pictures                  5 of 5\n");
    contains(o.out, "accuracy             0.6000  (3 of 5)\n");
    contains(o.out, "macro precision      0.5556  over the 3 classes predicted\n"
                    "                     0.4167  over all 4 classes\n");
    contains(o.out, "   0 red         2   .   .   .\n");
    contains(o.out, "   2 blue        .   1   1   .\n");
    contains(o.out, "   3 purple/\xe7\xba\xb8   1   .   .   .\n");
    forget(&o);
}
END_TEST

START_TEST(test_json)
{
    Outcome o;
    make_set();
    o = CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map", scratch_path("map.csv"),
             "--format", "json");
    ck_assert_msg(o.status == 0, "%s", o.err);
    contains(o.out, "{\"pictures\": 5, \"listed\": 5, \"failed\": 0, \"interrupted\": false, ");
    contains(o.out, "\"rejected\": 0, \"accuracy\": 0.6, \"top5\": 1, ");
    contains(o.out, "{\"label\": \"blue\", \"index\": 2, \"pictures\": 2, \"predicted\": 1, "
                    "\"correct\": 1, \"precision\": 1, \"recall\": 0.5, \"f1\": 0.66666667}");
    contains(o.out, "\"confusion\": [[2, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 0, 0], "
                    "[1, 0, 0, 0, 0]]}\n");
    forget(&o);
}
END_TEST

START_TEST(test_files)
{
    char *text;
    size_t length;
    make_set();
    expect(CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map",
                scratch_path("map.csv"), "--format", "csv", "--confusion", scratch_path("c.csv"),
                "--mistakes", scratch_path("m.html"), "--threshold", "0.8"),
           0,
           "label,index,pictures,predicted,correct,precision,recall,f1\n"
           "red,0,2,2,2,1,1,1\ngreen,1,0,1,0,0,0,0\nblue,2,2,1,1,1,0.5,0.66666667\n"
           "purple/\xe7\xba\xb8,3,1,0,0,0,0,0\n",
           "");
    text = scratch_read(scratch_path("c.csv"), &length);
    ck_assert_str_eq(text, "truth,red,green,blue,purple/\xe7\xba\xb8,rejected\nred,2,0,0,0,0\n"
                           "green,0,0,0,0,0\nblue,0,1,1,0,0\npurple/\xe7\xba\xb8,0,0,0,0,1\n");
    free(text);
    text = scratch_read(scratch_path("m.html"), &length);
    contains(text, "2 of 5 pictures were decided wrongly");
    contains(text, "<b>green</b> 0.9");
    contains(text, "<b>rejected</b>");
    contains(text, "set/b/2.ppm");
    contains(text, "what spoke for the decision");
    ck_assert_ptr_null(strstr(text, "http")); /* nothing is fetched */
    free(text);
    expect(CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map",
                scratch_path("map.csv"), "--format", "csv", "--confusion", scratch_path("c.svg")),
           0, NULL, "");
    text = scratch_read(scratch_path("c.svg"), &length);
    contains(text, "<title>blue &#8594; green: 1 of 2</title>");
    contains(text, "</svg>\n");
    free(text);
}
END_TEST

START_TEST(test_folder_faults)
{
    make_set();
    expect(CALL(&map_classifier, "--eval", scratch_path("set")), 1, "",
           "the folder 'b' is no label of this program, and no index below 4; --eval-map");
    expect(CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map",
                text_file("bad.csv", "b,bleu\n")),
           1, "", "bad.csv: line 1: 'bleu' is no label");
    expect(CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map",
                text_file("bad.csv", "b\n")),
           1, "", "bad.csv: line 1: a row is FOLDER,LABEL; this one has 1 fields");
    expect(CALL(&map_classifier, "--eval", scratch_path("set/red")), 1, "", "lies in no subfolder");
    expect(CALL(&map_classifier, "--eval", scratch_path("nowhere")), 1, "",
           "nowhere: No such file or directory");
    expect(CALL(&map_classifier, "--eval", folder("none")), 1, "", "no picture is in this folder");
}
END_TEST

/* A picture that fails is said, and the others are counted. */
START_TEST(test_failed_picture)
{
    Outcome o;
    make_set();
    text_file("set/red/3.ppm", "P6 9 9 255\n");
    o = CALL(&map_classifier, "--eval", scratch_path("set"), "--eval-map", scratch_path("map.csv"));
    ck_assert_int_eq(o.status, 1);
    contains(o.err, "set/red/3.ppm: ");
    contains(o.out, "pictures                  5 of 6, 1 failed\n");
    forget(&o);
}
END_TEST

/* --- lists ----------------------------------------------------------------------------------- */

START_TEST(test_list)
{
    Outcome o;
    make_set();
    text_file("list.csv", "\xef\xbb\xbfpath,label\r\nset/red/1.ppm,red\r\n\"set/b/1.ppm\",2\r\n"
                          "set/b/2.ppm,\"purple/\xe7\xba\xb8\"\r\n");
    o = CALL(&map_classifier, "--eval", scratch_path("list.csv"), "--format", "json");
    ck_assert_msg(o.status == 0, "%s", o.err);
    contains(o.out, "\"confusion\": [[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0], "
                    "[0, 1, 0, 0, 0]]}");
    forget(&o);
}
END_TEST

START_TEST(test_list_faults)
{
    make_set();
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "set/b/1.ppm,blue\nx,2,3\n")), 1, "",
           "l.csv: line 2: a row is PATH,LABEL; this one has 3 fields");
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "\n\nset/b/1.ppm,4\n")), 1, "",
           "l.csv: line 3: '4' is no label of this program, and no index below 4");
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "\"set/b/1.ppm,4\n")), 1, "",
           "l.csv: line 1: a quote is not closed");
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "\"a\"b,4\n")), 1, "",
           "l.csv: line 1: text follows the closing quote of field 1");
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "path,label\n")), 1, "",
           "l.csv: it lists no picture");
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "set,red\n")), 1, "",
           "l.csv: line 1: 'set' is a folder");
    expect(CALL(&map_classifier, "--eval", text_file("l.csv", "set/b/9.ppm,red\n")), 1, NULL,
           "set/b/9.ppm: No such file");
}
END_TEST

START_TEST(test_tags)
{
    Outcome o;
    make_set();
    /* tags above 2.4: {0, 3}: 2.5 of purple; {2, 3}; {1}; {0, 2, 3} */
    text_file("tags.csv", "set/red/1.ppm,red\nset/b/1.ppm,\"blue,purple/\xe7\xba\xb8\"\n"
                          "set/b/2.ppm,green\nset/purple/\xe7\xba\xb8/deep/1.ppm,red,blue\n"
                          "set/b/2.ppm,\n");
    o = CALL(&tag_classifier, "--eval", scratch_path("tags.csv"), "--beta", "2", "--mistakes",
             scratch_path("m.html"));
    ck_assert_msg(o.status == 0, "%s", o.err);
    contains(o.out, "exact                0.4000  (2 of 5 have all their tags and no other)\n");
    contains(o.out, "over the 4 tags that occur");
    contains(o.out, "threshold  precision   recall  F2      F2 by picture\n");
    contains(o.out, "mAP                  0.7083"); /* 1, 1/2, 1, 1/3 */
    contains(o.out, "       1        3    0.3333   1.0000   0.5000  purple");
    forget(&o);
    expect(CALL(&tag_classifier, "--eval", scratch_path("tags.csv"), "--confusion", "c.csv"), 1, "",
           "--confusion is for classifiers with one answer");
}
END_TEST

/* --- interruption ---------------------------------------------------------------------------- */

static void slow_run(void *context, const float *input, float *output, void *arena,
                     const kiln_trace *trace)
{
    static int calls;
    map_run(context, input, output, arena, trace);
    if (++calls == 2)
        raise(SIGINT);
}

START_TEST(test_interrupted)
{
    kiln_network network = map_network;
    kiln_member member = map_members[0];
    kiln_classifier classifier = map_classifier;
    Outcome o;

    network.run = slow_run;
    member.network = &network;
    classifier.members = &member;
    make_set();
    o = CALL(&classifier, "--eval", scratch_path("set"), "--eval-map", scratch_path("map.csv"),
             "--jobs", "1");
    ck_assert_int_eq(o.status, 1);
    contains(o.out, "pictures                  2 of 5, interrupted\n");
    contains(o.out, "accuracy             0.5000  (1 of 2)\n");
    forget(&o);
}
END_TEST

/* --- the command line ------------------------------------------------------------------------ */

START_TEST(test_options)
{
    const kiln_classifier *p = &map_classifier;

    expect(CALL(p, "--eval", "a", "b.ppm"), 2, "", "--eval and pictures beside it exclude");
    expect(CALL(p, "--eval", "a", "--bench", "3"), 2, "", "--bench and --eval exclude each other");
    expect(CALL(p, "--eval", "a", "--out", "b"), 2, "", "--eval and --out exclude each other");
    expect(CALL(p, "--eval", "a", "--confusion", "b.txt"), 2, "", "OUT.csv or OUT.svg");
    expect(CALL(p, "--confusion", "b.csv", "x"), 2, "", "--confusion belongs to --eval");
    expect(CALL(p, "--beta", "2", "x"), 2, "", "--beta belongs to --eval");
    expect(CALL(p, "--eval", "a", "--beta", "0"), 2, "", "--beta takes a number above 0");
    expect(CALL(p, "--submission", "a", "x"), 2, "", "--submission belongs to --submit");
    expect(CALL(p, "--class", "1", "x"), 2, "", "--class belongs to --cam");
    expect(CALL(p, "--cam", "o.png", "a", "b"), 2, "", "--cam takes one picture, not 2 inputs");
    expect(CALL(&fake_model, "--eval", "a"), 2, "", "this is a bare model");
}
END_TEST

/* --- submissions ----------------------------------------------------------------------------- */

START_TEST(test_submit)
{
    char *text;
    size_t length;
    make_set();
    expect(CALL(&map_classifier, "--submit", "id,label\\n{stem},{index},{label},\"{tags}\",{{x}}",
                scratch_path("set/b")),
           0, "id,label\n1,2,blue,\"blue\",{x}\n2,1,green,\"green\",{x}\n", "");
    expect(CALL(&fake_classifier, "--submit", "{name},{label},\"{label}\"",
                write_picture("a,b.ppm", 0, 255, 0)),
           0, "\"a,b.ppm\",\"\"\"green\"\",\n\",\"\"\"green\"\",\n\"\n", "");
    expect(CALL(&map_classifier, "--threshold", "0.99", "--submit",
                "{name}|{index}|{label}|{tags}|", scratch_path("set/purple")),
           0, "1.ppm||||\n", "");
    expect(CALL(&map_classifier, "--submit", "{name}", "--submission", scratch_path("s.csv"),
                scratch_path("set/b")),
           0, "", "");
    text = scratch_read(scratch_path("s.csv"), &length);
    ck_assert_str_eq(text, "1.ppm\n2.ppm\n");
    free(text);
    expect(CALL(&map_classifier, "--submit", "{name}", "--submission", scratch_path("t.csv"),
                scratch_path("set/b"), "nowhere.ppm"),
           1, "", "t.csv: not written, because inputs failed");
    ck_assert_int_ne(access(scratch_path("t.csv"), F_OK), 0);
}
END_TEST

START_TEST(test_submit_faults)
{
    make_set();
    expect(CALL(&map_classifier, "--submit", "{file},{colour}", scratch_path("set")), 2, "",
           "--submit has no field '{colour}'; there are {file} {name} {stem} {index} {label}");
    expect(CALL(&map_classifier, "--submit", "{file", scratch_path("set")), 2, "",
           "--submit has no field '{file}'");
    expect(CALL(&map_classifier, "--submit", "{file}}", scratch_path("set")), 2, "",
           "--submit has a '}' without a '{'");
    expect(CALL(&map_classifier, "--submit", "file\\n", scratch_path("set")), 2, "",
           "--submit has no field in its last line 'file'");
}
END_TEST

/* --- activation maps ------------------------------------------------------------------------- */

START_TEST(test_cam_values)
{
    static const float input[6] = { 1.0f, 0.0f, 0.5f, 0.25f, 1.0f, 0.0f };
    /* features are five times that; weights of the classes: R, G, B, (R + B) / 2 */
    static const float expected[4][2] = { { 5, 1.25f }, { 0, 5 }, { 2.5f, 0 }, { 3.75f, 0.625f } };
    float output[4], arena[16];
    Cam cam;
    Reason why;

    for (int k = 0; k < 4; k++) {
        ck_assert_msg(cam_compute(&map_network, input, output, arena, k, &cam, &why), "%s",
                      why.text);
        ck_assert_int_eq(cam.width, 2);
        ck_assert_int_eq(cam.height, 1);
        for (int i = 0; i < 2; i++)
            ck_assert(cam.map[i] == expected[k][i]);
        ck_assert((cam.map[0] + cam.map[1]) / 2.0f == output[k]); /* the mean is the score */
        ck_assert(cam.least == kiln_min(cam.map[0], cam.map[1]));
        ck_assert(cam.most == kiln_max(cam.map[0], cam.map[1]));
        cam_free(&cam);
    }
}
END_TEST

/* The colours at the ends of the scale, half of each mixed with the picture's. */
START_TEST(test_cam_blend)
{
    float map[2] = { -1.0f, 3.0f };
    const Cam cam = { 1, 2, map, -1.0f, 3.0f };
    uint8_t white[12];
    const Image picture = { .width = 4, .height = 1, .rgb = white };
    Image out;
    Reason why;

    memset(white, 255, sizeof white);
    ck_assert(cam_blend(&cam, &picture, &out, &why));
    ck_assert_int_eq(out.rgb[0], 127); /* 0, 0, 128 */
    ck_assert_int_eq(out.rgb[2], (255 + 128) / 2);
    ck_assert_int_eq(out.rgb[9], (255 + 128) / 2); /* 128, 0, 0 */
    ck_assert_int_eq(out.rgb[11], 127);
    ck_assert_int_eq(out.rgb[4], (255 + 128) / 2); /* a quarter of the way: 0, 128, 255 */
    image_free(&out);
}
END_TEST

START_TEST(test_cam)
{
    Image image;
    Reason why;
    make_set();
    expect(CALL(&map_classifier, "--cam", scratch_path("o.png"), "--class", "blue",
                scratch_path("set/b/1.ppm")),
           0, NULL, "");
    ck_assert(image_load(scratch_path("o.png"), &image, &why));
    ck_assert_int_eq(image.height, 160); /* 2 x 1 pixels, 160 times as large */
    ck_assert_int_gt(image.width, 320);
    image_free(&image);
    expect(CALL(&map_classifier, "--cam", scratch_path("p.png"), "--class", "pink",
                scratch_path("set/b/1.ppm")),
           1, "", "--class 'pink' is no label of this program, and no index below 4");
    expect(CALL(&fake_classifier, "--cam", scratch_path("p.png"), scratch_path("set/b/1.ppm")), 1,
           "", "'fakes' has no class activation map: it does not end in a global average pooling");
    ck_assert_int_ne(access(scratch_path("p.png"), F_OK), 0);
}
END_TEST

/* --- CSV ------------------------------------------------------------------------------------- */

START_TEST(test_csv)
{
    Csv csv;
    Reason why;

    ck_assert(csv_open(&csv, text_file("f.csv", "a,\"b \"\"c\"\"\n,d\",\r\n\r\n\"\",x"), &why));
    ck_assert_int_eq(csv_row(&csv, &why), 1);
    ck_assert_int_eq(csv.count, 3);
    ck_assert_str_eq(csv.field[0], "a");
    ck_assert_str_eq(csv.field[1], "b \"c\"\n,d");
    ck_assert_str_eq(csv.field[2], "");
    ck_assert_int_eq(csv_row(&csv, &why), 1);
    ck_assert_int_eq(csv.line, 4);
    ck_assert_int_eq(csv.count, 2);
    ck_assert_str_eq(csv.field[0], "");
    ck_assert_str_eq(csv.field[1], "x");
    ck_assert_int_eq(csv_row(&csv, &why), 0);
    csv_close(&csv);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("evaluate");
    TCase *tc = tcase_create("evaluate");
    tcase_add_checked_fixture(tc, scratch_open, scratch_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_folder);
    tcase_add_test(tc, test_json);
    tcase_add_test(tc, test_files);
    tcase_add_test(tc, test_folder_faults);
    tcase_add_test(tc, test_failed_picture);
    tcase_add_test(tc, test_list);
    tcase_add_test(tc, test_list_faults);
    tcase_add_test(tc, test_tags);
    tcase_add_test(tc, test_interrupted);
    tcase_add_test(tc, test_options);
    tcase_add_test(tc, test_submit);
    tcase_add_test(tc, test_submit_faults);
    tcase_add_test(tc, test_cam_values);
    tcase_add_test(tc, test_cam_blend);
    tcase_add_test(tc, test_cam);
    tcase_add_test(tc, test_csv);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
