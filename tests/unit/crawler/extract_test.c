#include "tests/unit/crawler/extract_rig.h"

static const uint64_t all = UINT64_MAX;

static void check_all(const char *html, const char *wanted) {
    struct extract_options o = extract_defaults();

    o.elements = all;
    check(&o, "text/html; charset=utf-8", str_of(html), URLS, wanted);
}

static void check_default(const char *html, const char *wanted) {
    struct extract_options o = extract_defaults();

    check(&o, "text/html; charset=utf-8", str_of(html), URLS, wanted);
}

TEST(finds_links_once_and_in_order) {
    check_default("<a href=b>x</a><A HREF='a'>y</a><a href=\"b\">z</a><a name=x>"
                  "<link href=/s.css><area href='?x'><img src=i.png>",
                  "http://h.example/dir/b\nhttp://h.example/dir/a\nhttp://h.example/s.css\n"
                  "http://h.example/dir/page?x");
}

TEST(strips_fragments_before_it_compares) {
    struct extract_options o = extract_defaults();
    struct str html = STR("<a href=a#1><a href=a#2><a href=#3>");

    check(&o, "text/html", html, URLS, "http://h.example/dir/a\nhttp://h.example/dir/page?q");
    o.fragments = FRAGMENTS_KEEP;
    check(&o, "text/html", html, URLS,
          "http://h.example/dir/a#1\nhttp://h.example/dir/a#2\nhttp://h.example/dir/page?q#3");
}

TEST(takes_asked_schemes_only) {
    struct extract_options o = extract_defaults();
    struct str html = STR("<a href=mailto:a@b><a href=ftp://f/><a href=HTTPS://s/><a href=x:y>");

    check(&o, "text/html", html, URLS, "https://s/");
    o.schemes = STR("ftp, mailto");
    check(&o, "text/html", html, URLS, "mailto:a@b\nftp://f/");
    o.schemes = STR("*");
    check(&o, "text/html", html, URLS, "mailto:a@b\nftp://f/\nhttps://s/\nx:y");
}

TEST(the_first_base_counts_for_all) {
    check_default("<a href=a><base target=_top><base href=/b/><a href=c><base href=/d/><a href=e>",
                  "http://h.example/b/a\nhttp://h.example/b/c\nhttp://h.example/b/e");
    check_default("<base href='http://o.example/x'><a href=a>", "http://o.example/a");
    check_default("<base href='data:,x'><base href=/b/><a href=a>", "http://h.example/dir/a");
    check_default("<base href='javascript:x'><a href=a>", "http://h.example/dir/a");
    check_default("<base href='http://['><base href=/b/><a href=a>", "http://h.example/dir/a");
    check_default("<template><base href=/b/></template><a href=a>", "http://h.example/dir/a");
    check_default("<a href=/b/a><a href=a><base href=/b/>", "http://h.example/b/a");
    check_all("<base href=sub/>", "http://h.example/dir/sub/");
}

TEST(a_base_after_very_many_links_counts_for_the_rest) {
    OWNED_BUF struct buf html = BUF_INIT(1 << 20);
    struct extract_options o = extract_defaults();
    struct links l;

    for (int i = 0; i < 5000; i++)
        CHECK_OK(buf_printf(&html, "<a href=link-%d>", i));
    CHECK_OK(buf_put(&html, STR("<base href=/b/><a href=z>")));
    links_init(&l);
    CHECK_OK(extract_by(&o, STR("text/html"), buf_str(&html), STR_END, &l));
    CHECK_INT(l.n, 5001);
    CHECK(str_starts(buf_str(&l.urls), STR("http://h.example/dir/link-0\n")));
    CHECK(str_ends(buf_str(&l.urls), STR("\nhttp://h.example/b/z")));
    links_done(&l);
}

TEST(knows_every_attribute_that_carries_urls) {
    check_all("<a href=1 ping='2 3'>", "http://h.example/dir/1\nhttp://h.example/dir/2\n"
                                       "http://h.example/dir/3");
    check_all("<img src=1 srcset='2 2x' lowsrc=3><image src=4>",
              "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3\n"
              "http://h.example/dir/4");
    check_all("<form action=1></form><input formaction=2 src=3><button formaction=4></button>",
              "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3\n"
              "http://h.example/dir/4");
    check_all(
        "<video src=1 poster=2><source src=3 srcset=4><track src=5></video><audio src=6></audio>",
        "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3\n"
        "http://h.example/dir/4\nhttp://h.example/dir/5\nhttp://h.example/dir/6");
    check_all("<script src=1></script><iframe src=2></iframe><embed src=3>"
              "<object data=4 archive='5 6'></object>",
              "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3\n"
              "http://h.example/dir/4\nhttp://h.example/dir/5\nhttp://h.example/dir/6");
    check_all("<blockquote cite=1></blockquote><q cite=2></q><ins cite=3></ins><del cite=4></del>",
              "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3\n"
              "http://h.example/dir/4");
    check_all("<html manifest=1><body background=2><table background=3><tr><td background=4>",
              "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3\n"
              "http://h.example/dir/4");
    check_all("<link rel=preload imagesrcset='1 1x, 2 2x' href=3>",
              "http://h.example/dir/1\nhttp://h.example/dir/2\nhttp://h.example/dir/3");
    check_all("<img usemap=#m data-src=x><div href=y><span src=z>", "");
}

TEST(reports_the_asked_elements_only) {
    struct extract_options o = extract_defaults();

    o.elements = 1U << TAG_IMG;
    check(&o, "text/html", STR("<a href=a><img src=b><base href=/x/><area href=c>"), URLS,
          "http://h.example/x/b");
}

/* HTML Standard, "parse a srcset attribute" */
TEST(reads_srcset) {
    static const struct {
        const char *value, *urls;
    } cases[] = {
        {"a", "a"},
        {"a 1x, b 2x", "a b"},
        {"a,b", "a,b"},
        {"a, b", "a b"},
        {"a,, b", "a b"},
        {" ,, a 100w ,\n b 1.5x", "a b"},
        {"a 1e3x, b 2X", "a"},
        {"a 0w, b 10w", "b"},
        {"a 10w 5h, b 5h", "a"},
        {"a 1x 2x, b", "b"},
        {"a -1x, b -0x, c +1x", "b"},
        {"a (x, y) 1x, b", "b"},
        {"data:,x 1x, b 1x", "b"},
        {"a .5x, b 1.x, c 1.5e-1x", "a c"},
        {"", ""},
        {" , ", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_BUF struct buf html = BUF_INIT(4096), wanted = BUF_INIT(4096);
        struct str urls = str_of(cases[i].urls);

        CHECK_OK(buf_printf(&html, "<img srcset=\"%s\">", cases[i].value));
        while (urls.len) {
            struct str url = str_cut(&urls, ' ');
            CHECK_OK(buf_printf(&wanted, "%shttp://h.example/dir/%.*s", wanted.len ? "\n" : "",
                                (int)url.len, url.ptr));
        }
        CHECK_OK(buf_put_char(&wanted, 0));
        CHECK_OK(buf_put_char(&html, 0));
        check_all(html.ptr, wanted.ptr);
    }
}

/* HTML Standard, "shared declarative refresh steps" */
TEST(reads_meta_refresh) {
    static const struct {
        const char *value, *url;
    } cases[] = {
        {"0; url=x", "x"},   {"5;x", "x"},       {" 1.5 , URL = x", "x"},
        {"0;url='x'y", "x"}, {"0;'x", "x"},      {"0; url", "url"},
        {"0; urlx", "urlx"}, {".5; url=x", "x"}, {"0 url=x", "x"},
        {"0", NULL},         {"0;", NULL},       {"x; url=y", NULL},
        {"0x; url=y", NULL}, {"", NULL},         {"-1; url=x", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_BUF struct buf html = BUF_INIT(4096), wanted = BUF_INIT(4096);

        CHECK_OK(
            buf_printf(&html, "<meta http-equiv=Refresh content=\"%s\">%c", cases[i].value, 0));
        if (cases[i].url)
            CHECK_OK(buf_printf(&wanted, "http://h.example/dir/%s", cases[i].url));
        CHECK_OK(buf_put_char(&wanted, 0));
        check_all(html.ptr, wanted.ptr);
    }
    check_all("<meta name=x content='0;url=y'>", "");
    check_default("<meta http-equiv=refresh content='0;url=y'>", "");
}

TEST(leaves_out_templates_and_foreign_elements) {
    check_all("<template><a href=a><img src=b></template><a href=c>", "http://h.example/dir/c");
    check_all("<svg><a href=a></a><image href=b /></svg><a href=c>", "http://h.example/dir/c");
}

TEST(keeps_rel_tidy) {
    struct extract_options o = extract_defaults();

    check(&o, "text/html", STR("<a href=a rel=' no\tfollow\n\n ugc\x01x '><a href=b>"), RELS,
          "http://h.example/dir/a no follow ugc x\nhttp://h.example/dir/b ");
    check(&o, "text/html;charset=utf-8", STR("<link href=a rel='\xff'>"), RELS,
          "http://h.example/dir/a \xef\xbf\xbd");
}

TEST(drops_nofollow_where_asked) {
    struct extract_options o = extract_defaults();

    o.nofollow = NOFOLLOW_DROP;
    check(&o, "text/html", STR("<a href=a rel='x NOFOLLOW'><a href=b rel=nofollows><a href=c>"),
          URLS, "http://h.example/dir/b\nhttp://h.example/dir/c");
}

static void check_text(const char *html, const char *wanted) {
    struct extract_options o = extract_defaults();

    o.text = true;
    check(&o, "text/html; charset=utf-8", str_of(html), TEXTS, wanted);
}

TEST(collects_the_text_of_an_anchor) {
    check_text("<a href=a> One\n <b>two</b>&amp;\t&eacute; </a>no<a href=b>three",
               "http://h.example/dir/a One two& é\nhttp://h.example/dir/b three");
    check_text("<a href=a>x<a href=b>y</a>z", "http://h.example/dir/a x\nhttp://h.example/dir/b y");
    check_text("<a href=a><script>no</script><style>no</style>x</a>", "http://h.example/dir/a x");
    check_text("<table><tr><td><a href=a>x</td><td>y</td></table>z", "http://h.example/dir/a x");
    check_text("<a href=a><table><tr><td>x</td></tr></table>y</a>z", "http://h.example/dir/a xy");
    check_text("<a href=a>\xff\x01 \xc2\x85z</a>", "http://h.example/dir/a \xef\xbf\xbd z");
    check_text("<a name=a>x</a><a href=b></a><link href=c>",
               "http://h.example/dir/b \nhttp://h.example/dir/c ");
}

TEST(what_is_inside_an_anchor_follows_it) {
    struct extract_options o = extract_defaults();

    o.text = true;
    o.elements = all;
    check(&o, "text/html", STR("<a href=a ping=p><img src=i>x</a><img src=j>"), TEXTS,
          "http://h.example/dir/a x\nhttp://h.example/dir/p \nhttp://h.example/dir/i \n"
          "http://h.example/dir/j ");
}

TEST(cuts_long_texts_between_characters) {
    OWNED_BUF struct buf html = BUF_INIT(1 << 20);
    struct extract_options o = extract_defaults();
    struct links_view v;
    struct link link;
    struct links l;

    CHECK_OK(buf_put(&html, STR("<a href=a>x")));
    for (int i = 0; i < 1000; i++)
        CHECK_OK(buf_put(&html, STR("é")));
    o.text = true;
    links_init(&l);
    CHECK_OK(extract_by(&o, STR("text/html"), buf_str(&html), 5, &l));
    v = links_view(&l);
    CHECK_OK(links_view_next(&v, &link));
    CHECK_INT(link.text.len, 999);
    CHECK(str_ends(link.text, STR("é")));
    links_done(&l);
}

TEST(counts_what_it_drops) {
    OWNED_BUF struct buf html = BUF_INIT(1 << 20);
    struct extract_options o = extract_defaults();
    struct links l;

    CHECK_OK(buf_put(&html, STR("<a href=1><a href=2><a href=3><a href=1><a href='/")));
    for (int i = 0; i < 70000; i++)
        CHECK_OK(buf_put_char(&html, 'x'));
    CHECK_OK(buf_put(&html, STR("'><base href=/b/><a href='")));
    for (int i = 0; i < 30000; i++)
        CHECK_OK(buf_put(&html, STR("é"))); /* three times as long when escaped */
    CHECK_OK(buf_put(&html, STR("'>")));
    o.max_links = 2;
    links_init(&l);
    CHECK_OK(extract_by(&o, STR("text/html;charset=utf-8"), buf_str(&html), 1000, &l));
    CHECK_INT(l.n, 2);
    CHECK_INT(l.dropped, 3);
    links_done(&l);
}

TEST(reads_html_types_only) {
    struct extract_options o = extract_defaults();

    CHECK(extract_reads(STR("text/html")));
    CHECK(extract_reads(STR("Application/XHTML+xml; charset=x")));
    CHECK(extract_reads(STR_NONE));
    CHECK(extract_reads(STR("rubbish")));
    CHECK(!extract_reads(STR("text/plain")));
    CHECK(!extract_reads(STR("application/pdf")));
    check(&o, "", STR("<!doctype html><a href=a>"), URLS, "http://h.example/dir/a");
    check(&o, "", STR("some <a href=a> text"), URLS, "");
    check(&o, "text/html", STR("some <a href=a> text"), URLS, "http://h.example/dir/a");
    check(&o, "application/xhtml+xml", STR("<?xml version='1.0'?><html><a href=a />"), URLS,
          "http://h.example/dir/a");
}

/* --- encodings ---------------------------------------------------------------------- */

static void check_query(const char *type, struct str html, const char *wanted) {
    struct extract_options o = extract_defaults();

    check(&o, type, html, URLS, wanted);
}

TEST(queries_are_in_the_encoding_of_the_document) {
    check_query("text/html; charset=utf-8", STR("<a href='?\xc3\xa9&eacute;'>"),
                "http://h.example/dir/page?%C3%A9%C3%A9");
    check_query("text/html; charset=latin1", STR("<a href='/\xe9?\xe9&eacute;&#x4e2d;'>"),
                "http://h.example/%C3%A9?%E9%E9%26%2320013%3B");
    check_query("text/html; charset=shift_jis", STR("<a href='/?\x93\xfa\x96\x5c'>"),
                "http://h.example/?%93%FA%96\\");
    check_query("text/html; charset=gbk", STR("<a href='/?\xd6\xd0'>"), "http://h.example/?%D6%D0");
    check_query("text/html", STR("<meta charset=koi8-r><a href='/?\xc1'>"),
                "http://h.example/?%C1");
    check_query("text/html; charset=utf-8", STR("<meta charset=koi8-r><a href='/?\xd0\xb0'>"),
                "http://h.example/?%D0%B0");
}

TEST(a_byte_order_mark_beats_all) {
    check_query("text/html; charset=koi8-r", STR("\xef\xbb\xbf<a href='/?\xc3\xa9'>"),
                "http://h.example/?%C3%A9");
}

TEST(reads_utf16) {
    check_query("text/html", STR("\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0?\0\xe9\0>\0"),
                "http://h.example/dir/page?%C3%A9");
    check_query("text/html", STR("\xfe\xff\0<\0a\0 \0h\0r\0e\0f\0=\0?\0\xe9\0>"),
                "http://h.example/dir/page?%C3%A9");
    check_query("text/html; charset=utf-16le", STR("<\0a\0 \0h\0r\0e\0f\0=\0?\0\xe9\0>\0"),
                "http://h.example/dir/page?%C3%A9");
    check_query("text/html", STR("<meta charset=utf-16><a href='?\xc3\xa9'>"),
                "http://h.example/dir/page?%C3%A9");
}

TEST(an_encoding_that_hides_scripts_hides_all) {
    check_query("text/html; charset=iso-2022-kr", STR("<a href=a>"), "");
}

TEST(guesses_where_nothing_is_declared) {
    check_query("text/html", STR("<p>gr\xc3\xbc\xc3\x9f<a href='?\xc3\xa9'>"),
                "http://h.example/dir/page?%C3%A9");
    check_query(
        "text/html",
        STR("<p>\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2! \xfc\xd4\xcf \xd2\xd5\xd3\xd3\xcb\xc9\xca "
            "\xd4\xc5\xcb\xd3\xd4 \xd7 \xcb\xcf\xc4\xc9\xd2\xcf\xd7\xcb\xc5.<a href='?\xc1'>"),
        "http://h.example/dir/page?%C1");
}

/* HTML Standard, "changing the encoding while parsing" */
TEST(a_late_meta_still_counts_before_other_bytes) {
    OWNED_BUF struct buf html = BUF_INIT(1 << 20);

    CHECK_OK(buf_put(&html, STR("<!--")));
    for (int i = 0; i < 3000; i++)
        CHECK_OK(buf_put_char(&html, 'x'));
    CHECK_OK(buf_put(&html, STR("--><meta http-equiv=content-type content='a; charset=koi8-r'>"
                                "<meta charset=big5><a href='?\xc1'>")));
    check_query("text/html", buf_str(&html), "http://h.example/dir/page?%C1");
    html.ptr[100] = (char)0xc1; /* now a byte comes before it that it should have told of */
    check_query("text/html", buf_str(&html), "http://h.example/dir/page?%C1");
}

TEST(an_empty_document_has_no_links) {
    check_default("", "");
    check_query("", STR(""), "");
    check_query("text/html; charset=gbk", STR("\xd6"), "");
}

TEST_MAIN
