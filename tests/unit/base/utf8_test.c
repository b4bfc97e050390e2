#include "base/utf8.h"

#include "tests/test.h"

TEST(knows_good_from_bad) {
    CHECK(utf8_valid(STR("")) && utf8_valid(STR("plain ascii that is longer than a word")));
    CHECK(utf8_valid(STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")));
    CHECK(utf8_valid(STR("\xef\xbf\xbd")));      /* U+FFFD itself */
    CHECK(!utf8_valid(STR("\xc0\xaf")));         /* overlong */
    CHECK(!utf8_valid(STR("\xe0\x80\xaf")));     /* overlong */
    CHECK(!utf8_valid(STR("\xed\xa0\x80")));     /* surrogate */
    CHECK(!utf8_valid(STR("\xf4\x90\x80\x80"))); /* beyond U+10FFFF */
    CHECK(!utf8_valid(STR("abc\xe2\x82")));      /* cut */
    CHECK(!utf8_valid(STR("\x80")));
}

TEST(counts_the_ascii_before_anything_else) {
    CHECK_INT(utf8_ascii_prefix(STR("")), 0);
    CHECK_INT(utf8_ascii_prefix(STR("seven b")), 7);
    CHECK_INT(utf8_ascii_prefix(STR("twelve bytes")), 12);
    CHECK_INT(utf8_ascii_prefix(STR("\xc3\xa4")), 0);
    CHECK_INT(utf8_ascii_prefix(STR("abc\xc3\xa4 and more")), 3);
    for (size_t at = 0; at < 100; at++) {
        char text[100];

        memset(text, 'a', sizeof text);
        text[at] = '\xc3';
        CHECK_INT(utf8_ascii_prefix(str_at(text, sizeof text)), at);
        CHECK_INT(utf8_ascii_prefix(str_at(text, at)), at);
    }
    CHECK_INT(utf8_ascii_prefix(STR("twelve bytes\xc3\xa4")), 12);
}

/* The examples of the Unicode Standard, section 3.9, on maximal subparts. */
TEST(mends_each_maximal_bad_part) {
    OWNED_BUF struct buf b = BUF_INIT(200);

    CHECK_OK(utf8_put_mended(&b, STR("a\xf1\x80\x80\xe1\x80\xc2"
                                     "b\x80"
                                     "c\x80\xbf"
                                     "d")));
    CHECK_STR(buf_str(&b), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                           "b\xef\xbf\xbd"
                           "c\xef\xbf\xbd\xef\xbf\xbd"
                           "d");
}

TEST(surrogates_become_replacement_characters) {
    OWNED_BUF struct buf b = BUF_INIT(20);

    CHECK_OK(utf8_put(&b, 0xd800));
    CHECK_OK(utf8_put(&b, 0x110000));
    CHECK_OK(utf8_put(&b, 0x1f600));
    CHECK_STR(buf_str(&b), "\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80");
}

TEST(json_strings_are_escaped_and_valid) {
    OWNED_BUF struct buf b = BUF_INIT(200);

    CHECK_OK(json_put_string(&b, str_at("q\"b\\s/\n\t\0\x01\x7f\xc3\xa4\xff", 14)));
    CHECK_STR(buf_str(&b), "\"q\\\"b\\\\s/\\n\\t\\u0000\\u0001\\u007f\xc3\xa4\xef\xbf\xbd\"");
}

TEST_MAIN
