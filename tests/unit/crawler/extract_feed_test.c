/* Feeds and sitemaps as pages: RSS 0.9x, 1.0 and 2.0, RFC 4287 (Atom), sitemaps.org 0.9;
 * each case names its section.
 */
#include "tests/unit/crawler/extract_rig.h"

#define XML "<?xml version='1.0' encoding='utf-8'?>\n"
#define RSS(items) XML "<rss version='2.0'><channel>" items "</channel></rss>"
#define RDF(items)                                                                                 \
    XML "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"                         \
        " xmlns='http://purl.org/rss/1.0/'>" items "</rdf:RDF>"
#define ATOM(items) XML "<feed xmlns='http://www.w3.org/2005/Atom'>" items "</feed>"
#define SITEMAP(items)                                                                             \
    XML "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"                              \
        " xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'"                           \
        " xmlns:v='http://www.google.com/schemas/sitemap-video/1.1'"                               \
        " xmlns:xhtml='http://www.w3.org/1999/xhtml'>" items "</urlset>"

struct one {
    const char *section, *xml, *wanted;
};

static void check_each(const struct one *cases, size_t n, const char *type, enum show show) {
    for (size_t i = 0; i < n; i++) {
        struct extract_options o = extract_defaults();

        check(&o, type, str_of(cases[i].xml), show, cases[i].wanted);
        if (test_failures) {
            printf("  in %s: %s\n", cases[i].section, cases[i].xml);
            return;
        }
    }
    printf("%zu cases\n", n);
}
#define CHECK_EACH(cases, type, show) check_each(cases, sizeof(cases) / sizeof *(cases), type, show)

TEST(reads_rss) {
    static const struct one cases[] = {
        {"2.0, required channel elements",
         RSS("<title>T http://no/</title><link>http://c.example/</link><description>http://no/"
             "</description>"),
         "http://c.example/ feed link"},
        {"2.0, optional channel elements: docs, generator is a text",
         RSS("<docs>http://d.example/</docs><generator>http://no/</generator>"),
         "http://d.example/ feed docs"},
        {"2.0, <image>", RSS("<image><url>/i.png</url><title>t</title><link>/l</link></image>"),
         "http://h.example/i.png feed url\nhttp://h.example/l feed link"},
        {"2.0, <textInput>", RSS("<textInput><name>q</name><link>/cgi</link></textInput>"),
         "http://h.example/cgi feed link"},
        {"2.0, <cloud> has no URL", RSS("<cloud domain='r.example' port='80' path='/RPC2'/>"), ""},
        {"2.0, elements of <item>",
         RSS("<item><title>t</title><link>/1</link><comments>/1#c</comments></item>"
             "<item><link>/2</link><comments>/2/c</comments></item>"),
         "http://h.example/1 feed link\nhttp://h.example/2 feed link\n"
         "http://h.example/2/c feed comments"},
        {"2.0, <guid>",
         RSS("<item><guid>http://g.example/1</guid></item>"
             "<item><guid isPermaLink='true'> http://g.example/2 </guid></item>"
             "<item><guid isPermaLink='false'>http://g.example/3</guid></item>"
             "<item><guid>4e71-87b4</guid></item><item><guid>tag:x,2005:1</guid></item>"),
         "http://g.example/1 feed guid\nhttp://g.example/2 feed guid"},
        {"2.0, <enclosure> and <source>",
         RSS("<item><enclosure url='http://e.example/a.mp3' length='1' type='audio/mpeg'/>"
             "<source url='http://s.example/rss'>S</source></item>"),
         "http://e.example/a.mp3 feed enclosure\nhttp://s.example/rss feed source"},
        {"2.0, <category> domain is no link",
         RSS("<item><category domain='http://no/'>c</category></item>"), ""},
        {"2.0, extending RSS: modules",
         XML "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'"
             " xmlns:m='http://search.yahoo.com/mrss/' xmlns:wfw='http://wellformedweb.org/"
             "CommentAPI/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
             " xmlns:x='http://x.example/ns'><channel><atom:link rel='self' href='/feed'/>"
             "<item><m:group><m:content url='/v.mp4'><m:thumbnail url='/t.jpg'/></m:content>"
             "</m:group><itunes:image href='/p.jpg'/><wfw:commentRss>/c</wfw:commentRss>"
             "<x:link>/no</x:link></item></channel></rss>",
         "http://h.example/feed feed link\nhttp://h.example/v.mp4 feed media:content\n"
         "http://h.example/t.jpg feed media:thumbnail\nhttp://h.example/p.jpg feed itunes:image\n"
         "http://h.example/c feed wfw:commentRss"},
        {"modules whose prefix nobody declared",
         RSS("<atom:link href='/f'/><media:content url='/m'/><foo:link>/no</foo:link>"),
         "http://h.example/f feed link\nhttp://h.example/m feed media:content"},
        {"2.0, entity-encoded HTML is not read",
         RSS("<item><description>&lt;a href=/no&gt;</description><description><![CDATA["
             "<a href=/no>]]></description></item>"),
         ""},
        {"an empty element says nothing",
         RSS("<link/><link> </link><link></link><enclosure url=''/><image><url/></image>"), ""},
        {"references, CDATA and bare ampersands",
         RSS("<link>http://x/?a=1&amp;b=2</link><link><![CDATA[ http://x/?a&b ]]></link>"
             "<link>http://x/?a=1&b=3&nbsp;</link>"),
         "http://x/?a=1&b=2 feed link\nhttp://x/?a&b feed link\nhttp://x/?a=1&b=3&nbsp; feed link"},
        {"one that was not closed",
         RSS("<item><link>/1<title>t</title></item><item><link>/2</item>"),
         "http://h.example/1 feed link\nhttp://h.example/2 feed link"},
        {"0.91, with its DOCTYPE",
         "<!DOCTYPE rss PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" "
         "\"http://my.netscape.com/publish/formats/rss-0.91.dtd\"><rss version='0.91'><channel>"
         "<link>/c</link><item><link>/1</link></item></channel></rss>",
         "http://h.example/c feed link\nhttp://h.example/1 feed link"},
        {"1.0, section 5",
         RDF("<channel rdf:about='http://no/'><link>/c</link><image rdf:resource='/no'/><items>"
             "<rdf:Seq><rdf:li resource='/no'/></rdf:Seq></items></channel><image rdf:about='/no'>"
             "<url>/i.gif</url><link>/c</link></image><item rdf:about='/no'><link>/1</link></item>"
             "<textinput><link>/q</link></textinput>"),
         "http://h.example/c feed link\nhttp://h.example/i.gif feed url\n"
         "http://h.example/1 feed link\nhttp://h.example/q feed link"},
        {"1.0, section 6: modules",
         RDF("<item xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:link>/no</dc:link></item>"),
         ""},
        {"0.90",
         "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
         "xmlns='http://my.netscape.com/rdf/simple/0.9/'><item><link>/1</link></item></rdf:RDF>",
         "http://h.example/1 feed link"},
    };

    CHECK_EACH(cases, "application/rss+xml", PLACES);
}

TEST(reads_atom) {
    static const struct one cases[] = {
        {"RFC 4287 1.1, examples",
         ATOM("<title>dive into mark</title><subtitle type='html'>A &lt;em&gt;lot&lt;/em&gt;"
              "</subtitle><id>tag:example.org,2003:3</id><link rel='alternate' type='text/html' "
              "hreflang='en' href='http://example.org/'/><link rel='self' "
              "type='application/atom+xml' href='http://example.org/feed.atom'/>"
              "<generator uri='http://www.example.com/' version='1.0'>Example</generator><entry>"
              "<link rel='alternate' href='http://example.org/2005/04/02/atom'/><link "
              "rel='enclosure' type='audio/mpeg' length='1337' href='http://example.org/a.mp3'/>"
              "<author><name>Mark</name><uri>http://example.org/mark</uri></author></entry>"),
         "http://example.org/ alternate\nhttp://example.org/feed.atom self\n"
         "http://www.example.com/ \nhttp://example.org/2005/04/02/atom alternate\n"
         "http://example.org/a.mp3 enclosure\nhttp://example.org/mark "},
        {"2, xml:base",
         "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://b.example/x/'><link href='1'/>"
         "<entry xml:base='y/'><link href='2'/><content src='3' xml:base='/z/'/></entry>"
         "<link href='4'/><icon xml:base='http://['>5</icon></feed>",
         "http://b.example/x/1 \nhttp://b.example/x/y/2 \nhttp://b.example/z/3 \n"
         "http://b.example/x/4 \nhttp://b.example/x/5 "},
        {"2, relative to the document", ATOM("<link href='a?b#c'/><link href=''/>"),
         "http://h.example/dir/a?b \nhttp://h.example/dir/page?q "},
        {"2, IRIs",
         ATOM("<link href='http://b\xc3\xbc"
              "cher.example/\xc3\xa9?\xc3\xa9'/>"),
         "http://xn--bcher-kva.example/%C3%A9?%C3%A9 "},
        {"3.1.1.3, XHTML",
         ATOM("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><a href='/x' "
              "rel='tag'>x</a><img src='/no-image'/><a/></div></content>"),
         "http://h.example/x tag"},
        {"3.1.1.2, HTML is not read", ATOM("<content type='html'>&lt;a href='/no'&gt;</content>"),
         ""},
        {"3.2.2, atom:uri", ATOM("<contributor><uri>/me</uri></contributor>"),
         "http://h.example/me "},
        {"4.1.3.2, src", ATOM("<entry><content type='video/mp4' src='/v.mp4'/></entry>"),
         "http://h.example/v.mp4 "},
        {"4.1.3.2, content of the feed's text", ATOM("<entry><content>/no</content></entry>"), ""},
        {"4.2.2, scheme is no link", ATOM("<category term='t' scheme='http://no/'/>"), ""},
        {"4.2.5 and 4.2.8, icon and logo", ATOM("<icon>/i.ico</icon><logo>\n/l.png\n</logo>"),
         "http://h.example/i.ico \nhttp://h.example/l.png "},
        {"4.2.6, an id is never to be followed", ATOM("<id>http://no/</id>"), ""},
        {"4.2.7.1, no href", ATOM("<link rel='self'/>"), ""},
        {"4.2.7.2, rel",
         ATOM("<link href='/1' rel=' next\n  x '/><link rel='http://e/nofollow' href='/2'/>"),
         "http://h.example/1 next x\nhttp://h.example/2 http://e/nofollow"},
        {"4.2.11, source", ATOM("<entry><source><link href='/s'/></source></entry>"),
         "http://h.example/s "},
        {"6.4, other markup",
         ATOM("<x:link xmlns:x='http://x/' href='/no'/><link xmlns='' href='/no'/>"), ""},
        {"prefixes of any name",
         "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:link href='/1'/><link href='/no'/>"
         "</a:feed>",
         "http://h.example/1 "},
        {"2, an entry may be the document",
         "<entry xmlns='http://www.w3.org/2005/Atom'><link href='/1'/></entry>",
         "http://h.example/1 "},
        {"0.3",
         "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><link rel='alternate' href='/1'/>"
         "<author><url>/me</url></author><generator url='/g'/></feed>",
         "http://h.example/1 alternate\nhttp://h.example/me \nhttp://h.example/g "},
    };

    CHECK_EACH(cases, "application/atom+xml", RELS);
}

TEST(tells_the_sitemaps_of_an_index) {
    static const struct one cases[] = {
        {"an index",
         "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap>"
         "<loc>http://www.example.com/1.xml</loc></sitemap></sitemapindex>",
         "http://www.example.com/1.xml sitemap"},
        {"a sitemap", SITEMAP("<url><loc>/p</loc></url>"), "http://h.example/p "},
    };

    CHECK_EACH(cases, "application/xml", RELS);
}

TEST(reads_sitemaps) {
    static const struct one cases[] = {
        {"XML tag definitions",
         SITEMAP("<url><loc>http://www.example.com/</loc><lastmod>2005-01-01</lastmod>"
                 "<changefreq>monthly</changefreq><priority>0.8</priority></url>"
                 "<url><loc>\n  http://www.example.com/a  </loc></url>"),
         "http://www.example.com/ sitemap loc\nhttp://www.example.com/a sitemap loc"},
        {"entity escaping",
         SITEMAP("<url><loc>http://www.example.com/&#252;mlat.php&amp;q=name</loc></url>"),
         "http://www.example.com/%C3%BCmlat.php&q=name sitemap loc"},
        {"sitemap index files",
         "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap>"
         "<loc>http://www.example.com/1.xml.gz</loc><lastmod>2004</lastmod></sitemap><sitemap>"
         "<loc>http://www.example.com/2.xml.gz</loc></sitemap></sitemapindex>",
         "http://www.example.com/1.xml.gz sitemap loc\nhttp://www.example.com/2.xml.gz sitemap "
         "loc"},
        {"image extension",
         SITEMAP("<url><loc>/p</loc><image:image><image:loc>/i.jpg</image:loc>"
                 "<image:license>/no</image:license></image:image></url>"),
         "http://h.example/p sitemap loc\nhttp://h.example/i.jpg sitemap image:loc"},
        {"video extension",
         SITEMAP("<url><loc>/p</loc><v:video><v:thumbnail_loc>/t</v:thumbnail_loc>"
                 "<v:content_loc>/c</v:content_loc><v:player_loc>/l</v:player_loc>"
                 "<v:title>http://no/</v:title></v:video></url>"),
         "http://h.example/p sitemap loc\nhttp://h.example/t sitemap video:thumbnail_loc\n"
         "http://h.example/c sitemap video:content_loc\nhttp://h.example/l sitemap "
         "video:player_loc"},
        {"news extension has no URL",
         SITEMAP("<url><loc>/p</loc><n:news xmlns:n='http://www.google.com/schemas/sitemap-news/"
                 "0.9'><n:title>http://no/</n:title></n:news></url>"),
         "http://h.example/p sitemap loc"},
        {"localised versions",
         SITEMAP("<url><loc>/p</loc><xhtml:link rel='alternate' hreflang='de' href='/de'/></url>"),
         "http://h.example/p sitemap loc\nhttp://h.example/de link href"},
        {"other namespaces", SITEMAP("<url><x:loc xmlns:x='http://x/'>/no</x:loc></url>"), ""},
        {"no namespace", "<urlset><url><loc>/p</loc></url></urlset>",
         "http://h.example/p sitemap loc"},
        {"another version's namespace",
         "<urlset xmlns='http://www.google.com/schemas/sitemap/0.84'><url><loc>/p</loc></url>"
         "</urlset>",
         "http://h.example/p sitemap loc"},
        {"cut", "<urlset><url><loc>/p</loc></url><url><loc>/cu", "http://h.example/p sitemap loc"},
        {"twice", "<urlset><url><loc>/p</loc></url><url><loc>/p</loc></url></urlset>",
         "http://h.example/p sitemap loc"},
        {"no entity is expanded (XML 1.0 4.3.2)",
         "<!DOCTYPE urlset [<!ENTITY a 'http://no/'><!ENTITY b SYSTEM 'file:///etc/passwd'>"
         "<!ENTITY c '&a;&a;&a;&a;&a;&a;'>]><urlset><url><loc>/x&a;&c;</loc></url><url><loc>&b;"
         "</loc></url></urlset>",
         "http://h.example/x&a;&c; sitemap loc\nhttp://h.example/dir/&b; sitemap loc"},
    };

    CHECK_EACH(cases, "text/xml", PLACES);
}

/* --- what is a feed ------------------------------------------------------------------------ */

static void check_type(const char *type, const char *document, const char *wanted) {
    struct extract_options o = extract_defaults();

    check(&o, type, str_of(document), URLS, wanted);
}

#define FEED "<rss><channel><link>/l</link></channel></rss>"
static const char *const found = "http://h.example/l";

/* MIME Sniffing Standard sections 4.6 (XML MIME types), 7.1 and 7.3 */
TEST(a_feed_is_one_by_type_and_root) {
    check_type("application/xml", FEED, found);
    check_type("Application/RDF+XML;charset=utf-8", FEED, found);
    check_type("application/vnd.example+xml", FEED, found);
    check_type("", FEED, found);
    check_type("", "<?xml version='1.0'?><!-- x -->" FEED, found);
    check_type("text/html", "\n<?xml version='1.0'?> <!-- <a> --><!DOCTYPE rss>" FEED, found);
    check_type("text/html", "<urlset><url><loc>/l</loc></url></urlset>", found);
    check_type("text/html", "<sitemapindex><sitemap><loc>/l</loc></sitemap></sitemapindex>", found);
    check_type("text/html", RDF("<item><link>/l</link></item>"), found);
    check_type("text/html", "<rdf:RDF><item><link href=x>/l</link></item></rdf:RDF>",
               "http://h.example/dir/x");
    check_type("text/html", "<p><rss><link>/no</link></rss>", "");
    check_type("text/plain", FEED, "");
    check_type("application/json", FEED, "");
    check_type("application/xml", "<x><link>/no</link><a href='/no'/></x>", "");
    check_type("image/svg+xml",
               "<svg xmlns='http://www.w3.org/2000/svg' xmlns:h='http://www.w3.org/1999/xhtml'>"
               "<a href='/no'/><h:a href='/no'/></svg>",
               "");
    check_type("application/rss+xml", "<html><a href='/no'>not found</a></html>", "");
    check_type("application/rss+xml", "", "");
}

TEST(a_far_root_is_found_too) {
    OWNED_BUF struct buf document = BUF_INIT(1 << 20);

    CHECK_OK(buf_put(&document, STR("<!--")));
    for (int i = 0; i < 40000; i++)
        CHECK_OK(buf_put_char(&document, 'x'));
    CHECK_OK(buf_put(&document, STR("-->" FEED "\0")));
    check_type("text/xml", document.ptr, found);
}

/* --- options and limits ----------------------------------------------------------------------- */

TEST(options_hold_for_feeds) {
    static const char feed[] = ATOM("<link href='/1#f' rel='x nofollow'/><link href='mailto:x'/>"
                                    "<link href='/1#g'/><div xmlns='http://www.w3.org/1999/xhtml'>"
                                    "<img srcset='/2 1x, /3 2x' src='/4'/><a href='/5'/></div>");
    struct extract_options o = extract_defaults();

    check(&o, "text/xml", str_of(feed), URLS, "http://h.example/1\nhttp://h.example/5");
    o.nofollow = NOFOLLOW_DROP;
    o.fragments = FRAGMENTS_KEEP;
    o.schemes = STR("*");
    check(&o, "text/xml", str_of(feed), URLS, "mailto:x\nhttp://h.example/1#g\nhttp://h.example/5");
    o.elements = UINT64_C(1) << TAG_IMG;
    check(&o, "text/xml", str_of(feed), URLS,
          "mailto:x\nhttp://h.example/1#g\nhttp://h.example/2\nhttp://h.example/3\n"
          "http://h.example/4");
}

TEST(counts_what_it_drops_of_feeds) {
    OWNED_BUF struct buf feed = BUF_INIT(1 << 20);
    struct extract_options o = extract_defaults();
    struct links l;

    CHECK_OK(buf_put(&feed, STR("<rss><link>/1</link><link>/2</link><link>/3</link><link>")));
    for (int i = 0; i < 70000; i++)
        CHECK_OK(buf_put_char(&feed, 'x'));
    CHECK_OK(buf_put(&feed, STR("</link><enclosure url='")));
    for (int i = 0; i < 70000; i++)
        CHECK_OK(buf_put_char(&feed, 'x'));
    CHECK_OK(buf_put(&feed, STR("'/><link>")));
    for (int i = 0; i < 30000; i++)
        CHECK_OK(buf_put(&feed, STR("é"))); /* three times as long when escaped */
    CHECK_OK(buf_put(&feed, STR("</link></rss>")));
    o.max_links = 2;
    links_init(&l);
    CHECK_OK(extract_by(&o, STR("text/xml"), buf_str(&feed), 1000, &l));
    CHECK_INT(l.n, 2);
    CHECK_INT(l.dropped, 4);
    links_done(&l);
}

TEST(bases_without_end_do_not_count) {
    OWNED_BUF struct buf feed = BUF_INIT(1 << 20);

    CHECK_OK(buf_put(&feed, STR("<feed xmlns='http://www.w3.org/2005/Atom'>")));
    for (int i = 0; i < 100; i++)
        CHECK_OK(buf_put(&feed, STR("<x xml:base='b/'>")));
    CHECK_OK(buf_put(&feed, STR("<link href='1'/>")));
    for (int i = 0; i < 93; i++)
        CHECK_OK(buf_put(&feed, STR("</x>")));
    CHECK_OK(buf_put(&feed, STR("<link href='2'/>\0")));
    check_type("text/xml", feed.ptr,
               "http://h.example/dir/b/b/b/b/b/b/b/b/1\nhttp://h.example/dir/b/b/b/b/b/b/b/2");
}

/* --- encodings (XML 1.0 section 4.3.3 and appendix F, RFC 7303 section 3)
 * ------------------------- */

static void check_bytes(const char *type, struct str document, const char *wanted) {
    struct extract_options o = extract_defaults();

    check(&o, type, document, URLS, wanted);
}

TEST(the_encoding_of_a_feed) {
    static const char *const wanted = "http://h.example/%C3%A9?%C3%A9"; /* whatever the encoding */

    check_bytes("text/xml", STR("<rss><link>/\xc3\xa9?\xc3\xa9</link></rss>"), wanted);
    check_bytes("text/xml; charset=latin1", STR("<rss><link>/\xe9?\xe9</link></rss>"), wanted);
    check_bytes(
        "text/xml",
        STR("<?xml version='1.0' encoding='ISO-8859-1'?><rss><link>/\xe9?\xe9</link></rss>"),
        wanted);
    check_bytes("text/xml; charset=utf-8",
                STR("<?xml version='1.0' encoding='koi8-r'?><rss><link>/\xc3\xa9?\xc3\xa9</link>"
                    "</rss>"),
                wanted);
    check_bytes("text/xml; charset=koi8-r",
                STR("\xef\xbb\xbf<rss><link>/\xc3\xa9?\xc3\xa9</link></rss>"), wanted);
    check_bytes("text/xml",
                STR("<?xml version='1.0' encoding='utf-16'?><rss><link>/\xc3\xa9?\xc3\xa9</link>"
                    "</rss>"),
                wanted);
    check_bytes("text/xml",
                STR("<rss><!--<meta charset=koi8-r>--><link>/\xc3\xa9?\xc3\xa9</link></rss>"),
                wanted);
    check_bytes(
        "text/xml",
        STR("\xff\xfe<\0r\0s\0s\0>\0<\0l\0i\0n\0k\0>\0/\0\xe9\0?\0\xe9\0<\0/\0l\0i\0n\0k\0>\0"
            "<\0/\0r\0s\0s\0>\0"),
        wanted);
    check_bytes("text/xml; charset=utf-16be",
                STR("\0<\0r\0s\0s\0>\0<\0l\0i\0n\0k\0>\0/\0\xe9\0?\0\xe9\0<\0/\0l\0i\0n\0k\0>"),
                wanted);
    check_bytes("text/xml",
                STR("\0<\0?\0x\0m\0l\0?\0>\0<\0r\0s\0s\0>\0<\0l\0i\0n\0k\0>\0/\0\xe9\0?\0\xe9\0<\0/"
                    "\0l\0i\0n\0k\0>"),
                wanted);
    check_bytes("text/xml",
                STR("<?xml version='1.0' encoding='Shift_JIS'?><rss><link>/\x93\xfa</link></rss>"),
                "http://h.example/%E6%97%A5");
    check_bytes("text/xml", STR("<rss><link>/\xe9</link></rss>"), "http://h.example/%EF%BF%BD");
}

TEST_MAIN
