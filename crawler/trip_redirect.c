/* Where a redirect leads, and whether a trip may follow. Engine's thread. */
#include "crawler/engine_impl.h"

bool trip_is_redirected(const struct fetch_reply *reply) {
    switch (reply->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return reply->location.ptr != NULL;
    default:
        return false;
    }
}

/* Was |href| asked for on this trip? */
static bool was_visited(const struct trip *t, struct str href) {
    struct str lines = buf_str(&t->redirects);

    if (str_eq(href, url_without_fragment(&t->url)))
        return true;
    while (lines.len > 0) {
        struct str line = str_cut(&lines, '\n');

        (void)str_cut(&line, ' ');
        if (str_eq(line, href))
            return true;
    }
    return false;
}

/* RFC 9309 section 2.3.1.2: five of robots.txt. */
static uint32_t most_redirects(const struct trip *t) {
    enum { OF_ROBOTS = 5 };

    return t->is_of_robots ? OF_ROBOTS : t->crawl->job->options.max_redirects;
}

static enum err note_redirect(struct trip *t, uint32_t status) {
    enum err e = ERR_OK;
    struct str from = url_without_fragment(&t->url);

    if (t->redirects.len > 0)
        e = buf_put_char(&t->redirects, '\n');
    if (e == ERR_OK)
        e = buf_put_u64(&t->redirects, status);
    if (e == ERR_OK)
        e = buf_put_char(&t->redirects, ' ');
    return e == ERR_OK ? buf_put(&t->redirects, from) : e;
}

/* Where the answer points to, judged. */
static enum code look_ahead(const struct trip *t, const struct fetch_reply *reply,
                            struct url *ret_next) {
    enum err e = url_parse(ret_next, reply->location, &t->url, NULL);
    enum code code;

    if (e != ERR_OK)
        return trip_code_of_url(e);
    code = trip_admit(ret_next);
    if (code == CODE_NONE && url_without_fragment(ret_next).len > URL_MAX_BYTES)
        code = CODE_INVALID_URL;
    return code;
}

enum code trip_find_next(struct trip *t, const struct fetch_reply *reply, struct url *ret_next) {
    enum code code;
    enum err e;

    if (t->n_redirects >= most_redirects(t))
        return CODE_TOO_MANY_REDIRECTS;
    code = look_ahead(t, reply, ret_next);
    if (code == CODE_NONE && was_visited(t, url_without_fragment(ret_next)))
        return CODE_TOO_MANY_REDIRECTS;
    e = note_redirect(t, reply->status);
    if (e == ERR_NO_MEMORY)
        return CODE_INTERNAL_ERROR;
    return e == ERR_OK ? code : CODE_TOO_MANY_REDIRECTS;
}
