/* robots_fuzz - "TOKEN\nPATH\nBODY": answers do not depend on how line ends or escapes
 * are written, and patterns match as a slow and simple matcher says.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "crawler/robots.h"
#include "crawler/robots_pattern.h"

enum { TEXT_MAX_BYTES = 4 << 20, SLOW_MAX_BYTES = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(struct buf *b, const char *chars, size_t n) {
    if (buf_put(b, str_at(chars, n)) != ERR_OK)
        abort();
}

struct answer {
    bool allows;
    uint32_t delay_ms;
    size_t sitemaps;
};

static struct answer ask(struct str body, struct str token, struct str path) {
    OWNED(robots) struct robots *r = NULL;
    OWNED(robots_rules) struct robots_rules *rules = NULL;
    struct answer a = {.sitemaps = 0};

    if (robots_parse(body, &r) != ERR_OK || robots_rules_for(r, token, &rules) != ERR_OK)
        abort();
    a.allows = robots_allows(rules, path);
    a.delay_ms = robots_delay_ms(rules);
    assert(a.delay_ms <= ROBOTS_MAX_DELAY_MS);
    while (robots_sitemap(r, a.sitemaps).len)
        a.sitemaps++;
    return a;
}

static void check_same(struct answer a, struct answer b) {
    assert(a.allows == b.allows && a.delay_ms == b.delay_ms && a.sitemaps == b.sitemaps);
}

/* The same lines with CR LF, comments and blank lines. */
static void other_lines(struct str body, struct buf *out) {
    for (size_t i = 0; i < body.len; i++) {
        if (body.ptr[i] == '\n')
            put(out, "#x\r\n \t\r", 7);
        else
            put(out, &body.ptr[i], 1);
    }
}

/* The same path with all escaped that may be. */
static void other_path(struct str path, struct buf *out) {
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        bool is_hex = i > 0 && (path.ptr[i - 1] == '%' || (i > 1 && path.ptr[i - 2] == '%'));

        if (!is_hex &&
            (ascii_is_alpha((char)c) || ascii_is_digit((char)c) || c >= 0x80 || c == '*'))
            (void)(buf_printf(out, "%%%02x", c) == ERR_OK || (abort(), 1));
        else
            put(out, &path.ptr[i], 1);
    }
}

/* What robots_pattern_matches should say, by trying all: row[i] tells whether the
 * pattern up to here matches the path up to |i|. */
static bool matches_slowly(struct str pattern, bool is_anchored, struct str path) {
    bool row[SLOW_MAX_BYTES + 1] = {true}, any = false;

    for (size_t p = 0; p < pattern.len; p++) {
        bool before = row[0], now;

        row[0] = row[0] && pattern.ptr[p] == '*';
        for (size_t i = 1; i <= path.len; i++) {
            now = pattern.ptr[p] == '*' ? row[i] || row[i - 1]
                                        : before && pattern.ptr[p] == path.ptr[i - 1];
            before = row[i];
            row[i] = now;
        }
    }
    for (size_t i = 0; i <= path.len; i++)
        any = any || row[i];
    return is_anchored ? row[path.len] : any;
}

static void check_pattern(struct str value, struct str path) {
    OWNED_BUF struct buf text = BUF_INIT(TEXT_MAX_BYTES), normal = BUF_INIT(TEXT_MAX_BYTES);
    struct robots_pattern p;
    size_t work = 0;

    if (!robots_pattern_is(value))
        return;
    if (robots_pattern_put(&text, value, &p) != ERR_OK || robots_path_put(&normal, path) != ERR_OK)
        abort();
    assert(text.len <= value.len * ROBOTS_PATTERN_GROWTH);
    if (normal.len > SLOW_MAX_BYTES || text.len > SLOW_MAX_BYTES)
        return;
    assert(robots_pattern_matches(&p, buf_str(&text), buf_str(&normal), &work) ==
           matches_slowly(robots_pattern_str(&p, buf_str(&text)), p.is_anchored, buf_str(&normal)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED_BUF struct buf lines = BUF_INIT(TEXT_MAX_BYTES), escaped = BUF_INIT(TEXT_MAX_BYTES);
    struct str body = str_at((const char *)data, size);
    struct str token = str_cut(&body, '\n'), path = str_cut(&body, '\n');
    struct answer a = ask(body, token, path);

    check_pattern(str_upto(body, str_find(body, '\n')), path);
    if (size > ROBOTS_MAX_BYTES / 8)
        return 0;
    other_lines(body, &lines);
    check_same(a, ask(buf_str(&lines), token, path));
    other_path(path, &escaped);
    check_same(a, ask(body, token, buf_str(&escaped)));
    return 0;
}
