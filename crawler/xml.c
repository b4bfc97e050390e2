#include "crawler/xml_internal.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX_BYTES = XML_MAX_DEPTH * XML_MAX_NAME };

/* Each of the functions below takes the front of the bytes, in one state, and returns
 * what is left; at least one byte is taken, or the state changes. */

static struct str after(struct str s) {
    return str_from(s, 1);
}

static void put_text(struct xml *x, struct str s) {
    if (s.len && x->wants_text && x->depth && !x->too_deep && x->e == ERR_OK &&
        !x->options.text(x->options.arg, s))
        x->e = ERR_STOPPED;
}

static void skip_to(struct xml *x, const char *end) {
    x->skip_end = end;
    x->matched = 0;
    x->skips_in_doctype = x->state == XML_DOCTYPE;
    x->state = XML_SKIPPING;
}

/* How much of |end| stands at the end of what was read, now that |c| follows. For ends
 * of one byte repeated and another one. */
static size_t match_next(const char *end, size_t matched, char c) {
    while (matched && end[matched] != c)
        matched--;
    return end[matched] == c ? matched + 1 : 0;
}

/* --- text -------------------------------------------------------------------------------- */

static void begin_reference(struct xml *x, bool in_value) {
    x->in_value = in_value;
    x->reference_len = 0;
    x->state = XML_REFERENCE;
}

static void put_referred(struct xml *x, struct str s) {
    if (x->in_value)
        xml_put_value(x, s);
    else
        put_text(x, s);
}

/* It was none, or none that is known. */
static void put_as_written(struct xml *x, struct str end) {
    put_referred(x, STR("&"));
    put_referred(x, str_at(x->reference, x->reference_len));
    put_referred(x, end);
}

static bool may_be_in_reference(const struct xml *x, char c) {
    return (ascii_is_alpha(c) || ascii_is_digit(c) || c == '#') &&
           x->reference_len < sizeof x->reference;
}

static struct str in_reference(struct xml *x, struct str s) {
    char c = s.ptr[0], decoded[4];
    size_t n = 0;

    if (may_be_in_reference(x, c)) {
        x->reference[x->reference_len++] = c;
        return after(s);
    }
    x->state = x->in_value ? XML_VALUE : XML_TEXT;
    if (c == ';')
        n = xml_decode_reference(str_at(x->reference, x->reference_len), decoded);
    if (n)
        put_referred(x, str_at(decoded, n));
    else
        put_as_written(x, str_upto(s, c == ';'));
    return c == ';' ? after(s) : s;
}

static struct str in_text(struct xml *x, struct str s) {
    struct str run = str_upto(s, str_find(s, '<'));

    if (x->wants_text)
        run = str_upto(run, str_find(run, '&'));
    put_text(x, run);
    s = str_from(s, run.len);
    if (s.len && s.ptr[0] == '<')
        x->state = XML_LESS;
    else if (s.len)
        begin_reference(x, false);
    return after(s);
}

static bool starts_name(char c) {
    return ascii_is_alpha(c) || c == '_' || c == ':' || c & 0x80;
}

static struct str behind_less(struct xml *x, struct str s) {
    char c = s.ptr[0];

    x->name_len = x->bang_len = 0;
    if (c == '?') {
        skip_to(x, "?>");
    } else if (c == '!') {
        x->state = XML_BANG;
    } else if (c == '/') {
        x->state = XML_END_NAME;
    } else if (starts_name(c)) {
        xml_begin_tag(x);
        x->state = XML_START_NAME;
        return s;
    } else {
        x->state = XML_TEXT;
        put_text(x, STR("<"));
        return s;
    }
    return after(s);
}

/* --- tags -------------------------------------------------------------------------------- */

/* Whether a name ends at |c|: '=' only in an attribute's. */
static bool ends_name(char c, bool in_attr) {
    return c == '>' || c == '/' || xml_is_space(c) || (in_attr && c == '=');
}

static struct str take_name(struct str s, bool in_attr, char *name, size_t *len) {
    size_t n = 0, room = XML_MAX_NAME - *len;

    while (n < s.len && !ends_name(s.ptr[n], in_attr))
        n++;
    if (room > n)
        room = n;
    if (room)
        memcpy(name + *len, s.ptr, room);
    *len += room;
    return str_from(s, n);
}

static struct str skip_spaces(struct str s) {
    while (s.len && xml_is_space(s.ptr[0]))
        s = after(s);
    return s;
}

static struct str in_start_name(struct xml *x, struct str s) {
    s = take_name(s, false, x->name, &x->name_len);
    if (s.len)
        x->state = XML_IN_TAG;
    return s;
}

static struct str in_tag(struct xml *x, struct str s) {
    s = skip_spaces(s);
    if (!s.len)
        return s;
    if (s.ptr[0] == '>') {
        xml_start_element(x, false);
        return after(s);
    }
    if (s.ptr[0] == '/') {
        x->state = XML_SLASH;
        return after(s);
    }
    xml_begin_attr(x);
    x->state = XML_ATTR_NAME;
    return s;
}

static struct str behind_slash(struct xml *x, struct str s) {
    x->state = XML_IN_TAG;
    if (s.ptr[0] != '>')
        return s;
    xml_start_element(x, true);
    return after(s);
}

static struct str in_attr_name(struct xml *x, struct str s) {
    struct xml_kept *a = &x->kept[x->n_kept];
    char unused[XML_MAX_NAME];
    size_t unused_len = 0;

    if (x->keeps_attr)
        s = take_name(s, true, a->name, &a->name_len);
    else
        s = take_name(s, true, unused, &unused_len);
    if (s.len) {
        xml_name_attr(x);
        x->state = XML_BEFORE_EQUALS;
    }
    return s;
}

static struct str before_equals(struct xml *x, struct str s) {
    s = skip_spaces(s);
    if (!s.len)
        return s;
    x->state = s.ptr[0] == '=' ? XML_BEFORE_VALUE : XML_IN_TAG;
    return s.ptr[0] == '=' ? after(s) : s;
}

static struct str before_value(struct xml *x, struct str s) {
    bool is_quoted;

    s = skip_spaces(s);
    if (!s.len)
        return s;
    is_quoted = s.ptr[0] == '"' || s.ptr[0] == '\'';
    x->quote = is_quoted ? s.ptr[0] : 0;
    x->state = XML_VALUE;
    return is_quoted ? after(s) : s;
}

static bool ends_value(const struct xml *x, char c) {
    return x->quote ? c == x->quote : c == '>' || xml_is_space(c);
}

/* Spaces of any kind become U+0020 (XML 1.0 section 3.3.3), and CR LF one of them. */
static struct str in_value(struct xml *x, struct str s) {
    size_t n = 0;
    char c;

    while (n < s.len && !ends_value(x, s.ptr[n]) && s.ptr[n] != '&' &&
           (s.ptr[n] == ' ' || !xml_is_space(s.ptr[n])))
        n++;
    xml_put_value(x, str_upto(s, n));
    s = str_from(s, n);
    if (!s.len)
        return s;
    c = s.ptr[0];
    if (ends_value(x, c)) {
        x->state = XML_IN_TAG;
        return x->quote ? after(s) : s;
    }
    if (c == '&')
        begin_reference(x, true);
    else if (c != '\r')
        xml_put_value(x, STR(" "));
    return after(s);
}

static struct str in_end_name(struct xml *x, struct str s) {
    s = take_name(s, false, x->name, &x->name_len);
    if (s.len)
        x->state = XML_END_REST;
    return s;
}

static struct str in_end_rest(struct xml *x, struct str s) {
    size_t at = str_find(s, '>');

    if (at != STR_END)
        xml_end_element(x);
    return str_from(s, at == STR_END ? s.len : at + 1);
}

/* --- what is not told --------------------------------------------------------------------- */

static struct str behind_bang(struct xml *x, struct str s) {
    static const struct {
        const char *word;
        enum xml_state state;
    } kinds[] = {{"--", XML_SKIPPING}, {"[CDATA[", XML_CDATA}, {"DOCTYPE", XML_DOCTYPE}};
    struct str read;

    x->bang[x->bang_len++] = s.ptr[0];
    read = str_at(x->bang, x->bang_len);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct str word = str_of(kinds[i].word);

        if (!str_starts_ascii(word, read))
            continue;
        x->matched = x->brackets = 0;
        if (read.len == word.len && kinds[i].state == XML_SKIPPING)
            skip_to(x, "-->");
        else if (read.len == word.len)
            x->state = kinds[i].state;
        return after(s);
    }
    skip_to(x, ">");
    return s;
}

static struct str skipping(struct xml *x, struct str s) {
    while (s.len) {
        if (x->matched == 0)
            s = str_from(s, str_find(s, x->skip_end[0]));
        if (!s.len)
            break;
        x->matched = match_next(x->skip_end, x->matched, s.ptr[0]);
        s = after(s);
        if (x->skip_end[x->matched])
            continue;
        x->matched = 0;
        x->state = x->skips_in_doctype ? XML_DOCTYPE : XML_TEXT;
        break;
    }
    return s;
}

static struct str in_cdata(struct xml *x, struct str s) {
    size_t run = x->matched ? 0 : str_upto(s, str_find(s, ']')).len, was = x->matched, n;
    char c;

    put_text(x, str_upto(s, run));
    s = str_from(s, run);
    if (!s.len)
        return s;
    c = s.ptr[0];
    x->matched = n = match_next("]]>", was, c);
    if (n == 3) {
        x->state = XML_TEXT;
        return after(s);
    }
    put_text(x, str_upto(STR("]]"), n ? was + 1 - n : was)); /* it did not end here */
    if (n == 0)
        put_text(x, str_upto(s, 1));
    return after(s);
}

/* To its end, past quoted literals, and past the comments and instructions of its
 * internal subset. */
static struct str in_doctype(struct xml *x, struct str s) {
    char c = s.ptr[0];

    if (x->matched == 1 && c == '?') {
        skip_to(x, "?>");
        return after(s);
    }
    x->matched = "<!--"[x->matched] == c ? x->matched + 1 : c == '<';
    if (x->matched == 4)
        skip_to(x, "-->");
    else if (c == '"')
        skip_to(x, "\"");
    else if (c == '\'')
        skip_to(x, "'");
    else if (c == '[')
        x->brackets = 1;
    else if (c == ']')
        x->brackets = 0;
    else if (c == '>' && !x->brackets)
        x->state = XML_TEXT;
    return after(s);
}

/* --- the machine --------------------------------------------------------------------------- */

static struct str step(struct xml *x, struct str s) {
    switch (x->state) {
    case XML_TEXT:
        return in_text(x, s);
    case XML_REFERENCE:
        return in_reference(x, s);
    case XML_LESS:
        return behind_less(x, s);
    case XML_START_NAME:
        return in_start_name(x, s);
    case XML_IN_TAG:
        return in_tag(x, s);
    case XML_ATTR_NAME:
        return in_attr_name(x, s);
    case XML_BEFORE_EQUALS:
        return before_equals(x, s);
    case XML_BEFORE_VALUE:
        return before_value(x, s);
    case XML_VALUE:
        return in_value(x, s);
    case XML_SLASH:
        return behind_slash(x, s);
    case XML_END_NAME:
        return in_end_name(x, s);
    case XML_END_REST:
        return in_end_rest(x, s);
    case XML_BANG:
        return behind_bang(x, s);
    case XML_SKIPPING:
        return skipping(x, s);
    case XML_CDATA:
        return in_cdata(x, s);
    case XML_DOCTYPE:
        return in_doctype(x, s);
    case XML_OVER:
        break;
    }
    return STR_NONE;
}

enum err xml_feed(struct xml *x, struct str bytes) {
    while (bytes.len && x->e == ERR_OK)
        bytes = step(x, bytes);
    return x->e;
}

void xml_want_text(struct xml *x, bool wanted) {
    x->wants_text = wanted;
}

struct xml *xml_new(const struct xml_options *o) {
    struct xml *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->options = *o;
    buf_init(&x->values, XML_MAX_VALUES);
    buf_init(&x->names, NAMES_MAX_BYTES);
    return x;
}

void xml_free(struct xml *x) {
    if (!x)
        return;
    buf_done(&x->values);
    buf_done(&x->names);
    free(x);
}
