#include "api/keyed.h"

#include <string.h>

#include "api/jobview.h"
#include "base/guard.h"
#include "base/mem.h"

struct keyed {
    struct once *once; /* NULL: it is a repeat of |done| */
    struct once_done done;
    struct sha256 *print;
};

void keyed_free(struct keyed *k) {
    if (!k)
        return;
    once_free(k->once);
    sha256_free(k->print);
    free(k);
}
DEFINE_OWNED(keyed)

/* --- the header ---------------------------------------------------------------------- */

static bool is_visible(char c) {
    return c > ' ' && c <= '~';
}

/* What stands between the quotes. */
static enum err unquote(struct str s, struct buf *key) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < s.len && e == ERR_OK; i++) {
        bool is_escape = s.ptr[i] == '\\';

        i += is_escape;
        if (i == s.len || (!is_visible(s.ptr[i]) && s.ptr[i] != ' '))
            return ERR_INVALID;
        if (is_escape != (s.ptr[i] == '"' || s.ptr[i] == '\\'))
            return ERR_INVALID;
        e = buf_put_char(key, s.ptr[i]);
    }
    return e;
}

static enum err take_bare(struct str s, struct buf *key) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_visible(s.ptr[i]) || strchr("\"\\,;", s.ptr[i]))
            return ERR_INVALID;
    return buf_put(key, s);
}

enum err keyed_parse(struct str value, struct buf *key) {
    bool is_quoted = value.len >= 2 && str_starts(value, STR("\"")) && str_ends(value, STR("\""));
    enum err e =
        is_quoted ? unquote(str_at(value.ptr + 1, value.len - 2), key) : take_bare(value, key);

    return e == ERR_OK && key->len == 0 ? ERR_INVALID : e;
}

static bool is_given_twice(const struct api_call *c) {
    size_t n = 0;

    for (size_t i = 0; i < c->n_headers; i++)
        n += str_eq_ascii(c->headers[i].name, STR("Idempotency-Key"));
    return n > 1;
}

/* False: the call is answered. */
static bool read_key(struct api_call *c, struct str value, struct buf *key) {
    enum err e = is_given_twice(c) ? ERR_INVALID : keyed_parse(value, key);

    if (e == ERR_INVALID)
        call_refuse_parameter(c, "Idempotency-Key",
                              "must be one text in double quotes, which may be left out where it "
                              "has no blanks, quotes, backslashes, commas or semicolons");
    else if (e == ERR_TOO_BIG)
        call_refuse_parameter(c, "Idempotency-Key", "is longer than 255 bytes");
    else if (e != ERR_OK)
        call_store_error(c, e);
    return e == ERR_OK;
}

/* --- the print ------------------------------------------------------------------------- */

/* None of these holds a line feed. */
static void put_line(struct sha256 *h, struct str line) {
    sha256_put(h, line);
    sha256_put(h, STR("\n"));
}

static struct sha256 *begin_print(const struct api_call *c, struct str type) {
    struct sha256 *h = sha256_new();
    struct str query = c->target;

    (void)str_cut(&query, '?');
    put_line(h, c->path);
    put_line(h, query);
    put_line(h, type);
    return h;
}

static bool is_same(struct keyed *k) {
    struct sha256_sum print = sha256_end(k->print);

    return memcmp(&print, &k->done.print, sizeof print) == 0 || !GUARD("keyed_print");
}

/* --- the call ---------------------------------------------------------------------------- */

bool keyed_begin(struct api_call *c, struct str type) {
    OWNED_BUF struct buf key = BUF_INIT(ONCE_MAX_KEY_BYTES);
    OWNED(keyed) struct keyed *k = NULL;
    struct str value;
    enum err e;

    if (!call_header(c, STR("Idempotency-Key"), &value))
        return true;
    if (!read_key(c, value, &key))
        return false;
    k = NEW(struct keyed);
    e = store_once_begin(c->api->options.store, c->tenant, buf_str(&key), c->now_ms, &k->once,
                         &k->done);
    if (e == ERR_BUSY) {
        call_refuse(c, PROBLEM_KEY_IN_USE, NULL);
        call_add_header(c, "Retry-After", STR("1"));
        return false;
    }
    if (e != ERR_OK && e != ERR_CONFLICT) {
        call_store_error(c, e);
        return false;
    }
    k->print = begin_print(c, type);
    c->keyed = TAKE(k);
    return true;
}

void keyed_feed(struct keyed *k, struct str piece) {
    if (k)
        sha256_put(k->print, piece);
}

bool keyed_is_repeat(const struct keyed *k) {
    return k && !k->once;
}

const struct once *keyed_once(struct keyed *k) {
    if (!k)
        return NULL;
    once_set_print(k->once, sha256_end(k->print));
    return k->once;
}

static void answer_again(struct api_call *c, const struct job *j) {
    struct writer w = writer_on(&c->response.body);

    writer_open(&w, '{');
    jobview_write(c, &w, j);
    writer_close(&w, '}');
    call_answer_body(c, 202, STR("application/json"), w.err);
    jobview_add_location(c, j);
    call_add_header_of_body(c, "Idempotency-Replayed", STR("true"));
}

void keyed_answer(struct api_call *c) {
    OWNED(job) struct job *j = NULL;

    if (!is_same(c->keyed))
        call_refuse(c, PROBLEM_KEY_REUSED,
                    "that had another path, query or body; another request needs another key");
    else if (call_job_of(c, &c->keyed->done.job, &j))
        answer_again(c, j);
}
