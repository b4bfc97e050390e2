#include "api/format.h"

#include "base/utf8.h"
#include "tests/test.h"

static struct buf out = {.max = 1 << 16};

static const struct link sample = {.url = {"http://b/?x", 11},
                                   .rel = {"no\"follow", 9},
                                   .text = {"a, b", 4},
                                   .tag = TAG_A,
                                   .attr = ATTR_HREF};

static enum err put(enum format f, const char *columns) {
    struct columns c = format_default_columns();
    struct format_line line = {STR("http://a/"), &sample, STR("CUR")};
    enum err e = columns ? format_columns_of(str_of(columns), &c) : ERR_OK;

    buf_clear(&out);
    if (e == ERR_OK)
        e = format_link_names(&out, f, &c);
    return e == ERR_OK ? format_link(&out, f, &c, &line) : e;
}

TEST(writes_a_link_in_each_format) {
    CHECK_OK(put(FORMAT_TSV, NULL));
    CHECK_STR(buf_str(&out), "source_url\tparsed_url\nhttp://a/\thttp://b/?x\n");
    CHECK_OK(put(FORMAT_TSV, "text,tag,cursor"));
    CHECK_STR(buf_str(&out), "text\ttag\tcursor\na, b\ta\tCUR\n");
    CHECK_OK(put(FORMAT_CSV, "rel,text,attr"));
    CHECK_STR(buf_str(&out), "rel,text,attr\r\n\"no\"\"follow\",\"a, b\",href\r\n");
    CHECK_OK(put(FORMAT_NDJSON, NULL));
    CHECK_STR(buf_str(&out), "{\"source_url\":\"http://a/\",\"parsed_url\":\"http://b/?x\","
                             "\"tag\":\"a\",\"attr\":\"href\",\"rel\":\"no\\\"follow\","
                             "\"text\":\"a, b\",\"cursor\":\"CUR\"}\n");
}

/* Each byte at each place of a word: plain or not, it comes out as JSON has it. */
TEST(escapes_wherever_it_must) {
    struct columns all = format_default_columns();

    for (int byte = 0; byte < 0x100; byte++) {
        for (size_t at = 0; at < 20; at++) {
            OWNED_BUF struct buf wanted = BUF_INIT(200);
            char text[20];
            struct link l = {.url = {text, sizeof text}};
            struct format_line line = {STR("s"), &l, STR_NONE};

            memset(text, 'x', sizeof text);
            text[at] = (char)byte;
            CHECK_OK(buf_put(&wanted, STR("{\"source_url\":\"s\",\"parsed_url\":")));
            CHECK_OK(json_put_string(&wanted, l.url));
            CHECK_OK(buf_put(&wanted, STR(",\"tag\"")));
            buf_clear(&out);
            CHECK_OK(format_link(&out, FORMAT_JSON, &all, &line));
            CHECK(str_starts(buf_str(&out), buf_str(&wanted)));
        }
    }
}

TEST(refuses_columns_that_are_none) {
    struct columns c;

    CHECK_ERR(format_columns_of(STR(""), &c), ERR_INVALID);
    CHECK_ERR(format_columns_of(STR("tag,"), &c), ERR_INVALID);
    CHECK_ERR(format_columns_of(STR("tag,,rel"), &c), ERR_INVALID);
    CHECK_ERR(format_columns_of(STR("tag,tag"), &c), ERR_INVALID);
    CHECK_ERR(format_columns_of(STR("tag,colour"), &c), ERR_INVALID);
}

TEST(keeps_tables_whole) {
    buf_clear(&out);
    CHECK_OK(format_cell(&out, FORMAT_TSV, true, STR("a\tb\r\nc")));
    CHECK_OK(format_cell(&out, FORMAT_TSV, false, STR("")));
    CHECK_STR(buf_str(&out), "a b  c\t");
    buf_clear(&out);
    CHECK_OK(format_cell(&out, FORMAT_CSV, true, STR("a\nb")));
    CHECK_OK(format_cell(&out, FORMAT_CSV, false, STR("\"")));
    CHECK_STR(buf_str(&out), "\"a\nb\",\"\"\"\"");
    buf_done(&out);
}

TEST(finds_the_host_of_a_canonical_url) {
    CHECK_STR(format_host(STR("https://example.com:8443/a@b?c#d")), "example.com");
    CHECK_STR(format_host(STR("http://u:p@[::1]:80/")), "[::1]");
    CHECK_STR(format_host(STR("http://h?x")), "h");
    CHECK_STR(format_host(STR("mailto:a@b.example")), "");
    CHECK_STR(format_scheme(STR("javascript:void(0)")), "javascript");
    CHECK_STR(format_host(STR("")), "");
}

TEST_MAIN
