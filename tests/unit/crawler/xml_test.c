/* XML 1.0 (5th edition) and Namespaces in XML 1.0; each case names its section. */
#include "crawler/xml.h"

#include "tests/test.h"

/* What was told, as one text: "{name @attr=value 'text' }". A namespace is shown by its
 * number behind a '^', where it is not none. */
struct told {
    struct xml *xml;
    struct buf out;
    bool in_text;
};

static bool put(struct told *t, struct str s) {
    if (buf_put(&t->out, s) != ERR_OK)
        abort();
    return true;
}

static void end_piece(struct told *t) {
    if (t->in_text)
        (void)put(t, STR("'"));
    t->in_text = false;
}

static void put_name(struct told *t, struct str name, int ns) {
    (void)put(t, name);
    if (ns != XML_NO_NAMESPACE && buf_printf(&t->out, "^%d", ns) != ERR_OK)
        abort();
}

static bool on_start(void *arg, const struct xml_element *e) {
    struct told *t = arg;

    end_piece(t);
    (void)put(t, STR("{"));
    put_name(t, e->name, e->ns);
    for (size_t i = 0; i < e->n_attrs; i++) {
        (void)put(t, STR(" @"));
        put_name(t, e->attrs[i].name, e->attrs[i].ns);
        (void)put(t, e->attrs[i].too_long ? STR("!") : STR("="));
        (void)put(t, e->attrs[i].value);
    }
    xml_want_text(t->xml, !str_eq(e->name, STR("mute")));
    return !str_eq(e->name, STR("stop"));
}

static bool on_end(void *arg, const struct xml_element *e) {
    struct told *t = arg;

    (void)e;
    end_piece(t);
    return put(t, STR("}"));
}

static bool on_text(void *arg, struct str piece) {
    struct told *t = arg;

    if (!t->in_text)
        (void)put(t, STR("'"));
    t->in_text = true;
    return put(t, piece);
}

static bool wants_attr(void *arg, struct str element, struct str attr) {
    (void)arg, (void)element;
    return !str_eq(attr, STR("unwanted"));
}

/* u1, u2 ... are 3, 4 ...; a prefix without a declaration is 99. */
static int namespace_of(void *arg, struct str uri, struct str prefix) {
    (void)arg, (void)prefix;
    return uri.ptr ? uri.ptr[uri.len - 1] - '1' + XML_FIRST_NAMESPACE + 1 : 99;
}

static enum err read_all(struct told *t, struct str bytes, size_t step) {
    enum err e = ERR_OK;

    *t = (struct told){.out = BUF_INIT(16 << 20)};
    t->xml = xml_new(&(struct xml_options){.start = on_start,
                                           .end = on_end,
                                           .text = on_text,
                                           .wants_attr = wants_attr,
                                           .namespace_of = namespace_of,
                                           .arg = t});
    for (; e == ERR_OK && bytes.len; bytes = str_from(bytes, step))
        e = xml_feed(t->xml, str_upto(bytes, step));
    end_piece(t);
    xml_free(t->xml);
    return e;
}

static void check(const char *xml, const char *wanted) {
    for (size_t step = 1; step <= strlen(xml); step++) {
        struct told t;

        CHECK_OK(read_all(&t, str_of(xml), step));
        CHECK_STR(buf_str(&t.out), wanted);
        buf_done(&t.out);
    }
}

static const struct {
    const char *section, *xml, *wanted;
} cases[] = {
    /* well-formed */
    {"3.1 tags", "<a><b x='1' y = \"2\"/><c></c ></a>", "{a{b @x=1 @y=2}{c}}"},
    {"3.1 tags", "<a\n\tx='>'\r\n>t</a\n>", "{a @x=>'t'}"},
    {"3.1 case counts", "<a><A></a></A></a>", "{a{A}}"},
    {"2.4 text", "<a>x<b>y</b>z<mute>no</mute></a>", "{a'x'{b'y'}'z'{mute}}"},
    {"2.4 ]] and > in text", "<a>x ]] > y</a>", "{a'x ]] > y'}"},
    {"2.5 comments", "<!-- <r> --><a><!-- </a> - -- ---->x<!----></a>", "{a'x'}"},
    {"2.6 instructions", "<?xml version='1.0'?><a><?p </a> ? >?\?>x</a><?p?>", "{a'x'}"},
    {"2.7 CDATA", "<a><![CDATA[<b>&amp;]]]></a><![CDATA[]]></a>", "{a'<b>&amp;]'}"},
    {"2.7 CDATA", "<a><![CDATA[x]]y]z]]]]>]]&gt;</a>", "{a'x]]y]z]]]]>'}"},
    {"2.8 DOCTYPE", "<!DOCTYPE a SYSTEM \"x>y'\" ><a/>", "{a}"},
    {"2.8 DOCTYPE",
     "<!DOCTYPE a [<!ELEMENT a (#PCDATA)> <!-- ]> don't \" --><?p ]>' ?>"
     "<!ENTITY e ']><b>'> %p; ]><a>&e;</a>",
     "{a'&e;'}"},
    {"2.8 DOCTYPE", "<!DOCTYPE a [<!ATTLIST a x CDATA '1'><!-!-- '> ']><a/>", "{a}"},
    {"4.1 character references", "<a x='&#65;&#x42;&#x1F600;'>&#0067;&#x0;&#xD800;&#x110000;</a>",
     "{a @x=AB\xf0\x9f\x98\x80'C\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'}"},
    {"4.6 predefined entities", "<a x='&lt;&gt;&amp;&quot;&apos;'>&lt;b&gt;&amp;amp;</a>",
     "{a @x=<>&\"''<b>&amp;'}"},
    {"3.3.3 values", "<a x='1\n2\t3\r\n4 &#10;'/>", "{a @x=1 2 3 4 \n}"},
    {"4.3.2 no entity is expanded",
     "<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;'>]><a x='&m;'>&m;</a>", "{a @x=&m;'&m;'}"},
    /* namespaces */
    {"NS 6.2 default", "<a xmlns='u1' x='1'><b xmlns=''><c/></b><b xmlns='u2'/></a>",
     "{a^3 @x=1{b{c}}{b^4}}"},
    {"NS 6.1 prefixes", "<p:a xmlns:p='u1' p:x='1' x='2'><p:b xmlns:p='u2'/><p:b/></p:a>",
     "{a^3 @x^3=1 @x=2{b^4}{b^3}}"},
    {"NS 5 declared after use", "<p:a p:x='1' xmlns:p='u1'/>", "{a^3 @x^3=1}"},
    {"NS 5 undeclared", "<q:a/>", "{a^99}"},
    {"NS 3 xml", "<a xml:base='b'/>", "{a @base^1=b}"},
    /* what is not well-formed */
    {"3.1 end tags", "<a><b><c>x</b>y</a>", "{a{b{c'x'}}'y'}"},
    {"3.1 end tags", "<a></b></>x</a>", "{a'x'}"},
    {"2.1 one root", "x<a/><b/>", "{a}"},
    {"2.1 one root", "<a></a></a><b>", "{a}"},
    {"2.4 a bare &", "<a>b&c; d & e &#; &#x; &#1a; &nbsp;</a>",
     "{a'b&c; d & e &#; &#x; &#1a; &nbsp;'}"},
    {"2.4 a bare &", "<a x='?b=1&c=2&d'>1&2&</a>", "{a @x=?b=1&c=2&d'1&2&'}"},
    {"2.4 a bare <", "<a>1 < 2 <3<</a>", "{a'1 < 2 <3<'}"},
    {"3.1 values without quotes", "<a x=1/2 y=z><b x=/></b></a>", "{a @x=1/2 @y=z{b @x=/}}"},
    {"3.1 attributes without values", "<a x y = '1' / z></a>", "{a @x= @y=1 @z=}"},
    {"3.1 one name twice", "<a x='1' x='2'/>", "{a @x=1}"},
    {"3.1 a bare < in a value", "<a x='<b>'/>", "{a @x=<b>}"},
    {"2.5 what begins as a comment", "<a><!-x><!>y<![C>z</a>", "{a'yz'}"},
    {"4.1 an endless reference", "<a>&aaaaaaaaaabbbbbbbbbbccccccccccddddd;</a>",
     "{a'&aaaaaaaaaabbbbbbbbbbccccccccccddddd;'}"},
    {"the end cuts", "<a><b>x</b><c x='", "{a{b'x'}"},
    {"the end cuts", "<a>x<b", "{a'x'"},
    {"the end cuts", "<!DOCTYPE a [", ""},
    {"not kept", "<a unwanted='&amp;x' x='1'/>", "{a @x=1}"},
};

TEST(reads_xml) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(cases[i].xml, cases[i].wanted);
        if (test_failures) {
            printf("  in section %s: %s\n", cases[i].section, cases[i].xml);
            return;
        }
    }
    printf("%zu cases\n", sizeof cases / sizeof *cases);
}

TEST(stops_when_told_to) {
    struct told t;

    CHECK_ERR(read_all(&t, STR("<a><stop>x</stop></a>"), 3), ERR_STOPPED);
    CHECK_STR(buf_str(&t.out), "{a{stop");
    buf_done(&t.out);
}

static void fill(struct buf *b, const char *piece, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (buf_put(b, str_of(piece)) != ERR_OK)
            abort();
}

TEST(a_value_beyond_its_limit_is_told_as_such) {
    OWNED_BUF struct buf xml = BUF_INIT(1 << 20);
    struct told t;

    CHECK_OK(buf_put(&xml, STR("<a x='")));
    fill(&xml, "y", XML_MAX_VALUE + 1);
    CHECK_OK(buf_put(&xml, STR("' z='1'/>")));
    CHECK_OK(read_all(&t, buf_str(&xml), 1000));
    CHECK_STR(buf_str(&t.out), "{a @x! @z=1}");
    buf_done(&t.out);
}

TEST(elements_very_deep_are_passed_over) {
    OWNED_BUF struct buf xml = BUF_INIT(1 << 24);
    struct told t;

    CHECK_OK(buf_put(&xml, STR("<r>")));
    fill(&xml, "<a>", 100000);
    fill(&xml, "</a>", 100000);
    CHECK_OK(buf_put(&xml, STR("<b/></r>")));
    CHECK_OK(read_all(&t, buf_str(&xml), 4096));
    CHECK(str_starts(buf_str(&t.out), STR("{r{a{a")));
    CHECK(str_ends(buf_str(&t.out), STR("}}{b}}")));
    CHECK_INT(t.out.len, 2 + 3 * (XML_MAX_DEPTH - 1) + 4);
    buf_done(&t.out);
}

/* Names, prefixes, attributes and references without end: memory and time stay bounded. */
TEST(takes_long_rubbish) {
    static const char *const pieces[] = {"n",
                                         "<a ",
                                         "<a x",
                                         " x=1",
                                         "<!",
                                         "<![CDATA[",
                                         "]",
                                         "&",
                                         "&#1",
                                         "<p:a xmlns:p='u1'>",
                                         "<a xmlns='u1' ",
                                         "</a>",
                                         "<a/><b x=",
                                         "<!DOCTYPE [<!--",
                                         "'\"",
                                         "\xff"};

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        OWNED_BUF struct buf xml = BUF_INIT(1 << 24);
        struct told t;

        CHECK_OK(buf_put(&xml, STR("<r><")));
        fill(&xml, pieces[i], (1 << 20) / strlen(pieces[i]));
        CHECK_OK(read_all(&t, buf_str(&xml), 65536));
        buf_done(&t.out);
    }
}

TEST_MAIN
