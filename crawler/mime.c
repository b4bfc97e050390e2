#include "crawler/mime.h"

#include <string.h>

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str trim_end(struct str s) {
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static struct str trim_start(struct str s) {
    while (s.len && is_space(s.ptr[0]))
        s = str_from(s, 1);
    return s;
}

static bool is_token(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.len > 0;
}

/* Takes what stands before the first |a| or |b| off the front of |*s|. */
static struct str take_upto(struct str *s, char a, char b) {
    size_t n = 0;
    struct str taken;

    while (n < s->len && s->ptr[n] != a && s->ptr[n] != b)
        n++;
    taken = str_upto(*s, n);
    *s = str_from(*s, n);
    return taken;
}

/* One value of a parameter while it is read. */
struct value {
    char bytes[MIME_CHARSET_MAX];
    size_t len;
    bool is_bad; /* holds what is no quoted-string token code point */
};

static void value_put(struct value *v, char c) {
    unsigned char byte = (unsigned char)c;

    if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
        v->is_bad = true;
    if (v->len < sizeof v->bytes)
        v->bytes[v->len++] = c;
}

/* "Collect an HTTP quoted string" with its value extracted; |*s| starts after
 * the first quote, and ends at the next parameter. */
static void take_quoted(struct str *s, struct value *v) {
    while (s->len && s->ptr[0] != '"') {
        if (s->ptr[0] == '\\' && s->len > 1)
            *s = str_from(*s, 1);
        value_put(v, s->ptr[0]);
        *s = str_from(*s, 1);
    }
    (void)take_upto(s, ';', ';');
}

/* False: the parameter counts as not there. */
static bool take_value(struct str *s, struct value *v) {
    struct str plain;

    if (s->len && s->ptr[0] == '"') {
        *s = str_from(*s, 1);
        take_quoted(s, v);
        return true;
    }
    plain = trim_end(take_upto(s, ';', ';'));
    for (size_t i = 0; i < plain.len; i++)
        value_put(v, plain.ptr[i]);
    return plain.len > 0;
}

/* Reads one parameter from behind its ";"; keeps it if it is the first charset. */
static void take_parameter(struct str *s, struct mime *m) {
    struct value v = {.len = 0};
    struct str name;

    *s = trim_start(*s);
    name = take_upto(s, ';', '=');
    if (s->len == 0 || s->ptr[0] == ';')
        return;
    *s = str_from(*s, 1);
    if (!take_value(s, &v) || v.is_bad || m->has_charset || !str_eq_ascii(name, STR("charset")))
        return;
    m->has_charset = true;
    m->charset_len = v.len;
    memcpy(m->charset, v.bytes, v.len);
}

enum err mime_parse(struct str value, struct mime *ret_mime) {
    struct str rest = trim_start(trim_end(value));
    struct mime m = {.has_charset = false};

    m.type = take_upto(&rest, '/', '/');
    if (!is_token(m.type) || rest.len == 0)
        return ERR_INVALID;
    rest = str_from(rest, 1);
    m.subtype = trim_end(take_upto(&rest, ';', ';'));
    if (!is_token(m.subtype))
        return ERR_INVALID;
    while (rest.len) {
        rest = str_from(rest, 1);
        take_parameter(&rest, &m);
    }
    *ret_mime = m;
    return ERR_OK;
}

bool mime_is(const struct mime *m, struct str essence) {
    struct str type = str_cut(&essence, '/');

    return str_eq_ascii(m->type, type) && str_eq_ascii(m->subtype, essence);
}

static bool starts_with_tag(struct str s, struct str tag) {
    return str_starts_ascii(s, tag) && s.len > tag.len &&
           (s.ptr[tag.len] == ' ' || s.ptr[tag.len] == '>');
}

static struct str trim_head(struct str head) {
    if (str_starts(head, STR("\xef\xbb\xbf")))
        head = str_from(head, 3);
    while (head.len && (is_space(head.ptr[0]) || head.ptr[0] == '\f'))
        head = str_from(head, 1);
    return head;
}

bool mime_is_xml(const struct mime *m) {
    return mime_is(m, STR("text/xml")) || mime_is(m, STR("application/xml")) ||
           (m->subtype.len > 4 &&
            str_eq_ascii(str_from(m->subtype, m->subtype.len - 4), STR("+xml")));
}

bool mime_looks_like_xml(struct str head) {
    return str_starts(trim_head(head), STR("<?xml"));
}

/* Past a comment, instruction or declaration, where |*s| begins with one. */
static bool skip_other(struct str *s) {
    static const struct {
        struct str begin, end;
    } others[] = {{{"<!--", 4}, {"-->", 3}}, {{"<!", 2}, {">", 1}}, {{"<?", 2}, {"?>", 2}}};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t end;

        if (!str_starts(*s, others[i].begin))
            continue;
        end = str_find_str(*s, others[i].end);
        *s = end == STR_END ? STR_NONE : str_from(*s, end + others[i].end.len);
        return true;
    }
    return false;
}

static struct str first_element(struct str head) {
    do
        head = trim_head(head);
    while (skip_other(&head));
    return head;
}

bool mime_looks_like_feed(struct str head) {
    struct str s = first_element(head);

    if (str_starts(s, STR("<rdf:RDF")))
        return str_find_str(s, STR("http://purl.org/rss/1.0/")) != STR_END &&
               str_find_str(s, STR("http://www.w3.org/1999/02/22-rdf-syntax-ns#")) != STR_END;
    return str_starts(s, STR("<rss")) || str_starts(s, STR("<feed")) ||
           str_starts(s, STR("<urlset")) || str_starts(s, STR("<sitemapindex"));
}

bool mime_looks_like_html(struct str head) {
    static const char *const tags[] = {
        "<!doctype html", "<html", "<head",  "<script", "<iframe", "<h1",   "<div", "<font",
        "<table",         "<a",    "<style", "<title",  "<b",      "<body", "<br",  "<p",
        "<!--",
    };

    head = trim_head(head);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (starts_with_tag(head, str_of(tags[i])))
            return true;
    }
    return false;
}
