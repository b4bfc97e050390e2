/* Values that hold more than one URL, or one among other things. */
#include "crawler/extract_tag.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static void skip_spaces(struct str *s) {
    while (s->len && is_space(s->ptr[0]))
        *s = str_from(*s, 1);
}

static bool skip_char(struct str *s, char c) {
    if (s->len == 0 || ascii_lower(s->ptr[0]) != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static struct str take_word(struct str *s) {
    size_t n = 0;
    struct str word;

    while (n < s->len && !is_space(s->ptr[n]))
        n++;
    word = str_upto(*s, n);
    *s = str_from(*s, n);
    return word;
}

/* --- srcset: "parse a srcset attribute" ------------------------------------------ */

/* What the descriptors of one candidate came to. */
struct descriptors {
    bool has_width, has_density, has_height, is_bad;
};

/* "Rules for parsing non-negative integers" as a descriptor has them: digits only. */
static bool is_positive(struct str s) {
    bool positive = false;

    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_digit(s.ptr[i]))
            return false;
        positive |= s.ptr[i] != '0';
    }
    return positive;
}

static size_t count_digits(struct str s) {
    size_t n = 0;

    while (n < s.len && ascii_is_digit(s.ptr[n]))
        n++;
    return n;
}

/* A valid floating-point number that is not negative. */
static bool is_density(struct str s) {
    bool is_negative = skip_char(&s, '-'), is_zero = true;
    size_t n = count_digits(s), fraction = 0;

    for (size_t i = 0; i < s.len && s.ptr[i] != 'e' && s.ptr[i] != 'E'; i++)
        is_zero &= s.ptr[i] == '0' || s.ptr[i] == '.';
    s = str_from(s, n);
    if (skip_char(&s, '.')) {
        fraction = count_digits(s);
        if (fraction == 0)
            return false;
        s = str_from(s, fraction);
    }
    if (n + fraction == 0 || (is_negative && !is_zero))
        return false;
    if (skip_char(&s, 'e')) {
        if (!skip_char(&s, '-'))
            (void)skip_char(&s, '+');
        return s.len && count_digits(s) == s.len;
    }
    return s.len == 0;
}

static void note_descriptor(struct descriptors *d, struct str word) {
    struct str number;

    if (word.len == 0)
        return;
    number = str_upto(word, word.len - 1);
    switch (word.ptr[word.len - 1]) {
    case 'w':
        d->is_bad |= d->has_width || d->has_density || !is_positive(number);
        d->has_width = true;
        break;
    case 'x':
        d->is_bad |= d->has_width || d->has_density || d->has_height || !is_density(number);
        d->has_density = true;
        break;
    case 'h':
        d->is_bad |= d->has_height || d->has_density || !is_positive(number);
        d->has_height = true;
        break;
    default:
        d->is_bad = true;
    }
}

/* The next descriptor: up to a space or comma outside of parentheses. False: it was
 * the candidate's last. */
static bool take_descriptor(struct str *s, struct str *ret_word) {
    size_t n = 0;
    bool in_parens = false, more;

    for (; n < s->len; n++) {
        char c = s->ptr[n];

        if (!in_parens && (is_space(c) || c == ','))
            break;
        in_parens = in_parens ? c != ')' : c == '(';
    }
    *ret_word = str_upto(*s, n);
    more = n < s->len && s->ptr[n] != ',';
    *s = str_from(*s, n + 1);
    return more;
}

/* Takes the descriptors of one candidate. False: the candidate does not count. */
static bool take_descriptors(struct str *s) {
    struct descriptors d = {.is_bad = false};
    struct str word;
    bool more;

    do {
        more = take_descriptor(s, &word);
        note_descriptor(&d, word);
    } while (more);
    return !d.is_bad && (!d.has_height || d.has_width);
}

static bool next_candidate(struct str *s, struct str *ret_url) {
    while (s->len) {
        struct str url;
        bool counts = true;

        while (s->len && (is_space(s->ptr[0]) || s->ptr[0] == ','))
            *s = str_from(*s, 1);
        url = take_word(s);
        if (url.len == 0)
            return false;
        if (url.ptr[url.len - 1] == ',') {
            while (url.len && url.ptr[url.len - 1] == ',')
                url.len--;
        } else {
            skip_spaces(s);
            counts = take_descriptors(s);
        }
        *ret_url = url;
        if (counts)
            return true;
    }
    return false;
}

/* --- meta refresh: "shared declarative refresh steps" ------------------------------ */

/* Past "url =", where that is what comes; else nothing moves. */
static bool skip_url_word(struct str *s) {
    struct str at = *s;

    if (!skip_char(&at, 'u') || !skip_char(&at, 'r') || !skip_char(&at, 'l'))
        return false;
    skip_spaces(&at);
    if (!skip_char(&at, '='))
        return false;
    skip_spaces(&at);
    *s = at;
    return true;
}

static bool skip_time(struct str *s) {
    size_t n;

    skip_spaces(s);
    n = count_digits(*s);
    if (n == 0 && (s->len == 0 || s->ptr[0] != '.'))
        return false;
    while (n < s->len && (ascii_is_digit(s->ptr[n]) || s->ptr[n] == '.'))
        n++;
    *s = str_from(*s, n);
    return s->len && (is_space(s->ptr[0]) || s->ptr[0] == ';' || s->ptr[0] == ',');
}

/* A refresh that names no URL loads the page itself again: no link. */
static bool take_refresh(struct str *s, struct str *ret_url) {
    struct str url = *s;
    bool starts_as_word;

    *s = STR_NONE;
    if (!skip_time(&url))
        return false;
    skip_spaces(&url);
    if (!skip_char(&url, ';'))
        (void)skip_char(&url, ',');
    skip_spaces(&url);
    if (url.len == 0)
        return false;
    starts_as_word = ascii_lower(url.ptr[0]) == 'u';
    if ((skip_url_word(&url) || !starts_as_word) && url.len &&
        (url.ptr[0] == '"' || url.ptr[0] == '\'')) {
        char quote = url.ptr[0];

        url = str_from(url, 1);
        url = str_upto(url, str_find(url, quote));
    }
    *ret_url = url;
    return true;
}

/* --- lists -------------------------------------------------------------------------- */

static bool next_word(struct str *s, struct str *ret_url) {
    skip_spaces(s);
    *ret_url = take_word(s);
    return ret_url->len > 0;
}

static bool next_of_commas(struct str *s, struct str *ret_url) {
    while (s->len) {
        *ret_url = str_trim(str_cut(s, ','));
        if (ret_url->len)
            return true;
    }
    return false;
}

bool extract_values_next(struct extract_values *v, struct str *ret_url) {
    switch (v->kind) {
    case VALUE_SRCSET:
        return next_candidate(&v->rest, ret_url);
    case VALUE_SPACES:
        return next_word(&v->rest, ret_url);
    case VALUE_COMMAS:
        return next_of_commas(&v->rest, ret_url);
    case VALUE_REFRESH:
        return take_refresh(&v->rest, ret_url);
    case VALUE_URL:
        break;
    }
    return false;
}
