/* html5lib's cases of which encoding a document is in (outside data, see outside.h).
 *
 * They take windows-1252 for what declares nothing; we take UTF-8 then, and where
 * that cannot be a guess.
 */
#include "base/buf.h"
#include "crawler/charset.h"
#include "crawler/extract.h"
#include "tests/conformance/outside.h"
#include "tests/test.h"

/* What the document declares to a reader that gets all of it, or NULL. */
static const struct charset *declared_in(struct str html) {
    struct extract_options o = extract_defaults();
    OWNED(extract)
    struct extract *x = extract_new(&o, STR("http://h.example/"), STR("text/html"));
    const struct charset *c;
    struct links links;
    size_t bom_len;

    c = charset_of_bom(html, &bom_len);
    if (!c)
        c = charset_of_meta(html);
    if (c)
        return c;
    links_init(&links);
    if (extract_feed(x, html) != ERR_OK || extract_finish(x, &links) != ERR_OK)
        abort();
    links_done(&links);
    c = extract_charset(x);
    return c == charset_utf8() ? NULL : c;
}

static int check_file(const char *name) {
    OWNED_BUF struct buf file = BUF_INIT(4 << 20);
    struct str rest;
    int n = 0;

    outside_read(name, &file);
    rest = buf_str(&file);
    for (size_t at; (at = str_find_str(rest, STR("#data\n"))) != STR_END; n++) {
        struct str html, label;
        const struct charset *got;

        rest = str_from(rest, at + 6);
        at = str_find_str(rest, STR("\n#encoding\n"));
        html = str_upto(rest, at);
        rest = str_from(rest, at + 11);
        label = str_cut(&rest, '\n');
        got = declared_in(html);
        if (!got)
            got = charset_of_label(STR("windows-1252"));
        if (got != charset_of_label(label))
            TEST_FAIL("%.*s: got %s, not %.*s", (int)str_upto(html, 100).len, html.ptr,
                      charset_name(got), (int)label.len, label.ptr);
    }
    return n;
}

TEST(encodings_of_documents) {
    int n = check_file("html5lib-tests/encoding/tests1.dat") +
            check_file("html5lib-tests/encoding/test-yahoo-jp.dat");

    printf("%d documents\n", n);
    CHECK_INT(n, 60);
}

TEST_MAIN
