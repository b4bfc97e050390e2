/* html_entity - character references (sections 13.2.5.72-80).
 *
 * The sorted table of names is walked like a trie: with each byte the range of
 * names that begin with what was read becomes narrower. What was read is kept,
 * at most the length of the longest name, so a reference may be cut anywhere.
 */
#include <string.h>

#include "crawler/html_internal.h"

#include <html_entities.inc> /* made by tables/make_tables.c */

enum { MAX_CODE = 0x10ffff, REPLACEMENT = 0xfffd, WINDOWS_1252_FIRST = 0x80 };

/* What "&#128;" to "&#159;" mean; 0: themselves. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static bool in_value(const struct html *h) {
    return h->ref.back == S_VALUE_DOUBLE || h->ref.back == S_VALUE_SINGLE ||
           h->ref.back == S_VALUE_UNQUOTED;
}

static void put(struct html *h, struct str s) {
    if (s.len == 0 || h->state == S_STOPPED)
        return;
    if (in_value(h))
        html_put_value(h, s);
    else if (h->ref.back == S_DATA)
        html_put_text(h, s);
    else
        html_put_raw_text(h, s);
}

/* Back to where the reference stands; |p| is looked at again there. */
static const char *go_back(struct html *h, const char *p) {
    h->state = h->ref.back;
    return p;
}

void html_reference_begin(struct html *h) {
    h->ref.back = h->state;
    h->ref.len = h->ref.match_len = 0;
    h->ref.match = 0;
    h->ref.code = 0;
    h->state = S_REFERENCE;
}

static const char *reference(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '#') {
        h->state = S_NUMERIC_REFERENCE;
        return p + 1;
    }
    if (html_is_alnum(*p)) {
        h->ref.low = 0;
        h->ref.high = ENTITY_COUNT;
        h->state = S_NAMED_REFERENCE;
        return p;
    }
    go_back(h, p);
    put(h, STR("&"));
    return p;
}

/* --- by name */

static size_t name_len(size_t entity) {
    return (size_t)(entity_at[entity + 1] - entity_at[entity]);
}

/* The first entity in [low, high) whose byte |at| is not below |c|. All of them
 * have the same |at| bytes before it, and one that ends there comes first. */
static uint16_t lower_bound(uint16_t low, uint16_t high, size_t at, unsigned c) {
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        unsigned char got =
            at < name_len(middle) ? (unsigned char)entity_names[entity_at[middle] + at] : 0;

        if (got < c)
            low = (uint16_t)(middle + 1);
        else
            high = middle;
    }
    return low;
}

/* Narrows the names to those that go on with |c|; false where there is none, and
 * all is left as it was. */
static bool narrow(struct html *h, char c) {
    unsigned byte = (unsigned char)c;
    uint16_t low, high;

    if (!html_is_alnum(c) && c != ';')
        return false;
    if (h->ref.len == 0) {
        low = entity_first[byte];
        high = entity_first[byte + 1];
    } else {
        low = lower_bound(h->ref.low, h->ref.high, h->ref.len, byte);
        high = lower_bound(low, h->ref.high, h->ref.len, byte + 1);
    }
    if (low == high)
        return false;
    h->ref.low = low;
    h->ref.high = high;
    h->ref.chars[h->ref.len++] = c;
    return true;
}

/* The reference has ended: |next| comes after what was read, or a NUL at the end. */
static void put_named(struct html *h, char next) {
    struct str read = str_at(h->ref.chars, h->ref.len);
    struct str rest = str_from(read, h->ref.match_len);

    if (rest.len)
        next = rest.ptr[0];
    /* section 13.2.5.73: for historical reasons, "?a=1&copy=2" stays as it is */
    if (h->ref.match == 0 || (in_value(h) && read.ptr[h->ref.match_len - 1] != ';' &&
                              (next == '=' || html_is_alnum(next)))) {
        put(h, STR("&"));
        put(h, read);
        return;
    }
    put(h, str_of(entity_text[h->ref.match - 1]));
    put(h, rest);
}

static const char *named_reference(struct html *h, const char *p, const char *end) {
    while (p < end) {
        char c = *p;

        if (!narrow(h, c)) {
            go_back(h, p);
            put_named(h, c);
            return p;
        }
        p++;
        if (name_len(h->ref.low) == h->ref.len) {
            h->ref.match = (uint16_t)(h->ref.low + 1);
            h->ref.match_len = h->ref.len;
        }
        if (c == ';') {
            go_back(h, p);
            put_named(h, '\0');
            return p;
        }
    }
    return p;
}

/* --- by number */

static struct str encode(uint32_t c, char room[4]) {
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n - 1; i > 0; i--) {
        room[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    room[0] = (char)(lead[n] | c);
    return str_at(room, n);
}

static void put_code(struct html *h) {
    uint32_t code = h->ref.code;
    char room[4];

    if (code == 0 || code > MAX_CODE || (code >= 0xd800 && code <= 0xdfff))
        code = REPLACEMENT;
    else if (code >= WINDOWS_1252_FIRST && code < WINDOWS_1252_FIRST + 32 &&
             windows_1252[code - WINDOWS_1252_FIRST])
        code = windows_1252[code - WINDOWS_1252_FIRST];
    put(h, encode(code, room));
}

static const char *numeric_reference(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == 'x' || *p == 'X') {
        h->ref.chars[0] = *p;
        h->state = S_HEX_START;
        return p + 1;
    }
    if (ascii_is_digit(*p)) {
        h->state = S_DECIMAL_DIGITS;
        return p;
    }
    go_back(h, p);
    put(h, STR("&#"));
    return p;
}

static const char *hex_start(struct html *h, const char *p, const char *end) {
    (void)end;
    if (ascii_hex(*p) >= 0) {
        h->state = S_HEX_DIGITS;
        return p;
    }
    go_back(h, p);
    put(h, STR("&#"));
    put(h, str_at(h->ref.chars, 1));
    return p;
}

static const char *digits(struct html *h, const char *p, const char *end, unsigned base) {
    for (; p < end; p++) {
        int digit = ascii_hex(*p);

        if (digit < 0 || (unsigned)digit >= base) {
            go_back(h, p);
            put_code(h);
            return *p == ';' ? p + 1 : p;
        }
        if (h->ref.code <= MAX_CODE) /* else it stays too large */
            h->ref.code = h->ref.code * base + (unsigned)digit;
    }
    return p;
}

static const char *hex_digits(struct html *h, const char *p, const char *end) {
    return digits(h, p, end, 16);
}

static const char *decimal_digits(struct html *h, const char *p, const char *end) {
    return digits(h, p, end, 10);
}

const char *html_run_entity(struct html *h, const char *p, const char *end) {
    while (p < end) {
        switch (h->state) {
#define X(id, function)                                                                            \
    case S_##id:                                                                                   \
        p = function(h, p, end);                                                                   \
        break;
            HTML_ENTITY_STATES(X)
#undef X
        default:
            return p;
        }
    }
    return p;
}

void html_finish_entity(struct html *h) {
    enum html_state state = h->state;

    go_back(h, NULL);
    if (state == S_REFERENCE)
        put(h, STR("&"));
    else if (state == S_NAMED_REFERENCE)
        put_named(h, '\0');
    else if (state == S_NUMERIC_REFERENCE)
        put(h, STR("&#"));
    else if (state == S_HEX_START) {
        put(h, STR("&#"));
        put(h, str_at(h->ref.chars, 1));
    } else
        put_code(h);
}
