#include "crawler/extract.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "crawler/charset.h"
#include "crawler/extract_header.h"
#include "crawler/extract_page.h"
#include "crawler/extract_xml.h"
#include "crawler/mime.h"

enum {
    ESCAPE = 0x1b,           /* of ISO-2022-JP: what follows is not the ASCII it looks like */
    SAMPLE_BYTES = 16 << 10, /* of an undeclared document, from its first non-ASCII byte on */
    SLICE_BYTES = 16 << 10,  /* converted at a time */
    ROOT_BYTES = 16 << 10,   /* of what may be XML: its root decides how it is read */
};

/* What a media type says that the bytes are. */
enum claim { CLAIMS_HTML, CLAIMS_XML, CLAIMS_NOTHING, CLAIMS_OTHER };

/* How far the question of the encoding has come. A document in UTF-8, or without
 * any byte that is not ASCII, goes to the tokeniser as it is; others are converted
 * before. */
enum phase {
    AT_HEAD,   /* gathering the first bytes, which may declare it */
    ALL_ASCII, /* nothing declared and nothing that would tell: bytes pass */
    SAMPLING,  /* gathering what is to be guessed from */
    READING,   /* decided */
    NO_PAGE,   /* nothing that has links */
};

struct extract {
    struct extract_options options;
    struct extract_page page;
    struct extract_xml xml;
    enum err e; /* what stopped all */

    enum phase phase;
    enum claim claim;
    bool is_xml;                     /* a feed or sitemap: bytes go to |xml| */
    const struct charset *transport; /* of the Content-Type, or NULL */
    struct buf head;
    struct charset_decoder *decoder; /* NULL: bytes pass */
    struct buf decoded;
};

/* --- options and media types ------------------------------------------------------- */

bool extract_takes_element(struct str name, enum tag *ret_tag) {
    enum tag tag;

    if (tag_of(name, &tag) != ERR_OK || tag == TAG_FEED || tag == TAG_SITEMAP)
        return false;
    *ret_tag = tag;
    return true;
}

struct extract_options extract_defaults(void) {
    return (struct extract_options){
        .elements = 1U << TAG_A | 1U << TAG_AREA | 1U << TAG_LINK,
        .schemes = STR("http,https"),
        .fragments = FRAGMENTS_STRIP,
        .nofollow = NOFOLLOW_KEEP,
        .max_links = 100000,
    };
}

struct extract_options extract_options_of(const struct job_options *o) {
    return (struct extract_options){
        .elements = o->elements,
        .schemes = str_of(o->schemes),
        .fragments = o->fragments,
        .text = o->text,
        .nofollow = o->nofollow,
        .max_links = o->max_links,
    };
}

static bool is_html(const struct mime *m) {
    return mime_is(m, STR("text/html")) || mime_is(m, STR("application/xhtml+xml"));
}

/* MIME Sniffing Standard section 7: these say no more than none at all. */
static bool is_unknown(const struct mime *m) {
    return mime_is(m, STR("unknown/unknown")) || mime_is(m, STR("application/unknown")) ||
           mime_is(m, STR("*/*"));
}

static enum claim claim_of(const struct mime *m) {
    if (is_html(m))
        return CLAIMS_HTML;
    if (is_unknown(m))
        return CLAIMS_NOTHING;
    return mime_is_xml(m) ? CLAIMS_XML : CLAIMS_OTHER;
}

bool extract_reads(struct str content_type) {
    struct mime m;

    return mime_parse(content_type, &m) != ERR_OK || claim_of(&m) != CLAIMS_OTHER;
}

/* --- bytes, and their encoding --------------------------------------------------------- */

static enum err read_utf8(struct extract *x, struct str bytes) {
    return x->is_xml ? extract_xml_feed(&x->xml, bytes) : extract_page_feed(&x->page, bytes);
}

static enum err read_slice(struct extract *x, struct str slice, bool last) {
    enum err e;

    buf_clear(&x->decoded);
    e = charset_decode(x->decoder, slice, last, &x->decoded);
    return e == ERR_OK ? read_utf8(x, buf_str(&x->decoded)) : e;
}

static enum err read_bytes(struct extract *x, struct str bytes) {
    enum err e = ERR_OK;

    if (!x->decoder)
        return read_utf8(x, bytes);
    for (; e == ERR_OK && bytes.len; bytes = str_from(bytes, SLICE_BYTES))
        e = read_slice(x, str_upto(bytes, SLICE_BYTES), false);
    return e;
}

/* The encoding is known: all that follows is in it. */
static enum err decide(struct extract *x, const struct charset *c) {
    enum err e = c == charset_utf8() ? ERR_OK : charset_decoder_new(c, &x->decoder);

    x->phase = READING;
    x->page.takes_charset = false;
    /* A converter that this machine has not: ASCII, and so most URLs, can still be read. */
    x->page.found.charset = e == ERR_UNSUPPORTED ? charset_utf8() : c;
    return e == ERR_UNSUPPORTED ? ERR_OK : e;
}

static enum err pass_ascii(struct extract *x, struct str *bytes) {
    struct str ascii = str_upto(*bytes, utf8_ascii_prefix(*bytes));
    size_t n = str_upto(ascii, str_find(ascii, ESCAPE)).len;
    enum err e = extract_page_feed(&x->page, str_upto(ascii, n));

    *bytes = str_from(*bytes, n);
    if (e == ERR_OK && x->page.late)
        return decide(x, x->page.late);
    if (bytes->len) {
        x->phase = SAMPLING;
        x->page.takes_charset = false;
    }
    return e;
}

/* Gathers up to |max| bytes in head. True: they are there. */
static bool gather(struct extract *x, struct str *bytes, size_t max, enum err *ret_e) {
    struct str taken = str_upto(*bytes, max - x->head.len);

    *ret_e = buf_put(&x->head, taken);
    *bytes = str_from(*bytes, taken.len);
    return x->head.len == max;
}

/* A declaration that came too late for the prescan, but before much was read. */
static const struct charset *meta_in(struct str sample) {
    const struct charset *c = NULL;

    for (size_t at; !c && (at = str_find(sample, '<')) != STR_END;
         sample = str_from(sample, at + 1)) {
        if (str_starts_ascii(str_from(sample, at), STR("<meta")))
            c = charset_of_meta(str_from(sample, at));
    }
    return c;
}

static enum err end_sampling(struct extract *x) {
    OWNED_BUF struct buf sample = buf_take(&x->head);
    const struct charset *c = meta_in(buf_str(&sample));
    enum err e = decide(x, c ? c : charset_guess(buf_str(&sample)));

    return e == ERR_OK ? read_bytes(x, buf_str(&sample)) : e;
}

static enum err feed_undeclared(struct extract *x, struct str bytes);

static enum err begin_html(struct extract *x, const struct charset *bom, struct str head) {
    const struct charset *c = bom ? bom : x->transport;

    if (!c)
        c = charset_of_meta(head);
    x->phase = ALL_ASCII;
    x->page.takes_charset = true;
    return c ? decide(x, c) : ERR_OK;
}

static enum err begin_xml(struct extract *x, const struct charset *bom, struct str head) {
    const struct charset *c = extract_xml_charset(bom, x->transport, head);
    enum xmlfeed_kind kind;
    enum err e = extract_xml_kind(c, head, &kind);

    if (e != ERR_OK)
        return e;
    if (kind == XMLFEED_XHTML)
        return begin_html(x, bom, head);
    if (kind == XMLFEED_OTHER) {
        x->phase = NO_PAGE;
        return ERR_OK;
    }
    x->is_xml = true;
    e = decide(x, c);
    return e == ERR_OK ? extract_xml_init(&x->xml, &x->page.found) : e;
}

/* By its media type; a feed that is said to be HTML is one all the same, and what is not
 * said to be anything is what it looks like. */
static enum claim judge(enum claim claim, struct str head) {
    if (claim != CLAIMS_XML && mime_looks_like_feed(head))
        return CLAIMS_XML;
    if (claim != CLAIMS_NOTHING)
        return claim;
    if (mime_looks_like_html(head))
        return CLAIMS_HTML;
    return mime_looks_like_xml(head) ? CLAIMS_XML : CLAIMS_OTHER;
}

static enum err end_head(struct extract *x) {
    OWNED_BUF struct buf gathered = buf_take(&x->head);
    struct str head = buf_str(&gathered);
    size_t bom_len;
    const struct charset *bom = charset_of_bom(head, &bom_len);
    enum claim claim = judge(x->claim, head);
    enum err e;

    if (claim == CLAIMS_OTHER) {
        x->phase = NO_PAGE;
        return ERR_OK;
    }
    head = str_from(head, bom_len);
    e = claim == CLAIMS_XML ? begin_xml(x, bom, head) : begin_html(x, bom, head);
    return e == ERR_OK && x->phase != NO_PAGE ? feed_undeclared(x, head) : e;
}

static enum err feed_head(struct extract *x, struct str *bytes) {
    size_t enough = x->claim == CLAIMS_HTML ? (size_t)CHARSET_PRESCAN_BYTES : (size_t)ROOT_BYTES;
    enum err e;
    bool is_full = gather(x, bytes, enough, &e);

    return e == ERR_OK && is_full ? end_head(x) : e;
}

/* Past the head: whatever the phase, until the bytes are used up. */
static enum err feed_undeclared(struct extract *x, struct str bytes) {
    enum err e = ERR_OK;

    while (e == ERR_OK && bytes.len) {
        if (x->phase == ALL_ASCII) {
            e = pass_ascii(x, &bytes);
        } else if (x->phase == SAMPLING) {
            if (gather(x, &bytes, SAMPLE_BYTES, &e) && e == ERR_OK)
                e = end_sampling(x);
        } else {
            e = read_bytes(x, bytes);
            bytes = STR_NONE;
        }
    }
    return e;
}

enum err extract_feed(struct extract *x, struct str bytes) {
    enum err e = x->e;

    while (e == ERR_OK && bytes.len && x->phase == AT_HEAD)
        e = feed_head(x, &bytes);
    if (e == ERR_OK && x->phase != NO_PAGE)
        e = feed_undeclared(x, bytes);
    x->e = e;
    return e;
}

void extract_put_header(struct extract *x, struct str link_values) {
    if (x->e == ERR_OK)
        x->e = extract_header_put(&x->page.found, link_values);
}

static enum err end_bytes(struct extract *x) {
    enum err e = x->e;

    if (e == ERR_OK && x->phase == AT_HEAD)
        e = end_head(x);
    if (e == ERR_OK && x->phase == SAMPLING)
        e = end_sampling(x);
    return e == ERR_OK && x->decoder ? read_slice(x, STR_NONE, true) : e;
}

enum err extract_finish(struct extract *x, struct links *ret_links) {
    enum err e = end_bytes(x);

    return e == ERR_OK ? extract_page_finish(&x->page, ret_links) : e;
}

size_t extract_size(const struct extract *x) {
    const struct extract_found *f = &x->page.found;

    return f->links.urls.cap + f->links.marks.cap + f->links.texts.cap +
           f->seen_cap * sizeof *f->seen + x->page.anchor.held.cap;
}

const struct charset *extract_charset(const struct extract *x) {
    return x->page.found.charset;
}

/* --- life ------------------------------------------------------------------------------ */

struct extract *extract_new(const struct extract_options *o, struct str document_url,
                            struct str content_type) {
    OWNED(extract) struct extract *x = NEW(struct extract);
    struct mime m;

    x->options = *o;
    x->claim = CLAIMS_NOTHING;
    if (mime_parse(content_type, &m) == ERR_OK) {
        x->transport = charset_of_mime(&m);
        x->claim = claim_of(&m);
    }
    if (x->claim == CLAIMS_OTHER)
        x->phase = NO_PAGE;
    buf_init(&x->head, SAMPLE_BYTES);
    buf_init(&x->decoded, 4 * SLICE_BYTES + 64);
    return extract_page_init(&x->page, &x->options, document_url) ? TAKE(x) : NULL;
}

void extract_free(struct extract *x) {
    if (!x)
        return;
    extract_page_done(&x->page);
    extract_xml_done(&x->xml);
    charset_decoder_free(x->decoder);
    buf_done(&x->head);
    buf_done(&x->decoded);
    free(x);
}
