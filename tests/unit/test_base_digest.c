/* SHA-256 against the vectors of FIPS 180-4 and its examples, in pieces of every length. */
#include "compiler/base/digest.h"

#include <check.h>
#include <string.h>

static Arena *A;

static void setup(void)
{
    A = arena_new();
}

static void teardown(void)
{
    arena_free(A);
}

static const char *digest_in_pieces(const char *text, size_t piece)
{
    Digest d;
    digest_start(&d);
    for (size_t at = 0, length = strlen(text); at < length; at += piece)
        digest_add(&d, text + at, length - at < piece ? length - at : piece);
    return digest_text(A, &d);
}

START_TEST(test_vectors)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    ck_assert_str_eq(digest_in_pieces("", 1),
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_str_eq(digest_in_pieces("abc", 3),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t piece = 1; piece < sizeof two_blocks; piece++)
        ck_assert_str_eq(digest_in_pieces(two_blocks, piece),
                         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

START_TEST(test_million)
{
    Digest d;
    digest_start(&d);
    char a[997];
    memset(a, 'a', sizeof a);
    for (size_t left = 1000000; left;) {
        size_t n = left < sizeof a ? left : sizeof a;
        digest_add(&d, a, n);
        left -= n;
    }
    ck_assert_str_eq(digest_text(A, &d),
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("base_digest");
    TCase *t = tcase_create("sha256");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_vectors);
    tcase_add_test(t, test_million);
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
