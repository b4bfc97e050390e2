#include "base/base64.h"

#include "tests/test.h"

static struct buf out = {.max = 1000};

static struct str encoded(const char *bytes) {
    buf_clear(&out);
    return base64_encode(&out, str_of(bytes)) == ERR_OK ? buf_str(&out) : STR_NONE;
}

static enum err decode(const char *text) {
    buf_clear(&out);
    return base64_decode(&out, str_of(text));
}

/* RFC 4648 section 10 */
static const char *const cases[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xef\xbe", "/+++"},
};

TEST(encodes) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(encoded(cases[i][0]), cases[i][1]);
}

TEST(decodes) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_OK(decode(cases[i][1]));
        CHECK_STR(buf_str(&out), cases[i][0]);
    }
}

TEST(takes_nothing_else) {
    static const char *const bad[] = {"Z",     "Zg",   "Zg=",      "Zh==",      "Zm9=",
                                      "Zm9v=", "====", "Zg==Zg==", "Zm-_",      "Zm 9",
                                      "Zm=v",  "Z===", "=m9v",     "Zm9v\nZg=="};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(decode(bad[i]), ERR_INVALID);
    CHECK_ERR(base64_decode(&out, str_at("Zm\0v", 4)), ERR_INVALID);
}

TEST(stays_within_its_buffer) {
    struct buf small OWNED_BUF = BUF_INIT(3);

    CHECK_ERR(base64_encode(&small, STR("f")), ERR_TOO_BIG);
    CHECK_OK(base64_decode(&small, STR("Zm9v")));
    CHECK_ERR(base64_decode(&small, STR("Zg==")), ERR_TOO_BIG);
    buf_done(&out);
}

TEST_MAIN
