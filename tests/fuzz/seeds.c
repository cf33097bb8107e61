/* Writes the seeds of the weight fuzzers: seeds FOLDER makes FOLDER/<driver>/<number>. */
#include "compiler/base/file.h"
#include "compiler/base/vec.h"
#include "tests/support/npy_cases.h"
#include "tests/support/pickle_cases.h"
#include "tests/support/safetensors_cases.h"
#include "tests/support/torch_cases.h"
#include "tests/support/weight_files.h"

#include <stdio.h>
#include <stdlib.h>

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
    Text array = npy_of(1, good_npy[0]), text = { .arena = arena }, t;
    text_puts(&text, "little");
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
    for (int i = 0; i < 3; i++) {
        Text object = torch_object(arena, 0);
        text_puts(&object, ".");
        ZipWriter w = zip_writer(arena);
        zip_add(&w, "net/data.pkl", 8 * (i == 2), &object);
        zip_add(&w, "net/byteorder", 0, i == 1 ? &array : &text);
        zip_add(&w, "net/data/0", 0, &text);
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

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds FOLDER\n");
        return 2;
    }
    arena = arena_new();
    root = argv[1];
    safetensors_seeds();
    npy_seeds();
    pickle_seeds();
    zip_seeds();
    torch_seeds();
    arena_free(arena);
    return 0;
}
