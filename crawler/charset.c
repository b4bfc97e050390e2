#include "crawler/charset.h"

#include <uchardet/uchardet.h>

#include "base/utf8.h"
#include "crawler/charset_table.h"

const struct charset *charset_utf8(void) {
    return &charset_table[0];
}

const char *charset_name(const struct charset *c) {
    return c->name;
}

bool charset_is_utf16(const struct charset *c) {
    return c->kind == CHARSET_UTF16BE || c->kind == CHARSET_UTF16LE;
}

static bool has_label(const struct charset *c, struct str label) {
    struct str labels = str_of(c->labels);

    while (labels.len) {
        if (str_eq_ascii(str_cut(&labels, ' '), label))
            return true;
    }
    return false;
}

const struct charset *charset_of_label(struct str label) {
    label = str_trim(label);
    for (size_t i = 0; i < CHARSET_COUNT; i++) {
        if (has_label(&charset_table[i], label))
            return &charset_table[i];
    }
    return NULL;
}

const struct charset *charset_of_mime(const struct mime *m) {
    return m->has_charset ? charset_of_label(mime_charset(m)) : NULL;
}

const struct charset *charset_of_bom(struct str head, size_t *ret_bom_len) {
    const char *label = NULL;

    *ret_bom_len = 2;
    if (str_starts(head, STR("\xfe\xff"))) {
        label = "utf-16be";
    } else if (str_starts(head, STR("\xff\xfe"))) {
        label = "utf-16le";
    } else {
        bool is_utf8 = str_starts(head, STR("\xef\xbb\xbf"));

        *ret_bom_len = is_utf8 ? 3 : 0;
        label = is_utf8 ? "utf-8" : NULL;
    }
    return label ? charset_of_label(str_of(label)) : NULL;
}

/* The sample without a last character that its end cuts in two. */
static struct str without_cut_end(struct str s) {
    for (size_t back = 1; back <= 3 && back <= s.len; back++) {
        unsigned char c = (unsigned char)s.ptr[s.len - back];

        if ((c & 0xc0) == 0x80)
            continue;
        if (c >= 0xc0 && back < (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U))
            return str_upto(s, s.len - back);
        break;
    }
    return s;
}

/* By uchardet's name: two of them are no labels. */
static const struct charset *of_detected(struct str name) {
    if (str_eq_ascii(name, STR("UHC")))
        name = STR("euc-kr");
    else if (str_eq_ascii(name, STR("MAC-CYRILLIC")))
        name = STR("x-mac-cyrillic");
    return charset_of_label(name);
}

static const struct charset *detect(struct str sample) {
    const struct charset *c = NULL;
    uchardet_t detector = uchardet_new();

    if (!detector)
        return NULL;
    if (uchardet_handle_data(detector, sample.ptr, sample.len) == 0) {
        uchardet_data_end(detector);
        c = of_detected(str_of(uchardet_get_charset(detector)));
    }
    uchardet_delete(detector);
    return c;
}

const struct charset *charset_guess(struct str sample) {
    const struct charset *c;

    if (utf8_valid(without_cut_end(sample)))
        return charset_utf8();
    c = detect(sample);
    /* It is not UTF-8, and what would hide the document's tags is no guess to act on. */
    if (!c || c->kind == CHARSET_UTF8 || c->kind == CHARSET_REPLACEMENT || charset_is_utf16(c))
        return charset_of_label(STR("windows-1252"));
    return c;
}
