/* A pattern of n characters is an automaton of n + 1 states in a row, all of them followed
 * at once as bits of words: state i is on where the first i characters match what has been
 * read of the URL. A star lets the state before it stay on.
 */
#include "crawler/glob.h"

#include <string.h>

#include "base/mem.h"

enum {
    WORD_BITS = 64,
    ENCODED = 3, /* "%C3" of one byte */
    MOST_STATES = GLOB_MAX_BYTES * ENCODED + 1,
    MOST_WORDS = (MOST_STATES + WORD_BITS - 1) / WORD_BITS,
};

struct glob {
    bool is_path; /* begins with "/" */
    size_t n;     /* characters: the number of the last state */
    size_t words;
    uint8_t classes[256]; /* of a URL's byte; 0: those that are not in the pattern */
    uint64_t *stays;      /* states with a star behind them */
    uint64_t *masks;      /* [class]: states that are left forward by such a byte */
};

/* --- reading a pattern ---------------------------------------------------------------- */

enum token_kind { TOKEN_STAR, TOKEN_ANY, TOKEN_BYTE };

/* A pattern while it is read: each call gives one token. */
struct reader {
    struct str rest;
    char encoded[ENCODED]; /* what is left of a percent-encoded byte */
    size_t encoded_left;
};

static bool is_encoded(unsigned char byte) {
    return byte >= 0x80 || byte == ' ';
}

static char encode(struct reader *r, unsigned char byte) {
    static const char digits[] = "0123456789ABCDEF";

    r->encoded[1] = digits[byte >> 4];
    r->encoded[2] = digits[byte & 15];
    r->encoded_left = 2;
    return '%';
}

/* False at the end. */
static bool next_token(struct reader *r, enum token_kind *ret_kind, char *ret_byte) {
    *ret_kind = TOKEN_BYTE;
    if (r->encoded_left > 0) {
        *ret_byte = r->encoded[ENCODED - r->encoded_left--];
        return true;
    }
    if (r->rest.len == 0)
        return false;
    *ret_byte = r->rest.ptr[0];
    if (*ret_byte == '*')
        *ret_kind = TOKEN_STAR;
    else if (*ret_byte == '?')
        *ret_kind = TOKEN_ANY;
    else if (*ret_byte == '\\') {
        r->rest = str_from(r->rest, 1);
        *ret_byte = r->rest.ptr[0];
    }
    r->rest = str_from(r->rest, 1);
    if (*ret_kind == TOKEN_BYTE && is_encoded((unsigned char)*ret_byte))
        *ret_byte = encode(r, (unsigned char)*ret_byte);
    return true;
}

static enum err check(struct str pattern) {
    bool is_escaped = false;

    if (pattern.len == 0)
        return ERR_INVALID;
    if (pattern.len > GLOB_MAX_BYTES)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < pattern.len; i++) {
        unsigned char c = (unsigned char)pattern.ptr[i];

        if (c < 0x20 || c == 0x7f)
            return ERR_INVALID;
        is_escaped = !is_escaped && c == '\\';
    }
    return is_escaped ? ERR_INVALID : ERR_OK;
}

/* --- building the automaton ----------------------------------------------------------- */

static void set_bit(uint64_t *words, size_t i) {
    words[i / WORD_BITS] |= (uint64_t)1 << (i % WORD_BITS);
}

static bool has_bit(const uint64_t *words, size_t i) {
    return words[i / WORD_BITS] >> (i % WORD_BITS) & 1;
}

/* Counts characters, and gives each byte of the pattern a class. */
static size_t classify(struct glob *g, struct str pattern) {
    struct reader r = {.rest = pattern};
    enum token_kind kind;
    size_t n_classes = 1;
    char byte;

    while (next_token(&r, &kind, &byte)) {
        uint8_t *class = &g->classes[(unsigned char)byte];

        if (kind == TOKEN_BYTE && *class == 0)
            *class = (uint8_t)n_classes++;
        g->n += kind != TOKEN_STAR;
    }
    g->words = g->n / WORD_BITS + 1;
    return n_classes;
}

static void fill(struct glob *g, struct str pattern, size_t n_classes) {
    struct reader r = {.rest = pattern};
    enum token_kind kind;
    size_t state = 0;
    char byte;

    while (next_token(&r, &kind, &byte)) {
        if (kind == TOKEN_STAR) {
            set_bit(g->stays, state);
            continue;
        }
        for (size_t c = 0; c < n_classes; c++)
            if (kind == TOKEN_ANY || c == g->classes[(unsigned char)byte])
                set_bit(g->masks + c * g->words, state);
        state++;
    }
}

enum err glob_new(struct str pattern, struct glob **ret_glob) {
    enum err e = check(pattern);
    struct glob *g;
    size_t n_classes;

    if (e != ERR_OK)
        return e;
    g = NEW(struct glob);
    g->is_path = pattern.ptr[0] == '/';
    n_classes = classify(g, pattern);
    g->stays = NEW_N(uint64_t, (1 + n_classes) * g->words);
    g->masks = g->stays + g->words;
    fill(g, pattern, n_classes);
    *ret_glob = g;
    return ERR_OK;
}

void glob_free(struct glob *g) {
    if (!g)
        return;
    free(g->stays);
    free(g);
}

/* --- matching ------------------------------------------------------------------------- */

/* One byte of the URL. False: no state is on any more. */
static bool step(const struct glob *g, uint64_t *states, unsigned char byte) {
    const uint64_t *mask = g->masks + g->classes[byte] * g->words;
    uint64_t carry = 0, any = 0;

    for (size_t i = 0; i < g->words; i++) {
        uint64_t moving = states[i] & mask[i];

        states[i] = moving << 1 | carry | (states[i] & g->stays[i]);
        carry = moving >> (WORD_BITS - 1);
        any |= states[i];
    }
    return any != 0;
}

bool glob_matches(const struct glob *g, struct str url, size_t path_start) {
    struct str text = g->is_path ? str_from(url, path_start) : url;
    uint64_t states[MOST_WORDS];

    memset(states, 0, g->words * sizeof *states);
    states[0] = 1;
    for (size_t i = 0; i < text.len; i++) {
        if (!step(g, states, (unsigned char)text.ptr[i]))
            return false;
        if (has_bit(states, g->n) && has_bit(g->stays, g->n))
            return true;
    }
    return has_bit(states, g->n);
}
