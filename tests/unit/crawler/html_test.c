#include "crawler/html.h"

#include "tests/test.h"

/* What a run says, a word a token: "<a href=x>", "</a>", text as it is; "T" before
 * a tag inside a template, "F" before a foreign one. */
struct said {
    struct buf text;
    bool (*stops_at)(const struct html_token *t);
};

static void say(struct said *s, const char *chars, struct str what) {
    if (buf_put(&s->text, str_of(chars)) || buf_put(&s->text, what))
        abort();
}

static bool hear(void *arg, const struct html_token *t) {
    struct said *s = arg;

    if (t->kind == HTML_TEXT)
        say(s, "", t->text);
    if (t->kind != HTML_START_TAG && t->kind != HTML_END_TAG)
        return true;
    say(s, t->in_template ? "T" : "", t->in_foreign ? STR("F") : STR_NONE);
    say(s, t->kind == HTML_START_TAG ? "<" : "</", t->name);
    for (size_t i = 0; i < t->n_attrs; i++) {
        say(s, " ", t->attrs[i].name);
        say(s, "=", t->attrs[i].too_long ? STR("(too long)") : t->attrs[i].value);
    }
    say(s, ">", STR_NONE);
    return !s->stops_at || !s->stops_at(t);
}

static uint8_t wants_links(void *arg, struct str name) {
    (void)arg;
    return str_eq(name, STR("a")) || str_eq(name, STR("form")) || str_eq(name, STR("img")) ||
           str_eq(name, STR("frame"));
}

static uint8_t wants_urls(void *arg, uint8_t tag, struct str name) {
    (void)arg;
    (void)tag;
    return str_eq(name, STR("href")) || str_eq(name, STR("src")) || str_eq(name, STR("action"));
}

static struct html_options options(struct said *s) {
    return (struct html_options){
        .token = hear, .arg = s, .wants_tag = wants_links, .wants_attr = wants_urls};
}

/* One at a time: valid until the next call. */
static struct str run(const struct html_options *o, struct said *s, struct str input, size_t step) {
    OWNED(html) struct html *h = html_new(o);

    s->text.len = 0;
    for (size_t at = 0; at < input.len; at += step)
        if (html_feed(h, str_upto(str_from(input, at), step)) == ERR_NO_MEMORY)
            abort();
    if (html_finish(h) == ERR_NO_MEMORY)
        abort();
    return buf_str(&s->text);
}

static struct said said = {.text = {.max = 8 << 20}};

static struct str links(const char *input) {
    struct html_options o = options(&said);

    return run(&o, &said, str_of(input), 7);
}

static struct str texts(const char *input) {
    struct html_options o = options(&said);

    o.wants_text = true;
    return run(&o, &said, str_of(input), 1);
}

static void forget(void) {
    buf_done(&said.text);
}

TEST(keeps_what_is_wanted) {
    CHECK_STR(links("<p class='a>b'>x<a title=t href=u rel=r>y</a><img alt='' src=s>"),
              "<a href=u></a><img src=s>");
    CHECK_STR(links("<a HREF = 'u' href=v>"), "<a href=u>");
    CHECK_STR(links("<a href=\"?a=1&copy=2&amp;b&#x41;\">"), "<a href=?a=1&copy=2&bA>");
    CHECK_STR(links("<a href='a\r\nb\rc'>"), "<a href=a\nb\nc>");
}

TEST(passes_over_what_only_looks_like_a_link) {
    CHECK_STR(links("<!-- <a href=1> --><script>'<a href=2>'</script><a href=3>"), "<a href=3>");
    CHECK_STR(links("<title><a href=1></title><textarea><a href=2></textarea>"), "");
    CHECK_STR(links("<p title='<a href=1>' x=\"<a href=2>\" y=<a>"), "");
    CHECK_STR(links("<noscript><a href=1></noscript>"), "<a href=1>");
    CHECK_STR(links("<script><!--<script></script><a href=1>--></script><a href=2>"), "<a href=2>");
}

TEST(reads_values_without_quotes_and_odd_names) {
    CHECK_STR(links("<p =\"><a href=1>"), "<a href=1>");
    CHECK_STR(links("<p a/=\"><a href=1>"), "<a href=1>");
    CHECK_STR(links("<p a =\"><a href=1>\"><a href=2>"), "<a href=2>");
    CHECK_STR(links("<p a=b\"><a href=1/>"), "<a href=1/>");
    CHECK_STR(links("<p \"a='><a href=1>'><a href=2>"), "<a href=2>");
}

TEST(drops_a_value_that_is_too_long) {
    enum { LEN = HTML_MAX_VALUE + 100 };
    static char input[LEN];
    struct html_options o = options(&said);
    struct str got;

    memset(input, 'x', sizeof input);
    memcpy(input, "<a href=", 8);
    input[LEN - 1] = '>';
    got = run(&o, &said, str_at(input, LEN), 1000);
    CHECK_STR(got, "<a href=(too long)>");
    memset(input + 8 + HTML_MAX_VALUE, '>', 1);
    got = run(&o, &said, str_at(input, LEN), 1000);
    CHECK_INT(got.len, HTML_MAX_VALUE + 9);
}

TEST(marks_templates_and_foreign_content) {
    CHECK_STR(links("<template><a href=1></template><a href=2>"), "T<a href=1><a href=2>");
    CHECK_STR(links("<svg><a href=1></a></svg><a href=2>"), "F<a href=1>F</a><a href=2>");
    CHECK_STR(links("<svg><foreignObject><a href=1></a></foreignObject><a href=2>"),
              "<a href=1></a>F<a href=2>");
    CHECK_STR(links("<svg><title><a href=1></a></title>"), "<a href=1></a>");
    CHECK_STR(links("<svg><p><a href=1>"), "<a href=1>");
    CHECK_STR(links("<svg><![CDATA[<a href=1>]]></svg><a href=2>"), "<a href=2>");
    CHECK_STR(links("<p><![CDATA[<a href=1>]]><a href=2>"), "<a href=2>");
    CHECK_STR(links("<math><annotation-xml encoding='text/HTML'><a href=1>"), "<a href=1>");
    CHECK_STR(links("<math><annotation-xml><a href=1>"), "F<a href=1>");
}

TEST(ignores_what_a_tree_builder_ignores) {
    CHECK_STR(links("<select><a href=1><option></select><a href=2>"), "<a href=2>");
    CHECK_STR(links("<table><td><select><a href=1><td><a href=2>"), "<a href=2>");
    CHECK_STR(links("<frameset><frame src=1><a href=2></frameset><a href=3>"), "<frame src=1>");
    CHECK_STR(links("<p>x<frameset><frame src=1></frameset><a href=2>"), "<a href=2>");
    CHECK_STR(links("<form action=1><form action=2></form><form action=3>"),
              "<form action=1></form><form action=3>");
    CHECK_STR(links("<image src=1>"), "<img src=1>");
    CHECK_STR(links("<select><style></select><a href=1></style>"), "<a href=1>");
}

TEST(gives_text_while_it_is_wanted) {
    CHECK_STR(texts("a&lt;b<a>c\r\nd</a>&notit;&#128;"), "a<b<a>c\nd</a>¬it;€");
    CHECK_STR(texts("<frameset>x</frameset>y"), "");
}

static bool is_link(const struct html_token *t) {
    return t->kind == HTML_START_TAG && str_eq(t->name, STR("a"));
}

TEST(stops_where_the_caller_says_so) {
    struct html_options o = options(&said);
    OWNED(html) struct html *h = html_new(&o);

    said.text.len = 0;
    said.stops_at = is_link;
    CHECK_ERR(html_feed(h, STR("<img><a><img>")), ERR_STOPPED);
    CHECK_ERR(html_feed(h, STR("<img>")), ERR_STOPPED);
    CHECK_ERR(html_finish(h), ERR_STOPPED);
    said.stops_at = NULL;
    CHECK_STR(buf_str(&said.text), "<img><a>");
}

TEST(bears_a_hundred_thousand_nested_tags) {
    struct html_options o = options(&said);
    OWNED(html) struct html *h = html_new(&o);

    said.text.len = 0;
    for (int i = 0; i < 100000; i++)
        CHECK_OK(html_feed(h, i % 2 ? STR("<div><svg><p>") : STR("<table></p></b></x>")));
    CHECK_OK(html_feed(h, STR("<a href=1>")));
    CHECK_OK(html_finish(h));
    CHECK_STR(buf_str(&said.text), "<a href=1>");
    forget();
}

TEST_MAIN
