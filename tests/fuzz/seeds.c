/* Writes the seeds of the fuzzers: seeds FOLDER makes FOLDER/<driver>/<number>. */
#include "compiler/base/file.h"
#include "compiler/base/vec.h"
#include "tests/support/keras_file.h"
#include "tests/support/npy_cases.h"
#include "tests/support/pickle_cases.h"
#include "tests/support/picture_cases.h"
#include "tests/support/safetensors_cases.h"
#include "tests/support/torch_cases.h"
#include "tests/support/weight_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Arena *arena;
static const char *root;

static void write_seed(const char *driver, const void *bytes, size_t length)
{
    static int number;
    const char *folder = path_join(arena, root, driver);
    const char *path = arena_printf(arena, "%s/%03d", folder, number++);
    const char *error = folder_create(arena, folder);
    if (!error)
        error = file_write(arena, path, bytes, length);
    if (error) {
        fprintf(stderr, "%s: %s\n", path, error);
        exit(1);
    }
}

static void write_text(const char *driver, const Text *t)
{
    write_seed(driver, t->at, t->length);
}

static void schedule_seeds(void)
{
    static const char whole[] = "kiln schedule 1\ntarget avx2\nconv direct    4x3\n"
                                "other winograd4 12x1\n";
    write_seed("schedule", whole, sizeof whole - 1);
    write_seed("schedule", whole, 28);
    write_seed("schedule", whole, 40);
}

static void safetensors_seeds(void)
{
    Text t = make_safetensors(arena, every_type_header, 38);
    write_text("safetensors", &t);
    for (int i = 0; i < COUNT_OF(bad_safetensors); i++) {
        t = make_safetensors(arena, bad_safetensors[i].header, bad_safetensors[i].data_bytes);
        write_text("safetensors", &t);
    }
    write_seed("safetensors", "\xff\0\0\0\0\0\0\0{}", 10);
}

static void keras_seeds(void)
{
    static const char *const layers[] = { "input_1", "conv2d", "sep" };
    static const KerasTensor tensors[] = {
        { "conv2d", "conv2d/kernel:0", 4, { 1, 1, 2, 2 }, 0, false },
        { "conv2d", "conv2d/bias:0", 1, { 2 }, 0, true },
        { "sep", "sep/depthwise_kernel:0", 4, { 3, 3, 2, 1 }, 0, true },
        { "sep", "sep/pointwise_kernel:0", 4, { 1, 1, 2, 2 }, 0, false },
    };
    for (int count = 0; count <= COUNT_OF(layers); count++)
        for (int whole = 0; whole < 2; whole++) {
            KerasBytes b = make_keras_file(arena, layers, count, tensors, COUNT_OF(tensors), whole);
            write_seed("keras", b.at, b.length);
        }
}

static void libsvm_seeds(void)
{
    static const char *const models[] = {
        "svm_type c_svc\nkernel_type polynomial\ndegree 2\ngamma 0.5\ncoef0 1\nnr_class 2\n"
        "total_sv 3\nrho 0.125\nlabel 1 0\nprobA 0.1\nprobB 2\nnr_sv 2 1\nSV\n"
        "0.5 1:0.25 3:-1 \n0.1 2:2\n-0.6 3:1e-3\n",
        "svm_type nu_svc\r\nkernel_type linear\r\nnr_class 3\r\ntotal_sv 3\r\nrho 0 1 -1\r\n"
        "label 0 1 2\r\nnr_sv 1 1 1\r\nSV\r\n1 .5 1:1\r\n-1 1 2:1\r\n-1 -1 2:-1",
        "svm_type c_svc\nkernel_type rbf\ngamma 1\nnr_class 2\ntotal_sv 0\nrho 0\nlabel 0 1\n"
        "nr_sv 0 0\nSV\n",
        "svm_type c_svc\nkernel_type rbf\nnr_class 2\nrho 0\nlabel 0 1\nnr_sv 0 0\nnr_class 99\n"
        "total_sv 0\nSV\n",
        "svm_type one_class\n",
    };

    for (int i = 0; i < COUNT_OF(models); i++)
        write_seed("libsvm", models[i], strlen(models[i]));
}

static Text npy_of(int version, const char *header)
{
    Text data = { .arena = arena };
    put_floats(&data, 6, 1);
    return make_npy(arena, version, header, &data);
}

static void npy_seeds(void)
{
    Text t;
    for (int version = 1; version <= 3; version++)
        for (int i = 0; i < COUNT_OF(good_npy); i++) {
            t = npy_of(version, good_npy[i]);
            write_text("npy", &t);
        }
    for (int i = 0; i < COUNT_OF(bad_npy); i++) {
        t = npy_of(bad_npy[i].version, bad_npy[i].header);
        write_text("npy", &t);
    }
    t = npy_of(1, "{'descr':'>f4','fortran_order':True,'shape':(2,3)}");
    write_text("npy", &t);
    t.length = 11;
    t.at[6] = 2;
    write_text("npy", &t);
}

static void pickle_seeds(void)
{
    for (int i = 0; i < COUNT_OF(good_pickles); i++)
        write_seed("pickle", good_pickles[i].bytes, good_pickles[i].length);
    for (int i = 0; i < COUNT_OF(bad_pickles); i++)
        write_seed("pickle", bad_pickles[i].bytes, bad_pickles[i].length);
}

static void zip_seeds(void)
{
    Text array = npy_of(1, good_npy[0]), t;
    for (int method = 0; method <= 8; method += 8) {
        ZipWriter w = zip_writer(arena);
        zip_add(&w, "a.npy", method, &array);
        zip_add(&w, "b.npy", method, &array);
        t = zip_end(&w);
        write_text("zip", &t);
        w = zip_writer(arena);
        TestEntry e = zip_pack(&w, "a.npy", method, &array);
        zip_add_directory64(&w, &e);
        zip_end64(&w);
        t = zip_end(&w);
        write_text("zip", &t);
        for (int i = 0; i < 5; i++) {
            w = zip_writer(arena);
            e = zip_pack(&w, "a.npy", method, &array);
            e.size += (uint64_t)(i == 0 || i == 4) << (i == 4 ? 31 : 0);
            e.checksum ^= i == 1;
            e.flags = i == 2;
            e.name = i == 3 ? "b.npy" : "a.npy";
            zip_add_directory(&w, &e);
            if (i == 1)
                zip_add_directory(&w, &e);
            t = zip_end(&w);
            write_text("zip", &t);
        }
    }
}

/* Archives of torch.save() in which now one part, now another is missing or wrong. */
static void torch_zip_seeds(void)
{
    Text array = npy_of(1, good_npy[0]), order = { .arena = arena }, floats = { .arena = arena },
         numbers = { .arena = arena }, t;
    text_puts(&order, "little");
    put_floats(&floats, 12, 1);
    put_number(&numbers, 5, 8);
    put_number(&numbers, 6, 8);
    for (int i = 0; i < 9; i++) {
        Text object = torch_object(arena, i == 8 ? TORCH_TENSORS - 1 : 0);
        ZipWriter w = zip_writer(arena);
        text_puts(&object, ".");
        zip_add(&w, "readme", 0, &array);
        if (i != 0)
            zip_add(&w, i == 1 ? "data.pkl" : "net/data.pkl", 8 * (i == 2), &object);
        if (i != 3)
            zip_add(&w, "net/byteorder", 0, i == 4 ? &array : i == 5 ? &floats : &order);
        zip_add(&w, i == 1 ? "data/0" : "net/data/0", 8 * (i == 2), i == 6 ? &order : &floats);
        if (i != 7)
            zip_add(&w, i == 1 ? "data/1" : "net/data/1", 0, &numbers);
        t = zip_end(&w);
        write_text("zip", &t);
    }
}

static void torch_seeds(void)
{
    for (int i = 0; i < TORCH_OBJECTS; i++) {
        Text object = torch_object(arena, i), stream = torch_stream_of(arena, &object);
        write_text("stream", &stream);
        text_puts(&object, ".");
        write_text("torch", &object);
    }
}

static void write_picture(const char *driver, Picture p)
{
    write_seed(driver, p.bytes, p.length);
}

static void bmp_seeds(void)
{
    static const int depths[] = { 1, 4, 8, 16, 24, 32 };
    uint8_t rest[1100];

    for (int i = 0; i < COUNT_OF(rest); i++)
        rest[i] = picture_noise(i);
    for (int i = 0; i < COUNT_OF(depths); i++)
        write_picture("bmp", make_bmp(3, i % 2 ? 2 : -2, depths[i], 0, depths[i] < 16 ? 2 : 0, rest,
                                      sizeof rest));
    write_picture("bmp",
                  make_bmp(1, 1, 16, 3, 0, "\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0\x20\x08\0\0", 16));
    write_picture("bmp",
                  make_bmp(3, 2, 8, 1, 2, "\1\1\1\0\2\2\2\0\3\1\0\0\0\2\1\0\0\3\1\1\1\0\0\1", 24));
    write_picture("bmp", make_bmp(3, 1, 4, 2, 2, "\1\1\1\0\2\2\2\0\3\x10\0\1", 12));
    write_picture("bmp", make_os2_bmp());
}

static void png_seeds(void)
{
    static const int kinds[][2] = {
        { PNG_COLOR_TYPE_GRAY, 1 },      { PNG_COLOR_TYPE_GRAY, 16 },
        { PNG_COLOR_TYPE_RGB, 8 },       { PNG_COLOR_TYPE_GRAY_ALPHA, 8 },
        { PNG_COLOR_TYPE_PALETTE, 1 },   { PNG_COLOR_TYPE_PALETTE, 8 },
        { PNG_COLOR_TYPE_RGB_ALPHA, 16 }
    };

    for (int i = 0; i < COUNT_OF(kinds); i++)
        write_picture("png", make_png(kinds[i][0], kinds[i][1], i % 2));
}

static void picture_seeds(void)
{
    for (int components = 1; components <= 4; components++)
        for (int progressive = 0; progressive <= 1 && components != 2; progressive++)
            write_picture("jpeg", make_jpeg(components, progressive));
    for (int i = 0; i < COUNT_OF(good_ppm); i++)
        write_seed("ppm", good_ppm[i].text, good_ppm[i].length);
    bmp_seeds();
    png_seeds();
}

/* A JPEG file with an EXIF block of either byte order behind its first marker. */
static void exif_seeds(void)
{
    static const char *const blocks[] = {
        "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0",
        "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0",
    };
    enum { BLOCK_BYTES = 28 };
    const Picture p = make_jpeg(3, 0);

    for (int i = 0; i < 2; i++) {
        Text t = { .arena = arena };
        text_append(&t, (const char *)p.bytes, 2);
        text_append(&t, "\xff\xe1\0\x1e", 4);
        text_append(&t, blocks[i], BLOCK_BYTES);
        text_append(&t, (const char *)p.bytes + 2, p.length - 2);
        write_text("jpeg", &t);
    }
}

static void labels_seeds(void)
{
    static const char *const texts[] = {
        "glass\npaper/\xe5\x8f\xaf\n",
        "two words 1\r\nb 0\r\n",
        "index,label\n1,\"b, \"\"c\"\"\"\n0,a\n",
        "id,color,name\n0,red,a\n1,blue,b\n",
        "{\"0\": \"a\", \"1\": [\"n1\", \"b\"]}",
        "{\"b\": 1, \"a\": 0}",
        "[\"a\", \"b\"]",
        "names = {  # classes\n 1: 'b\\'s\\u53ef\\x41',\n 0: \"a\",\n}\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        write_seed("labels", texts[i], strlen(texts[i]));
}

static void tensor_seeds(void)
{
    static const char *const headers[] = {
        "{'descr': '>f4', 'fortran_order': True, 'shape': (6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0L, 6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}",
        "{'descr': [('a', '<f4')]}",
        "{\"color\":\t3}",
    };

    for (int i = 0; i < COUNT_OF(headers); i++) {
        Text t = npy_of(1 + i % 3, headers[i]);
        write_text("tensor", &t);
    }
    for (int version = 1; version <= 3; version++)
        for (int i = 0; i < COUNT_OF(good_npy); i++) {
            Text t = npy_of(version, good_npy[i]);
            write_text("tensor", &t);
        }
    for (int i = 0; i < COUNT_OF(bad_npy); i++) {
        Text t = npy_of(bad_npy[i].version, bad_npy[i].header);
        write_text("tensor", &t);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds FOLDER\n");
        return 2;
    }
    arena = arena_new();
    root = argv[1];
    schedule_seeds();
    safetensors_seeds();
    keras_seeds();
    libsvm_seeds();
    npy_seeds();
    pickle_seeds();
    zip_seeds();
    torch_zip_seeds();
    torch_seeds();
    picture_seeds();
    exif_seeds();
    labels_seeds();
    tensor_seeds();
    arena_free(arena);
    return 0;
}
