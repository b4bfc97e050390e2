#include "api/content.h"

static const char which_types[] =
    "send Content-Type: application/json, or text/plain with one URL a line "
    "(curl: -H 'Content-Type: text/plain' --data-binary @urls.txt)";

static void refuse_type(struct api_call *c, const char *detail) {
    call_refuse(c, PROBLEM_UNSUPPORTED_TYPE, detail);
    call_add_header(c, "Accept-Post", STR("application/json, text/plain"));
}

/* The parameter |name| of a media type, without its quotes. */
static bool type_parameter(struct str parameters, struct str name, struct str *ret_value) {
    while (parameters.len) {
        struct str value = str_cut(&parameters, ';');

        if (!str_eq_ascii(str_trim(str_cut(&value, '=')), name))
            continue;
        value = str_trim(value);
        if (value.len >= 2 && str_starts(value, STR("\"")) && str_ends(value, STR("\"")))
            value = str_at(value.ptr + 1, value.len - 2);
        *ret_value = value;
        return true;
    }
    return false;
}

static bool is_utf8(struct str charset) {
    return str_eq_ascii(charset, STR("utf-8")) || str_eq_ascii(charset, STR("utf8")) ||
           str_eq_ascii(charset, STR("us-ascii")); /* a part of it */
}

bool content_type(struct api_call *c, bool *ret_is_json) {
    struct str parameters = STR_NONE, type, charset;

    (void)call_header(c, STR("Content-Type"), &parameters);
    type = str_trim(str_cut(&parameters, ';'));
    *ret_is_json = str_eq_ascii(type, STR("application/json"));
    if (!*ret_is_json && !str_eq_ascii(type, STR("text/plain"))) {
        refuse_type(c, which_types);
        return false;
    }
    if (type_parameter(parameters, STR("charset"), &charset) && !is_utf8(charset)) {
        refuse_type(c, "bodies are read in UTF-8 only");
        return false;
    }
    return true;
}

bool content_coding(struct api_call *c, bool *ret_is_gzip) {
    struct str coding = STR_NONE;

    (void)call_header(c, STR("Content-Encoding"), &coding);
    *ret_is_gzip = str_eq_ascii(coding, STR("gzip")) || str_eq_ascii(coding, STR("x-gzip"));
    if (*ret_is_gzip || coding.len == 0 || str_eq_ascii(coding, STR("identity")))
        return true;
    call_refuse(c, PROBLEM_UNSUPPORTED_CODING, "the only content coding read here is gzip");
    call_add_header(c, "Accept-Encoding", STR("gzip"));
    return false;
}
