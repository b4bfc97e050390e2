#include "base/buf.h"

#include "tests/test.h"

TEST(refuses_what_goes_beyond_its_maximum) {
    OWNED_BUF struct buf b = BUF_INIT(5);

    CHECK_OK(buf_put(&b, STR("abc")));
    CHECK_ERR(buf_put(&b, STR("def")), ERR_TOO_BIG);
    CHECK_STR(buf_str(&b), "abc");
    CHECK_OK(buf_put(&b, STR("de")));
    CHECK_ERR(buf_put_char(&b, 'f'), ERR_TOO_BIG);
    CHECK_STR(buf_str(&b), "abcde");
}

TEST(drops_from_the_front) {
    OWNED_BUF struct buf b = BUF_INIT(100);

    CHECK_OK(buf_put(&b, STR("abcdef")));
    buf_drop(&b, 2);
    CHECK_STR(buf_str(&b), "cdef");
    buf_drop(&b, 99);
    CHECK_INT(b.len, 0);
}

TEST(prints_numbers) {
    OWNED_BUF struct buf b = BUF_INIT(100);

    CHECK_OK(buf_put_u64(&b, 0));
    CHECK_OK(buf_put_char(&b, ' '));
    CHECK_OK(buf_put_u64(&b, UINT64_MAX));
    CHECK_OK(buf_printf(&b, " %s=%d", "x", -3));
    CHECK_STR(buf_str(&b), "0 18446744073709551615 x=-3");
}

TEST(moves_its_bytes_out) {
    OWNED_BUF struct buf b = BUF_INIT(10);
    OWNED_BUF struct buf taken = BUF_INIT(0);

    CHECK_OK(buf_put(&b, STR("abc")));
    taken = buf_take(&b);
    CHECK_STR(buf_str(&taken), "abc");
    CHECK_INT(b.len, 0);
    CHECK_OK(buf_put(&b, STR("0123456789")));
}

TEST(gives_back_what_it_does_not_use) {
    OWNED_BUF struct buf b = BUF_INIT(4096);
    char *room;

    CHECK_OK(buf_room(&b, 1000, &room));
    CHECK_OK(buf_put(&b, STR("abc")));
    buf_fit(&b);
    CHECK_INT(b.cap, 3);
    CHECK_STR(buf_str(&b), "abc");
    CHECK_OK(buf_put(&b, STR("defg"))); /* and it still grows */
    CHECK_STR(buf_str(&b), "abcdefg");
    buf_clear(&b);
    buf_fit(&b);
    CHECK(b.cap == 0 && !b.ptr);
}

TEST(varints_come_back) {
    static const uint64_t values[] = {0, 1, 127, 128, 300, 1U << 31, UINT64_MAX};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        OWNED_BUF struct buf b = BUF_INIT(10);
        struct str s;
        uint64_t v;

        CHECK_OK(buf_put_varint(&b, values[i]));
        s = buf_str(&b);
        CHECK_OK(str_take_varint(&s, &v));
        CHECK(v == values[i] && s.len == 0);
        s = str_upto(buf_str(&b), b.len - 1);
        CHECK_ERR(str_take_varint(&s, &v), ERR_CORRUPT);
    }
}

TEST(overlong_varints_are_damage) {
    struct str s = STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    uint64_t v;

    CHECK_ERR(str_take_varint(&s, &v), ERR_CORRUPT);
}

TEST_MAIN
