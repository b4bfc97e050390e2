/* The Link header of a page: RFC 8288; each case names its section. */
#include "tests/unit/crawler/extract_rig.h"

static void check_with(const struct extract_options *o, const char *type, const char *header,
                       const char *html, enum show show, const char *wanted) {
    OWNED(extract) struct extract *x = extract_new(o, here, str_of(type));
    OWNED_BUF struct buf got = BUF_INIT(1 << 20);
    struct links l;

    links_init(&l);
    extract_put_header(x, str_of(header));
    CHECK_OK(extract_feed(x, str_of(html)));
    CHECK_OK(extract_finish(x, &l));
    list_links(&l, show, &got);
    links_done(&l);
    CHECK_STR(buf_str(&got), wanted);
}

static void check_header(const char *header, const char *html, enum show show, const char *wanted) {
    struct extract_options o = extract_defaults();

    o.elements = UINT64_MAX;
    check_with(&o, "text/html", header, html, show, wanted);
}

/* 3.1 and 3.2: against the final URL, whatever the document says */
TEST(a_target_is_resolved_against_the_final_url) {
    check_header("<a>; rel=x", "<base href=http://b.example/><a href=c>", URLS,
                 "http://h.example/dir/a\nhttp://b.example/\nhttp://b.example/c");
    check_header("<a>; rel=x", "<a href=c><base href=http://b.example/>", URLS,
                 "http://h.example/dir/a\nhttp://b.example/c\nhttp://b.example/");
    check_header("<>; rel=self", "", URLS, "http://h.example/dir/page?q");
    check_header("<http://[>, <//o.example>", "", URLS, "http://o.example/");
}

/* 3: a field of its own, and as many as there are */
TEST(several_headers_and_several_links) {
    check_header("<a>, <b>; rel=\"x\n<c>, rubbish, <d\n\n<e>", "<a href=f>", URLS,
                 "http://h.example/dir/a\nhttp://h.example/dir/b\nhttp://h.example/dir/c\n"
                 "http://h.example/dir/e\nhttp://h.example/dir/f");
}

TEST(a_link_of_the_page_again_is_no_second_one) {
    check_header("<a>; rel=x", "<a href=b><a href=a rel=y>", RELS,
                 "http://h.example/dir/a x\nhttp://h.example/dir/b ");
}

TEST(is_told_as_what_it_is) {
    check_header("<a>; rel=x", "<link href=b>", PLACES,
                 "http://h.example/dir/a Link: href\nhttp://h.example/dir/b link href");
}

/* 3.2: with an anchor the link is another resource's */
TEST(an_anchor_elsewhere_makes_it_no_link_of_this_page) {
    check_header("<a>; anchor=\"\", <b>; anchor=\"#x\", <c>; anchor=\"/dir/page?q\"", "", URLS,
                 "http://h.example/dir/a\nhttp://h.example/dir/b\nhttp://h.example/dir/c");
    check_header("<a>; anchor=\"/x\", <b>; anchor=\"http://[\", <c>; anchor=\"page\", <d>", "",
                 URLS, "http://h.example/dir/d");
    check_header("<a>; anchor=\"/dir/p\\age?q\"", "", URLS, "http://h.example/dir/a");
}

/* 3.3 */
TEST(keeps_its_rel) {
    check_header("<a>; rel=\"  next\tx  \\\"y\\\" \"; title=z, <b>", "", RELS,
                 "http://h.example/dir/a next x \"y\"\nhttp://h.example/dir/b ");
    check_header("<a>; rel=\"\xff\x01\"", "", RELS, "http://h.example/dir/a \xef\xbf\xbd");
}

/* 3.1: a URI reference, so its query is in UTF-8 in whatever encoding the page is */
TEST(its_query_is_in_utf8) {
    check_header("<?\xc3\xa9>", "<meta charset=koi8-r><a href=x><base href=/>", URLS,
                 "http://h.example/dir/page?%C3%A9\nhttp://h.example/x\nhttp://h.example/");
}

TEST(options_hold_for_headers) {
    static const char header[] = "<a#1>; rel=\"x nofollow\", <mailto:x>, <a#2>";
    struct extract_options o = extract_defaults();

    check_with(&o, "text/html", header, "<a href=b>", URLS, "http://h.example/dir/b");
    o.elements = UINT64_C(1) << TAG_HEADER;
    check_with(&o, "text/html", header, "<a href=b>", URLS, "http://h.example/dir/a");
    o.fragments = FRAGMENTS_KEEP;
    o.nofollow = NOFOLLOW_DROP;
    o.schemes = STR("*");
    check_with(&o, "text/html", header, "", URLS, "mailto:x\nhttp://h.example/dir/a#2");
    o.max_links = 1;
    check_with(&o, "text/html", header, "", URLS, "mailto:x");
}

/* 1: "the context is the resource", of any media type */
TEST(a_body_of_another_type_may_have_links_in_its_head) {
    struct extract_options o = extract_defaults();

    o.elements = UINT64_MAX;
    check_with(&o, "application/pdf", "<a>; rel=canonical", "<a href=b>", URLS,
               "http://h.example/dir/a");
    check_with(&o, "application/atom+xml", "<a>; rel=hub",
               "<feed xmlns='http://www.w3.org/2005/Atom'><link href='b'/></feed>", URLS,
               "http://h.example/dir/a\nhttp://h.example/dir/b");
    check_with(&o, "", "<a>", "rubbish", URLS, "http://h.example/dir/a");
}

TEST(long_targets_are_dropped_and_counted) {
    OWNED_BUF struct buf header = BUF_INIT(1 << 20);
    struct extract_options o = extract_defaults();
    OWNED(extract) struct extract *x = NULL;
    struct links l;

    o.elements = UINT64_MAX;
    x = extract_new(&o, here, STR("text/html"));
    CHECK_OK(buf_put(&header, STR("</")));
    for (int i = 0; i < 70000; i++)
        CHECK_OK(buf_put_char(&header, 'x'));
    CHECK_OK(buf_put(&header, STR(">, <a>; rel=\"")));
    for (int i = 0; i < 70000; i++)
        CHECK_OK(buf_put_char(&header, 'y'));
    CHECK_OK(buf_put(&header, STR("\", <b>; anchor=\"")));
    for (int i = 0; i < 70000; i++)
        CHECK_OK(buf_put_char(&header, 'z'));
    links_init(&l);
    extract_put_header(x, buf_str(&header));
    CHECK_OK(extract_finish(x, &l));
    CHECK_INT(l.dropped, 1);
    CHECK_STR(buf_str(&l.urls), "http://h.example/dir/a");
    links_done(&l);
}

TEST_MAIN
