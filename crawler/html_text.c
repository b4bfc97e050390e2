/* html_text - the states of text: data, the raw kinds of it, script data with
 * its escapes, and CDATA sections (sections 13.2.5.1-5, 9-31, 69-71).
 *
 * Text that nobody wants is run over without a look at anything but what ends it.
 */
#include <string.h>

#include "crawler/html_internal.h"
#include "crawler/scan.h"

typedef void put_text(struct html *h, struct str s);

/* A run of text up to |stop| or |also|, which is left, or to the end. Newlines are
 * normalised (section 13.2.3.5) and U+0000 becomes |nul|. */
static const char *put_run(struct html *h, const char *p, const char *end, char stop, char also,
                           struct str nul, put_text *put) {
    while (p < end && h->state != S_STOPPED) {
        const char *q = scan_any(p, end, stop, also, '\0', '\r');

        if (q > p)
            put(h, str_at(p, (size_t)(q - p)));
        if (q == end || *q == stop || *q == also)
            return q;
        html_put_raw_text(h, *q == '\0' ? nul : STR("\n")); /* neither tells of a body */
        h->after_cr = *q == '\r';
        p = q + 1;
        if (p < end)
            p = html_after_cr(h, p);
    }
    return p;
}

static const char *skip_to(const char *p, const char *end, char stop) {
    const char *q = memchr(p, stop, (size_t)(end - p));

    return q ? q : end;
}

static const char *raw_run(struct html *h, const char *p, const char *end, char stop, char also) {
    p = html_after_cr(h, p);
    if (p == end)
        return p;
    if (h->o.wants_text)
        return put_run(h, p, end, stop, also, HTML_REPLACEMENT, html_put_raw_text);
    return stop == also ? skip_to(p, end, stop) : scan_any(p, end, stop, also, stop, also);
}

static const char *go(struct html *h, enum html_state state, const char *p) {
    h->state = state;
    return p;
}

/* Puts the bytes [p, q) in one piece and moves on, unless that was the last token. */
static const char *put_and_go(struct html *h, enum html_state state, const char *p, const char *q) {
    h->state = state;
    html_put_raw_text(h, str_at(p, (size_t)(q - p)));
    return q;
}

/* --- data, section 13.2.5.1 */

static struct str nul_in_data(const struct html *h) {
    if (h->tree.is_off)
        return str_at("", 1);
    return html_tree_is_foreign(&h->tree) ? HTML_REPLACEMENT : STR_NONE;
}

static const char *data(struct html *h, const char *p, const char *end) {
    p = html_after_cr(h, p);
    if (p < end && !h->o.wants_text && h->run_fast)
        p = h->run_fast(h, p, end);
    if (p == end || h->state != S_DATA)
        return p;
    if (h->o.wants_text || h->tree.frameset_ok)
        p = put_run(h, p, end, '<', '&', nul_in_data(h), html_put_text);
    else
        p = skip_to(p, end, '<');
    if (p == end || h->state != S_DATA)
        return p;
    if (*p == '<')
        return go(h, S_TAG_OPEN, p + 1);
    html_reference_begin(h);
    return p + 1;
}

/* --- raw text, sections 13.2.5.2-5 and 13.2.5.9-17 */

/* The "<" at |p| is text, and nobody wants that. */
static bool is_idle(const struct html *h, const char *p, const char *end) {
    return !h->o.wants_text && end - p > 1 && p[1] != '/' && (p[1] != '!' || h->state != S_SCRIPT);
}

/* Behind the end tag at |p|, where that is one and nothing in it is unusual, or NULL. */
static const char *raw_end(struct html *h, const char *p, const char *end) {
    size_t len = h->raw_name.len;

    if ((size_t)(end - p) < len + 3 || p[1] != '/' || p[len + 2] != '>' || len == 0 ||
        !str_eq_ascii(str_at(p + 2, len), buf_str(&h->raw_name)))
        return NULL;
    html_tag_begin(h, true);
    html_keep(h, &h->name, buf_str(&h->raw_name));
    html_tag_named(h);
    html_tag_end(h);
    return p + len + 3;
}

static const char *raw_tag(struct html *h, const char *p, const char *end) {
    const char *q;

    while (p < end && is_idle(h, p, end))
        p = skip_to(p + 1, end, '<');
    if (p == end || h->state == S_STOPPED)
        return p;
    if ((q = raw_end(h, p, end)))
        return q;
    h->raw_state = h->state;
    return go(h, S_RAW_LESS_THAN, p + 1);
}

static const char *rcdata(struct html *h, const char *p, const char *end) {
    p = raw_run(h, p, end, '<', h->o.wants_text ? '&' : '<');
    if (p == end || *p == '<' || h->state == S_STOPPED)
        return raw_tag(h, p, end);
    html_reference_begin(h);
    return p + 1;
}

static const char *rawtext(struct html *h, const char *p, const char *end) {
    return raw_tag(h, raw_run(h, p, end, '<', '<'), end);
}

static const char *script(struct html *h, const char *p, const char *end) {
    return rawtext(h, p, end);
}

static const char *plaintext(struct html *h, const char *p, const char *end) {
    p = html_after_cr(h, p);
    if (p == end || !h->o.wants_text)
        return end;
    p = put_run(h, p, end, '\0', '\0', STR_NONE, html_put_raw_text);
    if (p == end || h->state == S_STOPPED)
        return p;
    html_put_raw_text(h, HTML_REPLACEMENT);
    return p + 1;
}

static const char *raw_less_than(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '/')
        return go(h, S_RAW_END_OPEN, p + 1);
    h->state = h->raw_state;
    if (*p == '!' && h->raw_state == S_SCRIPT) {
        h->state = S_ESCAPE_START;
        html_put_raw_text(h, STR("<!"));
        return p + 1;
    }
    html_put_raw_text(h, STR("<"));
    return p;
}

static const char *raw_end_open(struct html *h, const char *p, const char *end) {
    (void)end;
    buf_clear(&h->name);
    if (ascii_is_alpha(*p))
        return go(h, S_RAW_END_NAME, p);
    h->state = h->raw_state;
    html_put_raw_text(h, STR("</"));
    return p;
}

/* "</" and what came of the name were text after all. */
static void put_false_end(struct html *h) {
    h->state = h->raw_state;
    html_put_raw_text(h, STR("</"));
    if (h->state != S_STOPPED && h->name.len)
        html_put_raw_text(h, buf_str(&h->name));
}

static const char *raw_end_name(struct html *h, const char *p, const char *end) {
    (void)end;
    if (ascii_is_alpha(*p) && h->name.len < h->raw_name.len &&
        ascii_lower(*p) == h->raw_name.ptr[h->name.len]) {
        html_keep(h, &h->name, str_at(p, 1));
        return p + 1;
    }
    if (h->name.len != h->raw_name.len || !(html_is_space(*p) || *p == '/' || *p == '>')) {
        put_false_end(h);
        return p;
    }
    html_tag_begin(h, true);
    html_keep(h, &h->name, buf_str(&h->raw_name));
    html_tag_named(h);
    return go(h, S_BEFORE_ATTR_NAME, p);
}

/* --- script data, escaped, sections 13.2.5.18-25 */

static const char *escape_start(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return put_and_go(h, S_ESCAPE_START_DASH, p, p + 1);
    return go(h, S_SCRIPT, p);
}

static const char *escape_start_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return put_and_go(h, S_ESCAPED_DASH_DASH, p, p + 1);
    return go(h, S_SCRIPT, p);
}

static const char *escaped(struct html *h, const char *p, const char *end) {
    p = raw_run(h, p, end, '-', '<');
    if (p == end || h->state == S_STOPPED)
        return p;
    if (*p == '-')
        return put_and_go(h, S_ESCAPED_DASH, p, p + 1);
    return go(h, S_ESCAPED_LESS_THAN, p + 1);
}

static const char *escaped_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return put_and_go(h, S_ESCAPED_DASH_DASH, p, p + 1);
    return *p == '<' ? go(h, S_ESCAPED_LESS_THAN, p + 1) : go(h, S_ESCAPED, p);
}

static const char *escaped_dash_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return put_and_go(h, S_ESCAPED_DASH_DASH, p, p + 1);
    if (*p == '>')
        return put_and_go(h, S_SCRIPT, p, p + 1);
    return *p == '<' ? go(h, S_ESCAPED_LESS_THAN, p + 1) : go(h, S_ESCAPED, p);
}

static const char *escaped_less_than(struct html *h, const char *p, const char *end) {
    (void)end;
    h->raw_state = S_ESCAPED;
    if (*p == '/')
        return go(h, S_RAW_END_OPEN, p + 1);
    h->state = ascii_is_alpha(*p) ? S_DOUBLE_START : S_ESCAPED;
    h->matched = 0;
    html_put_raw_text(h, STR("<"));
    return p;
}

/* --- script data, double escaped, sections 13.2.5.26-31 */

/* One byte of a word that may be "script": true once it has ended. */
static bool script_word_ends(struct html *h, char c) {
    static const char word[] = "script";

    if (html_is_space(c) || c == '/' || c == '>')
        return true;
    if (h->matched < sizeof word - 1 && ascii_lower(c) == word[h->matched])
        h->matched++;
    else
        h->matched = MATCH_FAILED;
    return !ascii_is_alpha(c);
}

/* The word that decides between |match| and |other|; all of it is text. */
static const char *script_word(struct html *h, const char *p, enum html_state match,
                               enum html_state other) {
    if (!script_word_ends(h, *p))
        return put_and_go(h, h->state, p, p + 1);
    if (!html_is_space(*p) && *p != '/' && *p != '>')
        return go(h, other, p);
    /* a carriage return may be half of a newline: its state takes it */
    if (*p == '\r')
        return go(h, h->matched == 6 ? match : other, p);
    return put_and_go(h, h->matched == 6 ? match : other, p, p + 1);
}

static const char *double_start(struct html *h, const char *p, const char *end) {
    (void)end;
    return script_word(h, p, S_DOUBLE, S_ESCAPED);
}

static const char *double_end(struct html *h, const char *p, const char *end) {
    (void)end;
    return script_word(h, p, S_ESCAPED, S_DOUBLE);
}

static const char *double_escaped(struct html *h, const char *p, const char *end) {
    p = raw_run(h, p, end, '-', '<');
    if (p == end || h->state == S_STOPPED)
        return p;
    return put_and_go(h, *p == '-' ? S_DOUBLE_DASH : S_DOUBLE_LESS_THAN, p, p + 1);
}

static const char *double_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return put_and_go(h, S_DOUBLE_DASH_DASH, p, p + 1);
    return *p == '<' ? put_and_go(h, S_DOUBLE_LESS_THAN, p, p + 1) : go(h, S_DOUBLE, p);
}

static const char *double_dash_dash(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '-')
        return put_and_go(h, S_DOUBLE_DASH_DASH, p, p + 1);
    if (*p == '>')
        return put_and_go(h, S_SCRIPT, p, p + 1);
    return *p == '<' ? put_and_go(h, S_DOUBLE_LESS_THAN, p, p + 1) : go(h, S_DOUBLE, p);
}

static const char *double_less_than(struct html *h, const char *p, const char *end) {
    (void)end;
    h->matched = 0;
    return *p == '/' ? put_and_go(h, S_DOUBLE_END, p, p + 1) : go(h, S_DOUBLE, p);
}

/* --- CDATA sections, sections 13.2.5.69-71 */

static const char *cdata(struct html *h, const char *p, const char *end) {
    struct str nul = h->tree.is_off ? str_at("", 1) : HTML_REPLACEMENT;

    p = html_after_cr(h, p);
    if (p == end)
        return p;
    if (h->o.wants_text || h->tree.frameset_ok)
        p = put_run(h, p, end, ']', ']', nul, html_put_text);
    else
        p = skip_to(p, end, ']');
    return p == end || h->state == S_STOPPED ? p : go(h, S_CDATA_BRACKET, p + 1);
}

static const char *cdata_bracket(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == ']')
        return go(h, S_CDATA_END, p + 1);
    h->state = S_CDATA;
    html_put_text(h, STR("]"));
    return p;
}

static const char *cdata_end(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '>')
        return go(h, S_DATA, p + 1);
    if (*p != ']')
        h->state = S_CDATA;
    html_put_text(h, *p == ']' ? STR("]") : STR("]]"));
    return *p == ']' ? p + 1 : p;
}

const char *html_run_text(struct html *h, const char *p, const char *end) {
    while (p < end) {
        switch (h->state) {
#define X(id, function)                                                                            \
    case S_##id:                                                                                   \
        p = function(h, p, end);                                                                   \
        break;
            HTML_TEXT_STATES(X)
#undef X
        default:
            return p;
        }
    }
    return p;
}

void html_finish_text(struct html *h) {
    switch (h->state) {
    case S_RAW_LESS_THAN:
    case S_ESCAPED_LESS_THAN:
        html_put_raw_text(h, STR("<"));
        break;
    case S_RAW_END_OPEN:
        html_put_raw_text(h, STR("</"));
        break;
    case S_RAW_END_NAME:
        put_false_end(h);
        break;
    case S_CDATA_BRACKET:
        html_put_text(h, STR("]"));
        break;
    case S_CDATA_END:
        html_put_text(h, STR("]]"));
        break;
    default:
        break;
    }
}
