#include "storage/options.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* tag, length of the value, value. Numbers are varints. Tag 0 says which options
 * the caller gave; option n has the tag n + 1. */
enum { NUMBER_MAX_BYTES = 10, VARIANT_MAX_BYTES = 1 << 20 };

enum kind { KIND_U32, KIND_U64, KIND_BOOL, KIND_TEXT };

struct field {
    enum kind kind;
    uint32_t offset;
    uint32_t n_choices; /* of an enum, which is a KIND_U32; else 0 */
};

#define AT(member) offsetof(struct job_options, member)
static const struct field fields[] = {
    {KIND_U32, AT(given), 0},
    [1 + OPTION_HOST_DELAY_MS] = {KIND_U32, AT(host_delay_ms), 0},
    [1 + OPTION_HOST_CONNECTIONS] = {KIND_U32, AT(host_connections), 0},
    [1 + OPTION_TIMEOUT_MS] = {KIND_U32, AT(timeout_ms), 0},
    [1 + OPTION_MAX_BODY_BYTES] = {KIND_U64, AT(max_body_bytes), 0},
    [1 + OPTION_MAX_REDIRECTS] = {KIND_U32, AT(max_redirects), 0},
    [1 + OPTION_MAX_ATTEMPTS] = {KIND_U32, AT(max_attempts), 0},
    [1 + OPTION_ROBOTS] = {KIND_U32, AT(robots), ROBOTS_IGNORE + 1},
    [1 + OPTION_USER_AGENT] = {KIND_TEXT, AT(user_agent), 0},
    [1 + OPTION_ELEMENTS] = {KIND_U64, AT(elements), 0},
    [1 + OPTION_SCHEMES] = {KIND_TEXT, AT(schemes), 0},
    [1 + OPTION_FRAGMENTS] = {KIND_U32, AT(fragments), FRAGMENTS_KEEP + 1},
    [1 + OPTION_TEXT] = {KIND_BOOL, AT(text), 0},
    [1 + OPTION_NOFOLLOW] = {KIND_U32, AT(nofollow), NOFOLLOW_DROP + 1},
    [1 + OPTION_MAX_LINKS] = {KIND_U32, AT(max_links), 0},
    [1 + OPTION_DEADLINE_SECONDS] = {KIND_U32, AT(deadline_seconds), 0},
    [1 + OPTION_MAX_DEPTH] = {KIND_U32, AT(max_depth), 0},
    [1 + OPTION_MAX_PAGES] = {KIND_U64, AT(max_pages), 0},
    [1 + OPTION_SCOPE] = {KIND_U32, AT(scope), SCOPE_MODE_ANY + 1},
    [1 + OPTION_INCLUDE] = {KIND_TEXT, AT(include), 0},
    [1 + OPTION_EXCLUDE] = {KIND_TEXT, AT(exclude), 0},
    [1 + OPTION_SITEMAP] = {KIND_U32, AT(sitemap), SITEMAP_ONLY + 1},
    [1 + OPTION_REVALIDATE] = {KIND_BOOL, AT(revalidate), 0},
    [1 + OPTION_RETENTION_SECONDS] = {KIND_U32, AT(retention_seconds), 0},
    [1 + OPTION_WEBHOOK_URL] = {KIND_TEXT, AT(webhook_url), 0},
    [1 + OPTION_WEBHOOK_EVENTS] = {KIND_U32, AT(webhook_events), 0},
    [1 + OPTION_WEBHOOK_HEADERS] = {KIND_TEXT, AT(webhook_headers), 0},
    [1 + OPTION_WEBHOOK_SECRET] = {KIND_TEXT, AT(webhook_secret), 0},
    [1 + OPTION_HEADERS] = {KIND_TEXT, AT(headers), 0},
    [1 + OPTION_INDEX_LINKS] = {KIND_BOOL, AT(index_links), 0},
};
enum { FIELDS = sizeof fields / sizeof *fields };
_Static_assert(FIELDS == 1 + OPTION_COUNT, "a field for each option");

/* Enums are read and written as what they are the size of. */
_Static_assert(sizeof(enum robots_mode) == sizeof(uint32_t) &&
                   sizeof(enum scope_mode) == sizeof(uint32_t),
               "an enum is a 32-bit number");

static uint64_t number_at(const struct field *f, const struct job_options *o) {
    const char *at = (const char *)o + f->offset;
    uint32_t small;
    uint64_t large;

    if (f->kind == KIND_BOOL)
        return *(const bool *)(const void *)at;
    if (f->kind == KIND_U64) {
        memcpy(&large, at, sizeof large);
        return large;
    }
    memcpy(&small, at, sizeof small);
    return small;
}

static char **text_at(const struct field *f, struct job_options *o) {
    return (char **)(void *)((char *)o + f->offset);
}

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

static enum err put_field(struct buf *b, uint64_t tag, const struct job_options *o) {
    const struct field *f = &fields[tag];
    const char *text;

    if (f->kind != KIND_TEXT)
        return put_number(b, tag, number_at(f, o));
    memcpy(&text, (const char *)o + f->offset, sizeof text);
    return text ? put_text(b, tag, str_of(text)) : ERR_OK;
}

enum err options_encode(struct buf *b, const struct job_options *o) {
    enum err e = ERR_OK;

    for (uint64_t tag = 0; tag < FIELDS && e == ERR_OK; tag++)
        e = put_field(b, tag, o);
    return e;
}

enum err options_variant(const struct job_options *o, int64_t *ret_variant) {
    static const enum job_option shaping[] = {
        OPTION_HEADERS, OPTION_USER_AGENT, OPTION_ELEMENTS,  OPTION_SCHEMES, OPTION_FRAGMENTS,
        OPTION_TEXT,    OPTION_NOFOLLOW,   OPTION_MAX_LINKS, OPTION_SITEMAP,
    };
    struct buf b OWNED_BUF = BUF_INIT(VARIANT_MAX_BYTES);
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof shaping / sizeof *shaping && e == ERR_OK; i++)
        e = put_field(&b, 1 + shaping[i], o);
    *ret_variant = (int64_t)(hash_u64(buf_str(&b)) | 1);
    return e;
}

static void set_text(char **at, struct str value) {
    free(*at);
    *at = mem_chars(value);
}

/* A choice that is none becomes the first one. */
static void set_number(const struct field *f, struct job_options *o, uint64_t n) {
    char *at = (char *)o + f->offset;
    uint32_t small = f->n_choices && n >= f->n_choices ? 0 : (uint32_t)n;

    if (f->kind == KIND_BOOL)
        *(bool *)(void *)at = n != 0;
    else if (f->kind == KIND_U64)
        memcpy(at, &n, sizeof n);
    else
        memcpy(at, &small, sizeof small);
}

static enum err set(struct job_options *o, uint64_t tag, struct str value) {
    uint64_t number;
    enum err e;

    if (tag >= FIELDS) /* of a later version */
        return ERR_OK;
    if (fields[tag].kind == KIND_TEXT) {
        set_text(text_at(&fields[tag], o), value);
        return ERR_OK;
    }
    e = str_take_varint(&value, &number);
    if (e == ERR_OK)
        set_number(&fields[tag], o, number);
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
