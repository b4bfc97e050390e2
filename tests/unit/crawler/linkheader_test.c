/* RFC 8288 (Web Linking); each case names its section. */
#include "crawler/linkheader.h"

#include "tests/test.h"

static void put(struct buf *b, const struct linkheader_param *p, const char *before) {
    if (!p->is_given)
        return;
    if (buf_put(b, str_of(before)) != ERR_OK || linkheader_put_param(b, p) != ERR_OK)
        abort();
}

/* "target rel=... anchor=..." a link, with " | " between. */
static void read_value(struct str value, struct buf *out) {
    struct linkheader_link l;

    while (linkheader_next(&value, &l)) {
        if ((out->len && buf_put(out, STR(" | ")) != ERR_OK) || buf_put(out, l.target) != ERR_OK)
            abort();
        put(out, &l.rel, " rel=");
        put(out, &l.anchor, " anchor=");
    }
}

static const struct {
    const char *section, *value, *wanted;
} cases[] = {
    {"3.5 examples", "<http://example.com/TheBook/chapter2>; rel=\"previous\"; title=\"last\"",
     "http://example.com/TheBook/chapter2 rel=previous"},
    {"3.5 examples", "</>; rel=\"http://example.net/foo\"", "/ rel=http://example.net/foo"},
    {"3.5 examples", "</terms>; rel=\"copyright\"; anchor=\"#foo\"",
     "/terms rel=copyright anchor=#foo"},
    {"3.5 examples",
     "</TheBook/chapter2>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel, "
     "</TheBook/chapter4>; rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel",
     "/TheBook/chapter2 rel=previous | /TheBook/chapter4 rel=next"},
    {"3.5 examples", "<http://example.org/>; rel=\"start http://example.net/relation/other\"",
     "http://example.org/ rel=start http://example.net/relation/other"},
    {"3.1 target", "<>; rel=self", " rel=self"},
    {"3.1 target", "<a,b;c>;rel=x,<d>", "a,b;c rel=x | d"},
    {"3.2 anchor", "<a>; anchor=b; ANCHOR=c", "a anchor=b"},
    {"3.3 rel: the first counts", "<a>; rel=x; rel=y", "a rel=x"},
    {"3.3 rel: may be missing here", "<a>; title=x", "a"},
    {"3 names are without case", "<a>; ReL = x", "a rel=x"},
    {"3 spaces around =", "<a> ;\trel = \"x\" ; anchor =y", "a rel=x anchor=y"},
    {"3 unquoted", "<a>; rel=x y ; z", "a rel=x y"},
    {"3 a parameter without a value", "<a>; rel; anchor", "a rel= anchor="},
    {"B.4 escapes", "<a>; rel=\"x\\\"y\\\\\\z, <b>; rel=c\"", "a rel=x\"y\\z, <b>; rel=c"},
    {"B.4 never closed", "<a>; rel=\"x, <b>; rel=y", "a rel=x, <b>; rel=y"},
    {"B.4 never closed, at an escape", "<a>; rel=\"x\\", "a rel=x"},
    {"B.3 no more parameters", "<a> rel=x, <b>", "a | b"},
    {"B.2 no target", "rubbish, <a>, rel=\"x, <b>\", <c>", "a | c"},
    {"B.2 no end of the target", "<a>, <b; rel=x", "a"},
    {"B.2 empty", "", ""},
    {"RFC 9110 5.6.1 empty members", " , ,<a> ,, <b>,", "a | b"},
};

TEST(reads_link_headers) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_BUF struct buf out = BUF_INIT(4096);

        read_value(str_of(cases[i].value), &out);
        CHECK_STR(buf_str(&out), cases[i].wanted);
    }
    printf("%zu cases\n", sizeof cases / sizeof *cases);
}

/* Linear: a value of nothing but quotes, commas or openings ends soon. */
TEST(takes_long_rubbish) {
    static const char *const pieces[] = {"\"", "\\", ",", "<", ";", "<>", "<>;=\"\\"};

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        OWNED_BUF struct buf value = BUF_INIT(1 << 20);
        struct linkheader_link l;
        struct str rest;
        size_t n = 0;

        while (value.len < 256 << 10)
            CHECK_OK(buf_put(&value, str_of(pieces[i])));
        for (rest = buf_str(&value); linkheader_next(&rest, &l);)
            n++;
        CHECK(n <= value.len);
        CHECK_INT(rest.len, 0);
    }
}

TEST_MAIN
