#include "crawler/robots_pattern.h"

#include <string.h>

static bool is_unreserved(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Unreserved, or reserved with no meaning here; '%' that begins no %XX. */
static bool stays(char c) {
    return is_unreserved(c) || (c && strchr("%/?:@!&'()+,;=[]", c));
}

static char *put_escaped(char *w, char c) {
    static const char digits[] = "0123456789ABCDEF";

    *w++ = '%';
    *w++ = digits[(unsigned char)c >> 4];
    *w++ = digits[(unsigned char)c & 15];
    return w;
}

static bool is_escape(struct str s) {
    return s.len >= 3 && s.ptr[0] == '%' && ascii_hex(s.ptr[1]) >= 0 && ascii_hex(s.ptr[2]) >= 0;
}

/* Writes the normal form of |s| to |w| and returns its end. */
static char *put_normal(char *w, struct str s, bool is_pattern) {
    for (size_t n; s.len; s = str_from(s, n)) {
        char c = s.ptr[0];
        bool as_it_is = stays(c) || (is_pattern && c == '*');

        n = 1;
        if (is_escape(s)) {
            n = 3;
            c = (char)(ascii_hex(s.ptr[1]) << 4 | ascii_hex(s.ptr[2]));
            as_it_is = is_unreserved(c);
        }
        if (as_it_is)
            *w++ = c;
        else
            w = put_escaped(w, c);
    }
    return w;
}

static enum err put(struct buf *text, struct str s, bool is_pattern) {
    char *room;
    enum err e = buf_room(text, s.len * ROBOTS_PATTERN_GROWTH, &room);

    if (e == ERR_OK)
        buf_grew(text, (size_t)(put_normal(room, s, is_pattern) - room));
    return e;
}

enum err robots_pattern_put(struct buf *text, struct str value,
                            struct robots_pattern *ret_pattern) {
    bool is_anchored = str_ends(value, STR("$"));
    size_t at = text->len;
    enum err e = put(text, str_upto(value, value.len - is_anchored), true);

    if (e == ERR_OK)
        *ret_pattern =
            (struct robots_pattern){(uint32_t)at, (uint32_t)(text->len - at), is_anchored};
    return e;
}

enum err robots_path_put(struct buf *text, struct str path) {
    return put(text, path, false);
}

/* Moves |*path| behind the first |piece| in it. */
static bool skip_past(struct str *path, struct str piece, size_t *work) {
    size_t at = str_find_str(*path, piece);

    *work += at == STR_END ? path->len : at + piece.len;
    if (at == STR_END)
        return false;
    *path = str_from(*path, at + piece.len);
    return true;
}

/* The first place for each piece between wildcards is as good as any later one: what
 * is left of the path for the next pieces is longest. So nothing is tried twice. */
bool robots_pattern_matches(const struct robots_pattern *p, struct str text, struct str path,
                            size_t *work) {
    struct str rest = robots_pattern_str(p, text);
    size_t star = str_find(rest, '*');

    if (star == STR_END)
        return p->is_anchored ? str_eq(path, rest) : str_starts(path, rest);
    if (!str_starts(path, str_upto(rest, star)))
        return false;
    path = str_from(path, star);
    for (;;) {
        rest = str_from(rest, star + 1);
        star = str_find(rest, '*');
        if (star == STR_END)
            return p->is_anchored ? str_ends(path, rest) : skip_past(&path, rest, work);
        if (!skip_past(&path, str_upto(rest, star), work))
            return false;
    }
}
