#include "crawler/field.h"

bool field_next(struct str *lines, struct field *ret_field) {
    struct field f;
    struct str rest;

    if (!lines->len)
        return false;
    f.line = str_cut(lines, '\n');
    rest = f.line;
    f.name = str_cut(&rest, ':');
    f.value = str_trim(rest);
    *ret_field = f;
    return true;
}

bool field_find(struct str lines, struct str name) {
    struct field f;

    while (field_next(&lines, &f))
        if (str_eq_ascii(f.name, name))
            return true;
    return false;
}

bool field_is_secret(struct str name) {
    static const char *const harmless[] = {
        "accept", "accept-language", "cache-control", "dnt", "from", "pragma", "referer", "sec-gpc",
    };

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (str_eq_ascii(name, str_of(harmless[i])))
            return false;
    return true;
}
