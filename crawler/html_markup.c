/* html_markup - comments and doctypes (sections 13.2.5.41-68).
 *
 * The states that only tell one parse error from another ("comment less-than
 * sign" and its kin) are left out: they lead to the same tokens.
 */
#include "crawler/html_internal.h"
#include "crawler/scan.h"

static const char *go(struct html *h, enum html_state state, const char *p) {
    h->state = state;
    return p;
}

/* --- comments */

void html_comment_begin(struct html *h) {
    buf_clear(&h->comment);
}

static void put(struct html *h, struct str s) {
    if (h->o.wants_comments)
        html_keep(h, &h->comment, s);
}

static const char *comment_is_complete(struct html *h, const char *p) {
    h->state = S_DATA;
    html_put_comment(h);
    return p;
}

/* A run of a comment up to |stop|, which is left, or to the end. */
static const char *put_run(struct html *h, const char *p, const char *end, char stop) {
    p = html_after_cr(h, p);
    while (p < end) {
        const char *q = scan_any(p, end, stop, stop, '\r', '\0');

        put(h, str_at(p, (size_t)(q - p)));
        if (q == end || *q == stop)
            return q;
        put(h, *q == '\r' ? STR("\n") : HTML_REPLACEMENT);
        h->after_cr = *q == '\r';
        p = q + 1;
        if (p < end)
            p = html_after_cr(h, p);
    }
    return p;
}

static const char *bogus_comment(struct html *h, const char *p, const char *end) {
    p = put_run(h, p, end, '>');
    return p == end ? p : comment_is_complete(h, p + 1);
}

static const char *comment_start(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return go(h, S_COMMENT_START_DASH, p + 1);
    return *p == '>' ? comment_is_complete(h, p + 1) : go(h, S_COMMENT, p);
}

static const char *comment_start_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return go(h, S_COMMENT_END, p + 1);
    if (*p == '>')
        return comment_is_complete(h, p + 1);
    put(h, STR("-"));
    return go(h, S_COMMENT, p);
}

static const char *comment(struct html *h, const char *p, const char *end) {
    p = put_run(h, p, end, '-');
    return p == end ? p : go(h, S_COMMENT_END_DASH, p + 1);
}

static const char *comment_end_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return go(h, S_COMMENT_END, p + 1);
    put(h, STR("-"));
    return go(h, S_COMMENT, p);
}

static const char *comment_end(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '>')
        return comment_is_complete(h, p + 1);
    if (*p == '!')
        return go(h, S_COMMENT_END_BANG, p + 1);
    if (*p == '-') {
        put(h, STR("-"));
        return p + 1;
    }
    put(h, STR("--"));
    return go(h, S_COMMENT, p);
}

static const char *comment_end_bang(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '>')
        return comment_is_complete(h, p + 1);
    put(h, STR("--!"));
    return *p == '-' ? go(h, S_COMMENT_END_DASH, p + 1) : go(h, S_COMMENT, p);
}

/* --- doctypes */

static void doctype_begin(struct html *h) {
    struct html_doctype *d = &h->doctype;

    buf_clear(&d->name);
    buf_clear(&d->public_id);
    buf_clear(&d->system_id);
    d->has_name = d->has_public_id = d->has_system_id = d->force_quirks = false;
    h->state = S_DOCTYPE;
}

static const char *doctype_is_complete(struct html *h, const char *p) {
    h->state = S_DATA;
    html_put_doctype(h);
    return p;
}

static const char *quirks(struct html *h, enum html_state state, const char *p) {
    h->doctype.force_quirks = true;
    return go(h, state, p);
}

static const char *skip_space(const char *p, const char *end) {
    while (p < end && html_is_space(*p))
        p++;
    return p;
}

static const char *doctype(struct html *h, const char *p, const char *end) {
    (void)end;
    return go(h, S_BEFORE_DOCTYPE_NAME, html_is_space(*p) ? p + 1 : p);
}

static const char *before_doctype_name(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    if (*p == '>') {
        h->doctype.force_quirks = true;
        return doctype_is_complete(h, p + 1);
    }
    h->doctype.has_name = true;
    return go(h, S_DOCTYPE_NAME, p);
}

static const char *doctype_name(struct html *h, const char *p, const char *end) {
    for (; p < end; p++) {
        char c = ascii_lower(*p);

        if (*p == '>')
            return doctype_is_complete(h, p + 1);
        if (html_is_space(*p)) {
            h->matched = 0;
            return go(h, S_AFTER_DOCTYPE_NAME, p + 1);
        }
        html_keep(h, &h->doctype.name, c ? str_at(&c, 1) : HTML_REPLACEMENT);
    }
    return p;
}

/* "PUBLIC" or "SYSTEM", a byte at a time. */
static const char *after_doctype_name(struct html *h, const char *p, const char *end) {
    static const char words[2][7] = {"public", "system"};

    if (h->matched == 0) {
        p = skip_space(p, end);
        if (p == end)
            return p;
        if (*p == '>')
            return doctype_is_complete(h, p + 1);
        h->doctype.reads_system = ascii_lower(*p) == 's';
    }
    if (ascii_lower(*p) != words[h->doctype.reads_system][h->matched])
        return quirks(h, S_BOGUS_DOCTYPE, p);
    if (++h->matched == 6)
        h->state = S_BEFORE_ID;
    return p + 1;
}

static const char *id_begin(struct html *h, const char *p) {
    struct html_doctype *d = &h->doctype;

    if (*p != '"' && *p != '\'')
        return quirks(h, S_BOGUS_DOCTYPE, p);
    d->quote = *p;
    *(d->reads_system ? &d->has_system_id : &d->has_public_id) = true;
    return go(h, S_DOCTYPE_ID, p + 1);
}

static const char *before_id(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    if (*p == '>') {
        h->doctype.force_quirks = true;
        return doctype_is_complete(h, p + 1);
    }
    return id_begin(h, p);
}

static const char *doctype_id(struct html *h, const char *p, const char *end) {
    struct html_doctype *d = &h->doctype;

    for (p = html_after_cr(h, p); p < end && *p != '>' && *p != d->quote;) {
        struct str s = *p == '\r' ? STR("\n") : *p == '\0' ? HTML_REPLACEMENT : str_at(p, 1);

        html_keep(h, d->reads_system ? &d->system_id : &d->public_id, s);
        h->after_cr = *p == '\r';
        if (++p < end)
            p = html_after_cr(h, p);
    }
    if (p == end)
        return p;
    if (*p == '>') {
        d->force_quirks = true;
        return doctype_is_complete(h, p + 1);
    }
    return go(h, d->reads_system ? S_AFTER_SYSTEM_ID : S_AFTER_PUBLIC_ID, p + 1);
}

static const char *after_public_id(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    if (*p == '>')
        return doctype_is_complete(h, p + 1);
    h->doctype.reads_system = true;
    return id_begin(h, p);
}

static const char *after_system_id(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    if (*p == '>')
        return doctype_is_complete(h, p + 1);
    return go(h, S_BOGUS_DOCTYPE, p);
}

static const char *bogus_doctype(struct html *h, const char *p, const char *end) {
    p = scan_any(p, end, '>', '>', '>', '>');
    return p == end ? p : doctype_is_complete(h, p + 1);
}

/* --- what follows "<!", a byte at a time (section 13.2.5.42) */

struct opening {
    const char *text;
    uint8_t len;
    bool any_case;
};
static const struct opening openings[] = {
    {"--", 2, false}, {"doctype", 7, true}, {"[CDATA[", 7, false}};

static const struct opening *opening_of(char first) {
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        if (openings[i].text[0] == (openings[i].any_case ? ascii_lower(first) : first))
            return &openings[i];
    return NULL;
}

static void opened(struct html *h, const struct opening *o) {
    html_comment_begin(h);
    if (o->text[0] == 'd')
        doctype_begin(h);
    else if (o->text[0] == '-')
        h->state = S_COMMENT_START;
    else if (html_tree_is_foreign(&h->tree))
        h->state = S_CDATA;
    else {
        put(h, STR("[CDATA["));
        h->state = S_BOGUS_COMMENT;
    }
}

/* What had matched of an opening is the beginning of a comment. */
static void not_opened(struct html *h) {
    html_comment_begin(h);
    h->state = S_BOGUS_COMMENT;
    put(h, str_at(h->opening, h->matched));
}

static const char *markup_open(struct html *h, const char *p, const char *end) {
    const struct opening *o = opening_of(h->matched ? h->opening[0] : *p);
    char c = o && o->any_case ? ascii_lower(*p) : *p;

    (void)end;
    if (!o || c != o->text[h->matched]) {
        not_opened(h);
        return p;
    }
    h->opening[h->matched++] = *p;
    if (h->matched == o->len)
        opened(h, o);
    return p + 1;
}

const char *html_run_markup(struct html *h, const char *p, const char *end) {
    while (p < end) {
        switch (h->state) {
#define X(id, function)                                                                            \
    case S_##id:                                                                                   \
        p = function(h, p, end);                                                                   \
        break;
            HTML_MARKUP_STATES(X)
#undef X
        default:
            return p;
        }
    }
    return p;
}

void html_finish_markup(struct html *h) {
    if (h->state == S_MARKUP_OPEN)
        not_opened(h);
    if (h->state >= S_DOCTYPE) {
        if (h->state != S_BOGUS_DOCTYPE)
            h->doctype.force_quirks = true;
        html_put_doctype(h);
    } else {
        html_put_comment(h);
    }
}
