/* html_fuzz - any bytes: in one piece and in pieces of random length the same tokens; by
 * the states alone and by each short way over whole tags likewise; and the same links
 * whether text is wanted on the way or not.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/html.h"

enum { MAX_SAID = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct said {
    struct buf tokens;
    bool in_text; /* text that follows text is one token */
    bool links_only;
    struct html *toggles; /* text is wanted inside "a" only, or NULL: as it was asked for */
};

static void say(struct said *s, struct str what) {
    if (buf_put(&s->tokens, what) != ERR_OK)
        abort();
}

static void say_flags(struct said *s, const struct html_token *t) {
    char flags[] = {(char)('0' + t->kind),        t->self_closing ? '/' : '.',
                    t->in_template ? 'T' : '.',   t->in_foreign ? 'F' : '.',
                    t->has_name ? 'n' : '.',      t->has_public_id ? 'p' : '.',
                    t->has_system_id ? 's' : '.', t->force_quirks ? 'q' : '.'};

    say(s, str_at(flags, sizeof flags));
}

static bool hear(void *arg, const struct html_token *t) {
    struct said *s = arg;

    if (t->kind == HTML_TEXT && s->links_only)
        return true;
    if (t->kind != HTML_TEXT || !s->in_text)
        say_flags(s, t);
    s->in_text = t->kind == HTML_TEXT;
    if (s->toggles && str_eq(t->name, STR("a")))
        html_want_text(s->toggles, t->kind == HTML_START_TAG);
    say(s, t->name);
    say(s, t->text);
    say(s, t->public_id);
    say(s, t->system_id);
    for (size_t i = 0; i < t->n_attrs; i++) {
        assert(t->attrs[i].value.len <= HTML_MAX_VALUE);
        say(s, STR(" "));
        say(s, t->attrs[i].name);
        say(s, t->attrs[i].too_long ? STR("!") : STR("="));
        say(s, t->attrs[i].value);
    }
    return true;
}

static uint8_t wants_tag(void *arg, struct str name) {
    (void)arg;
    return name.len == 1 || str_eq(name, STR("input"));
}

static uint8_t wants_attr(void *arg, uint8_t tag, struct str name) {
    (void)arg;
    (void)tag;
    return name.len == 1 || str_eq(name, STR("href"));
}

struct how {
    struct html_options options;
    enum html_way way;
    uint32_t seed; /* of the lengths of pieces, up to |max_piece|; 0: all in one */
    size_t max_piece;
    bool toggles, links_only;
};

static void run(const struct how *how, struct str input, struct said *s) {
    struct html_options with = how->options;
    OWNED(html) struct html *h = NULL;
    uint32_t seed = how->seed;

    with.token = hear;
    with.arg = s;
    h = html_new(&with);
    (void)html_read_by(h, how->way); /* else by the best there is */
    s->toggles = how->toggles ? h : NULL;
    while (input.len) {
        size_t n = seed ? 1 + (seed >> 16) % how->max_piece : input.len;
        /* a copy of its own, so that a read past its end is seen */
        struct str piece = str_upto(input, n);
        char *copy = malloc(piece.len);

        assert(copy);
        memcpy(copy, piece.ptr, piece.len);
        if (html_feed(h, str_at(copy, piece.len)) != ERR_OK)
            abort();
        free(copy);
        input = str_from(input, piece.len);
        seed = seed * 1664525U + 1013904223U * (seed != 0);
    }
    if (html_finish(h) != ERR_OK)
        abort();
}

static void check_same(struct str input, const struct how *a, const struct how *b) {
    struct said one = {.tokens = BUF_INIT(MAX_SAID), .links_only = a->links_only};
    struct said other = {.tokens = BUF_INIT(MAX_SAID), .links_only = b->links_only};

    run(a, input, &one);
    run(b, input, &other);
    assert(str_eq(buf_str(&one.tokens), buf_str(&other.tokens)));
    buf_done(&one.tokens);
    buf_done(&other.tokens);
}

/* By the states, and then each other way, in one piece and in long ones. */
static void check_ways(struct str input, const struct html_options *o, uint32_t seed) {
    for (enum html_way way = HTML_BY_STATES + 1; way < HTML_WAYS; way++) {
        check_same(input, &(struct how){.options = *o}, &(struct how){.options = *o, .way = way});
        check_same(input, &(struct how){.options = *o},
                   &(struct how){.options = *o, .way = way, .seed = seed, .max_piece = 200});
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct html_options all = {.wants_text = true, .wants_comments = true};
    const struct html_options links = {.wants_tag = wants_tag, .wants_attr = wants_attr};
    const struct html_options tags = {.no_end_tags = true};
    struct html_options with_text = links;
    struct str input = str_at((const char *)data, size);
    uint32_t seed = size ? 1U + data[size / 2] * 2654435761U : 1;

    with_text.wants_text = true;
    check_same(input, &(struct how){.options = all},
               &(struct how){.options = all, .seed = seed, .max_piece = 7});
    check_same(input, &(struct how){.options = links, .toggles = true, .way = HTML_WAYS},
               &(struct how){.options = links, .toggles = true, .seed = seed, .max_piece = 7});
    check_same(input, &(struct how){.options = links, .links_only = true},
               &(struct how){.options = with_text, .links_only = true});
    check_ways(input, &links, seed);
    check_ways(input, &tags, seed);
    return 0;
}
