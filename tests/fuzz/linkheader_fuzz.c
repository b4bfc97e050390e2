/* linkheader_fuzz - the values of Link headers, a line each: what is read lies within the
 * value and gets on, and the links are what links must be.
 *
 * The first byte chooses options.
 */
#include "crawler/linkheader.h"

#include "tests/fuzz/extract_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_param(const struct linkheader_param *p) {
    OWNED_BUF struct buf b = BUF_INIT(STR_END);

    assert(p->is_given || !p->raw.len);
    if (linkheader_put_param(&b, p) != ERR_OK)
        abort();
    assert(b.len <= p->raw.len);
}

static void check_values(struct str rest) {
    struct linkheader_link l;
    size_t left = rest.len;

    while (linkheader_next(&rest, &l)) {
        assert(rest.len + l.target.len + l.rel.raw.len + l.anchor.raw.len + 2 <= left);
        check_param(&l.rel);
        check_param(&l.anchor);
        left = rest.len;
    }
    assert(!rest.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct extract_options o;
    struct str values;

    if (size < 1)
        return 0;
    o = options_of(data[0] | 2);
    values = str_at((const char *)data + 1, size - 1);
    check_values(values);
    check_document(&o, STR("text/html"), values, STR("<a href=a><base href=/b/><a href=c>"), 1);
    return 0;
}
