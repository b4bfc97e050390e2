/* url_tail - the query, in the document's encoding, and the fragment. */
#include "crawler/url_escape.h"
#include "crawler/url_parse.h"

/* "&#123;" at the front, an encoder's word for what it cannot say: its length, or 0.
 * No query that is encoded has a '#' of its own. */
static size_t reference_length(struct str s) {
    size_t n = 2;

    if (!str_starts(s, STR("&#")))
        return 0;
    while (n < s.len && ascii_is_digit(s.ptr[n]))
        n++;
    return n > 2 && n < s.len && s.ptr[n] == ';' ? n + 1 : 0;
}

static void put_encoded(struct url_parse *x, struct str bytes) {
    bool is_double = false; /* ISO-2022-JP: pairs of bytes, in which "&#" is a letter */

    while (bytes.len) {
        size_t len = is_double ? 0 : reference_length(bytes);

        if (bytes.ptr[0] == '\x1b' && bytes.len > 1)
            is_double = bytes.ptr[1] == '$';
        if (len) {
            url_put(x, STR("%26%23"));
            url_put(x, str_at(bytes.ptr + 2, len - 3));
            url_put(x, STR("%3B"));
        } else {
            x->w = url_escape(x->w, str_upto(bytes, 1), URL_SET_SPECIAL_QUERY);
        }
        bytes = str_from(bytes, len ? len : 1);
    }
}

/* ASCII is itself in all encodings, but for what switches ISO-2022-JP. */
static bool needs_encoder(struct str query) {
    for (size_t i = 0; i < query.len; i++) {
        unsigned char c = (unsigned char)query.ptr[i];

        if (c >= 0x80 || c == 0x0e || c == 0x0f || c == 0x1b)
            return true;
    }
    return false;
}

static enum err encode_query(struct url_parse *x, struct str query) {
    OWNED_BUF struct buf bytes = BUF_INIT(URL_LIMIT);
    enum err e = x->encoder->encode(x->encoder->arg, query, &bytes);

    if (e == ERR_OK)
        e = url_reserve(x, bytes.len + (size_t)(x->end - x->p));
    if (e == ERR_OK)
        put_encoded(x, buf_str(&bytes));
    return e;
}

/* |query|: what stands behind the '?'. */
static enum err put_query(struct url_parse *x, struct str query) {
    bool is_web = x->is_special && x->u->scheme != URL_WS && x->u->scheme != URL_WSS;

    if (x->encoder && is_web && needs_encoder(query))
        return encode_query(x, query);
    x->w = url_escape(x->w, query, x->is_special ? URL_SET_SPECIAL_QUERY : URL_SET_QUERY);
    return ERR_OK;
}

static enum err parse_query(struct url_parse *x) {
    const char *start = x->p + 1, *hash = memchr(start, '#', (size_t)(x->end - start));

    x->u->query_start = url_here(x);
    *x->w++ = '?';
    x->p = hash ? hash : x->end;
    return put_query(x, str_at(start, (size_t)(x->p - start)));
}

static void parse_fragment(struct url_parse *x) {
    x->u->fragment_start = url_here(x);
    *x->w++ = '#';
    x->p++;
    x->w = url_escape(x->w, url_rest(x), URL_SET_FRAGMENT);
}

enum err url_parse_tail(struct url_parse *x) {
    enum err e = ERR_OK;

    if (x->p < x->end && *x->p == '?')
        e = parse_query(x);
    if (e == ERR_OK && x->p < x->end)
        parse_fragment(x);
    return e;
}
