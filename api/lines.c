#include "api/lines.h"

#include "base/utf8.h"

void lines_init(struct lines *l) {
    *l = (struct lines){.held = BUF_INIT(LINES_MAX_RAW_BYTES), .number = 1};
}

void lines_done(struct lines *l) {
    buf_done(&l->held);
}

/* |raw|: at most LINES_MAX_RAW_BYTES, more of the line only if it is overlong. */
static enum err give(const struct lines *l, struct str raw, lines_sink *sink, void *arg) {
    struct str line;

    if (l->number == 1 && !l->is_indented && str_starts(raw, STR("\xef\xbb\xbf")))
        raw = str_from(raw, 3);
    line = str_trim(raw);
    if (line.len == 0 && !l->is_overlong)
        return ERR_OK;
    if (str_starts(line, STR("#")))
        return ERR_OK;
    if (l->is_overlong || line.len > LINES_MAX_BYTES)
        return sink(arg, str_upto(line, LINES_SHOWN_BYTES), true);
    if (!utf8_valid(line))
        return ERR_INVALID;
    return sink(arg, line, false);
}

static struct str without_blanks_before(struct str piece) {
    struct str trimmed = str_trim(piece);

    return trimmed.len ? str_from(piece, (size_t)(trimmed.ptr - piece.ptr)) : STR_NONE;
}

/* Keeps what there is room for. Blanks at both ends of a line count for nothing. */
static enum err hold(struct lines *l, struct str piece) {
    size_t room = LINES_MAX_RAW_BYTES - l->held.len;

    if (l->held.len == 0) {
        size_t before = piece.len;

        piece = without_blanks_before(piece);
        l->is_indented |= piece.len < before;
    }
    if (str_trim(str_from(piece, room)).len)
        l->is_overlong = true;
    return buf_put(&l->held, str_upto(piece, room));
}

static enum err end_line(struct lines *l, struct str piece, lines_sink *sink, void *arg) {
    enum err e = ERR_OK;

    if (l->held.len == 0 && piece.len <= LINES_MAX_RAW_BYTES) { /* the usual: no copy */
        e = give(l, piece, sink, arg);
    } else {
        e = hold(l, piece);
        if (e == ERR_OK)
            e = give(l, buf_str(&l->held), sink, arg);
    }
    if (e != ERR_OK)
        return e;
    buf_clear(&l->held);
    l->is_overlong = false;
    l->is_indented = false;
    l->number++;
    return ERR_OK;
}

enum err lines_feed(struct lines *l, struct str bytes, lines_sink *sink, void *arg) {
    for (;;) {
        size_t end = str_find(bytes, '\n');
        enum err e;

        if (end == STR_END)
            return hold(l, bytes);
        e = end_line(l, str_upto(bytes, end), sink, arg);
        if (e != ERR_OK)
            return e;
        bytes = str_from(bytes, end + 1);
    }
}

enum err lines_finish(struct lines *l, lines_sink *sink, void *arg) {
    return end_line(l, STR_NONE, sink, arg);
}
