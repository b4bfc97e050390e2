#include "api/submit.h"

#include "api/lines.h"
#include "base/random.h"
#include "base/utf8.h"

static const char too_long[] = "is longer than 8,192 bytes";
static const char grown_too_long[] =
    "is longer than 8,192 bytes in its canonical form, with what has to be escaped";

enum err submit_init(struct submit *s, struct store *store) {
    *s = (struct submit){.host_key = BUF_INIT(URL_MAX_BYTES), .input = BUF_INIT(URL_MAX_BYTES)};
    url_init(&s->url);
    domain_cache_init(&s->domains, random_u64());
    return store_ingest_new(store, &s->ingest);
}

void submit_done(struct submit *s) {
    ingest_free(s->ingest);
    s->ingest = NULL;
    url_done(&s->url);
    buf_done(&s->host_key);
    buf_done(&s->input);
}

static const char *reject(struct seed *seed, enum code code, struct str url, const char *why) {
    seed->code = code;
    seed->url = url;
    seed->detail = str_of(why);
    return why;
}

/* NULL: |seed| is one to crawl, but for its host. */
static const char *judge_url(struct submit *s, struct seed *seed) {
    struct str url;

    if (url_has_credentials(&s->url))
        return reject(seed, CODE_INVALID_URL, STR_NONE, "holds a user name or a password");
    url = url_without_fragment(&s->url);
    if (url.len > URL_MAX_BYTES)
        return reject(seed, CODE_INVALID_URL, STR_NONE, grown_too_long);
    if (!url_is_http(&s->url))
        return reject(seed, CODE_UNSUPPORTED_SCHEME, url, "only http and https are crawled");
    if (url_effective_port(&s->url) == 0)
        return reject(seed, CODE_INVALID_URL, url, "has port 0");
    seed->url = url;
    return NULL;
}

/* |*ret_why| NULL: |seed| is one to crawl. */
static enum err judge(struct submit *s, struct str input, struct seed *seed, const char **ret_why) {
    enum err e = url_parse(&s->url, input, NULL, NULL);

    if (e == ERR_NO_MEMORY)
        return e;
    if (e != ERR_OK)
        *ret_why = reject(seed, CODE_INVALID_URL, STR_NONE,
                          e == ERR_TOO_BIG ? grown_too_long : url_why_invalid(input));
    else
        *ret_why = judge_url(s, seed);
    if (*ret_why)
        return ERR_OK;
    buf_clear(&s->host_key);
    e = url_host_key(&s->url, &s->host_key);
    if (e == ERR_TOO_BIG)
        *ret_why = reject(seed, CODE_INVALID_URL, STR_NONE, "has a host that is too long");
    seed->host_key = buf_str(&s->host_key);
    seed->bucket = domain_cache_bucket(&s->domains, url_hostname(&s->url));
    return e == ERR_TOO_BIG ? ERR_OK : e;
}

enum err submit_url(struct submit *s, struct str input, bool is_too_long, const char **ret_why) {
    struct seed seed = {.code = CODE_NONE};
    enum err e = ERR_OK;

    *ret_why = NULL;
    if (is_too_long || input.len > URL_MAX_BYTES) {
        *ret_why = reject(&seed, CODE_INVALID_URL, STR_NONE, too_long);
        buf_clear(&s->input);
        e = utf8_put_mended(&s->input, str_upto(input, LINES_SHOWN_BYTES));
        input = buf_str(&s->input);
    } else {
        e = judge(s, input, &seed, ret_why);
    }
    if (e != ERR_OK)
        return e;
    seed.input = str_eq(input, seed.url) ? STR_NONE : input;
    return ingest_add(s->ingest, &seed);
}
