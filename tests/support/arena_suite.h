/* A test program with one suite whose tests share a fresh arena each. */
#ifndef KILN_TESTS_ARENA_SUITE_H
#define KILN_TESTS_ARENA_SUITE_H

#include "compiler/base/arena.h"

#include <check.h>
#include <stdlib.h>

static Arena *arena;

static inline void arena_setup(void)
{
    arena = arena_new();
}

static inline void arena_teardown(void)
{
    arena_free(arena);
}

static inline TCase *arena_case(Suite *suite, const char *name)
{
    TCase *c = tcase_create(name);
    tcase_add_checked_fixture(c, arena_setup, arena_teardown);
    suite_add_tcase(suite, c);
    return c;
}

static inline int suite_run(Suite *suite)
{
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A message is there and says what it should. */
#define assert_message(message, part)                                 \
    do {                                                              \
        const char *got_ = (message);                                 \
        ck_assert_msg(got_ != NULL, "no error; expected " #part);     \
        ck_assert_msg(strstr(got_, (part)) != NULL, "got: %s", got_); \
    } while (0)

#endif
