#include "api/lines.h"

#include "tests/test.h"

/* What came out, one a line; "!" before what is too long. */
static struct buf got = {.max = 1 << 20};

static enum err note(void *arg, struct str line, bool is_too_long) {
    (void)arg;
    return buf_printf(&got, "%s%.*s\n", is_too_long ? "!" : "", (int)line.len, line.ptr);
}

static enum err read_in_pieces(struct str text, size_t size, uint64_t *ret_number) {
    struct lines l;
    enum err e = ERR_OK;

    buf_clear(&got);
    lines_init(&l);
    for (size_t at = 0; at < text.len && e == ERR_OK; at += size)
        e = lines_feed(&l, str_upto(str_from(text, at), size), note, NULL);
    if (e == ERR_OK)
        e = lines_finish(&l, note, NULL);
    *ret_number = l.number;
    lines_done(&l);
    return e;
}

TEST(gives_trimmed_lines_however_cut) {
    static const char text[] = "\xef\xbb\xbfhttp://a/\r\n\n  # comment\n#\xff\n \t http://b/ \r\n"
                               "   \nhttp://c/\xc3\xa9\nlast";
    uint64_t number;

    for (size_t size = 1; size < sizeof text; size++) {
        CHECK_OK(read_in_pieces(str_of(text), size, &number));
        CHECK_STR(buf_str(&got), "http://a/\nhttp://b/\nhttp://c/\xc3\xa9\nlast\n");
    }
}

TEST(drops_a_bom_at_the_start_only) {
    uint64_t number;

    CHECK_OK(read_in_pieces(STR("\xef\xbb\xbf# x\n\xef\xbb\xbfy\n"), 100, &number));
    CHECK_STR(buf_str(&got), "\xef\xbb\xbfy\n");
}

TEST(a_bom_behind_blanks_is_none_however_cut) {
    uint64_t number;

    for (size_t size = 1; size < 8; size++) {
        CHECK_OK(read_in_pieces(STR("\t\t\xef\xbb\xbfy\n"), size, &number));
        CHECK_STR(buf_str(&got), "\xef\xbb\xbfy\n");
    }
}

TEST(names_the_line_that_is_not_utf8) {
    uint64_t number;

    CHECK_ERR(read_in_pieces(STR("a\nb\nc\xff\nd\n"), 3, &number), ERR_INVALID);
    CHECK_INT(number, 3);
    CHECK_ERR(read_in_pieces(STR("caf\xc3"), 1, &number), ERR_INVALID);
    CHECK_ERR(read_in_pieces(STR("\xff\xfeh\0t\0"), 4, &number), ERR_INVALID);
    CHECK_INT(number, 1);
}

/* A line of |n| bytes between two others, with |blanks| spaces before and after it. */
static struct str long_line(struct buf *text, size_t n, size_t blanks) {
    char *room;

    buf_clear(text);
    if (buf_put(text, STR("x\n")) != ERR_OK || buf_room(text, n + 2 * blanks, &room) != ERR_OK)
        return STR_NONE;
    memset(room, ' ', n + 2 * blanks);
    memset(room + blanks, 'a', n);
    buf_grew(text, n + 2 * blanks);
    return buf_put(text, STR("\ny\n")) == ERR_OK ? buf_str(text) : STR_NONE;
}

static bool is_too_long(size_t n, size_t blanks, size_t size) {
    OWNED_BUF struct buf text = BUF_INIT(1 << 20);
    uint64_t number;

    if (read_in_pieces(long_line(&text, n, blanks), size, &number) != ERR_OK || number != 5 ||
        !str_ends(buf_str(&got), STR("\ny\n")))
        TEST_FAIL("%zu bytes, %zu blanks, by %zu: not read", n, blanks, size);
    return str_starts(buf_str(&got), STR("x\n!"));
}

TEST(knows_the_limit_however_cut) {
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        CHECK(!is_too_long(LINES_MAX_BYTES, 0, size));
        CHECK(!is_too_long(LINES_MAX_BYTES, 1000, size));
        CHECK(is_too_long(LINES_MAX_BYTES + 1, 0, size));
        CHECK(is_too_long(LINES_MAX_RAW_BYTES + 1, 0, size));
        CHECK(is_too_long(500000, 0, size));
        CHECK(!is_too_long(10, LINES_MAX_RAW_BYTES, size));
        CHECK(!is_too_long(LINES_MAX_BYTES, 50000, size));
        CHECK(is_too_long(LINES_MAX_BYTES + 1, 50000, size));
        CHECK(!is_too_long(0, 50000, size));
    }
}

static enum err refuse(void *arg, struct str line, bool too_long) {
    (void)arg;
    (void)line;
    (void)too_long;
    return ERR_FULL;
}

TEST(passes_on_what_the_sink_says) {
    struct lines l;

    lines_init(&l);
    CHECK_ERR(lines_feed(&l, STR("a\n"), refuse, NULL), ERR_FULL);
    lines_done(&l);
    buf_done(&got);
}

TEST_MAIN
