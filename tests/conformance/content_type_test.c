/* Content-Type values whose charset is known (outside data, see outside.h). */
#include "crawler/mime.h"

#include "base/buf.h"
#include "tests/conformance/outside.h"
#include "tests/test.h"

/* The file writes a double quote as it is or as \x22. */
static void put_unescaped(struct buf *b, struct str s) {
    for (size_t at; (at = str_find_str(s, STR("\\x22"))) != STR_END; s = str_from(s, at + 4)) {
        if (buf_put(b, str_upto(s, at)) != ERR_OK || buf_put_char(b, '"') != ERR_OK)
            abort();
    }
    if (buf_put(b, s) != ERR_OK)
        abort();
}

static void check_line(struct str line) {
    OWNED_BUF struct buf value = BUF_INIT(4096), wanted = BUF_INIT(4096);
    struct str given = str_cut(&line, '\t'), got;
    struct mime m;

    put_unescaped(&value, given);
    put_unescaped(&wanted, line);
    if (mime_parse(buf_str(&value), &m) != ERR_OK)
        got = STR("FAIL");
    else
        got = m.has_charset ? mime_charset(&m) : STR("-");
    if (!str_eq(got, buf_str(&wanted)))
        TEST_FAIL("%.*s: got \"%.*s\", not \"%.*s\"", (int)given.len, given.ptr, (int)got.len,
                  got.ptr, (int)wanted.len, wanted.ptr);
}

TEST(charsets_of_content_types) {
    OWNED_BUF struct buf file = BUF_INIT(1 << 20);
    struct str rest;
    int n = 0;

    outside_read("mime/content-type-charset.tsv", &file);
    for (rest = buf_str(&file); rest.len;) {
        struct str line = str_cut(&rest, '\n');

        if (str_starts(line, STR("#")) || str_find(line, '\t') == STR_END)
            continue;
        check_line(line);
        n++;
    }
    printf("%d values\n", n);
    CHECK(n > 30);
}

TEST_MAIN
