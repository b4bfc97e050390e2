#include "storage/options.h"

#include "base/mem.h"

/* tag, length of the value, value. Numbers are varints. Tag 0 says which options
 * the caller gave; option n has the tag n + 1. */
enum { TAG_GIVEN = 0 };
#define TAG(option) ((uint64_t)(option) + 1)

enum { NUMBER_MAX_BYTES = 10 };

static enum err put_text(struct buf *b, uint64_t tag, struct str value) {
    enum err e = buf_put_varint(b, tag);

    if (e == ERR_OK)
        e = buf_put_varint(b, value.len);
    return e == ERR_OK ? buf_put(b, value) : e;
}

static enum err put_number(struct buf *b, uint64_t tag, uint64_t value) {
    struct buf text OWNED_BUF = BUF_INIT(NUMBER_MAX_BYTES);
    enum err e = buf_put_varint(&text, value);

    return e == ERR_OK ? put_text(b, tag, buf_str(&text)) : e;
}

enum err options_encode(struct buf *b, const struct job_options *o) {
    const struct {
        uint64_t tag, value;
    } numbers[] = {
        {TAG_GIVEN, o->given},
        {TAG(OPTION_HOST_DELAY_MS), o->host_delay_ms},
        {TAG(OPTION_HOST_CONNECTIONS), o->host_connections},
        {TAG(OPTION_TIMEOUT_MS), o->timeout_ms},
        {TAG(OPTION_MAX_BODY_BYTES), o->max_body_bytes},
        {TAG(OPTION_MAX_REDIRECTS), o->max_redirects},
        {TAG(OPTION_MAX_ATTEMPTS), o->max_attempts},
        {TAG(OPTION_ROBOTS), o->robots},
        {TAG(OPTION_ELEMENTS), o->elements},
        {TAG(OPTION_FRAGMENTS), o->fragments},
        {TAG(OPTION_TEXT), o->text},
        {TAG(OPTION_NOFOLLOW), o->nofollow},
        {TAG(OPTION_MAX_LINKS), o->max_links},
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && e == ERR_OK; i++)
        e = put_number(b, numbers[i].tag, numbers[i].value);
    if (e == ERR_OK && o->user_agent)
        e = put_text(b, TAG(OPTION_USER_AGENT), str_of(o->user_agent));
    if (e == ERR_OK && o->schemes)
        e = put_text(b, TAG(OPTION_SCHEMES), str_of(o->schemes));
    return e;
}

static void set_text(char **at, struct str value) {
    free(*at);
    *at = mem_chars(value);
}

static void set_number(struct job_options *o, uint64_t tag, uint64_t n) {
    switch (tag) {
    case TAG_GIVEN:
        o->given = (uint32_t)n;
        break;
    case TAG(OPTION_HOST_DELAY_MS):
        o->host_delay_ms = (uint32_t)n;
        break;
    case TAG(OPTION_HOST_CONNECTIONS):
        o->host_connections = (uint32_t)n;
        break;
    case TAG(OPTION_TIMEOUT_MS):
        o->timeout_ms = (uint32_t)n;
        break;
    case TAG(OPTION_MAX_BODY_BYTES):
        o->max_body_bytes = n;
        break;
    case TAG(OPTION_MAX_REDIRECTS):
        o->max_redirects = (uint32_t)n;
        break;
    case TAG(OPTION_MAX_ATTEMPTS):
        o->max_attempts = (uint32_t)n;
        break;
    case TAG(OPTION_ROBOTS):
        o->robots = n == ROBOTS_IGNORE ? ROBOTS_IGNORE : ROBOTS_OBEY;
        break;
    case TAG(OPTION_ELEMENTS):
        o->elements = n;
        break;
    case TAG(OPTION_FRAGMENTS):
        o->fragments = n == FRAGMENTS_KEEP ? FRAGMENTS_KEEP : FRAGMENTS_STRIP;
        break;
    case TAG(OPTION_TEXT):
        o->text = n != 0;
        break;
    case TAG(OPTION_NOFOLLOW):
        o->nofollow = n == NOFOLLOW_DROP ? NOFOLLOW_DROP : NOFOLLOW_KEEP;
        break;
    case TAG(OPTION_MAX_LINKS):
        o->max_links = (uint32_t)n;
        break;
    default: /* of a later version */
        break;
    }
}

static enum err set(struct job_options *o, uint64_t tag, struct str value) {
    uint64_t number;
    enum err e;

    if (tag == TAG(OPTION_USER_AGENT)) {
        set_text(&o->user_agent, value);
        return ERR_OK;
    }
    if (tag == TAG(OPTION_SCHEMES)) {
        set_text(&o->schemes, value);
        return ERR_OK;
    }
    if (tag > TAG(OPTION_MAX_LINKS))
        return ERR_OK;
    e = str_take_varint(&value, &number);
    if (e == ERR_OK)
        set_number(o, tag, number);
    return e;
}

static enum err take_one(struct job_options *o, struct str *bytes) {
    uint64_t tag, len;
    enum err e = str_take_varint(bytes, &tag);

    if (e == ERR_OK)
        e = str_take_varint(bytes, &len);
    if (e != ERR_OK)
        return e;
    if (len > bytes->len)
        return ERR_CORRUPT;
    e = set(o, tag, str_upto(*bytes, (size_t)len));
    *bytes = str_from(*bytes, (size_t)len);
    return e;
}

enum err options_decode(struct str bytes, struct job_options *ret_options) {
    struct job_options o = {0};
    enum err e = ERR_OK;

    while (bytes.len && e == ERR_OK)
        e = take_one(&o, &bytes);
    if (e == ERR_OK)
        *ret_options = o;
    else
        job_options_done(&o);
    return e;
}
