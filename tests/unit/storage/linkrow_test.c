#include "storage/linkrow.h"

#include "base/mem.h"
#include "tests/test.h"

/* All parts of |l| encoded and decoded: how many, and whether the same links came
 * back in the same order. */
static int round_trip(struct links *l, bool *ret_same) {
    OWNED(linkrow_codec) struct linkrow_codec *c = linkrow_codec_new();
    struct buf row OWNED_BUF = BUF_INIT(LINKS_MAX_BYTES);
    struct links_view rest = links_view(l), wanted = rest, part;
    struct link want, got;
    bool more = true;
    int parts = 0;

    *ret_same = true;
    while (rest.n) {
        if (linkrow_encode(c, &rest, &row) != ERR_OK ||
            linkrow_decode(c, buf_str(&row), &part, &more) != ERR_OK)
            return -1;
        parts++;
        *ret_same = *ret_same && more == (rest.n > 0);
        while (links_view_next(&part, &got) == ERR_OK)
            *ret_same = *ret_same && links_view_next(&wanted, &want) == ERR_OK &&
                        str_eq(want.url, got.url) && str_eq(want.rel, got.rel) &&
                        str_eq(want.text, got.text) && want.tag == got.tag && want.attr == got.attr;
    }
    *ret_same = *ret_same && links_view_next(&wanted, &want) == ERR_NOT_FOUND;
    return parts;
}

static enum err put(struct links *l, const char *url) {
    return links_put(l, str_of(url), TAG_AREA, ATTR_HREF, STR("next"), STR("a text"));
}

TEST(few_links_are_one_part) {
    struct links l;
    bool same;

    links_init(&l);
    CHECK_OK(put(&l, "https://a.example/"));
    CHECK_OK(put(&l, "https://b.example/"));
    CHECK_INT(round_trip(&l, &same), 1);
    CHECK(same);
    links_done(&l);
}

TEST(many_links_are_cut_into_parts) {
    struct links l;
    char url[64];
    bool same;

    links_init(&l);
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(url, sizeof url, "https://a.example/%d", i * 7919);
        CHECK_OK(put(&l, url));
    }
    CHECK_INT(round_trip(&l, &same),
              (l.urls.len + l.texts.len + LINKROW_TEXT_BYTES - 1) / LINKROW_TEXT_BYTES);
    CHECK(same);
    links_done(&l);
}

TEST(a_link_longer_than_a_part_is_a_part) {
    OWNED_CHARS char *url = mem_new(3 * LINKROW_TEXT_BYTES, 1);
    struct links l;
    bool same;

    memset(url, 'x', 3 * LINKROW_TEXT_BYTES - 1);
    links_init(&l);
    CHECK_OK(put(&l, "https://a.example/"));
    CHECK_OK(put(&l, url));
    CHECK_OK(put(&l, "https://b.example/"));
    CHECK_INT(round_trip(&l, &same), 3);
    CHECK(same);
    links_done(&l);
}

TEST(long_parts_are_compressed) {
    OWNED(linkrow_codec) struct linkrow_codec *c = linkrow_codec_new();
    struct buf row OWNED_BUF = BUF_INIT(LINKS_MAX_BYTES);
    struct links l;
    struct links_view rest;

    links_init(&l);
    for (int i = 0; i < 500; i++)
        CHECK_OK(put(&l, "https://a.example/the/same/again"));
    rest = links_view(&l);
    CHECK_OK(linkrow_encode(c, &rest, &row));
    CHECK(row.len < l.urls.len / 10);
    links_done(&l);
}

TEST(damage_is_seen) {
    OWNED(linkrow_codec) struct linkrow_codec *c = linkrow_codec_new();
    struct buf row OWNED_BUF = BUF_INIT(LINKS_MAX_BYTES);
    struct links l;
    struct links_view rest, part;
    bool more;

    links_init(&l);
    for (int i = 0; i < 500; i++)
        CHECK_OK(put(&l, "https://a.example/the/same/again"));
    rest = links_view(&l);
    CHECK_OK(linkrow_encode(c, &rest, &row));
    for (size_t len = 0; len < row.len; len++)
        CHECK_ERR(linkrow_decode(c, str_upto(buf_str(&row), len), &part, &more), ERR_CORRUPT);
    row.ptr[0] = 2; /* another version */
    CHECK_ERR(linkrow_decode(c, buf_str(&row), &part, &more), ERR_CORRUPT);
    links_done(&l);
}

TEST_MAIN
