#include "api/auth.h"

#include "base/mem.h"
#include "tests/test.h"

#define SECRET "0123456789abcdef"

static const char *wrong_with(const char *text) {
    struct auth_token t;
    const char *wrong = auth_token_parse(str_of(text), &t);

    return wrong ? wrong : "";
}

/* The tenant, 0 for a wrong token, -1 for none. */
static int64_t check(struct auth *a, const char *authorization) {
    OWNED_CHARS char *name = NULL;
    int64_t tenant = 0;

    if (auth_check(a, str_of(authorization), &tenant, &name) == AUTH_HAS_NO_TOKEN)
        return -1;
    return tenant;
}

TEST(reads_tokens) {
    struct auth_token t;

    CHECK(auth_token_parse(STR("team.a:" SECRET "=="), &t) == NULL);
    CHECK_STR(t.name, "team.a");
    CHECK_STR(t.secret, SECRET "==");
    CHECK_STR(str_of(wrong_with(SECRET)), "is not of the form NAME:SECRET");
    CHECK(*wrong_with(":" SECRET) && *wrong_with("a b:" SECRET) && *wrong_with("a:"));
    CHECK(*wrong_with("a:short") && *wrong_with("a:0123456789abcde\xc3\xa9"));
    CHECK(*wrong_with("a:b:" SECRET)); /* a colon is no part of a token */
}

TEST(knows_whose_token_it_is) {
    OWNED(auth) struct auth *a = auth_new();
    const struct auth_token tokens[] = {{STR("a"), STR(SECRET), 1},
                                        {STR("b"), STR(SECRET "2"), 2},
                                        {STR("a"), STR("another-one-of-a"), 1}};

    CHECK_INT(check(a, "Bearer " SECRET), 0); /* no tokens: nobody passes */
    auth_set(a, tokens, 3);
    CHECK_INT(check(a, "Bearer " SECRET), 1);
    CHECK_INT(check(a, "bearer  " SECRET "2"), 2);
    CHECK_INT(check(a, "Bearer another-one-of-a"), 1);
    CHECK_INT(check(a, "Bearer " SECRET "3"), 0);
    CHECK_INT(check(a, "Bearer 0123456789abcde"), 0);
    CHECK_INT(check(a, "Basic " SECRET), -1);
    CHECK_INT(check(a, "Bearer"), -1);
    CHECK_INT(check(a, ""), -1);
    CHECK_INT(check(a, SECRET), -1);
    auth_set(a, tokens + 1, 1);
    CHECK_INT(check(a, "Bearer " SECRET), 0);
    CHECK_INT(check(a, "Bearer " SECRET "2"), 2);
}

TEST_MAIN
