#include "storage/model.h"
#include "tests/test.h"

TEST(gives_back_what_was_put) {
    struct links l;
    struct links_view v;
    struct link got;

    links_init(&l);
    v = links_view(&l);
    CHECK_ERR(links_view_next(&v, &got), ERR_NOT_FOUND);
    CHECK_OK(links_put(&l, STR("https://a.example/"), TAG_A, ATTR_HREF, STR("nofollow"), STR("Ä")));
    CHECK_OK(links_put(&l, STR("https://b.example/"), TAG_IMG, ATTR_SRC, STR_NONE, STR_NONE));
    CHECK_INT(l.n, 2);
    CHECK_STR(buf_str(&l.urls), "https://a.example/\nhttps://b.example/");
    v = links_view(&l);
    CHECK_OK(links_view_next(&v, &got));
    CHECK_STR(got.url, "https://a.example/");
    CHECK_STR(got.rel, "nofollow");
    CHECK_STR(got.text, "Ä");
    CHECK_INT(got.tag, TAG_A);
    CHECK_INT(got.attr, ATTR_HREF);
    CHECK_OK(links_view_next(&v, &got));
    CHECK_STR(got.url, "https://b.example/");
    CHECK_INT(got.rel.len + got.text.len, 0);
    CHECK_INT(got.tag, TAG_IMG);
    CHECK_ERR(links_view_next(&v, &got), ERR_NOT_FOUND);
    links_done(&l);
}

TEST(refuses_beyond_its_size_and_stays_as_it_was) {
    static char big[(LINKS_MAX_BYTES / 2) + 1];
    struct links l;

    memset(big, 'x', sizeof big);
    links_init(&l);
    CHECK_OK(links_put(&l, str_at(big, sizeof big), TAG_A, ATTR_HREF, STR_NONE, STR_NONE));
    CHECK_ERR(links_put(&l, STR("u"), TAG_A, ATTR_HREF, STR_NONE, str_at(big, sizeof big)),
              ERR_TOO_BIG);
    CHECK_INT(l.n, 1);
    CHECK_INT(l.urls.len, sizeof big);
    CHECK_INT(l.texts.len, 0);
    links_done(&l);
}

static enum err next_of(struct str marks, struct str texts) {
    struct links_view v = {1, STR("u"), marks, texts};
    struct link got;

    return links_view_next(&v, &got);
}

TEST(notices_marks_that_lie) {
    CHECK_OK(next_of(STR("\1\1\1\0"), STR("r")));
    CHECK_ERR(next_of(STR(""), STR("")), ERR_CORRUPT);
    CHECK_ERR(next_of(STR("\1\1\1"), STR("r")), ERR_CORRUPT);
    CHECK_ERR(next_of(STR("\1\1\2\0"), STR("r")), ERR_CORRUPT);
    CHECK_ERR(next_of(STR("\1\1\1\1"), STR("r")), ERR_CORRUPT);
    CHECK_ERR(next_of(STR("\xff\1\0\0"), STR("")), ERR_CORRUPT);
    CHECK_ERR(next_of(STR("\1\xff\0\0"), STR("")), ERR_CORRUPT);
    CHECK_ERR(next_of(STR("\1\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0"), STR("r")), ERR_CORRUPT);
}

static enum err second_of(uint32_t n, struct str urls) {
    struct links_view v = {n, urls, STR_NONE, STR_NONE};
    struct str url;

    if (links_view_next_url(&v, &url) != ERR_OK)
        return ERR_INVALID;
    return links_view_next_url(&v, &url);
}

TEST(notices_a_number_that_lies) {
    CHECK_OK(second_of(2, STR("u\nv")));
    CHECK_ERR(second_of(1, STR("u")), ERR_NOT_FOUND);
    CHECK_ERR(second_of(2, STR("u")), ERR_CORRUPT);
    CHECK_ERR(second_of(1, STR("u\nv")), ERR_CORRUPT);
}

TEST_MAIN
