#include "crawler/url.h"

#include "tests/test.h"

static struct url u, base;

static const char *parsed(const char *input, const char *base_text) {
    static char text[4096];
    enum err e = ERR_OK;

    if (base_text)
        e = url_parse(&base, str_of(base_text), NULL, NULL);
    if (e == ERR_OK)
        e = url_parse(&u, str_of(input), base_text ? &base : NULL, NULL);
    if (e != ERR_OK)
        return err_text(e);
    (void)snprintf(text, sizeof text, "%.*s", (int)u.href.len, u.href.ptr);
    return text;
}

static const char *host_key(const char *input) {
    static char text[4096];
    OWNED_BUF struct buf key = BUF_INIT(4096);

    if (url_parse(&u, str_of(input), NULL, NULL) != ERR_OK || url_host_key(&u, &key) != ERR_OK)
        return NULL;
    (void)snprintf(text, sizeof text, "%.*s", (int)key.len, key.ptr);
    return text;
}

#define CHECK_PARSED(input, base, wanted) CHECK_STR(str_of(parsed(input, base)), wanted)
#define CHECK_KEY(input, wanted) CHECK_STR(str_of(host_key(input)), wanted)
#define CHECK_HOST(input, wanted) CHECK_PARSED("http://" input "/", NULL, "http://" wanted "/")
#define CHECK_NO_HOST(input)                                                                       \
    CHECK_ERR(url_parse(&u, STR("http://" input "/"), NULL, NULL), ERR_INVALID)

TEST(names_the_parts) {
    CHECK_PARSED("HTTPS://user:pa%20ss@Example.COM:1234/a/../b/./c?q=1#f", NULL,
                 "https://user:pa%20ss@example.com:1234/b/c?q=1#f");
    CHECK_STR(url_scheme_text(&u), "https");
    CHECK_STR(url_hostname(&u), "example.com");
    CHECK_STR(url_path(&u), "/b/c");
    CHECK_STR(url_query(&u), "q=1");
    CHECK_STR(url_fragment(&u), "f");
    CHECK_INT(u.port, 1234);
    CHECK_INT(url_effective_port(&u), 1234);
    CHECK(url_has_credentials(&u) && url_is_http(&u) && u.has_host && !u.has_opaque_path);
}

TEST(a_plain_url_has_no_other_parts) {
    CHECK_PARSED("http://example.com", NULL, "http://example.com/");
    CHECK(!url_has_credentials(&u));
    CHECK_INT(u.port, URL_NO_PART);
    CHECK_INT(url_effective_port(&u), 80);
    CHECK_INT(url_query(&u).len + url_fragment(&u).len, 0);
    CHECK_INT(u.query_start, URL_NO_PART);
}

TEST(leaves_out_the_fragment) {
    CHECK_PARSED("http://a/b?c#d", NULL, "http://a/b?c#d");
    CHECK_STR(url_without_fragment(&u), "http://a/b?c");
    CHECK_PARSED("http://a/b?c", NULL, "http://a/b?c");
    CHECK_STR(url_without_fragment(&u), "http://a/b?c");
    CHECK_PARSED("http://a/#", NULL, "http://a/#");
    CHECK_STR(url_without_fragment(&u), "http://a/");
}

TEST(keys_hosts_by_what_is_connected_to) {
    CHECK_KEY("http://example.com/x", "example.com:80");
    CHECK_KEY("https://EXAMPLE.com./", "example.com:443");
    CHECK_KEY("http://u:p@example.com:8080/", "example.com:8080");
    CHECK_KEY("https://example.com:443/", "example.com:443");
    CHECK_KEY("http://[0:0::1]/", "[::1]:80");
    CHECK_KEY("http://0x7f.1/", "127.0.0.1:80");
    CHECK_KEY("http://./", ".:80");
}

TEST(resolves) {
    CHECK_PARSED("../x?y", "http://a/b/c/d?e#f", "http://a/b/x?y");
    CHECK_PARSED("?y", "http://a/b/c?e#f", "http://a/b/c?y");
    CHECK_PARSED("#y", "http://a/b/c?e#f", "http://a/b/c?e#y");
    CHECK_PARSED("", "http://a/b/c?e#f", "http://a/b/c?e");
    CHECK_PARSED("//h:81/x", "https://u@a:82/b", "https://h:81/x");
    CHECK_PARSED("/x", "https://u:p@a:82/b", "https://u:p@a:82/x");
    CHECK_PARSED("../../../x", "http://a/b", "http://a/x");
    CHECK_PARSED("..", "http://a/b/c/", "http://a/b/");
    CHECK_PARSED("%2E%2e/x", "http://a/b/c/", "http://a/b/x");
    CHECK_PARSED("mailto:a@b", "http://a/", "mailto:a@b");
    CHECK_PARSED("javascript:void(0)", "http://a/", "javascript:void(0)");
    CHECK_PARSED("\\x\\y", "http://a/b", "http://a/x/y");
    CHECK_PARSED("x", "mailto:a@b", "invalid input");
    CHECK_PARSED("x", NULL, "invalid input");
}

TEST(cleans_its_input) {
    CHECK_PARSED(" \x01 ht\ntp://exa\tmple.com/ a \r\n", NULL, "http://example.com/%20a");
    CHECK_PARSED("http://a/\xc3\xa9", NULL, "http://a/%C3%A9");
}

TEST(mends_what_is_not_utf8) {
    CHECK_PARSED("http://a/\xe9t\xe9?\xff#\xc3", NULL,
                 "http://a/%EF%BF%BDt%EF%BF%BD?%EF%BF%BD#%EF%BF%BD");
    CHECK_PARSED("http://a/\xc3\n\xa9", NULL, "http://a/%EF%BF%BD%EF%BF%BD");
    CHECK_NO_HOST("b\xff");
    CHECK_NO_HOST("b%FF");
}

TEST(takes_bytes_that_are_nul) {
    CHECK_OK(url_parse(&u, STR("http://a/\0b"), NULL, NULL));
    CHECK_STR(url_href(&u), "http://a/%00b");
    CHECK_NO_HOST("a\0b");
}

TEST(reads_ipv4_in_all_its_forms) {
    CHECK_HOST("192.168.257", "192.168.1.1");
    CHECK_HOST("0300.0250.1", "192.168.0.1");
    CHECK_HOST("0x", "0.0.0.0");
    CHECK_HOST("1.2.3.4.", "1.2.3.4");
    CHECK_HOST("4294967295", "255.255.255.255");
    CHECK_HOST("1.2.3.a4", "1.2.3.a4");
    CHECK_NO_HOST("4294967296");
    CHECK_NO_HOST("18446744073709551617");
    CHECK_NO_HOST("09.1");
    CHECK_NO_HOST("a.1");
    CHECK_NO_HOST("1..2");
    CHECK_NO_HOST("1.2.3.4.5");
}

TEST(reads_ipv6) {
    CHECK_HOST("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]");
    CHECK_HOST("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]");
    CHECK_HOST("[::2:3:4:5:6:7:8]", "[0:2:3:4:5:6:7:8]");
    CHECK_HOST("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]");
    CHECK_HOST("[::ffff:1.2.3.4]", "[::ffff:102:304]");
    CHECK_HOST("[ABCD::]", "[abcd::]");
    CHECK_NO_HOST("[1:2:3:4:5:6:7:8:9]");
    CHECK_NO_HOST("[1:2:3:4:5:6:7:8::]");
    CHECK_NO_HOST("[1::2::3]");
    CHECK_NO_HOST("[:1]");
    CHECK_NO_HOST("[1:]");
    CHECK_NO_HOST("[12345::]");
    CHECK_NO_HOST("[::1.2.3]");
    CHECK_NO_HOST("[::1.2.3.4.]");
    CHECK_NO_HOST("[::01.2.3.4]");
    CHECK_NO_HOST("[::1.2.3.4.5]");
    CHECK_NO_HOST("[1:2:3:4:5:6:7:1.2.3.4]");
    CHECK_NO_HOST("[::1%25eth0]");
    CHECK_NO_HOST("[]");
    CHECK_NO_HOST("[");
}

TEST(keeps_ports_apart_from_defaults) {
    CHECK_PARSED("http://a:080/", NULL, "http://a/");
    CHECK_PARSED("http://a:/", NULL, "http://a/");
    CHECK_PARSED("http://a:0/", NULL, "http://a:0/");
    CHECK_PARSED("http://a:000000081/", NULL, "http://a:81/");
    CHECK_PARSED("https://a:80/", NULL, "https://a:80/");
    CHECK_NO_HOST("a:65536");
    CHECK_NO_HOST("a:8o");
    CHECK_NO_HOST("a:-1");
}

TEST(is_empty_after_a_failure_and_can_be_used_again) {
    CHECK_PARSED("https://user@host:99/path?query#fragment", NULL,
                 "https://user@host:99/path?query#fragment");
    CHECK_ERR(url_parse(&u, STR("http://[/"), NULL, NULL), ERR_INVALID);
    CHECK_INT(url_href(&u).len, 0);
    CHECK_INT(url_hostname(&u).len + url_path(&u).len + url_scheme_text(&u).len, 0);
    CHECK(!u.has_host && !url_has_credentials(&u) && u.port == URL_NO_PART);
    CHECK_PARSED("http://b/", NULL, "http://b/");
}

/* |n| bytes of 'x' behind |start|. */
static enum err parse_long(const char *start, size_t n) {
    OWNED_BUF struct buf text = BUF_INIT(8 * URL_LIMIT);
    char *room;
    enum err e = buf_put(&text, str_of(start));

    if (e == ERR_OK)
        e = buf_room(&text, n, &room);
    if (e != ERR_OK)
        return e;
    memset(room, start[strlen(start) - 1], n);
    buf_grew(&text, n);
    return url_parse(&u, buf_str(&text), NULL, NULL);
}

TEST(refuses_what_is_too_long) {
    CHECK_OK(parse_long("http://a/x", URL_LIMIT - 10));
    CHECK_INT(u.href.len, URL_LIMIT);
    CHECK_ERR(parse_long("http://a/x", URL_LIMIT - 9), ERR_TOO_BIG);
    CHECK_ERR(parse_long("http://a/ \"", URL_LIMIT / 2), ERR_TOO_BIG);
    CHECK_INT(u.href.len, 0);
    CHECK_OK(parse_long("http://x", URL_LIMIT - 9));
}

TEST(takes_international_names) {
    CHECK_HOST("B\xc3\xbc"
               "cher.example",
               "xn--bcher-kva.example");
    CHECK_HOST("bu\xcc\x88"
               "cher",
               "xn--bcher-kva");
    CHECK_HOST("fa\xc3\x9f.de", "xn--fa-hia.de");
    CHECK_HOST("\xe2\x98\x83.net", "xn--n3h.net"); /* a symbol */
    CHECK_HOST("ab--\xc3\xbc", "xn--ab---3ra");
    CHECK_HOST("-\xc3\xbc-", "xn-----xka");
    CHECK_HOST("\xef\xbc\xa1\xe3\x80\x82\xc3\xa9", "a.xn--9ca");
    CHECK_HOST("XN--BCHER-KVA.\xc3\xa9", "xn--bcher-kva.xn--9ca");
    CHECK_HOST("b%C3%BCcher", "xn--bcher-kva");
    CHECK_NO_HOST("xn--a.\xc3\xa9"); /* no punycode */
    CHECK_NO_HOST("a\xe2\x80\x8d"
                  "b");         /* a joiner that joins nothing */
    CHECK_NO_HOST("0\xd7\x90"); /* left to right, then right to left */
    CHECK_NO_HOST("\xcc\x88"
                  "a"); /* starts with a combining mark */
    /* NOLINTNEXTLINE: it is meant to mislead */
    CHECK_NO_HOST("a\xe2\x80\xae"
                  "b");        /* turns the direction of writing */
    CHECK_NO_HOST("\xc2\xad"); /* nothing is left of it */
    CHECK_NO_HOST("\xe2\x92\x88"
                  "com"); /* one character for "1." */
}

/* Punycode is quadratic: what is far beyond what DNS takes is refused. */
TEST(bounds_international_names) {
    CHECK_ERR(parse_long("http://\xc3\xbc.x", 5000), ERR_INVALID);
    CHECK_OK(parse_long("http://\xc3\xbc.x", 500));
    CHECK_ERR(parse_long("http://\xc3\xbcx", 500), ERR_INVALID);
    CHECK_OK(parse_long("http://\xc3\xbcx", 200));
}

static enum err encode_as_said(void *arg, struct str utf8, struct buf *out) {
    (void)utf8;
    return buf_put(out, str_of(arg));
}

TEST(asks_the_encoder_for_queries_alone) {
    char said[] = "a&#12;b&c\xe9";
    struct url_query_encoder encoder = {encode_as_said, said};

    CHECK_OK(url_parse(&u, STR("http://a/\xc3\xa9?\xc3\xa9#\xc3\xa9"), NULL, &encoder));
    CHECK_STR(url_href(&u), "http://a/%C3%A9?a%26%2312%3Bb&c%E9#%C3%A9");
    CHECK_OK(url_parse(&u, STR("ws://a/?\xc3\xa9"), NULL, &encoder));
    CHECK_STR(url_href(&u), "ws://a/?%C3%A9");
    CHECK_OK(url_parse(&u, STR("http://a/?plain"), NULL, &encoder));
    CHECK_STR(url_href(&u), "http://a/?plain");
}

static enum err encode_never(void *arg, struct str utf8, struct buf *out) {
    (void)arg;
    (void)utf8;
    (void)out;
    return ERR_NO_MEMORY;
}

TEST(hands_on_what_the_encoder_failed_with) {
    struct url_query_encoder encoder = {encode_never, NULL};

    CHECK_ERR(url_parse(&u, STR("http://a/?\xc3\xa9"), NULL, &encoder), ERR_NO_MEMORY);
    CHECK_INT(u.href.len, 0);
}

TEST(a_path_without_host_is_never_read_as_one) {
    CHECK_PARSED("web:/a/..//b", NULL, "web:/.//b");
    CHECK_STR(url_path(&u), "//b");
    CHECK(!u.has_host);
    CHECK_PARSED("c", "web:/.//a/b", "web:/.//a/c");
    CHECK_PARSED("#c", "web:/.//a?b", "web:/.//a?b#c");
    CHECK_STR(url_query(&u), "b");
    CHECK_STR(url_path(&u), "//a");
}

TEST(says_why) {
    static const char *const cases[][2] = {
        {"example.com", "no scheme, such as https://"},
        {"", "no scheme, such as https://"},
        {"http://", "no host"},
        {"http://:80/", "no host"},
        {"http://a:99999/", "port out of range"},
        {"http://a:b/", "port is not a number"},
        {"http://1.2.3.256/", "not a valid IPv4 address"},
        {"http://[::1", "not a valid IPv6 address"},
        {"http://a b/", "a character that may not be in a host"},
        {"http://\xc2\xad/", "no host"},
        {"http://xn--a.\xc3\xa9/", "not a valid international domain name"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_ERR(url_parse(&u, str_of(cases[i][0]), NULL, NULL), ERR_INVALID);
        CHECK_STR(str_of(url_why_invalid(str_of(cases[i][0]))), cases[i][1]);
    }
}

int main(int argc, char **argv) {
    int result;

    url_init(&u);
    url_init(&base);
    result = test_main(argc > 1 ? argv[1] : NULL);
    url_done(&u);
    url_done(&base);
    return result;
}
