#include "crawler/mime.h"

#include "tests/test.h"

TEST(takes_a_type_apart) {
    struct mime m;

    CHECK_OK(mime_parse(STR(" Text/HTML ; a=b; Charset=\"g\\bk\" "), &m));
    CHECK_STR(m.type, "Text");
    CHECK_STR(m.subtype, "HTML");
    CHECK(mime_is(&m, STR("text/html")));
    CHECK(!mime_is(&m, STR("text/htm")));
    CHECK(m.has_charset);
    CHECK_STR(mime_charset(&m), "gbk");
}

TEST(refuses_what_is_no_type) {
    static const char *const bad[] = {"",           "text",        "text/", "/html",
                                      "te xt/html", "text/h\"tml", ";"};
    struct mime m;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(mime_parse(str_of(bad[i]), &m), ERR_INVALID);
}

TEST(cuts_an_endless_charset) {
    char value[4096] = "text/html;charset=";
    struct mime m;

    memset(value + 18, 'x', sizeof value - 18);
    CHECK_OK(mime_parse(str_at(value, sizeof value), &m));
    CHECK_INT(m.charset_len, MIME_CHARSET_MAX);
}

TEST(a_charset_with_controls_does_not_count) {
    struct mime m;

    CHECK_OK(mime_parse(STR("text/html;charset=a\x01;charset=utf-8"), &m));
    CHECK_STR(mime_charset(&m), "utf-8");
}

TEST(recognises_html_by_its_beginning) {
    CHECK(mime_looks_like_html(STR("  \n<!DOCTYPE HTML>")));
    CHECK(mime_looks_like_html(STR("\xef\xbb\xbf<html lang=en>")));
    CHECK(mime_looks_like_html(STR("<!-- x")));
    CHECK(mime_looks_like_html(STR("<a href=x>")));
    CHECK(!mime_looks_like_html(STR("<abbr>")));
    CHECK(!mime_looks_like_html(STR("<a")));
    CHECK(!mime_looks_like_html(STR("{\"a\": \"<html>\"}")));
    CHECK(!mime_looks_like_html(STR("")));
}

/* MIME Sniffing Standard section 7.3 */
TEST(recognises_a_feed_by_its_beginning) {
    CHECK(mime_looks_like_feed(STR("\xef\xbb\xbf <?xml version='1.0'?>\n<!-- <a> --><rss>")));
    CHECK(mime_looks_like_feed(STR("<!DOCTYPE rss><feed xmlns=''>")));
    CHECK(mime_looks_like_feed(STR("<urlset>")));
    CHECK(mime_looks_like_feed(STR("<rdf:RDF xmlns='http://purl.org/rss/1.0/' "
                                   "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>")));
    CHECK(!mime_looks_like_feed(STR("<rdf:RDF xmlns='http://purl.org/rss/1.0/'>")));
    CHECK(!mime_looks_like_feed(STR("<!DOCTYPE html><html><rss>")));
    CHECK(!mime_looks_like_feed(STR("text <rss>")));
    CHECK(!mime_looks_like_feed(STR("<!-- <rss>")));
    CHECK(!mime_looks_like_feed(STR("")));
    CHECK(mime_looks_like_xml(STR(" <?xml version='1.0'?>")));
    CHECK(!mime_looks_like_xml(STR("<xml>")));
}

/* MIME Sniffing Standard section 4.6 */
TEST(knows_xml_types) {
    static const char *const xml[] = {"text/xml", "Application/XML; charset=x",
                                      "application/rss+xml", "image/svg+XML"};
    struct mime m;

    for (size_t i = 0; i < sizeof xml / sizeof *xml; i++) {
        CHECK_OK(mime_parse(str_of(xml[i]), &m));
        CHECK(mime_is_xml(&m));
    }
    CHECK_OK(mime_parse(STR("application/xml-dtd"), &m));
    CHECK(!mime_is_xml(&m));
    CHECK_OK(mime_parse(STR("x/+xml"), &m));
    CHECK(!mime_is_xml(&m));
}

TEST_MAIN
