/* Zip archives and .npz: stored and deflated entries, zip64, bombs, overlaps, damage. */
#include "compiler/base/vec.h"
#include "compiler/import/weights.h"
#include "compiler/import/zip.h"
#include "tests/support/arena_suite.h"
#include "tests/support/weight_files.h"

static WeightStore store;

static const char *read_text(const Text *t)
{
    store = (WeightStore){ .arena = arena };
    return weights_read_bytes(&store, "x.npz", t->at, t->length);
}

/* A .npy file of `count` bytes that count up from 1. */
static Text array(int count)
{
    Text data = { .arena = arena };
    for (int i = 0; i < count; i++)
        put_number(&data, (uint64_t)i + 1, 1);
    return make_npy(
        arena, 1, arena_printf(arena, "{'descr':'|u1','fortran_order':False,'shape':(%d,)}", count),
        &data);
}

static Text two_arrays(int method)
{
    ZipWriter w = zip_writer(arena);
    Text a = array(5), b = array(300);
    zip_add(&w, "a.npy", method, &a);
    zip_add(&w, "folder/b.npy", method, &b);
    zip_add(&w, "readme.txt", 0, &a);
    return zip_end(&w);
}

START_TEST(stored_and_deflated)
{
    for (int method = 0; method <= 8; method += 8) {
        Text t = two_arrays(method);
        ck_assert_ptr_null(read_text(&t));
        ck_assert_int_eq(store.tensors.count, 2);
        const WeightTensor *a = map_get(&store.tensors, "a"),
                           *b = map_get(&store.tensors, "folder/b");
        ck_assert_float_eq(weight_floats(arena, a)[4], 5);
        ck_assert_float_eq(weight_floats(arena, b)[255], 0);
        int inside = (const char *)a->bytes > t.at && (const char *)a->bytes < t.at + t.length;
        ck_assert_int_eq(inside, method == 0); /* stored bytes stay where they are */
    }
}
END_TEST

START_TEST(zip64)
{
    ZipWriter w = zip_writer(arena);
    Text a = array(5);
    TestEntry e = zip_pack(&w, "a.npy", 8, &a);
    zip_add_directory64(&w, &e);
    zip_end64(&w);
    Text t = zip_end(&w);
    ck_assert_ptr_null(read_text(&t));
    ck_assert_int_eq(store.tensors.count, 1);
    for (size_t i = 8 * e.header; i < 8 * t.length; i++) {
        t.at[i / 8] = (char)(t.at[i / 8] ^ (1 << i % 8));
        read_text(&t);
        t.at[i / 8] = (char)(t.at[i / 8] ^ (1 << i % 8));
    }
}
END_TEST

START_TEST(truncated_and_flipped)
{
    Text t = two_arrays(8);
    for (size_t n = 0; n < t.length; n++) {
        Text cut = { .arena = arena, .at = t.at, .length = n };
        ck_assert_ptr_nonnull(read_text(&cut));
    }
    Text whole = two_arrays(0);
    int unnoticed = 0;
    for (size_t i = 0; i < 8 * whole.length; i++) {
        whole.at[i / 8] = (char)(whole.at[i / 8] ^ (1 << i % 8));
        unnoticed += read_text(&whole) == NULL;
        whole.at[i / 8] = (char)(whole.at[i / 8] ^ (1 << i % 8));
    }
    /* What may flip: versions, dates, attributes, sizes in local headers, the text file. */
    ck_assert_int_lt(unnoticed, 8 * 300);
}
END_TEST

/* --- archives that lie ------------------------------------------------------------------------ */

/* One entry "a.npy" whose description is changed by `change` before it enters the directory. */
static const char *read_changed(int method, void (*change)(TestEntry *e))
{
    ZipWriter w = zip_writer(arena);
    Text a = array(200);
    TestEntry e = zip_pack(&w, "a.npy", method, &a);
    change(&e);
    zip_add_directory(&w, &e);
    Text t = zip_end(&w);
    return read_text(&t);
}

static void change_size(TestEntry *e)
{
    e->size++;
}

static void shrink_size(TestEntry *e)
{
    e->size--;
}

static void shrink_packed(TestEntry *e)
{
    e->packed--;
}

static void bomb_size(TestEntry *e)
{
    e->size = 0xF0000000u;
}

static void change_method(TestEntry *e)
{
    e->method = 12;
}

static void encrypt(TestEntry *e)
{
    e->flags = 1;
}

static void change_header(TestEntry *e)
{
    e->header++;
}

static void far_header(TestEntry *e)
{
    e->header = 0xFFFFFFF0u;
}

static void grow_packed(TestEntry *e)
{
    e->packed += 1000;
    e->size += 1000;
}

static void reach_directory(TestEntry *e)
{
    e->packed += 10;
    e->size += 10;
}

static void change_name(TestEntry *e)
{
    e->name = "b.npy";
}

static void change_sum(TestEntry *e)
{
    e->checksum ^= 1;
}

static const struct {
    int method;
    void (*change)(TestEntry *e);
    const char *message;
} lies[] = {
    { 8, change_size, "zip entry 'a.npy': it does not unpack to its" },
    { 8, shrink_size, "it does not unpack to its" },
    { 8, shrink_packed, "it does not unpack to its" },
    { 8, bomb_size, "its entries unpack to more than" },
    { 0, change_size, "it is stored, but its two sizes differ" },
    { 0, change_method, "it is neither stored nor deflated" },
    { 0, encrypt, "it is encrypted" },
    { 0, change_header, "there is no header where the directory says" },
    { 0, far_header, "there is no header where the directory says" },
    { 0, grow_packed, "it reaches beyond the end of the file" },
    { 0, reach_directory, "it overlaps the directory" },
    { 0, change_name, "zip entry 'b.npy': its own header has another name" },
    { 8, change_sum, "its bytes have the checksum" },
    { 0, change_sum, "its bytes have the checksum" },
};

START_TEST(lying_entry)
{
    assert_message(read_changed(lies[_i].method, lies[_i].change), lies[_i].message);
}
END_TEST

START_TEST(overlapping_entries)
{
    ZipWriter w = zip_writer(arena);
    Text a = array(5), b = array(7);
    TestEntry first = zip_pack(&w, "a.npy", 0, &a);
    TestEntry second = zip_pack(&w, "b.npy", 0, &b);
    TestEntry longer = first;
    longer.packed += 4;
    longer.size += 4;
    zip_add_directory(&w, &second);
    zip_add_directory(&w, &longer);
    Text t = zip_end(&w);
    assert_message(read_text(&t), "zip entry 'a.npy': it overlaps the entry 'b.npy'");
    /* The same entry many times, as in overlapping bombs. */
    w = zip_writer(arena);
    first = zip_pack(&w, "a.npy", 8, &a);
    for (int i = 0; i < 100; i++)
        zip_add_directory(&w, &first);
    t = zip_end(&w);
    assert_message(read_text(&t), "it overlaps the entry 'a.npy'");
    w = zip_writer(arena);
    zip_add(&w, "a.npy", 0, &a);
    zip_add(&w, "a.npy", 0, &a);
    t = zip_end(&w);
    assert_message(read_text(&t), "zip entry 'a.npy': the name occurs twice in the archive");
}
END_TEST

START_TEST(bombs)
{
    Text zeros = { .arena = arena };
    char *block = arena_alloc(arena, 1 << 20);
    for (int i = 0; i < 30; i++)
        text_append(&zeros, block, 1 << 20);
    ZipWriter w = zip_writer(arena);
    for (int i = 0; i < 3; i++)
        zip_add(&w, arena_printf(arena, "%d.npy", i), 8, &zeros);
    Text t = zip_end(&w);
    assert_message(read_text(&t), "its entries unpack to more than");
    assert_message(read_text(&t), "(the limit: 100 times the file's");
}
END_TEST

START_TEST(end_records)
{
    Text a = array(5);
    Text t = two_arrays(0);
    t.at[t.length - 22 + 4] = 1;
    assert_message(read_text(&t), "one part of a zip archive of several files");
    t = two_arrays(0);
    t.at[t.length - 22 + 10] = 9;
    assert_message(read_text(&t), "its zip directory is damaged or ends early");
    t = two_arrays(0);
    t.at[t.length - 22 + 10] = 2;
    assert_message(read_text(&t), "has another length than the end record says");
    t = two_arrays(0);
    t.at[t.length - 22 + 16] = (char)(t.at[t.length - 22 + 16] - 1);
    assert_message(read_text(&t), "its zip directory is damaged or ends early");
    t = two_arrays(0);
    t.at[t.length - 22 + 19] = 1;
    assert_message(read_text(&t), "its zip directory is not where the end record says");
    t = two_arrays(0);
    t.at[t.length - 1] = 1;
    assert_message(read_text(&t), "its zip directory is missing");
    ZipWriter w = zip_writer(arena);
    t = zip_end(&w);
    assert_message(read_text(&t), "neither a data.pkl (PyTorch) nor .npy entries (NumPy)");
    w = zip_writer(arena);
    zip_add(&w, ".npy", 0, &a);
    t = zip_end(&w);
    assert_message(read_text(&t), "'.npy': a tensor has an empty name");
    w = zip_writer(arena);
    Text no_array = { .arena = arena };
    text_puts(&no_array, "no array");
    zip_add(&w, "a.npy", 0, &no_array);
    t = zip_end(&w);
    assert_message(read_text(&t), "'a.npy': it does not begin as a .npy file");
    w = zip_writer(arena);
    TestEntry e = zip_pack(&w, "a.npy", 0, &a);
    e.size = UINT32_MAX;
    zip_add_directory(&w, &e);
    t = zip_end(&w);
    assert_message(read_text(&t), "it is stored, but its two sizes differ");
    w = zip_writer(arena);
    e = zip_pack(&w, "a.npy", 0, &a);
    zip_add_directory64(&w, &e);
    w.directory.at[46 + 5 + 2] = 8; /* the extra field holds one number where three are needed */
    zip_end64(&w);
    t = zip_end(&w);
    assert_message(read_text(&t), "zip entry 'a.npy': its zip64 field is damaged");
}
END_TEST

START_TEST(zip64_end_records)
{
    Text a = array(5);
    ZipWriter w = zip_writer(arena);
    zip_add(&w, "a.npy", 0, &a);
    zip_end64(&w);
    Text t = zip_end(&w);
    ck_assert_ptr_null(read_text(&t));
    t.at[t.length - 22 - 12] ^= 1; /* the locator's offset */
    assert_message(read_text(&t), "its zip64 end record is not where its locator says");
    t.at[t.length - 22 - 5] = 0x7f;
    assert_message(read_text(&t), "its zip64 end record is not where its locator says");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_zip");
    TCase *c = arena_case(suite, "zip");
    tcase_add_test(c, stored_and_deflated);
    tcase_add_test(c, zip64);
    tcase_add_test(c, truncated_and_flipped);
    tcase_add_loop_test(c, lying_entry, 0, COUNT_OF(lies));
    tcase_add_test(c, overlapping_entries);
    tcase_add_test(c, bombs);
    tcase_add_test(c, end_records);
    tcase_add_test(c, zip64_end_records);
    return suite_run(suite);
}
