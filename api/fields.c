#include "api/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crawler/field.h"

/* RFC 9110 section 5.6.2 */
static bool is_token(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_alpha(s.ptr[i]) && !ascii_is_digit(s.ptr[i]) &&
            !(s.ptr[i] && strchr("!#$%&'*+-.^_`|~", s.ptr[i])))
            return false;
    return s.len > 0;
}

static bool is_printable(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return false;
    return true;
}

bool fields_is_framing(struct str name) {
    static const char *const names[] = {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_ascii(name, str_of(names[i])))
            return true;
    return false;
}

static const char no_fields[] =
    "must be an object of at most 20 header fields and 8 KiB, names and values of printable ASCII";

/* |what| follows the name. */
static const char *refuse(struct str name, const char *what, struct option_fault *f) {
    (void)snprintf(f->text, sizeof f->text, "has %.*s%s", (int)str_upto(name, 40).len, name.ptr,
                   what);
    return f->text;
}

static const char *put_line(struct buf *lines, struct str name, struct str value,
                            bool (*is_ours)(struct str name), struct option_fault *f) {
    value = str_trim(value);
    if (!is_token(name) || !is_printable(value))
        return no_fields;
    if (fields_is_framing(name) || is_ours(name))
        return refuse(name, ", which is not the caller's to set", f);
    if (field_find(buf_str(lines), name))
        return refuse(name, " twice", f);
    if (buf_printf(lines, "%s%.*s: %.*s", lines->len ? "\n" : "", (int)name.len, name.ptr,
                   (int)value.len, value.len ? value.ptr : "") != ERR_OK)
        return no_fields;
    return NULL;
}

const char *fields_set(const struct option_value *v, bool (*is_ours)(struct str name), char **lines,
                       struct option_fault *f) {
    OWNED_BUF struct buf all = BUF_INIT(FIELDS_MAX_BYTES);
    const char *wrong = NULL;

    if (v->type != OPTION_OBJECT || !v->is_map || v->n > 2 * (size_t)FIELD_MAX)
        return no_fields;
    for (size_t i = 0; i < v->n && !wrong; i += 2)
        wrong = put_line(&all, v->list[i], v->list[i + 1], is_ours, f);
    if (wrong)
        return wrong;
    free(*lines);
    *lines = mem_chars(buf_str(&all));
    return NULL;
}

void fields_write(struct writer *w, const char *key, struct str lines,
                  bool (*is_secret)(struct str name)) {
    struct field field;

    writer_key(w, key);
    writer_open(w, '{');
    while (field_next(&lines, &field)) {
        OWNED_CHARS char *name = mem_chars(field.name);

        writer_text(w, name, is_secret(field.name) ? STR("***") : field.value);
    }
    writer_close(w, '}');
}
