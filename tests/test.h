/* test - what a unit test needs, in one header.
 *
 *   TEST(parses_a_port) { CHECK(x == 1); CHECK_STR(s, "a"); CHECK_OK(call()); }
 *   TEST_MAIN
 *
 * A failed check prints file, line and values, ends its test and fails the
 * binary. An argument runs only the tests whose names contain it.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { TEST_SKIPPED = 77 };

struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
};

static struct test *test_first;
static int test_failures; /* of the test that runs */

#define TEST(test_name)                                                                            \
    static void test_name(void);                                                                   \
    static struct test test_of_##test_name = {#test_name, test_name, NULL};                        \
    __attribute__((constructor)) static void test_add_##test_name(void) {                          \
        struct test **at = &test_first;                                                            \
        while (*at)                                                                                \
            at = &(*at)->next;                                                                     \
        *at = &test_of_##test_name;                                                                \
    }                                                                                              \
    static void test_name(void)

#define TEST_FAIL(...)                                                                             \
    do {                                                                                           \
        test_failures++;                                                                           \
        printf("  %s:%d: ", __FILE__, __LINE__);                                                   \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
    } while (0)

/* Each check returns from the function that it stands in. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            TEST_FAIL("not true: %s", #condition);                                                 \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_OK(call) CHECK_ERR(call, ERR_OK)
#define CHECK_ERR(call, wanted)                                                                    \
    do {                                                                                           \
        enum err test_err_ = (call);                                                               \
        if (test_err_ != (wanted)) {                                                               \
            TEST_FAIL("%s: got \"%s\", not \"%s\"", #call, err_text(test_err_), err_text(wanted)); \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_INT(got, wanted)                                                                     \
    do {                                                                                           \
        int64_t test_got_ = (int64_t)(got), test_wanted_ = (int64_t)(wanted);                      \
        if (test_got_ != test_wanted_) {                                                           \
            TEST_FAIL("%s: got %" PRId64 ", not %" PRId64, #got, test_got_, test_wanted_);         \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_STR(got, wanted)                                                                     \
    do {                                                                                           \
        struct str test_got_ = (got), test_wanted_ = str_of(wanted);                               \
        if (!str_eq(test_got_, test_wanted_)) {                                                    \
            TEST_FAIL("%s: got \"%.*s\", not \"%s\"", #got, (int)test_got_.len,                    \
                      test_got_.len ? test_got_.ptr : "", (const char *)(wanted));                 \
            return;                                                                                \
        }                                                                                          \
    } while (0)

static int test_main(const char *only) {
    int passed = 0, failed = 0;

    for (struct test *t = test_first; t; t = t->next) {
        if (only && !strstr(t->name, only))
            continue;
        test_failures = 0;
        t->run();
        if (test_failures)
            printf("FAILED %s\n", t->name);
        test_failures ? failed++ : passed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}

#define TEST_MAIN                                                                                  \
    int main(int argc, char **argv) {                                                              \
        return test_main(argc > 1 ? argv[1] : NULL);                                               \
    }

#endif
